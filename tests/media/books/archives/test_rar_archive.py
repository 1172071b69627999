"""RAR archives: what the headers of both versions say, and what the library does when it is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfread.media.books.archives.base import BookTrouble, Limits
from tests.media.books.archive_makers import RAR4, Entry, rar4_block, rar4_of, rar5_of
from tests.media.books.archives.conftest import Opened

PAGE = b"a page " * 100


def _names(archive: object) -> list[str]:
    return [entry.name for entry in archive.entries]  # type: ignore[attr-defined]


def test_a_name_of_rar_4_has_its_unicode_form(opened: Opened) -> None:
    # Each way of packing a character: as it is, under the high byte, whole, and runs of the plain name.
    packed = bytes([0x30, 0b00_01_10_11, ord("a"), 0x42, 0x2B, 0x6F, 2, 0b11_000000, 0x81, 1])
    plain = b"a??.pngXYZ"
    (name,) = _names(opened(rar4_of([Entry(plain + b"\0" + packed, PAGE, flags=0x200)])))
    assert name[:7] == "aあ漫.png"
    assert len(name) == 10


@pytest.mark.parametrize(
    ("raw", "flags", "shown"),
    [
        ("漫画.png".encode(), 0x200, "漫画.png"),
        ("Ä.png".encode("cp437"), 0, "Ä.png"),
        (b"Book\\p1.png", 0, "Book/p1.png"),
        (b"p1.png\0", 0x200, "p1.png"),
    ],
)
def test_other_names_of_rar_4_are_read_as_they_were_written(
    raw: bytes, flags: int, shown: str, opened: Opened
) -> None:
    assert _names(opened(rar4_of([Entry(raw, PAGE, flags=flags)]))) == [shown]


def test_folders_are_left_out_and_what_follows_them_is_read(opened: Opened) -> None:
    for made in (
        rar4_of([Entry(b"Book", flags=0xE0), Entry(b"Book\\p.png", PAGE)]),
        rar5_of([Entry(b"Book", flags=1), Entry(b"Book/p.png", PAGE)]),
    ):
        archive = opened(made)
        assert _names(archive) == ["Book/p.png"]
        assert archive.read(archive.entries[0]) == PAGE


def test_blocks_between_the_entries_are_passed_over(opened: Opened) -> None:
    whole = rar4_of([Entry(b"p.png", PAGE)])
    other = rar4_block(0x78, 0x8000, (50).to_bytes(4, "little")) + bytes(50) + rar4_block(0x75, 0, bytes(6))
    archive = opened(whole[:20] + other + whole[20:])
    assert archive.read(archive.entries[0]) == PAGE
    assert archive.warnings == []


def test_an_archive_of_rar_2_has_no_end_record_and_is_whole(opened: Opened) -> None:
    archive = opened(rar4_of([Entry(b"p.png", PAGE)], ended=False))
    assert archive.warnings == []
    assert opened(rar5_of([Entry(b"p.png", PAGE)], ended=False)).warnings[0].code == "truncated"


def test_large_sizes_of_rar_4_stand_in_fields_of_their_own(opened: Opened) -> None:
    whole = rar4_of([Entry(b"p.png", PAGE)])
    rest = whole[20 + 7 : 20 + 32] + (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + b"p.png"
    made = RAR4 + rar4_block(0x73, 0, bytes(6)) + rar4_block(0x74, 0x8100, rest)
    with pytest.raises(BookTrouble, match=r'the file ends inside "p\.png"'):
        opened(made)


def test_an_archive_of_before_1996_is_named(opened: Opened) -> None:
    with pytest.raises(BookTrouble, match="before 1996") as caught:
        opened(b"RE\x7e\x5e" + bytes(100))
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize("name", ["rar4-solid.rar", "rar5-solid.rar"])
def test_a_dictionary_larger_than_accepted_is_not_reserved(name: str, fixtures: Path, opened: Opened) -> None:
    archive = opened(fixtures / "archives" / name, Limits(dictionary_size=1000))
    with pytest.raises(BookTrouble, match="needs a dictionary of") as caught:
        archive.read(archive.entries[0])
    assert caught.value.code == "limit_exceeded"


def test_the_library_can_be_stopped_inside_an_entry_and_used_again(fixtures: Path, opened: Opened) -> None:
    archive = opened(fixtures / "books" / "book-complex-tree.rar")
    (entry,) = (one for one in archive.entries if one.name.endswith("Stump/Comics/.DS_Store"))
    for _ in range(3):
        assert len(archive.head(entry, 100)) == 100
        assert len(archive.read(entry)) == 6148
    assert archive.head(entry, 0) == b""


@pytest.mark.parametrize("name", ["rar4-solid.rar", "rar5-solid.rar"])
def test_two_different_lists_of_entries_are_not_believed(name: str, fixtures: Path, opened: Opened) -> None:
    archive = opened(fixtures / "archives" / name)
    entry = archive.entries[1]._replace(size=3000, packed=3000)
    with pytest.raises(BookTrouble, match="two different lists") as caught:
        archive.read(entry)
    assert caught.value.code == "damaged"


def test_what_unpacks_to_more_than_announced_is_stopped(fixtures: Path, opened: Opened) -> None:
    from shelfread.media.books.archives.rar import RarArchive

    archive = opened(fixtures / "archives" / "rar5-solid.rar")
    assert isinstance(archive, RarArchive)
    entry = archive.entries[0]
    assert archive._unpacked(entry, 100, whole=True)[:-1] == archive.read(entry)[:100]
