"""`store.jobs`: rows of the queue as statements of one transaction."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobStatus, JobType, LogLine, LostJob, Phase, Reason, Scope
from shelfread.store import jobs
from shelfread.store.database import Database
from shelfread.store.jobs import scopes_text
from shelfread.store.libraries import LibraryRepository

pytestmark = pytest.mark.asyncio(loop_scope="session")

_scopes = st.lists(st.builds(Scope, st.integers(1, 9), st.binary(max_size=9)), max_size=5)


@given(scopes=_scopes, dice=st.randoms())
async def test_equal_sets_of_scopes_have_equal_texts_and_come_back(scopes: list[Scope], dice: Any) -> None:
    shuffled = list(scopes)
    dice.shuffle(shuffled)
    assert scopes_text(scopes) == scopes_text(shuffled)
    assert sorted(map(repr, jobs._scopes(scopes_text(scopes)))) == sorted(map(repr, scopes))


async def _library(database: Database, name: str = "Music") -> tuple[int, int]:
    library = await LibraryRepository(database).add(name, "music", [b"/" + name.encode()])
    return library.id, library.roots[0].id


async def _insert(
    database: Database, library_id: int, seq: int, scopes: list[Scope], job_type: JobType = JobType.SCAN
) -> str:
    async def work(connection: Any) -> None:
        await jobs.insert_running(
            connection,
            job_id=f"job-{seq}",
            seq=seq,
            library_id=library_id,
            job_type=job_type,
            scopes=scopes,
            worker_id="me",
        )

    await database.write(work)
    return f"job-{seq}"


async def _end(database: Database, seq: int, status: JobStatus, **more: Any) -> None:
    async def work(connection: Any) -> None:
        await jobs.end(connection, f"job-{seq}", 1, status, **more)

    await database.write(work)


async def test_one_running_job_for_each_scope(database: Database) -> None:
    library_id, root = await _library(database)
    await _insert(database, library_id, 1, [Scope(root, b"a"), Scope(root, b"b")])
    with pytest.raises(sa.exc.IntegrityError):
        await _insert(database, library_id, 2, [Scope(root, b"b"), Scope(root, b"a")])
    await _insert(database, library_id, 3, [Scope(root, b"a")])
    await _end(database, 1, JobStatus.COMPLETED)
    await _insert(database, library_id, 4, [Scope(root, b"b"), Scope(root, b"a")])


async def test_numbers_of_jobs_are_given_once(database: Database) -> None:
    library_id, root = await _library(database)
    await _insert(database, library_id, 1, [Scope(root, b"a")])
    with pytest.raises(sa.exc.IntegrityError):
        await _insert(database, library_id, 1, [Scope(root, b"b")])


async def test_d2_history_is_newest_first_by_number_and_of_one_library(database: Database) -> None:
    mine, root = await _library(database)
    theirs, their_root = await _library(database, "Other")
    for seq in (5, 3, 9):
        await _insert(database, mine, seq, [Scope(root, b"%d" % seq)])
    await _insert(database, theirs, 7, [Scope(their_root, b"")])
    async with database.read() as connection:
        assert [job.seq for job in await jobs.history(connection, mine)] == [9, 5, 3]
        assert [job.seq for job in await jobs.history(connection, mine, 2)] == [9, 5]
        assert [job.seq for job in await jobs.history(connection, theirs)] == [7]
        assert [job.seq for job in await jobs.running(connection, mine)] == [3, 5, 9]
        assert await jobs.get(connection, "no such job") is None


async def test_only_running_jobs_are_running(database: Database) -> None:
    library_id, root = await _library(database)
    for seq, status in enumerate(
        (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.RUNNING), 1
    ):
        await _insert(database, library_id, seq, [Scope(root, b"%d" % seq)])
        if status is not JobStatus.RUNNING:
            await _end(database, seq, status)
    async with database.read() as connection:
        assert [job.seq for job in await jobs.running(connection, library_id)] == [4]


async def test_d11_a_job_has_an_error_when_it_failed(database: Database) -> None:
    library_id, root = await _library(database)
    await _insert(database, library_id, 1, [Scope(root, b"")])
    await _end(database, 1, JobStatus.FAILED, error="why", reason=Reason.EXCEPTION)
    async with database.read() as connection:
        job = await jobs.get(connection, "job-1")
    assert job is not None
    assert (job.status, job.error, job.reason) == (JobStatus.FAILED, "why", "exception")
    for status in JobStatus:
        with pytest.raises(LostJob):
            await _end(database, 1, status)


async def test_the_newest_completed_job_before_another(database: Database) -> None:
    library_id, root = await _library(database)

    async def last(before: int) -> int:
        async with database.read() as connection:
            return await jobs.last_completed(connection, library_id, before)

    assert await last(99) == 0
    for seq, status in ((1, JobStatus.COMPLETED), (2, JobStatus.FAILED), (3, JobStatus.COMPLETED)):
        await _insert(database, library_id, seq, [Scope(root, b"")])
        await _end(database, seq, status)
    async with database.read() as connection:
        found = {job.seq: job.completed_at for job in await jobs.history(connection, library_id)}
    assert await last(1) == 0
    assert await last(2) == await last(3) == found[1]
    assert await last(4) == found[3]


async def test_the_newest_completed_job_that_covered_some_scopes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_id, root = await _library(database)
    other = root + 1
    done: list[list[Scope]] = [
        [Scope(root, b""), Scope(other, b"")],
        [Scope(root, b"")],
        [Scope(root, b"a"), Scope(root, b"b")],
        [Scope(root, b"a/x")],
        [Scope(root, b"ab")],
    ]
    for seq, scopes in enumerate(done, 1):
        await _insert(database, library_id, seq, scopes)
        await _end(database, seq, JobStatus.COMPLETED)
    await _insert(database, library_id, 6, [Scope(root, b"")])
    await _end(database, 6, JobStatus.FAILED)
    async with database.read() as connection:
        ended = {job.completed_at: job.seq for job in await jobs.history(connection, library_id)}

    async def last(*scopes: Scope, before: int = 99) -> int:
        async with database.read() as connection:
            found = await jobs.last_completed(connection, library_id, before, scopes)
        return ended[found] if found else 0

    assert await last(Scope(root, b"a/x")) == 4
    assert await last(Scope(root, b"a/x"), before=4) == 3
    assert await last(Scope(root, b"a")) == 3
    assert await last(Scope(root, b"a/y"), Scope(root, b"b")) == 3
    assert await last(Scope(root, b"ab")) == 5
    assert await last(Scope(root, b"abc")) == 2
    assert await last(Scope(root, b"")) == 2
    assert await last(Scope(root, b""), Scope(other, b"c")) == 1
    assert await last(Scope(other, b""), before=1) == 0
    assert await last(Scope(root + 2, b"")) == 0
    monkeypatch.setattr(jobs, "_JOBS_LOOKED_AT", 3)
    assert await last(Scope(root, b"a")) == 3
    assert await last(Scope(root, b"")) == 0


async def test_a_guard_counts_log_lines_and_tells_where_they_begin(database: Database) -> None:
    library_id, root = await _library(database)
    await _insert(database, library_id, 1, [Scope(root, b"")])

    async def write(count: int) -> int:
        async def work(connection: Any) -> int:
            values = jobs.progress_values(BatchReport(Counters(found=count), Phase.SETTLING))
            after = await jobs.guard(connection, "job-1", 1, values, count)
            await jobs.write_logs(connection, 1, after, [LogLine("info", "x")] * count)
            return after

        return await database.write(work)

    assert [await write(count) for count in (2, 0, 3, 1)] == [0, 2, 2, 5]


async def test_removing_a_library_removes_its_jobs_and_their_logs(database: Database) -> None:
    library_id, root = await _library(database)
    await _insert(database, library_id, 1, [Scope(root, b"")])

    async def work(connection: Any) -> None:
        await jobs.write_logs(connection, 1, 0, [LogLine("info", "x", b"\xff")])

    await database.write(work)
    await LibraryRepository(database).remove(library_id)
    async with database.read() as connection:
        assert await jobs.history(connection, library_id) == []
        assert (await connection.execute(sa.text("SELECT count(*) FROM job_logs"))).scalar_one() == 0
