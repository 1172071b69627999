"""What the walker sees: entries of a folder and the stamp that tells whether one changed.

Named tuples instead of dataclasses: a scan makes one per file, and these are the cheapest objects
there are.
"""

from __future__ import annotations

import os
from typing import NamedTuple

_HALF, _FULL = 1 << 63, 1 << 64


def fold64(number: int) -> int:
    """The number as a signed 64-bit integer, wrapped around where it does not fit.

    Inodes are unsigned 64 bits and times may lie beyond the year 2262: a database and a wire hold
    neither as it is. Wrapping keeps different numbers different, and a stamp is only ever compared.
    """
    return number if -_HALF <= number < _HALF else (number + _HALF) % _FULL - _HALF


class Stamp(NamedTuple):
    """The facts of `lstat`/`stat` that decide whether a file must be read again.

    Times are nanoseconds since the epoch and may be negative or in the future. Every number went through
    `fold64`.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp in the result of a stat call."""
    return Stamp(
        status.st_size,
        fold64(status.st_mtime_ns),
        fold64(status.st_ctime_ns),
        fold64(status.st_dev),
        fold64(status.st_ino),
    )


class Entry(NamedTuple):
    """One regular file in a folder: its name as bytes on disk, and its stamp."""

    name: bytes
    stamp: Stamp
