"""The watched folders of one root: which watch is which folder, kept right while folders come, move and go.

Takes raw events and says in which folders something changed. Blocking; belongs to the thread of its root.
Which files matter is the scan's business; names that no scan ever looks at are left out here.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from shelfread.scan import skip
from shelfread.scan.folder import joined
from shelfread.scan.ignore import IGNORE_FILES
from shelfread.watch import inotify
from shelfread.watch.inotify import Event, Inotify

#: The root itself may be a link.
_OF_ROOT = inotify.CHANGES | inotify.ONLYDIR | inotify.EXCL_UNLINK
_OF_FOLDER = _OF_ROOT | inotify.DONT_FOLLOW
_LIMITS = (errno.ENOSPC, errno.ENOMEM)
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
#: Suffixes of kinds do not matter here: only what is unwanted in all of them.
_KINDS = skip.kinds_by_suffix(frozenset(), frozenset())


class LimitReached(Exception):
    """The system allows no more watches; the number is how many folders had one."""

    def __init__(self, folders: int) -> None:
        super().__init__(folders)
        self.folders = folders


@dataclass(slots=True)
class Taken:
    """What some events mean."""

    #: Folders in which something changed, below the root.
    folders: set[bytes] = field(default_factory=set)
    #: Events were lost: anything may have changed, and new folders may have no watch.
    overflow: bool = False
    #: Why the root itself is not watched any more.
    lost: str | None = None


class Tree:
    """The watched folders of a root.

    Args:
        root: its path.
        queue: where the watches are.
    """

    def __init__(self, root: bytes, queue: Inotify) -> None:
        self._root = root
        self._queue = queue
        self._wd: dict[bytes, int] = {}
        #: One folder may be reached on several ways (bind mounts), and has one watch then.
        self._paths: dict[int, set[bytes]] = {}
        #: Folders that cannot be watched, with the reason.
        self.blocked: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._wd)

    def grow(self, top: bytes) -> None:
        """Watch a folder and all below it. What is gone meanwhile is left out.

        Raises:
            LimitReached: there are not enough watches.
            OSError: the root itself cannot be watched.
        """
        waiting = [top]
        while waiting:
            relative = waiting.pop()
            self.blocked.pop(relative, None)
            path = joined(self._root, relative) if relative else self._root
            try:
                # First the watch, then the look: what comes between is seen twice and never missed.
                self._put(relative, self._queue.add(path, _OF_FOLDER if relative else _OF_ROOT))
                with os.scandir(path) as entries:
                    waiting += [joined(relative, entry.name) for entry in entries if _is_walked(entry)]
            except OSError as error:
                if error.errno in _LIMITS:
                    raise LimitReached(len(self._wd)) from None
                if not relative:
                    raise
                if error.errno not in _GONE:
                    self.blocked[relative] = error.strerror or str(error)

    def take(self, events: Iterable[Event]) -> Taken:
        """What some events mean; new folders are watched, those that went are not.

        Raises:
            LimitReached: there are not enough watches.
            OSError: the root itself cannot be watched.
        """
        taken = Taken()
        for event in events:
            if event.mask & inotify.Q_OVERFLOW:
                taken.overflow = True
            for folder in tuple(self._paths.get(event.wd, ())):
                if event.name:
                    self._inside(event, folder, taken)
                else:
                    self._itself(event, folder, taken)
        return taken

    def _inside(self, event: Event, folder: bytes, taken: Taken) -> None:
        is_folder = bool(event.mask & inotify.ISDIR)
        if is_unwanted(event.name, is_folder=is_folder):
            return
        path = joined(folder, event.name)
        if is_folder:
            if event.mask & (inotify.MOVED_FROM | inotify.DELETE):
                self._drop(path)
            elif event.mask & (inotify.MOVED_TO | inotify.CREATE):
                # Watches went along with a folder that moved, under their old names.
                self._drop(path)
                self.grow(path)
            elif event.mask & inotify.ATTRIB and path not in self._wd:
                self.grow(path)
        # After the watches are there: whatever is scanned from now on is told of, too.
        taken.folders.add(folder)

    def _itself(self, event: Event, folder: bytes, taken: Taken) -> None:
        if event.mask & inotify.IGNORED:
            self._forget(folder)
        if not folder:
            if event.mask & (inotify.DELETE_SELF | inotify.MOVE_SELF | inotify.IGNORED):
                taken.lost = taken.lost or "the folder is gone"
            elif event.mask & inotify.UNMOUNT:
                taken.lost = "its disk was unmounted"
            elif event.mask & inotify.ATTRIB:
                taken.folders.add(folder)
        elif event.mask & inotify.UNMOUNT:
            taken.folders.add(folder.rpartition(b"/")[0])

    def _put(self, relative: bytes, wd: int) -> None:
        if self._wd.get(relative, wd) != wd:
            self._forget(relative, remove=True)
        self._wd[relative] = wd
        self._paths.setdefault(wd, set()).add(relative)

    def _drop(self, top: bytes) -> None:
        """Forget a folder and all below it."""
        below = top + b"/"
        for relative in [one for one in self._wd if one == top or one.startswith(below)]:
            self._forget(relative, remove=True)
        for relative in [one for one in self.blocked if one == top or one.startswith(below)]:
            del self.blocked[relative]

    def _forget(self, relative: bytes, *, remove: bool = False) -> None:
        wd = self._wd.pop(relative, None)
        if wd is None:
            return
        paths = self._paths[wd]
        paths.discard(relative)
        if not paths:
            del self._paths[wd]
            if remove:
                self._queue.remove(wd)


def is_unwanted(name: bytes, *, is_folder: bool) -> bool:
    """Whether no scan of any kind ever looks at this name."""
    if name[:1] == b"." and name[:2] != b"..":
        return is_folder or name not in IGNORE_FILES
    if is_folder:
        return name.lower() in skip.FOLDERS
    return skip.kind_of(name, _KINDS) == skip.UNWANTED


def _is_walked(entry: os.DirEntry[bytes]) -> bool:
    return not is_unwanted(entry.name, is_folder=True) and entry.is_dir(follow_symlinks=False)
