"""`queue.verify`: a history that happened passes, and each way to tamper with it is found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import (
    Event,
    EventKind,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    LogLine,
    Origin,
    Phase,
    Reason,
    Scope,
    StoredLine,
)
from shelfread.queue import verify
from shelfread.queue.locks import is_held
from shelfread.queue.overlaps import left_alone, side_by_side
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.trail import TOLD, LogFacts, Run, check_job
from shelfread.queue.verify import Verification, Violation
from shelfread.store import job_review
from shelfread.store.database import Database
from shelfread.store.job_trail import LOG_LINES
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import job_events, job_logs, library_scan_jobs

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOON = 1_750_000_000_000_000
SECOND = 1_000_000


class History:
    """A catalogue in which jobs of every kind have really happened, and ways to tamper with it."""

    def __init__(self, database: Database, library_id: int, root: int) -> None:
        self.database = database
        self.library_id = library_id
        self.root = root
        self.now = NOON
        self.jobs = ScanJobRepository(database, clock=self.tick)

    def tick(self) -> int:
        """Every look at the clock takes a millisecond."""
        self.now += 1_000
        return self.now

    def request(self, part: bytes = b"", **more: Any) -> JobRequest:
        return JobRequest(JobType.SCAN, self.library_id, (Scope(self.root, part),), **more)

    async def running(self, part: bytes = b"", worker: str = "worker-1") -> Job:
        await self.jobs.enqueue(self.request(part))
        job = await self.jobs.claim_next(worker)
        assert job is not None
        return job

    async def claim(self, worker: str) -> Job:
        job = await self.jobs.claim_next(worker)
        assert job is not None
        return job

    async def completed(self, part: bytes = b"") -> Job:
        """A job that was lost, released and then completed; what is there of it is in order."""
        job = await self.running(part)
        await self.jobs.commit(job, None, report(found=5, added=3, lines=2))
        await self.jobs.commit(job, None, report(found=9, added=7, failed=1))
        await self.jobs.heartbeat(job, report(found=10, added=7, failed=1, unchanged=1))
        assert await self.jobs.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
        job = await self.claim("worker-2")
        await self.jobs.commit(job, None, report(found=12, unchanged=8, updated=1))
        assert await self.jobs.release(job)
        job = await self.claim("worker-1")
        await self.jobs.commit(job, None, report(found=14, unchanged=12, added=2))
        last = report(found=14, unchanged=12, added=1, moved=1, removed=2, phase=Phase.DONE, lines=1)
        assert await self.jobs.finish(job, None, last)
        return await self.row(job)

    async def row(self, job: Job) -> Job:
        found = await self.jobs.get(job.id)
        assert found is not None
        return found

    async def events(self, job: Job) -> list[Event]:
        return list(await self.jobs.events(job.seq))

    async def violations(self) -> list[Violation]:
        return [violation async for violation in Verification(self.database).violations()]

    async def found(self) -> set[str]:
        """The invariants that are violated; warnings do not count."""
        return {violation.invariant for violation in await self.violations() if not violation.warning}

    async def sql(self, *statements: Any) -> None:
        async def work(connection: Any) -> None:
            for statement in statements:
                await connection.execute(statement)

        await self.database.write(work)

    async def edit(self, job: Job, **values: Any) -> None:
        await self.sql(
            sa.update(library_scan_jobs).where(library_scan_jobs.c.seq == job.seq).values(**values)
        )

    async def edit_event(self, job: Job, seq: int, **values: Any) -> None:
        mine = (job_events.c.job_seq == job.seq) & (job_events.c.seq == seq)
        await self.sql(sa.update(job_events).where(mine).values(**values))

    async def add_event(self, job: Job, kind: str, **more: Any) -> None:
        """One more event at the end, as somebody writes it who asks no guard."""
        row = await self.row(job)
        values = {
            "job_seq": job.seq, "seq": row.event_seq + 1, "at": self.tick(), "fence": row.fence, "kind": kind,
            "worker_id": row.worker_id, "detail": "{}",
        }  # fmt: skip
        await self.sql(sa.insert(job_events).values(**values | more))
        await self.edit(job, event_seq=row.event_seq + 1)

    async def event_of(self, job: Job, kind: str) -> Event:
        return [event for event in await self.events(job) if event.kind == kind][-1]


def report(*, lines: int = 0, phase: Phase = Phase.READING, **counts: int) -> BatchReport:
    logs = [LogLine("info", f"line {number}") for number in range(lines)]
    return BatchReport(Counters(**counts), phase, logs=logs)


@pytest_asyncio.fixture(loop_scope="session")
async def history(database_url: str) -> AsyncIterator[History]:
    database = Database(database_url)
    library = await LibraryRepository(database).add("Music", "music", [b"/music"])
    yield History(database, library.id, library.roots[0].id)
    await database.close()


async def test_what_really_happened_is_in_order(history: History) -> None:
    jobs = history.jobs
    await history.completed()
    cancelled = await history.running(b"a")
    await jobs.commit(cancelled, None, report(found=1, added=1))
    await jobs.cancel(cancelled.id)
    assert await jobs.end_cancelled(cancelled)
    failed = await history.running(b"a")
    assert await jobs.fail(failed, Reason.EXCEPTION, "no")
    lost = await history.running(b"a")
    await jobs.cancel(lost.id)
    assert await jobs.lose(lost, Reason.WORKER_LOST, "gone") is JobStatus.CANCELLED
    here = await jobs.claim_now("worker-9", history.library_id, JobType.RESCAN, [Scope(history.root, b"b")])
    assert await jobs.lose(here, Reason.WORKER_LOST, "gone") is JobStatus.FAILED
    # Siblings at the same time, one that waits and is widened, one that is absorbed.
    await history.running(b"c", "worker-3")
    await history.running(b"d", "worker-4")
    one = await jobs.enqueue(history.request(b"e/f"))
    await jobs.enqueue(history.request(b"e/g"))
    wide = await jobs.enqueue(history.request(b"e"))
    assert wide.coalesced
    assert wide.job.id == one.job.id
    never = await jobs.enqueue(history.request(b"h"))
    await jobs.cancel(never.job.id)
    await jobs.enqueue(JobRequest(JobType.PRUNE))
    prune = await jobs.claim_next("worker-5", types=[JobType.PRUNE])
    assert prune is not None
    assert await jobs.finish(prune)
    verification = Verification(history.database)
    found = [violation async for violation in verification.violations()]
    assert [violation for violation in found if not violation.warning] == []
    assert (verification.jobs, verification.skipped) == (11, 0)
    assert verification.events > 25


async def test_pages_make_no_difference(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "JOBS_A_PAGE", 2)
    monkeypatch.setattr(verify, "EVENTS_A_PAGE", 3)
    for _ in range(5):
        job = await history.completed()
    assert await history.violations() == []
    await history.edit_event(job, 4, kind="banana")
    assert {(violation.invariant, violation.job_seq) for violation in await history.violations()} >= {
        ("I4", job.seq)
    }


async def test_i1_a_fence_that_does_not_rise_is_found(history: History) -> None:
    job = await history.completed()
    claims = [event for event in await history.events(job) if event.kind == EventKind.CLAIMED]
    assert len(claims) == 3
    # Its number is that of the event before, as if the claim had not raised it.
    before = (await history.events(job))[claims[1].seq - 2].fence
    await history.edit_event(job, claims[1].seq, fence=before)
    assert any("did not raise the fence" in violation.what for violation in await history.violations())


async def test_i1_a_row_with_another_fence_than_its_last_event_is_found(history: History) -> None:
    job = await history.completed()
    await history.edit(job, fence=job.fence + 1)
    assert await history.found() == {"I1"}


async def test_i1_a_fence_that_rises_by_itself_is_found(history: History) -> None:
    job = await history.running()
    await history.add_event(job, "batch", fence=job.fence + 1, detail=json.dumps(_zeros()))
    await history.edit(job, fence=job.fence + 1)
    assert await history.found() == {"I1"}


async def test_i2_a_batch_of_a_worker_that_lost_its_job_is_found(history: History) -> None:
    zombie = await history.running()
    await history.jobs.lose(zombie, Reason.WORKER_LOST, "gone")
    job = await history.claim("worker-2")
    await history.add_event(
        job, "batch", fence=zombie.fence, worker_id=zombie.worker_id, detail=json.dumps(_zeros())
    )
    (violation,) = [
        one for one in await history.violations() if one.invariant == "I2" and "fence" in one.what
    ]
    assert violation.job_id == job.id
    assert f"fence {zombie.fence} after fence {job.fence}" in violation.what


async def test_i2_a_write_by_another_worker_than_the_claimer_is_found(history: History) -> None:
    job = await history.completed()
    batch = await history.event_of(job, "batch")
    await history.edit_event(job, batch.seq, worker_id="somebody")
    assert await history.found() == {"I2"}


async def test_i2_a_log_line_after_the_end_is_found(history: History) -> None:
    job = await history.completed()
    assert job.completed_at is not None
    late = {"job_seq": job.seq, "seq": job.log_seq + 1, "at": job.completed_at + 5 * SECOND, "level": "info"}
    await history.sql(sa.insert(job_logs).values(**late, message="I am still here"))
    await history.edit(job, log_seq=job.log_seq + 1)
    assert await history.found() == {"I2"}


async def test_i3_two_ends_are_found(history: History) -> None:
    job = await history.completed()
    await history.add_event(job, "completed", detail=json.dumps({"counters": _counts(job.counters)}))
    assert {"I3", "I4"} <= await history.found()


async def test_i3_no_end_is_found(history: History) -> None:
    job = await history.running()
    await history.edit(job, status="failed", completed_at=history.tick())
    assert await history.found() == {"I3", "I4"}


async def test_i3_an_end_of_a_job_that_runs_on_is_found(history: History) -> None:
    job = await history.completed()
    await history.edit(job, status="running")
    assert {"I3", "I4"} <= await history.found()


async def test_i4_a_step_that_leads_nowhere_is_found(history: History) -> None:
    job = await history.completed()
    await history.edit_event(job, 2, kind="released")
    assert "I4" in await history.found()


async def test_i4_a_row_in_another_state_than_its_events_is_found(history: History) -> None:
    job = await history.running()
    await history.edit(job, status="queued")
    assert await history.found() == {"I4"}


async def test_i4_a_row_that_cannot_be_read_is_found(history: History) -> None:
    job = await history.completed()
    await history.edit(job, status="banana")
    assert await history.found() == {"I4"}


async def test_i5_two_jobs_that_run_now_over_the_same_files_are_found(history: History) -> None:
    await history.running(b"a")
    other = await history.running(b"b", "worker-2")
    assert await history.found() == set()
    await history.edit(other, scopes=json.dumps([[history.root, b"a/deep".hex()]]))
    (violation,) = [one for one in await history.violations() if not one.warning]
    assert (violation.invariant, violation.job_id) == ("I5", other.id)


async def test_i5_two_runs_of_the_past_over_the_same_files_are_found(history: History) -> None:
    first = await history.running(b"a")
    other = await history.running(b"b", "worker-2")
    history.now += 5 * SECOND
    assert await history.jobs.finish(first)
    assert await history.jobs.finish(other)
    assert await history.found() == set()
    await history.edit(other, scopes=json.dumps([[history.root, b"a/deep".hex()]]))
    (violation,) = await history.violations()
    assert violation.invariant == "I5"
    assert first.id in violation.what
    assert violation.job_id == other.id


async def test_i5_a_run_that_goes_on_lasts_until_it_was_heard_of(history: History) -> None:
    first = await history.running(b"a")
    history.now += 5 * SECOND
    await history.jobs.heartbeat(first)
    other = await history.running(b"b", "worker-2")
    history.now += 5 * SECOND
    assert await history.jobs.finish(other)
    await history.edit(other, scopes=json.dumps([[history.root, b"a".hex()]]))
    assert await history.found() == set(), "nothing says that the first one was alive then"
    await history.jobs.heartbeat(first)
    assert await history.found() == {"I5"}


async def test_i5_clocks_that_were_set_back_make_no_violation(history: History) -> None:
    first = await history.running(b"a")
    history.now += 600 * SECOND
    await history.jobs.commit(first, None, report())
    history.now -= 595 * SECOND
    assert await history.jobs.finish(first)
    history.now -= 3 * SECOND
    second = await history.running(b"a")
    history.now += 2 * SECOND
    assert await history.jobs.finish(second)
    found = await history.violations()
    assert {(violation.invariant, violation.warning) for violation in found} == {("I5", True)}


async def test_i6_a_count_that_falls_is_found(history: History) -> None:
    job = await history.running()
    await history.jobs.commit(job, None, report(found=9, added=7))
    await history.jobs.commit(job, None, report(found=9, added=6, updated=1))
    (violation,) = [one for one in await history.violations() if not one.warning]
    assert violation.invariant == "I6"
    assert "added 6 and not 7" in violation.what


async def test_i6_a_completed_row_with_other_counts_is_found(history: History) -> None:
    job = await history.completed()
    await history.edit(job, items_added=job.counters.added + 1)
    assert await history.found() == {"I6"}


async def test_i6_counts_that_an_attempt_did_not_carry_on_are_found(history: History) -> None:
    job = await history.completed()
    claim = await history.event_of(job, "claimed")
    carried = claim.detail["carried"]
    assert carried["added"] == 7
    await history.edit_event(
        job, claim.seq, detail=json.dumps(claim.detail | {"carried": carried | {"added": 0}})
    )
    whats = [violation.what for violation in await history.violations()]
    assert any("lost counts on the way: added 0 and not 7" in what for what in whats)
    assert any("completed with other counters" in what for what in whats)


@pytest.mark.parametrize("kind", ["batch", "claimed", "completed"])
@pytest.mark.parametrize("detail", ["{", "[]", '{"carried": 5, "counters": {"found": "x"}}'])
async def test_i6_counters_that_cannot_be_read_are_found(history: History, kind: str, detail: str) -> None:
    job = await history.completed()
    event = await history.event_of(job, kind)
    await history.edit_event(job, event.seq, detail=detail)
    assert "I6" in await history.found()


async def test_i7_a_running_job_whose_process_is_gone_is_a_warning(history: History) -> None:
    presence = await Presence.enter(history.database, "managed")
    job = await history.running(worker=presence.id)
    assert await history.violations() == []
    await presence.leave()
    # A server lets go of the lock when it has noticed that nobody is at the other end.
    async with asyncio.timeout(60):
        while await is_held(history.database, presence.id):
            await asyncio.sleep(0.01)
    (violation,) = await history.violations()
    assert (violation.invariant, violation.warning, violation.job_id) == ("I7", True, job.id)


async def test_i7_a_job_that_waits_though_a_worker_is_free_is_a_warning(history: History) -> None:
    waiting = await history.jobs.enqueue(history.request())
    assert await history.violations() == [], "nobody is there who could take it"
    presence = await Presence.enter(history.database, "standalone")
    (violation,) = await history.violations()
    assert (violation.invariant, violation.warning, violation.job_id) == ("I7", True, waiting.job.id)
    # The only worker is busy with the same files.
    await history.claim(presence.id)
    await history.jobs.enqueue(history.request())
    assert await history.violations() == []
    await presence.leave()


async def test_i8_an_event_that_is_missing_is_found(history: History) -> None:
    job = await history.completed()
    await history.sql(sa.delete(job_events).where(job_events.c.job_seq == job.seq, job_events.c.seq == 4))
    assert "I8" in await history.found()


async def test_i8_a_last_event_that_is_missing_is_found(history: History) -> None:
    job = await history.completed()
    last = job_events.c.seq == job.event_seq
    await history.sql(sa.delete(job_events).where(job_events.c.job_seq == job.seq, last))
    assert {"I3", "I8"} == await history.found()


async def test_i8_an_event_that_the_row_does_not_count_is_found(history: History) -> None:
    job = await history.running()
    await history.add_event(job, "batch", detail=json.dumps(_zeros()))
    assert await history.found() == set()
    await history.edit(job, event_seq=2)
    assert await history.found() == {"I8"}


@pytest.mark.parametrize("line", ["first", "second", "last"])
async def test_i8_a_log_line_that_is_missing_is_found(history: History, line: str) -> None:
    job = await history.completed()
    number = {"first": 1, "second": 2, "last": job.log_seq}[line]
    await history.sql(sa.delete(job_logs).where(job_logs.c.job_seq == job.seq, job_logs.c.seq == number))
    assert await history.found() == {"I8"}


async def test_i8_a_pruned_log_is_no_gap(history: History) -> None:
    job = await history.completed()
    await history.sql(sa.delete(job_logs).where(job_logs.c.job_seq == job.seq))
    assert await history.violations() == []


async def test_i8_pruned_batches_are_no_gap_and_some_of_them_are(history: History) -> None:
    job = await history.completed()
    batches = (job_events.c.job_seq == job.seq) & (job_events.c.kind == "batch")
    await history.sql(sa.delete(job_events).where(batches, job_events.c.seq < job.event_seq - 1))
    assert await history.found() == {"I8"}
    await history.sql(sa.delete(job_events).where(batches))
    assert await history.violations() == []


async def test_jobs_from_before_there_were_events_are_passed_over(history: History) -> None:
    job = await history.completed()
    await history.sql(sa.delete(job_events).where(job_events.c.job_seq == job.seq))
    await history.edit(job, event_seq=0, run_at=0)
    verification = Verification(history.database)
    assert [violation async for violation in verification.violations()] == []
    assert (verification.jobs, verification.skipped) == (1, 1)


async def test_what_happens_meanwhile_is_no_violation(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the page of rows and that of events a batch is committed and another job is deleted."""
    gone = await history.completed(b"a")
    job = await history.running(b"b")
    await history.jobs.commit(job, None, report(found=1, lines=1))
    read = job_review.events_between

    async def meanwhile(*args: Any) -> Any:
        await history.jobs.commit(job, None, report(found=2, lines=1))
        await history.sql(sa.delete(library_scan_jobs).where(library_scan_jobs.c.seq == gone.seq))
        return await read(*args)

    monkeypatch.setattr(job_review, "events_between", meanwhile)
    assert await history.found() == set()


# Fed directly, without a database


def _zeros() -> dict[str, int]:
    return _counts(Counters())


def _counts(counters: Counters) -> dict[str, int]:
    return {name: getattr(counters, name) for name in Counters.__slots__}


ROW = Job(
    "job-1", 1, 7, "scan", JobStatus.RUNNING, (Scope(1, b""),), 1, "me", None, Counters(), None, None, None,
    None, NOON, NOON, None, event_seq=2,
)  # fmt: skip
CARRIED: dict[str, Any] = {"attempt": 1, "carried": _zeros()}


def event(
    seq: int, kind: str, fence: int = 1, worker: str | None = "me", detail: dict[str, Any] | None = None
) -> Event:
    return Event(1, seq, NOON + seq, fence, kind, worker, detail or {})


BEGUN = [event(1, "queued", 0, None), event(2, "claimed", detail=CARRIED)]


async def test_events_can_be_fed_directly() -> None:
    assert check_job(ROW, BEGUN) == []
    assert {one.invariant for one in check_job(replace(ROW, event_seq=3), BEGUN)} == {"I8"}


async def test_many_violations_of_one_sort_are_told_in_few_lines() -> None:
    stale = [event(number, "batch", 0, detail=_zeros()) for number in range(3, 1003)]
    found = check_job(replace(ROW, event_seq=1002), BEGUN + stale)
    assert len(found) == TOLD + 1
    assert found[-1].what == f"and {1000 - TOLD} more like these"


async def test_a_full_log_is_as_long_as_it_may_be() -> None:
    lines = [StoredLine(number, NOON, "info", "", None) for number in range(1, LOG_LINES + 1)]
    row = replace(ROW, log_seq=LOG_LINES + 500)
    assert check_job(row, BEGUN, LogFacts.of(row, lines)) == []
    (violation,) = check_job(row, BEGUN, LogFacts.of(row, lines[:-1]))
    assert violation.invariant == "I8"


async def test_a_scan_that_began_before_there_were_events_may_end_with_its_first() -> None:
    old = replace(
        ROW, status=JobStatus.FAILED, origin=Origin.CLI, fence=2, event_seq=1, run_at=0, reason="worker_lost"
    )
    lost = [event(1, "failed", 2, None, {"reason": "worker_lost"})]
    assert check_job(old, lost) == []
    assert {one.invariant for one in check_job(replace(old, run_at=5), lost)} == {"I1", "I4"}


async def test_runs_that_only_touch_are_not_side_by_side() -> None:
    runs = [Run(0, 10, 1), Run(10, 20, 2), Run(15, 30, 3), Run(0, 12, 1)]
    assert list(side_by_side(runs, 0)) == [
        (Run(0, 12, 1), Run(10, 20, 2)),
        (Run(10, 20, 2), Run(15, 30, 3)),
    ]
    assert list(side_by_side(runs, 2)) == [(Run(10, 20, 2), Run(15, 30, 3))]
    assert list(side_by_side(runs, 5)) == []


async def test_nobody_can_take_a_job_of_a_type_that_this_version_does_not_know() -> None:
    waiting = replace(ROW, status=JobStatus.QUEUED, type="banana")
    assert left_alone([waiting], [], {"w": "managed"}, NOON + 3600 * SECOND) == []
    known = replace(waiting, type="scan")
    assert len(left_alone([known], [], {"w": "managed"}, NOON + 3600 * SECOND)) == 1
    assert left_alone([known], [], {"w": "cli"}, NOON + 3600 * SECOND) == []
    assert left_alone([replace(known, run_at=NOON + 3600 * SECOND)], [], {"w": "managed"}, NOON) == []
