"""The rows of `workers`: processes that run jobs, or ran them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import is_running, library_scan_jobs, workers


class WorkerRow(NamedTuple):
    """A process, as it wrote itself down."""

    id: str
    #: cli, managed or standalone.
    kind: str
    host: str
    pid: int
    version: str
    started_at: int


class Busy(NamedTuple):
    """A job that says it is running, and on what."""

    id: str
    worker_id: str | None
    heartbeat_at: int | None


async def every(connection: AsyncConnection) -> list[WorkerRow]:
    """All that are remembered, the newest first; most of them are long gone."""
    columns = (workers.c[name] for name in WorkerRow._fields)
    rows = await connection.execute(select(*columns).order_by(workers.c.started_at.desc(), workers.c.id))
    return [WorkerRow(*row) for row in rows]


async def busy(connection: AsyncConnection) -> list[Busy]:
    """The jobs that say they are running, in the order in which they were asked for."""
    jobs = library_scan_jobs.c
    rows = await connection.execute(
        select(jobs.id, jobs.worker_id, jobs.heartbeat_at).where(is_running).order_by(jobs.seq)
    )
    return [Busy(*row) for row in rows]


async def insert_worker(
    connection: AsyncConnection, *, worker_id: str, kind: str, host: str, pid: int, version: str, now: int
) -> None:
    """A process that is there from now on."""
    await connection.execute(
        insert(workers).values(
            id=worker_id, kind=kind, host=host, pid=pid, version=version[:32], started_at=now
        )
    )


async def started_before(connection: AsyncConnection, before_us: int, limit: int = 500) -> list[str]:
    """Processes that began before a time, without those whose jobs still say they are running."""
    busy = select(library_scan_jobs.c.worker_id).where(is_running, library_scan_jobs.c.worker_id.is_not(None))
    rows = await connection.execute(
        select(workers.c.id)
        .where(workers.c.started_at < before_us, workers.c.id.not_in(busy))
        .order_by(workers.c.started_at)
        .limit(limit)
    )
    return [row.id for row in rows]


async def delete_workers(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Forget processes."""
    await connection.execute(delete(workers).where(workers.c.id.in_(ids)))
