"""Linux's inotify, as it is: folders are given watches, and events come back. Names are bytes.

The lowest layer of the watch: knows no tree, no library, and decides nothing. Why not a package:
docs/decisions/0021.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

MODIFY = 0x2
ATTRIB = 0x4
CLOSE_WRITE = 0x8
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
MOVE_SELF = 0x800
#: Told without being asked for.
UNMOUNT = 0x2000
Q_OVERFLOW = 0x4000
IGNORED = 0x8000
ISDIR = 0x40000000
#: Asked for with a watch: only folders, no links in their place, nothing of files that are unlinked.
ONLYDIR = 0x1000000
DONT_FOLLOW = 0x2000000
EXCL_UNLINK = 0x4000000

#: All that may change what a folder holds. Reading is not among it, so a scan tells nothing of itself.
CHANGES = MODIFY | ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF

_HEAD = struct.Struct("iIII")
_BUFFER = 1 << 18


class Event(NamedTuple):
    """One event. `name` is that of what it happened to in the folder; empty for the folder itself."""

    wd: int
    mask: int
    name: bytes


class NoInotify(Exception):
    """This system has none (macOS)."""


class Inotify:
    """One queue of events. Close it at the end; not to be used by two threads at once.

    Raises:
        NoInotify: this system has none.
        OSError: the system gives no more of them (EMFILE).
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        try:
            start, self._add, self._remove = (
                library.inotify_init1,
                library.inotify_add_watch,
                library.inotify_rm_watch,
            )
        except AttributeError:
            raise NoInotify("this system has no inotify") from None
        self._add.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
        self._remove.argtypes = [ctypes.c_int, ctypes.c_int]
        self.fd: int = start(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise _failed()

    def add(self, path: bytes, mask: int) -> int:
        """Watch a folder; gives the number that its events will have, the old one if it is watched already.

        Raises:
            OSError: ENOSPC when the system allows no more watches, else what is wrong with the folder.
        """
        wd: int = self._add(self.fd, path, mask)
        if wd < 0:
            raise _failed()
        return wd

    def remove(self, wd: int) -> None:
        """Watch a folder no longer; harmless when it is gone."""
        self._remove(self.fd, wd)

    def read(self) -> list[Event]:
        """The events that are there; empty when there are none. Does not wait."""
        try:
            found = os.read(self.fd, _BUFFER)
        except BlockingIOError:
            return []
        events = []
        at = 0
        while at < len(found):
            wd, mask, _, length = _HEAD.unpack_from(found, at)
            at += _HEAD.size
            events.append(Event(wd, mask, found[at : at + length].rstrip(b"\0")))
            at += length
        return events

    def close(self) -> None:
        """Give back the queue with all its watches."""
        os.close(self.fd)


def _failed() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
