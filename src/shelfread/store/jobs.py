"""The rows of `library_scan_jobs` and what is asked of them: queue, progress and history in one table.

Answers questions with what `job_row` makes of the rows. `job_writes` changes them, `job_trail` keeps what
happened to each. Statements only, each meant to be one part of a transaction that `queue` makes.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Job, JobStatus, Scope
from shelfread.store.job_row import is_row_of, job_of, may_be_id, scopes_of
from shelfread.store.tables import is_queued, is_running, libraries, roots, workers
from shelfread.store.tables import library_scan_jobs as jobs

#: Jobs that a question about the past looks at.
_JOBS_LOOKED_AT = 200
#: Queued jobs that are read at once.
PAGE = 200
#: The first of the two numbers of an advisory lock on a type of job.
_LOCK_SPACE = 0x5E1E


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
    if not may_be_id(job_id):
        return None
    row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).first()
    return job_of(row) if row else None


async def again(connection: AsyncConnection, job: Job) -> Job | None:
    """A job as its row is now, by its number: an id may be none. None when it was deleted."""
    row = (await connection.execute(select(jobs).where(is_row_of(job)))).first()
    return job_of(row) if row else None


async def get_for_update(
    connection: AsyncConnection, wanted: str | Job, *, skip_locked: bool = False
) -> Job | None:
    """The job with this id, or of this row, which is locked until the transaction ends.

    With `skip_locked` also None while somebody else writes it: a worker that sleeps in the middle of a
    transaction must not make those wait who would take its job away.
    """
    if isinstance(wanted, str) and not may_be_id(wanted):
        return None
    which = jobs.c.id == wanted if isinstance(wanted, str) else is_row_of(wanted)
    query = select(jobs).where(which).with_for_update(skip_locked=skip_locked)
    row = (await connection.execute(query)).first()
    return job_of(row) if row else None


async def with_prefix(connection: AsyncConnection, prefix: str, limit: int = 2) -> list[Job]:
    """Jobs whose id begins so, oldest first."""
    if not may_be_id(prefix):
        return []
    # Not a range of ids: what lies between two texts is a matter of the database's language.
    query = select(jobs).order_by(jobs.c.seq).limit(limit)
    if prefix:
        query = query.where(jobs.c.id.startswith(prefix, autoescape=True))
    return [job_of(row) for row in await connection.execute(query)]


async def running(connection: AsyncConnection, library_id: int | None = None) -> list[Job]:
    """The jobs that say they are running, of one library or of all, oldest first."""
    query = select(jobs).where(is_running).order_by(jobs.c.seq)
    if library_id is not None:
        query = query.where(jobs.c.library_id == library_id)
    return [job_of(row) for row in await connection.execute(query)]


async def running_of_type(connection: AsyncConnection, job_type: str) -> list[Job]:
    """The jobs of one type that say they are running."""
    rows = await connection.execute(select(jobs).where(is_running, jobs.c.type == job_type))
    return [job_of(row) for row in rows]


async def waiting(connection: AsyncConnection, types: Collection[str], after: Job | None = None) -> list[Job]:
    """A page of queued jobs of some types, in the order in which they are to be claimed.

    `after` is the last one of the page before.
    """
    query = select(jobs).where(is_queued, jobs.c.type.in_(sorted(types)))
    if after is not None:
        # What the row really holds: SQLite puts texts behind all numbers, and bytes behind all texts.
        priority, seq = (after.damaged.get(name, getattr(after, name)) for name in ("priority", "seq"))
        later = sa.and_(jobs.c.priority == priority, jobs.c.seq > seq)
        query = query.where(sa.or_(jobs.c.priority < priority, later))
    query = query.order_by(jobs.c.priority.desc(), jobs.c.seq).limit(PAGE)
    return [job_of(row) for row in await connection.execute(query)]


async def queued_for(connection: AsyncConnection, library_id: int) -> list[Job]:
    """All queued jobs of a library, oldest first."""
    query = select(jobs).where(is_queued, jobs.c.library_id == library_id).order_by(jobs.c.seq)
    return [job_of(row) for row in await connection.execute(query)]


async def queued_of_type(connection: AsyncConnection, job_type: str) -> list[Job]:
    """The queued jobs of a type that needs no library, oldest first."""
    query = select(jobs).where(is_queued, jobs.c.type == job_type, jobs.c.library_id.is_(None))
    return [job_of(row) for row in await connection.execute(query.order_by(jobs.c.seq).limit(PAGE))]


async def root_ids(connection: AsyncConnection, library_id: int) -> set[int]:
    """The roots of a library."""
    rows = await connection.execute(select(roots.c.id).where(roots.c.library_id == library_id))
    return {row.id for row in rows}


async def last_completed(connection: AsyncConnection, library_id: int, scopes: Sequence[Scope]) -> int:
    """Until when a completed job of a library that covered these scopes, or an import, added rows; else 0.

    What is younger was added by a job that did not complete, or has not yet. The latest of those times
    counts, whatever numbers the jobs have: one that was taken back may have waited while younger ones ran.
    Without scopes it is that of any part. Only the newest completed jobs are looked at.
    """
    found = await connection.execute(
        select(jobs.c.completed_at, jobs.c.rows_until, jobs.c.scopes)
        .where(jobs.c.library_id == library_id, jobs.c.status == JobStatus.COMPLETED.value)
        .order_by(jobs.c.seq.desc())
        .limit(_JOBS_LOOKED_AT)
    )
    times = (row.rows_until or row.completed_at or 0 for row in found if _covers(row.scopes, scopes))
    told = await connection.execute(select(libraries.c.known_until).where(libraries.c.id == library_id))
    known = told.scalar_one_or_none() or 0
    return max((time for time in times if isinstance(time, int)), default=known)


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
    request_id: str | None = None,
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
    if request_id is not None:
        query = query.where(jobs.c.request_id == request_id)
    return [job_of(row) for row in await connection.execute(query)]


async def counts(
    connection: AsyncConnection, *, library_id: int | None = None, types: Collection[str] = ()
) -> dict[JobStatus, int]:
    """How many jobs there are in each state; those in an unknown one count as `job_of` reads them."""
    query = select(jobs.c.status, sa.func.count()).group_by(jobs.c.status)
    if library_id is not None:
        query = query.where(jobs.c.library_id == library_id)
    if types:
        query = query.where(jobs.c.type.in_(sorted(types)))
    found = dict.fromkeys(JobStatus, 0)
    for status, count in await connection.execute(query):
        found[JobStatus(status) if status in found else JobStatus.FAILED] += count
    return found


async def worker(connection: AsyncConnection, worker_id: str) -> dict[str, Any] | None:
    """A process that runs jobs, as its row says: id, kind, host, pid, version, started_at."""
    row = (await connection.execute(select(workers).where(workers.c.id == worker_id))).first()
    return dict(row._mapping) if row else None


def _covers(text: str, scopes: Sequence[Scope]) -> bool:
    """Whether a job with these stored scopes covered all of some others; a damaged text covers nothing."""
    try:
        own = scopes_of(text)
    except (ValueError, TypeError):
        return False
    return all(any(scope.covers(wanted) for scope in own) for wanted in scopes)
