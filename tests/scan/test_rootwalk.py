"""`scan.rootwalk`: parts of a root at the same time, and paths that no catalogue takes."""

from __future__ import annotations

import asyncio
import os
import random
import string
import subprocess

import pytest

from shelfread.model.job import Scope
from shelfread.scan import known, walk
from shelfread.store import files, problems
from tests import catalogue
from tests.conftest import Shelf, counted
from tests.store.plans import plans_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_parts_of_a_new_library_are_scanned_at_once(shelf: Shelf) -> None:
    for number in range(3):
        shelf.tree.add(f"Music/Ann/First/{number}.mp3")
        shelf.tree.add(f"Music/Bob/Second/{number}.mp3")
    library = await shelf.library()
    reports = await asyncio.gather(
        *(
            shelf.app.scan(library, [Scope(library.roots[0].id, path)], pools=shelf.pools)
            for path in (b"Music/Ann", b"Music/Bob")
        )
    )
    assert [counted(report.outcome.counters) for report in reports] == [{"added": 3}] * 2
    paths = {row["path"] for row in await shelf.table("folders")}
    assert paths == {b"", b"Music", b"Music/Ann", b"Music/Ann/First", b"Music/Bob", b"Music/Bob/Second"}
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []
    assert await shelf.scan() == {"unchanged": 6}


async def test_a_part_after_another_uses_the_rows_above_that_are_there(shelf: Shelf) -> None:
    shelf.tree.add("Music/Ann/First/1.mp3")
    shelf.tree.add("Music/Bob/Second/1.mp3")
    both = [(0, "Music/Ann"), (0, "Music/Bob")]
    assert await shelf.scan(within=both) == {"added": 2}
    assert len(await shelf.table("folders")) == 6
    assert await shelf.scan(within=both[1:]) == {"unchanged": 1}
    assert await shelf.scan() == {"unchanged": 2}


async def test_a_folder_above_many_parts_is_asked_for_once(shelf: Shelf) -> None:
    for name in "abcdef":
        shelf.tree.add(f"Music/{name}/1.mp3")
    assert await shelf.scan() == {"added": 6}
    async with plans_of(shelf.database) as plans:
        assert await shelf.scan(within=[(0, f"Music/{name}") for name in "abcdef"]) == {"unchanged": 6}
    # The root, and the folder in it.
    assert sum("folders.path IN" in text for text, _ in plans.statements) == 2


@pytest.mark.parametrize("many", [6, 5])
async def test_of_more_folders_than_memory_is_to_hold_those_in_a_group_are_asked_for_at_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    for artist in "abcdef":
        for album in "12":
            shelf.tree.add(f"Music/{artist}/{album}/1.mp3")
    assert await shelf.scan() == {"added": 12}
    monkeypatch.setattr(known, "FOLDERS_AT_ONCE", 5)
    monkeypatch.setattr(walk, "MANY", many)
    async with plans_of(shelf.database) as plans:
        assert await shelf.scan() == {"unchanged": 12}
    by_path = [text for text, _ in plans.statements if "folders.path IN" in text]
    above = [text for text, _ in plans.statements if "folders.parent_id IN" in text]
    # The root alone; where a folder holds too many, those in it as well.
    assert len(by_path) == 1 if many == 6 else len(by_path) > 1
    # The root, and groups of those in it. Of the albums nothing is asked: they hold no folders.
    assert 0 < len(above) <= 8
    shelf.tree.move("Music/a/1", "Music/b/3")
    shelf.tree.delete("Music/c/1/1.mp3")
    shelf.tree.add("Music/new/1/1.mp3")
    assert await shelf.scan() == {"added": 1, "moved": 1, "removed": 1, "unchanged": 10}
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []
    assert await shelf.scan() == {"unchanged": 12}


async def test_a_folder_whose_path_no_index_takes_is_told_and_the_walk_goes_on(shelf: Shelf) -> None:
    shelf.tree.add("Ann/First/1.mp3")
    content = (shelf.tree / "Ann/First/1.mp3").read_bytes()
    # Not to be compressed, as an index does with what can be.
    chance = random.Random(1)
    letters = string.ascii_letters + string.digits + "+-=_,;!@#$%^&()[]{}"
    here = os.open(shelf.tree.path, os.O_RDONLY)
    first = ""
    for _ in range(14):
        name = "z" + "".join(chance.choice(letters) for _ in range(240))
        first = first or name
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
        # A problem of a file in every folder, with the longest name there is.
        os.symlink("nowhere", "b" * 251 + ".mp3", dir_fd=here)
        os.mkfifo("f" * 251 + ".mp3", dir_fd=here)
        song = os.open("1.mp3", os.O_WRONLY | os.O_CREAT, dir_fd=here)
        os.write(song, content + name.encode())
        os.close(song)
    os.close(here)
    try:
        inside = files.FOLDER_PATH_LIMIT // 242
        assert await shelf.scan() == {"added": 1 + inside}
        found = await shelf.problems()
        (long,) = (path for path, code in found if code == "folder_unreadable")
        assert files.FOLDER_PATH_LIMIT < len(long) <= problems.PATH_LIMIT
        assert len(found) == 1 + inside
        (row,) = (row for row in await shelf.table("problems") if row["code"] == "folder_unreadable")
        assert "too long for the catalogue" in row["detail"]
        assert await shelf.scan() == {"unchanged": 1 + inside}
        assert await shelf.problems() == found
    finally:
        subprocess.run(["rm", "-rf", str(shelf.tree / first)], check=True)
    await shelf.scan()
    assert ("folder_unreadable" in {code for _, code in await shelf.problems()}) is False
