"""One book file opened once: every fixture, its pages, facts, cover and signature (C2, C3, C6, C7)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shelfread.media.books import KIND
from shelfread.media.kind import Source
from shelfread.model.books import Book
from tests.books_on_disk import archive, cbz, comicinfo, page

Open = Callable[[Path], Source]

_MILES = {
    "series": "Miles Morales: Spider-Man",
    "number": "4",
    "publisher": "Marvel",
    "language": "en",
    "pages": 15,
}
#: What each foreign file is: container, format, code, and some of what it says.
_FIXTURES: dict[str, tuple[str, str, str | None, dict[str, Any]]] = {
    "archives/7zip-encrypted.7z": ("7z", "cb7", "encrypted", {"pages": 1}),
    "archives/7zip.7z": ("7z", "cb7", None, {"pages": 1, "first_page": "komga.png"}),
    "archives/epub3.epub": ("zip", "epub", None, {"title": "zip", "pages": None, "language": "en"}),
    "archives/rar4-encrypted.rar": ("rar", "cbr", "encrypted", {}),
    "archives/rar4-solid.rar": ("rar", "cbr", None, {"pages": 3, "first_page": "komga-1.png"}),
    "archives/rar4.rar": ("rar", "cbr", None, {"pages": 3, "first_page": "komga-1.png"}),
    "archives/rar5-encrypted.rar": ("rar", "cbr", "encrypted", {}),
    "archives/rar5-solid.rar": ("rar", "cbr", None, {"pages": 3, "first_page": "komga-1.png"}),
    "archives/rar5.rar": ("rar", "cbr", None, {"pages": 1, "first_page": "komga.png"}),
    "archives/zip-as-epub.epub": ("zip", "cbz", None, {"pages": 1}),
    "archives/zip-encrypted.zip": ("zip", "cbz", "encrypted", {"pages": 1}),
    "archives/zip.zip": ("zip", "cbz", None, {"pages": 1, "first_page": "komga.png"}),
    "books/book-complex-tree.rar": ("rar", "cbr", None, _MILES),
    "books/book-complex-tree.zip": ("zip", "cbz", None, _MILES),
    "books/book.zip": ("zip", "cbz", None, _MILES | {"first_page": "book/favicon.ico"}),
    "books/book.rar": ("rar", "cbr", None, {"pages": 1}),
    "books/book.epub": (
        "zip",
        "epub",
        None,
        {"title": "Alice's Adventures in Wonderland", "writers": ["Lewis Carroll"], "date": "2008-06-27"},
    ),
    "books/leaves.epub": ("zip", "epub", None, {"title": "Leaves of Grass", "writers": ["Walt Whitman"]}),
    "books/nested-macos-compressed.cbz": (
        "zip",
        "cbz",
        None,
        {"pages": 3, "first_page": "nested/BookFolder/1.jpeg"},
    ),
    "pdf/komga.pdf": ("pdf", "pdf", None, {}),
    "pdf/tall.pdf": ("pdf", "pdf", None, {}),
}


@pytest.mark.parametrize("name", _FIXTURES)
def test_every_fixture_gives_its_format_pages_and_facts(book_fixtures: Path, opened: Open, name: str) -> None:
    container, form, code, said = _FIXTURES[name]
    reading = KIND.inspect(opened(book_fixtures / name))
    book: Book = reading.item
    assert (reading.code, book.container, book.format) == (code, container, form), reading.detail
    assert {field: getattr(book, field) for field in said} == said
    assert reading.signature is not None
    if container == "pdf":
        assert book.pages
        assert book.pages > 0
    elif code is None:
        assert book.entries
        assert book.cover is not None
        assert book.cover.width
    elif book.pages:
        assert book.cover is not None
        assert book.cover.width is None


def test_every_fixture_is_in_the_table(book_fixtures: Path) -> None:
    there = {
        str(path.relative_to(book_fixtures))
        for folder in ("archives", "books", "pdf")
        for path in (book_fixtures / folder).iterdir()
    }
    assert there == set(_FIXTURES)


def test_the_same_pages_have_one_signature_in_any_archive(book_fixtures: Path, opened: Open) -> None:
    names = ("7zip.7z", "rar5.rar", "zip.zip", "zip-as-epub.epub")
    found = {KIND.read(opened(book_fixtures / "archives" / name)).signature for name in names}
    assert len(found) == 1


def test_a_signature_ignores_what_is_said_of_the_book_and_knows_every_page(
    tmp_path: Path, opened: Open
) -> None:
    plain = KIND.read(opened(cbz(tmp_path / "a.cbz", seed=1))).signature
    tagged = KIND.read(opened(cbz(tmp_path / "b.cbz", seed=1, info={"Series": "X"}))).signature
    other = KIND.read(opened(cbz(tmp_path / "c.cbz", seed=2))).signature
    longer = KIND.read(opened(cbz(tmp_path / "d.cbz", seed=1, pages=3))).signature
    assert plain == tagged
    assert len({plain, other, longer}) == 3


def test_pages_stand_in_natural_order_files_before_folders(tmp_path: Path, opened: Open) -> None:
    names = ["b/2.jpg", "b/10.jpg", "a/1.jpg", "z.jpg", "page 10.jpg", "page 9.jpg", "page.jpg", "10/1.jpg"]
    path = archive(tmp_path / "a.cbz", {name: page(number) for number, name in enumerate(names)})
    expected = [
        "page.jpg",
        "page 9.jpg",
        "page 10.jpg",
        "z.jpg",
        "10/1.jpg",
        "a/1.jpg",
        "b/2.jpg",
        "b/10.jpg",
    ]
    assert [KIND.open_pages(opened(path)).page(n) for n in range(8)] == [
        ("image/jpeg", page(names.index(name))) for name in expected
    ]


@pytest.mark.parametrize(
    ("names", "cover"),
    [
        (["001.jpg", "002.jpg"], "001.jpg"),
        (["001.jpg", "cover.jpg"], "cover.jpg"),
        (["001.jpg", "Cover_Front.jpg"], "Cover_Front.jpg"),
        (["001.jpg", "folder.jpg"], "folder.jpg"),
        (["001.jpg", "back cover.jpg"], "001.jpg"),
        (["001.jpg", "cover_back.jpg"], "001.jpg"),
        (["001.jpg", "covered in snow.jpg"], "001.jpg"),
        (["001.jpg", "extras/cover.jpg"], "001.jpg"),
        (["book/001.jpg", "book/cover.jpg"], "book/cover.jpg"),
        (["__MACOSX/._001.jpg", "002.jpg"], "002.jpg"),
    ],
)
def test_c5_the_cover_is_what_is_named_so_else_the_first_page(
    tmp_path: Path, opened: Open, names: list[str], cover: str
) -> None:
    path = archive(tmp_path / "a.cbz", {name: page(number) for number, name in enumerate(names)})
    book = KIND.read(opened(path)).item
    assert book.cover.entry == cover
    assert (book.cover.width, book.cover.height) == (24, 36)
    assert KIND.cover(opened(path)) == page(names.index(cover))


def test_c5_the_description_may_say_which_page_is_the_cover(tmp_path: Path, opened: Open) -> None:
    info = b'<ComicInfo><Pages><Page Image="0"/><Page Image="1" Type="FrontCover"/></Pages></ComicInfo>'
    path = cbz(tmp_path / "a.cbz", pages=3, more={"ComicInfo.xml": info})
    book = KIND.read(opened(path)).item
    assert (book.cover.entry, book.cover.number) == ("001.jpg", 1)


def test_c5_it_may_name_the_page_by_its_entry(tmp_path: Path, opened: Open) -> None:
    comet = b'<comet xmlns="http://www.denvog.com/comet/"><coverImage>001.jpg</coverImage></comet>'
    path = cbz(tmp_path / "a.cbz", pages=3, more={"CoMet.xml": comet})
    assert KIND.read(opened(path)).item.cover.number == 1


def test_c6_what_the_name_alone_says_is_marked_as_such(tmp_path: Path, opened: Open) -> None:
    path = cbz(tmp_path / "Saga 007 (2012).cbz", info={"Series": "Told"})
    book = KIND.read(opened(path)).item
    assert (book.series, book.number, book.year) == ("Told", "7", 2012)
    assert "series" not in book.guessed
    assert {"number", "year"} <= set(book.guessed)
    seen = KIND.inspect(opened(path)).item
    assert (seen.number, seen.year, seen.guessed) == (None, None, [])


def test_the_description_nearest_to_the_root_counts(tmp_path: Path, opened: Open) -> None:
    more = {
        "deep/er/ComicInfo.xml": comicinfo({"Series": "Deep"}),
        "x/comicinfo.XML": comicinfo({"Series": "Near"}),
        "__MACOSX/ComicInfo.xml": b"\0\5\x16\7",
    }
    assert KIND.read(opened(cbz(tmp_path / "a.cbz", more=more))).item.series == "Near"


def test_c3_a_book_without_pages_or_bytes_says_so(tmp_path: Path, opened: Open) -> None:
    empty = tmp_path / "empty.cbz"
    empty.write_bytes(b"")
    cases = {
        "empty_file": empty,
        "no_pages": archive(tmp_path / "texts.cbz", {"a.txt": b"x", "__MACOSX/._1.jpg": b"y"}),
        "wrong_format": tmp_path / "text.cbz",
    }
    cases["wrong_format"].write_bytes(b"<html><body>Not found</body></html>")
    for code, path in cases.items():
        reading = KIND.read(opened(path))
        assert (reading.code, reading.item.title) == (code, path.stem)
        assert reading.detail


@pytest.mark.parametrize("number", [-1, 2, 10**9])
def test_there_is_no_page_behind_the_last(tmp_path: Path, opened: Open, number: int) -> None:
    from shelfread.media.books.archives.base import BookTrouble

    with pytest.raises(BookTrouble, match="it has 2 pages"):
        KIND.open_pages(opened(cbz(tmp_path / "a.cbz"))).page(number)
