"""Archives made by hand, byte by byte, so that tests can say anything in them, lies too.

For what no tool here can write (RAR, 7z) and what no honest tool would. The defaults are honest.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One entry; what is None is told truthfully."""

    name: bytes
    content: bytes = b""
    size: int | None = None
    packed: bytes | None = None
    packed_size: int | None = None
    crc: int | None = None
    method: int = 0
    flags: int = 0
    #: Unix mode, where the format has one.
    mode: int = 0
    offset: int | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    #: zip: sizes stand behind the content.
    descriptor: bool = False
    #: RAR 5: bytes of the extra area; RAR: the archive is solid up to here, the dictionary.
    solid: bool = False
    dictionary: int = 0

    @property
    def body(self) -> bytes:
        return self.content if self.packed is None else self.packed

    @property
    def said_size(self) -> int:
        return len(self.content) if self.size is None else self.size

    @property
    def said_packed(self) -> int:
        return len(self.body) if self.packed_size is None else self.packed_size

    @property
    def said_crc(self) -> int:
        return zlib.crc32(self.content) if self.crc is None else self.crc


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


# zip


def zip_local(entry: Entry) -> bytes:
    flags = entry.flags | (8 if entry.descriptor else 0)
    told = (0, 0, 0) if entry.descriptor else (entry.said_crc, _32(entry.said_packed), _32(entry.said_size))
    head = struct.pack(
        "<IHHHIIIIHH", 0x04034B50, 20, flags, entry.method, 0x21 << 16, *told,
        len(entry.name), len(entry.local_extra),
    )  # fmt: skip
    tail = b""
    if entry.descriptor:
        tail = struct.pack("<4sIII", b"PK\7\x08", entry.said_crc, entry.said_packed, entry.said_size)
    return head + entry.name + entry.local_extra + entry.body + tail


def zip_central(entry: Entry, offset: int) -> bytes:
    flags = entry.flags | (8 if entry.descriptor else 0)
    return (
        struct.pack(
            "<IBBHHHIIIIHHHHHII", 0x02014B50, 20, 3, 20, flags, entry.method, 0x21 << 16, entry.said_crc,
            _32(entry.said_packed), _32(entry.said_size), len(entry.name), len(entry.extra), 0, 0, 0,
            entry.mode << 16, offset if entry.offset is None else entry.offset,
        )
        + entry.name
        + entry.extra
    )  # fmt: skip


def zip_end(count: int, size: int, offset: int, comment: bytes = b"", disk: int = 0) -> bytes:
    return struct.pack(
        "<IHHHHIIH", 0x06054B50, disk, disk, min(count, 0xFFFF), min(count, 0xFFFF), _32(size), _32(offset),
        len(comment),
    ) + comment  # fmt: skip


def zip64_end(count: int, size: int, offset: int, at: int) -> bytes:
    """The large end record with its locator, when it stands at `at`."""
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, offset)
    return record + struct.pack("<IIQI", 0x07064B50, 0, at, 1)


def zip_of(entries: Sequence[Entry], comment: bytes = b"", disk: int = 0) -> bytes:
    body = bytearray()
    central = bytearray()
    for entry in entries:
        central += zip_central(entry, len(body))
        body += zip_local(entry)
    return bytes(body + central + zip_end(len(entries), len(central), len(body), comment, disk))


def _32(value: int) -> int:
    return min(value, 0xFFFFFFFF)


# RAR

RAR4 = b"Rar!\x1a\7\0"
RAR5 = b"Rar!\x1a\7\1\0"


def rar4_block(kind: int, flags: int, rest: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head


def rar4_of(entries: Sequence[Entry], main: int = 0, end: int = 0, *, ended: bool = True) -> bytes:
    """Stored entries (`method` 0), with `flags` beside those that every header has."""
    made = RAR4 + rar4_block(0x73, main, bytes(6))
    for entry in entries:
        method = 0x30 + entry.method
        about = struct.pack(
            "<IIBIIBBHI", _32(entry.said_packed), _32(entry.said_size), 3, entry.said_crc, 0x21 << 16, 29,
            method, len(entry.name), entry.mode or 0o100644,
        )  # fmt: skip
        made += rar4_block(0x74, 0x8000 | entry.flags, about + entry.name) + entry.body
    return made + (rar4_block(0x7B, 0x4000 | end, b"") if ended else b"")


def number_7(value: int) -> bytes:
    """Seven bits a byte, the lowest first, as RAR 5 writes numbers."""
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def rar5_block(kind: int, flags: int, fields: bytes, extra: bytes = b"", content: int | None = None) -> bytes:
    sizes = (number_7(len(extra)) if extra else b"") + (b"" if content is None else number_7(content))
    flags |= (1 if extra else 0) | (0 if content is None else 2)
    head = number_7(kind) + number_7(flags) + sizes + fields + extra
    head = number_7(len(head)) + head
    return struct.pack("<I", zlib.crc32(head)) + head


def rar5_file(entry: Entry, header_flags: int = 0) -> bytes:
    method = entry.method << 7 | (0x40 if entry.solid else 0) | entry.dictionary << 10
    fields = number_7(4 | entry.flags) + number_7(entry.said_size) + number_7(entry.mode or 0o100644)
    fields += struct.pack("<I", entry.said_crc) + number_7(method) + number_7(1)
    fields += number_7(len(entry.name)) + entry.name
    return rar5_block(2, header_flags, fields, entry.extra, entry.said_packed) + entry.body


def rar5_of(entries: Sequence[Entry], main: int = 0, end: int = 0, *, ended: bool = True) -> bytes:
    made = RAR5 + rar5_block(1, 0, number_7(main)) + b"".join(map(rar5_file, entries))
    return made + (rar5_block(5, 0, number_7(end)) if ended else b"")


# 7z


def number_8(value: int) -> bytes:
    """One to nine bytes, as 7z writes numbers."""
    for more in range(8):
        if value < 1 << 7 * (more + 1):
            first = (0xFF00 >> more) & 0xFF | value >> 8 * more
            return bytes([first]) + (value & (1 << 8 * more) - 1).to_bytes(more, "little")
    return b"\xff" + value.to_bytes(8, "little")


@dataclass
class Block:
    """One folder of a 7z archive: contents packed as one stream by the steps of `coders`, the last first."""

    contents: list[bytes]
    coders: list[tuple[bytes, bytes]] = field(default_factory=lambda: [(b"\0", b"")])
    packed: bytes | None = None
    size: int | None = None
    crc: bool = True


LZMA2 = {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}
LZMA2_CODER = (b"\x21", b"\x10")


def lzma_packed(content: bytes, *filters: dict[str, Any]) -> bytes:
    return lzma.compress(content, lzma.FORMAT_RAW, filters=list(filters) or [LZMA2])


def seven_streams(blocks: Sequence[Block], start: int = 0, *, split: bool = True) -> tuple[bytes, bytes]:
    """The packed bytes of blocks, and what a header says of them when they begin at `start`."""
    packed = [b"".join(block.contents) if block.packed is None else block.packed for block in blocks]
    said = b"\x06" + number_8(start) + number_8(len(blocks)) + b"\x09"
    said += b"".join(number_8(len(content)) for content in packed) + b"\0"
    said += b"\x07\x0b" + number_8(len(blocks)) + b"\0"
    for block in blocks:
        said += number_8(len(block.coders))
        for method, properties in block.coders:
            flags = len(method) | (0x20 if properties else 0)
            said += bytes([flags]) + method
            said += number_8(len(properties)) + properties if properties else b""
        # Coder n takes what coder n + 1 gives: the last one gets the packed bytes.
        for number in range(len(block.coders) - 1):
            said += number_8(number) + number_8(number + 1)
    said += b"\x0c"
    for block in blocks:
        size = sum(map(len, block.contents)) if block.size is None else block.size
        said += number_8(size) * len(block.coders)
    said += b"\0"
    if split:
        said += b"\x08\x0d" + b"".join(number_8(len(block.contents)) for block in blocks) + b"\x09"
        for block in blocks:
            said += b"".join(number_8(len(content)) for content in block.contents[:-1])
        said += b"\x0a\x01" if blocks[0].crc else b""
        for block in blocks if blocks[0].crc else ():
            said += b"".join(struct.pack("<I", zlib.crc32(content)) for content in block.contents)
        said += b"\0"
    return b"".join(packed), said + b"\0"


def seven_of(
    blocks: Sequence[Block],
    names: Sequence[str],
    *,
    empty: Sequence[int] = (),
    folders: Sequence[int] = (),
    modes: Sequence[int] = (),
    packed_header: bool = False,
) -> bytes:
    """An archive; `empty` and `folders` are numbers of `names` that have no stream."""
    content, streams = seven_streams(blocks) if blocks else (b"", b"")
    header = b"\1" + (b"\4" + streams if blocks else b"") + b"\5" + number_8(len(names))
    without = sorted({*empty, *folders})
    if without:
        header += _property(14, _bits([number in without for number in range(len(names))]))
        header += _property(15, _bits([number in empty for number in without]))
    header += _property(
        17, b"\0" + "".join(name + "\0" for name in names).encode("utf-16-le", "surrogatepass")
    )
    if modes:
        told = b"".join(struct.pack("<I", mode << 16 | 0x8000) for mode in modes)
        header += _property(21, b"\1\0" + told)
    header += b"\0\0"
    if packed_header:
        block = Block([header], [LZMA2_CODER], lzma_packed(header))
        packed, said = seven_streams([block], len(content), split=False)
        content += packed
        header = b"\x17" + said
    return seven_start(content, header) + content + header


def seven_start(content: bytes, header: bytes, length: int | None = None) -> bytes:
    length = len(header) if length is None else length
    start = struct.pack("<QQI", len(content), length, zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start


def _property(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + number_8(len(content)) + content


def _bits(values: Sequence[bool]) -> bytes:
    made = bytearray((len(values) + 7) // 8)
    for number, value in enumerate(values):
        if value:
            made[number >> 3] |= 0x80 >> (number & 7)
    return bytes(made)


# tar


def tar_header(name: bytes, size: int | bytes, kind: bytes = b"0", link: bytes = b"") -> bytes:
    told = size if isinstance(size, bytes) else b"%011o\0" % size
    head = bytearray(name[:100].ljust(100, b"\0") + b"0000644\0" + bytes(16) + told + b"%011o\0" % 0)
    head += b" " * 8 + kind + link[:100].ljust(100, b"\0") + b"ustar\00000"
    head = head.ljust(512, b"\0")
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def tar_entry(name: bytes, content: bytes, kind: bytes = b"0") -> bytes:
    return tar_header(name, len(content), kind) + content + bytes(-len(content) % 512)
