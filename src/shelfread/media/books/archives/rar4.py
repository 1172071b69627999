"""The headers of RAR archives up to version 4, read in place.

Stands between the file and `rar`. Written from the technical note of RAR 4 (TECHNOTE.TXT).
"""

from __future__ import annotations

import stat
import zlib
from struct import Struct

from shelfread.media.books.archives.base import ArchiveEntry, Limits
from shelfread.media.books.archives.bounds import plain_name, plain_text, too_many
from shelfread.media.books.archives.rar_headers import (
    Listed,
    Packed,
    Trouble,
    bad,
    cut,
    encrypted,
    entered,
    volumes,
)
from shelfread.media.kind import Source
from shelfread.media.window import Window

_BLOCK = Struct("<HBHH").unpack_from
_FILE = Struct("<IIBIIBBHI").unpack_from
_U32 = Struct("<I").unpack_from


def walk(source: Source, limits: Limits, found: Listed) -> Trouble:
    """Read all headers into `found`.

    Raises:
        BookTrouble: ENCRYPTED where they are; UNSUPPORTED for one of several volumes; LIMIT_EXCEEDED.
    """
    window = Window(source)
    at, seen = 7, 0
    while at < source.size:
        block = window.get(at, 7)
        if len(block) < 7:
            return cut(at)
        crc, kind, flags, length = _BLOCK(block)
        if not 0x72 <= kind <= 0x7B or length < 7:
            return bad(at)
        header = window.get(at, length)
        if len(header) < length:
            return cut(at)
        # Old comments stand inside the header and are not counted.
        inside = flags & (0x02 if kind == 0x73 else 0x08 if kind == 0x74 else 0)
        if not inside and zlib.crc32(header[2:]) & 0xFFFF != crc:
            return bad(at)
        after = at + length
        if kind == 0x73:
            if flags & 0x80:
                raise encrypted()
            found.solid = bool(flags & 0x08)
            if flags & 0x01 and not flags & 0x100 and flags & 0x10:
                raise volumes()
        elif kind == 0x7B:
            if flags & 0x01:
                raise volumes(1)
            return None
        elif kind in (0x74, 0x7A):
            if length < 32 + (8 if flags & 0x100 else 0):
                return bad(at)
            packed = _U32(header, 7)[0] + (_U32(header, 32)[0] << 32 if flags & 0x100 else 0)
            if kind == 0x74:
                if flags & 0x03:
                    raise volumes()
                trouble = _file(source, limits, found, header, flags, packed, after)
                if trouble:
                    return trouble
            after += packed
        elif flags & 0x8000:
            if length < 11:
                return bad(at)
            after += _U32(header, 7)[0]
        at = after
        seen += 1
        if seen > limits.entries:
            raise too_many(limits)
    # Archives of RAR 2 have no record at their end.
    return None if at == source.size else cut(at)


def _file(
    source: Source, limits: Limits, found: Listed, header: bytes, flags: int, packed: int, begin: int
) -> Trouble:
    _, size, host, crc, _, _, method, names, attributes = _FILE(header, 7)
    at = 32
    if flags & 0x100:
        size += _U32(header, 36)[0] << 32
        at = 40
    raw = header[at : at + names]
    plain, mark, rest = raw.partition(b"\0")
    in_unicode = flags & 0x200 and mark
    name = plain_text(_name(plain, rest), limits) if in_unicode else plain_name(raw, limits)
    number = found.files
    found.files += 1
    if flags & 0xE0 == 0xE0 or (host in (3, 5) and stat.S_ISDIR(attributes)):
        return None
    if host in (3, 5) and stat.S_IFMT(attributes) not in (0, stat.S_IFREG):
        found.skipped.append(name)
        return None
    stored = method == 0x30
    locked = bool(flags & 0x04)
    offset = begin if stored and not locked and packed == size else None
    entry = ArchiveEntry(name, size, packed, crc, locked, len(found.entries), offset)
    about = Packed(number, stored, bool(flags & 0x10), 0x10000 << ((flags >> 5) & 7))
    return entered(found, entry, about, source, begin)


def _name(plain: bytes, packed: bytes) -> str:
    """A name whose Unicode form is written as differences from the plain one."""
    units: list[int] = []
    if not packed:
        return plain.decode("cp437")
    high = packed[0] << 8
    at, bits, flags = 1, 0, 0
    while at < len(packed) and len(units) < 2048:
        if not bits:
            flags, bits, at = packed[at], 8, at + 1
        bits -= 2
        what = (flags >> bits) & 3
        taken = packed[at : at + 2]
        if not taken:
            break
        if what == 3:
            count, correction = taken[0], None
            at += 1
            if count & 0x80:
                correction = taken[1] if len(taken) > 1 else 0
                at += 1
            same = plain[len(units) : len(units) + (count & 0x7F) + 2]
            units += same if correction is None else [(byte + correction) & 0xFF | high for byte in same]
        elif what == 2:
            units.append(int.from_bytes(taken, "little"))
            at += 2
        else:
            units.append(taken[0] | (high if what else 0))
            at += 1
    return b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le", "replace")
