"""What was watched is what a full scan finds, after storms of changes (DESIGN rule 7).

A few storms here, five hundred with `make storms`: SHELFREAD_STORMS says how many, SHELFREAD_STORM_SEED
which.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys

import pytest

from shelfread.model.job import Enqueued, JobRequest, Scope
from shelfread.queue.repository import ScanJobRepository
from shelfread.scan.folder import library_rules
from shelfread.scan.rootwalk import ScopeIgnored
from shelfread.settings import Settings
from shelfread.watch.collector import Collector
from shelfread.watch.library import LibraryWatch
from tests.conftest import NewShelf, Shelf, Tree
from tests.watch.storm import MARK, Storm

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's"),
]

STORMS = int(os.environ.get("SHELFREAD_STORMS", "6"))
SEED = int(os.environ.get("SHELFREAD_STORM_SEED", "0"))
#: Storms over one library: each begins with what the one before left.
IN_A_ROW = 10


class Counting(Collector):
    """Counts the marks that were heard of, and those that were when it was last taken from."""

    heard = 0
    taken = 0

    def note(self, scope: Scope, now: float) -> None:
        super().note(scope, now)
        self.heard += scope.relative == MARK.encode()

    def take(self, now: float) -> tuple[Scope, ...]:
        taken = super().take(now)
        if taken:
            self.taken = self.heard
        return taken


class Asked(ScanJobRepository):
    """Takes requests and does nothing about them: the test scans."""

    def __init__(self, shelf: Shelf, collector: Collector | None = None) -> None:
        super().__init__(shelf.database)
        self.collector = collector
        #: Requests, each with the number of marks that were heard of before.
        self.requests: asyncio.Queue[tuple[JobRequest, int]] = asyncio.Queue()

    async def enqueue(self, request: JobRequest) -> Enqueued:
        heard = self.collector.taken if isinstance(self.collector, Counting) else 0
        self.requests.put_nowait((request, heard))
        return Enqueued(None, False)  # type: ignore[arg-type]

    async def next(self) -> tuple[tuple[Scope, ...], int]:
        request, heard = await asyncio.wait_for(self.requests.get(), 60)
        return request.scopes, heard


async def _scan(shelf: Shelf, root: int, scopes: tuple[Scope, ...]) -> None:
    """What a worker does with a request of the watch: a part that is gone is no error."""
    try:
        await shelf.outcome(within=[(0, os.fsdecode(scope.relative)) for scope in scopes])
    except ScopeIgnored:
        for scope in scopes:
            if len(scopes) > 1:
                await _scan(shelf, root, (scope,))


async def _settled(shelf: Shelf, asked: Asked, root: int, marks: int) -> None:
    """Have everything scanned that happened until now: make a mark, and wait until that was heard of."""
    # A link is one event, and those before it are told before it.
    (shelf.tree / MARK / f"{marks}").symlink_to("nowhere")
    heard = 0
    while heard < marks:
        scopes, heard = await asked.next()
        await _scan(shelf, root, scopes)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(0, STORMS, IN_A_ROW))
async def test_after_a_storm_a_full_scan_finds_nothing_that_was_not_watched(
    new_shelf: NewShelf, first: int
) -> None:
    shelf = await new_shelf("sqlite")
    sounds = {"mp3": shelf.tree.add("a.mp3").read_bytes(), "flac": shelf.tree.add("b.flac").read_bytes()}
    shelf.tree.write(f"{MARK}/begin.txt", b"")
    library = await shelf.library()
    root = library.roots[0].id
    collector = Counting(0.1, 0.3)
    asked = Asked(shelf, collector)
    settings = Settings(settle_seconds=0)
    rules = library_rules(shelf.pools.parts.kind, library.options)
    watch = LibraryWatch(library, rules, asked, lambda: settings, {})
    watch._collector = collector
    watching = asyncio.create_task(watch.run())
    try:
        begun, _ = await asked.next()
        assert begun == (Scope(root, b""),)
        await _scan(shelf, root, begun)
        for number in range(first, min(first + IN_A_ROW, STORMS)):
            rng = random.Random(SEED + number)
            storm = Storm(shelf.tree.path, sounds, rng)
            # Scans go on while it blows, as they do in life.
            blowing = asyncio.create_task(asyncio.to_thread(storm.blow, rng.randrange(1, 120)))
            while not blowing.done():
                if asked.requests.empty():
                    await asyncio.wait([blowing], timeout=0.05)
                else:
                    await _scan(shelf, root, asked.requests.get_nowait()[0].scopes)
            await blowing
            await _settled(shelf, asked, root, number - first + 1)
            # What a storm takes away at once may be held for a person, as after any scan.
            if (await shelf.app.confirm(library)).there:
                # Held as gone, and there: a rule hides them, which only a scan says.
                await shelf.outcome()
            left = await shelf.scan()
            assert set(left) <= {"unchanged"}, f"storm {SEED + number}: {left}"
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def test_a_move_between_two_roots_is_one_request(new_shelf: NewShelf) -> None:
    trees = [Tree(new_shelf._tmp_path / name) for name in ("one", "two")]
    shelf = await new_shelf("sqlite", trees=trees)
    trees[0].add("Artist/Album/1.mp3")
    library = await shelf.library()
    one, two = (root.id for root in library.roots)
    asked = Asked(shelf)
    settings = Settings(watch_quiet_seconds=0.2, watch_cap_seconds=5, settle_seconds=0)
    rules = library_rules(shelf.pools.parts.kind, library.options)
    watching = asyncio.create_task(LibraryWatch(library, rules, asked, lambda: settings, {}).run())
    try:
        seen: set[Scope] = set()
        while len(seen) < 2:
            seen |= set((await asked.next())[0])
        (trees[0] / "Artist" / "Album").rename(trees[1] / "Album")
        moved, _ = await asked.next()
        assert moved == (Scope(one, b"Artist"), Scope(two, b""))
    finally:
        watching.cancel()
        await asyncio.wait([watching])
