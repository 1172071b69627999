"""One book of what several sources say."""

from __future__ import annotations

from copy import deepcopy

from shelfread.media.books.merge import merged
from shelfread.model.books import Book, BookCredit, BookTag


def test_c7_the_first_that_knows_a_field_wins_it() -> None:
    metron = Book(series="Owls", sources=["metroninfo"])
    comicinfo = Book(series="owls", title="Night", manga=False, pages=0, sources=["comicinfo"])
    name = Book(
        series="OWLS", title="001", manga=True, scan_group="Barn", pages=7, sources=["name", "comicinfo"]
    )
    book = merged([metron, comicinfo, name])
    assert (book.series, book.title, book.manga, book.pages) == ("Owls", "Night", False, 0)
    assert book.scan_group == "Barn"
    assert book.sources == ["metroninfo", "comicinfo", "name"]


def test_c7_what_means_something_together_comes_from_one_source() -> None:
    tags = Book(number="1", volume=2016, date="2017-02", series="Owls")
    name = Book(number="7", number_sort=7.0, volume=1, volume_end=3, year=2015, series="O", series_sort="O")
    book = merged([tags, name])
    assert (book.number, book.number_sort) == ("1", 1.0)
    assert (book.volume, book.volume_end) == (2016, None)
    assert (book.date, book.year) == ("2017-02", None)
    assert (book.series, book.series_sort) == ("Owls", None)
    assert merged([Book(series_sort="x"), name]).series_sort == "O"
    assert merged([Book(year=2015), Book(date="2017-02", year=2017)]).date is None


def test_c7_a_number_is_sorted_by_the_number_in_it() -> None:
    assert merged([Book(number="Annual 2")]).number_sort == 2.0
    assert merged([Book(number="16-17")]).number_sort == 16.0
    assert merged([Book(number="Alpha")]).number_sort is None


def test_c7_lists_are_taken_as_wholes_by_role_and_type() -> None:
    first = Book(
        credits=[BookCredit("inker", "A"), BookCredit("inker", "B")],
        tags=[BookTag("genre", "x")],
        identifiers={"a": "1"},
        web=["https://a.example"],
    )
    second = Book(
        writers=["C"],
        credits=[BookCredit("writer", "C"), BookCredit("inker", "D")],
        tags=[BookTag("genre", "y"), BookTag("team", "z")],
        identifiers={"a": "2", "b": "3"},
        web=["https://b.example"],
    )
    kept = deepcopy([first, second])
    book = merged([first, second])
    assert book.writers == ["C"]
    assert book.credits == [BookCredit("inker", "A"), BookCredit("inker", "B"), BookCredit("writer", "C")]
    assert book.tags == [BookTag("genre", "x"), BookTag("team", "z")]
    assert book.identifiers == {"a": "1", "b": "3"}
    assert book.web == ["https://a.example"]
    book.web.append("https://c.example")
    book.identifiers["c"] = "4"
    assert [first, second] == kept


def test_c6_nothing_said_is_an_empty_book() -> None:
    assert merged([]) == merged([Book(), Book()]) == Book()
