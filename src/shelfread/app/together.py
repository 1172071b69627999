"""One reading for all who ask the same at the same moment: a hundred clients that come back ask once.

Whoever asks gets an answer that was begun after they asked, so that nothing older than their question is told
them: who comes while a reading runs waits for the next one. Where that is wished and a crowd asks, the next
one begins a moment later and is for those who come in that moment, too. Knows not what is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

#: So many who ask the same at once are a crowd: more than one page with all of its streams.
CROWD = 8
#: For how long the rest of a crowd is waited for, in seconds: a crowd of two hundred comes in a tenth of one.
GATHER_S = 0.03


class Together(Generic[K, T]):
    """Readings by key; of each key one at a time, and one that waits for it to end."""

    def __init__(self, read: Callable[[K], Awaitable[T]], *, gathers: bool = False) -> None:
        """Readings of one sort.

        Args:
            read: reads; always brought to its end, for torn in two it would lose its connection.
            gathers: whether the rest of a crowd is waited for. Not where many wait because others are slow:
                they would wait longer, and be more.
        """
        self._read = read
        self._gathers = gathers
        self._running: dict[K, asyncio.Task[T]] = {}
        self._next: dict[K, asyncio.Task[T]] = {}
        #: How many wait for the next reading.
        self._asking: dict[K, int] = {}

    async def ask(self, key: K) -> T:
        """What a reading gives that begins from now on. Raises whatever it raises."""
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._after(key, self._running.get(key)))
            task.add_done_callback(_look_at)
        self._asking[key] = self._asking.get(key, 0) + 1
        return await asyncio.shield(task)

    async def _after(self, key: K, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
            if self._gathers and self._asking[key] >= CROWD:
                await asyncio.sleep(GATHER_S)
        task = self._running[key] = self._next.pop(key)
        del self._asking[key]
        try:
            return await self._read(key)
        finally:
            if self._running.get(key) is task:
                del self._running[key]


async def finished(reading: Coroutine[Any, Any, T]) -> T:
    """Let a read come to its end also when nobody waits for it: torn in two it loses its connection."""
    task = asyncio.ensure_future(reading)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        _look_at(task)  # the cancellation is what the caller hears of
        raise


def _look_at(task: asyncio.Task[T]) -> None:
    """Nobody may be left who wants to hear of its trouble."""
    if not task.cancelled():
        task.exception()
