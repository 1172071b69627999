"""Whether the queue in an SQLite file has changed, asked often and answered in microseconds.

PostgreSQL tells who listens (`liveness`); a file cannot. A connection of its own asks for SQLite's change
counter, and only when that moved looks at the few rows that are waiting or running.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

# Both are answered from partial indexes, however long the history is.
_STATE = """
SELECT
    (SELECT count(*) || ':' || coalesce(max(seq), 0) || ':' || coalesce(sum(event_seq), 0)
       FROM library_scan_jobs WHERE status = 'queued'),
    (SELECT count(*) || ':' || coalesce(max(seq), 0) || ':' || count(cancel_requested_at)
       FROM library_scan_jobs WHERE status = 'running')
"""


class ChangeWatch:
    """One look after another at the queue of an SQLite file. Quick enough for an event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._state: object = None

    def changed(self) -> bool:
        """Whether something is different for those who wait since the last time this was asked.

        What cannot be read counts as unchanged: the poll of the workers is the net.
        """
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    f"{self._path.resolve().as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None
                )
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version == self._version:
                return False
            state = self._connection.execute(_STATE).fetchone()
            self._version = version
            different = state != self._state
            self._state = state
        except sqlite3.Error:
            self.close()
            return False
        return bool(different)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        # The counter is of one connection: another one may begin with the same number.
        self._version = None
