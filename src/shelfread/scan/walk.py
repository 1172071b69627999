"""The walk: folders go out to the walker processes, listings come back, sub-folders go out again.

First stage of a scan. It gives the known digest along with each folder, so that an unchanged one costs a
comparison in a walker and a few bytes here. It reads the catalogue's folders, writes nothing, and knows no
kind. The looking itself is `listing`; this is the order of it, and what runs in a walker.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

from shelfread.model.catalogue import KnownFolder
from shelfread.scan.children import Child, ChildDied, ScanChildFailed
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules, subtask

#: Folders in one request. Large enough that a request costs little, small enough to share work.
GROUP = 64
#: How often a group is tried again after its walker died: a walker is not killed by what it reads.
ATTEMPTS = 3


_listings = msgspec.msgpack.Decoder(list[FolderListing])


class WalkerPool:
    """Warm walker processes. One group at a time each; the caller runs at most `size` looks at once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._walkers: set[Child] = set()
        self._free: asyncio.Queue[Child] = asyncio.Queue()

    async def start(self) -> None:
        """Start all walkers. Raises ScanChildFailed."""
        self._walkers = set(await asyncio.gather(*(Child.start("walker", None) for _ in range(self.size))))
        for child in self._walkers:
            self._free.put_nowait(child)

    async def close(self) -> None:
        """End them all."""
        await asyncio.gather(*(child.close() for child in self._walkers))

    async def look(self, rules: WalkRules, tasks: list[FolderTask]) -> list[FolderListing]:
        """The listings of some folders, in order.

        Raises:
            ScanChildFailed: no walker can be started, or they keep dying.
        """
        for _ in range(ATTEMPTS):
            child = await self._free.get()
            try:
                listings: list[FolderListing] = await child.request((rules, tasks), _listings.decode)
                return listings
            except ChildDied as error:
                trouble = error
                self._walkers.discard(child)
                child = await Child.start("walker", None)
                self._walkers.add(child)
            except BaseException:
                # Left in the middle of a request: what it sends later would be taken for another answer.
                self._walkers.discard(child)
                await child.close()
                child = await Child.start("walker", None)
                self._walkers.add(child)
                raise
            finally:
                self._free.put_nowait(child)
        raise ScanChildFailed(f"a walker keeps dying: {trouble}") from trouble


class Found(NamedTuple):
    """A folder that was looked at: the task, what came of it, and what the catalogue knew of it."""

    task: FolderTask
    listing: FolderListing
    known: KnownFolder | None
    #: The row of the folder above, as `place` gave it; None at the top of the walk.
    parent_id: int | None


class _Waiting(NamedTuple):
    """A folder that is still to be looked at."""

    task: FolderTask
    parent_id: int | None


#: Looks up what the catalogue knows of folders by their relative paths.
Lookup = Callable[[Sequence[bytes]], Awaitable[dict[bytes, KnownFolder]]]


class Walk:
    """One walk over one root, or over the part of it below `top`."""

    def __init__(self, rules: WalkRules, pool: WalkerPool, lookup: Lookup, *, trust_digests: bool) -> None:
        self._rules = rules
        self._pool = pool
        self._lookup = lookup
        self._trust = trust_digests
        self._waiting: list[_Waiting] = []

    async def run(self, top: FolderTask, parent_id: int | None) -> AsyncIterator[Found]:
        """Every folder at and below `top`, parents before their children.

        The consumer must call `place` with each folder's row before it takes the next one.

        Raises:
            ScanChildFailed: no walker can be started, or they keep dying.
        """
        self._waiting = [_Waiting(top, parent_id)]
        running: set[asyncio.Task[list[Found]]] = set()
        # Twice as many groups as walkers: the next one is made ready while they look.
        size = 2 * self._pool.size
        try:
            while self._waiting or running:
                while self._waiting and len(running) < size:
                    # The last ones first: a deep tree then keeps few folders waiting.
                    count = max(1, min(GROUP, len(self._waiting) // size))
                    group = self._waiting[-count:]
                    del self._waiting[-count:]
                    running.add(asyncio.create_task(self._look(group)))
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    for found in task.result():
                        yield found
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def place(self, found: Found, folder_id: int) -> None:
        """Tell the row of a folder, and so let its sub-folders be walked."""
        for sub in reversed(found.listing.subfolders):
            task = subtask(self._rules, found.task, found.listing, sub)
            self._waiting.append(_Waiting(task, folder_id))

    async def _look(self, group: list[_Waiting]) -> list[Found]:
        known = await self._lookup([waiting.task.relative for waiting in group])
        tasks = []
        for waiting in group:
            before = known.get(waiting.task.relative)
            digest = before.digest if before is not None and self._trust else None
            tasks.append(waiting.task._replace(known_digest=digest))
        listings = await self._pool.look(self._rules, tasks)
        return [
            Found(waiting.task, listing, known.get(waiting.task.relative), waiting.parent_id)
            for waiting, listing in zip(group, listings, strict=True)
        ]
