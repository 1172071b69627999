"""What names and folders of books say, and what they do not say."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.media.books.name_folders import folder_of
from shelfread.media.books.name_tags import date_in
from shelfread.media.books.names import from_name, inspect_name
from shelfread.media.values import number_sort
from shelfread.model.books import Book
from tests.media.books import name_table as said

RULES = {
    "numbers": said.NUMBERS,
    "counts": said.COUNTS,
    "volumes": said.VOLUMES,
    "chapters": said.CHAPTERS,
    "annuals": said.ANNUALS,
    "specials": said.SPECIALS,
    "dates": said.DATES,
    "brackets": said.BRACKETS,
    "ebooks": said.EBOOKS,
    "folders": said.FOLDERS,
}


@pytest.mark.parametrize("rule", RULES)
def test_c6_what_names_say_is_read(rule: str) -> None:
    wrong = {}
    for path, facts in RULES[rule]:
        found = _facts(path)
        if found != facts:
            wrong[path] = (found, facts)
    assert not wrong


def test_c6_what_names_do_not_say_stays_unknown_and_the_title_is_always_there() -> None:
    wrong = {
        path: found for path, title in said.NOTHING.items() if (found := _facts(path)) != {"title": title}
    }
    assert not wrong
    assert len(said.NOTHING) > sum(map(len, RULES.values())) // 2, "a third of all cases says no"


def _facts(path: str) -> dict[str, Any]:
    found = inspect_name(path.encode())
    number = found.pop("number_sort", None)
    assert number == number_sort(found.get("number"))
    if found.get("date") == str(found.get("year")):
        del found["date"]
    return found


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("1", 1.0),
        ("1.5", 1.5),
        ("16-17", 16.0),
        ("½", 0.5),
        ("1½", 1.5),
        ("-1", -1.0),
        ("Annual 2", 2.0),
        ("12AU", 12.0),
        ("1.MU", 1.0),
        ("", None),
        (None, None),
        ("x", None),
    ],
)
def test_numbers_are_sorted_by_the_first_number_in_them(number: str | None, value: float | None) -> None:
    assert number_sort(number) == value


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2018-03", (2018, "2018-03")),
        ("2018-03-14", (2018, "2018-03-14")),
        ("2018.03.14", (2018, "2018-03-14")),
        ("20180314", (2018, "2018-03-14")),
        ("March 2018", (2018, "2018-03")),
        ("14 March 2018", (2018, "2018-03-14")),
        ("March 14th, 2018", (2018, "2018-03-14")),
        ("Sept. 2018", (2018, "2018-09")),
        ("c. 1950", (1950, "1950")),
        ("1986-1987", (1986, None)),
        ("2016-present", (2016, None)),
        ("2010-12", None),
        ("2018-13", None),
        ("20181345", None),
        ("Marvel 2018", None),
        ("Maybe 2018", None),
        ("2118", None),
        ("12 2018", None),
    ],
)
def test_dates_in_brackets_are_whole_partial_or_none(text: str, date: tuple[int, str | None] | None) -> None:
    assert date_in(text, whole=True) == date


def test_a_year_alone_is_year_and_date() -> None:
    book = from_name(b"Saga 012 (2013).cbz")
    assert (book.year, book.date, book.sources) == (2013, "2013", ["name"])


def test_an_author_is_a_credit_too() -> None:
    book = from_name(b"Le Guin, Ursula K. - The Dispossessed.epub")
    (credit,) = book.credits
    assert (credit.role, credit.name, credit.sort_name) == (
        "author",
        "Ursula K. Le Guin",
        "Le Guin, Ursula K.",
    )
    assert book.writers == ["Ursula K. Le Guin"]


def test_names_that_are_not_utf_8_have_a_title_and_their_number() -> None:
    book = from_name(b"S\xe9rie 012.cbz")
    assert (book.title, book.series, book.number) == ("S\ufffdrie 012", "S\ufffdrie", "12")


@pytest.mark.parametrize(
    "suffix", [b".cbz", b".CBR", b".zip", b".rar", b".cb7", b".7z", b".cbt", b".tar", b""]
)
def test_every_name_of_a_comic_may_end_in_a_number(suffix: bytes) -> None:
    assert from_name(b"Saga 12" + suffix).number == "12"


@pytest.mark.parametrize("suffix", [b".epub", b".pdf", b".kepub.epub", b".EPUB"])
def test_names_of_books_end_in_numbers_that_count_nothing(suffix: bytes) -> None:
    book = from_name(b"Saga 12" + suffix)
    assert (book.number, book.series, book.title) == (None, None, "Saga 12")


def test_folders_are_looked_at_once() -> None:
    folder_of.cache_clear()
    for number in range(10):
        from_name(b"Publisher/Saga (2012)/%03d.cbz" % number)
    assert (folder_of.cache_info().hits, folder_of.cache_info().misses) == (9, 1)


# --- Any bytes whatever.

_PIECES = st.sampled_from(
    [
        *"()[]{}#-–_.,:;/'0½第巻話Aa٥\x00\x01",
        "1",
        "12",
        "001",
        "2018",
        "1999-12",
        "v",
        "c",
        "ch",
        "vol",
        "AB",
        "T03",
        "IV",
        "of",
        "Annual",
        "SP",
        "May",
        "Digital",
        "One-Shot",
        "Book",
        "Special",
        "Omake",
        " - ",
    ]
)
_NAMES = st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(_PIECES, st.just(" ")), max_size=120).map(
        lambda pieces: "".join(pieces).encode("utf-8", "replace")
    ),
    st.tuples(_PIECES, st.integers(1, 260)).map(lambda pair: (pair[0] * pair[1]).encode("utf-8", "replace")),
)


def _seconds(path: bytes) -> float:
    begin = time.thread_time()
    _sound(from_name(path))
    return time.thread_time() - begin


def _sound(book: Book) -> None:
    assert book.title
    assert book.sources == ["name"]
    assert book.volume_end is None or (book.volume is not None and book.volume < book.volume_end)
    assert (book.number_sort is None) == (book.number is None)


@settings(max_examples=400, deadline=None)
@given(_NAMES, st.sampled_from([b"", b".cbz", b".epub", b"/x.cbz"]))
def test_no_name_crashes_and_none_takes_five_milliseconds(name: bytes, suffix: bytes) -> None:
    # The quickest of a few, since the machine does other things as well.
    assert min(_seconds(name + suffix) for _ in range(3)) < 0.005


@pytest.mark.parametrize(
    "piece", ["(", "[", "0", "0 ", " - ", "1-", "a - 1 ", "() ", "(1)", "v1", "c01", "#1", "a-"]
)
@pytest.mark.parametrize("suffix", [".cbz", ".epub"])
def test_names_that_repeat_themselves_take_no_longer(piece: str, suffix: str) -> None:
    long = piece * (250 // len(piece))
    for path in (long + suffix, f"{long}/{long}{suffix}", f"{long} - b 01 - c{suffix}"):
        assert min(_seconds(path.encode()) for _ in range(3)) < 0.005, path[:40]
