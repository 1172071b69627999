"""The headers of RAR 5 archives (RAR 7 too), read in place.

Stands between the file and `rar`. Written from the RAR 5.0 archive format.
"""

from __future__ import annotations

import stat
import zlib
from struct import Struct

from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.media.books.archives.bounds import plain_name, shown, too_many
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
from shelfread.model.problem import ProblemCode

#: The format allows 2 MiB; a name of 64 KiB and what stands beside it needs less than this.
_LONGEST_HEADER = 256 << 10
_MAIN, _FILE, _SERVICE, _ENCRYPTION, _END = 1, 2, 3, 4, 5
_U32 = Struct("<I").unpack_from
_ENCRYPTED_EXTRA, _REDIRECTION_EXTRA = 1, 5
_UNIX = 1


class _Numbers:
    """A cursor over numbers of seven bits a byte; past the end every number is -1."""

    __slots__ = ("at", "content")

    def __init__(self, content: bytes, at: int = 0) -> None:
        self.content = content
        self.at = at

    def next(self) -> int:
        value = shift = 0
        content, at = self.content, self.at
        while at < len(content) and shift < 70:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.at = at
                return value
            shift += 7
        self.at = len(content) + 1
        return -1

    def u32(self) -> int:
        at = self.at
        self.at = at + 4
        return int(_U32(self.content, at)[0]) if at + 4 <= len(self.content) else -1


def walk(source: Source, limits: Limits, found: Listed) -> Trouble:
    """Read all headers into `found`.

    Raises:
        BookTrouble: ENCRYPTED where they are; UNSUPPORTED for one of several volumes; LIMIT_EXCEEDED.
    """
    window = Window(source)
    at, seen = 8, 0
    while at < source.size:
        start = window.get(at, 7)
        numbers = _Numbers(start, 4)
        length = numbers.next()
        if len(start) < 7:
            return cut(at)
        if not 2 <= length <= _LONGEST_HEADER:
            return bad(at)
        end = numbers.at + length
        header = window.get(at, end)
        if len(header) < end:
            return cut(at)
        if zlib.crc32(header[4:]) != _U32(header)[0]:
            return bad(at)
        numbers.content = header
        kind, flags = numbers.next(), numbers.next()
        extra = numbers.next() if flags & 0x01 else 0
        content = numbers.next() if flags & 0x02 else 0
        if min(kind, flags, extra, content) < 0 or numbers.at + extra > end:
            return bad(at)
        if kind == _ENCRYPTION:
            raise encrypted()
        if kind == _MAIN:
            about = numbers.next()
            number = numbers.next() if about & 0x02 else 0
            if number > 0:
                raise volumes(number + 1)
            found.solid = bool(about & 0x04)
        elif kind == _END:
            if numbers.next() & 0x01:
                raise volumes(1)
            return None
        elif kind == _FILE:
            if flags & 0x18:
                raise volumes()
            trouble = _file(source, limits, found, numbers, end - extra, content, at + end)
            if trouble:
                return trouble
        at += end + content
        seen += 1
        if seen > limits.entries:
            raise too_many(limits)
    return cut(at)


def _file(
    source: Source, limits: Limits, found: Listed, numbers: _Numbers, extra: int, packed: int, begin: int
) -> Trouble:
    flags, size, attributes = numbers.next(), numbers.next(), numbers.next()
    if flags & 0x02:
        numbers.u32()
    crc = numbers.u32() if flags & 0x04 else None
    method, host, length = numbers.next(), numbers.next(), numbers.next()
    header, at = numbers.content, numbers.at
    if min(flags, size, attributes, method, length, 0 if crc is None else crc) < 0 or at + length > extra:
        return bad(begin)
    name = plain_name(header[at : at + length].replace(b"\\", b"_"), limits, utf8=True)
    number = found.files
    found.files += 1
    extras = _extras(header, extra)
    if flags & 0x01:
        return None
    if _REDIRECTION_EXTRA in extras or (
        host == _UNIX and stat.S_IFMT(attributes & 0xFFFF) not in (0, stat.S_IFREG)
    ):
        found.skipped.append(name)
        return None
    if flags & 0x08:
        detail = f"{shown(name)} does not say how long it is"
        found.warnings.append(BookTrouble(ProblemCode.UNSUPPORTED, detail))
        return None
    stored = (method >> 7) & 7 == 0
    locked = _ENCRYPTED_EXTRA in extras
    offset = begin if stored and not locked and packed == size else None
    entry = ArchiveEntry(name, size, packed, crc, locked, len(found.entries), offset)
    dictionary = 0x20000 << ((method >> 10) & (0x1F if method & 0x3F else 0x0F))
    about = Packed(number, stored, bool(method & 0x40), 0 if stored else dictionary)
    return entered(found, entry, about, source, begin)


def _extras(header: bytes, at: int) -> set[int]:
    """The kinds of the records in the extra area."""
    kinds = set()
    numbers = _Numbers(header, at)
    while numbers.at < len(header):
        length = numbers.next()
        if length <= 0:
            break
        after = numbers.at + length
        kinds.add(numbers.next())
        numbers.at = after
    return kinds
