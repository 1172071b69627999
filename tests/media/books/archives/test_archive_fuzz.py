"""Whatever the bytes, an archive is read or refused in words: nothing else ever leaves its reader."""

from __future__ import annotations

import lzma
import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfread.media.books.archives import open_archive
from shelfread.media.books.archives.base import BookTrouble, Limits
from shelfread.media.kind import Source
from tests.media.books.archive_makers import (
    LZMA2_CODER,
    Block,
    Entry,
    deflated,
    lzma_packed,
    rar4_of,
    rar5_of,
    seven_of,
    tar_entry,
    zip_of,
)

ROUNDS = 1500
LIMITS = Limits(entry_size=8 << 20, dictionary_size=16 << 20)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    fd = os.open(tmp_path_factory.mktemp("fuzz") / "book", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


def _made() -> list[bytes]:
    page = b"a page " * 100
    entries = [Entry(b"p1.png", page), Entry(b"d/p2.png", page, packed=deflated(page), method=8)]
    stored = [Entry(b"p1.png", page), Entry(b"d/p2.png", page)]
    x86 = [(b"\4", b""), LZMA2_CODER]
    return [
        zip_of(entries, b"comment"),
        zip_of([Entry(b"p.png", page, packed=deflated(page), method=8, descriptor=True)] * 3),
        rar4_of(stored),
        rar5_of(stored),
        seven_of([Block([page, page], [LZMA2_CODER], lzma_packed(page * 2))], ["1", "2"], packed_header=True),
        seven_of(
            [
                Block(
                    [page, page],
                    x86,
                    lzma_packed(page * 2, {"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}),
                )
            ],
            ["1", "2", "3"],
            empty=[2],
        ),
        tar_entry(b"p1.png", page) + tar_entry(b"d/p2.png", page) + bytes(1024),
    ]


def _foreign() -> list[bytes]:
    root = Path(__file__).resolve().parents[4]
    folder = Path(os.environ.get("SHELFREAD_FIXTURES", root.parent / "shared" / "fixtures")) / "archives"
    return [path.read_bytes() for path in sorted(folder.glob("*"))] if folder.is_dir() else []


def _mended(content: bytearray) -> None:
    """Make the checksums of headers right again, so that damage gets behind them."""
    if content[:2] == b"7z" and len(content) > 40:
        offset, length = struct.unpack_from("<QQ", content, 12)
        if 32 + offset + length <= len(content):
            content[28:32] = struct.pack("<I", zlib.crc32(content[32 + offset : 32 + offset + length]))
        content[8:12] = struct.pack("<I", zlib.crc32(content[12:32]))
    elif content[:7] == b"Rar!\x1a\7\0":
        at = 7
        while at + 11 <= len(content):
            _, flags, length = struct.unpack_from("<BHH", content, at + 2)
            if length < 7 or at + length > len(content):
                break
            content[at : at + 2] = struct.pack("<H", zlib.crc32(content[at + 2 : at + length]) & 0xFFFF)
            more = struct.unpack_from("<I", content, at + 7)[0] if flags & 0x8000 else 0
            at += length + more
    elif content[:7] == b"Rar!\x1a\7\1" and len(content) > 30:
        at = 8
        length = content[12]
        content[at : at + 4] = struct.pack("<I", zlib.crc32(content[at + 4 : at + 5 + length]))
        at += 5 + length
        if at + 5 < len(content):
            length = content[at + 4]
            content[at : at + 4] = struct.pack("<I", zlib.crc32(content[at + 4 : at + 5 + length]))


def _mutated(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        if not made:
            break
        near = chance.randrange(min(len(made), 150))
        far = len(made) - 1 - chance.randrange(min(len(made), 300))
        at = chance.choice((near, far, chance.randrange(len(made))))
        what = chance.random()
        if what < 0.6:
            made[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif what < 0.75:
            del made[at : at + chance.randrange(1, 50)]
        elif what < 0.85:
            made[at:at] = chance.randbytes(chance.randrange(1, 20))
        elif what < 0.95:
            made[at : at + 8] = chance.choice((b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f"))
        else:
            del made[at:]
    if chance.random() < 0.9:
        _mended(made)
    return bytes(made)


def _tried(call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call gives, or None where it says in words what the trouble is."""
    try:
        return call(*arguments)
    except BookTrouble as trouble:
        if not trouble.detail:
            raise
    return None


def _try(content: bytes, fd: int) -> int:
    """Do all that can be done with an archive; how many entries were read."""
    os.ftruncate(fd, 0)
    os.pwrite(fd, content, 0)
    archive = _tried(open_archive, Source(fd, b"/nowhere", len(content)), LIMITS)
    read = 0
    for entry in archive.entries[:5] if archive else ():
        assert "\0" not in entry.name
        entry.name.encode()
        assert entry.size >= 0
        head = _tried(archive.head, entry, 64)
        whole = _tried(archive.read, entry)
        if whole is not None:
            assert len(whole) == entry.size
            assert head == whole[:64]
            read += 1
        _tried(archive.stored_at, entry)
    return read


def test_b6_no_damage_to_any_archive_is_more_than_trouble_with_that_archive(held: int) -> None:
    chance = random.Random(20240811)
    seeds = _made() + _foreign()
    assert all(_try(seed, held) or b"Rar!" in seed or b"7z" in seed or seed[:2] == b"PK" for seed in seeds)
    assert sum(_try(_mutated(chance.choice(seeds), chance), held) for _ in range(ROUNDS)) > ROUNDS // 10


@pytest.mark.parametrize("number", range(7))
def test_b6_an_archive_may_end_anywhere(number: int, held: int) -> None:
    content = _made()[number]
    step = max(1, len(content) // 200)
    for length in range(0, len(content), step):
        _try(content[:length], held)


@given(
    start=st.sampled_from(
        [b"PK\3\4", b"PK\5\6", b"Rar!\x1a\7\0", b"Rar!\x1a\7\1\0", b"7z\xbc\xaf\x27\x1c\0\4", b""]
    ),
    rest=st.binary(max_size=600),
    end=st.sampled_from(
        [b"", b"PK\5\6" + bytes(18), b"PK\6\7" + bytes(16) + b"PK\5\6" + b"\xff" * 16 + bytes(2)]
    ),
)
@settings(max_examples=150, deadline=None)
def test_b6_no_bytes_at_all_are_more_than_trouble(start: bytes, rest: bytes, end: bytes) -> None:
    fd = os.memfd_create("book")
    try:
        content = bytearray(start + rest + end)
        _mended(content)
        _try(bytes(content), fd)
    finally:
        os.close(fd)
