"""Every change of a running job's row: what its worker writes, how it ends, how it is taken from a worker.

Each function changes the row and appends to its trail, inside a transaction that `queue` makes. A write of
a running job goes through `guard`: without the right fence nothing else may be written (DESIGN rule 8).
`job_queueing` is the part of a job's life before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import (
    CancelRequested,
    EventKind,
    Job,
    JobStatus,
    LogLine,
    LostJob,
    Origin,
    Reason,
)
from shelfread.store import job_trail
from shelfread.store.job_row import counts
from shelfread.store.tables import BIG
from shelfread.store.tables import library_scan_jobs as jobs

#: The pause before a job that was lost for the second time is tried again; it doubles with each loss.
FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 300
#: The most running time that is taken to lie between two heartbeats.
LONGEST_STEP_US = 60_000_000
#: How an error's text is shortened for the row.
ERROR_LENGTH = 2_000


async def guard(
    connection: AsyncConnection,
    job: Job,
    now: int,
    values: dict[str, Any] | None = None,
    *,
    events: Sequence[tuple[str, dict[str, Any]]] = (),
    logs: Sequence[LogLine] = (),
    heed_cancel: bool = False,
) -> None:
    """Update a running job's row under its fence, and append events and log lines.

    Raises:
        LostJob: the row is not running under this fence any more.
        CancelRequested: `heed_cancel`, and somebody wants the job to stop.
    """
    changed = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.status == JobStatus.RUNNING.value, jobs.c.fence == job.fence)
        .values(
            heartbeat_at=now,
            used_us=jobs.c.used_us + _since_heartbeat(now),
            event_seq=jobs.c.event_seq + len(events),
            log_seq=jobs.c.log_seq + len(logs),
            **(values or {}),
        )
        .returning(jobs.c.event_seq, jobs.c.log_seq, jobs.c.cancel_requested_at)
    )
    row = changed.first()
    if row is None:
        raise LostJob(f"job {job.id} was taken over or ended by another process")
    if heed_cancel and row.cancel_requested_at is not None:
        raise CancelRequested(f"job {job.id} was cancelled")
    after = row.event_seq - len(events)
    await job_trail.write_events(connection, job.seq, after, now, job.fence, job.worker_id, events)
    await job_trail.write_logs(connection, job.seq, row.log_seq - len(logs), now, logs)


def _since_heartbeat(now: int) -> sa.ColumnElement[int]:
    """Running time since the last heartbeat, for the budget. A clock that jumps spends one step at most."""
    step = sa.literal(now, BIG) - jobs.c.heartbeat_at
    return sa.case(
        (jobs.c.heartbeat_at.is_(None), 0),
        (step < 0, 0),
        (step > LONGEST_STEP_US, LONGEST_STEP_US),
        else_=step,
    )


def progress_values(report: BatchReport) -> dict[str, Any]:
    """The columns of a job's row that a report sets."""
    return {
        "phase": report.phase.value,
        "items_total": report.total,
        "current_path": job_trail.storable(report.current_path) if report.current_path else None,
        **{f"items_{name}": count for name, count in counts(report.counters).items()},
    }


def batch_event(report: BatchReport) -> tuple[str, dict[str, Any]]:
    """What the trail says of a batch: the counts of this attempt so far, and of the batches before it."""
    detail = {
        **counts(report.counters),
        "total": report.total,
        "phase": report.phase.value,
        "batches": report.batches,
        "batches_s": round(report.batches_s, 4),
    }
    return EventKind.BATCH, detail


def end_values(
    status: JobStatus, now: int, reason: Reason | None = None, error: str | None = None
) -> dict[str, Any]:
    """The columns that end a job."""
    return {
        "status": status.value,
        "error": job_trail.storable(error, ERROR_LENGTH) if error is not None else None,
        "reason": reason.value if reason else None,
        "completed_at": now,
        "current_path": None,
    }


def completed_counters(row: Job, report: BatchReport | None) -> Counters:
    """The counters that a completed job shows: all of its attempts together."""
    last = report.counters if report is not None else row.counters
    return last.after(row.carried)


async def release(connection: AsyncConnection, job: Job, row: Job, now: int) -> None:
    """Back into the queue, at the front and at once: its worker was stopped in order."""
    values = {
        "status": JobStatus.QUEUED.value,
        "attempt": max(0, row.attempt - 1),
        "run_at": 0,
        "current_path": None,
    }
    await guard(connection, job, now, values, events=[(EventKind.RELEASED, {"attempt": row.attempt})])


async def lose(connection: AsyncConnection, row: Job, reason: Reason, error: str, now: int) -> JobStatus:
    """Take a running job from its worker: back into the queue, or to its end. Gives what it is now.

    The fence rises, so that nothing counts that its old worker still writes. An attempt that brought
    something new into the catalogue is not held against the job.
    """
    used = row.used_us + min(LONGEST_STEP_US, max(0, now - (row.heartbeat_at or now)))
    brought = row.counters
    fruitful = brought.added + brought.updated + brought.moved + brought.restored + brought.failed > 0
    losses = 0 if fruitful else row.losses + 1
    spent = used >= row.timeout_s * 1_000_000
    after: dict[str, Any]
    detail: dict[str, Any] = {}
    given_up = row.origin == Origin.CLI or losses >= row.max_attempts or reason is Reason.INVALID_ROW
    if row.cancel_requested_at is not None:
        status, kind = JobStatus.CANCELLED, EventKind.CANCELLED
        after = end_values(status, now)
    elif given_up or spent:
        if spent and row.origin != Origin.CLI and reason is not Reason.INVALID_ROW:
            reason, error = Reason.DEADLINE, f"it ran longer than the {row.timeout_s} seconds it may"
        status, kind = JobStatus.FAILED, EventKind.FAILED
        after = end_values(status, now, reason, error)
    else:
        run_at = now + pause_us(losses)
        status, kind = JobStatus.QUEUED, EventKind.REQUEUED
        detail = {"run_at": run_at, "losses": losses}
        after = {"status": status.value, "run_at": run_at, "reason": reason.value, "current_path": None}
    detail |= {"reason": reason.value, "error": error}
    line = LogLine("warning" if status is JobStatus.QUEUED else "error", _lost_text(status, error))
    fence = row.fence + 1
    changed = await connection.execute(
        update(jobs)
        .where(jobs.c.id == row.id, jobs.c.status == JobStatus.RUNNING.value, jobs.c.fence == row.fence)
        .values(
            fence=fence,
            losses=losses,
            used_us=used,
            event_seq=jobs.c.event_seq + 1,
            log_seq=jobs.c.log_seq + 1,
            **after,
        )
        .returning(jobs.c.event_seq, jobs.c.log_seq)
    )
    numbers = changed.first()
    if numbers is None:
        raise LostJob(f"job {row.id} was taken over or ended by another process")
    await job_trail.write_events(
        connection, row.seq, numbers.event_seq - 1, now, fence, None, [(kind, _short(detail))]
    )
    await job_trail.write_logs(connection, row.seq, numbers.log_seq - 1, now, [line])
    return status


def pause_us(losses: int) -> int:
    """How long a job rests after so many losses without progress, in microseconds."""
    if losses < 2:
        return 0
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S << min(losses - 2, 10))
    return pause_s * 1_000_000


async def request_cancel(connection: AsyncConnection, row: Job, now: int) -> None:
    """Ask whoever runs a job to stop; harmless when it was asked before."""
    changed = await connection.execute(
        update(jobs)
        .where(
            jobs.c.id == row.id,
            jobs.c.status == JobStatus.RUNNING.value,
            jobs.c.cancel_requested_at.is_(None),
        )
        .values(cancel_requested_at=now, event_seq=jobs.c.event_seq + 1)
        .returning(jobs.c.event_seq, jobs.c.fence)
    )
    asked = changed.first()
    if asked is not None:
        event: tuple[str, dict[str, Any]] = (EventKind.CANCEL_REQUESTED, {})
        await job_trail.write_events(
            connection, row.seq, asked.event_seq - 1, now, asked.fence, None, [event]
        )


def summary(counters: Counters, of: str = "file") -> LogLine:
    """The last line of a job that completed: what came of it."""
    parts = [
        f"{count} {word}"
        for count, word in (
            (counters.added, "added"),
            (counters.updated, "updated"),
            (counters.moved, "moved"),
            (counters.restored, "restored"),
            (counters.unchanged, "unchanged"),
            (counters.removed, "missing"),
            (counters.failed, "failed"),
            (counters.skipped, "skipped"),
        )
        if count
    ]
    files = f"1 {of}" if counters.found == 1 else f"{counters.found} {of}s"
    return LogLine("info", f"completed: {files}" + (f": {', '.join(parts)}" if parts else ""))


def _lost_text(status: JobStatus, error: str) -> str:
    return f"{error}; it goes on from what was committed" if status is JobStatus.QUEUED else error


def _short(detail: dict[str, Any]) -> dict[str, Any]:
    return {
        key: job_trail.storable(value, ERROR_LENGTH) if isinstance(value, str) else value
        for key, value in detail.items()
    }
