"""What is special about SQLite: its connections, how they are prepared, and how transactions begin.

Used by `database` alone. Knows no table, and of the way in which writers take turns (`turns`) nothing.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import sqlalchemy as sa

T = TypeVar("T")

#: SQLite's own wait for its lock. Short waits plus whole retries with jitter are fairer than one long one.
BUSY_TIMEOUT_S = 10.0
#: SQLite: pages of the log at which it is written back into the file, 16 MB. Four times what SQLite takes by
#: itself: everybody waits meanwhile, for two flushes of the disk, so seldom is better than soon.
LOG_PAGES = 4000


class Connection(aiosqlite.Connection):
    """The driver's connection, whose statements run in the caller's own thread when `at_once` says so.

    That stops the caller's event loop for as long as the statement takes, and saves a hand-over to another
    thread and back for each: many times what a short statement takes where processors are scarce.
    """

    def __init__(self, path: Path, at_once: Callable[[], bool]) -> None:
        def connect() -> sqlite3.Connection:
            # More than one thread uses it, but never two at a time: SQLAlchemy sees to that.
            return sqlite3.connect(str(path), timeout=BUSY_TIMEOUT_S, check_same_thread=False)

        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True
        self._at_once = at_once

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if self._at_once() and self._running and self._connection is not None:
            return fn(*args, **kwargs)
        result: T = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return result


def prepare(connection: Any, _record: object) -> None:
    """Set a fresh connection up for this program: a write-ahead log, references in force."""
    # The driver must not begin transactions by itself: `begin` chooses which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    _turn_on_log(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-32768")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    cursor.close()


def _turn_on_log(cursor: Any) -> None:
    # The first connections to a new file turn its log on, and of two that do it at the same moment SQLite
    # lets one fail without the wait that it grants to everything else.
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if _is_ours(cursor):
                cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _is_ours(cursor: Any) -> bool:
    """Whether a file is empty or a catalogue: the log changes a file, and those of strangers stay as is."""
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {row[0] for row in cursor.fetchall()}
    return not tables or "alembic_version" in tables


def begin(connection: sa.Connection) -> None:
    """Begin a transaction: one that will write takes SQLite's lock at once."""
    # A deferred transaction that reads and then writes ignores the busy timeout (SQLITE_BUSY_SNAPSHOT).
    write = connection.get_execution_options().get("shelfread_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether somebody else had SQLite's lock for too long."""
    # The low byte is the primary code; BUSY_SNAPSHOT and friends are variants of BUSY.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
