"""`convert.names`: nothing in a new file leads anywhere, nothing is lost, nothing temporary is a book."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.convert import names
from shelfread.scan import skip


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("one.jpg", "one.jpg"),
        ("a/b/one.jpg", "a/b/one.jpg"),
        ("../../x", "x"),
        ("/etc/x", "etc/x"),
        ("C:\\x", "x"),
        ("C:x", "x"),
        ("c:d:e/x", "e/x"),
        ("a\\..\\..\\x", "a/x"),
        ("a//./b", "a/b"),
        ("", "unnamed"),
        ("..", "unnamed"),
        (" .. /x", "x"),
        ("tab\there\x7f.jpg", "tab_here_.jpg"),
        ("名前/一.jpg", "名前/一.jpg"),
    ],
)
def test_c4_a_name_in_the_new_file_leads_nowhere_else(name: str, safe: str) -> None:
    assert names.safe_name(name) == safe


def test_c4_entries_of_one_name_are_told_apart() -> None:
    given_names = ["a.jpg", "../a.jpg", "a.jpg", "a (2).jpg", "x/.hidden", "x/.hidden"]
    assert names.safe_names(given_names) == [
        "a.jpg",
        "a (2).jpg",
        "a (3).jpg",
        "a (2) (2).jpg",
        "x/.hidden",
        "x/.hidden (2)",
    ]


@given(st.lists(st.text(max_size=20), max_size=20))
def test_c4_no_entry_is_lost_whatever_the_names(entries: list[str]) -> None:
    safe = names.safe_names(entries)
    assert len(safe) == len(set(safe)) == len(entries)
    for name in safe:
        assert not name.startswith("/")
        assert not {"", ".", ".."} & set(name.split("/"))
        assert "\\" not in name
        name.encode()


def test_thousands_of_entries_of_one_name_take_no_time() -> None:
    assert len(set(names.safe_names(["a.jpg"] * 50_000))) == 50_000


def test_a_part_of_a_name_can_be_unpacked_on_any_filesystem() -> None:
    safe = names.safe_name("ü" * 500 + ".jpg")
    assert len(safe.encode()) <= 255
    assert safe.endswith("ü.jpg")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (b"one.cbr", b"one.cbz"),
        (b"one.v2.CB7", b"one.v2.cbz"),
        (b"one.rar", b"one.cbz"),
        (b"one.cbz", None),
        (b"one", None),
        (b".cbr", None),
        (b"one.pdf", None),
    ],
)
def test_c4_what_the_new_file_is_called(name: bytes, target: bytes | None) -> None:
    assert names.target_of(name) == target


def test_c4_no_walk_takes_a_temporary_file_for_a_book() -> None:
    name = names.temporary_name()
    assert names.is_temporary(name)
    assert name[0] == skip.DOT
    assert name[:2] != b".."
    assert not names.is_temporary(b".shelfread-mine.part")
