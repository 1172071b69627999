"""The rows of the queue beside the reference model: taking them, putting them back, comparing the two.

Goes past everything that is being tested: a connection of its own, and statements of its own.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from shelfread.store.tables import job_events, job_logs, library_scan_jobs
from tests.queue.queue_stand import NOON, Stand, parts
from tests.queue.reference_model import Model, Row, least

_TABLES = (library_scan_jobs, job_events, job_logs)
Rows = tuple[tuple[tuple[Any, ...], ...], ...]


@contextmanager
def in_memory(url: str) -> Iterator[str]:
    """A copy of an SQLite catalogue in a folder that is in memory, where there is one."""
    path = Path(url.removeprefix("sqlite:///"))
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        copied = Path(folder) / "shelfread.db"
        shutil.copyfile(path, copied)
        yield f"sqlite:///{copied}"


class Snapshots:
    """Takes the rows of the queue away and puts them back, past everything that is being tested."""

    def __init__(self, stand: Stand) -> None:
        path = stand.database.path
        self._connection: Any = (
            psycopg.connect(stand.url.replace("+psycopg", ""), autocommit=True)
            if path is None
            else sqlite3.connect(path, isolation_level=None, timeout=10)
        )
        self._place = "%s" if path is None else "?"

    def take(self) -> Rows:
        found = []
        for table in _TABLES:
            keys = ", ".join(column.name for column in table.primary_key.columns)
            keys = "seq" if table is library_scan_jobs else keys
            names = ", ".join(table.c.keys())
            rows = self._connection.execute(f"SELECT {names} FROM {table.name} ORDER BY {keys}").fetchall()
            found.append(tuple(map(tuple, rows)))
        return tuple(found)

    def put_back(self, taken: Rows) -> None:
        cursor = self._connection.cursor()
        cursor.execute("BEGIN")
        for table in reversed(_TABLES):
            cursor.execute(f"DELETE FROM {table.name}")
        for table, rows in zip(_TABLES, taken, strict=True):
            if rows:
                names, places = ", ".join(table.c.keys()), ", ".join([self._place] * len(table.c))
                cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows)
        cursor.execute("COMMIT")
        cursor.close()

    def close(self) -> None:
        self._connection.close()


def as_dicts(taken: Rows) -> list[list[dict[str, Any]]]:
    return [
        [dict(zip(table.c.keys(), row, strict=True)) for row in rows]
        for table, rows in zip(_TABLES, taken, strict=True)
    ]


def differences(taken: Rows, model: Model) -> list[str]:
    """Where the rows are not as the model says, in words."""
    rows, events, _ = as_dicts(taken)
    if len(rows) != len(model.rows):
        return [f"there are {len(rows)} jobs, should be {len(model.rows)}"]
    wrong = []
    for (number, expected), row in zip(sorted(model.rows.items()), rows, strict=True):
        kinds = [event["kind"] for event in events if event["job_seq"] == row["seq"]]
        real, wanted = _seen(row, kinds, model.now), _said(expected, model.now)
        wrong += [
            f"job {number}: {name} is {real[name]!r}, should be {wanted[name]!r}"
            for name in real
            if real[name] != wanted[name]
        ]
    return wrong


def _seen(row: dict[str, Any], kinds: list[str], now: int) -> dict[str, Any]:
    """What can be seen of a row, in the words of the model."""
    running, queued = row["status"] == "running", row["status"] == "queued"
    return {
        "type": row["type"],
        "scopes": least(frozenset(parts(row))),
        "status": row["status"],
        "fence": row["fence"],
        "attempt": row["attempt"],
        "losses": row["losses"],
        "worker": row["worker_id"] if running else None,
        "wait": max(0, (row["run_at"] - NOON) // 1_000_000 - now) if queued else 0,
        "added": row["items_added"] or 0,
        "cancelling": running and row["cancel_requested_at"] is not None,
        "reason": None if running or queued else row["reason"],
        "kinds": kinds,
    }


def _said(row: Row, now: int) -> dict[str, Any]:
    """The same of a row of the model."""
    running, queued = row.status == "running", row.status == "queued"
    return {
        "type": row.type,
        "scopes": row.scopes,
        "status": row.status,
        "fence": row.fence,
        "attempt": row.attempt,
        "losses": row.losses,
        "worker": row.worker if running else None,
        "wait": max(0, row.run_at - now) if queued else 0,
        "added": row.added,
        "cancelling": running and row.cancelling,
        "reason": None if running or queued else row.reason,
        "kinds": row.events,
    }
