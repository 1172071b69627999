"""The database: one async engine, read and write transactions, retries, driver-level bulk rows.

Lowest part of the store. Knows how SQLite and PostgreSQL want to be spoken to, and no table.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shelfread.store import one_step, sqlite
from shelfread.store.connections import Connections
from shelfread.store.still_there import look_before_use
from shelfread.store.turns import Line

T = TypeVar("T")

#: How often a whole transaction is tried again when the database was busy or broke a deadlock.
WRITE_ATTEMPTS = 8

#: The oldest PostgreSQL that will do: 14 has `idle_session_timeout`, which `liveness` turns off.
LEAST_POSTGRESQL = 14

#: PostgreSQL: how long a session may do nothing inside a transaction, and wait for a lock.
IDLE_IN_TRANSACTION_S = 20
LOCK_TIMEOUT_S = 15

#: PostgreSQL: so that a server which went away without a word is noticed in seconds and not in minutes.
_CONNECTION: dict[str, Any] = {
    "application_name": "shelfread",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}

#: PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
_RETRY_STATES = frozenset({"40001", "40P01", "55P03"})
#: PostgreSQL: program_limit_exceeded, for one a key that is too long for an index. The row's fault.
_LIMIT_STATE = "54000"


class DatabaseProblem(Exception):
    """The database cannot be used; the message is one line for people."""


#: What a row that the database does not accept raises (too long, out of range, a broken reference).
StatementFailed = (
    sa.exc.DataError,
    sa.exc.IntegrityError,
    sa.exc.ProgrammingError,
    OverflowError,
    UnicodeError,
)


def normalised_url(text: str) -> URL:
    """A database URL with the async driver this program uses.

    Raises:
        DatabaseProblem: it is no URL, or of a database this program does not speak.
    """
    try:
        url = make_url(text)
    except sa.exc.ArgumentError:
        raise DatabaseProblem(
            "SHELFREAD_DATABASE_URL is not a database URL; "
            "it looks like sqlite:////path/to/file.db or postgresql://user@host/name"
        ) from None
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise DatabaseProblem(f"{url.get_backend_name()} is not supported; use sqlite or postgresql")


class Database:
    """An engine with the two ways to use it: `read` and `write`."""

    def __init__(self, url: str | URL) -> None:
        self.url = normalised_url(url) if isinstance(url, str) else url
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and not self.url.database:
            raise DatabaseProblem("an SQLite database needs a file: sqlite:////path/to/file.db")
        #: SQLite: whether statements run in the caller's own thread, which they stop meanwhile. Else each is
        #: handed to another one and back: others get on, but a transaction takes twice as long. So it is set
        #: while other processes wait for the end of each.
        self.at_once = False
        self._line = Line(self.path)
        options: dict[str, Any] = {}
        self._connections = Connections()
        if self.is_sqlite:
            options["connect_args"] = {
                "timeout": sqlite.BUSY_TIMEOUT_S,
                "async_creator_fn": self._open_sqlite,
            }
        else:
            # "format" makes bulk rows plain tuples on both databases.
            options["paramstyle"] = "format"
            options["connect_args"] = {
                name: value for name, value in _CONNECTION.items() if name not in self.url.query
            }
        self.engine: AsyncEngine = create_async_engine(self.url, pool_size=4, max_overflow=2, **options)
        #: For questions. On PostgreSQL with connections of their own, which know no transactions: a way there
        #: and back for BEGIN and another for ROLLBACK were most of what a small question took.
        self.reading = self.engine
        if self.is_sqlite:
            sa.event.listen(self.engine.sync_engine, "connect", sqlite.prepare)
            sa.event.listen(self.engine.sync_engine, "begin", sqlite.begin)
        else:
            self.reading = create_async_engine(
                self.url, pool_size=4, max_overflow=2, isolation_level="AUTOCOMMIT", **options
            )
            for engine in (self.engine, self.reading):
                sa.event.listen(engine.sync_engine, "connect", _prepare_postgresql)
                look_before_use(engine)
        for engine in {self.engine, self.reading}:
            self._connections.of(engine)

    def _open_sqlite(self, *arguments: Any, **options: Any) -> one_step.OneStep:
        # Also of one that somebody is cut off from while it is opened it is known when it is closed.
        return self._connections.note(one_step.connect(*arguments, at_once=lambda: self.at_once, **options))

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    async def close(self) -> None:
        """Close every connection, also those in use; a cancelled caller gets its cancellation behind that."""
        await to_its_end(self._close())

    async def _close(self) -> None:
        await self.engine.dispose()
        await self.reading.dispose()
        await self._connections.close()

    def somebody_waits(self) -> bool:
        """Whether another writer waits for the end of the write transaction that this process is in."""
        return self._line.others_wait()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """For reading. Keep it short: a long reader keeps SQLite's log from shrinking.

        On SQLite it is one view of all. On PostgreSQL each statement sees what is committed when it begins,
        as in its usual transactions.
        """
        connection = await self.reading.connect()
        try:
            yield connection
            await connection.rollback()
        finally:
            # Cut off here it would go back to the pool behind the back of whoever closes that next.
            await to_its_end(connection.close())

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in one write transaction; the whole of it again when the database was busy.

        A cancelled caller gets its cancellation when the transaction has ended, one way or the other: torn
        in two it would keep SQLite's lock on a connection that nobody looks after. Raises whatever `work`
        raises, with everything rolled back.
        """
        return await to_its_end(self._write(work))

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                async with self._line.turn(), self.engine.connect() as connection:
                    await connection.execution_options(
                        shelfread_write=True, shelfread_others_wait=self.at_once
                    )
                    async with connection.begin():
                        return await work(connection)
            except sa.exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) == _LIMIT_STATE and error.orig is not None:
                    # What SQLite says of a value too long for it, so that both are one of `StatementFailed`.
                    raise sa.exc.DataError(error.statement, error.params, error.orig) from error
                attempt += 1
                if attempt >= WRITE_ATTEMPTS or not _may_be_retried(error):
                    raise
                await asyncio.sleep(random.uniform(0.01, 0.05 * 2**attempt))


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be used at the moment: away, locked, out of room.

    Nothing is wrong with what was to be written then, and later it may work.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return isinstance(error, sa.exc.TimeoutError)
    if error.connection_invalidated:
        return True
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return (getattr(original, "sqlite_errorcode", 0) & 0xFF) in _AWAY_CODES
    state = getattr(original, "sqlstate", None)
    if state is None:
        # The driver's own words: no connection at all.
        return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return state in _AWAY_STATES or state[:2] in ("08", "53", "57", "58") or state in _RETRY_STATES


#: SQLite: busy, locked, no memory, read only (a disk that was remounted), I/O error, full, cannot open.
_AWAY_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
#: PostgreSQL: idle_in_transaction_session_timeout, read_only_sql_transaction.
_AWAY_STATES = frozenset({"25P03", "25006"})


def _may_be_retried(error: sa.exc.OperationalError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return sqlite.is_busy(original)
    return getattr(original, "sqlstate", None) in _RETRY_STATES


def _prepare_postgresql(connection: Any, _record: object) -> None:
    version = connection.driver_connection.info.server_version // 10_000
    if version < LEAST_POSTGRESQL:
        connection.close()
        raise DatabaseProblem(
            f"this is PostgreSQL {version}, and Shelfread needs {LEAST_POSTGRESQL} or newer: "
            "upgrade the server"
        )
    # A process that was paused in the middle of a transaction must not hold its locks for ever: its job is
    # another's before that (the lease is longer).
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_S}s'")
    cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'")
    # A page of a list takes milliseconds; to compile its plan took the server a second and more.
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


@lru_cache(maxsize=256)
def _insert_sql(table: sa.Table, columns: tuple[str, ...], dialect: Any) -> str:
    return str(sa.insert(table).compile(dialect=dialect, column_keys=list(columns)))


async def to_its_end(work: Awaitable[T]) -> T:
    """Await something that is not cut off in its middle: the cancellation comes when it is done."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at: the cancellation is what the caller hears of
        raise


async def insert_rows(
    connection: AsyncConnection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows, each a tuple in the order of `columns`.

    The driver's executemany: SQLAlchemy's own parameter handling would cost half as much again as the
    insert itself. Values must be what the driver takes (no enums, no JSON objects).
    """
    if rows:
        ordered = tuple(name for name in table.c.keys() if name in columns)  # noqa: SIM118
        assert ordered == columns, f"columns of {table.name} must be in table order"
        await connection.exec_driver_sql(_insert_sql(table, columns, connection.dialect), list(rows))


async def run_many(connection: AsyncConnection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run one statement with `?` places for many rows of values, at driver level on both databases."""
    if rows:
        if connection.dialect.name != "sqlite":
            statement = statement.replace("?", "%s")
        await connection.exec_driver_sql(statement, list(rows))
