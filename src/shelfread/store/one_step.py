"""SQLite's driver, with one change of threads for a statement instead of four.

aiosqlite makes a cursor, runs a statement, fetches its rows and closes the cursor each as a task of its own
for the thread of the connection. SQLAlchemy always wants all four, and where a scan has the processors busy
each of them waits for its turn: most of what a small question took was that. While a scan writes and others
wait for it, even the one is left out. Lowest part of the store; `database` gives it to the engine. Knows no
table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


class OneStep(aiosqlite.Connection):
    """A connection whose cursors do a statement in one step.

    When `at_once` says so, that is in the thread of whoever asks, whose event loop stands still meanwhile.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection], at_once: Callable[[], bool]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # Nobody waits at the end of the process for a thread that waits for work.
        self._thread.daemon = True
        self._at_once = at_once

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if self._at_once() and self._running and self._connection is not None:
            return fn(*args, **kwargs)
        done: T = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return done

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
