"""Opens a catalogued file for those who may only name it by its id.

The path is the catalogue's, and what lies there may have changed since: a link may lead elsewhere now. So
what was opened is what is judged. Knows no HTTP.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from shelfread.app.places import is_inside
from shelfread.store.items import FilePlace


class Gone(Exception):
    """There is no such file to be read; the text says why, without a path."""


class Opened(NamedTuple):
    """A file that is open for reading; whoever has it closes the descriptor."""

    descriptor: int
    size: int
    mtime_ns: int
    inode: int


def open_file(place: FilePlace) -> Opened:
    """Open the file of a track. Blocks; a disk may be slow.

    Raises:
        Gone: it is missing, is no plain file, lies outside the library's roots, or cannot be read.
    """
    path = os.path.join(place.root, place.relative)
    try:
        # A pipe would wait for a writer, and a terminal might become ours.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise Gone(f"the file cannot be opened: {error.strerror}") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Gone("it is no plain file any more")
        if not _lies_inside(path, found, place.roots):
            raise Gone("it leads out of its library")
    except BaseException:
        os.close(descriptor)
        raise
    # As it is now, whatever the catalogue remembers.
    return Opened(descriptor, found.st_size, found.st_mtime_ns, found.st_ino)


def _lies_inside(path: bytes, found: os.stat_result, roots: list[bytes]) -> bool:
    """Whether what was opened is what lies at a path inside a root, with no link on the way."""
    try:
        real = os.path.realpath(path)
        there = os.stat(real, follow_symlinks=False)
    except OSError:
        return False
    if (there.st_dev, there.st_ino) != (found.st_dev, found.st_ino):
        return False  # something changed between opening and looking
    return any(is_inside(real, os.path.realpath(root)) for root in roots)
