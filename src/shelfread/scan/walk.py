"""The walk: folders go out to the walker processes, listings come back, sub-folders go out again.

First stage of a scan. It gives the known digest along with each folder, so that an unchanged one costs a
comparison in a walker and a few bytes here. It asks what the catalogue knows (`known`), writes nothing, and
knows no kind. The looking itself is `listing`; this is the order of it, and what runs in a walker.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from shelfread.model.catalogue import KnownFolder
from shelfread.model.problem import ProblemCode
from shelfread.scan.children import Child, ChildDied, ScanChildFailed
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules, subtask

#: Folders in one request. Large enough that a request costs little, small enough to share work.
GROUP = 64
#: A folder with more sub-folders than this is not asked for all of them at once: they would all be held in
#: memory until the last of them is looked at.
MANY = 1000
#: How often a group is tried again after its walker died: a walker is not killed by what it reads.
ATTEMPTS = 3
#: What the children are.
ROLE = "walker"
#: A walker that sends nothing for so long hangs: on a network drive whose server is gone, for one.
LISTING_TIMEOUT_S = 120.0
#: The longest frame of a walker: a folder of 500 000 files with long names fits twice.
FRAME_LIMIT = 512 << 20


_listings = msgspec.msgpack.Decoder(list[FolderListing])


class WalkerPool:
    """Warm walker processes. One group at a time each; the caller runs at most `size` looks at once."""

    def __init__(self, size: int, *, timeout_s: float = LISTING_TIMEOUT_S) -> None:
        self.size = size
        self._timeout_s = timeout_s
        self._walkers: set[Child] = set()
        self._free: asyncio.Queue[Child] = asyncio.Queue()
        #: Killed, and maybe still there.
        self._given_up: set[Child] = set()

    async def start(self) -> None:
        """Start all walkers. Raises ScanChildFailed."""
        self._walkers = set(await asyncio.gather(*(_start() for _ in range(self.size))))
        for child in self._walkers:
            self._free.put_nowait(child)

    async def close(self) -> None:
        """End them all."""
        await asyncio.gather(*(child.close() for child in self._walkers))
        if self._given_up:
            await asyncio.wait([asyncio.create_task(child.ended()) for child in self._given_up], timeout=1)

    async def look(self, rules: WalkRules, tasks: list[FolderTask]) -> list[FolderListing]:
        """The listings of some folders, in order.

        A folder whose listing does not come is one that cannot be listed: the walker is given up, and
        another one goes on. What came in one frame cannot be told apart, so after the first wait the folders
        come one by one, and it is the second wait that a folder is blamed for.

        Raises:
            ScanChildFailed: no walker can be started, or they keep dying.
        """
        listings: list[FolderListing] = []
        singly, deaths = False, 0
        while len(listings) < len(tasks):
            child = await self._free.get()
            try:
                await self._ask(child, (rules, tasks[len(listings) :], singly), listings)
            except ChildDied as error:
                deaths += 1
                self._walkers.discard(child)
                child = await self._replacement()
                if deaths == ATTEMPTS:
                    raise ScanChildFailed(f"a walker keeps dying: {error}") from error
            except TimeoutError:
                self._give_up(child)
                if singly:
                    listings.append(_no_answer(tasks[len(listings)], self._timeout_s))
                singly = True
                child = await self._replacement()
            except BaseException:
                # Left in the middle of a request: what it sends later would be taken for another answer.
                self._give_up(child)
                child = await self._replacement()
                raise
            finally:
                self._free.put_nowait(child)
        return listings

    async def _ask(self, child: Child, request: object, listings: list[FolderListing]) -> None:
        """Add the listings as they come. Raises TimeoutError when they stop coming; the child is killed."""
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self._timeout_s) as waiting:
            async for frame in child.stream(request, _listings.decode):
                listings += frame
                waiting.reschedule(now() + self._timeout_s)

    def _give_up(self, child: Child) -> None:
        """Kill it, and do not wait: one that is stuck in the kernel dies when the drive comes back."""
        child.kill()
        self._walkers.discard(child)
        self._given_up = {other for other in self._given_up if other.died_of == 0} | {child}

    async def _replacement(self) -> Child:
        child = await _start()
        self._walkers.add(child)
        return child


def _start() -> Awaitable[Child]:
    return Child.start(ROLE, FRAME_LIMIT, frame_limit=FRAME_LIMIT)


def _no_answer(task: FolderTask, timeout_s: float) -> FolderListing:
    detail = f"it did not answer within {timeout_s:g} s"
    return FolderListing(task.relative, problem=(ProblemCode.FOLDER_UNREADABLE.value, detail))


class Found(NamedTuple):
    """A folder that was looked at: the task, what came of it, and what the catalogue knew of it."""

    task: FolderTask
    listing: FolderListing
    known: KnownFolder | None
    #: The row of the folder above, as `place` gave it; None at the top of the walk.
    parent_id: int | None
    #: What the catalogue knows of its sub-folders, and maybe of others; None when that was not asked.
    below: Mapping[bytes, KnownFolder] | None = None


class _Waiting(NamedTuple):
    """A folder that is still to be looked at."""

    task: FolderTask
    parent_id: int | None
    #: Where it is found if it is known; None: it is to be asked for.
    known: Mapping[bytes, KnownFolder] | None = None


class Known(Protocol):
    """What the catalogue knows of the folders of a root, by relative path; it may give more than is asked."""

    async def at(self, paths: Sequence[bytes]) -> Mapping[bytes, KnownFolder]:
        """The folders of these paths."""

    async def below(self, rows: Sequence[int]) -> Mapping[bytes, KnownFolder]:
        """The folders that lie directly in those of these rows."""


class Walk:
    """One walk over one root, or over the part of it below `top`."""

    def __init__(self, rules: WalkRules, pool: WalkerPool, known: Known, *, trust_digests: bool) -> None:
        self._rules = rules
        self._pool = pool
        self._known = known
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
            self._waiting.append(_Waiting(task, folder_id, found.below))

    async def _look(self, group: list[_Waiting]) -> list[Found]:
        unasked = [waiting.task.relative for waiting in group if waiting.known is None]
        stored = await self._known.at(unasked) if unasked else {}
        known = [
            (stored if waiting.known is None else waiting.known).get(waiting.task.relative)
            for waiting in group
        ]
        tasks = [
            waiting.task._replace(known_digest=before.digest) if before and self._trust else waiting.task
            for waiting, before in zip(group, known, strict=True)
        ]
        listings = await self._pool.look(self._rules, tasks)
        # Of all in the group at once: of most folders nothing is asked that way, they have no others in them.
        ahead = [
            before is not None and 0 < len(listing.subfolders) <= MANY
            for before, listing in zip(known, listings, strict=True)
        ]
        rows = [before.id for before, asked in zip(known, ahead, strict=True) if before and asked]
        below = await self._known.below(rows) if rows else None
        return [
            Found(waiting.task, listing, before, waiting.parent_id, below if asked else None)
            for waiting, listing, before, asked in zip(group, listings, known, ahead, strict=True)
        ]
