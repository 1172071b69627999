"""The header of a 7z archive: which streams are packed how, and which entries lie in them.

Stands between the file and `seven`, which unpacks. Written from 7zFormat.txt of the LZMA SDK (public
domain). Every count is held against what the header has bytes for, or against the limits, before anything
of that number is made.
"""

from __future__ import annotations

from dataclasses import dataclass

from shelfread.media.books.archives.base import BookTrouble, Limits
from shelfread.media.books.archives.bounds import too_many
from shelfread.media.books.archives.seven_folder import Coder, Folder
from shelfread.model.problem import ProblemCode

_END, _HEADER, _ARCHIVE_PROPERTIES, _ADDITIONAL, _MAIN = 0, 1, 2, 3, 4
_FILES, _PACKED, _FOLDERS, _SUBSTREAMS, _SIZE, _CRC, _FOLDER = 5, 6, 7, 8, 9, 10, 11
_UNPACKED_SIZE, _STREAMS, _EMPTY_STREAM, _EMPTY_FILE, _ANTI, _NAMES = 12, 13, 14, 15, 16, 17
_ATTRIBUTES = 21
ENCODED_HEADER = 23
#: More steps, or streams of one, are never written.
_MOST_CODERS = 8
#: Nor so many properties; each may be of no length at all.
_MOST_PROPERTIES = 1000


@dataclass(slots=True)
class Listed:
    """One thing in the archive; folders and links are told by their attributes."""

    name: str
    has_stream: bool
    is_empty_file: bool
    attributes: int


class HeaderReader:
    """Reads the bytes of one header.

    Raises:
        BookTrouble: from every method: DAMAGED, LIMIT_EXCEEDED or UNSUPPORTED.
    """

    def __init__(self, content: bytes, file_size: int, limits: Limits) -> None:
        self._content = content
        self._at = 0
        self._properties = 0
        self._file_size = file_size
        self._limits = limits
        self.folders: list[Folder] = []
        self.files: list[Listed] = []

    def header(self) -> None:
        """A plain header, its mark read already, into `folders` and `files`."""
        kind = self.byte()
        if kind == _ARCHIVE_PROPERTIES:
            while self._property() != _END:
                self._skip(self._number())
            kind = self.byte()
        if kind == _ADDITIONAL:
            raise BookTrouble(ProblemCode.UNSUPPORTED, "its list of entries is in a stream of its own")
        if kind == _MAIN:
            self.streams()
            kind = self.byte()
        if kind == _FILES:
            self._files()
            kind = self.byte()
        if kind != _END:
            raise _damaged()

    def streams(self) -> None:
        """What is packed where, and how."""
        places: list[tuple[int, int]] = []
        kind = self.byte()
        if kind == _PACKED:
            places = self._places()
            kind = self.byte()
        if kind == _FOLDERS:
            self._folders(places)
            kind = self.byte()
        if kind == _SUBSTREAMS:
            self._substreams()
            kind = self.byte()
        else:
            for folder in self.folders:
                folder.streams = [(folder.size, folder.crc)]
        if kind != _END:
            raise _damaged()

    def byte(self) -> int:
        at = self._at
        if at >= len(self._content):
            raise _damaged()
        self._at = at + 1
        return self._content[at]

    def _property(self) -> int:
        self._properties += 1
        if self._properties > _MOST_PROPERTIES:
            raise _damaged()
        return self.byte()

    def _skip(self, length: int) -> None:
        if length > len(self._content) - self._at:
            raise _damaged()
        self._at += length

    def _take(self, length: int) -> bytes:
        at = self._at
        self._skip(length)
        return self._content[at : at + length]

    def _number(self) -> int:
        """One to nine bytes: the ones at the top of the first say how many follow."""
        first = self.byte()
        if first < 0x80:
            return first
        more = 8 - (first ^ 0xFF).bit_length()
        value = int.from_bytes(self._take(more), "little")
        return value | (first & (0x7F >> more)) << 8 * more

    def _count(self) -> int:
        """A number of things, each of which takes at least a byte of this header."""
        count = self._number()
        if count > len(self._content) - self._at:
            raise _damaged()
        if count > self._limits.entries:
            raise too_many(self._limits)
        return count

    def _bits(self, count: int) -> list[bool]:
        content = self._take((count + 7) // 8)
        return [bool(content[number >> 3] & 0x80 >> (number & 7)) for number in range(count)]

    def _defined(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self._bits(count)

    def _checksums(self, count: int) -> list[int | None]:
        return [
            int.from_bytes(self._take(4), "little") if defined else None for defined in self._defined(count)
        ]

    def _places(self) -> list[tuple[int, int]]:
        offset = 32 + self._number()
        count = self._count()
        sizes = [0] * count
        while (kind := self._property()) != _END:
            if kind == _SIZE:
                sizes = [self._number() for _ in range(count)]
            elif kind == _CRC:
                self._checksums(count)
            else:
                raise _damaged()
        places = []
        for size in sizes:
            places.append((offset, size))
            offset += size
        if offset > self._file_size:
            raise BookTrouble(ProblemCode.TRUNCATED, "the file ends before its entries do")
        return places

    def _folders(self, places: list[tuple[int, int]]) -> None:
        if self.byte() != _FOLDER:
            raise _damaged()
        count = self._count()
        self._inside()
        self.folders = [self._folder() for _ in range(count)]
        if self.byte() != _UNPACKED_SIZE:
            raise _damaged()
        for folder in self.folders:
            outputs = sum(coder.outputs for coder in folder.coders)
            folder.sizes = [self._number() for _ in range(outputs)]
        while (kind := self._property()) != _END:
            if kind != _CRC:
                raise _damaged()
            for folder, crc in zip(self.folders, self._checksums(count), strict=True):
                folder.crc = crc
        at = 0
        for folder in self.folders:
            own = places[at : at + folder.packed_streams]
            at += folder.packed_streams
            if len(own) < folder.packed_streams:
                raise _damaged()
            folder.offset = own[0][0]
            folder.packed = sum(size for _, size in own)

    def _inside(self) -> None:
        """What follows stands here, and not in another stream, which nobody writes."""
        if self.byte():
            raise BookTrouble(ProblemCode.UNSUPPORTED, "its list of entries is in a stream of its own")

    def _folder(self) -> Folder:
        coders = []
        inputs = outputs = 0
        count = self._number()
        if not 0 < count <= _MOST_CODERS:
            raise _damaged()
        for _ in range(count):
            flags = self.byte()
            coder = Coder(self._take(flags & 0x0F), b"", 1, 1)
            if flags & 0x10:
                coder.inputs, coder.outputs = self._number(), self._number()
            if flags & 0x20:
                coder.properties = self._take(self._number())
            if coder.inputs > _MOST_CODERS or coder.outputs > _MOST_CODERS or flags & 0x80:
                raise _damaged()
            inputs += coder.inputs
            outputs += coder.outputs
            coders.append(coder)
        if not outputs or inputs < outputs - 1:
            raise _damaged()
        bonds = [(self._number(), self._number()) for _ in range(outputs - 1)]
        packed = inputs - len(bonds)
        if packed < 1:
            raise _damaged()
        if packed > 1:
            for _ in range(packed):
                self._number()
        return Folder(coders, bonds, packed)

    def _substreams(self) -> None:
        folders = self.folders
        counts = [1] * len(folders)
        kind = self.byte()
        if kind == _STREAMS:
            counts = [self._number() for _ in folders]
            if sum(counts) > self._limits.entries:
                raise too_many(self._limits)
            kind = self.byte()
        sizes: list[list[int]] = []
        for folder, count in zip(folders, counts, strict=True):
            own = [self._number() for _ in range(count - 1)] if kind == _SIZE else [0] * (count - 1)
            if count:
                own.append(folder.size - sum(own))
                if own[-1] < 0:
                    raise _damaged()
            sizes.append(own)
        if kind == _SIZE:
            kind = self.byte()
        unknown = sum(
            count for folder, count in zip(folders, counts, strict=True) if not _is_said(folder, count)
        )
        checksums: list[int | None] = [None] * unknown
        while kind != _END:
            if kind != _CRC:
                raise _damaged()
            checksums = self._checksums(unknown)
            kind = self._property()
        following = iter(checksums)
        for folder, own in zip(folders, sizes, strict=True):
            if _is_said(folder, len(own)):
                folder.streams = [(own[0], folder.crc)]
            else:
                folder.streams = [(size, next(following)) for size in own]

    def _files(self) -> None:
        count = self._count()
        empty, empty_file, anti = [False] * count, [], []
        names = [""] * count
        attributes = [0] * count
        while (kind := self._property()) != _END:
            length = self._number()
            end = self._at + length
            if end > len(self._content):
                raise _damaged()
            if kind == _EMPTY_STREAM:
                empty = self._bits(count)
            elif kind == _EMPTY_FILE:
                empty_file = self._bits(sum(empty))
            elif kind == _ANTI:
                anti = self._bits(sum(empty))
            elif kind == _NAMES:
                self._inside()
                said = memoryview(self._content)[self._at : end]
                found = str(said, "utf-16-le", "replace").split("\0", count)
                names = (found + names)[:count]
            elif kind == _ATTRIBUTES:
                defined = self._defined(count)
                self._inside()
                attributes = [int.from_bytes(self._take(4), "little") if said else 0 for said in defined]
            self._at = end
        at = 0
        for number in range(count):
            if not empty[number]:
                self.files.append(Listed(names[number], True, False, attributes[number]))
                continue
            is_file = at < len(empty_file) and empty_file[at] and not (at < len(anti) and anti[at])
            at += 1
            self.files.append(Listed(names[number], False, is_file, attributes[number]))


def _is_said(folder: Folder, count: int) -> bool:
    """Whether the folder's own checksum is that of its only entry."""
    return count == 1 and folder.crc is not None


def _damaged() -> BookTrouble:
    return BookTrouble(ProblemCode.DAMAGED, "its list of entries is damaged")
