"""The archives that other programs made: every entry of every one."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.archives.signature import signature_of
from tests.media.books.archives.conftest import Opened

ZIPS = [
    *("archives/epub3.epub", "archives/zip-as-epub.epub", "archives/zip.zip", "books/book-complex-tree.zip"),
    *("books/book.epub", "books/book.zip", "books/leaves.epub", "books/nested-macos-compressed.cbz"),
]
KOMGA_CRC, FAVICON_CRC = 0x2F7C823B, 0xC43E0221
OTHERS = {
    "archives/7zip.7z": ("7z", {"komga.png": KOMGA_CRC}),
    "archives/rar4.rar": ("rar", {f"komga-{number}.png": KOMGA_CRC for number in (1, 2, 3)}),
    "archives/rar4-solid.rar": ("rar", {f"komga-{number}.png": KOMGA_CRC for number in (1, 2, 3)}),
    "archives/rar5.rar": ("rar", {"komga.png": KOMGA_CRC}),
    "archives/rar5-solid.rar": ("rar", {f"komga-{number}.png": KOMGA_CRC for number in (1, 2, 3)}),
    "books/book.rar": ("rar", {"zipped_favicon/favicon.ico": FAVICON_CRC}),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_archive_has_the_entries_and_the_bytes_that_python_finds(
    name: str, fixtures: Path, opened: Opened
) -> None:
    archive = opened(fixtures / name)
    assert archive.container == "zip"
    assert archive.warnings == []
    with zipfile.ZipFile(fixtures / name) as other:
        infos = [one for one in other.infolist() if not one.is_dir()]
        assert [entry[:4] for entry in archive.entries] == [
            (one.filename, one.file_size, one.compress_size, one.CRC) for one in infos
        ]
        for entry, one in zip(archive.entries, infos, strict=True):
            content = other.read(one)
            assert archive.read(entry) == content
            assert archive.head(entry, 100) == content[:100]


@pytest.mark.parametrize("name", OTHERS)
def test_c1_rar_and_7z_archives_of_every_version_have_their_entries_and_bytes(
    name: str, fixtures: Path, opened: Opened
) -> None:
    container, expected = OTHERS[name]
    archive = opened(fixtures / name)
    assert archive.container == container
    assert archive.warnings == []
    assert {entry.name: entry.crc for entry in archive.entries} == expected
    for entry in archive.entries:
        content = archive.read(entry)
        assert zlib.crc32(content) == expected[entry.name]
        assert archive.head(entry, 100) == content[:100]


def test_a_deep_tree_is_the_same_as_rar_and_as_zip(fixtures: Path, opened: Opened) -> None:
    as_rar = opened(fixtures / "books/book-complex-tree.rar")
    as_zip = opened(fixtures / "books/book-complex-tree.zip")
    contents = [{entry.name: one.read(entry) for entry in one.entries} for one in (as_rar, as_zip)]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 29
    assert signature_of(as_rar, lambda _: False) == signature_of(as_zip, lambda _: False)


@pytest.mark.parametrize("name", ["rar4-solid.rar", "rar5-solid.rar", "book-complex-tree.rar"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0), (2, 0, 2)])
def test_entries_of_a_rar_archive_can_be_read_in_any_order(
    name: str, order: tuple[int, ...], fixtures: Path, opened: Opened
) -> None:
    archive = opened(fixtures / ("books" if "tree" in name else "archives") / name)
    for number in order:
        entry = archive.entries[number]
        content = archive.read(entry)
        assert zlib.crc32(content) == entry.crc
        assert archive.head(entry, 10) == content[:10]
        assert archive.read(entry) == content


@pytest.mark.parametrize("name", ["rar4-encrypted.rar", "rar5-encrypted.rar"])
def test_c3_an_archive_whose_names_are_encrypted_is_refused_with_that_code(
    name: str, fixtures: Path, opened: Opened
) -> None:
    with pytest.raises(BookTrouble, match="its list of entries too") as caught:
        opened(fixtures / "archives" / name)
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize("name", ["zip-encrypted.zip", "7zip-encrypted.7z"])
def test_c3_an_archive_whose_contents_are_encrypted_is_listed_and_says_so_when_read(
    name: str, fixtures: Path, opened: Opened
) -> None:
    archive = opened(fixtures / "archives" / name)
    (entry,) = archive.entries
    assert (entry.name, entry.size, entry.encrypted) == ("komga.png", 3108, True)
    with pytest.raises(BookTrouble, match="is encrypted") as caught:
        archive.read(entry)
    assert caught.value.code == "encrypted"
    with pytest.raises(BookTrouble, match="is encrypted"):
        archive.head(entry, 10)


@pytest.mark.parametrize(
    "name", ["archives/rar4-solid.rar", "archives/rar5-solid.rar", "books/book-complex-tree.rar"]
)
def test_a_rar_archive_that_is_packed_is_damaged_where_its_bytes_are(
    name: str, fixtures: Path, opened: Opened
) -> None:
    whole = opened(fixtures / name)
    content = bytearray((fixtures / name).read_bytes())
    content[150:155] = b"wrong"
    archive = opened(bytes(content))
    assert [entry.name for entry in archive.entries] == [entry.name for entry in whole.entries]
    with pytest.raises(BookTrouble, match="packed bytes") as caught:
        archive.read(archive.entries[0])
    assert caught.value.code == "damaged"
    if "tree" in name:  # not solid: the others are sound
        last = archive.entries[-1]
        assert archive.read(last) == whole.read(whole.entries[-1])
