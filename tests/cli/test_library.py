"""`shelfread library`, `problems` and `doctor` as processes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from shelfread.cli.doctor import sqlite_check
from shelfread.model.library import LibraryOptions, options_json
from tests.cli.conftest import Shelf

#: The options of a library of which nothing was said.
USUAL = options_json(LibraryOptions())


def test_a_library_is_added_listed_shown_changed_and_removed(shelf: Shelf) -> None:
    shelf.sound("a.mp3")
    second = shelf.folder / "second"
    second.mkdir()
    assert "no library yet" in shelf.call("library", "list").out
    added = shelf.run(
        "library", "add", "Küche", shelf.music, "--kind", "music", "--follow-symlinks", "--ignore", "*.tmp",
        "--ignore", "!x", "--json",
    ).json()  # fmt: skip
    assert added["options"] == USUAL | {"follow_symlinks": True, "ignore": ["*.tmp", "!x"]}
    assert added["roots"][0]["path"] == str(shelf.music)
    assert "named 'Küche'" in shelf.refused("library", "add", "Küche", second, "--kind", "music", code=1)
    shelf.call("library", "scan", "1")
    shown = shelf.call("library", "show", "Küche", "--json").json()
    assert (shown["items"]["ready"], shown["scans"][0]["status"]) == (1, "completed")
    assert "Küche" in shelf.call("library", "show", "1").out
    changed = shelf.call(
        "library", "set", "1", "--name", "Music", "--no-follow-symlinks", "--ignore-ctime", "--ignore-inode",
        "--no-ignore", "--add-root", second, "--json",
    ).json()  # fmt: skip
    assert changed["name"] == "Music"
    assert changed["options"] == USUAL | {"ignore_ctime": True, "ignore_inode": True}
    assert [root["path"] for root in changed["roots"]] == [str(shelf.music), str(second)]
    assert "is no root" in shelf.refused("library", "set", "1", "--remove-root", "/nowhere")
    assert "overlap" in shelf.refused("library", "set", "1", "--add-root", second / "x")
    assert shelf.call("library", "set", "1", "--remove-root", second).code == 0
    assert "needs a root" in shelf.refused("library", "set", "1", "--remove-root", shelf.music)
    assert "Music" in shelf.call("library", "list").out
    assert shelf.call("library", "remove", "1").code == 0
    assert shelf.libraries() == []
    assert (shelf.music / "a.mp3").exists()


def test_c13_to_c17_what_holds_for_a_library_can_be_said_of_it(shelf: Shelf) -> None:
    wanted = [
        "--pattern", "collection", "--no-thumbnails", "--thumbnail-format", "jpeg",
        "--thumbnail-quality", "70", "--thumbnail-size", "200x300",
        "--convert", "--remove-originals", "--trash-days", "7", "--ffprobe",
    ]  # fmt: skip
    said = {
        "pattern": "collection", "thumbnails": False, "thumbnail_format": "jpeg", "thumbnail_quality": 70,
        "thumbnail_width": 200, "thumbnail_height": 300, "convert": True, "remove_originals": True,
        "trash_days": 7, "ffprobe": True,
    }  # fmt: skip
    add = ("library", "add", "Books", shelf.music, "--kind", "books")
    assert shelf.call(*add, *wanted, "--json").json()["options"] == USUAL | said
    scaled = shelf.call("library", "set", "1", "--thumbnail-scale", "0.75", "--no-convert", "--json").json()
    assert scaled["options"] == USUAL | said | {"thumbnail_scale": 0.75, "convert": False}
    sized = shelf.call("library", "set", "1", "--thumbnail-size", "64x64", "--json").json()["options"]
    assert (sized["thumbnail_scale"], sized["thumbnail_width"]) == (None, 64)
    for words, why in (
        (("--thumbnail-size", "400"), "WIDTHxHEIGHT"),
        (("--thumbnail-size", "1x1"), "16 to 4096"),
        (("--thumbnail-quality", "0"), "1 to 100"),
        (("--thumbnail-scale", "2"), "0.01 to 1"),
        (("--trash-days", "-1"), "0 to 36500"),
        (("--pattern", "odd"), "series"),
        (("--thumbnail-format", "tiff"), "webp"),
    ):
        assert why in shelf.refused("library", "set", "1", *words)


def test_hostile_names_and_roots_are_refused_in_one_line(shelf: Shelf) -> None:
    kind = ("--kind", "music")
    for name in ("", " x", "\x1b[2J", "a\nb", "x" * 300, b"\xff"):
        assert "printable characters" in shelf.refused("library", "add", name, shelf.music, *kind)
    assert "overlap" in shelf.refused("library", "add", "x", shelf.music, shelf.music / "y", *kind)
    assert "no folder" in shelf.refused("library", "add", "x", "/no/\x1b[2J", *kind)
    assert "ignore rule" in shelf.refused("library", "add", "x", shelf.music, *kind, "--ignore", "a\nb")
    assert shelf.libraries() == []


def test_problems_are_listed_for_all_or_one_library(shelf: Shelf) -> None:
    assert shelf.call("problems").out == "No problems.\n"
    odd = os.fsencode(shelf.music) + b"/\xff\x1b[2J.mp3"
    Path(os.fsdecode(odd)).touch()
    shelf.call("scan", shelf.music)
    ended = shelf.run("problems")
    assert ended.code == 0
    assert "\\xff\\x1b[2J.mp3" in ended.out
    assert "\x1b" not in ended.out
    (problem,) = shelf.call("problems", "--library", "Music", "--json").json()["problems"]
    assert (problem["code"], problem["library_id"]) == ("empty_file", 1)
    assert problem["found_at"].endswith("Z")
    assert "no library '2'" in shelf.refused("problems", "--library", "2")


def test_doctor_is_fine_before_and_after_the_first_scan_and_changes_nothing(bare_shelf: Shelf) -> None:
    shelf = bare_shelf
    ended = shelf.run("doctor", "--json")
    assert ended.code == 0
    assert not (shelf.folder / "home").exists()
    shelf.call("scan", shelf.music)
    checks = {check["name"]: check["status"] for check in shelf.call("doctor", "--json").json()["checks"]}
    assert {name for name, status in checks.items() if status == "failed"} == set()
    wanted = {"version", "sqlite", "locale", "processors", "settings", "workers", "folder"}
    wanted |= {"space", "filesystem"}
    assert wanted | {"database", "schema", "writing", "integrity", "processes", "ffprobe"} == set(checks)
    (shelf.folder / "home").chmod(0o755)
    assert "warning  folder" in shelf.call("doctor").out


def test_doctor_says_what_is_broken(shelf: Shelf) -> None:
    shelf.call("library", "list")
    database = shelf.folder / "home" / "shelfread.db"
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    ended = shelf.run("doctor")
    assert (ended.code, "newer Shelfread" in ended.out) == (1, True)
    database.write_bytes(b"rubbish" * 1000)
    ended = shelf.call("doctor", "--json")
    assert (ended.code, ended.json()["status"]) == (1, "failed")
    ended = shelf.call("doctor", SHELFREAD_PARSERS="x")
    assert ended.code == 1
    assert "SHELFREAD_PARSERS" in ended.out


def test_doctor_names_the_known_fault_of_the_sqlite_library() -> None:
    for version in ((3, 7, 0), (3, 40, 1), (3, 51, 2)):
        assert sqlite_check(version).status == "warning"
    for version in ((3, 6, 23), (3, 51, 3), (4, 0, 0)):
        assert sqlite_check(version).status == "ok"
