"""The folders of this machine, for somebody who chooses the root of a library without typing its path.

Shows what `confine` would take as a root, and what leads there; nothing else, whatever links say. A disk
that is away makes a look at it wait for ever, so each runs in a thread of its own, of which there are few,
and nobody waits for one longer than a while. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from shelfread.app.confine import PathRefused, checked, is_of_system, leads_to_peoples, refuse_outside
from shelfread.app.guessing import Names, count_kinds
from shelfread.app.places import is_inside
from shelfread.model.natural import natural_key
from shelfread.scan.mounts import is_network, read_mounts
from shelfread.settings import Settings
from shelfread.store.clock import text_of

#: Folders of a page.
PAGE = 500
#: Looks at once, and how long one is waited for, in seconds.
LOOKS, WITHIN_S = 4, 5.0

#: Where people usually put what they own.
_USUAL = (b"/srv", b"/media", b"/mnt", b"/run/media")
#: Filesystems of the system, of containers and of packages.
_NOT_PEOPLES = frozenset(
    ("autofs", "devtmpfs", "nsfs", "overlay", "proc", "ramfs", "rootfs", "squashfs", "sysfs", "tmpfs")
)

_T = TypeVar("_T")


class Unlisted(Exception):
    """A folder that cannot be looked into; the text says why."""


class TooManyLooks(Exception):
    """So many looks are still waiting for a disk that no more are begun."""


class Folder(NamedTuple):
    """A folder by its name, and where it is."""

    name: bytes
    path: bytes


class Shown(NamedTuple):
    """A folder and those below it, or the places to begin with, which are below none."""

    path: bytes | None
    #: None at the top, or where the one above may not be shown.
    parent: bytes | None
    #: Whether it may be the root of a library.
    can_be_root: bool
    folders: list[Folder]
    #: The name of the last one when there are more.
    last: bytes | None


class Guess(NamedTuple):
    """How many files of each kind were seen in a folder."""

    counts: Counter[str]
    looked_at: int
    more: bool


class Looks:
    """Looks at folders, each in a thread that may wait for ever without costing anybody else anything."""

    def __init__(self, most: int = LOOKS, within_s: float = WITHIN_S) -> None:
        self._left = most
        self._within_s = within_s

    async def look(self, work: Callable[[], _T]) -> _T:
        """What a look finds.

        Raises:
            Unlisted: it was not over in time.
            TooManyLooks: none can be begun now.
            Exception: what the work raises.
        """
        if not self._left:
            raise TooManyLooks("disks that do not answer are being waited for already")
        self._left -= 1
        loop = asyncio.get_running_loop()
        found: asyncio.Future[_T] = loop.create_future()

        def end(tell: Callable[[], None]) -> None:
            self._left += 1
            if not found.done():
                tell()

        def run() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it is the asker's, whatever it is
                tell = _raising(found, error)
            else:
                tell = _giving(found, result)
            # When the loop is closed nobody waits any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(end, tell)

        # Not one of a pool: those are waited for when the program ends.
        threading.Thread(target=run, name="shelfread look", daemon=True).start()
        try:
            async with asyncio.timeout(self._within_s):
                return await found
        except TimeoutError:
            raise Unlisted(f"it did not answer within {self._within_s:g} s") from None


def _raising(found: asyncio.Future[_T], error: Exception) -> Callable[[], None]:
    return lambda: found.set_exception(error)


def _giving(found: asyncio.Future[_T], result: _T) -> Callable[[], None]:
    return lambda: found.set_result(result)


class _Bounds:
    """What may be shown: asked of folders that are named without any link. Blocking."""

    def __init__(self, settings: Settings) -> None:
        self._own = os.path.realpath(os.fsencode(settings.data_dir.expanduser()))
        self._allowed = [os.path.realpath(one) for one in settings.allowed_roots]

    def take_in(self, real: bytes) -> bool:
        """Whether a folder may be a root, or leads to some."""
        if is_inside(real, self._own) or (is_of_system(real) and not leads_to_peoples(real)):
            return False
        return not self._allowed or any(is_inside(real, one) for one in self._allowed)


def starts(settings: Settings) -> Shown:
    """Where to begin: what is allowed, else the usual places and the disks that are mounted. Blocking."""
    bounds = _Bounds(settings)
    places = dict.fromkeys(settings.allowed_roots or _usual_places())
    shown = [place for place in places if bounds.take_in(os.path.realpath(place))]
    shown.sort(key=_place_of)
    return Shown(None, None, can_be_root=False, folders=[Folder(one, one) for one in shown], last=None)


def below(settings: Settings, path: bytes, after: bytes | None = None) -> Shown:
    """The folders below a folder, as people sort them. Blocking.

    Args:
        settings: what may be shown.
        path: the folder.
        after: the last name of the page before.

    Raises:
        PathRefused: it may not be shown.
        Unlisted: it cannot be listed.
    """
    bounds, folder = _Bounds(settings), checked(path)
    real = os.path.realpath(folder)
    if not bounds.take_in(real):
        refuse_outside(folder, settings)
        raise PathRefused(f"{text_of(folder)} is not shown")
    try:
        names = heapq.nsmallest(PAGE + 1, _names(bounds, real, after), key=_place_of)
    except OSError as error:
        raise Unlisted(f"{text_of(folder)} cannot be listed: {error.strerror or error}") from None
    above = os.path.dirname(folder)
    return Shown(
        folder,
        above if above != folder and bounds.take_in(os.path.realpath(above)) else None,
        _can_be_root(folder, settings),
        [Folder(name, os.path.join(folder, name)) for name in names[:PAGE]],
        names[PAGE - 1] if len(names) > PAGE else None,
    )


def guess(settings: Settings, path: bytes) -> Guess:
    """What kinds of media the files in a folder and below are of. Blocking.

    Raises:
        PathRefused: it cannot be a root.
        Unlisted: it cannot be listed.
    """
    folder = checked(path)
    refuse_outside(folder, settings)
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        raise Unlisted(f"{text_of(folder)} cannot be listed: {error.strerror or error}") from None
    names = Names([folder], WITHIN_S / 2)
    counts = count_kinds(names)
    return Guess(counts, names.looked_at, names.more)


def _place_of(name: bytes) -> tuple[str, bytes]:
    return natural_key(text_of(name)), name


def _names(bounds: _Bounds, real: bytes, after: bytes | None) -> Iterator[bytes]:
    last = None if after is None else _place_of(after)
    with os.scandir(real) as entries:
        for entry in entries:
            if entry.name.startswith(b".") or (last is not None and _place_of(entry.name) <= last):
                continue
            path = os.path.join(real, entry.name)
            try:
                # Where a link leads is asked before it is followed.
                shown = bounds.take_in(os.path.realpath(path) if entry.is_symlink() else path)
                if shown and entry.is_dir():
                    yield entry.name
            except OSError:
                continue  # a link that leads nowhere, or round and round


def _can_be_root(folder: bytes, settings: Settings) -> bool:
    try:
        refuse_outside(folder, settings)
    except PathRefused:
        return False
    return True


def _usual_places() -> Iterator[bytes]:
    home = os.path.expanduser(b"~")
    for place in (home, *_USUAL):
        if os.path.isabs(place) and os.path.isdir(place):
            yield os.path.normpath(place)
    for mount in read_mounts():
        if mount.fs_type in _NOT_PEOPLES or is_of_system(mount.point):
            continue
        # A disk of the network that is away does not answer, and is a folder.
        if is_network(mount.fs_type) or os.path.isdir(mount.point):
            yield mount.point
