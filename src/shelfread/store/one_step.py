"""SQLite's driver, with one change of threads for a statement instead of four.

aiosqlite makes a cursor, runs a statement, fetches its rows and closes the cursor each as a task of its own
for the thread of the connection. SQLAlchemy always wants all four, and where a scan has the processors busy
each of them waits for its turn: most of what a small question took was that. Where a transaction that only
reads begins and ends there is no change at all: both take microseconds. While a scan writes and others wait
for it, even the one is left out. Lowest part of the store; `database` gives it to the engine. Knows no table.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")

#: Begins a transaction that takes no lock before its first statement.
READING = "BEGIN"


class OneStep(aiosqlite.Connection):
    """A connection whose cursors do a statement in one step.

    When `at_once` says so, that is in the thread of whoever asks, whose event loop stands still meanwhile.
    However many close it at the same moment, and whoever of them is cut off: its thread closes it, once.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection], at_once: Callable[[], bool]) -> None:
        super().__init__(self._open, iter_chunk_size=64)
        # Nobody waits at the end of the process for a thread that waits for work.
        self._thread.daemon = True
        self._at_once = at_once
        self._make = connector
        self._opened: sqlite3.Connection | None = None
        self._end: asyncio.Future[Any] | None = None
        #: What the thread was given to do, and what it has done; each is counted by one thread only.
        self._given = self._done = 0
        #: Whether the transaction began as one that reads.
        self._reads = False

    def _open(self) -> sqlite3.Connection:
        self._opened = self._make()
        return self._opened

    async def _connect(self) -> aiosqlite.Connection:
        await super()._connect()
        if self._end is not None:
            # Whoever closed it did not wait until it was open.
            self._connection = None
            raise sqlite3.OperationalError("connection closed")
        return self

    def stop(self) -> asyncio.Future[Any] | None:
        """Have the thread close the connection and end, behind what it has to do yet."""
        if self._end is None:
            # Of whoever was cut off while it was opened nobody else knows that it is open.
            self._tx.put_nowait((None, self._close_opened))
            self._end = super().stop()
        return self._end

    def _close_opened(self) -> None:
        if self._opened is not None:
            self._opened.close()

    async def close(self) -> None:
        """Close it, and wait until it is closed; nothing is to be done before it is opened."""
        if self._thread.is_alive() and (end := self.stop()) is not None:
            await asyncio.shield(end)

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if self._at_once() and self._running and self._connection is not None:
            return fn(*args, **kwargs)

        def counted() -> T:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        self._given += 1
        done: T = await super()._execute(counted)  # type: ignore[no-untyped-call]
        return done

    def _rests(self) -> bool:
        """Whether it is open, and its thread does nothing: also not for somebody who was cut off."""
        return self._given == self._done and self._running and self._connection is not None

    async def begin(self) -> None:
        """Begin a transaction that reads."""
        self._reads = True
        if self._rests():
            self._conn.execute(READING)
        else:
            await self.do(lambda connection: connection.execute(READING))

    async def commit(self) -> None:
        """End the transaction, and keep what it wrote."""
        await super().commit()
        self._reads = False

    async def rollback(self) -> None:
        """End the transaction, if there is one."""
        if self._rests() and (self._reads or not self._conn.in_transaction):
            self._conn.rollback()
        else:
            await super().rollback()
        self._reads = False

    def cursor(self) -> _Cursor:  # type: ignore[override]
        """A cursor; made when it is used."""
        return _Cursor(self)

    async def do(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Have something done in the connection's thread. Raises what it raises."""
        return await self._execute(lambda: work(self._conn))


class _Cursor:
    """What SQLAlchemy asks of a cursor. Rows are fetched with the statement, as it always does."""

    def __init__(self, connection: OneStep) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> _Cursor:
        if sql == READING:
            await self._connection.begin()
        else:
            await self._connection.do(partial(self._run, sql, parameters, many=False))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> _Cursor:
        await self._connection.do(partial(self._run, sql, parameters, many=True))
        return self

    def _run(self, sql: str, parameters: Any, connection: sqlite3.Connection, *, many: bool) -> None:
        cursor = connection.executemany(sql, parameters) if many else connection.execute(sql, parameters)
        try:
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else ()
            # Behind the last row: before that a statement that gives rows has not counted them.
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> Sequence[Any]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        self._rows = ()


def connect(database: str, *, at_once: Callable[[], bool], **options: Any) -> OneStep:
    """A connection that opens when it is awaited; the other options are those of `sqlite3.connect`."""
    # More than one thread may use it, but never two at a time: SQLAlchemy sees to that.
    options["check_same_thread"] = False
    return OneStep(partial(sqlite3.connect, database, **options), at_once)
