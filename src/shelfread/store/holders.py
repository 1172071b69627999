"""Sessions of PostgreSQL that keep a row locked for a client that is asleep: found, and ended.

A process that was frozen in the middle of sending statements counts as active there, and no time limit of the
server ends it. Asked for by whoever takes jobs from silent workers; on SQLite nobody can do that for another.
"""

from __future__ import annotations

import asyncio
import contextlib

import sqlalchemy as sa

from shelfread.store.database import Database

#: How long the row is waited for while the session that has it is looked for, in seconds.
_WAIT_S = 1.0
_LOCK = sa.text("SELECT 1 FROM library_scan_jobs WHERE seq = :seq FOR UPDATE")
#: Who works is never ended, however long it takes: only who waits for its client.
_END = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids(:pid)) "
    "AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - make_interval(secs => :asleep_s)"
)


async def end_holders(database: Database, job_seq: int, asleep_s: float) -> bool:
    """End the sessions that keep the row of a job and have waited for their client for so long.

    Returns:
        Whether there was one.
    """
    if database.is_sqlite:
        return False
    async with database.engine.connect() as waiting, database.engine.connect() as looking:
        await waiting.execute(sa.text(f"SET LOCAL lock_timeout = '{_WAIT_S:g}s'"))
        pid = (await waiting.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
        lock = asyncio.ensure_future(waiting.execute(_LOCK, {"seq": job_seq}))
        found = False
        try:
            while not lock.done() and not found:
                await asyncio.sleep(_WAIT_S / 10)
                ended = await looking.execute(_END, {"pid": pid, "asleep_s": asleep_s})
                found = any(ended.scalars())
        finally:
            # In any case: a statement that is under way cannot be left behind on a connection.
            with contextlib.suppress(sa.exc.DBAPIError):
                await lock
            await looking.rollback()
            with contextlib.suppress(sa.exc.DBAPIError):
                await waiting.rollback()
    return found
