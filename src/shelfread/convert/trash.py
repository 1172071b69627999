"""The trash of a root: originals that were converted, kept for a while so that anybody can fetch them back.

`.shelfread-trash/2026-11-22/Series/one.cbr` below the root: the day it was put there, and where it was. On
the same filesystem as the book, so that nothing is copied; the walk passes over names with a dot. Links are
followed nowhere. Knows no database.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import time
from datetime import UTC, datetime, timedelta

from shelfread.convert.place import Place, rename_new

TRASH = b".shelfread-trash"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW


def put(place: Place, name: bytes, root: bytes, relative: bytes, *, now_s: float | None = None) -> bytes:
    """Put a file of an open folder into the trash of its root; gives its path in there, below the root.

    Args:
        place: the folder.
        name: of the file.
        root: absolute path of the root.
        relative: the folder, below the root.
        now_s: the time, seconds since the epoch.

    Raises:
        OSError: it stays where it is, EXDEV when the folder is on another filesystem than the root.
    """
    day = time.strftime("%Y-%m-%d", time.gmtime(now_s))
    steps = [TRASH, day.encode(), *(part for part in relative.split(b"/") if part)]
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if os.fstat(folder).st_dev != os.fstat(place.fd).st_dev:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), name)
        for step in steps:
            with contextlib.suppress(FileExistsError):
                os.mkdir(step, 0o755, dir_fd=folder)
            below = os.open(step, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        there = _put_new(place, name, folder)
        for fd in (folder, place.fd):
            with contextlib.suppress(OSError):
                os.fsync(fd)
        return b"/".join([*steps, there])
    finally:
        os.close(folder)


def _put_new(place: Place, name: bytes, folder: int) -> bytes:
    """Under its own name, or with a number behind it where that is taken."""
    number, free = 0, name
    while True:
        try:
            rename_new(place.fd, name, folder, free)
        except FileExistsError:
            number += 1
            # The suffix stays, and a name may be as long as the system allows.
            stem, dot, suffix = name.rpartition(b".")
            mark = b" (%d)" % number
            free = (stem[: 240 - len(suffix)] + mark + dot + suffix) if stem else name[:240] + mark
        else:
            return free


def empty(root: bytes, days: int, *, now_s: float | None = None) -> int:
    """Delete what lies in the trash of a root for so many days or longer; gives how many files that were.

    Days are whole ones: what came at any time of a day goes with it. 0 keeps everything. A root or a trash
    that is away, or cannot be changed, loses nothing.
    """
    if days <= 0:
        return 0
    now = datetime.fromtimestamp(time.time() if now_s is None else now_s, UTC)
    last = now.date() - timedelta(days=days)
    gone = 0
    with contextlib.suppress(OSError):
        trash = os.open(os.path.join(root, TRASH), _FOLDER)
        try:
            for name in sorted(os.listdir(trash)):
                if _DAY.fullmatch(name) and name <= last.isoformat() and _is_folder(name, trash):
                    gone += _files(name, trash)
                    shutil.rmtree(name, ignore_errors=True, dir_fd=trash)
        finally:
            os.close(trash)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.join(root, TRASH))
    return gone


def _is_folder(name: str, trash: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=trash, follow_symlinks=False).st_mode)


def _files(name: str, trash: int) -> int:
    return sum(len(files) for _, _, files, _ in os.fwalk(name, dir_fd=trash))
