"""Servers that stay until the end of the run, for tests that only look: most of a small test is its server.

A test with the mark `lasting` asks one of them, with just the libraries that it names as fixtures, each
scanned once. All others have a server of their own. Whoever changes something on a lasting one fails the run.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from shelfread.app import App, open_app
from shelfread.settings import Settings
from shelfread.tasks.library_scan import Pools
from tests import catalogue
from tests.api.api_stand import Live, served
from tests.api.book_stand import shelf_of_books
from tests.api.video_stand import shelf_of_videos
from tests.conftest import NewCatalogue, Shelf, Tree

#: For a test that changes nothing.
LASTING = pytest.mark.lasting
#: Fixtures that are libraries.
SHELVES = ("music", "comics", "films")
#: What asking alone leaves behind.
_LEFT = {"search_rows", "search_due", "sessions", "tokens"}


async def scanned_shelf(name: str, app: App, folder: Path, pools: Pools) -> Shelf:
    """One of `SHELVES`, scanned."""
    if name == "music":
        tree = Tree(folder / "music")
        tree.add("Björk/Début/1.mp3", title="Jóga", track="1", date="1993", genre="Pop")
        tree.add("Björk/Début/2.mp3", title="Hyper", track="2", date="1993", genre="Pop")
        tree.add("Abba/Gold/1.ogg", title="Waterloo", track="1", date="1974", genre="Disco")
    elif name == "comics":
        tree = shelf_of_books(folder / "comics")
    else:
        tree = shelf_of_videos(folder / "videos")
    kind = pools.parts.kind.name
    library = await app.libraries.add(name.capitalize(), kind, [os.fsencode(tree.path)])
    made = Shelf(app, library.id, [tree], pools)
    await made.outcome()
    return made


class Lasting:
    """A server and its libraries."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live = live
        self._folder = folder
        self._shelves: dict[str, Shelf] = {}
        self._before: catalogue.Rows = {}

    async def begin(self) -> None:
        """Remember what there is."""
        self._before = await self._rows()

    async def shelf(self, name: str, pools: Pools) -> Shelf:
        """One of its libraries, scanned when it is first wanted."""
        if name not in self._shelves:
            self._shelves[name] = await scanned_shelf(name, self.live.app, self._folder, pools)
            await self.begin()
        return self._shelves[name]

    async def is_unchanged(self) -> bool:
        """Whether all is as it was."""
        return await self._rows() == self._before

    async def _rows(self) -> catalogue.Rows:
        found = await catalogue.rows(self.live.app.database)
        return {name: rows for name, rows in found.items() if name not in _LEFT}


class LastingServers:
    """Those of one database, one for each choice of libraries, started when it is first wanted."""

    def __init__(self, stack: AsyncExitStack, database_kind: str, folder: Path, new: NewCatalogue) -> None:
        self._stack = stack
        self._database_kind = database_kind
        self._folder = folder
        self._new = new
        self._made: dict[tuple[str, ...], Lasting] = {}

    async def of(self, fixtures: Collection[str]) -> Lasting:
        """The one for the libraries among the fixtures of a test."""
        key = tuple(name for name in SHELVES if name in fixtures)
        if key not in self._made:
            self._made[key] = await self._stack.enter_async_context(self._lasting(key))
        return self._made[key]

    @asynccontextmanager
    async def _lasting(self, key: tuple[str, ...]) -> AsyncIterator[Lasting]:
        folder = self._folder / "-".join(("with", *key))
        folder.mkdir()
        url = await self._new(self._database_kind)
        settings = Settings(database_url=url, settle_seconds=0, data_dir=folder / "data")
        async with open_app(settings) as app, served(app) as live:
            made = Lasting(live, folder)
            await made.begin()
            yield made
            assert await made.is_unchanged(), f"a test with the mark `lasting` changed something: {key}"


@asynccontextmanager
async def lasting_servers(
    database_kind: str, folder: Path, new: NewCatalogue
) -> AsyncIterator[LastingServers]:
    """The servers of one database, until all tests are done."""
    async with AsyncExitStack() as stack:
        yield LastingServers(stack, database_kind, folder, new)
