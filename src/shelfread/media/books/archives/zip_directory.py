"""The directory at the end of a zip file: found with one read of the tail, listed in one pass.

Stands between the file and `zip`, which reads entries. Written from the .ZIP File Format Specification
(APPNOTE.TXT 6.3: 4.3 and 4.4, 4.5.3 for ZIP64, 4.6.9 for Unicode names). Bytes before the archive are
tolerated; where there is no usable directory the entries' own headers are walked (`zip_walk`).
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from struct import Struct

from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.media.books.archives.bounds import plain_name, too_long_a_list, too_many
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

#: Most comics have their whole directory in the last bytes of this number.
_TAIL = 16 << 10
#: The end record, its ZIP64 twin and the longest comment.
_LONGEST_TAIL = 22 + 20 + 56 + 0xFFFF
#: Places that look like an end record and are tried; more of them are made to waste time.
_MOST_CANDIDATES = 8

_END = Struct("<IHHHHIIH").unpack_from
_LOCATOR = Struct("<IIQI").unpack_from
_END64 = Struct("<IQHHIIQQQQ").unpack_from
_CENTRAL = Struct("<IBBHHHIIIIHHHHHII").unpack_from
_CENTRAL_MARK = 0x02014B50
_SIGNATURE_MARK = 0x05054B50
_ZIP64, _UNICODE_NAME = 0x0001, 0x7075
_UNKNOWN_32 = 0xFFFFFFFF
#: Systems whose entries carry a Unix mode: Unix itself, and what macOS writes.
_UNIX = (3, 19)
_REGULAR = (0, stat.S_IFREG)
#: The attribute of folders in DOS.
_FOLDER = 0x10

#: A directory that may be the one: its place, its bytes, entries announced, shift of all offsets, comment.
_Place = tuple[int, bytes, int, int, bytes]

SPANNED = "it is one part of a zip archive in several parts, which are not put together"


class Listing:
    """The entries that a directory or a walk found, with what is needed to read them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries: list[ArchiveEntry] = []
        #: By `place` of an entry: where its own header begins, and how it is packed.
        self.where: list[tuple[int, int]] = []
        #: Names of links, devices and the like.
        self.skipped: list[str] = []
        #: What stands behind the directory, for people or for programs.
        self.comment = b""
        #: Headers seen, folders included.
        self.seen = 0

    def add(
        self,
        raw: bytes,
        flags: int,
        method: int,
        crc: int,
        packed: int,
        size: int,
        offset: int,
        extra: bytes,
        mode: int = 0,
    ) -> None:
        """One header; folders and what is no regular file are left out."""
        self.seen += 1
        if self.seen > self.limits.entries:
            raise too_many(self.limits)
        unicode = flags & 0x800
        if extra and not unicode and not raw.isascii():
            for field in _fields(extra, _UNICODE_NAME):
                if field[:1] == b"\1" and field[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
                    raw, unicode = field[5:], 1
                    break
        name = plain_name(raw, self.limits, utf8=bool(unicode))
        if stat.S_IFMT(mode) not in _REGULAR:
            if not stat.S_ISDIR(mode):
                self.skipped.append(name)
            return
        if name.endswith("/"):
            return
        place = len(self.where)
        self.where.append((offset, method))
        self.entries.append(ArchiveEntry(name, size, packed, crc, flags & 0x2041 != 0, place))


def listed(source: Source, limits: Limits) -> tuple[Listing | None, BookTrouble | None]:
    """The entries that the directory names.

    Returns:
        None where there is no directory; and with the entries, what is wrong with it.

    Raises:
        BookTrouble: LIMIT_EXCEEDED, or UNSUPPORTED for one of several parts.
    """
    best: Listing | None = None
    trouble = None
    for found in _directories(source, limits):
        begin, directory, count, shift, comment = found
        listing, whole = _read(directory, limits, shift)
        listing.comment = comment
        if whole and (listing.seen - count) & 0xFFFF == 0:
            return listing, None
        if best is None or listing.seen > best.seen:
            best = listing
            what = f"its list of entries at {begin} is damaged: it names {count}, {listing.seen} can be read"
            trouble = BookTrouble(ProblemCode.DAMAGED, what)
    return best, trouble


def _directories(source: Source, limits: Limits) -> Iterator[_Place]:
    """Where a directory may be, the likeliest first."""
    tried = 0
    size = source.size
    before = size + 1
    for length in (_TAIL, _LONGEST_TAIL):
        base = max(0, size - length)
        tail = source.read_at(base, length)
        at = tail.rfind(b"PK\5\6", 0, max(0, before - base + 3))
        while at >= 0:
            if at + 22 <= len(tail):
                found = _directory(source, limits, base, tail, at)
                if found is not None:
                    yield found
                tried += 1
                if tried >= _MOST_CANDIDATES:
                    return
            before = base + at
            at = tail.rfind(b"PK\5\6", 0, at)
        if base == 0:
            return


def _directory(source: Source, limits: Limits, base: int, tail: bytes, at: int) -> _Place | None:
    _, disk, first_disk, _, count, length, offset, comment_length = _END(tail, at)
    end = base + at
    at_end = at + 22 + comment_length == len(tail)
    comment = tail[at + 22 : at + 22 + comment_length]
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        if at_end:
            raise BookTrouble(ProblemCode.UNSUPPORTED, SPANNED)
        return None
    before = tail[at - 20 : at] if at >= 20 else source.read_at(max(0, end - 20), min(20, end))
    larger = _zip64(source, end, before)
    if larger is not None:
        end, count, length, offset = larger
    if count > limits.entries:
        raise too_many(limits)
    if count == 0 and length == 0:
        return (end, b"", 0, 0, comment) if at_end else None
    for begin in (end - length, offset):
        if not 0 <= begin <= end - 46:
            continue
        inside = begin >= base
        mark = tail[begin - base : begin - base + 4] if inside else source.read_at(begin, 4)
        if mark == b"PK\1\2":
            if end - begin > limits.directory_size:
                raise too_long_a_list(end - begin, limits)
            directory = tail[begin - base : end - base] if inside else source.read_at(begin, end - begin)
            return begin, directory, count, begin - offset, comment
    return None


def _zip64(source: Source, end: int, locator: bytes) -> tuple[int, int, int, int] | None:
    """The larger end record before the end record at `end`: place, entries, length and offset of the list."""
    if len(locator) != 20 or not locator.startswith(b"PK\6\7"):
        return None
    _, _, said, _ = _LOCATOR(locator)
    # With bytes before the archive it is not where it says, but directly before the locator.
    for place in (said, end - 20 - 56):
        if 0 <= place <= end - 76:
            record = source.read_at(place, 56)
            if len(record) == 56 and record.startswith(b"PK\6\6"):
                _, _, _, _, disk, first_disk, _, count, length, offset = _END64(record)
                if disk or first_disk:
                    raise BookTrouble(ProblemCode.UNSUPPORTED, SPANNED)
                return place, count, length, offset
    return None


def _read(directory: bytes, limits: Limits, shift: int) -> tuple[Listing, bool]:
    """The entries in the bytes of a directory, and whether it could be read to its end."""
    listing = Listing(limits)
    add = listing.add
    at, end = 0, len(directory)
    while at + 46 <= end:
        (mark, _, host, _, flags, method, _, crc, packed, size, names, extras, comments, _, _, attributes,
         offset) = _CENTRAL(directory, at)  # fmt: skip
        if mark != _CENTRAL_MARK:
            return listing, mark == _SIGNATURE_MARK
        name_at = at + 46
        extra_at = name_at + names
        at = extra_at + extras + comments
        if at > end:
            return listing, False
        extra = directory[extra_at : extra_at + extras] if extras else b""
        if extra and (size == _UNKNOWN_32 or packed == _UNKNOWN_32 or offset == _UNKNOWN_32):
            size, packed, offset = larger_sizes(extra, size, packed, offset)
        if attributes & _FOLDER and size == 0:
            mode = stat.S_IFDIR
        else:
            mode = attributes >> 16 if host in _UNIX else 0
        add(directory[name_at:extra_at], flags, method, crc, packed, size, offset + shift, extra, mode)
    return listing, at == end


def _fields(extra: bytes, wanted: int) -> Iterator[bytes]:
    """The contents of the extra fields with the id `wanted`."""
    at = 0
    while at + 4 <= len(extra):
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        if int.from_bytes(extra[at : at + 2], "little") == wanted:
            yield extra[at + 4 : at + 4 + length]
        at += 4 + length


def larger_sizes(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The numbers that did not fit into 32 bits, from the ZIP64 field; the others as they are."""
    for field in _fields(extra, _ZIP64):
        numbers = [int.from_bytes(field[at : at + 8], "little") for at in range(0, len(field) - 7, 8)]
        values = [size, packed, offset]
        for index, value in enumerate(values):
            if value == _UNKNOWN_32 and numbers:
                values[index] = numbers.pop(0)
        return values[0], values[1], values[2]
    return size, packed, offset
