"""`queue.repository`: who gets which job, and when (PROMISES D7, D8, D20, A19).

Conformance suite: every test on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.change import Counters
from shelfread.model.job import (
    AlreadyRunning,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    Origin,
    Phase,
    Reason,
    Scope,
    UnknownLibrary,
)
from shelfread.queue.repository import ScanJobRepository
from shelfread.store import jobs
from shelfread.store.tables import library_scan_jobs
from tests.queue.queue_stand import Stand, a_stand, collisions, noise, report

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


# One claim


async def test_d9_a_claimed_job_is_running_under_its_first_fence(stand: Stand) -> None:
    queued = await stand.queued(b"A", b"B")
    now = stand.clock.turn(5)
    job = await stand.repository.claim_next("worker-7")
    assert job is not None
    assert (job.id, job.status, job.fence, job.attempt, job.losses) == (queued.id, JobStatus.RUNNING, 1, 1, 0)
    assert (job.worker_id, job.started_at, job.claimed_at, job.heartbeat_at) == ("worker-7", now, now, now)
    assert job.scopes == queued.scopes
    assert job.broken is None
    assert job.phase in (None, Phase.DISCOVERING)
    # D13: nothing was counted yet.
    row = await stand.row(job)
    assert {row[name] for name in row if name.startswith("items_")} == {None}
    assert (row["completed_at"], row["error"], row["reason"], row["current_path"]) == (None, None, None, None)
    event = await stand.last_event(job)
    assert (event["kind"], event["fence"], event["worker_id"], event["at"]) == ("claimed", 1, "worker-7", now)
    assert event["detail"]["attempt"] == 1


async def test_d15_of_an_empty_queue_nothing_is_claimed(stand: Stand) -> None:
    assert await stand.repository.claim_next("worker-1") is None
    job = await stand.running()
    assert await stand.repository.claim_next("worker-2") is None
    await stand.repository.finish(job)
    assert await stand.repository.claim_next("worker-2") is None
    await stand.repository.cancel((await stand.queued()).id)
    assert await stand.repository.claim_next("worker-2") is None


# The order


async def test_d7_the_oldest_goes_first_whatever_the_clock_said(stand: Stand) -> None:
    ids = []
    for number in range(5):
        ids.append((await stand.queued(b"%d" % number, rescan=number % 2 == 0)).id)
        # Somebody sets the clock back between two requests.
        stand.clock.turn(-100)
    stand.clock.turn(10_000)
    assert [(await stand.claim(f"w-{n}")).id for n in range(5)] == ids


async def test_d7_priority_is_between_types_only(stand: Stand) -> None:
    prune = (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job
    scan, rescan = await stand.queued(b"A"), await stand.queued(b"B", rescan=True)
    assert [(await stand.claim(f"w-{n}")).id for n in range(3)] == [scan.id, rescan.id, prune.id]


async def test_a_widened_job_keeps_its_place(stand: Stand) -> None:
    first, second = await stand.queued(b"A"), await stand.queued(b"B")
    await stand.enqueue(b"A", b"C", rescan=True)
    assert [(await stand.claim("w-1")).id, (await stand.claim("w-2")).id] == [first.id, second.id]


async def test_a_job_that_came_back_keeps_its_place(stand: Stand) -> None:
    first = await stand.running(b"A")
    second = await stand.queued(b"B")
    assert await stand.repository.release(first)
    assert [(await stand.claim("w-1")).id, (await stand.claim("w-2")).id] == [first.id, second.id]


async def test_a_job_that_was_lost_rests_and_holds_nobody_up(stand: Stand) -> None:
    first = await stand.running(b"A")
    second = await stand.queued(b"B")
    assert await stand.repository.lose(first, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    # The first loss costs nothing.
    again = await stand.claim()
    assert again.id == first.id
    assert await stand.repository.lose(again, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    due = (await stand.row(first))["run_at"]
    assert due == stand.clock.now + 5_000_000
    assert (await stand.claim("w-2")).id == second.id
    assert await stand.repository.claim_next("w-3") is None
    stand.clock.now = due - 1
    assert await stand.repository.claim_next("w-3") is None
    stand.clock.now = due
    assert (await stand.claim("w-3")).id == first.id


async def test_a_job_whose_time_has_not_come_is_not_claimed_by_one_who_looked_earlier(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the claim the job was run, lost and put back with a pause."""
    await stand.queued()
    slow, quick = await stand.another(), stand.repository
    genuine = ScanJobRepository._claim

    async def late(self: ScanJobRepository, job: Job, worker_id: str) -> Job | None:
        if self is slow:
            for _ in range(2):
                claimed = await quick.claim_next("w-quick")
                assert claimed is not None
                await quick.lose(claimed, Reason.WORKER_LOST, "gone")
        return await genuine(self, job, worker_id)

    monkeypatch.setattr(ScanJobRepository, "_claim", late)
    assert await slow.claim_next("w-slow") is None
    (row,) = await stand.rows()
    assert (row["status"], row["run_at"]) == ("queued", stand.clock.now + 5_000_000)


@pytest.mark.parametrize("how", ["new", "released", "lost once"])
async def test_a_clock_that_is_set_back_holds_no_job_up(stand: Stand, how: str) -> None:
    """Nor does that of another computer, which is a little behind: only a pause after losses counts."""
    job = await stand.queued()
    if how == "released":
        assert await stand.repository.release(await stand.claim())
    elif how == "lost once":
        assert await stand.repository.lose(await stand.claim(), Reason.WORKER_LOST, "gone")
    stand.clock.turn(-3600)
    assert (await stand.claim("w-2")).id == job.id


async def test_a_worker_claims_only_the_types_that_it_can_run(stand: Stand) -> None:
    scan = await stand.queued(b"A")
    rescan = await stand.queued(b"B", rescan=True)
    claim = stand.repository.claim_next
    assert await claim("w", types=["prune"]) is None
    assert await claim("w", types=[]) is None
    job = await claim("w", types=["rescan", "prune"])
    assert job is not None
    assert job.id == rescan.id
    job = await claim("w", types=["scan"])
    assert job is not None
    assert job.id == scan.id


# Overlaps


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([b""], [b"A-M"]),
        ([b"A-M"], [b""]),
        ([b"A-M"], [b"A-M/Beatles/Help"]),
        ([b"A-M/Beatles/Help"], [b"A-M"]),
        ([b"x", b"A-M"], [b"y", b"A-M/Beatles"]),
        ([b"\xff"], [b"\xff/\xfe"]),
    ],
)
@pytest.mark.parametrize("rescan", [False, True])
async def test_a19_overlapping_paths_never_run_at_the_same_time(
    stand: Stand, first: list[bytes], second: list[bytes], rescan: bool
) -> None:
    running = await stand.running(*first)
    waiting = await stand.queued(*second, rescan=rescan)
    beside = await stand.queued(b"N-Z") if b"" not in first and b"" not in second else None
    if beside is not None:
        assert (await stand.claim("w-2")).id == beside.id
    assert await stand.repository.claim_next("w-2") is None
    await stand.repository.finish(running)
    assert (await stand.claim("w-2")).id == waiting.id


async def test_a19_the_same_folder_names_of_another_library_are_no_obstacle(stand: Stand) -> None:
    other_id, (other_root,) = await stand.another_library()
    await stand.running(b"")
    await stand.repository.enqueue(JobRequest(JobType.SCAN, other_id, (Scope(other_root, b""),)))
    assert (await stand.claim("w-2")).library_id == other_id


async def test_a_thousand_parts_side_by_side_are_compared_in_no_time(stand: Stand) -> None:
    mine = [noise(number, 30) for number in range(500)]
    theirs = [noise(number, 30) for number in range(500, 1000)]
    await stand.queued(*mine)
    await stand.queued(*theirs)
    await stand.claim("w-1")
    await stand.claim("w-2")
    await stand.queued(mine[7] + b"/x")
    begun = asyncio.get_running_loop().time()
    assert await stand.repository.claim_next("w-3") is None
    assert asyncio.get_running_loop().time() - begun < 2


# At once


async def _drain(repository: ScanJobRepository, name: str, claimed: list[tuple[str, str]]) -> None:
    while (job := await repository.claim_next(name)) is not None:
        claimed.append((job.id, name))
        assert job.worker_id == name
        assert await repository.finish(job)


async def test_d8_of_eight_claimers_no_two_get_the_same_job(stand: Stand) -> None:
    others = [await stand.another() for _ in range(8)]
    claimed: list[tuple[str, str]] = []
    ids = set()
    # In rounds: the end of a queue is where claimers meet.
    for first in range(0, 100, 20):
        requests = [stand.request(b"%d" % number) for number in range(first, first + 20)]
        ids |= {answer.job.id for answer in await stand.repository.enqueue_all(requests)}
        await asyncio.gather(*(_drain(other, f"w-{n}", claimed) for n, other in enumerate(others)))
    assert len(claimed) == len(ids) == 100
    assert {job_id for job_id, _ in claimed} == ids
    assert set(await stand.statuses()) == {"completed"}
    assert {row["fence"] for row in await stand.rows()} == {1}


async def test_d8_one_job_and_sixteen_claimers_over_and_over(stand: Stand) -> None:
    others = [await stand.another() for _ in range(16)]
    for _ in range(2):
        await stand.queued()
        claims = await asyncio.gather(*(other.claim_next(f"w-{n}") for n, other in enumerate(others)))
        won = [job for job in claims if job is not None]
        assert len(won) == 1
        assert await stand.repository.finish(won[0])


async def test_a19_overlapping_jobs_claimed_at_once_run_one_after_the_other(stand: Stand) -> None:
    """Five trees and two parts of each, six claimers: whoever runs looks whether anybody else does."""
    begun = []
    for number in range(5):
        begun.append(await stand.running(b"%d" % number))
        # Not taken in: the one runs, and the other asks for more.
        await stand.queued(b"%d/x" % number)
        await stand.queued(b"%d/y" % number, rescan=True)
    for job in begun:
        assert await stand.repository.release(job)
    others = [await stand.another() for _ in range(6)]
    run = 0

    async def work(repository: ScanJobRepository, name: str) -> None:
        nonlocal run
        while True:
            job = await repository.claim_next(name)
            if job is None:
                if not await repository.listed(statuses=["queued"]):
                    return
                await asyncio.sleep(0)
                continue
            assert collisions(await stand.rows()) == []
            await repository.commit(job, None, report(found=1))
            assert await repository.finish(job)
            run += 1

    await asyncio.gather(*(work(other, f"w-{n}") for n, other in enumerate(others)))
    assert run == 15


# Rows that nobody can run


_BROKEN: dict[str, dict[str, Any]] = {
    "no library": {"library_id": None},
    "scopes that are no JSON": {"scopes": "["},
    "scopes that are nothing": {"scopes": ""},
    "scopes that are a number": {"scopes": "17"},
    "scopes that are null": {"scopes": "null"},
    "scopes that are an object": {"scopes": '{"a": 1}'},
    "no scope at all": {"scopes": "[]"},
    "scopes that are no pairs": {"scopes": "[[1]]"},
    "a path that is no hex": {"scopes": '[[1, "xyz"]]'},
    "a path that is a number": {"scopes": "[[1, 2]]"},
    "a root that is a text": {"scopes": '[["1", ""]]'},
    "an unknown root": {"scopes": '[[999999, ""]]'},
    "brackets without end": {"scopes": "[" * 5_000},
}


@pytest.mark.parametrize("values", _BROKEN.values(), ids=_BROKEN)
async def test_d20_a_row_that_nobody_can_run_is_claimed_and_says_why(
    stand: Stand, values: dict[str, Any]
) -> None:
    broken, sound = await stand.queued(b"A"), await stand.queued(b"B")
    await stand.edit(broken, **values)
    job = await stand.claim()
    assert job.id == broken.id
    assert job.broken
    assert "\n" not in job.broken
    assert await stand.repository.fail(job, Reason.INVALID_ROW, job.broken)
    row = await stand.row(broken)
    assert (row["status"], row["reason"], row["error"]) == ("failed", "invalid_row", job.broken)
    # The next one is not disturbed, and nobody finds the broken one again.
    assert (await stand.claim()).id == sound.id
    assert await stand.repository.claim_next("w-3") is None
    assert len(await stand.repository.listed()) == 2


async def test_d20_a_job_of_an_unknown_type_is_left_to_those_who_know_it(stand: Stand) -> None:
    strange, sound = await stand.queued(b"A"), await stand.queued(b"B")
    await stand.edit(strange, type="thumbnails", priority=50)
    assert (await stand.claim()).id == sound.id
    assert await stand.repository.claim_next("w-2") is None
    found = await stand.repository.get(strange.id)
    assert found is not None
    assert (found.type, found.status) == ("thumbnails", JobStatus.QUEUED)
    cancelled = await stand.repository.cancel(strange.id)
    assert cancelled is not None
    assert cancelled.status is JobStatus.CANCELLED


@pytest.mark.parametrize(
    "values",
    [
        {"carried": "["},
        {"carried": "[1]"},
        {"carried": '{"added": "many"}'},
        {"report": "["},
        {"phase": "polishing"},
        {"origin": "a later version"},
        {"reason": "a later version"},
    ],
    ids=str,
)
async def test_d20_a_row_with_rubbish_beside_the_point_stops_nobody(
    stand: Stand, values: dict[str, Any]
) -> None:
    """A later version may know more words; a damaged row must not hide all others."""
    odd, sound = await stand.queued(b"A"), await stand.queued(b"B")
    await stand.edit(odd, **values)
    assert len(await stand.repository.listed()) == 2
    claimed = {(await stand.claim("w-1")).id, (await stand.claim("w-2")).id}
    assert claimed == {odd.id, sound.id}


#: What SQLite keeps in columns of other types.
_DAMAGED: dict[str, Any] = {
    "priority": "x",
    "attempt": "abc",
    "losses": 1.5,
    "max_attempts": b"\xff",
    "run_at": b"\0",
    "fence": "x",
    "seq": "x",
    "timeout_s": "x",
    "used_us": float("inf"),
    "heartbeat_at": "x",
    "queued_at": "yesterday",
    "started_at": b"\0",
    "cancel_requested_at": b"\0",
    "items_total": "x",
    "items_found": "x",
    "event_seq": "x",
    "log_seq": b"\0",
    "worker_id": b"\xff",
    "current_path": b"\xff",
    "carried": b"\xff",
    "report": b"\xff",
    "scopes": b"\xff",
    "unique_key": b"\xff",
    "id": "long" * 30,
}


def _raw(stand: Stand, job: Job, **values: Any) -> None:
    """Change a row as any program could: no rule of the catalogue is looked at."""
    assert stand.database.path is not None
    connection = sqlite3.connect(stand.database.path, timeout=10)
    with connection:
        names = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE library_scan_jobs SET {names} WHERE seq = ?"
        assert connection.execute(statement, (*values.values(), job.seq)).rowcount == 1
    connection.close()


async def _ends_as_invalid(stand: Stand, before: Job) -> None:
    """Workers meet one damaged row, and one that is sound after it."""
    sound = await stand.queued(b"B")
    met = [await stand.claim("w-1"), await stand.claim("w-2")]
    (broken,) = [job for job in met if job.id != sound.id]
    assert broken.broken
    assert broken.broken.isprintable()
    assert before.id == broken.id or "id is 'longlong" in broken.broken or not before.id
    assert await stand.repository.fail(broken, Reason.INVALID_ROW, broken.broken)
    row = await stand.row(broken)
    assert (row["status"], row["reason"], row["error"]) == ("failed", "invalid_row", broken.broken)
    assert row["library_id"] == stand.library_id
    now_is = await stand.repository.get(broken.id)
    assert now_is is not None
    assert (now_is.status, now_is.damaged) == (JobStatus.FAILED, {})
    assert await stand.repository.claim_next("w-3") is None


@pytest.mark.parametrize(("column", "value"), _DAMAGED.items(), ids=list(_DAMAGED))
async def test_d20_a_damaged_row_ends_as_invalid_and_stops_nobody(
    stand: Stand, column: str, value: Any
) -> None:
    if not stand.database.is_sqlite:
        pytest.skip("a column of PostgreSQL holds what it is made for")
    job = await stand.queued(b"A")
    _raw(stand, job, **{column: value})
    assert len(await stand.repository.listed()) == 1
    # The same work may be asked for before anybody has met it.
    assert not (await stand.enqueue(b"A")).coalesced
    assert await stand.repository.finish(await _claimed_beside(stand))
    await _ends_as_invalid(stand, job)


async def _claimed_beside(stand: Stand) -> Job:
    """The request for the same work is claimed, and the damaged row is left as it is."""
    queued = await stand.repository.listed(statuses=["queued"])
    (twin,) = [job for job in queued if job.broken is None]
    claimed = await stand.repository._claim(twin, "w-0")
    assert claimed is not None
    assert claimed.id == twin.id
    return claimed


@pytest.mark.parametrize(
    "values",
    [
        {"attempt": 2**31 - 1},
        {"fence": 2**63 - 1},
        {"event_seq": 0},
        {"log_seq": 2**63 - 1},
        {"used_us": -(2**63)},
        {"id": ""},
    ],
    ids=str,
)
async def test_d20_a_row_with_numbers_that_cannot_be_ends_as_invalid(
    stand: Stand, values: dict[str, Any]
) -> None:
    """Here an `event_seq` of 0 is the one of which only the events tell that it is wrong."""
    job = await stand.queued(b"A")
    await stand.edit(job, **values)
    await _ends_as_invalid(stand, replace(job, id=values.get("id", job.id)))


async def test_d20_a_page_full_of_damaged_rows_hides_no_other(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not stand.database.is_sqlite:
        pytest.skip("a column of PostgreSQL holds what it is made for")
    monkeypatch.setattr(jobs, "PAGE", 2)
    sound = await stand.queued(b"sound")
    for number in range(3):
        job = await stand.queued(b"%d" % number)
        # Not yet due, so that all pages are looked at.
        await stand.edit(job, run_at=stand.clock.now + 5_000_000)
        _raw(stand, job, priority="x")
    claimed = await stand.claim()
    assert claimed.id == sound.id


async def test_d20_a_damaged_prune_takes_no_request_in(stand: Stand) -> None:
    first = (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job
    await stand.edit(first, attempt=2**31 - 1)
    second = await stand.repository.enqueue(JobRequest(JobType.PRUNE))
    assert not second.coalesced
    assert (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job.id == second.job.id


@pytest.mark.parametrize("values", [{"fence": 2**63 - 1}, {"event_seq": 2**63 - 1}], ids=str)
async def test_d20_a_damaged_row_can_be_cancelled(stand: Stand, values: dict[str, Any]) -> None:
    job = await stand.queued(b"A")
    await stand.edit(job, **values)
    cancelled = await stand.repository.cancel(job.id)
    assert cancelled is not None
    assert cancelled.status is JobStatus.CANCELLED


@pytest.mark.parametrize(
    "text", ['{"added": 1e999}', '{"added": true}', '{"added": 1000000000000000000000}', '{"added": null}']
)
async def test_d20_counts_of_earlier_attempts_that_are_none_are_zero(stand: Stand, text: str) -> None:
    job = await stand.queued(b"A")
    await stand.edit(job, carried=text)
    claimed = await stand.claim()
    assert (claimed.carried, claimed.broken) == (Counters(), None)
    assert await stand.repository.finish(claimed)


async def test_broken_rows_take_no_request_in(stand: Stand) -> None:
    broken = await stand.queued(b"A")
    await stand.edit(broken, scopes="[", unique_key="broken")
    assert not (await stand.enqueue(b"A")).coalesced


# A scan here and now


async def test_decision_4_a_scan_here_and_now_runs_from_its_first_moment(stand: Stand) -> None:
    scopes = (stand.scope(b"A"), stand.scope(b"A/x"), stand.scope(b"B"))
    job = await stand.repository.claim_now("me", stand.library_id, JobType.RESCAN, scopes)
    assert (job.status, job.type, job.fence, job.attempt) == (JobStatus.RUNNING, "rescan", 1, 1)
    assert (job.origin, job.worker_id, job.broken) == (Origin.CLI, "me", None)
    assert set(job.scopes) == {stand.scope(b"A"), stand.scope(b"B")}
    assert job.queued_at == job.started_at == job.claimed_at == job.heartbeat_at == stand.clock.now
    assert job.completed_at is None
    assert job.counters == Counters()
    assert await stand.kinds(job) == ["queued", "claimed"]
    await stand.repository.commit(job, None, report("one", found=3, added=3))
    assert await stand.repository.finish(job)
    assert await stand.statuses() == ["completed"]


@pytest.mark.parametrize("part", [b"", b"A", b"A/x"])
async def test_a19_a_scan_here_and_now_is_refused_beside_one_of_the_same_files(
    stand: Stand, part: bytes
) -> None:
    running = await stand.running(b"A")
    before = await stand.everything()
    with pytest.raises(AlreadyRunning) as caught:
        await stand.repository.claim_now("me", stand.library_id, JobType.SCAN, [stand.scope(part)])
    assert getattr(caught.value.args[0], "id", None) == running.id or running.id in str(caught.value)
    assert await stand.everything() == before
    beside = await stand.repository.claim_now("me", stand.library_id, JobType.SCAN, [stand.scope(b"N")])
    assert beside.status is JobStatus.RUNNING


async def test_a_queued_job_waits_for_a_scan_here_and_now_and_is_not_in_its_way(stand: Stand) -> None:
    waiting = await stand.queued(b"A")
    mine = await stand.repository.claim_now("me", stand.library_id, JobType.SCAN, [stand.scope()])
    assert await stand.repository.claim_next("w-1") is None
    assert (await stand.enqueue(b"A")).job.id == waiting.id
    await stand.repository.finish(mine)
    assert (await stand.claim()).id == waiting.id


async def test_of_many_scans_here_and_now_and_many_workers_one_wins(stand: Stand) -> None:
    others = [await stand.another() for _ in range(8)]
    for _ in range(3):
        await stand.queued()
        scopes = [stand.scope()]
        answers = await asyncio.gather(
            *(other.claim_now("me", stand.library_id, JobType.SCAN, scopes) for other in others[:4]),
            *(other.claim_next("w") for other in others[4:]),
            return_exceptions=True,
        )
        assert not [a for a in answers if isinstance(a, BaseException) and not isinstance(a, AlreadyRunning)]
        won = [answer for answer in answers if isinstance(answer, Job)]
        assert len(won) == 1
        await stand.sound()
        assert await stand.repository.finish(won[0])
        while (rest := await stand.repository.claim_next("w")) is not None:
            assert await stand.repository.finish(rest)


async def test_a_scan_here_and_now_of_a_library_that_is_gone_leaves_nothing(stand: Stand) -> None:
    with pytest.raises(UnknownLibrary):
        await stand.repository.claim_now("me", 999_999, JobType.SCAN, [stand.scope()])
    assert await stand.rows() == []


# What the indexes promise


async def test_the_database_itself_refuses_two_running_jobs_of_one_scope(stand: Stand) -> None:
    running = await stand.running(b"A")
    waiting = await stand.queued(b"A")
    with pytest.raises(sa.exc.IntegrityError):
        await stand.edit(waiting, status="running")
    await stand.repository.finish(running)
    other = await stand.row(waiting)

    async def twin(connection: Any) -> None:
        await connection.execute(library_scan_jobs.insert().values(other | {"id": "twin", "seq": 999_999}))

    with pytest.raises(sa.exc.IntegrityError):
        await stand.database.write(twin)
