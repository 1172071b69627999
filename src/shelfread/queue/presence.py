"""A process that runs jobs is there: a row with a random id, and a lock that dies with it (DESIGN rule 9).

One lock per process and not one per job: it is held before anything is claimed, so no running row is ever
without one, and a claim costs nothing more. Host name and process id are for people; nothing is decided by
them, they come back.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Callable
from typing import Any

from shelfread import __version__
from shelfread.queue.locks import ProcessLock, is_held, lock_for, sweep
from shelfread.store import worker_rows
from shelfread.store.clock import now_us
from shelfread.store.database import Database

#: On PostgreSQL a lock is gone with its connection, which a living process gets back at once.
SURE_AFTER_S = 1.0


class Presence:
    """This process, as others can see it. Use `enter`; at the end `leave`."""

    def __init__(self, worker_id: str, lock: ProcessLock) -> None:
        self.id = worker_id
        self._lock = lock

    @classmethod
    async def enter(
        cls, database: Database, kind: str, on_news: Callable[[], None] = lambda: None
    ) -> Presence:
        """Take the lock, then be seen.

        Args:
            database: whose jobs this process runs.
            kind: cli, managed or standalone.
            on_news: called when PostgreSQL announces a change of the queue.
        """
        sweep(database)
        while True:
            worker_id = str(uuid.uuid4())
            lock = lock_for(database, worker_id, on_news)
            if await lock.acquire():
                break
            await lock.release()

        async def work(connection: Any) -> None:
            await worker_rows.insert_worker(
                connection,
                worker_id=worker_id,
                kind=kind,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=__version__,
                now=now_us(),
            )

        try:
            await database.write(work)
        except BaseException:
            await lock.release()
            raise
        return cls(worker_id, lock)

    async def leave(self) -> None:
        """Be gone. The row stays for those who look at old jobs, until it is pruned."""
        await self._lock.release()


async def is_present(database: Database, worker_id: str | None) -> bool:
    """Whether the process with this id lives."""
    if worker_id is None or not _may_be_id(worker_id):
        return False
    if await is_held(database, worker_id):
        return True
    if database.is_sqlite:
        return False
    await asyncio.sleep(SURE_AFTER_S)
    return await is_held(database, worker_id)


async def is_gone(database: Database, worker_id: str | None) -> bool:
    """Whether the process with this id is provably dead: of what is no id nothing is proven."""
    if worker_id is None or not _may_be_id(worker_id):
        return False
    return not await is_present(database, worker_id)


def _may_be_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


async def forget_the_dead(database: Database, before_us: int) -> int:
    """Delete the rows of processes that began before a time and are not there any more; gives how many."""

    async def ids(connection: Any) -> list[str]:
        return await worker_rows.started_before(connection, before_us)

    async with database.read() as connection:
        old = await ids(connection)
    gone = [worker_id for worker_id in old if not await is_held(database, worker_id)]

    async def work(connection: Any) -> None:
        await worker_rows.delete_workers(connection, gone)

    if gone:
        await database.write(work)
    return len(gone)
