"""`shelfread inspect --explain`: what a person and a program are told (C18, C19, C20)."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from tests.cli.conftest import Ended, Shelf


def _objects(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def _extras(shelf: Shelf) -> list[bytes]:
    folder = shelf.music / "extras"
    folder.mkdir()
    (shelf.music / ".shelfignore").write_text("# beside the books\nextras/\n!extras/include-me.cbz\n")
    names = ["one.cbz", "include-me.cbz"]
    for name in names:
        # No archive at all: nothing of it is read.
        (folder / name).touch(mode=0)
    return [bytes(folder / name) for name in names]


def test_c19_c20_the_rule_and_the_negation_are_named_with_their_lines(shelf: Shelf) -> None:
    one, back = _extras(shelf)
    assert shelf.call("library", "add", "Comics", shelf.music, "--kind", "books").code == 0
    ended = shelf.run("inspect", "--explain", one, back)
    assert (ended.code, ended.err) == (0, "")
    rules = f"{shelf.music}/.shelfignore"
    assert ended.out.splitlines() == [
        os.fsdecode(one),
        f"  left out  library 1 (Comics), books, root {shelf.music}",
        f"    extras/  leaves {shelf.music}/extras out (line 2 of {rules})",
        "",
        os.fsdecode(back),
        f"  taken  library 1 (Comics), books, root {shelf.music}",
        f"    extras/  leaves {shelf.music}/extras out (line 2 of {rules})",
        f"    !extras/include-me.cbz  brings it back (line 3 of {rules})",
        "",
    ]
    left_out, taken = _objects(shelf.call("inspect", "--explain", "--json", one, back))
    assert (left_out["outcome"], left_out["why"], left_out["library_id"]) == ("left_out", "excluded", 1)
    assert left_out["decided_by"]["path"] == f"{shelf.music}/extras"
    assert left_out["decided_by"]["rule"] == {"file": rules, "line": 2, "text": "extras/"}
    assert (taken["outcome"], taken["why"]) == ("taken", "brought_back")
    assert [step["why"] for step in taken["steps"]] == ["excluded", "brought_back"]


def test_c18_outside_of_all_libraries_it_says_what_it_takes_for_the_top_and_makes_no_catalogue(
    bare_shelf: Shelf,
) -> None:
    one, _ = _extras(bare_shelf)
    ended = bare_shelf.call("inspect", "--explain", one)
    assert ended.code == 0
    assert f"in no library; judged as if {bare_shelf.music} were a library of books" in ended.out
    (found,) = _objects(bare_shelf.call("inspect", "--explain", "--json", one))
    assert (found["library_id"], found["root"], found["kind"]) == (None, str(bare_shelf.music), "books")
    assert not (bare_shelf.folder / "home").exists()


def test_a_path_that_is_not_there_ends_with_code_1_and_the_others_are_explained(shelf: Shelf) -> None:
    _, back = _extras(shelf)
    ended = shelf.call("inspect", "--explain", "/no/such.cbz", back)
    assert ended.code == 1
    assert "unknown" in ended.out
    assert "is not there" in ended.out
    assert "taken" in ended.out
    outcomes = [each["why"] for each in _objects(shelf.call("inspect", "--explain", "--json", "/no/x", back))]
    assert outcomes == ["not_there", "brought_back"]


def test_rules_of_the_library_and_those_that_are_not_heeded_are_told(shelf: Shelf) -> None:
    shelf.sound("a.mp3")
    (shelf.music / ".shelfignore").write_text("fine\n[\n")
    shelf.call("library", "add", "M", shelf.music, "--kind", "music", "--ignore", "b", "--ignore", "a.*")
    ended = shelf.call("inspect", "--explain", shelf.music / "a.mp3")
    assert "a.*  leaves it out (rule 2 of the library's own)" in ended.out
    assert "not all rules are heeded" in ended.out
    assert "line 2 has an unclosed bracket" in ended.out
    # Only what a library of this kind makes of it.
    ended = shelf.call("inspect", "--explain", "--kind", "books", shelf.music / "a.mp3")
    assert "in no library" in ended.out


def test_hostile_names_and_rules_are_escaped_and_bytes_stay_bytes(shelf: Shelf) -> None:
    path = shelf.sound(b"\xff\x1b[2J\n.mp3")
    (shelf.music / ".shelfignore").write_bytes(b"*\x1b[2J*\xfe\n\xff\x1b*\n")
    ended = shelf.run("inspect", "--explain", path)
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert "\\xff\\x1b[2J\\x0a.mp3" in ended.out
    assert "\\xff\\x1b*  leaves it out (line 2 of" in ended.out
    (found,) = _objects(shelf.call("inspect", "--explain", "--json", path))
    assert base64.b64decode(found["path_b64"]) == path
    assert base64.b64decode(found["decided_by"]["rule"]["text_b64"]) == b"\xff\x1b*"


def test_explain_goes_with_paths_and_not_with_names(shelf: Shelf) -> None:
    assert "--explain" in shelf.refused("inspect", "--explain")
    assert "--explain" in shelf.refused("inspect", "--explain", "--names")
