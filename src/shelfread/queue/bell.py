"""The bell of a process: rung when the queue may have changed, heard by everybody who waits for that.

A ring never says what happened, and a lost one costs time, not jobs: whoever listens looks at the table, and
looks by itself now and then (PROMISES D22, D23). Within the process it is rung directly; changes by others
come from PostgreSQL's notifications (`presence`) or from watching the SQLite file here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from shelfread.store.news import ChangeWatch

#: How often an SQLite file is asked whether it changed, in seconds.
WATCH_S = 0.1


class Ear:
    """One listener: remembers a ring until it is waited for."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring, at most so long; whether there was one."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        finally:
            self._rung.clear()
        return True


class Bell:
    """Rings for all its listeners. Belongs to one event loop."""

    def __init__(self) -> None:
        self._ears: list[Ear] = []

    def ring(self) -> None:
        """Wake everybody who listens."""
        for ear in self._ears:
            ear.ring()

    @contextmanager
    def ear(self) -> Iterator[Ear]:
        """A listener, for as long as the context lasts."""
        ear = Ear()
        self._ears.append(ear)
        try:
            yield ear
        finally:
            self._ears.remove(ear)

    @asynccontextmanager
    async def watching(self, path: Path | None) -> AsyncIterator[None]:
        """Ring when other processes change the queue in an SQLite file. Does nothing without one."""
        if path is None:
            yield
            return
        task = asyncio.create_task(self._watch(path))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self, path: Path) -> None:
        watch = ChangeWatch(path)
        try:
            while True:
                if watch.changed():
                    self.ring()
                await asyncio.sleep(WATCH_S)
        finally:
            watch.close()
