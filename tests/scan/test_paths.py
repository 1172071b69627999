"""`scan_paths`: one record for every supported file, and for no other (PROMISES A2, A3)."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator

import pytest

from shelfread.app import KINDS
from shelfread.model.catalogue import FolderWrite
from shelfread.model.job import Scope
from shelfread.model.music import Audio
from shelfread.scan.findings import Findings
from shelfread.scan.paths import scan_paths
from shelfread.scan.plan import Mode, Plan
from shelfread.scan.progress import Progress
from shelfread.scan.roots import check
from shelfread.store.ids import IdBlocks
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _stream(shelf: Shelf, mode: Mode, progress: Progress) -> AsyncGenerator[FolderWrite]:
    library = await shelf.library()
    plan = Plan(library, tuple(Scope(root.id, b"") for root in library.roots), mode=mode)
    checks = [await check(shelf.database, root) for root in library.roots]
    return scan_paths(
        shelf.database,
        plan,
        checks,
        KINDS["music"].kind,
        shelf.pools.parsers,
        shelf.pools.walkers,
        ids=IdBlocks(shelf.database),
        job_seq=1,
        progress=progress,
        findings=Findings(),
    )


async def _parts(shelf: Shelf, mode: Mode, progress: Progress) -> list[FolderWrite]:
    return [part async for part in await _stream(shelf, mode, progress)]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a3_every_supported_file_gives_exactly_one_record(new_shelf: NewShelf, mode: Mode) -> None:
    shelf = await new_shelf()
    for number in range(7):
        shelf.tree.add(f"Artist/Album/{number} Song.mp3")
        shelf.tree.add(f"Artist/Other/{number} Song.flac")
    shelf.tree.write("Artist/Album/broken.ogg", b"no sound at all")
    shelf.tree.write("Artist/Album/notes.txt", "not a sound file")
    shelf.tree.write("Artist/Album/.hidden.mp3", "hidden")
    progress = Progress()
    parts = await _parts(shelf, mode, progress)
    records = [os.path.join(part.path, file.name) for part in parts for file in part.files]
    assert sorted(map(os.fsdecode, records)) == sorted(shelf.tree.files() - {"Artist/Album/.hidden.mp3"})
    assert progress.counters.found == progress.total == 15
    items = [file.item for part in parts for file in part.files]
    assert all(isinstance(item, Audio) for item in items)
    assert [file.name for part in parts for file in part.files if file.code] == [b"broken.ogg"]


async def test_what_the_catalogue_remembers_gives_no_record(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    shelf.tree.add("Artist/Album/1 Song.mp3")
    await shelf.scan()
    progress = Progress()
    parts = await _parts(shelf, Mode.BATCHED, progress)
    assert [file for part in parts for file in part.files] == []
    assert progress.counters.unchanged == 1


async def test_a_stream_that_is_left_early_leaves_the_pools_usable(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    for number in range(60):
        shelf.tree.add(f"Artist/Album {number}/Song.mp3")
    stream = await _stream(shelf, Mode.SYNC, Progress())
    async for part in stream:
        if part.files:
            break
    await stream.aclose()
    assert await shelf.scan() == {"added": 60}
