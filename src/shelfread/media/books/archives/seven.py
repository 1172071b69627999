"""7z archives: CB7.

Stands beside the readers of zip, rar and tar. The header is `seven_header`, the steps of unpacking are
`seven_folder`; here entries are taken from the streams. Most archives are solid, one stream for all pages:
it is kept open where the last entry ended, so that reading them in order unpacks every byte once.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from struct import Struct

from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.media.books.archives.bounds import (
    Garbled,
    admit,
    damaged,
    gathered,
    judge,
    left_out,
    plain_text,
    too_long_a_list,
    verified,
)
from shelfread.media.books.archives.seven_folder import Folder, unpacked
from shelfread.media.books.archives.seven_header import ENCODED_HEADER, HeaderReader, Listed
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_START = Struct("<QQI").unpack_from
_PLAIN_HEADER = 1
_FOLDER, _UNIX_MODE = 0x10, 0x8000
_REGULAR = (0, stat.S_IFREG)


class SevenArchive:
    """An open 7z archive; see `Archive`."""

    container = "7z"
    comment = b""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self.entries: list[ArchiveEntry] = []
        self.warnings: list[BookTrouble] = []
        #: By `place` of an entry: its block, and where in that it begins.
        self._where: list[tuple[Folder | None, int]] = []
        self._stream: _Stream | None = None
        #: The last entry whose beginning was asked for: its place, and that beginning.
        self._kept: tuple[int, bytes] = (-1, b"")
        header = _header(source, limits)
        if header is not None:
            self._list(header)
        self.warnings += judge(self.entries, source.size, limits)

    def read(self, entry: ArchiveEntry, limit: int | None = None) -> bytes:
        admit(entry, limit, self._limits)
        return verified(entry, self._taken(entry, entry.size))

    def head(self, entry: ArchiveEntry, length: int) -> bytes:
        admit(entry, None, self._limits)
        content = self._taken(entry, min(length, entry.size))
        self._kept = (entry.place, content)
        return content

    def stored_at(self, entry: ArchiveEntry) -> int | None:
        """Where the bytes of an entry begin in the file, if they are stored as they are."""
        return entry.offset

    def _taken(self, entry: ArchiveEntry, length: int) -> bytes:
        folder, start = self._where[entry.place]
        if folder is None or length == 0:
            return b""
        known = self._kept[1] if self._kept[0] == entry.place else b""
        if len(known) >= length:
            return known[:length]
        stream = self._stream
        try:
            if stream is None or stream.folder is not folder or stream.at > start + len(known):
                # The old one is let go before the new one reserves its dictionary.
                self._stream = stream = None
                stream = _Stream(folder, unpacked(self._source, folder, self._limits))
                known = b""
            self._stream = None
            stream.skip(start + len(known) - stream.at)
            content = known + stream.take(length - len(known))
            self._stream = stream
        except Garbled as trouble:
            raise damaged(entry, str(trouble)) from None
        if len(content) < length:
            raise damaged(entry, "the packed bytes end before it does")
        return content

    def _list(self, header: HeaderReader) -> None:
        limits = self._limits
        skipped: list[str] = []
        streams = _streams(header.folders)
        for listed in header.files:
            name = plain_text(listed.name, limits)
            folder: Folder | None = None
            start = size = 0
            crc: int | None = 0
            if listed.has_stream:
                stream = next(streams, None)
                if stream is None:
                    raise BookTrouble(ProblemCode.DAMAGED, "it lists more entries than it holds")
                folder, start, size, crc = stream
            if _is_folder(listed):
                continue
            if listed.attributes & _UNIX_MODE and stat.S_IFMT(listed.attributes >> 16) not in _REGULAR:
                skipped.append(name)
                continue
            place = len(self._where)
            self._where.append((folder, start))
            alone = folder is None or len(folder.streams) == 1
            packed = (folder.packed if folder else 0) if alone else None
            plain = folder is not None and [coder.method for coder in folder.coders] == [b"\0"]
            offset = folder.offset + start if folder and plain else None
            encrypted = folder is not None and folder.encrypted
            self.entries.append(ArchiveEntry(name, size, packed, crc, encrypted, place, offset))
        if skipped:
            self.warnings.append(left_out(skipped))


class _Stream:
    """A block that is being unpacked, and how far it is."""

    def __init__(self, folder: Folder, pieces: Iterator[bytes]) -> None:
        self.folder = folder
        self.at = 0
        self._pieces = pieces
        self._rest = b""

    def skip(self, length: int) -> None:
        while length > 0:
            piece = self._rest or next(self._pieces, b"")
            if not piece:
                return
            self._rest = piece[length:]
            self.at += len(piece) - len(self._rest)
            length -= len(piece)

    def take(self, length: int) -> bytes:
        content = gathered(self._each(length), length)
        self.at += len(content)
        return content

    def _each(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self._rest or next(self._pieces, b"")
            if not piece:
                return
            self._rest = piece[length:]
            length -= len(piece)
            yield piece[: len(piece) - len(self._rest)] if self._rest else piece


def _streams(folders: list[Folder]) -> Iterator[tuple[Folder, int, int, int | None]]:
    for folder in folders:
        start = 0
        for size, crc in folder.streams:
            yield folder, start, size, crc
            start += size


def _is_folder(listed: Listed) -> bool:
    if listed.attributes & _UNIX_MODE and stat.S_ISDIR(listed.attributes >> 16):
        return True
    return not listed.has_stream and (not listed.is_empty_file or bool(listed.attributes & _FOLDER))


def _header(source: Source, limits: Limits) -> HeaderReader | None:
    """The header of the archive, unpacked if need be; None for an archive with nothing in it."""
    start = source.read_at(0, 32)
    if len(start) < 32:
        raise BookTrouble(ProblemCode.TRUNCATED, "the file ends inside its first header")
    if zlib.crc32(start[12:]) != int.from_bytes(start[8:12], "little"):
        raise BookTrouble(ProblemCode.DAMAGED, "its first header is damaged")
    offset, length, crc = _START(start, 12)
    if length == 0:
        return None
    if 32 + offset + length > source.size:
        raise BookTrouble(ProblemCode.TRUNCATED, "the end of the file with its list of entries is missing")
    if length > limits.directory_size:
        raise too_long_a_list(length, limits)
    content = source.read_at(32 + offset, length)
    if zlib.crc32(content) != crc:
        raise BookTrouble(ProblemCode.DAMAGED, "its list of entries is damaged")
    reader = HeaderReader(content, source.size, limits)
    kind = reader.byte()
    # A packed header holds a header, which could be packed once more; nobody does that.
    if kind == ENCODED_HEADER:
        reader = HeaderReader(_unpacked_header(source, reader, limits), source.size, limits)
        kind = reader.byte()
    if kind != _PLAIN_HEADER:
        raise BookTrouble(ProblemCode.DAMAGED, "its list of entries is damaged")
    reader.header()
    return reader


def _unpacked_header(source: Source, reader: HeaderReader, limits: Limits) -> bytes:
    reader.streams()
    if not reader.folders:
        raise BookTrouble(ProblemCode.DAMAGED, "its list of entries is damaged")
    folder = reader.folders[0]
    if folder.encrypted:
        raise BookTrouble(ProblemCode.ENCRYPTED, "the archive is encrypted, its list of entries too")
    if folder.size > limits.directory_size:
        raise too_long_a_list(folder.size, limits)
    try:
        content = gathered(unpacked(source, folder, limits), folder.size)
    except Garbled as trouble:
        detail = f"its list of entries is damaged: {trouble}"
        raise BookTrouble(ProblemCode.DAMAGED, detail) from None
    if len(content) < folder.size or (folder.crc is not None and zlib.crc32(content) != folder.crc):
        raise BookTrouble(ProblemCode.DAMAGED, "its list of entries is damaged")
    return content
