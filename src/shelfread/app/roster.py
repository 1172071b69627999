"""The processes that run jobs now, in the whole catalogue: which are there, and what each does.

What is told of another process is what the tables and its lock say; a number that only it knows is None.
Knows no HTTP.
"""

from __future__ import annotations

from typing import NamedTuple

from shelfread.queue.locks import held_of
from shelfread.store import worker_rows
from shelfread.store.database import Database
from shelfread.store.worker_rows import WorkerRow


class Present(NamedTuple):
    """A process, and the jobs that it runs."""

    row: WorkerRow
    #: False: it is gone, and its jobs wait for somebody to take them over.
    there: bool
    jobs: list[str]
    #: The last sign of life of any of its jobs; None while it runs none.
    heartbeat_at: int | None


async def present(database: Database) -> list[Present]:
    """The processes that are there, and those that are gone and still have jobs; the newest first."""
    async with database.read() as connection:
        rows = await worker_rows.every(connection)
        jobs = await worker_rows.busy(connection)
    there = await held_of(database, [row.id for row in rows])
    found = []
    for row in rows:
        mine = [job for job in jobs if job.worker_id == row.id]
        if row.id in there or mine:
            beats = [job.heartbeat_at for job in mine if job.heartbeat_at is not None]
            found.append(Present(row, row.id in there, [job.id for job in mine], max(beats, default=None)))
    return found
