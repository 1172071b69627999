"""`store.jobs`: rows of the queue, and what is asked of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from shelfread.model.job import JobRequest, JobStatus, JobType, LogLine, LostJob, Reason, Scope
from shelfread.store import job_queueing, job_trail, job_writes, jobs
from shelfread.store.database import Database
from shelfread.store.job_row import scopes_of, scopes_text
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import job_events, job_logs, library_scan_jobs
from tests.store.job_rows import JobRows

pytestmark = pytest.mark.asyncio(loop_scope="session")

_scopes = st.lists(st.builds(Scope, st.integers(1, 9), st.binary(max_size=9)), max_size=5)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


async def test_a19_equal_sets_of_scopes_have_equal_texts_and_come_back() -> None:
    @given(scopes=_scopes, dice=st.randoms())
    def check(scopes: list[Scope], dice: Any) -> None:
        shuffled = list(scopes)
        dice.shuffle(shuffled)
        assert scopes_text(scopes) == scopes_text(shuffled)
        assert sorted(map(repr, scopes_of(scopes_text(scopes)))) == sorted(map(repr, scopes))

    check()


@pytest.mark.parametrize("text", ["", "[", "5", "null", '[["1", "00"]]', '[[1, "xyz"]]', "[[1]]", "[1]"])
async def test_d20_a_text_that_is_no_list_of_scopes_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        scopes_of(text)


async def test_d10_numbers_of_jobs_are_given_once_and_rise(database: Database) -> None:
    rows = await JobRows.make(database)
    found = [await rows.running(b"%d" % number) for number in range(3)]
    assert [job.seq for job in found] == sorted({job.seq for job in found})

    async def again(connection: Any) -> None:
        await connection.execute(
            sa.update(library_scan_jobs).where(library_scan_jobs.c.id == found[0].id).values(seq=found[1].seq)
        )

    with pytest.raises(sa.exc.IntegrityError):
        await database.write(again)


async def test_d2_d10_history_is_newest_first_by_number_and_of_one_library(database: Database) -> None:
    mine = await JobRows.make(database)
    theirs = await JobRows.make(database, "Other")
    # The clock goes backwards, the numbers do not.
    own = [await mine.running(b"%d" % now, now=now) for now in (900, 500, 100)]
    other = await theirs.running(now=700)
    seqs = [job.seq for job in own]
    assert [job.seq for job in await mine.ask(jobs.history, mine.library_id)] == seqs[::-1]
    assert [job.seq for job in await mine.ask(jobs.history, mine.library_id, 2)] == seqs[:0:-1]
    assert [job.seq for job in await mine.ask(jobs.history, theirs.library_id)] == [other.seq]
    assert [job.seq for job in await mine.ask(jobs.running, mine.library_id)] == seqs
    assert [job.seq for job in await mine.ask(jobs.running)] == [*seqs, other.seq]
    assert await mine.ask(jobs.get, "no such job") is None


async def test_only_running_jobs_are_running_and_only_queued_ones_wait(database: Database) -> None:
    rows = await JobRows.make(database)
    for status in ENDED:
        await rows.end(await rows.running(status.value.encode()), status)
    running = await rows.claimed(b"running")
    queued = await rows.queued(b"queued")
    assert [job.id for job in await rows.ask(jobs.running, rows.library_id)] == [running.id]
    assert [job.id for job in await rows.ask(jobs.running_of_type, "scan")] == [running.id]
    assert await rows.ask(jobs.running_of_type, "rescan") == []
    assert [job.id for job in await rows.ask(jobs.waiting, list(JobType))] == [queued.id]


async def test_d7_the_oldest_waits_first_and_priority_is_only_between_types(database: Database) -> None:
    rows = await JobRows.make(database)
    prune = "a prune"
    await rows.write(job_queueing.insert_queued, prune, JobRequest(JobType.PRUNE), 1)
    second = await rows.queued(b"b", now=9, job_type=JobType.RESCAN)
    third = await rows.queued(b"a", now=3)
    assert [job.id for job in await rows.ask(jobs.waiting, list(JobType))] == [second.id, third.id, prune]
    assert [job.id for job in await rows.ask(jobs.waiting, types=["prune", "scan"])] == [third.id, prune]
    mine = await rows.ask(jobs.queued_for, rows.library_id)
    assert [job.id for job in mine] == [second.id, third.id]


async def test_pages_of_jobs_are_without_gap_and_without_repetition(database: Database) -> None:
    rows = await JobRows.make(database)
    made = [await rows.running(b"%d" % number) for number in range(7)]
    for job in made[::2]:
        await rows.end(job, JobStatus.COMPLETED)
    seen: list[str] = []
    before: int | None = None
    while page := await rows.ask(jobs.listed, before_seq=before, limit=3):
        seen += [job.id for job in page]
        before = page[-1].seq
    assert seen == [job.id for job in reversed(made)]
    some = await rows.ask(jobs.listed, statuses=["completed", "failed"], types=["scan"])
    assert [job.id for job in some] == [job.id for job in reversed(made[::2])]
    assert await rows.ask(jobs.listed, types=["rescan"]) == []
    assert await rows.ask(jobs.listed, library_id=rows.library_id + 1) == []


async def test_jobs_are_found_by_the_beginning_of_their_id(database: Database) -> None:
    rows = await JobRows.make(database)
    names = ["ab", "abc", "abd", "b", "a%", "a_x"]
    for name in names:
        await rows.write(job_queueing.insert_queued, name, rows.request(name.encode()), 1)

    async def found(prefix: str, limit: int = 9) -> list[str]:
        return [job.id for job in await rows.ask(jobs.with_prefix, prefix, limit)]

    assert await found("ab") == ["ab", "abc", "abd"]
    assert await found("abc") == ["abc"]
    assert await found("ab", 2) == ["ab", "abc"]
    # Nothing in a prefix is a wildcard.
    assert await found("a%") == ["a%"]
    assert await found("a_") == ["a_x"]
    assert await found("x") == []
    assert await found("") == names


async def test_d11_a_job_has_an_error_when_it_failed(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.running()
    await rows.end(job, JobStatus.FAILED, error="why", reason=Reason.EXCEPTION)
    found = await rows.job(job)
    assert (found.status, found.error, found.reason) == (JobStatus.FAILED, "why", "exception")
    for status in JobStatus:
        with pytest.raises(LostJob):
            await rows.end(job, status)


async def test_rows_are_told_by_the_latest_completed_job_whatever_its_number(database: Database) -> None:
    rows = await JobRows.make(database)
    whole = [Scope(rows.root, b"")]

    async def last() -> int:
        return await rows.ask(jobs.last_completed, rows.library_id, whole)

    assert await last() == 0
    made = []
    for number, status in enumerate((JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.COMPLETED)):
        made.append(await rows.running(*whole))
        await rows.end(made[-1], status, now=300 - number)
    # The first one ended last: it had been taken back, and waited while the others ran.
    assert await last() == 300

    async def spoil(connection: Any) -> None:
        row = library_scan_jobs.c.seq == made[0].seq
        await connection.execute(sa.update(library_scan_jobs).where(row).values(scopes="["))

    await database.write(spoil)
    assert await last() == 298


async def test_the_newest_completed_job_that_covered_some_scopes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await JobRows.make(database)
    root, other = rows.root, rows.root + 1
    done: list[list[Scope]] = [
        [Scope(root, b""), Scope(other, b"")],
        [Scope(root, b"")],
        [Scope(root, b"a"), Scope(root, b"b")],
        [Scope(root, b"a/x")],
        [Scope(root, b"ab")],
    ]
    for number, scopes in enumerate(done, 1):
        job = await rows.running(*scopes)
        await rows.end(job, JobStatus.COMPLETED, now=number)
    failed = await rows.running()
    await rows.end(failed, JobStatus.FAILED, now=6)

    async def last(*scopes: Scope) -> int:
        return await rows.ask(jobs.last_completed, rows.library_id, scopes)

    assert await last(Scope(root, b"a/x")) == 4
    assert await last(Scope(root, b"a")) == 3
    assert await last(Scope(root, b"a/y"), Scope(root, b"b")) == 3
    assert await last(Scope(root, b"ab")) == 5
    assert await last(Scope(root, b"abc")) == 2
    assert await last(Scope(root, b"")) == 2
    assert await last(Scope(root, b""), Scope(other, b"c")) == 1
    assert await last(Scope(root + 2, b"")) == 0
    monkeypatch.setattr(jobs, "_JOBS_LOOKED_AT", 3)
    assert await last(Scope(root, b"a")) == 3
    assert await last(Scope(root, b"")) == 0


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"library_id": None}, "no library"),
        ({"scopes": "[]"}, "no folder"),
        ({"scopes": "["}, "which folders"),
        ({"scopes": '[["x", "00"]]'}, "which folders"),
        ({"id": ""}, "no id"),
    ],
)
async def test_d20_a_row_that_nobody_can_run_says_why(
    database: Database, values: dict[str, Any], why: str
) -> None:
    rows = await JobRows.make(database)
    job = await rows.queued()
    assert job.broken is None

    async def edit(connection: Any) -> None:
        await connection.execute(sa.update(library_scan_jobs).values(**values))

    await database.write(edit)
    found = await rows.job(values.get("id", job.id))
    assert found.broken is not None
    assert why in found.broken


async def test_d20_a_type_without_a_library_is_not_broken(database: Database) -> None:
    rows = await JobRows.make(database)
    await rows.write(job_queueing.insert_queued, "prune", JobRequest(JobType.PRUNE), 1)
    assert (await rows.job("prune")).broken is None


async def test_d13_counters_are_unknown_until_something_was_counted(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    assert not job.counted
    (row,) = await rows.select(sa.select(library_scan_jobs))
    counted = {row[name] for name in row if name.startswith("items_")}
    assert counted == {None}


async def test_a_row_locked_by_somebody_is_skipped_by_who_will_not_wait(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    if database.is_sqlite:
        found = await rows.write(jobs.get_for_update, job.id, skip_locked=True)
        assert found == job
        return

    async def holding(connection: Any) -> tuple[object, object]:
        assert await jobs.get_for_update(connection, job.id) == job
        theirs = await rows.write(jobs.get_for_update, job.id, skip_locked=True)
        seen = await rows.ask(jobs.get, job.id)
        return theirs, seen

    assert await database.write(holding) == (None, job)
    assert await rows.write(jobs.get_for_update, job.id, skip_locked=True) == job


async def test_jobs_without_a_library_of_one_type_wait_for_one_another(database: Database) -> None:
    """The lock of a type: the second one gets it when the first transaction has ended."""
    import asyncio

    order: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def first(connection: Any) -> None:
        await jobs.lock_type(connection, "prune")
        begun.set()
        await go_on.wait()
        order.append("first")

    async def second(connection: Any) -> None:
        await jobs.lock_type(connection, "prune")
        order.append("second")

    async def another(connection: Any) -> None:
        await jobs.lock_type(connection, "other")

    one = asyncio.create_task(database.write(first))
    async with asyncio.timeout(90):
        await begun.wait()
        two = asyncio.create_task(database.write(second))
        if not database.is_sqlite:
            await database.write(another)
        go_on.set()
        await asyncio.gather(one, two)
    assert order == ["first", "second"]


async def test_removing_a_library_removes_its_jobs_with_logs_and_events(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    await rows.write(job_writes.guard, job, 5, logs=[LogLine("info", "x", b"\xff")])
    assert (await rows.ask(job_trail.logs, job.seq))[-1].path == b"\xff"
    assert len(await rows.ask(job_trail.events, job.seq)) == 2
    await LibraryRepository(database).remove(rows.library_id)
    assert await rows.ask(jobs.history, rows.library_id) == []
    assert await rows.select(sa.select(job_logs)) == []
    assert await rows.select(sa.select(job_events)) == []


async def test_what_a_job_says_at_its_end_comes_back(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.running()
    said = {"registered": 3, "name": "\N{SNOWMAN}"}
    await rows.write(job_writes.guard, job, 2, {"report": json.dumps(said)})
    assert await rows.job(job) == replace(job, report=said, heartbeat_at=2, used_us=1)


async def test_jobs_are_counted_by_state_and_a_state_that_is_none_counts_as_it_is_read(
    database: Database,
) -> None:
    rows, others = await JobRows.make(database), await JobRows.make(database, "Others")
    nothing = dict.fromkeys(JobStatus, 0)
    assert await rows.ask(jobs.counts) == nothing
    for number, status in enumerate((*ENDED, JobStatus.COMPLETED)):
        await rows.end(await rows.running(b"%d" % number), status)
    await rows.running(b"runs")
    await others.queued(job_type=JobType.COVERS)
    odd = await others.queued(job_type=JobType.CONVERT)
    assert (await rows.job(odd)).status is JobStatus.QUEUED
    await rows.write(_odd_status, odd.seq)
    expected = nothing | {JobStatus.COMPLETED: 2, JobStatus.FAILED: 2, JobStatus.CANCELLED: 1}
    expected |= {JobStatus.RUNNING: 1, JobStatus.QUEUED: 1}
    assert await rows.ask(jobs.counts) == expected
    assert (await rows.job(odd)).status is JobStatus.FAILED
    of_others = await rows.ask(jobs.counts, library_id=others.library_id)
    assert of_others == nothing | {JobStatus.QUEUED: 1, JobStatus.FAILED: 1}
    covers = await rows.ask(jobs.counts, types=["covers", "prune"])
    assert covers == nothing | {JobStatus.QUEUED: 1}


async def _odd_status(connection: Any, seq: int) -> None:
    row = library_scan_jobs.c.seq == seq
    await connection.execute(sa.update(library_scan_jobs).where(row).values(status="resting"))


# Plans


async def _plans(database: Database, ask: Any) -> list[str]:
    sent: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        if not statement.startswith("BEGIN"):
            sent.append((statement, parameters))

    engine = database.reading.sync_engine
    async with database.read() as connection:
        sa.event.listen(engine, "before_cursor_execute", remember)
        try:
            await ask(connection)
        finally:
            sa.event.remove(engine, "before_cursor_execute", remember)
        words = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        column = "detail" if database.is_sqlite else "QUERY PLAN"
        plans = []
        for statement, parameters in sent:
            rows = await connection.exec_driver_sql(f"{words} {statement}", parameters)
            plans.append("\n".join(row._mapping[column] for row in rows))
    assert plans
    return plans


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("library_id", [None, 1])
async def test_jobs_are_counted_without_reading_their_rows(
    database: Database, library_id: int | None
) -> None:
    (plan,) = await _plans(database, lambda c: jobs.counts(c, library_id=library_id))
    assert "COVERING INDEX ix_library_scan_jobs_library_id_seq_type_status" in plan


@pytest.mark.parametrize(
    ("ask", "used"),
    [
        (lambda c: jobs.queued_for(c, 1), "ix_library_scan_jobs|uq_library_scan_jobs|seq"),
        (lambda c: jobs.waiting(c, types=["scan", "rescan"]), "ix_library_scan_jobs_waiting"),
        (lambda c: jobs.running(c), "uq_library_scan_jobs_running"),
        (lambda c: jobs.running_of_type(c, "prune"), "uq_library_scan_jobs_running"),
        (lambda c: jobs.get(c, "job-7"), "autoindex_library_scan_jobs|pk_library_scan_jobs|pkey"),
        (lambda c: jobs.history(c, 1), "ix_library_scan_jobs_library_id_seq|seq"),
    ],
    ids=["queued", "waiting", "running", "running of a type", "get", "history"],
)
async def test_a_long_history_slows_no_question_about_the_present(
    database: Database, ask: Any, used: str
) -> None:
    rows = await JobRows.make(database)
    await rows.claimed(b"runs")
    await rows.queued(b"waits")

    async def long_history(connection: Any) -> None:
        (one,) = (await connection.execute(sa.select(library_scan_jobs).limit(1))).all()
        past = [
            dict(one._mapping) | {"id": f"old-{n}", "seq": n, "status": "completed", "unique_key": f"{n}"}
            for n in range(100, 3000)
        ]
        await connection.execute(sa.insert(library_scan_jobs), past)
        await connection.execute(sa.text("ANALYZE"))

    await database.write(long_history)
    for plan in await _plans(database, ask):
        assert re.search(used, plan), plan
        assert not re.search(r"^SCAN (?!.*USING)|Seq Scan", plan), plan
