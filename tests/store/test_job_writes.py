"""`store.job_writes`: every change of a job's row, with its trail, under its fence (DESIGN rule 8)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import (
    CancelRequested,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    LogLine,
    LostJob,
    Phase,
    Reason,
    Scope,
)
from shelfread.store import job_queueing, job_trail, job_writes
from shelfread.store.database import Database
from shelfread.store.job_writes import pause_us
from shelfread.store.tables import job_events, job_logs, library_scan_jobs
from tests.store.job_rows import JobRows

pytestmark = pytest.mark.asyncio(loop_scope="session")

S = 1_000_000


async def _everything(rows: JobRows) -> list[Any]:
    return [await rows.select(sa.select(table)) for table in (library_scan_jobs, job_events, job_logs)]


async def _kinds(rows: JobRows, job: Job) -> list[tuple[int, int, str]]:
    return [(event.seq, event.fence, event.kind) for event in await rows.ask(job_trail.events, job.seq)]


# Keys


async def test_a19_one_queued_and_one_running_job_for_each_scope(database: Database) -> None:
    rows = await JobRows.make(database)
    first = await rows.running(b"a", b"b")
    with pytest.raises(sa.exc.IntegrityError):
        await rows.running(b"b", b"a")
    await rows.running(b"a")
    queued = await rows.queued(b"b", b"a")
    with pytest.raises(sa.exc.IntegrityError):
        await rows.queued(b"a", b"b")
    await rows.end(first, JobStatus.COMPLETED)
    # What was begun and came back stands in the way of no follow-up.
    assert await rows.write(job_queueing.claim, queued, "me", 1)
    job = await rows.job(queued)
    await rows.write(job_writes.release, job, job, 2)
    await rows.queued(b"b", b"a")
    assert await rows.write(job_queueing.claim, await rows.job(queued), "me", 3)


async def test_a_key_is_short_however_long_the_paths_are(database: Database) -> None:
    rows = await JobRows.make(database)
    long = bytes(range(1, 256)).replace(b"/", b"") * 200
    job = await rows.queued(long)
    (row,) = await rows.select(sa.select(library_scan_jobs))
    assert len(row["unique_key"]) < 100
    assert job.scopes == (Scope(rows.root, long),)


async def test_jobs_without_a_library_have_their_type_as_key(database: Database) -> None:
    rows = await JobRows.make(database)
    await rows.write(job_queueing.insert_queued, "one", JobRequest(JobType.PRUNE), 1)
    with pytest.raises(sa.exc.IntegrityError):
        await rows.write(job_queueing.insert_queued, "two", JobRequest(JobType.PRUNE), 1)
    assert await rows.write(job_queueing.claim, await rows.job("one"), "me", 1)
    await rows.write(job_queueing.insert_queued, "two", JobRequest(JobType.PRUNE), 1)
    with pytest.raises(sa.exc.IntegrityError):
        await rows.write(job_queueing.claim, await rows.job("two"), "me", 1)


# Claims


async def test_d7_d8_a_claim_counts_once_and_only_for_the_row_that_was_seen(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.queued(now=5)
    assert await rows.write(job_queueing.claim, job, "me", 7)
    before = await _everything(rows)
    assert not await rows.write(job_queueing.claim, job, "you", 8)
    assert await _everything(rows) == before
    found = await rows.job(job)
    assert (found.status, found.fence, found.attempt, found.worker_id) == (JobStatus.RUNNING, 1, 1, "me")
    times = (found.queued_at, found.started_at, found.claimed_at, found.heartbeat_at, found.progress_at)
    assert times == (5, 7, 7, 7, 7)
    assert await _kinds(rows, job) == [(1, 0, "queued"), (2, 1, "claimed")]
    # Somebody else had it meanwhile: what was seen counts no more.
    await rows.write(job_writes.release, found, found, 9)
    assert not await rows.write(job_queueing.claim, job, "you", 10)
    again = await rows.job(job)
    assert (again.status, again.fence, again.attempt) == (JobStatus.QUEUED, 1, 0)
    assert await rows.write(job_queueing.claim, again, "you", 11)
    assert (await rows.job(job)).started_at == 7


async def test_what_an_attempt_brought_in_is_carried_and_its_counters_start_anew(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    told = BatchReport(Counters(found=9, added=3, unchanged=5, failed=1), Phase.READING, 9, "a/b")
    await rows.write(job_writes.guard, job, 2, job_writes.progress_values(told))
    await rows.write(job_writes.lose, await rows.job(job), Reason.WORKER_LOST, "gone", 3)
    assert await rows.write(job_queueing.claim, await rows.job(job), "you", 4)
    found = await rows.job(job)
    assert found.carried == Counters(added=3, failed=1)
    assert (found.counters, found.counted, found.items_total) == (Counters(), False, None)
    assert (found.phase, found.reason, found.current_path) == (Phase.DISCOVERING, None, None)
    last = (await rows.ask(job_trail.events, job.seq))[-1]
    assert (last.kind, last.detail["attempt"], last.detail["carried"]["added"]) == ("claimed", 2, 3)
    done = replace(found, counters=Counters(found=9, unchanged=9))
    assert job_writes.completed_counters(done, None) == Counters(found=9, added=3, failed=1, unchanged=5)


# The guard


@pytest.mark.parametrize("wrong", ["fence below", "fence above", "another job", "queued", "ended"])
async def test_only_the_right_fence_of_a_running_row_may_write(database: Database, wrong: str) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    await rows.write(job_writes.guard, job, 2)
    writer = job
    if wrong.startswith("fence"):
        writer = replace(job, fence=job.fence + (1 if "above" in wrong else -1))
    elif wrong == "another job":
        writer = replace(job, id="no such job")
    elif wrong == "queued":
        await rows.write(job_writes.release, job, job, 3)
    else:
        await rows.end(job, JobStatus.COMPLETED)
    before = await _everything(rows)
    report = BatchReport(Counters(found=9), Phase.READING, logs=[LogLine("info", "late")])
    with pytest.raises(LostJob, match=writer.id):
        await rows.write(
            job_writes.guard,
            writer,
            99,
            job_writes.progress_values(report),
            events=[job_writes.batch_event(report)],
            logs=report.logs,
        )
    assert await _everything(rows) == before


async def test_a_guard_numbers_events_and_lines_without_a_gap(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    lines_before = job.log_seq
    for count in (2, 0, 3, 1):
        lines = [LogLine("info", f"{number}") for number in range(count)]
        await rows.write(job_writes.guard, job, 5, events=[("batch", {})] * count, logs=lines)
    assert [event.seq for event in await rows.ask(job_trail.events, job.seq)] == list(range(1, 9))
    assert [line.seq for line in await rows.ask(job_trail.logs, job.seq)] == list(range(1, lines_before + 7))
    found = await rows.job(job)
    assert (found.event_seq, found.log_seq, found.heartbeat_at) == (8, lines_before + 6, 5)


async def test_a_wish_to_cancel_is_heeded_by_batches_and_not_by_endings(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    await rows.write(job_writes.request_cancel, job, 3)
    before = await _everything(rows)
    with pytest.raises(CancelRequested, match=job.id):
        await rows.write(job_writes.guard, job, 4, {"items_found": 9}, heed_cancel=True)
    assert await _everything(rows) == before
    # Asked again: nothing new.
    await rows.write(job_writes.request_cancel, job, 5)
    assert await _everything(rows) == before
    await rows.end(job, JobStatus.CANCELLED)
    assert [kind for *_, kind in await _kinds(rows, job)] == [
        "queued",
        "claimed",
        "cancel_requested",
        "cancelled",
    ]


async def test_a_lost_fence_goes_before_a_wish_to_cancel(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    await rows.write(job_writes.request_cancel, job, 3)
    with pytest.raises(LostJob):
        await rows.write(job_writes.guard, replace(job, fence=9), 4, heed_cancel=True)


# The queue's own changes


@pytest.mark.parametrize("how", ["widen", "end"])
async def test_a_queued_job_is_changed_only_as_it_was_seen(database: Database, how: str) -> None:
    rows = await JobRows.make(database)
    job = await rows.queued(b"a")
    await rows.write(job_queueing.claim, job, "me", 2)
    before = await _everything(rows)

    async def change(seen: Job) -> None:
        if how == "widen":
            await rows.write(job_queueing.widen, seen, JobType.RESCAN, rows.scopes([b"a", b"b"]), 3)
        else:
            await rows.write(job_queueing.end_queued, seen, 3, Reason.ABSORBED, {"by": "x"})

    for seen in (job, await rows.job(job)):
        with pytest.raises(LostJob):
            await change(seen)
    assert await _everything(rows) == before
    running = await rows.job(job)
    await rows.write(job_writes.release, running, running, 4)
    await change(await rows.job(job))
    found = await rows.job(job)
    if how == "widen":
        assert (found.type, found.status, found.scopes) == (
            "rescan",
            JobStatus.QUEUED,
            rows.scopes([b"a", b"b"]),
        )
    else:
        assert (found.status, found.reason, found.completed_at) == (JobStatus.CANCELLED, "absorbed", 3)
    last = (await rows.ask(job_trail.events, job.seq))[-1]
    assert last.kind == ("widened" if how == "widen" else "cancelled")


# Losing


async def test_a_released_attempt_does_not_count_and_its_running_time_does(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed(now=10 * S)
    await rows.write(job_writes.release, job, job, 25 * S)
    found = await rows.job(job)
    assert (found.status, found.attempt, found.losses, found.fence) == (JobStatus.QUEUED, 0, 0, 1)
    assert (found.used_us, found.completed_at) == (15 * S, None)
    # At once, whatever clock the next one looks at.
    assert found.run_at <= 25 * S


async def test_a12_a_lost_attempt_ran_a_little_longer_than_its_last_heartbeat(
    database: Database,
) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed(now=10 * S)
    await rows.write(job_writes.guard, job, 12 * S)
    await rows.write(job_writes.lose, await rows.job(job), Reason.WORKER_LOST, "gone", 999 * S)
    # Nobody knows how long; were it nothing, a job that hangs each time would have no deadline.
    assert (await rows.job(job)).used_us == 2 * S + job_writes.LONGEST_STEP_US


async def test_a_clock_that_jumped_back_takes_no_running_time_away(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed(now=500 * S)
    await rows.write(job_writes.release, job, job, 10 * S)
    assert (await rows.job(job)).used_us == 0


@pytest.mark.parametrize(
    ("losses", "seconds"),
    [(0, 0), (1, 0), (2, 5), (3, 10), (4, 20), (7, 160), (8, 300), (9, 300), (1000, 300)],
)
async def test_the_pause_doubles_with_each_loss_up_to_five_minutes(losses: int, seconds: int) -> None:
    assert pause_us(losses) == seconds * S


async def test_losses_count_up_to_the_limit_and_then_the_job_has_failed(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.queued(max_attempts=3)
    ends = []
    for now in (100 * S, 200 * S, 300 * S):
        assert await rows.write(job_queueing.claim, await rows.job(job), "me", now)
        running = await rows.job(job)
        ends.append(await rows.write(job_writes.lose, running, Reason.STALLED, "stuck", now + S))
        found = await rows.job(job)
        assert found.fence == running.fence + 1
        assert found.reason == "stalled"
    assert ends == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED]
    assert (found.error, found.completed_at, found.losses) == ("stuck", 301 * S, 3)
    kinds = [kind for *_, kind in await _kinds(rows, job)]
    assert kinds == ["queued", "claimed", "requeued", "claimed", "requeued", "claimed", "failed"]
    requeued = [event.detail for event in await rows.ask(job_trail.events, job.seq)][4]
    assert (requeued["run_at"], requeued["losses"], requeued["reason"]) == (206 * S, 2, "stalled")


async def test_an_attempt_that_brought_something_in_is_not_held_against_the_job(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.queued(max_attempts=2)
    for fruitful in (False, True, False, True):
        assert await rows.write(job_queueing.claim, await rows.job(job), "me", 5)
        if fruitful:
            report = BatchReport(Counters(found=1, added=1), Phase.READING)
            await rows.write(job_writes.guard, await rows.job(job), 6, job_writes.progress_values(report))
        status = await rows.write(job_writes.lose, await rows.job(job), Reason.WORKER_LOST, "gone", 7)
        assert status is JobStatus.QUEUED
        assert (await rows.job(job)).losses == (0 if fruitful else 1)


async def test_a12_a_lost_job_whose_time_is_used_up_ends_with_the_deadline(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed(now=9 * S, timeout_s=60)
    await rows.write(job_writes.guard, job, 69 * S)
    status = await rows.write(job_writes.lose, await rows.job(job), Reason.WORKER_LOST, "gone", 70 * S)
    found = await rows.job(job)
    assert (status, found.status, found.reason) == (JobStatus.FAILED, JobStatus.FAILED, "deadline")
    assert found.error is not None
    assert "60 seconds" in found.error


async def test_a_lost_scan_of_the_command_line_has_failed(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.running()
    assert await rows.write(job_writes.lose, job, Reason.WORKER_LOST, "gone", 2) is JobStatus.FAILED
    found = await rows.job(job)
    assert (found.status, found.reason, found.error, found.fence) == (
        JobStatus.FAILED,
        "worker_lost",
        "gone",
        2,
    )


async def test_a_lost_job_that_was_to_stop_is_cancelled(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    await rows.write(job_writes.request_cancel, job, 2)
    lost = await rows.job(job)
    assert await rows.write(job_writes.lose, lost, Reason.WORKER_LOST, "gone", 3) is JobStatus.CANCELLED
    found = await rows.job(job)
    assert (found.status, found.error, found.reason) == (JobStatus.CANCELLED, None, None)


async def test_a_job_that_moved_on_meanwhile_is_not_declared_lost(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    await rows.end(job, JobStatus.COMPLETED)
    before = await _everything(rows)
    with pytest.raises(LostJob):
        await rows.write(job_writes.lose, job, Reason.WORKER_LOST, "gone", 9)
    assert await _everything(rows) == before


async def test_long_errors_are_cut_and_strange_ones_are_stored(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.running()
    error = "a\0b \udcff \U0001d11e " + "x" * 9_000
    await rows.write(job_writes.lose, job, Reason.WORKER_LOST, error, 2)
    found = await rows.job(job)
    assert found.error is not None
    assert len(found.error) == job_writes.ERROR_LENGTH
    assert found.error.startswith("ab ? \U0001d11e xxx")
    (row,) = await rows.select(sa.select(job_events).where(job_events.c.kind == "failed"))
    assert len(json.loads(row["detail"])["error"]) == job_writes.ERROR_LENGTH
