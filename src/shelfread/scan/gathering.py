"""What is read and not yet written, put together to batches that are worth their cost.

Between what `scan_paths` gives and `write`. Knows how many rows a part brings and for how long they may
wait; nothing of a database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from shelfread.model.catalogue import FolderWrite
from shelfread.scan.pace import LEAST, MOST, Pace

#: A batch that is not full waits this long for more. One so small that what every batch costs would be most
#: of it waits longer: in a large library a few changes come one by one, whenever the walk gets to them.
GATHER_S, LONGER_S = 0.2, 2.0


class Gathering:
    """Takes folder parts in `put`, gives them as batches in `next`, until `done`."""

    def __init__(self, pace: Pace) -> None:
        """`pace` says how many rows fill a batch."""
        self._pace = pace
        self._parts: deque[FolderWrite] = deque()
        #: Rows that the parts bring, counted so that a batch keeps its limit.
        self._rows = 0
        self._ended = False
        self._some = asyncio.Event()
        #: There are so many that a batch is worth while, and so many that it is full.
        self._worthy = asyncio.Event()
        self._enough = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def done(self) -> bool:
        """Whether all was given, and nothing more will come."""
        return self._ended and not self._parts

    async def put(self, part: FolderWrite) -> None:
        """Add a part; waits while there are too many."""
        while self._rows > 2 * MOST:
            self._room.clear()
            await self._room.wait()
        self._parts.append(part)
        self._rows += rows_of(part)
        self._some.set()
        self._tell()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._some.set()
        self._tell()

    async def next(self) -> list[FolderWrite]:
        """The parts of the next batch; none only at the end."""
        await self._some.wait()
        # The limit may be another one since they came.
        self._tell()
        began = asyncio.get_running_loop().time()
        # One wake-up for a batch, not one for every part.
        for event, seconds in ((self._enough, GATHER_S), (self._worthy, LONGER_S)):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(began + seconds):
                    await event.wait()
        parts: list[FolderWrite] = []
        count = 0
        while self._parts and (not parts or count + rows_of(self._parts[0]) <= self._pace.limit):
            part = self._parts.popleft()
            parts.append(part)
            count += rows_of(part)
        self._rows -= count
        self._room.set()
        if not self._parts and not self._ended:
            self._some.clear()
        return parts

    def _tell(self) -> None:
        limit = self._pace.limit
        for event, rows in ((self._worthy, min(LEAST, limit)), (self._enough, limit)):
            if self._ended or self._rows >= rows:
                event.set()
            else:
                event.clear()


def rows_of(part: FolderWrite) -> int:
    """How many rows a part brings; one that brings none costs as much as a row."""
    return max(1, len(part.files))
