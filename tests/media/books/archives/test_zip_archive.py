"""Zip archives, honest and odd: what the directory says, and what is left without it."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO

import pytest

from shelfread.media.books.archives.base import BookTrouble, Limits
from tests.media.books.archive_makers import (
    Entry,
    deflated,
    zip64_end,
    zip_central,
    zip_end,
    zip_local,
    zip_of,
)
from tests.media.books.archives.conftest import Opened

TEXT = b"a page of a book, " * 40
PAGES = [Entry(b"p1.png", TEXT), Entry(b"p2.png", TEXT * 2, packed=deflated(TEXT * 2), method=8)]


def _names(archive: object) -> list[str]:
    return [entry.name for entry in archive.entries]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
@pytest.mark.parametrize("size", [0, 1, 70_000, 1_200_000])
def test_what_python_packed_is_read_whatever_the_method(method: int, size: int, opened: Opened) -> None:
    content = (b"%d " * 1000 % tuple(range(1000)) * (size // 1000 + 1))[:size]
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as other:
        other.writestr("folder/page.png", content)
        other.mkdir("empty")
    archive = opened(made.getvalue())
    (entry,) = archive.entries
    assert (entry.name, entry.size, entry.crc) == ("folder/page.png", size, zlib.crc32(content))
    assert archive.read(entry) == content
    assert archive.head(entry, 1000) == content[:1000]


def test_a_stored_entry_says_where_its_bytes_are(opened: Opened) -> None:
    content = zip_of([Entry(b"p0.png", TEXT, local_extra=bytes(40)), *PAGES])
    archive = opened(content)
    places = [archive.stored_at(entry) for entry in archive.entries]
    assert places[0] is not None
    assert places[1] is not None
    assert content[places[0] : places[0] + len(TEXT)] == content[places[1] : places[1] + len(TEXT)] == TEXT
    assert places[2] is None


@pytest.mark.parametrize("before", [b"#!/bin/sh\nexec unzip $0\n", b"MZ" + bytes(100_000)])
@pytest.mark.parametrize("adjusted", [False, True])
def test_bytes_before_the_archive_do_not_matter(before: bytes, adjusted: bool, opened: Opened) -> None:
    body = b"".join(map(zip_local, PAGES))
    central, at = b"", len(before) if adjusted else 0
    for entry in PAGES:
        central += zip_central(entry, at)
        at += len(zip_local(entry))
    archive = opened(before + body + central + zip_end(2, len(central), at))
    assert [archive.read(entry) for entry in archive.entries] == [TEXT, TEXT * 2]
    assert archive.warnings == []


@pytest.mark.parametrize("behind", [b"\n", b"PK\5\6", bytes(30_000)])
def test_bytes_behind_the_archive_do_not_matter(behind: bytes, opened: Opened) -> None:
    archive = opened(zip_of(PAGES) + behind)
    assert [archive.read(entry) for entry in archive.entries] == [TEXT, TEXT * 2]
    assert archive.warnings == []


@pytest.mark.parametrize("comment", [b"", b"ComicBookLover", b"x" * 65_535, zip_end(0, 0, 0) * 5 + b"."])
def test_the_comment_is_given_and_hides_nothing(comment: bytes, opened: Opened) -> None:
    archive = opened(zip_of(PAGES, comment))
    assert _names(archive) == ["p1.png", "p2.png"]
    assert archive.comment == comment


def test_zip64_sizes_and_ends_are_read(opened: Opened) -> None:
    entry = Entry(b"p1.png", TEXT, size=0xFFFFFFFF, packed_size=0xFFFFFFFF, offset=0xFFFFFFFF)
    entry.extra = struct.pack("<HHHHQQQ", 9, 0, 1, 24, len(TEXT), len(TEXT), 0)
    body, central = zip_local(entry), zip_central(entry, 0)
    at = len(body) + len(central)
    end = zip64_end(1, len(central), len(body), at) + zip_end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    for before in (b"", b"before"):
        archive = opened(before + body + central + end)
        assert archive.read(archive.entries[0]) == TEXT
        assert archive.warnings == []


def test_names_are_unicode_in_each_of_the_ways_that_are_written(opened: Opened) -> None:
    old = "Ä.png".encode("cp437")
    field = b"\1" + zlib.crc32(old).to_bytes(4, "little") + "漫画.png".encode()
    stale = b"\1" + bytes(4) + "漫画.png".encode()
    entries = [
        Entry("漫画.png".encode(), flags=0x800),
        Entry("漫画.png".encode()),
        Entry(old),
        Entry(old, extra=struct.pack("<HH", 0x7075, len(field)) + field),
        Entry(old, extra=struct.pack("<HH", 0x7075, len(stale)) + stale),
        Entry(b"\xff.png", flags=0x800),
    ]
    assert _names(opened(zip_of(entries))) == [
        *("漫画.png", "漫画.png", "Ä.png", "漫画.png", "Ä.png", "\N{REPLACEMENT CHARACTER}.png")
    ]


def test_backslashes_are_separators_and_folders_are_left_out(opened: Opened) -> None:
    entries = [Entry(b"Book\\"), Entry(b"Book\\p1.png", TEXT), Entry(b"Other/"), Entry(b"./p2.png")]
    archive = opened(zip_of(entries))
    assert _names(archive) == ["Book/p1.png", "p2.png"]
    assert archive.warnings == []


def test_entries_whose_sizes_stand_behind_them_are_read(opened: Opened) -> None:
    entries = [Entry(e.name, e.content, packed=e.packed, method=e.method, descriptor=True) for e in PAGES]
    archive = opened(zip_of(entries))
    assert [archive.read(entry) for entry in archive.entries] == [TEXT, TEXT * 2]


@pytest.mark.parametrize("descriptor", [False, True])
@pytest.mark.parametrize("cut", [1, 30, 100, 150])
def test_c3_without_its_end_an_archive_is_read_as_far_as_it_goes_and_that_is_said(
    descriptor: bool, cut: int, opened: Opened
) -> None:
    entries = [
        Entry(e.name, e.content, packed=e.packed, method=e.method, descriptor=descriptor) for e in PAGES
    ]
    whole = zip_of(entries)
    archive = opened(whole[:-cut])
    assert [archive.read(entry) for entry in archive.entries] == [TEXT, TEXT * 2][: len(archive.entries)]
    assert len(archive.entries) == (2 if cut < 150 else 1)
    (trouble,) = archive.warnings
    assert trouble.code == "truncated"
    assert "entries were found" in trouble.detail


def test_c3_an_archive_with_a_damaged_directory_is_read_by_the_headers_of_its_entries(opened: Opened) -> None:
    whole = bytearray(zip_of(PAGES))
    at = whole.index(b"PK\1\2")
    whole[at : at + 20] = bytes(20)
    archive = opened(bytes(whole))
    assert [archive.read(entry) for entry in archive.entries] == [TEXT, TEXT * 2]
    assert [trouble.code for trouble in archive.warnings] == ["damaged"]


def test_c3_a_directory_that_breaks_off_gives_what_the_headers_give(opened: Opened) -> None:
    whole = bytearray(zip_of(PAGES))
    at = whole.rindex(b"PK\1\2")
    whole[at : at + 4] = bytes(4)
    archive = opened(bytes(whole))
    assert _names(archive) == ["p1.png", "p2.png"]
    assert [trouble.code for trouble in archive.warnings] == ["damaged"]


def test_a_wrong_count_is_said_and_costs_nothing(opened: Opened) -> None:
    whole = zip_of(PAGES)
    wrong = whole[:-14] + struct.pack("<HH", 7, 7) + whole[-10:]
    archive = opened(wrong)
    assert _names(archive) == ["p1.png", "p2.png"]
    assert "it names 7, 2 can be read" in archive.warnings[0].detail


def test_an_entry_is_looked_for_where_the_directory_says_and_not_elsewhere(opened: Opened) -> None:
    archive = opened(zip_of([PAGES[0], Entry(b"p2.png", TEXT, offset=5)]))
    with pytest.raises(BookTrouble, match="does not begin where the list of entries says") as caught:
        archive.read(archive.entries[1])
    assert caught.value.code == "damaged"
    assert archive.read(archive.entries[0]) == TEXT


def test_limits_are_held_against_the_directory(opened: Opened) -> None:
    entries = [Entry(b"a", TEXT), Entry(b"b", TEXT), Entry(b"c", TEXT)]
    content = zip_of(entries)
    for limits, words in (
        (Limits(entries=2), "more than 2 entries"),
        (Limits(total_size=3 * len(TEXT) - 1, ratio_from=0), "2.1 KiB unpacked"),
        (Limits(directory_size=100), "its list of entries has"),
    ):
        with pytest.raises(BookTrouble, match=words) as caught:
            opened(content, limits)
        assert caught.value.code == "limit_exceeded"
    assert len(opened(content, Limits(entries=3, total_size=3 * len(TEXT), ratio_from=0)).entries) == 3


def test_one_entry_that_is_too_large_is_said_and_refused_alone(opened: Opened) -> None:
    noise = bytes(range(256)) * 20
    entries = [Entry(b"small.png", TEXT), Entry(b"large.png", noise)]
    archive = opened(zip_of(entries), Limits(entry_size=1000, ratio_from=1000))
    assert [trouble.code for trouble in archive.warnings] == ["limit_exceeded"]
    assert '"large.png" has 5.0 KiB unpacked, 1000 bytes are accepted' in archive.warnings[0].detail
    assert archive.read(archive.entries[0]) == TEXT
    with pytest.raises(BookTrouble, match="accepted") as caught:
        archive.read(archive.entries[1])
    assert caught.value.code == "limit_exceeded"


def test_a_reader_may_accept_less_than_the_limits_do(opened: Opened) -> None:
    archive = opened(zip_of(PAGES))
    with pytest.raises(BookTrouble, match="100 bytes are accepted"):
        archive.read(archive.entries[0], 100)
    assert archive.read(archive.entries[0], len(TEXT)) == TEXT


def test_an_entry_is_unpacked_no_further_than_its_head(opened: Opened) -> None:
    packed = deflated(TEXT * 100)
    packed = packed[: len(packed) // 2] + b"garbage" * 10
    archive = opened(zip_of([Entry(b"p.png", TEXT * 100, packed=packed, method=8)]))
    assert archive.head(archive.entries[0], 100) == TEXT[:100]
    with pytest.raises(BookTrouble):
        archive.read(archive.entries[0])
