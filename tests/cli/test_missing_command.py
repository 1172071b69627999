"""`shelfread missing`: what is missing since when and why, and forgetting it for good."""

from __future__ import annotations

import os

from tests.cli.conftest import Shelf


def test_missing_files_are_listed_previewed_and_forgotten(shelf: Shelf) -> None:
    paths = [shelf.sound(f"Album/{number}.mp3") for number in range(3)]
    shelf.call("library", "add", "Music", shelf.music, "--kind", "music", "--prune-days", "30")
    assert shelf.libraries()[0]["options"]["prune_days"] == 30
    assert shelf.call("library", "set", "1", "--prune-days", "0").code == 0
    assert shelf.libraries()[0]["options"]["prune_days"] is None
    for option, may_be in (("--empty-ok", True), ("--no-empty-ok", False)):
        assert shelf.call("library", "set", "1", option, shelf.music).code == 0
        assert shelf.libraries()[0]["roots"][0]["empty_ok"] is may_be
    assert "is no root of" in shelf.call("library", "set", "1", "--empty-ok", shelf.folder).err
    assert "Nothing is missing" in shelf.call("missing", "list", "1").out
    shelf.call("library", "scan", "1")
    for path in paths[:2]:
        os.unlink(path)
    shelf.call("library", "scan", "1")
    listed = shelf.call("missing", "list", "Music", "--json").json()
    assert (listed["missing"], [one["missing_reason"] for one in listed["items"]]) == (2, ["gone", "gone"])
    table = shelf.call("missing", "list", "1").out
    assert "not in its folder any more" in table
    assert shelf.call("missing", "prune", "1").code == 2
    assert shelf.call("missing", "prune", "1", "--all", "--days", "1").code == 2
    ahead = shelf.call("missing", "prune", "1", "--all", "--dry-run")
    assert "2 missing files would be forgotten; nothing on disk is touched." in ahead.out
    one = str(listed["items"][0]["id"])
    done = shelf.call("missing", "prune", "1", "--file", one, "--yes", "--json").json()
    assert done == {"library_id": 1, "dry_run": False, "files": 1, "kept_back": []}
    assert "1 missing file forgotten" in shelf.call("missing", "prune", "1", "--all", "--yes").out
    assert shelf.call("missing", "list", "1", "--json").json()["items"] == []
