"""`shelfread problems`, and what a person does not want to see of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.cli.conftest import Shelf


def _set_aside(shelf: Shelf, code: str) -> None:
    with closing(sqlite3.connect(shelf.folder / "home" / "shelfread.db")) as there, there:
        there.execute("UPDATE problems SET ignored_at = 1700000000000000 WHERE code = ?", (code,))


def test_what_was_set_aside_is_out_of_sight_and_no_reason_to_end_with_3(shelf: Shelf) -> None:
    (shelf.music / "empty.mp3").write_bytes(b"")
    (shelf.music / "text.mp3").write_bytes(b"no music at all, " * 99)
    assert shelf.run("scan", shelf.music, "--json").code == 3
    both = shelf.call("problems", "--json").json()["problems"]
    assert {(one["code"], one["ignored_at"]) for one in both} == {
        ("empty_file", None),
        ("wrong_format", None),
    }
    _set_aside(shelf, "empty_file")
    (left,) = shelf.call("problems", "--json").json()["problems"]
    assert left["code"] == "wrong_format"
    told = shelf.call("problems").out
    assert "1 problem set aside: shelfread problems --ignored" in told
    assert "empty.mp3" not in told
    (aside,) = shelf.call("problems", "--ignored", "--json").json()["problems"]
    assert (aside["code"], aside["ignored_at"]) == ("empty_file", "2023-11-14T22:13:20.000Z")
    assert "text.mp3" not in shelf.call("problems", "--ignored").out
    again = shelf.call("scan", shelf.music, "--json")
    assert (again.code, [one["code"] for one in again.json()["problems"]]) == (3, ["wrong_format"])
    _set_aside(shelf, "wrong_format")
    again = shelf.call("scan", shelf.music, "--json")
    assert (again.code, again.json()["problems"]) == (0, [])
    assert shelf.call("library", "show", "1", "--json").json()["open_problems"] == 0
    assert "No problems" in shelf.call("problems").out


def test_where_nothing_was_set_aside_it_is_not_spoken_of(shelf: Shelf) -> None:
    (shelf.music / "empty.mp3").write_bytes(b"")
    shelf.run("scan", shelf.music)
    assert "aside" not in shelf.call("problems").out
    assert "No problems are set aside" in shelf.call("problems", "--ignored").out
