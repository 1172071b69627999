"""`shelfread library convert`, as a person types it: real processes, real files."""

from __future__ import annotations

import os

import pytest

from tests.cli.conftest import Shelf
from tests.tasks.convert_stand import comic


def _books(shelf: Shelf) -> str:
    """A library of three books; gives its id."""
    for number, name in enumerate(("one.cbr", "two.cb7", "three.cbz"), 1):
        comic(shelf.folder / "Books" / "Tides" / name, number)
    added = shelf.run(
        "library", "add", "Books", shelf.folder / "Books", "--kind", "books", "--remove-originals", "--json"
    )
    return str(added.json()["id"])


def test_c4_c16_c17_books_are_converted_here_and_now_and_the_command_says_what_became_of_them(
    shelf: Shelf,
) -> None:
    library = _books(shelf)
    assert shelf.run("library", "scan", library).code == 0
    (shelf.folder / "Books" / "Tides" / "two.cbz").write_text("in the way")
    done = shelf.run("library", "convert", library, "--json")
    assert done.code == 3
    said = done.json()
    assert (said["converted"], said["originals_removed"]) == (1, 1)
    assert said["refused"] == {"target_exists": 1}
    (problem,) = said["problems"]
    assert problem["path"].endswith("Tides/two.cb7")
    assert problem["code"] == "target_exists"
    assert sorted(os.listdir(shelf.folder / "Books" / "Tides")) == [
        "one.cbz",
        "three.cbz",
        "two.cb7",
        "two.cbz",
    ]
    (shelf.folder / "Books" / "Tides" / "two.cbz").unlink()
    told = shelf.run("library", "convert", library)
    assert (told.code, "1 book converted" in told.out) == (0, True)
    assert "moved to .shelfread-trash" in told.out
    assert "30 days" in told.out
    assert "nothing to convert" in shelf.run("library", "convert", library).out
    scanned = shelf.run("library", "scan", library, "--json").json()
    assert (scanned["items_unchanged"], scanned["items_found"]) == (3, 3)
    jobs = shelf.run("jobs", "list", "--json").out
    assert jobs.count('"type": "convert"') + jobs.count('"type":"convert"') >= 3


def test_c16_a_library_of_music_has_nothing_to_convert(shelf: Shelf) -> None:
    shelf.sound("one.mp3")
    added = shelf.run("library", "add", "Music", shelf.music, "--kind", "music", "--json")
    refused = shelf.run("library", "convert", str(added.json()["id"]))
    assert refused.code == 2
    assert "only books are converted" in refused.err


@pytest.mark.parametrize("convert", [True, False])
def test_c16_a_scan_from_the_command_line_leaves_the_work_to_a_worker_if_it_is_wanted(
    shelf: Shelf, convert: bool
) -> None:
    library = _books(shelf)
    shelf.run("library", "set", library, "--convert" if convert else "--no-convert")
    assert shelf.run("library", "scan", library).code == 0
    assert ("convert" in shelf.run("jobs", "list").out) == convert
    if convert:
        assert shelf.run("worker", "--once").code == 0
        assert "one.cbz" in os.listdir(shelf.folder / "Books" / "Tides")
