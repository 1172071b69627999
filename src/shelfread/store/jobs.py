"""The rows of `library_scan_jobs`: queue, progress and history in one table, and their logs.

Statements only, each meant to be one part of a transaction that `queue` makes. Every write of a running
job goes through `guard`: without the right fence nothing else may be written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobStatus, JobType, LogLine, LostJob, Phase, Reason, Scope
from shelfread.store.clock import now_us
from shelfread.store.database import insert_rows
from shelfread.store.tables import job_logs, libraries
from shelfread.store.tables import library_scan_jobs as jobs

_LOG_COLUMNS = ("job_seq", "seq", "at", "level", "message", "path")

#: Jobs that a question about the past looks at.
_JOBS_LOOKED_AT = 200


def scopes_text(scopes: Sequence[Scope]) -> str:
    """The stored form of scopes; equal sets of scopes give equal texts."""
    return json.dumps(sorted([scope.root_id, scope.relative.hex()] for scope in scopes))


def _scopes(text: str) -> tuple[Scope, ...]:
    return tuple(Scope(root_id, bytes.fromhex(relative)) for root_id, relative in json.loads(text))


async def insert_running(
    connection: AsyncConnection,
    *,
    job_id: str,
    seq: int,
    library_id: int,
    job_type: JobType,
    scopes: Sequence[Scope],
    worker_id: str,
) -> None:
    """Insert a job that its inserter has claimed already (a scan from the command line)."""
    now = now_us()
    text = scopes_text(scopes)
    await connection.execute(
        insert(jobs).values(
            id=job_id,
            seq=seq,
            library_id=library_id,
            type=job_type.value,
            status=JobStatus.RUNNING.value,
            scopes=text,
            unique_key=f"{library_id}:{text}",
            fence=1,
            worker_id=worker_id,
            heartbeat_at=now,
            phase=Phase.DISCOVERING.value,
            log_seq=0,
            queued_at=now,
            started_at=now,
        )
    )


async def running(connection: AsyncConnection, library_id: int) -> list[Job]:
    """The jobs of a library that say they are running, oldest first."""
    rows = await connection.execute(
        select(jobs)
        .where(jobs.c.library_id == library_id, jobs.c.status == JobStatus.RUNNING.value)
        .order_by(jobs.c.seq)
    )
    return [_job(row) for row in rows]


async def lock_library(connection: AsyncConnection, library_id: int) -> None:
    """Make claims for one library wait for one another (on SQLite the writer's lock does)."""
    await connection.execute(select(libraries.c.id).where(libraries.c.id == library_id).with_for_update())


async def guard(
    connection: AsyncConnection, job_id: str, fence: int, values: dict[str, Any], logs: int = 0
) -> int:
    """Update a running job's row under its fence; gives the log sequence number before this write.

    Raises:
        LostJob: the row is not running under this fence any more.
    """
    row = (
        await connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status == JobStatus.RUNNING.value, jobs.c.fence == fence)
            .values(heartbeat_at=now_us(), log_seq=jobs.c.log_seq + logs, **values)
            .returning(jobs.c.log_seq)
        )
    ).first()
    if row is None:
        raise LostJob(f"job {job_id} was taken over or ended by another process")
    return int(row[0]) - logs


def progress_values(report: BatchReport) -> dict[str, Any]:
    """The columns of a job's row that a report sets."""
    counters = report.counters
    return {
        "phase": report.phase.value,
        "items_total": report.total,
        "current_path": report.current_path,
        "items_found": counters.found,
        "items_added": counters.added,
        "items_updated": counters.updated,
        "items_moved": counters.moved,
        "items_restored": counters.restored,
        "items_unchanged": counters.unchanged,
        "items_removed": counters.removed,
        "items_failed": counters.failed,
        "items_skipped": counters.skipped,
    }


async def write_logs(connection: AsyncConnection, job_seq: int, after: int, lines: Sequence[LogLine]) -> None:
    """Append log lines behind sequence number `after`."""
    now = now_us()
    rows = [
        (job_seq, after + number, now, line.level, line.message, line.path)
        for number, line in enumerate(lines, start=1)
    ]
    await insert_rows(connection, job_logs, _LOG_COLUMNS, rows)


async def end(
    connection: AsyncConnection,
    job_id: str,
    fence: int,
    status: JobStatus,
    *,
    error: str | None = None,
    reason: Reason | None = None,
) -> None:
    """End a running job. Raises LostJob like `guard`."""
    await guard(
        connection,
        job_id,
        fence,
        {
            "status": status.value,
            "error": error,
            "reason": reason.value if reason else None,
            "completed_at": now_us(),
            "current_path": None,
        },
    )


async def declare_lost(connection: AsyncConnection, job: Job) -> None:
    """End the job of a process that is known to be dead; its fence rises so that nothing of it counts."""
    await connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.status == JobStatus.RUNNING.value, jobs.c.fence == job.fence)
        .values(
            status=JobStatus.FAILED.value,
            reason=Reason.WORKER_LOST.value,
            error="the process that ran this scan is gone",
            fence=job.fence + 1,
            completed_at=now_us(),
            current_path=None,
        )
    )


async def last_completed(
    connection: AsyncConnection, library_id: int, before: int, scopes: Sequence[Scope] | None = None
) -> int:
    """When the newest completed job of a library before sequence number `before` ended; 0 if none did.

    With `scopes` it must have covered all of them. Only the newest completed jobs are looked at.
    """
    found = await connection.execute(
        select(jobs.c.completed_at, jobs.c.scopes)
        .where(
            jobs.c.library_id == library_id,
            jobs.c.status == JobStatus.COMPLETED.value,
            jobs.c.seq < before,
        )
        .order_by(jobs.c.seq.desc())
        .limit(1 if scopes is None else _JOBS_LOOKED_AT)
    )
    for row in found:
        if all(any(_covers(own, wanted) for own in _scopes(row.scopes)) for wanted in scopes or ()):
            return int(row.completed_at or 0)
    return 0


def _covers(scope: Scope, other: Scope) -> bool:
    return scope.overlaps(other) and len(scope.relative) <= len(other.relative)


async def get(connection: AsyncConnection, job_id: str) -> Job | None:
    """The job of this id; None when there is none."""
    row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).first()
    return _job(row) if row else None


async def history(connection: AsyncConnection, library_id: int, limit: int = 20) -> list[Job]:
    """The jobs of a library, newest first."""
    rows = await connection.execute(
        select(jobs).where(jobs.c.library_id == library_id).order_by(jobs.c.seq.desc()).limit(limit)
    )
    return [_job(row) for row in rows]


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        id=row.id,
        seq=row.seq,
        library_id=row.library_id,
        type=JobType(row.type),
        status=JobStatus(row.status),
        scopes=_scopes(row.scopes),
        fence=row.fence,
        worker_id=row.worker_id,
        phase=Phase(row.phase) if row.phase else None,
        counters=Counters(
            found=row.items_found or 0,
            added=row.items_added or 0,
            updated=row.items_updated or 0,
            moved=row.items_moved or 0,
            restored=row.items_restored or 0,
            unchanged=row.items_unchanged or 0,
            failed=row.items_failed or 0,
            skipped=row.items_skipped or 0,
            removed=row.items_removed or 0,
        ),
        items_total=row.items_total,
        current_path=row.current_path,
        error=row.error,
        reason=row.reason,
        queued_at=row.queued_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
    )
