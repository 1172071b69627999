"""Every change of a job's row until somebody runs it: queueing, widening, cancelling in the queue, claiming.

Each function changes the row and appends to its trail, inside a transaction that `queue` makes. Which request
joins which job, and what may run beside what, is decided there. `job_writes` is a job's life after that.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.change import Counters
from shelfread.model.job import (
    PRIORITIES,
    EventKind,
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
from shelfread.store import job_trail
from shelfread.store.ids import next_id
from shelfread.store.job_row import counts, is_row_of, scopes_text
from shelfread.store.job_writes import LONGEST_PAUSE_S
from shelfread.store.tables import is_queued
from shelfread.store.tables import library_scan_jobs as jobs

_NO_COUNTS = {f"items_{name}": None for name in counts(Counters())}


def unique_key(library_id: int | None, job_type: str, scopes: Sequence[Scope]) -> str:
    """What two jobs have in common when they would do the same work: of each one queued, one running."""
    if library_id is None:
        return job_type
    # Scopes are of any length, and a key of an index is not. A scan does for a rescan, and for nothing else.
    work = "" if job_type in (JobType.SCAN, JobType.RESCAN) else f"{job_type}:"
    return f"{library_id}:{work}{hashlib.sha256(scopes_text(scopes).encode()).hexdigest()}"


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


async def set_apart(connection: AsyncConnection, job: Job) -> None:
    """Give a queued row that nobody can run a key of its own: another job may do the same work."""
    if "unique_key" not in job.damaged:
        key = f"broken {uuid.uuid4()}"
        await connection.execute(update(jobs).where(is_row_of(job), is_queued).values(unique_key=key))


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


def is_due(job: Job, now: int) -> bool:
    """Whether a queued job may run now. None rests longer than the longest pause: that was a wrong clock."""
    return not now < job.run_at <= now + LONGEST_PAUSE_S * 1_000_000


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


def _begins(job_type: str, attempt: int) -> LogLine:
    return LogLine("info", f"{job_type} begins" + (f", attempt {attempt}" if attempt > 1 else ""))


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
