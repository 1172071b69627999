"""`shelfread db backup`: where the copy goes, what is said of it, and what PostgreSQL does instead."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Shelf


def test_a_copy_can_take_the_place_of_the_catalogue(shelf: Shelf) -> None:
    shelf.sound("Ann/One/song.mp3")
    assert shelf.call("library", "add", "Music", shelf.music, "--kind", "music").code == 0
    target = shelf.folder / "copy.db"
    made = shelf.call("db", "backup", target, "--json").json()
    assert made["path"] == str(target)
    assert (made["libraries"], made["files"], made["size"]) == (1, 0, target.stat().st_size)
    assert shelf.call("library", "remove", "1", "--yes").code in (0, 2)
    home = shelf.folder / "home"
    for name in home.glob("shelfread.db*"):
        if name.is_file():
            name.unlink()
    shutil.copyfile(target, home / "shelfread.db")
    assert [library["name"] for library in shelf.libraries()] == ["Music"]


def test_a_folder_gets_a_name_with_the_time_and_none_means_beside_the_catalogue(shelf: Shelf) -> None:
    folder = shelf.folder / "copies"
    folder.mkdir()
    assert shelf.call("db", "backup", folder).code == 0
    (copy,) = folder.iterdir()
    assert copy.name.startswith("shelfread-2")
    assert copy.suffix == ".backup"
    ended = shelf.call("db", "backup")
    assert ended.code == 0
    assert "Copied and checked: 0 libraries, 0 files." in ended.out
    assert Path(ended.out.split("  ")[0]).parent == shelf.folder / "home"


def test_what_cannot_be_copied_is_said_in_one_line(shelf: Shelf) -> None:
    target = shelf.folder / "there"
    target.write_text("mine")
    assert "is there already" in shelf.refused("db", "backup", target, code=1)
    assert "cannot be written" in shelf.refused("db", "backup", shelf.folder / "no" / "x", code=1)
    assert shelf.call("db").code == 2


def test_of_postgresql_it_says_what_to_run_and_no_password(shelf: Shelf) -> None:
    shelf.env["SHELFREAD_DATABASE_URL"] = "postgresql://ada:secret@db.example/shelfread"
    line = shelf.refused("db", "backup")
    assert "pg_dump" in line
    assert "postgresql://ada@db.example/shelfread" in line
    assert "secret" not in line
