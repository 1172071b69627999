"""A zip file without its directory: the entries' own headers, one after the other.

Stands in for `zip_directory` where the end of the file is torn off or damaged. What lies whole in the file
is found; the entry in which the file ends is named and left out. Where an entry's size stands behind it
only, its end is looked for (4.3.9 of APPNOTE.TXT).
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.books.archives.base import BookTrouble, Limits
from shelfread.media.books.archives.bounds import plain_name, shown
from shelfread.media.books.archives.zip_directory import Listing, larger_sizes
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_LOCAL = Struct("<IHHHIIIIHH").unpack_from
_DESCRIPTOR = Struct("<4sIII").unpack_from
_DESCRIPTOR_64 = Struct("<4sIQQ").unpack_from
_UNKNOWN_32 = 0xFFFFFFFF
_STEP = 1 << 20
#: Bytes in which ends of entries are looked for, in all.
_MOST_SEARCHED = 512 << 20
#: Places that look like the end of an entry and are not; in packed bytes there is hardly ever one.
_MOST_CANDIDATES = 1000
#: The first header may have junk before it.
_FIRST = 64 << 10


def walked(source: Source, limits: Limits) -> tuple[Listing, BookTrouble | None]:
    """The entries whose headers follow one another from the beginning.

    Returns:
        What was found, and how it ended: None where a directory follows the last entry.

    Raises:
        BookTrouble: LIMIT_EXCEEDED.
    """
    listing = Listing(limits)
    searched = 0
    at = max(0, source.read_at(0, _FIRST).find(b"PK\3\4"))
    while True:
        header = source.read_at(at, 30)
        if not header.startswith(b"PK\3\4"):
            return listing, _ended(header, at, source.size)
        if len(header) < 30:
            return listing, _cut(None)
        _, _, flags, method, _, crc, packed, size, names, extras = _LOCAL(header)
        rest = source.read_at(at + 30, names + extras)
        raw, extra = rest[:names], rest[names:]
        begin = at + 30 + names + extras
        if extra and _UNKNOWN_32 in (packed, size):
            size, packed, _ = larger_sizes(extra, size, packed, 0)
        after = begin + packed
        if flags & 8 and packed == 0 and not raw.endswith(b"/"):
            found, seen = _descriptor(source, begin, _MOST_SEARCHED - searched)
            searched += seen
            if found is None:
                return listing, _cut(raw, limits)
            crc, packed, size, after = found
        if after > source.size or len(rest) < names + extras:
            return listing, _cut(raw, limits)
        listing.add(raw, flags, method, crc, packed, size, at, extra)
        if flags & 8 and after == begin + packed:
            after += _descriptor_length(source.read_at(after, 4), packed, size)
        at = after


def _descriptor_length(mark: bytes, packed: int, size: int) -> int:
    length = 16 if mark == b"PK\7\x08" else 12
    return length + 8 if max(packed, size) >= _UNKNOWN_32 else length


def _descriptor(source: Source, begin: int, most: int) -> tuple[tuple[int, int, int, int] | None, int]:
    """CRC, packed size, size and end of the entry whose bytes begin at `begin`; and how much was searched."""
    at = begin
    end = min(source.size, begin + most)
    tried = 0
    while at < end and tried < _MOST_CANDIDATES:
        piece = source.read_at(at, _STEP + 24)
        found = piece.find(b"PK\7\x08")
        while 0 <= found < _STEP and tried < _MOST_CANDIDATES:
            tried += 1
            length = at + found - begin
            for shape, total in ((_DESCRIPTOR, 16), (_DESCRIPTOR_64, 24)):
                if found + total <= len(piece):
                    _, crc, packed, size = shape(piece, found)
                    if packed == length:
                        return (crc, packed, size, begin + length + total), length
            found = piece.find(b"PK\7\x08", found + 1)
        at += _STEP
    return None, max(0, end - begin)


def _ended(header: bytes, at: int, size: int) -> BookTrouble | None:
    if header[:4] in (b"PK\1\2", b"PK\5\6", b"PK\6\6"):
        return None
    if len(header) < 4 or at >= size:
        return BookTrouble(ProblemCode.TRUNCATED, "the end of the file with its list of entries is missing")
    return BookTrouble(ProblemCode.DAMAGED, f"its list of entries is missing, and it is damaged at byte {at}")


def _cut(raw: bytes | None, limits: Limits | None = None) -> BookTrouble:
    where = f"inside {shown(plain_name(raw, limits))}" if raw and limits else "inside a header"
    return BookTrouble(ProblemCode.TRUNCATED, f"the file ends {where}; its list of entries is missing")
