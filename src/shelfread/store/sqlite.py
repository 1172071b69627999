"""What is special about SQLite: how its connections are prepared, and how transactions begin.

Used by `database` alone. Knows no table, and of the way in which writers take turns (`turns`) nothing.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa

from shelfread.store import one_step

#: SQLite's own wait for its lock. Short waits plus whole retries with jitter are fairer than one long one.
BUSY_TIMEOUT_S = 10.0
#: SQLite: pages of the log at which it is written back into the file. 16 MB, four times what SQLite takes by
#: itself, made a first scan 5 % quicker than 6 MB did. But everybody waits meanwhile (40 ms for 16 MB, 11 ms
#: for 4 MB on a virtual disk): whoever knows that others wait takes less at a time.
LOG_PAGES, SHORT_LOG_PAGES = 4000, 1000


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
    options = connection.get_execution_options()
    write = options.get("shelfread_write")
    if write:
        _set_log(connection, SHORT_LOG_PAGES if options.get("shelfread_others_wait") else LOG_PAGES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else one_step.READING)


def _set_log(connection: sa.Connection, pages: int) -> None:
    if connection.info.get("log_pages", LOG_PAGES) != pages:
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={pages}")
        connection.info["log_pages"] = pages


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether somebody else had SQLite's lock for too long."""
    # The low byte is the primary code; BUSY_SNAPSHOT and friends are variants of BUSY.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
