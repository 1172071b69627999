"""Writers of one SQLite file take turns, in all processes, from the beginning of a transaction to its end.

SQLite has a lock of its own for that. But its waiting is unfair: who writes batch after batch lets nobody in
between. And up to 3.51.2 a writer and another that writes the log back at the same moment may, very rarely,
damage the file; a turn covers both. `database` takes one for each write. Knows nothing but the file's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

#: Whoever waits longer than this, in seconds, goes on without: then SQLite's lock decides.
PATIENCE_S = 3.0
#: The pauses between two looks at a lock, in seconds: the first, and the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.0005, 0.002
#: Where writers stand, from the end of the line to the desk. Nobody passes another in it; only whoever comes
#: while all places are taken may.
PLACES = ("fourth", "third", "next", "writer")


@asynccontextmanager
async def turn(path: Path | None) -> AsyncIterator[None]:
    """A writer's turn at the file; nothing where there is none."""
    if path is None:
        yield
        return
    place: int | None = None
    deadline = time.monotonic() + PATIENCE_S
    try:
        # Whoever waits keeps a place until the one before it is free, so that the one who has just written
        # cannot be first again.
        for name in PLACES:
            ahead = _opened(path, name)
            try:
                await _locked(ahead, deadline)
            except BaseException:
                _closed(ahead)
                raise
            _closed(place)
            place = ahead
        yield
    finally:
        _closed(place)


def somebody_waits(path: Path | None) -> bool:
    """Whether another writer waits for this process to end its turn; only asked in one."""
    if path is None:
        return False
    # The one who waits for the desk stands here.
    place = _opened(path, PLACES[-2])
    try:
        if place is not None:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    finally:
        _closed(place)
    return False


class Line:
    """The turns of one `Database`, whose writers are no others to one another.

    A scan takes ids beside its batches: if it gave way to itself, its batches would be short.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        #: Of our own, before their turn.
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn, as `turn` gives it."""
        async with AsyncExitStack() as ours:
            self._waiting += 1
            try:
                await ours.enter_async_context(turn(self._path))
            finally:
                self._waiting -= 1
            yield

    def others_wait(self) -> bool:
        """Whether somebody else waits for the end of our turn; nobody can tell while one of us does."""
        return not self._waiting and somebody_waits(self._path)


def _opened(path: Path, name: str) -> int | None:
    """A file to lock, in the folder of the locks; None where none can be made."""
    folder = path.resolve()
    file = folder.with_name(folder.name + ".locks") / name
    for _ in range(2):
        try:
            return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            # Without the database's own folder this fails too, and the connection will say it better.
            with contextlib.suppress(OSError):
                file.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            break
    return None


async def _locked(descriptor: int | None, deadline: float) -> None:
    if descriptor is None:
        return
    pause = FIRST_PAUSE_S
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(1.5 * pause, LONGEST_PAUSE_S)
        except OSError:
            return  # a filesystem that knows no such locks
        else:
            return


def _closed(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
