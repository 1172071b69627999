"""The rows of `workers`: processes that run jobs, or ran them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import is_running, library_scan_jobs, workers


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
