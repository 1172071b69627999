"""RAR archives: CBR. Versions 4 and 5, solid ones too.

Stands beside the readers of zip, 7z and tar. Listing is our own (`rar4`, `rar5`); entries that are stored are
read straight from the file; what is packed is unpacked by the UnRAR library, in memory and piece by piece.
The library opens by path, and is given the descriptor's, so that it reads the very file that was listed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from shelfread.media.books.archives import rar4, rar5
from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.media.books.archives.bounds import (
    admit,
    amount,
    cut_off,
    damaged,
    judge,
    left_out,
    shown,
    verified,
)
from shelfread.media.books.archives.rar_headers import Listed, Packed
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_NO_MEMORY, _BAD_CONTENT, _TOO_LARGE_DICTIONARY = 11, 12, 25
_FAULTS = {
    _BAD_CONTENT: "its packed bytes or its checksum are wrong",
    13: "the archive is",
    18: "a read failed",
}
_STOP, _GO_ON = -1, 1


class RarArchive:
    """An open RAR archive; see `Archive`."""

    container = "rar"
    comment = b""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        found = _listed(source, limits)
        self.entries: list[ArchiveEntry] = found.entries
        self.warnings: list[BookTrouble] = found.warnings
        self._packed = found.packed
        self._solid = found.solid
        self._dictionary = found.dictionary
        self._unpacker: _Unpacker | None = None
        #: The last entry of a solid archive that was unpacked for its beginning: its place and content.
        self._kept: tuple[int, bytes] = (-1, b"")
        self.warnings += judge(self.entries, source.size, limits)

    def read(self, entry: ArchiveEntry, limit: int | None = None) -> bytes:
        admit(entry, limit, self._limits)
        if entry.offset is not None:
            content = self._source.read_at(entry.offset, entry.size)
            if len(content) < entry.size:
                raise cut_off(entry)
            return verified(entry, content)
        if self._kept[0] == entry.place:
            return self._kept[1]
        return verified(entry, self._unpacked(entry, entry.size, whole=True))

    def head(self, entry: ArchiveEntry, length: int) -> bytes:
        length = min(length, entry.size)
        admit(entry, None, self._limits)
        if entry.offset is not None:
            return self._source.read_at(entry.offset, length)
        if not self._solid:
            return self._unpacked(entry, length, whole=False)[:length]
        # To stop inside an entry of a solid archive is to begin again for the next one.
        if self._kept[0] != entry.place:
            self._kept = (entry.place, self.read(entry))
        return self._kept[1][:length]

    def stored_at(self, entry: ArchiveEntry) -> int | None:
        """Where the bytes of an entry begin in the file, if they are stored as they are."""
        return entry.offset

    def _unpacked(self, entry: ArchiveEntry, length: int, *, whole: bool) -> bytes:
        about = self._packed[entry.place]
        dictionary = self._dictionary if self._solid else about.dictionary
        if dictionary > self._limits.dictionary_size:
            raise BookTrouble(
                ProblemCode.LIMIT_EXCEEDED,
                f"{shown(entry.name)} needs a dictionary of {amount(dictionary)}, "
                f"{amount(self._limits.dictionary_size)} are accepted",
            )
        if self._unpacker is None:
            self._unpacker = _Unpacker(self._source)
        return self._unpacker.unpacked(entry, about, length, whole=whole)


def _listed(source: Source, limits: Limits) -> Listed:
    mark = source.read_at(0, 8)
    if mark.startswith(b"RE\x7e\x5e"):
        raise BookTrouble(ProblemCode.UNSUPPORTED, "it is a RAR archive of before 1996")
    found = Listed()
    walk = rar5.walk if mark[6:7] == b"\1" else rar4.walk
    ended = walk(source, limits, found)
    if ended is not None:
        trouble = BookTrouble(*ended)
        if not found.entries:
            raise trouble
        found.warnings.append(trouble)
    if found.skipped:
        found.warnings.append(left_out(found.skipped))
    return found


class _Unpacker:
    """The library at a place in one archive. Going on is cheap, going back is to begin again."""

    def __init__(self, source: Source) -> None:
        from unrar.cffi import unrarlib

        self._library: Any = unrarlib
        by_descriptor = Path(f"/dev/fd/{source.fd}")
        self._path = str(by_descriptor) if by_descriptor.exists() else os.fsdecode(source.path)
        self._handle: Any = None
        #: The file header that comes next.
        self._next = 0

    def __del__(self) -> None:
        self._close()

    def unpacked(self, entry: ArchiveEntry, about: Packed, length: int, *, whole: bool) -> bytes:
        """The first `length` bytes of an entry; `whole` says that these must be all, and right."""
        library = self._library
        if self._handle is None or self._next > about.number:
            self._open(entry)
        sound = False
        try:
            header = library.RARHeaderDataEx()
            while self._next <= about.number:
                self._settle(entry, library.RARReadHeaderEx(self._handle, header))
                self._next += 1
                if self._next <= about.number:
                    null = library.ffi.NULL
                    code = library.RARProcessFileW(self._handle, library.C_RAR_SKIP, null, null)
                    self._settle(entry, code)
            if header.UnpSize + (header.UnpSizeHigh << 32) != entry.size:
                raise damaged(entry, "the archive has two different lists of entries")
            content, stopped, code = self._processed(length)
            if not stopped:
                self._settle(entry, code)
                sound = True
            elif whole:
                content += b"\0"  # more came than was asked for
            return content
        finally:
            if not sound:  # it says nothing of where it is then
                self._close()

    def _open(self, entry: ArchiveEntry) -> None:
        self._close()
        library = self._library
        ffi = library.ffi
        name = ffi.new("wchar_t[]", self._path)
        # Not the library's own opening, which reads the comment, however long.
        how = {"ArcNameW": name, "OpenMode": library.C_RAR_OM_EXTRACT}
        opening = ffi.new("struct RAROpenArchiveDataEx *", how)
        self._handle = library.RAROpenArchiveEx(opening) or None
        self._next = 0
        if self._handle is None or opening.OpenResult:
            self._close()
            self._settle(entry, opening.OpenResult or _BAD_CONTENT)

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            self._library.RARCloseArchive(handle)

    def _processed(self, length: int) -> tuple[bytes, bool, int]:
        """Unpack the entry the library stands at: bytes, whether it was stopped, and what it says."""
        library = self._library
        ffi = library.ffi
        pieces: list[bytes] = []
        missing = length
        full = False

        def take(message: int, address: int, size: int) -> int:
            nonlocal missing, full
            # Anything else is a question: for a password, another volume, more memory.
            if message != library.UCM_PROCESSDATA or full:
                return _STOP
            try:
                pieces.append(ffi.buffer(ffi.cast("char *", address), min(size, missing))[:])
            except MemoryError:  # nothing may leave a callback
                full = True
                return _STOP
            full = size > missing
            missing -= min(size, missing)
            return _STOP if full else _GO_ON

        own = ffi.new_handle(take)
        library.RARSetCallbackPtr(self._handle, library.PyUNRARCALLBACKStub, own)
        code = library.RARProcessFileW(self._handle, library.C_RAR_TEST, ffi.NULL, ffi.NULL)
        library.RARSetCallbackPtr(self._handle, ffi.NULL, ffi.NULL)
        return b"".join(pieces), full, code

    def _settle(self, entry: ArchiveEntry, code: int) -> None:
        if not code:
            return
        if code in (_NO_MEMORY, _TOO_LARGE_DICTIONARY):
            raise BookTrouble(ProblemCode.LIMIT_EXCEEDED, f"{shown(entry.name)} needs too much memory")
        raise damaged(entry, _FAULTS.get(code, f"UnRAR says {code}"))
