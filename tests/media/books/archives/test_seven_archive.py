"""7z archives: every way of packing that is read, and the order of reading."""

from __future__ import annotations

import bz2
import lzma
import os
from typing import Any

import pytest

from shelfread.media.books.archives.base import BookTrouble, Limits
from tests.media.books.archive_makers import (
    LZMA2,
    LZMA2_CODER,
    Block,
    deflated,
    lzma_packed,
    number_8,
    seven_of,
)
from tests.media.books.archives.conftest import Opened

CONTENTS = [b"A" * 1000 + os.urandom(3000), b"", b"\xe8\1\2\3\4 call" * 20_000, os.urandom(500)]
WHOLE = b"".join(CONTENTS)
NAMES = ["p1.png", "p2.png", "Book/p3.png", "p4.png"]
LZMA1: dict[str, Any] = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}
LZMA1_CODER = (b"\3\1\1", b"\x5d" + (1 << 20).to_bytes(4, "little"))
WAYS: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {
    "copy": ([(b"\0", b"")], WHOLE),
    "lzma2": ([LZMA2_CODER], lzma_packed(WHOLE)),
    "lzma": ([LZMA1_CODER], lzma_packed(WHOLE, LZMA1)),
    "deflate": ([(b"\4\1\x08", b"")], deflated(WHOLE)),
    "bzip2": ([(b"\4\2\2", b"")], bz2.compress(WHOLE)),
    "x86, lzma2": ([(b"\3\3\1\3", b""), LZMA2_CODER], lzma_packed(WHOLE, {"id": lzma.FILTER_X86}, LZMA2)),
    "x86, lzma": ([(b"\4", b""), LZMA1_CODER], lzma_packed(WHOLE, {"id": lzma.FILTER_X86}, LZMA1)),
    "arm, lzma": ([(b"\3\3\5\1", b""), LZMA1_CODER], lzma_packed(WHOLE, {"id": lzma.FILTER_ARM}, LZMA1)),
    "delta, lzma2": (
        [(b"\3", b"\2"), LZMA2_CODER],
        lzma_packed(WHOLE, {"id": lzma.FILTER_DELTA, "dist": 3}, LZMA2),
    ),
    "deflate, bzip2": ([(b"\4\1\x08", b""), (b"\4\2\2", b"")], b""),
}


@pytest.mark.parametrize("packed_header", [False, True])
@pytest.mark.parametrize("way", [way for way in WAYS if WAYS[way][1]])
def test_every_way_of_packing_that_is_read_gives_the_bytes(
    way: str, packed_header: bool, opened: Opened
) -> None:
    coders, packed = WAYS[way]
    content = [CONTENTS[0], *CONTENTS[2:]]
    names = [NAMES[0], *NAMES[2:], "empty.txt", "folder"]
    made = seven_of(
        [Block(content, coders, packed)], names, empty=[3], folders=[4], packed_header=packed_header
    )
    archive = opened(made)
    assert [entry.name for entry in archive.entries] == names[:4]
    assert [archive.read(entry) for entry in archive.entries] == [*content, b""]
    assert archive.warnings == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1), (0, 2, 0), (2,)])
def test_entries_of_a_solid_block_can_be_read_in_any_order(order: tuple[int, ...], opened: Opened) -> None:
    content = [CONTENTS[0], *CONTENTS[2:]]
    archive = opened(seven_of([Block(content, *WAYS["lzma2"])], NAMES[:3]))
    for number in order:
        entry = archive.entries[number]
        assert archive.head(entry, 10) == content[number][:10]
        assert archive.head(entry, 100) == content[number][:100]
        assert archive.read(entry) == content[number]


def test_pages_read_in_order_unpack_every_byte_once(monkeypatch: pytest.MonkeyPatch, opened: Opened) -> None:
    from shelfread.media.books.archives import unpack

    given = 0
    real = unpack._tried

    def counting(call: Any, *arguments: Any) -> Any:
        nonlocal given
        found = real(call, *arguments)
        given += len(found) if isinstance(found, bytes) else 0
        return found

    content = [os.urandom(10_000) for _ in range(20)]
    whole = b"".join(content)
    archive = opened(
        seven_of([Block(content, [LZMA2_CODER], lzma_packed(whole))], list("abcdefghijklmnopqrst"))
    )
    monkeypatch.setattr(unpack, "_tried", counting)
    for entry, expected in zip(archive.entries, content, strict=True):
        archive.head(entry, 4096)
        assert archive.read(entry) == expected
    assert given == len(whole)


def test_blocks_are_told_apart(opened: Opened) -> None:
    blocks = [Block([b"one", b"two"]), Block([b"three" * 100], [LZMA2_CODER], lzma_packed(b"three" * 100))]
    archive = opened(seven_of(blocks, ["1", "2", "3"]))
    assert [archive.read(entry) for entry in reversed(archive.entries)] == [b"three" * 100, b"two", b"one"]
    assert [entry.packed for entry in archive.entries][:2] == [None, None]
    assert archive.entries[2].packed is not None


@pytest.mark.parametrize(
    ("method", "name"), [(b"\3\4\1", "PPMd"), (b"\4\1\x09", "Deflate64"), (b"\x99\x99", "method 9999")]
)
def test_c3_ways_of_packing_that_are_not_read_are_named(method: bytes, name: str, opened: Opened) -> None:
    archive = opened(seven_of([Block([b"page"], [(method, b"12345")])], ["p.png"]))
    with pytest.raises(BookTrouble, match=f"packed with {name}") as caught:
        archive.read(archive.entries[0])
    assert caught.value.code == "unsupported"


def test_a_wrong_checksum_is_damage(opened: Opened) -> None:
    made = seven_of([Block([b"page one", b"page two"])], ["1", "2"])
    archive = opened(made.replace(b"page two", b"page 222"))
    assert archive.read(archive.entries[0]) == b"page one"
    with pytest.raises(BookTrouble, match="checksum") as caught:
        archive.read(archive.entries[1])
    assert caught.value.code == "damaged"


def test_an_archive_with_nothing_in_it_is_empty(opened: Opened) -> None:
    from tests.media.books.archive_makers import seven_start

    assert opened(seven_start(b"", b"")).entries == []


def test_a_dictionary_is_no_larger_than_what_it_looks_back_to(opened: Opened) -> None:
    coder = (b"\x21", b"\x28")  # 4 GiB
    archive = opened(seven_of([Block([b"page" * 100], [coder], lzma_packed(b"page" * 100))], ["p.png"]))
    assert archive.read(archive.entries[0]) == b"page" * 100
    made = seven_of([Block([os.urandom(9000)], [coder], lzma_packed(bytes(9000)))], ["p.png"])
    small = opened(made, Limits(dictionary_size=5000))
    with pytest.raises(BookTrouble, match="dictionary"):
        small.read(small.entries[0])


@pytest.mark.parametrize("value", [0, 0x7F, 0x80, 0x3FFF, 0x4000, 1 << 32, (1 << 56) - 1, 1 << 60])
def test_numbers_of_one_to_nine_bytes_are_read(value: int) -> None:
    from shelfread.media.books.archives.base import LIMITS
    from shelfread.media.books.archives.seven_header import HeaderReader

    assert HeaderReader(number_8(value), 0, LIMITS)._number() == value
