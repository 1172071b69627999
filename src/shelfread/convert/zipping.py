"""Writes a zip through a descriptor, a portion at a time: what a cbz is on disk.

Nothing is guessed ahead: sizes and checksum of an entry are filled in once its last byte is written. ZIP64
where the file is larger than 4 GiB. Knows no comic; whether it wrote well is for `draft` to find out.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from typing import NamedTuple

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
#: Names are UTF-8.
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
#: An entry is no larger than this, so that its own sizes need no ZIP64.
ENTRY_LIMIT = _MOST_32 - 1
#: Made on Unix, by version 2.0 or 4.5 of the format; a plain file that its owner may write.
_MADE_BY, _MADE_BY_64, _NEEDS, _NEEDS_64 = 0x0314, 0x032D, 20, 45
_ATTRIBUTES = 0o100644 << 16


class _Written(NamedTuple):
    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    offset: int


class ZipWriter:
    """One zip on an empty descriptor: `begin`, `write`, `end` for each entry, then `finish`.

    Raises OSError where the system does not take what is written; the file is worth nothing then.
    """

    def __init__(self, fd: int, mtime_s: float) -> None:
        """Args: fd: open for writing, at its beginning. mtime_s: what every entry gets for its time."""
        self._fd = fd
        self._offset = 0
        self._when = _dos_time(mtime_s)
        self._entries: list[_Written] = []
        self._name = b""
        self._method = _STORED
        self._begun_at = self._data_at = 0
        self._size = self._crc = 0
        self._deflate: zlib._Compress | None = None

    @staticmethod
    def overhead(names: int, length: int) -> int:
        """Bytes that a zip needs beside its content: so many names of so many bytes in all."""
        return names * (_LOCAL.size + _CENTRAL.size + 12) + 2 * length + 128

    def begin(self, name: str, *, deflate: bool) -> None:
        """Begin an entry."""
        self._name = name.encode()
        self._method = _DEFLATED if deflate else _STORED
        # Raw: the zip has headers of its own.
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS) if deflate else None
        self._begun_at = self._offset
        self._size = self._crc = 0
        self._put(self._local(0, 0, 0))
        self._data_at = self._offset

    def write(self, content: bytes) -> None:
        """The next bytes of the entry."""
        self._size += len(content)
        if self._size > ENTRY_LIMIT:
            raise OverflowError("an entry of a zip is less than 4 GiB")
        self._crc = zlib.crc32(content, self._crc)
        self._put(self._deflate.compress(content) if self._deflate else content)

    def end(self) -> tuple[int, int]:
        """End the entry; gives its CRC-32 and its size."""
        if self._deflate is not None:
            self._put(self._deflate.flush())
        packed = self._offset - self._data_at
        _write_at(self._fd, self._local(self._crc, packed, self._size), self._begun_at)
        self._entries.append(
            _Written(self._name, self._method, self._crc, packed, self._size, self._begun_at)
        )
        return self._crc, self._size

    def finish(self) -> None:
        """Write the directory: the zip is complete."""
        directory_at, count = self._offset, len(self._entries)
        for entry in self._entries:
            self._put(self._central(entry))
        length = self._offset - directory_at
        if count >= _MOST_16 or _far(directory_at) or _far(length):
            end_at = self._offset
            self._put(
                _END_64.pack(
                    b"PK\x06\x06", _END_64.size - 12, _MADE_BY_64, _NEEDS_64, 0, 0,
                    count, count, length, directory_at,
                )
            )  # fmt: skip
            self._put(_LOCATOR_64.pack(b"PK\x06\x07", 0, end_at, 1))
        few = min(count, _MOST_16)
        self._put(
            _END.pack(
                b"PK\x05\x06",
                0,
                0,
                few,
                few,
                length if not _far(length) else _MOST_32,
                directory_at if not _far(directory_at) else _MOST_32,
                0,
            )
        )

    def _local(self, crc: int, packed: int, size: int) -> bytes:
        day_time, date = self._when
        return (
            _LOCAL.pack(
                b"PK\x03\x04", _NEEDS, _UTF8, self._method, day_time, date,
                crc, packed, size, len(self._name), 0,
            )
            + self._name
        )  # fmt: skip

    def _central(self, entry: _Written) -> bytes:
        day_time, date = self._when
        far = _far(entry.offset)
        extra = struct.pack("<HHQ", 1, 8, entry.offset) if far else b""
        return (
            _CENTRAL.pack(
                b"PK\x01\x02", _MADE_BY, _NEEDS_64 if far else _NEEDS, _UTF8, entry.method, day_time, date,
                entry.crc, entry.packed, entry.size, len(entry.name), len(extra), 0, 0, 0, _ATTRIBUTES,
                _MOST_32 if far else entry.offset,
            )
            + entry.name
            + extra
        )  # fmt: skip

    def _put(self, content: bytes) -> None:
        _write_at(self._fd, content, self._offset)
        self._offset += len(content)


def _far(offset: int) -> bool:
    """Whether a place or a length needs 64 bits."""
    return offset >= _MOST_32


def _write_at(fd: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def _dos_time(mtime_s: float) -> tuple[int, int]:
    """A time as zip has it: UTC, to two seconds, from 1980 to 2107."""
    try:
        year, month, day, hour, minute, second = time.gmtime(mtime_s)[:6]
    except (OverflowError, ValueError, OSError):
        year, month, day, hour, minute, second = 1980, 1, 1, 0, 0, 0
    if year < 1980:
        year, month, day, hour, minute, second = 1980, 1, 1, 0, 0, 0
    elif year > 2107:
        year, month, day, hour, minute, second = 2107, 12, 31, 23, 59, 58
    return hour << 11 | minute << 5 | min(second, 59) // 2, (year - 1980) << 9 | month << 5 | day
