"""`shelfread same`: files that are probably the same, and saying whether they are."""

from __future__ import annotations

import os

from tests.cli.conftest import Shelf


def test_files_that_are_probably_the_same_are_listed_confirmed_and_rejected(shelf: Shelf) -> None:
    paths = [shelf.sound(f"Album/{number}.mp3") for number in range(2)]
    shelf.call("library", "add", "Music", shelf.music, "--kind", "music")
    shelf.call("library", "scan", "1")
    assert "No missing file is probably the same" in shelf.call("same", "list").out
    others = [shelf.sound(f"Album/{number}.flac", "flac") for number in range(2)]
    for path in paths:
        os.unlink(path)
    shelf.call("library", "scan", "1")
    items = shelf.call("same", "list", "--library", "Music", "--json").json()["items"]
    # All of them say that they are the same track: each may be each.
    assert [(one["why"], one["old"]["path"], one["new"]["path"]) for one in items] == [
        ("tags", os.fsdecode(old), os.fsdecode(new)) for old in paths for new in others
    ]
    said = shelf.call("same", "list", "--limit", "1").out
    assert "another format" in said
    assert "There are more" in said
    first, second = str(items[0]["id"]), str(items[3]["id"])
    assert f"goes on as {items[0]['old']['id']}" in shelf.call("same", "confirm", first).out
    left = shelf.call("same", "list", "--json").json()["items"]
    assert [str(one["id"]) for one in left] == [second]
    assert shelf.call("same", "reject", second, "--json").json()["state"] == "rejected"
    refused = shelf.call("same", "confirm", second)
    assert (refused.code, "said before that the two are not the same" in refused.err) == (1, True)
    assert "there is no likeness" in shelf.call("same", "confirm", first).err
    assert shelf.call("same", "list", "--json").json() == {"items": [], "more": False}
