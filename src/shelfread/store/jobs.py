"""The rows of `library_scan_jobs` and what is asked of them: queue, progress and history in one table.

Turns rows into `model.job.Job` and answers questions. `job_writes` changes them, `job_trail` keeps what
happened to each. Statements only, each meant to be one part of a transaction that `queue` makes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.change import Counters
from shelfread.model.job import NEEDS_LIBRARY, Job, JobStatus, Phase, Scope
from shelfread.store.tables import is_queued, is_running, libraries, roots, workers
from shelfread.store.tables import library_scan_jobs as jobs

#: Jobs that a question about the past looks at.
_JOBS_LOOKED_AT = 200
#: Queued jobs that are read at once.
PAGE = 200
#: The first of the two numbers of an advisory lock on a type of job.
_LOCK_SPACE = 0x5E1E
_ID_LENGTH = 64
_COUNTS = tuple(item.name for item in fields(Counters))


def scopes_text(scopes: Sequence[Scope]) -> str:
    """The stored form of scopes; equal sets of scopes give equal texts."""
    return json.dumps(sorted([scope.root_id, scope.relative.hex()] for scope in scopes))


def scopes_of(text: str) -> tuple[Scope, ...]:
    """The scopes of a stored text. Raises ValueError or TypeError for what is none."""
    try:
        scopes = tuple(Scope(root_id, bytes.fromhex(relative)) for root_id, relative in json.loads(text))
    except RecursionError:
        raise ValueError("brackets without end") from None
    if not all(isinstance(scope.root_id, int) for scope in scopes):
        raise ValueError("a root's id is a number")
    return scopes


async def lock_library(connection: AsyncConnection, library_id: int) -> bool:
    """Make all that queue or claim for one library wait for one another; false when it is gone.

    On SQLite the writer's lock does that. On PostgreSQL the row's lock does, in the mode that lets scans go
    on adding rows that refer to the library.
    """
    found = await connection.execute(
        select(libraries.c.id).where(libraries.c.id == library_id).with_for_update(key_share=True)
    )
    return found.first() is not None


async def lock_type(connection: AsyncConnection, job_type: str) -> None:
    """The same for jobs that have no library: those of one type wait for one another."""
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(job_type.encode()) & 0x7FFFFFFF
        await connection.execute(select(sa.func.pg_advisory_xact_lock(_LOCK_SPACE, key)))


async def get(connection: AsyncConnection, job_id: str) -> Job | None:
    """The job of this id; None when there is none."""
    if not _may_be_id(job_id):
        return None
    row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).first()
    return _job(row) if row else None


async def get_for_update(
    connection: AsyncConnection, job_id: str, *, skip_locked: bool = False
) -> Job | None:
    """The job with its row locked until the transaction ends.

    With `skip_locked` also None while somebody else writes it: a worker that sleeps in the middle of a
    transaction must not make those wait who would take its job away.
    """
    if not _may_be_id(job_id):
        return None
    query = select(jobs).where(jobs.c.id == job_id).with_for_update(skip_locked=skip_locked)
    row = (await connection.execute(query)).first()
    return _job(row) if row else None


async def with_prefix(connection: AsyncConnection, prefix: str, limit: int = 2) -> list[Job]:
    """Jobs whose id begins so, oldest first."""
    if not _may_be_id(prefix):
        return []
    # Not a range of ids: what lies between two texts is a matter of the database's language.
    query = select(jobs).order_by(jobs.c.seq).limit(limit)
    if prefix:
        query = query.where(jobs.c.id.startswith(prefix, autoescape=True))
    return [_job(row) for row in await connection.execute(query)]


async def running(connection: AsyncConnection, library_id: int | None = None) -> list[Job]:
    """The jobs that say they are running, of one library or of all, oldest first."""
    query = select(jobs).where(is_running).order_by(jobs.c.seq)
    if library_id is not None:
        query = query.where(jobs.c.library_id == library_id)
    return [_job(row) for row in await connection.execute(query)]


async def running_of_type(connection: AsyncConnection, job_type: str) -> list[Job]:
    """The jobs of one type that say they are running."""
    rows = await connection.execute(select(jobs).where(is_running, jobs.c.type == job_type))
    return [_job(row) for row in rows]


async def waiting(connection: AsyncConnection, types: Collection[str], after: Job | None = None) -> list[Job]:
    """A page of queued jobs of some types, in the order in which they are to be claimed.

    `after` is the last one of the page before.
    """
    query = select(jobs).where(is_queued, jobs.c.type.in_(sorted(types)))
    if after is not None:
        later = sa.and_(jobs.c.priority == after.priority, jobs.c.seq > after.seq)
        query = query.where(sa.or_(jobs.c.priority < after.priority, later))
    query = query.order_by(jobs.c.priority.desc(), jobs.c.seq).limit(PAGE)
    return [_job(row) for row in await connection.execute(query)]


async def queued_for(connection: AsyncConnection, library_id: int) -> list[Job]:
    """All queued jobs of a library, oldest first."""
    query = select(jobs).where(is_queued, jobs.c.library_id == library_id).order_by(jobs.c.seq)
    return [_job(row) for row in await connection.execute(query)]


async def queued_of_type(connection: AsyncConnection, job_type: str) -> Job | None:
    """The oldest queued job of a type that needs no library; None when there is none."""
    query = select(jobs).where(is_queued, jobs.c.type == job_type, jobs.c.library_id.is_(None))
    row = (await connection.execute(query.order_by(jobs.c.seq).limit(1))).first()
    return _job(row) if row else None


async def root_ids(connection: AsyncConnection, library_id: int) -> set[int]:
    """The roots of a library."""
    rows = await connection.execute(select(roots.c.id).where(roots.c.library_id == library_id))
    return {row.id for row in rows}


async def last_completed(connection: AsyncConnection, library_id: int, scopes: Sequence[Scope]) -> int:
    """Until when a completed job of a library that covered these scopes added rows; 0 if there is none.

    What is younger was added by a job that did not complete, or has not yet. The latest of those times
    counts, whatever numbers the jobs have: one that was taken back may have waited while younger ones ran.
    Only the newest completed jobs are looked at.
    """
    found = await connection.execute(
        select(jobs.c.completed_at, jobs.c.rows_until, jobs.c.scopes)
        .where(jobs.c.library_id == library_id, jobs.c.status == JobStatus.COMPLETED.value)
        .order_by(jobs.c.seq.desc())
        .limit(_JOBS_LOOKED_AT)
    )
    times = (int(row.rows_until or row.completed_at or 0) for row in found if _covers(row.scopes, scopes))
    return max(times, default=0)


async def history(connection: AsyncConnection, library_id: int, limit: int = 20) -> list[Job]:
    """The jobs of a library, newest first."""
    return await listed(connection, library_id=library_id, limit=limit)


async def listed(
    connection: AsyncConnection,
    *,
    statuses: Collection[str] = (),
    library_id: int | None = None,
    types: Collection[str] = (),
    before_seq: int | None = None,
    limit: int = 50,
) -> list[Job]:
    """Jobs, newest first; `before_seq` is the last one of the page before."""
    query = select(jobs).order_by(jobs.c.seq.desc()).limit(limit)
    if statuses:
        query = query.where(jobs.c.status.in_(sorted(statuses)))
    if library_id is not None:
        query = query.where(jobs.c.library_id == library_id)
    if types:
        query = query.where(jobs.c.type.in_(sorted(types)))
    if before_seq is not None:
        query = query.where(jobs.c.seq < before_seq)
    return [_job(row) for row in await connection.execute(query)]


async def worker(connection: AsyncConnection, worker_id: str) -> dict[str, Any] | None:
    """A process that runs jobs, as its row says: id, kind, host, pid, version, started_at."""
    row = (await connection.execute(select(workers).where(workers.c.id == worker_id))).first()
    return dict(row._mapping) if row else None


def counters_of(text: str | None) -> Counters:
    """Stored counters; zeros for none, and for what are none."""
    known = _object(text) or {}
    try:
        return Counters(**{name: int(known.get(name, 0)) for name in _COUNTS})
    except (ValueError, TypeError):
        return Counters()


def counts(counters: Counters) -> dict[str, int]:
    """Counters as events and `carried` store them."""
    return {name: getattr(counters, name) for name in _COUNTS}


def _may_be_id(text: str) -> bool:
    """Whether a database takes a text where an id is wanted. Ids are short and plain."""
    return len(text) <= _ID_LENGTH and text.isascii() and text.isprintable()


def _covers(text: str, scopes: Sequence[Scope]) -> bool:
    """Whether a job with these stored scopes covered all of some others; a damaged text covers nothing."""
    try:
        own = scopes_of(text)
    except (ValueError, TypeError):
        return False
    return all(any(scope.covers(wanted) for scope in own) for wanted in scopes)


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _job(row: sa.Row[Any]) -> Job:
    """A row as a job. One that a newer version wrote, or nobody in his right mind, must stop no other."""
    broken = None
    try:
        status = JobStatus(row.status)
    except ValueError:
        # Nobody runs it and nobody waits for it.
        status, broken = JobStatus.FAILED, f"its status, {row.status!r}, is unknown"
    try:
        scopes = scopes_of(row.scopes)
    except (ValueError, TypeError):
        scopes, broken = (), "it does not say which folders it covers"
    if row.type in NEEDS_LIBRARY:
        if row.library_id is None:
            broken = "it names no library"
        elif not scopes:
            broken = broken or "it covers no folder"
    if not row.id:
        broken = "it has no id"
    known_phase = row.phase in {phase.value for phase in Phase}
    return Job(
        id=row.id,
        seq=row.seq,
        library_id=row.library_id,
        type=row.type,
        status=status,
        scopes=scopes,
        fence=row.fence,
        worker_id=row.worker_id,
        phase=Phase(row.phase) if known_phase else None,
        counters=Counters(**{name: getattr(row, f"items_{name}") or 0 for name in _COUNTS}),
        items_total=row.items_total,
        current_path=row.current_path,
        error=row.error,
        reason=row.reason,
        queued_at=row.queued_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        origin=row.origin,
        request_id=row.request_id,
        priority=row.priority,
        attempt=row.attempt,
        losses=row.losses,
        max_attempts=row.max_attempts,
        run_at=row.run_at,
        claimed_at=row.claimed_at,
        heartbeat_at=row.heartbeat_at,
        progress_at=row.progress_at,
        timeout_s=row.timeout_s,
        used_us=row.used_us,
        cancel_requested_at=row.cancel_requested_at,
        event_seq=row.event_seq,
        log_seq=row.log_seq,
        carried=counters_of(row.carried),
        report=_object(row.report),
        broken=broken,
        counted=row.items_found is not None,
    )
