"""Disks that go away and come back, before a scan and at a known point of one: for `test_unplugged`.

The walk's and the parsers' work passes through here, so that a test may pull a disk exactly when a folder is
about to be listed or a file to be read, and have a disk say EIO. Listings are made by the real `list_folder`,
in a thread that permissions bind even where the tests run as root; readings by the real parsers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from msgspec import Raw

from shelfread.model.problem import ProblemCode
from shelfread.scan.extract import FileReading, FileRef
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules
from shelfread.scan.listing import list_folder

_VERSION_3, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 0x20080522, 1, 2


def bound_by_permissions() -> None:
    """Give up, in this thread only, the two powers of root that permissions do not bind."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    # Effective, permitted, inheritable; low words, then high words.
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    sets[0] &= ~(1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


class _Failing:
    """A folder whose disk fails after so many names."""

    def __init__(self, path: bytes, names: int) -> None:
        self._found = os.scandir(path)
        self._names = names

    def __enter__(self) -> Iterator[os.DirEntry[bytes]]:
        return self._listed()

    def __exit__(self, *_: object) -> None:
        self._found.close()

    def _listed(self) -> Iterator[os.DirEntry[bytes]]:
        for number, entry in enumerate(self._found):
            if number == self._names:
                break
            yield entry
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class Walkers:
    """A walker pool in this process.

    Args:
        before: told each folder (relative path) before it is listed.
    """

    size = 1

    def __init__(self, before: Callable[[bytes], None] = lambda _: None) -> None:
        self.before = before
        #: Folders whose listing fails, and after how many names.
        self.failing: dict[bytes, int] = {}
        self._thread = ThreadPoolExecutor(1, initializer=bound_by_permissions)

    def close(self) -> None:
        self._thread.shutdown()

    async def look(self, rules: WalkRules, tasks: Sequence[FolderTask]) -> list[FolderListing]:
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._thread, self._list, rules, task) for task in tasks]

    def _list(self, rules: WalkRules, task: FolderTask) -> FolderListing:
        self.before(task.relative)
        names = self.failing.get(task.relative)
        if names is None:
            return list_folder(task, rules)
        return list_folder(task, rules, scandir=lambda path: _Failing(path, names))


class Parsers:
    """The parsers of a shelf: `before` is told before a chunk is read, and files below `failing` give EIO."""

    def __init__(self, parsers: Any, before: Callable[[], None] = lambda: None) -> None:
        self._parsers = parsers
        self.workers: int = parsers.workers
        self.before = before
        self.failing: str | None = None

    async def read(self, chunk: list[FileRef]) -> list[FileReading]:
        self.before()
        readings = await self._parsers.read(chunk)
        return [
            FileReading(number, one.stamp, ProblemCode.IO_ERROR, "Input/output error", None, Raw(b"\xc0"))
            if self.failing is not None and os.fsdecode(file.relative).startswith(self.failing)
            else one
            for number, (file, one) in enumerate(zip(chunk, readings, strict=True))
        ]


class Plug:
    """A folder or disk that is pulled and put back. Pulling twice does nothing."""

    def __init__(self, pull: Callable[[], None], put_back: Callable[[], None]) -> None:
        self._pull = pull
        self._put_back = put_back
        self.out = False

    def pull(self) -> None:
        if not self.out:
            self.out = True
            self._pull()

    def put_back(self) -> None:
        assert self.out
        self.out = False
        self._put_back()


def missing(path: Path) -> Plug:
    """The folder is gone."""
    away = path.with_name(f"{path.name} away")
    return Plug(lambda: _moved(path, away), lambda: _moved(away, path))


def empty(path: Path) -> Plug:
    """An empty mount point is left."""
    away = path.with_name(f"{path.name} away")

    def pull() -> None:
        path.rename(away)
        path.mkdir()

    def put_back() -> None:
        path.rmdir()
        away.rename(path)

    return Plug(pull, put_back)


def another(path: Path, file: str) -> Plug:
    """Another disk is in its place, with one file."""
    away, other = path.with_name(f"{path.name} away"), path.with_name(f"{path.name} other")
    (other / file).parent.mkdir(parents=True)
    (other / file).write_bytes(b"something else")

    def pull() -> None:
        path.rename(away)
        other.rename(path)

    def put_back() -> None:
        path.rename(other)
        away.rename(path)

    return Plug(pull, put_back)


def forbidden(path: Path) -> Plug:
    """Mode 000, for whoever permissions bind."""
    return Plug(lambda: path.chmod(0), lambda: path.chmod(0o755))


def failing(walkers: Walkers, folder: bytes, names: int) -> Plug:
    """The disk says EIO when so many names of a folder are listed."""

    def put_back() -> None:
        with contextlib.suppress(KeyError):
            del walkers.failing[folder]

    return Plug(lambda: walkers.failing.update({folder: names}), put_back)


def _moved(one: Path, other: Path) -> None:
    one.rename(other)
