"""`shelfread scan` and `library scan` as processes: results, exit codes, refusals (D31, A5, A6)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from shelfread.app import App, open_app
from shelfread.model.job import JobType, Scope
from shelfread.queue.running import RunningJob
from shelfread.settings import Settings
from tests.cli.conftest import Shelf

FIELDS = [
    "job_id", "library_id", "status", "registered", "items_found", "items_added", "items_updated",
    "items_moved", "items_restored", "items_unchanged", "items_removed", "items_failed", "items_skipped",
    "duration_s", "problems",
]  # fmt: skip


def test_a5_a6_json_has_exactly_the_fields_of_the_contract_and_a_second_scan_adds_nothing(
    shelf: Shelf,
) -> None:
    shelf.sound("Ann/One/01 a.mp3")
    shelf.sound("Ann/One/02 b.flac", "flac")
    first = shelf.run("scan", shelf.music, "--json")
    assert (first.code, first.err) == (0, "")
    document = first.json()
    assert list(document) == FIELDS
    assert (document["status"], document["registered"], document["items_added"]) == ("completed", 2, 2)
    second = shelf.call("scan", shelf.music, "--json").json()
    assert (second["items_found"], second["items_added"], second["items_unchanged"]) == (2, 0, 2)
    assert second["library_id"] == document["library_id"]
    third = shelf.call("scan", shelf.music, "--rescan", "--mode", "sync", "--json").json()
    assert (third["items_added"], third["items_updated"], third["items_unchanged"]) == (0, 0, 2)


def test_d3_d31_library_scan_is_synchronous_and_takes_number_or_name(shelf: Shelf) -> None:
    shelf.sound("a.mp3")
    assert shelf.call("library", "add", "My shelf", shelf.music, "--kind", "music").code == 0
    ended = shelf.run("library", "scan", "1", "--json")
    assert (ended.code, ended.json()["items_added"]) == (0, 1)
    ended = shelf.call("library", "scan", "My shelf", "--rescan")
    assert ended.code == 0
    assert "My shelf" in ended.out
    # Each was over when its command was, and was what it was asked to be.
    with contextlib.closing(sqlite3.connect(shelf.folder / "home/shelfread.db")) as database:
        rows = database.execute("SELECT type, status FROM library_scan_jobs ORDER BY seq").fetchall()
    assert rows == [("scan", "completed"), ("rescan", "completed")]
    assert "no library '7'" in shelf.refused("library", "scan", "7")


def test_bad_files_end_in_exit_code_3_with_path_code_and_detail(shelf: Shelf) -> None:
    good, bad = shelf.sound("good.mp3"), os.fsencode(shelf.music) + b"/b\xe9d [red]\n\x1b[2J.mp3"
    Path(os.fsdecode(bad)).write_bytes(b"")
    ended = shelf.run("scan", shelf.music, "--json")
    assert ended.code == 3
    (problem,) = ended.json()["problems"]
    assert base64.b64decode(problem["path_b64"]) == bad
    assert set(problem) == {"path", "path_b64", "code", "detail"}
    assert problem["code"] == "empty_file"
    # The same for people: nothing of a name reaches the terminal as it is.
    ended = shelf.call("scan", shelf.music)
    assert ended.code == 3
    assert "b\\xe9d [red]\\x0a\\x1b[2J.mp3" in ended.out
    assert "\x1b" not in ended.out + ended.err
    assert "shelfread problems" in ended.out
    assert os.fsdecode(good) not in ended.out


def test_a_path_that_is_no_folder_is_refused_and_makes_no_library(shelf: Shelf) -> None:
    file = shelf.sound("a.mp3")
    assert "No such file" in shelf.refused("scan", shelf.folder / "nothing")
    assert "Not a directory" in shelf.refused("scan", file)
    assert "empty path" in shelf.refused("scan", "")
    assert "[red]\\x1b" in shelf.refused("scan", "/no/[red]\x1b[2J\n")
    assert "\\xff" in shelf.refused("scan", b"/no/\xff")
    assert "No such file" in shelf.refused("scan", shelf.music, shelf.folder / "nothing")
    assert shelf.libraries() == []


def test_a_path_finds_its_library_or_makes_one(shelf: Shelf) -> None:
    shelf.sound("Ann/a.mp3")
    shelf.sound("Bob/b.mp3")
    whole = shelf.call("scan", shelf.music, "--json").json()
    # Inside a root: only that part.
    part = shelf.call("scan", shelf.music / "Ann", shelf.music / "Ann", "--json").json()
    assert (part["library_id"], part["items_found"]) == (whole["library_id"], 1)
    # Through a link: the same library.
    (shelf.folder / "link").symlink_to(shelf.music)
    linked = shelf.call("scan", shelf.folder / "link" / "Bob", "--json").json()
    assert (linked["library_id"], linked["items_found"]) == (whole["library_id"], 1)
    # Above a root, and in another library.
    assert "library 1 (Music)" in shelf.refused("scan", shelf.folder)
    assert "No such file" in shelf.refused("scan", shelf.music / "Gone")
    # Of the same name; two of them are one library.
    one, two = shelf.folder / "x" / "Music", shelf.folder / "y"
    one.mkdir(parents=True)
    two.mkdir()
    made = shelf.call("scan", one, two, one, "--json").json()
    names = {library["id"]: (library["name"], len(library["roots"])) for library in shelf.libraries()}
    assert names == {whole["library_id"]: ("Music", 1), made["library_id"]: ("Music (2)", 2)}
    assert "one at a time" in shelf.refused("scan", shelf.music, one)
    fresh = shelf.folder / "fresh"
    fresh.mkdir()
    assert "--add-root" in shelf.refused("scan", fresh, one)


def test_a_second_scan_meanwhile_is_refused(shelf: Shelf) -> None:
    shelf.sound("Ann/a.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    settings = Settings(data_dir=shelf.folder / "home")

    async def claim(app: App) -> RunningJob:
        (library,) = await app.libraries.all()
        scopes = [Scope(root.id, b"") for root in library.roots]
        return await RunningJob.claim(app.database, library.id, JobType.SCAN, scopes)

    with asyncio.Runner() as runner:
        opened = open_app(settings)
        job = runner.run(claim(runner.run(opened.__aenter__())))
        line = shelf.refused("scan", shelf.music, code=1)
        assert "running now" in line
        assert job.id in line
        ended = shelf.run("scan", shelf.music / "Ann", "--json")
        document = ended.json()
        assert (ended.code, document["status"], document["reason"]) == (1, "failed", "already_running")
        assert document["job_id"] is None
        for command in ("remove", "confirm", "reject"):
            assert "running now" in shelf.refused("library", command, "1", code=1)
        runner.run(job.cancel())
        runner.run(opened.__aexit__(None, None, None))
    assert shelf.call("scan", shelf.music).code == 0


def test_a_root_that_is_gone_fails_the_scan_and_confirm_says_how_on(shelf: Shelf) -> None:
    shelf.sound("a.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    shutil.rmtree(shelf.music)
    ended = shelf.run("scan", shelf.music, "--json")
    document = ended.json()
    assert (ended.code, document["status"], document["reason"]) == (1, "failed", "root_unavailable")
    assert document["problems"][0]["code"] == "root_unavailable"
    shelf.music.mkdir()
    ended = shelf.call("scan", shelf.music)
    assert ended.code == 1
    assert "shelfread library confirm 1" in ended.out
    assert "shelfread: " in ended.err
    assert shelf.call("library", "confirm", "1", "--json").json()["roots_confirmed"] == 1
    document = shelf.call("scan", shelf.music, "--json").json()
    assert (document["status"], document["items_removed"]) == ("completed", 1)


def test_removals_at_once_are_held_until_confirmed_or_rejected(shelf: Shelf) -> None:
    shelf.sound("stays.mp3")
    for number in range(25):
        shelf.sound(f"many/{number}.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    shutil.rmtree(shelf.music / "many")
    ended = shelf.run("scan", shelf.music)
    assert ended.code == 3
    assert "25 items disappeared" in ended.out
    assert "library confirm 1" in ended.out
    assert "library reject 1" in ended.out
    assert shelf.call("library", "reject", "1", "--json").json() == {"library_id": 1, "items_kept": 25}
    assert shelf.call("library", "reject", "1").out == "Nothing is held.\n"
    assert shelf.call("scan", shelf.music, "--json").code == 3
    back = shelf.sound("many/3.mp3")
    confirmed = shelf.call("library", "confirm", "1", "--json").json()
    assert (confirmed["items_removed"], confirmed["items_kept"]) == (24, 1)
    assert os.path.exists(back)
    items = shelf.libraries()[0]["items"]
    assert (items["missing"], items["held"]) == (24, 0)
    assert shelf.call("library", "confirm", "1").out == "There is nothing to confirm.\n"


def test_an_ignored_part_and_a_broken_database_are_one_line(shelf: Shelf) -> None:
    shelf.sound(".hidden/a.mp3")
    shelf.sound("b.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    ended = shelf.call("scan", shelf.music / ".hidden", "--json")
    assert (ended.code, ended.json()["reason"]) == (1, "exception")
    assert "never scanned" in ended.err
    database = shelf.folder / "home" / "shelfread.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer Shelfread" in shelf.refused("scan", shelf.music, code=1)
    database.write_bytes(b"not a database at all" * 100)
    assert "database" in shelf.refused("scan", shelf.music, code=1)
    ended = shelf.call("scan", shelf.music, SHELFREAD_DEBUG="1")
    assert (ended.code, "Traceback" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SHELFREAD_PARSERS", "many", "SHELFREAD_PARSERS"),
        ("SHELFREAD_DATABASE_URL", "mysql://x", "not supported"),
        ("SHELFREAD_DATABASE_URL", "nonsense", "SHELFREAD_DATABASE_URL"),
        ("SHELFREAD_DATABASE_URL", "sqlite:////no/such/folder/x.db", "cannot be opened"),
        ("SHELFREAD_DATA_DIR", "/proc/no", "/proc/no"),
    ],
)
def test_unusable_settings_are_one_line(shelf: Shelf, variable: str, value: str, said: str) -> None:
    shelf.env[variable] = value
    assert said in shelf.refused("scan", shelf.music, code=1)


@pytest.mark.parametrize(
    "args",
    [
        ("scan",),
        ("scan", "/", "--kind", "[red]"),
        ("scan", "/", "--mode", "\x1b[2J"),
        ("scan", "/", "--[red]"),
        (b"\xff\x1b",),
        ("library", "add", "x", "/"),
        ("library", "scan"),
        ("library", "scan", "9" * 40),
        ("library", "scan", "\x1b[2J\n"),
        ("library", "show", "[bold]"),
        ("problems", "--library", "\udc00"),
        ("inspect",),
        ("inspect", "-0", "x"),
        ("inspect", "--names", "x"),
        ("library", "set", "1"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(shelf: Shelf, args: tuple[str | bytes, ...]) -> None:
    args = tuple(os.fsencode(b"\xff") if arg == "\udc00" else arg for arg in args)
    assert shelf.refused(*args).isprintable()


def test_d31_library_scan_is_of_all_its_roots(shelf: Shelf) -> None:
    shelf.sound("one/a.mp3")
    shelf.sound("two/b.mp3")
    roots = [shelf.music / "one", shelf.music / "two"]
    assert shelf.call("library", "add", "Both", *roots, "--kind", "music").code == 0
    assert shelf.call("library", "scan", "Both", "--json").json()["items_added"] == 2
