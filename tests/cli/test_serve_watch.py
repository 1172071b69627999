"""`shelfread serve` watches: a file that is put into a folder is in the catalogue without anybody asking."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from shelfread.app.watching import watches_of
from shelfread.model.library import LibraryOptions
from shelfread.model.watching import WatchState
from tests.cli.staying_programs import house, many_files, until
from tests.conftest import NewCatalogue

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's"),
]


async def test_serve_scans_what_changes_and_a_root_that_goes_costs_nothing(
    new_catalogue: NewCatalogue, tmp_path: Path
) -> None:
    music = many_files(tmp_path / "Music", 3)
    async with house(tmp_path, await new_catalogue("sqlite")) as here:
        library = await here.app.libraries.add(
            "Music", "music", [os.fsencode(music)], LibraryOptions(watch=True)
        )
        await here.serve(SHELFREAD_WATCH_QUIET_SECONDS="0.1")

        async def holds(**wanted: int) -> None:
            async def look() -> bool:
                counts = await here.app.libraries.counts(library.id)
                return wanted.items() <= counts.items()

            await until(look, f"a catalogue with {wanted}")

        async def is_in_state(state: WatchState) -> None:
            async def look() -> Any:
                found = (await watches_of(here.app)).get(library.roots[0].id)
                return found is not None and found.state is state

            await until(look, f"a root that is {state}")

        await is_in_state(WatchState.WATCHING)
        await holds(ready=3)
        album = next(path for path in music.rglob("*.mp3")).parent
        shutil.copytree(album, music / "Artist" / "New")
        await holds(ready=6)
        (music / "Artist" / "New").rename(music / "Artist" / "Newer")
        (music / "Artist" / "Newer" / "0.mp3").unlink()
        await holds(ready=5, missing=1)
        music.rename(tmp_path / "unplugged")
        await is_in_state(WatchState.SWEEPING)

        async def unavailable() -> bool:
            found = await here.app.libraries.get(library.id)
            return found is not None and found.roots[0].state.value == "unavailable"

        await until(unavailable, "a root that is unavailable")
        await holds(ready=5, missing=1)
