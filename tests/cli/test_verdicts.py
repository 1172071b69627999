"""`library confirm` and `library reject` for some roots of a library; for all of it: test_scan."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Shelf
from tests.scan import unplugging


def _roots(shelf: Shelf) -> tuple[Path, Path]:
    """A scanned library with two roots, of 22 files each besides one that stays."""
    found = (shelf.music / "One", shelf.music / "Two")
    for root in found:
        shelf.sound(f"{root.name}/stays.mp3")
        for number in range(22):
            shelf.sound(f"{root.name}/many/{number}.mp3")
    assert shelf.call("library", "add", "Music", "--kind", "music", *found).code == 0
    assert shelf.call("library", "scan", "1").code == 0
    return found


def test_a_word_for_one_root_leaves_what_is_held_in_the_others(shelf: Shelf) -> None:
    one, two = _roots(shelf)
    for root in (one, two):
        shutil.rmtree(root / "many")
    assert shelf.call("library", "scan", "1").code == 3
    refused = shelf.refused("library", "confirm", "1", "--root", shelf.music)
    assert refused.endswith(f"{shelf.music} is no root of library 1 (Music)")
    assert shelf.refused("library", "reject", "1", "--root", two / "many").endswith("library 1 (Music)")
    assert shelf.libraries()[0]["items"]["held"] == 44
    assert shelf.call("library", "reject", "1", "--root", one, "--json").json()["items_kept"] == 22
    assert shelf.call("library", "reject", "1", "--root", one).out == "Nothing is held.\n"
    done = shelf.call("library", "confirm", "1", "--root", f"{two}/", "--root", one, "--json").json()
    assert (done["items_removed"], done["items_held"]) == (22, 0)
    items = shelf.libraries()[0]["items"]
    assert (items["ready"], items["missing"], items["held"]) == (24, 22, 0)


def test_only_the_root_that_is_named_is_believed_as_it_is(shelf: Shelf) -> None:
    one, two = _roots(shelf)
    for root in (one, two):
        unplugging.empty(root).pull()
    assert shelf.call("library", "scan", "1").code == 1
    assert shelf.call("library", "confirm", "1", "--root", two, "--json").json()["roots_confirmed"] == 1
    believed = {root["path"]: root["confirmed"] for root in shelf.libraries()[0]["roots"]}
    assert believed == {str(one): False, str(two): True}


def test_a_word_that_is_not_needed_or_not_possible_is_answered_with_what_to_do(shelf: Shelf) -> None:
    one, two = _roots(shelf)
    plugs = [unplugging.empty(one), unplugging.missing(two)]
    for plug in plugs:
        plug.pull()
    assert shelf.call("library", "scan", "1").code == 1
    plugs[0].put_back()
    told = shelf.call("library", "confirm", "1").out
    assert "1 root is as it was: nothing there needs your word.\n" in told
    assert told.endswith("\n  shelfread library scan 1\n")
    assert "1 root cannot be listed: bring the disk back, or take the folder out of the library." in told
    done = shelf.call("library", "confirm", "1", "--json").json()
    assert (done["roots_confirmed"], done["roots_back"], done["roots_unlisted"]) == (0, 1, 1)
