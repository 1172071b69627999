"""What tests of the API share: servers that answer over real sockets, on both databases."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from shelfread.app import App
from shelfread.tasks.library_scan import Pools
from tests.api.api_stand import Live, client_of, served, tokens_of
from tests.api.book_stand import shelf_of_books
from tests.api.video_stand import scanned_videos
from tests.cli.staying_programs import house
from tests.conftest import Shelf, Tree


@pytest_asyncio.fixture(loop_scope="session")
async def live(app: App) -> AsyncIterator[Live]:
    """A server in this process, without workers, on SQLite and on PostgreSQL."""
    async with served(app) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def live_process(tmp_path: Path, database_url: str) -> AsyncIterator[Live]:
    """`shelfread serve` as a process of its own, with one worker, on SQLite and on PostgreSQL."""
    async with house(tmp_path, database_url) as made:
        tokens = await tokens_of(made.app)
        program = await made.serve()
        async with client_of(program.url) as client:
            yield Live(program.url, made.app, tokens, client, program)


@pytest_asyncio.fixture(loop_scope="session")
async def music(live: Live, tmp_path: Path, pools: Pools) -> AsyncIterator[Shelf]:
    """A scanned library of the server."""
    tree = Tree(tmp_path / "music")
    tree.add("Björk/Début/1.mp3", title="Jóga", track="1", date="1993", genre="Pop")
    tree.add("Björk/Début/2.mp3", title="Hyper", track="2", date="1993", genre="Pop")
    tree.add("Abba/Gold/1.ogg", title="Waterloo", track="1", date="1974", genre="Disco")
    library = await live.app.libraries.add("Music", "music", [os.fsencode(tree.path)])
    made = Shelf(live.app, library.id, [tree], pools)
    await made.scan()
    yield made


@pytest_asyncio.fixture(loop_scope="session")
async def comics(live: Live, tmp_path: Path, book_pools: Pools) -> AsyncIterator[Shelf]:
    """A scanned library of books of the server."""
    tree = shelf_of_books(tmp_path / "comics")
    library = await live.app.libraries.add("Comics", "books", [os.fsencode(tree.path)])
    made = Shelf(live.app, library.id, [tree], book_pools)
    await made.outcome()
    yield made


@pytest_asyncio.fixture(loop_scope="session")
async def films(live: Live, tmp_path: Path, video_pools: Pools) -> Shelf:
    """A scanned library of videos of the server."""
    return await scanned_videos(live, tmp_path / "videos", video_pools)
