"""An archive is opened by what it is, whatever it is called; what is none says what it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shelfread.media.books.archives import sniff
from shelfread.media.books.archives.base import Archive, BookTrouble
from shelfread.media.books.archives.signature import signature_of
from tests.media.books.archive_makers import (
    Block,
    Entry,
    deflated,
    rar4_of,
    rar5_of,
    seven_of,
    tar_entry,
    zip_of,
)
from tests.media.books.archives.conftest import Opened

PAGES = {"p1.png": b"first " * 50, "Book/p2.png": b"second " * 50}
ENTRIES = [Entry(name.encode(), content) for name, content in PAGES.items()]
SAME = {
    "zip": zip_of(ENTRIES),
    "rar": rar5_of(ENTRIES),
    "rar 4": rar4_of(ENTRIES),
    "7z": seven_of([Block(list(PAGES.values()))], list(PAGES)),
    "tar": b"".join(tar_entry(name.encode(), content) for name, content in PAGES.items()) + bytes(1024),
}


def _contents(archive: Archive) -> dict[str, bytes]:
    return {entry.name: archive.read(entry) for entry in archive.entries}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("suffix", [".cbz", ".cbr", ".cb7", ".cbt", ".epub", ""])
def test_c1_the_content_decides_which_archive_it_is(
    name: str, suffix: str, tmp_path: Path, opened: Opened
) -> None:
    path = tmp_path / f"book{suffix}"
    path.write_bytes(SAME[name])
    archive = opened(path)
    assert archive.container == name.partition(" ")[0]
    assert sniff(SAME[name][:512]) == archive.container
    assert _contents(archive) == PAGES
    assert archive.warnings == []
    for entry in archive.entries:
        at = archive.stored_at(entry)
        assert at is not None
        assert SAME[name][at : at + entry.size] == PAGES[entry.name]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n" + bytes(600), "a PDF, not an archive"),
        (b"\xff\xd8\xff\xe0" + bytes(600), "a JPEG picture, not an archive"),
        (b"<!DOCTYPE html><title>404</title>", "a web page, not an archive"),
        (b"hello", "no archive that is known"),
        (bytes(5000), "nothing but zeros"),
    ],
)
def test_c3_what_is_no_archive_is_told_by_what_it_is(content: bytes, words: str, opened: Opened) -> None:
    with pytest.raises(BookTrouble, match=words) as caught:
        opened(content)
    assert caught.value.code == "wrong_format"
    assert sniff(content[:512]) is None


@pytest.mark.parametrize(
    ("start", "name"), [(b"\x1f\x8b\x08", "gzip"), (b"BZh9", "bzip2"), (b"\xfd7zXZ\0", "xz")]
)
def test_c3_a_packed_tar_is_named_and_not_read(start: bytes, name: str, opened: Opened) -> None:
    with pytest.raises(BookTrouble, match=f"packed with {name}") as caught:
        opened(start + bytes(1000))
    assert caught.value.code == "unsupported"


def test_a_file_that_is_replaced_while_it_is_open_is_read_as_it_was(
    tmp_path: Path, opened: Opened, fixtures: Path
) -> None:
    path = tmp_path / "book.cbr"
    path.write_bytes((fixtures / "archives" / "rar5-solid.rar").read_bytes())
    archive = opened(path)
    other = tmp_path / "other"
    other.write_bytes(SAME["rar"])
    os.replace(other, path)
    assert [len(archive.read(entry)) for entry in archive.entries] == [3108] * 3


def test_c11_listing_reads_no_pages(tmp_path: Path) -> None:
    from shelfread.media.books.archives import open_archive
    from shelfread.media.kind import Source

    class Counting(Source):
        read = 0

        def read_at(self, offset: int, length: int) -> bytes:
            found = super().read_at(offset, length)
            Counting.read += len(found)
            return found

    entries = [Entry(b"page %02d.png" % number, os.urandom(400_000)) for number in range(20)]
    for made in (zip_of(entries), rar4_of(entries), rar5_of(entries)):
        path = tmp_path / "book"
        path.write_bytes(made)
        fd = os.open(path, os.O_RDONLY)
        Counting.read = 0
        try:
            archive = open_archive(Counting(fd, os.fsencode(path), len(made)))
        finally:
            os.close(fd)
        assert len(archive.entries) == 20
        assert Counting.read < 200_000


def _keep(name: str) -> bool:
    return False


def test_a_book_that_is_packed_anew_keeps_its_signature(opened: Opened) -> None:
    packed = [Entry(e.name, e.content, packed=deflated(e.content), method=8) for e in ENTRIES[::-1]]
    signatures = {signature_of(opened(made), _keep) for made in (zip_of(packed), SAME["zip"], SAME["rar"])}
    assert len(signatures) == 1
    (signature,) = signatures
    assert signature is not None
    assert len(signature) == 16
    for other in (ENTRIES[:1], [*ENTRIES, ENTRIES[0]], [Entry(b"p3.png", ENTRIES[0].content), ENTRIES[1]]):
        assert signature_of(opened(zip_of(other)), _keep) != signature


def test_what_holds_tags_does_not_count_in_the_signature(opened: Opened) -> None:
    def tagged(text: bytes) -> bytes | None:
        archive = opened(zip_of([*ENTRIES, Entry(b"ComicInfo.xml", text)]))
        return signature_of(archive, lambda name: name == "ComicInfo.xml")

    assert tagged(b"<a/>") == tagged(b"<b/>") == signature_of(opened(SAME["zip"]), _keep)


def test_without_checksums_or_entries_there_is_no_signature(opened: Opened) -> None:
    assert signature_of(opened(SAME["tar"]), _keep) is None
    assert signature_of(opened(SAME["zip"]), lambda _: True) is None
