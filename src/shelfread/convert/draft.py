"""One new file, from its first byte to its verification, under a temporary name.

Takes the frames of `unpack` twice: those of the original become entries, those of the new file are compared
with them, entry by entry: name, length, CRC-32 and xxh3-128. What differs anywhere is no conversion. Knows
no journal; the rename is for whoever has written one.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from xxhash import xxh3_128

from shelfread.convert.names import CONTAINERS, deflated, safe_names
from shelfread.convert.place import Place, refusal
from shelfread.convert.unpack import Begun, Closed, Ended, Frame, Opened, Portion, Trouble
from shelfread.convert.zipping import ZipWriter
from shelfread.model.conversion import ConversionCode, Refused
from shelfread.model.entry import Stamp, stamp_of
from shelfread.model.problem import ProblemCode

#: What is left free on a disk.
RESERVE = 16 << 20


class Entry(NamedTuple):
    """One entry as it was read from the original, under its name in the new file."""

    name: str
    size: int
    crc: int
    digest: bytes


class Draft:
    """A new file. `take` the original's frames, `seal`, `compare` with the new file's; at the end `close`."""

    def __init__(self, place: Place, source_fd: int) -> None:
        """Begin a draft beside an open original; nothing is on disk before the first entry is known.

        Raises:
            Refused: see `take`.
        """
        self._place = place
        self._source_fd = source_fd
        self._original = os.fstat(source_fd)
        self._fd = -1
        #: The temporary name; empty before there is one.
        self.name = b""
        self._zip: ZipWriter | None = None
        self._names: Sequence[str] = ()
        self._entries: list[Entry] = []
        self._expected: int | None = None
        self._digest = xxh3_128()
        self._closed = False
        self._kept = False

    @property
    def entries(self) -> Sequence[Entry]:
        """What was read, in order."""
        return self._entries

    def take(self, frame: Frame) -> None:
        """The next frame of the original.

        Raises:
            Refused: it is none that can be converted, cannot be read whole, or there is no room.
        """
        try:
            self._take(frame)
        except OSError as error:
            raise refusal(error, "the new file cannot be written") from error

    def _take(self, frame: Frame) -> None:
        match frame:
            case Opened():
                self._open(frame)
            case Begun():
                assert self._zip is not None
                name = self._names[len(self._entries)]
                self._expected = frame.crc
                self._digest = xxh3_128()
                self._zip.begin(name, deflate=deflated(name))
            case Portion():
                assert self._zip is not None
                self._digest.update(frame.content)
                self._zip.write(frame.content)
            case Ended():
                self._end(frame)
            case Closed():
                self._closed = True
                if frame.stamp != stamp_of(self._original):
                    raise _changed()
            case Trouble():
                raise _unreadable(frame)

    def _open(self, opened: Opened) -> None:
        if opened.stamp != stamp_of(self._original):
            raise _changed()
        if opened.container not in CONTAINERS:
            raise Refused(ProblemCode.WRONG_FORMAT, f"its content is {opened.container}", lasting=True)
        if not opened.names:
            raise Refused(ProblemCode.NO_PAGES, "there is nothing in it", lasting=True)
        self._names = safe_names(opened.names)
        length = sum(len(name.encode()) for name in self._names)
        needed = opened.size + ZipWriter.overhead(len(self._names), length)
        free = self._place.free()
        if free < needed + RESERVE:
            raise Refused(
                ConversionCode.NO_SPACE,
                f"the new file needs {needed >> 20} MiB beside the old one, and {free >> 20} MiB are free",
            )
        self._fd, self.name = self._place.new_file()
        self._zip = ZipWriter(self._fd, self._original.st_mtime)

    def _end(self, ended: Ended) -> None:
        assert self._zip is not None
        crc, size = self._zip.end()
        digest = self._digest.digest()
        if (crc, size, digest) != (ended.crc, ended.size, ended.digest):
            raise _differs("an entry did not arrive as it was read")
        if self._expected is not None and crc != self._expected:
            raise Refused(ProblemCode.DAMAGED, "the checksum of an entry is wrong", lasting=True)
        self._entries.append(Entry(self._names[len(self._entries)], size, crc, digest))

    def seal(self) -> Stamp:
        """Complete the file: its directory, owner, mode and time; on the disk when this returns.

        Raises:
            Refused: frames are missing, or the system does not take it.
        """
        if not self._closed or self._zip is None or len(self._entries) != len(self._names):
            raise _differs("not every entry was read")
        before = self._original
        try:
            self._zip.finish()
            # Who may not give files away keeps them; the group alone is often allowed.
            for owner in ((before.st_uid, before.st_gid), (-1, before.st_gid)):
                with contextlib.suppress(OSError):
                    os.fchown(self._fd, *owner)
                    break
            with contextlib.suppress(OSError):
                os.fchmod(self._fd, stat.S_IMODE(before.st_mode) & 0o777)
            os.utime(self._fd, ns=(before.st_atime_ns, before.st_mtime_ns))
            os.fsync(self._fd)
            if hasattr(os, "posix_fadvise"):
                # What is compared next comes from the disk where that is possible, not from memory.
                with contextlib.suppress(OSError):
                    os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
            return stamp_of(os.fstat(self._fd))
        except OSError as error:
            raise refusal(error, "the new file cannot be completed") from error

    def comparison(self) -> Comparison:
        """What takes the frames of the new file."""
        return Comparison(self._entries)

    def check_source(self) -> None:
        """Look at the open original once more.

        Raises:
            Refused: it changed while it was read.
        """
        if stamp_of(os.fstat(self._source_fd)) != stamp_of(self._original):
            raise _changed()

    def keep(self) -> None:
        """The file has its name, or a journal that says of it: it is not ours to delete any more."""
        self._kept = True

    def close(self) -> None:
        """Let the file go; what is not kept is deleted."""
        if self._fd >= 0:
            if not self._kept:
                self._place.remove(self.name)
            fd, self._fd = self._fd, -1
            os.close(fd)


class Comparison:
    """The new file, read once more: must be what was read from the original."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._at = 0
        self._name = ""
        self._complete = False

    def take(self, frame: Frame) -> None:
        """The next frame of the new file.

        Raises:
            Refused: it is not what was written.
        """
        match frame:
            case Opened():
                if frame.container != "zip" or frame.names != [entry.name for entry in self._entries]:
                    raise _differs("the new file has other entries than the original")
            case Begun():
                self._name = frame.name
            case Ended():
                found = Entry(self._name, frame.size, frame.crc, frame.digest)
                if self._at >= len(self._entries) or found != self._entries[self._at]:
                    raise _differs("an entry of the new file is not what was read from the original")
                self._at += 1
            case Closed():
                self._complete = True
            case Trouble():
                raise _differs(f"the new file cannot be read: {frame.detail}")
            case Portion():
                pass

    def finish(self) -> None:
        """Nothing more comes.

        Raises:
            Refused: not every entry was compared.
        """
        if not self._complete or self._at != len(self._entries):
            raise _differs("not every entry of the new file could be compared")


def _changed() -> Refused:
    return Refused(ConversionCode.SOURCE_CHANGED, "it changed while it was read")


def _differs(why: str) -> Refused:
    return Refused(ConversionCode.COPY_DIFFERS, why, lasting=True)


def _unreadable(trouble: Trouble) -> Refused:
    passing = {ProblemCode.IO_ERROR, ProblemCode.PERMISSION_DENIED, ProblemCode.VANISHED}
    return Refused(trouble.code, trouble.detail, lasting=trouble.code not in passing)
