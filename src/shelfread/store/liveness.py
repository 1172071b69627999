"""What on PostgreSQL proves that a process lives, and tells it the news: a connection of its own.

It holds a session advisory lock, which is gone the moment the connection ends, and listens to what
`job_trail.announce` says. Knows no job and no worker, only a number.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shelfread.store.database import Database
from shelfread.store.job_trail import CHANNEL

#: The first of the two numbers of every lock, so that these locks meet no lock of anybody else.
_SPACE = 0x5E1F
#: The pauses between two tries to come back after the connection was lost, in seconds.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5)
#: A server that is there answers within so long, in seconds.
ANSWER_S = 5.0
#: A connection that died without a word is noticed after so long, in seconds.
_ASK_AFTER_S = 5.0
#: Whoever gives a lock back waits no longer for the server to say so, in seconds.
_GIVE_BACK_S = 1.0


class AdvisoryLock:
    """A lock on one number in one PostgreSQL database, kept as long as this process lives."""

    def __init__(self, database: Database, number: int, on_news: Callable[[], None] = lambda: None) -> None:
        # The engine only knows how to reach the server; the connection is the driver's own.
        self._engine = create_async_engine(database.url, poolclass=NullPool)
        self._number = number % (1 << 31)
        self._on_news = on_news
        self._connection: psycopg.AsyncConnection | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def acquire(self) -> bool:
        """Take it without waiting, and keep it from then on; false when another session has it."""
        self._connection = await self._take()
        if self._connection is None:
            return False
        self._keeping = asyncio.create_task(self._keep())
        return True

    async def release(self) -> None:
        """Give it back, and end the session that held it."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
            self._keeping = None
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await _give_back(connection)
        await self._engine.dispose()

    async def _take(self) -> psycopg.AsyncConnection | None:
        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        async with asyncio.timeout(ANSWER_S):
            connection = await psycopg.AsyncConnection.connect(
                *arguments, **{**options, "application_name": "shelfread presence", "autocommit": True}
            )
        try:
            # No timeout of idle sessions may end it: idle is what it is for.
            await connection.execute("SET idle_session_timeout = 0")
            found = await connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, self._number))
            row = await found.fetchone()
            if row is None or not row[0]:
                await connection.close()
                return None
            await connection.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _keep(self) -> None:
        """Hear the news; when the connection is lost, come back before anybody believes this process dead."""
        lost = 0
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._take()
                    self._on_news()
                if self._connection is not None:
                    await self._hear(self._connection)
            except (psycopg.Error, OSError):  # a time limit is an OSError, too
                if self._connection is not None:
                    with contextlib.suppress(psycopg.Error, OSError):
                        await self._connection.close()
                    self._connection, lost = None, 0
            await asyncio.sleep(_PAUSES[min(lost, len(_PAUSES) - 1)])
            lost += 1

    async def _hear(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            async for _ in connection.notifies(timeout=_ASK_AFTER_S, stop_after=1):
                self._on_news()
            # A half-open connection hears nothing for ever, and answers nothing either.
            async with asyncio.timeout(ANSWER_S):
                await connection.execute("SELECT 1")


async def _give_back(connection: psycopg.AsyncConnection) -> None:
    """End a session, and its locks before: a busy server takes a while to see that a session has ended.

    Whoever asks meanwhile would hear that somebody is there.
    """
    asked = asyncio.ensure_future(connection.execute("SELECT pg_advisory_unlock_all()"))
    try:
        await asyncio.wait([asked], timeout=_GIVE_BACK_S)
    finally:
        # Closed first: cut off on an open connection the driver would ask the server for its consent.
        await connection.close()
        asked.cancel()
        await asyncio.wait([asked])
        if not asked.cancelled():
            asked.exception()  # looked at: the session's end ends its locks, too


async def is_locked(database: Database, number: int) -> bool:
    """Whether some session holds the lock on a number. Takes nothing, so it gets in nobody's way."""
    query = text(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND classid = :space AND objid = :number "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with database.read() as connection:
        found = await connection.execute(query, {"space": _SPACE, "number": number % (1 << 31)})
        return found.first() is not None


async def locked_numbers(database: Database) -> set[int]:
    """Every number on which some session holds the lock."""
    query = text(
        "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND classid = :space "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with database.read() as connection:
        return {int(row[0]) for row in await connection.execute(query, {"space": _SPACE})}
