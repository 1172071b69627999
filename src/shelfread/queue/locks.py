"""Locks that die with their process: how one that runs jobs proves that it is alive (DESIGN rule 9).

On SQLite a file lock in a folder beside the database, on PostgreSQL a session advisory lock on a connection
of its own. A lock that nobody holds belongs to a process that is dead, however that came.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from shelfread.store.database import Database

#: Seconds between two looks of a process at its own lock file.
LOOK_S = 1.0

_LOG = logging.getLogger(__name__)


class ProcessLock(Protocol):
    """A lock of one process."""

    async def acquire(self) -> bool:
        """Take it without waiting; false when another process has it."""

    async def release(self) -> None:
        """Give it back; harmless when it is not held."""


class FileLock:
    """A lock on a file, held as long as its descriptor is open.

    Somebody may clean the folder of locks under a living process, which looks dead then. So it looks after
    its file now and then, and takes the lock again on a new one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._next_look: asyncio.TimerHandle | None = None
        #: Trouble with the file was told, and is told once.
        self._told = False

    async def acquire(self) -> bool:
        """Take it, and keep it from then on; false when another process has it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = self._take()
        if self._fd is None:
            return False
        self._look_later()
        return True

    async def release(self) -> None:
        """Remove the file and close it."""
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if self._fd is not None:
            if self._is_there(self._fd):
                self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None

    def _take(self) -> int | None:
        """A descriptor that holds the lock; None when another process has it."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except OSError:
                # A filesystem that knows no locks: to be told, not to be tried for ever.
                os.close(descriptor)
                raise
            # Between open and lock the last holder may have removed the file: then this one locks nothing.
            if self._is_there(descriptor):
                return descriptor
            os.close(descriptor)

    def _is_there(self, descriptor: int) -> bool:
        """Whether the file that a descriptor has open is the one that others find."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _look(self) -> None:
        """Take the lock on a new file when its own is gone, or another one lies there."""
        assert self._fd is not None
        try:
            if self._is_there(self._fd):
                self._told = False
            else:
                self._tell("somebody removed the lock file of this process, %s; it is made anew", self._path)
                # Not its parents: a database that was deleted with its folder does not come back.
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                anew = self._take()
                if anew is not None:
                    os.close(self._fd)
                    self._fd = anew
        except OSError as error:
            self._tell("the lock file of this process, %s, cannot be looked after: %s", self._path, error)
        self._look_later()

    def _tell(self, text: str, *facts: object) -> None:
        if not self._told:
            _LOG.warning(text, *facts)
        self._told = True


def lock_for(database: Database, worker_id: str, on_news: Callable[[], None] = lambda: None) -> ProcessLock:
    """The lock of the process with this id, which must be a UUID.

    On PostgreSQL its connection hears what is announced as well, and `on_news` is called then.
    """
    if database.path is not None:
        return FileLock(_file(database.path, worker_id))
    # Its driver is a tenth of what a process imports, and SQLite needs none of it.
    from shelfread.store.liveness import AdvisoryLock

    return AdvisoryLock(database, _number(worker_id), on_news)


async def is_held(database: Database, worker_id: str) -> bool:
    """Whether a process holds the lock of this id. Leaves nothing behind of one that does not."""
    if database.path is None:
        from shelfread.store.liveness import is_locked

        return await is_locked(database, _number(worker_id))
    return not _free(_file(database.path, worker_id))


async def held_of(database: Database, worker_ids: Collection[str]) -> set[str]:
    """Those of some processes that hold their lock; costs no more for thousands that are long gone."""
    if database.path is None:
        from shelfread.store.liveness import locked_numbers

        held = await locked_numbers(database)
        return {one for one in worker_ids if _number(one) in held}
    with contextlib.suppress(FileNotFoundError):
        there = set(os.listdir(_file(database.path, str(uuid.UUID(int=0))).parent))
        return {one for one in worker_ids if one in there and not _free(_file(database.path, one))}
    return set()


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
