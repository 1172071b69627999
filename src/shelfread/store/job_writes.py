"""Every change of a job's row: queueing, claiming, the guarded writes of whoever runs it, and its end.

Each function changes the row and appends to its trail, inside a transaction that `queue` makes. A write of
a running job goes through `guard`: without the right fence nothing else may be written (DESIGN rule 8).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import (
    PRIORITIES,
    CancelRequested,
    EventKind,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    LogLine,
    LostJob,
    Origin,
    Phase,
    Reason,
    Scope,
)
from shelfread.store import job_trail
from shelfread.store.ids import next_id
from shelfread.store.jobs import counts, scopes_text
from shelfread.store.tables import library_scan_jobs as jobs

#: The pause before a job that was lost for the second time is tried again; it doubles with each loss.
FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 300
#: How an error's text is shortened for the row.
ERROR_LENGTH = 2_000

_NO_COUNTS = {f"items_{name}": None for name in counts(Counters())}


def unique_key(library_id: int | None, job_type: str, scopes: Sequence[Scope]) -> str:
    """What two jobs have in common when they would do the same work: of each one queued, one running."""
    if library_id is None:
        return job_type
    # Scopes are of any length, and a key of an index is not.
    return f"{library_id}:{hashlib.sha256(scopes_text(scopes).encode()).hexdigest()}"


async def insert_queued(connection: AsyncConnection, job_id: str, request: JobRequest, now: int) -> None:
    """A new job in the queue."""
    seq = await _insert(connection, job_id, request, now, {"status": JobStatus.QUEUED.value, "event_seq": 1})
    detail = {"type": str(request.type), "origin": str(request.origin)}
    await job_trail.write_events(connection, seq, 0, now, 0, None, [(EventKind.QUEUED, detail)])


async def insert_running(
    connection: AsyncConnection, job_id: str, request: JobRequest, worker_id: str, now: int
) -> None:
    """A job that its inserter has claimed already (a scan from the command line)."""
    values = {
        "status": JobStatus.RUNNING.value,
        "fence": 1,
        "attempt": 1,
        "worker_id": worker_id,
        "claimed_at": now,
        "heartbeat_at": now,
        "progress_at": now,
        "started_at": now,
        "phase": Phase.DISCOVERING.value,
        "event_seq": 2,
        "log_seq": 1,
    }
    seq = await _insert(connection, job_id, request, now, values)
    detail = {"type": str(request.type), "origin": str(request.origin)}
    events: list[tuple[str, dict[str, Any]]] = [
        (EventKind.QUEUED, detail),
        (EventKind.CLAIMED, {"attempt": 1, "carried": counts(Counters())}),
    ]
    await job_trail.write_events(connection, seq, 0, now, 0, None, events[:1])
    await job_trail.write_events(connection, seq, 1, now, 1, worker_id, events[1:])
    await job_trail.write_logs(connection, seq, 0, now, [_begins(request.type, 1)])


async def _insert(
    connection: AsyncConnection, job_id: str, request: JobRequest, now: int, values: dict[str, Any]
) -> int:
    seq = await next_id(connection, "jobs")
    common: dict[str, Any] = {
        "id": job_id,
        "seq": seq,
        "library_id": request.library_id,
        "type": request.type.value,
        "scopes": scopes_text(request.scopes),
        "unique_key": unique_key(request.library_id, request.type, request.scopes),
        "origin": request.origin.value,
        "request_id": request.request_id,
        "priority": PRIORITIES.get(request.type, 0),
        "fence": 0,
        "attempt": 0,
        "losses": 0,
        "max_attempts": request.max_attempts,
        "run_at": 0,
        "timeout_s": request.timeout_s,
        "used_us": 0,
        "log_seq": 0,
        "queued_at": now,
    }
    await connection.execute(insert(jobs).values(**(common | values)))
    return seq


async def widen(
    connection: AsyncConnection, job: Job, job_type: JobType, scopes: Sequence[Scope], now: int
) -> None:
    """A queued job takes in another request: its type and scopes become these."""
    await _change_queued(
        connection,
        job,
        now,
        {
            "type": job_type.value,
            "scopes": scopes_text(scopes),
            "unique_key": unique_key(job.library_id, job_type, scopes),
        },
        EventKind.WIDENED,
        {"type": job_type.value, "scopes": len(scopes)},
    )


async def end_queued(
    connection: AsyncConnection, job: Job, now: int, reason: Reason | None, detail: dict[str, Any]
) -> None:
    """A queued job is cancelled before anybody began it."""
    await _change_queued(
        connection,
        job,
        now,
        {
            "status": JobStatus.CANCELLED.value,
            "reason": reason.value if reason else None,
            "completed_at": now,
            "current_path": None,
        },
        EventKind.CANCELLED,
        detail,
    )


async def _change_queued(
    connection: AsyncConnection,
    job: Job,
    now: int,
    values: dict[str, Any],
    kind: EventKind,
    detail: dict[str, Any],
) -> None:
    changed = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.status == JobStatus.QUEUED.value, jobs.c.fence == job.fence)
        .values(event_seq=jobs.c.event_seq + 1, **values)
        .returning(jobs.c.event_seq)
    )
    row = changed.first()
    if row is None:
        raise LostJob(f"job {job.id} is not queued any more")
    await job_trail.write_events(connection, job.seq, row[0] - 1, now, job.fence, None, [(kind, detail)])


async def claim(connection: AsyncConnection, job: Job, worker_id: str, now: int) -> bool:
    """Flip a queued row to running; false when another claimer was faster (PROMISES D7).

    The counters start anew. What earlier attempts brought in is carried along.
    """
    wanted = select(jobs.c.id).where(
        jobs.c.id == job.id, jobs.c.status == JobStatus.QUEUED.value, jobs.c.fence == job.fence
    )
    carried = _added_up(job.carried, job.counters)
    changed = await connection.execute(
        update(jobs)
        .where(
            jobs.c.id == wanted.with_for_update(skip_locked=True).scalar_subquery(),
            jobs.c.status == JobStatus.QUEUED.value,
        )
        .values(
            status=JobStatus.RUNNING.value,
            fence=jobs.c.fence + 1,
            attempt=jobs.c.attempt + 1,
            worker_id=worker_id,
            claimed_at=now,
            heartbeat_at=now,
            progress_at=now,
            started_at=job.started_at if job.started_at is not None else now,
            phase=Phase.DISCOVERING.value if job.library_id is not None else None,
            items_total=None,
            carried=json.dumps(counts(carried)) if carried != Counters() else None,
            error=None,
            reason=None,
            event_seq=jobs.c.event_seq + 1,
            log_seq=jobs.c.log_seq + 1,
            **_NO_COUNTS,
        )
        .returning(jobs.c.event_seq, jobs.c.log_seq, jobs.c.attempt)
    )
    row = changed.first()
    if row is None:
        return False
    event = (EventKind.CLAIMED, {"attempt": row.attempt, "carried": counts(carried)})
    await job_trail.write_events(
        connection, job.seq, row.event_seq - 1, now, job.fence + 1, worker_id, [event]
    )
    await job_trail.write_logs(connection, job.seq, row.log_seq - 1, now, [_begins(job.type, row.attempt)])
    return True


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


def progress_values(report: BatchReport) -> dict[str, Any]:
    """The columns of a job's row that a report sets."""
    return {
        "phase": report.phase.value,
        "items_total": report.total,
        "current_path": job_trail.storable(report.current_path) if report.current_path else None,
        **{f"items_{name}": count for name, count in counts(report.counters).items()},
    }


def batch_event(report: BatchReport) -> tuple[str, dict[str, Any]]:
    """What the trail says of a batch: the counts of this attempt so far."""
    detail = {**counts(report.counters), "total": report.total, "phase": report.phase.value}
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
        "used_us": row.used_us + max(0, now - (row.claimed_at or now)),
        "current_path": None,
    }
    await guard(connection, job, now, values, events=[(EventKind.RELEASED, {"attempt": row.attempt})])


async def lose(connection: AsyncConnection, row: Job, reason: Reason, error: str, now: int) -> JobStatus:
    """Take a running job from its worker: back into the queue, or to its end. Gives what it is now.

    The fence rises, so that nothing counts that its old worker still writes. An attempt that brought
    something new into the catalogue is not held against the job.
    """
    ran_until = row.heartbeat_at or row.claimed_at or now
    used = row.used_us + max(0, ran_until - (row.claimed_at or ran_until))
    brought = row.counters
    fruitful = brought.added + brought.updated + brought.moved + brought.restored + brought.failed > 0
    losses = 0 if fruitful else row.losses + 1
    spent = used >= row.timeout_s * 1_000_000
    after: dict[str, Any]
    detail: dict[str, Any] = {}
    if row.cancel_requested_at is not None:
        status, kind = JobStatus.CANCELLED, EventKind.CANCELLED
        after = end_values(status, now)
    elif row.origin == Origin.CLI or losses >= row.max_attempts or spent:
        if spent and row.origin != Origin.CLI:
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


def is_due(job: Job, now: int) -> bool:
    """Whether a queued job may run now. None rests longer than the longest pause: that was a wrong clock."""
    return not now < job.run_at <= now + LONGEST_PAUSE_S * 1_000_000


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


def _begins(job_type: str, attempt: int) -> LogLine:
    return LogLine("info", f"{job_type} begins" + (f", attempt {attempt}" if attempt > 1 else ""))


def summary(counters: Counters) -> LogLine:
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
    files = "1 file" if counters.found == 1 else f"{counters.found} files"
    return LogLine("info", f"completed: {files}" + (f": {', '.join(parts)}" if parts else ""))


def _lost_text(status: JobStatus, error: str) -> str:
    return f"{error}; it goes on from what was committed" if status is JobStatus.QUEUED else error


def _short(detail: dict[str, Any]) -> dict[str, Any]:
    return {
        key: job_trail.storable(value, ERROR_LENGTH) if isinstance(value, str) else value
        for key, value in detail.items()
    }


def _added_up(carried: Counters, last: Counters) -> Counters:
    # Only outcomes are carried: what was found and what was unchanged is found and unchanged again.
    return Counters(
        added=carried.added + last.added,
        updated=carried.updated + last.updated,
        moved=carried.moved + last.moved,
        restored=carried.restored + last.restored,
        failed=carried.failed + last.failed,
        removed=carried.removed + last.removed,
    )
