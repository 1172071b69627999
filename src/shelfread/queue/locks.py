"""Locks that die with their process: how one that runs jobs proves that it is alive (DESIGN rule 9).

On SQLite a file lock in a folder beside the database, on PostgreSQL a session advisory lock on a connection
of its own. A lock that nobody holds belongs to a process that is dead, however that came.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shelfread.store.database import Database
from shelfread.store.liveness import AdvisoryLock, is_locked


class ProcessLock(Protocol):
    """A lock of one process."""

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
            except BlockingIOError:
                os.close(descriptor)
                return False
            except OSError:
                # A filesystem that knows no locks: to be told, not to be tried for ever.
                os.close(descriptor)
                raise
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


def lock_for(database: Database, worker_id: str, on_news: Callable[[], None] = lambda: None) -> ProcessLock:
    """The lock of the process with this id, which must be a UUID.

    On PostgreSQL its connection hears what is announced as well, and `on_news` is called then.
    """
    if database.path is not None:
        return FileLock(_file(database.path, worker_id))
    return AdvisoryLock(database, _number(worker_id), on_news)


async def is_held(database: Database, worker_id: str) -> bool:
    """Whether a process holds the lock of this id. Leaves nothing behind of one that does not."""
    if database.path is None:
        return await is_locked(database, _number(worker_id))
    return not _free(_file(database.path, worker_id))


def sweep(database: Database) -> None:
    """Remove the lock files of processes that are gone: one that died before it had a job left it behind."""
    if database.path is None:
        return
    with contextlib.suppress(OSError):
        for path in _file(database.path, str(uuid.UUID(int=0))).parent.iterdir():
            with contextlib.suppress(OSError, ValueError):
                uuid.UUID(path.name)
                _free(path)


def _free(path: Path) -> bool:
    """Whether nobody holds a lock file; removes it then."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        # Shared: two who ask at the same time must not take one another for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        # Ids are used once: nobody will want this file again.
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _file(database: Path, worker_id: str) -> Path:
    folder = database.resolve()
    return folder.with_name(folder.name + ".locks") / str(uuid.UUID(worker_id))


def _number(worker_id: str) -> int:
    return uuid.UUID(worker_id).int & 0x7FFFFFFF
