"""Locks that die with their process: how a running job proves that it is alive (DESIGN rule 9).

On SQLite a file lock per job in a folder beside the database, on PostgreSQL a session advisory lock on a
connection of its own. A lock that can be taken belongs to nobody: its process is dead, however that came.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Protocol

from shelfread.store.database import Database
from shelfread.store.liveness import AdvisoryLock


class JobLock(Protocol):
    """A lock on one job."""

    async def acquire(self) -> bool:
        """Take it without waiting; false when another process has it."""

    async def release(self) -> None:
        """Give it back; harmless when it is not held."""


class FileLock:
    """A lock on a file, held as long as its descriptor is open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    async def acquire(self) -> bool:
        """Take it; false when another process has it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            # Between open and lock the last holder may have removed the file: then this one locks nothing.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(self._path)):
                    self._fd = descriptor
                    return True
            os.close(descriptor)

    async def release(self) -> None:
        """Remove the file and close it."""
        if self._fd is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


def lock_for(database: Database, job_id: str, seq: int) -> JobLock:
    """The lock of one job in this database."""
    if database.path is not None:
        folder = database.path.resolve()
        return FileLock(folder.with_name(folder.name + ".locks") / job_id)
    return AdvisoryLock(database, seq)
