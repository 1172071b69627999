"""Opens a catalogued file for those who may only name it by its id.

The path is the catalogue's, and what lies there may have changed since: a link may lead elsewhere now. So
what was opened is what is judged. Knows no HTTP.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from shelfread.app.confine import PathRefused, refuse_not_allowed, refuse_outside
from shelfread.app.places import is_inside
from shelfread.settings import Settings
from shelfread.store.items import FilePlace


class Gone(Exception):
    """There is no such file to be read; the text says why, without a path."""


class Opened(NamedTuple):
    """A file that is open for reading; whoever has it closes the descriptor."""

    descriptor: int
    size: int
    mtime_ns: int
    inode: int
    device: int


def open_file(place: FilePlace, settings: Settings) -> Opened:
    """Open a catalogued file. Blocks; a disk may be slow.

    Raises:
        Gone: it is missing, is no plain file, lies where nothing may be read for others, or cannot be read.
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
        if not _may_be_read(path, found, place, settings):
            raise Gone("it leads out of what may be read")
    except BaseException:
        os.close(descriptor)
        raise
    # As it is now, whatever the catalogue remembers.
    return Opened(descriptor, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


def _may_be_read(path: bytes, found: os.stat_result, place: FilePlace, settings: Settings) -> bool:
    """Whether what was opened lies where the library has its files, once links are followed."""
    try:
        real = os.path.realpath(path)
        there = os.stat(real, follow_symlinks=False)
        if (there.st_dev, there.st_ino) != (found.st_dev, found.st_ino):
            return False  # something changed between opening and looking
        refuse_not_allowed(real, settings)
        if not place.follow_symlinks:
            # As a scan has it: the root may be a link, and below it none is followed.
            return real == os.path.join(os.path.realpath(place.root), place.relative)
        if not any(is_inside(real, os.path.realpath(root)) for root in place.roots):
            refuse_outside(real, settings)
    except (OSError, PathRefused):
        return False
    return True
