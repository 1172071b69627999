"""Zip archives: CBZ, EPUB, and whatever else is one.

Stands beside the readers of rar, 7z and tar. The list comes from the directory (`zip_directory`), or from
the entries' own headers where that is gone (`zip_walk`); here entries are read. Python's zipfile is not
used: it makes an object with its own parsing for each entry, trusts what the directory says of sizes, and
reads nothing of a file whose end is torn off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct

from shelfread.media.books.archives import unpack
from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.media.books.archives.bounds import (
    Garbled,
    admit,
    cut_off,
    damaged,
    gathered,
    judge,
    left_out,
    shown,
    verified,
)
from shelfread.media.books.archives.zip_directory import SPANNED, Listing, listed
from shelfread.media.books.archives.zip_walk import walked
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_LOCAL = Struct("<4s22xHH")
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_METHODS = {
    1: "Shrink", 6: "Implode", 9: "Deflate64", 10: "PKWARE Implode", 20: "Zstandard", 93: "Zstandard",
    94: "MP3", 95: "XZ", 96: "JPEG variant", 97: "WavPack", 98: "PPMd", 99: "AES encryption",
}  # fmt: skip


class ZipArchive:
    """An open zip archive; see `Archive`."""

    container = "zip"

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        listing, trouble = _found(source, limits)
        self.entries: list[ArchiveEntry] = listing.entries
        self.comment = listing.comment
        self._where = listing.where
        self.warnings = [trouble] if trouble else []
        if listing.skipped:
            self.warnings.append(left_out(listing.skipped))
        self.warnings += judge(self.entries, source.size, limits)

    def read(self, entry: ArchiveEntry, limit: int | None = None) -> bytes:
        admit(entry, limit, self._limits)
        offset, method = self._located(entry)
        if method == _STORED:
            content = self._source.read_at(offset, entry.size)
            if len(content) < entry.size:
                raise cut_off(entry)
            return verified(entry, content)
        # One byte more than announced is asked for, to see that there is none.
        content = self._unpacked(entry, offset, method, entry.size + 1)
        if len(content) < entry.size and offset + (entry.packed or 0) > self._source.size:
            raise cut_off(entry)
        return verified(entry, content)

    def head(self, entry: ArchiveEntry, length: int) -> bytes:
        length = min(length, entry.size)
        admit(entry, None, self._limits)
        offset, method = self._located(entry)
        if method == _STORED:
            return self._source.read_at(offset, length)
        return self._unpacked(entry, offset, method, length)

    def stored_at(self, entry: ArchiveEntry) -> int | None:
        """Where the bytes of an entry begin in the file, if they are stored as they are. One small read."""
        if entry.encrypted or self._where[entry.place][1] != _STORED:
            return None
        return self._located(entry)[0]

    def _located(self, entry: ArchiveEntry) -> tuple[int, int]:
        """Where the packed bytes begin, and how they are packed."""
        place, method = self._where[entry.place]
        if not 0 <= place < self._source.size:
            raise cut_off(entry)
        header = self._source.read_at(place, 30)
        if len(header) < 30:
            raise cut_off(entry)
        mark, names, extras = _LOCAL.unpack(header)
        if mark != b"PK\3\4":
            raise damaged(entry, "it does not begin where the list of entries says")
        if method == _STORED and entry.packed != entry.size:
            raise damaged(entry, f"it is stored in {entry.packed} bytes and has {entry.size}")
        return place + 30 + names + extras, method

    def _unpacked(self, entry: ArchiveEntry, offset: int, method: int, length: int) -> bytes:
        packed = entry.packed or 0
        try:
            make: Callable[[], unpack.Decoder]
            if method == _DEFLATED:
                make = unpack.Inflate
            elif method == _BZIP2:
                make = unpack.bzip2
            elif method == _LZMA:
                # Two bytes of version, two of the length of the properties, the properties.
                start = self._source.read_at(offset, min(packed, 9))
                properties, dictionary = unpack.lzma1(start[4:9], entry.size)
                if dictionary > self._limits.dictionary_size:
                    raise BookTrouble(
                        ProblemCode.LIMIT_EXCEEDED, f"{shown(entry.name)} needs too large a dictionary"
                    )
                offset, packed = offset + 9, packed - 9
                make = lambda: unpack.raw_lzma(properties)  # noqa: E731 - one of three
                length = min(length, entry.size)  # it need not say where it ends
            else:
                name = _METHODS.get(method, f"method {method}")
                raise BookTrouble(
                    ProblemCode.UNSUPPORTED, f"{shown(entry.name)} is packed with {name}, which is not read"
                )
            pieces: Iterator[bytes] = unpack.fetched(self._source, offset, packed)
            return gathered(unpack.decoded(make, pieces, length), length)
        except Garbled as trouble:
            raise damaged(entry, str(trouble)) from None


def _found(source: Source, limits: Limits) -> tuple[Listing, BookTrouble | None]:
    """The best list of entries that there is, and what is wrong with it."""
    listing, trouble = listed(source, limits)
    if listing is not None and trouble is None:
        return listing, _outside(listing, source.size)
    start = source.read_at(0, 4)
    if start == b"PK\7\x08":
        raise BookTrouble(ProblemCode.UNSUPPORTED, SPANNED)
    found, ended = walked(source, limits)
    if listing is not None and len(listing.entries) >= len(found.entries):
        return listing, trouble
    if not found.entries:
        raise trouble or ended or BookTrouble(ProblemCode.DAMAGED, "its list of entries is missing")
    trouble = (
        ended or trouble or BookTrouble(ProblemCode.TRUNCATED, "the end of its list of entries is missing")
    )
    detail = f"{trouble.detail}; {len(found.entries)} entries were found without it"
    return found, BookTrouble(trouble.code, detail)


def _outside(listing: Listing, size: int) -> BookTrouble | None:
    """Trouble where entries of a sound list lie beyond the end of the file."""
    where = listing.where
    lost = []
    for entry in listing.entries:
        begin = where[entry.place][0]
        if begin < 0 or begin + (entry.packed or 0) > size:
            lost.append(entry.name)
    if not lost:
        return None
    return BookTrouble(
        ProblemCode.TRUNCATED, f"{len(lost)} of {len(where)} entries are not in the file, as {shown(lost[0])}"
    )
