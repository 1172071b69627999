"""`shelfread inspect` for books: the fields that programs get, the block that people get, names alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.books_on_disk import cbz, epub
from tests.cli.conftest import Shelf

INFO = {
    "Title": "The Will",
    "Series": "Saga",
    "Number": "1.5",
    "Count": "60",
    "Volume": "2012",
    "Summary": "It begins.\n\x85And goes on.",
    "Writer": "Brian K. Vaughan",
    "Penciller": "Fiona Staples",
    "Publisher": "Image",
    "Year": "2012",
    "Month": "3",
    "LanguageISO": "en",
    "Genre": "SF, Fantasy",
    "Characters": "Alana",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    cbz(folder / "Saga.cbz", pages=9, info=INFO)
    epub(folder / "Mort.epub", "Mort", creators=["Terry Pratchett"], series="Discworld", index="4")
    (folder / "broken.cbz").write_bytes(b"PK\3\4broken")
    (folder / "no suffix").write_bytes((folder / "Saga.cbz").read_bytes())
    (folder / "nothing.cbz").touch()
    return folder


def test_inspect_of_books_gives_the_fields_of_the_contract(bare_shelf: Shelf, books: Path) -> None:
    names = ["Saga.cbz", "Mort.epub", "no suffix", "broken.cbz", "nothing.cbz"]
    ended = bare_shelf.run("inspect", *(books / name for name in names), "--json")
    assert (ended.code, ended.err) == (3, "")
    comic, novel, unnamed, broken, empty = map(json.loads, ended.out.rstrip().split("\n"))
    assert {each["kind"] for each in (comic, novel, unnamed, broken, empty)} == {"books"}
    assert (comic["outcome"], comic["code"]) == ("ok", None)
    said = {
        "series": "Saga",
        "number": "1.5",
        "volume": 2012,
        "count": 60,
        "title": "The Will",
        "pages": 9,
        "writers": ["Brian K. Vaughan"],
        "publisher": "Image",
        "language": "en",
        "date": "2012-03",
        "year": 2012,
        "container": "zip",
        "format": "cbz",
    }
    assert {name: comic[name] for name in said} == said
    assert comic["summary"].startswith("It begins.")
    assert comic["first_page"] == comic["cover"]["entry"] == comic["entries"][0]
    assert len(comic["entries"]) == 10
    assert {"role": "penciller", "name": "Fiona Staples"} in comic["credits"]
    assert {"type": "character", "name": "Alana"} in comic["tags"]
    assert (novel["title"], novel["writers"]) == ("Mort", ["Terry Pratchett"])
    assert (novel["series"], novel["number"], novel["format"]) == ("Discworld", "4", "epub")
    # An EPUB has no pages, and nobody counts any.
    assert not {"pages", "first_page", "isbn", "count"} & novel.keys()
    assert unnamed["series"] == "Saga"
    assert (broken["outcome"], empty["code"]) == ("error", "empty_file")
    assert not (bare_shelf.folder / "home").exists(), "no database was touched"


def test_inspect_of_books_for_people(bare_shelf: Shelf, books: Path) -> None:
    ended = bare_shelf.call("inspect", books / "Saga.cbz", "--kind", "books")
    assert ended.code == 0
    rows = dict(line.strip().split("  ", 1) for line in ended.out.splitlines()[1:] if line)
    rows = {word: value.strip() for word, value in rows.items()}
    assert rows["number"] == "1.5 of 60"
    assert rows["summary"] == "It begins. And goes on."
    assert rows["credits"] == "penciller: Fiona Staples"
    assert rows["tags"] == "genre: SF, Fantasy; character: Alana"
    assert rows["pages"].startswith("9, the first is ")
    assert rows["cover"].endswith("24 x 36 image/jpeg")
    assert rows["entries"].endswith("; and 4 more")
    assert not {"number_sort", "count", "first_page", "identifiers"} & rows.keys()


def test_names_inside_a_book_are_escaped(bare_shelf: Shelf, tmp_path: Path) -> None:
    hostile = "x\x1b[2J\n"
    info = {"Title": "a\u202eb", "Publisher": "[red]", "Genre": "\u200b", "Web": hostile.strip()}
    path = cbz(tmp_path / "a.cbz", info=info, more={f"{hostile}.txt": b"x"})
    ended = bare_shelf.call("inspect", path)
    assert ended.code == 0
    assert "a\\u202eb" in ended.out
    assert "[red]" in ended.out
    assert not {"\x1b", "\u202e", "\u200b"} & set(ended.out)


def test_inspect_names_of_books(bare_shelf: Shelf) -> None:
    names = b"Saga (2012)/Saga #012 (2013) (Digital).cbz\nAda/One.epub\0".replace(b"\n", b"\0")
    ended = bare_shelf.run("inspect", "--names", "-0", "--kind", "books", "--json", stdin=names)
    comic, novel = map(json.loads, ended.out.rstrip().split("\n"))
    assert (comic["series"], comic["number"], comic["year"]) == ("Saga", "12", 2013)
    assert (comic["kind"], comic["outcome"], novel["title"]) == ("books", "ok", "One")
    assert "number" not in novel
    # The suffix says the kind of a name.
    ended = bare_shelf.run("inspect", "--names", stdin=b"Saga (2012)/Saga #012 (of 60).cbz\n")
    rows = dict(line.strip().split("  ", 1) for line in ended.out.splitlines()[1:] if line)
    assert rows["number"].strip() == "12 of 60"
