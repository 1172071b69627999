"""What happens below one root, told by a thread of its own: a disk that hangs holds up nobody else.

Looks whether the root can be watched at all, sets the watches, and tells of changes until it is stopped or
blind. What is to be done then is decided elsewhere (`library`).
"""

from __future__ import annotations

import errno
import logging
import os
import select
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from shelfread.scan.mounts import is_network, mount_of, read_mounts
from shelfread.store.clock import text_of
from shelfread.watch.inotify import Inotify, NoInotify
from shelfread.watch.tree import LimitReached, Tree

#: Seconds between two looks whether the root is still the folder that is watched: another disk that is
#: mounted over it tells nothing.
LOOK_S = 10.0
#: Seconds for which events may gather before they are read.
GATHER_S = 0.02

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """All watches are set, for the first time or anew: what happened before is not known."""


@dataclass(frozen=True, slots=True)
class Covered:
    """How much is heard: a reason for people when it is not everything."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """Something changed in these folders, given below the root."""

    folders: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Blind:
    """Nothing is heard any more; the last word of a source. `away`: the root itself cannot be found."""

    reason: str
    away: bool = False


News = Begun | Covered | Changed | Blind


class _CannotWatch(Exception):
    def __init__(self, reason: str, *, away: bool = False) -> None:
        super().__init__(reason)
        self.away = away


class RootSource:
    """The thread of one root. `start` it once; `stop` it, and `join` if it must be gone.

    Args:
        root: the path of the root.
        tell: called with news, in the thread.
        make_queue: makes the queue of events.
        look_s: seconds between two looks at the root itself.
    """

    def __init__(
        self,
        root: bytes,
        tell: Callable[[News], None],
        *,
        make_queue: Callable[[], Inotify] = Inotify,
        look_s: float = LOOK_S,
    ) -> None:
        self._root = root
        self._tell = tell
        self._make_queue = make_queue
        self._look_s = look_s
        self._stopping = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="shelfread watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Have it end; it tells nothing more soon after."""
        if not self._stopping.is_set():
            self._stopping.set()
            # It also hears that nobody is there to wake it any more.
            os.close(self._wake_write)

    def join(self, timeout_s: float) -> None:
        """Wait for its end. A thread that a hanging disk holds is left to itself."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._watch()
        except _CannotWatch as error:
            self._tell(Blind(str(error), error.away))
        except Exception as error:  # noqa: BLE001 - the root is swept then, and the watch tried again
            _log.exception("the watch of %s ended", text_of(self._root))
            self._tell(Blind(f"the watch ended by an error ({type(error).__name__}: {error})"))
        finally:
            os.close(self._wake_read)

    def _watch(self) -> None:
        """Watch until something makes it necessary to begin anew, or to stop."""
        here, mounts = self._look()
        try:
            queue = self._make_queue()
        except NoInotify:
            raise _CannotWatch("this system tells nothing of changes (it has no inotify)") from None
        except OSError as error:
            raise _CannotWatch(_without_queue(error)) from None
        try:
            tree = Tree(self._root, queue)
            try:
                tree.grow(b"")
                self._tell(Begun())
                self._follow(tree, queue, here, mounts)
            except LimitReached as limit:
                raise _CannotWatch(
                    f"it has more folders than this system lets one watch ({limit.folders} have a watch): "
                    "raise fs.inotify.max_user_watches"
                ) from None
            except OSError as error:
                raise _CannotWatch(f"cannot be watched: {error.strerror or error}", away=True) from None
        finally:
            queue.close()

    def _follow(
        self, tree: Tree, queue: Inotify, here: tuple[int, int], mounts: frozenset[tuple[bytes, str]]
    ) -> None:
        told: str | None = ""
        poll = select.poll()
        poll.register(queue.fd, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        next_look = time.monotonic() + self._look_s
        while True:
            covered = _heard(tree, mounts)
            if covered != told:
                told = covered
                self._tell(Covered(covered))
            ready = dict(poll.poll(max(0.0, next_look - time.monotonic()) * 1000))
            if self._stopping.is_set():
                return
            if queue.fd in ready:
                # A copy makes thousands of events a second; a few of them at a time would cost many wakings.
                self._stopping.wait(GATHER_S)
                taken = tree.take(queue.read())
                if taken.folders:
                    self._tell(Changed(frozenset(taken.folders)))
                if taken.lost:
                    raise _CannotWatch(taken.lost, away=True)
                if taken.overflow:
                    _log.warning(
                        "too much happens in %s to be told of; all of it is scanned", text_of(self._root)
                    )
                    return
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + self._look_s
                if self._look() != (here, mounts):
                    return

    def _look(self) -> tuple[tuple[int, int], frozenset[tuple[bytes, str]]]:
        """Which folder the root is now, and what is mounted below it."""
        try:
            found = os.stat(self._root)
        except OSError as error:
            raise _CannotWatch(f"cannot be looked at: {error.strerror or error}", away=True) from None
        if not stat.S_ISDIR(found.st_mode):
            raise _CannotWatch("is no folder", away=True)
        table = read_mounts()
        mount = mount_of(self._root, table)
        if mount is not None and is_network(mount.fs_type):
            raise _CannotWatch(
                f"is on a network filesystem ({mount.fs_type}), which does not tell what others change"
            )
        real = os.path.realpath(self._root).rstrip(b"/") + b"/"
        inside = frozenset((one.point, one.fs_type) for one in table if one.point.startswith(real))
        return (found.st_dev, found.st_ino), inside


def _heard(tree: Tree, mounts: frozenset[tuple[bytes, str]]) -> str | None:
    remote = sorted(point for point, fs_type in mounts if is_network(fs_type))
    if remote:
        return f"{text_of(remote[0])} is on a network filesystem, which does not tell what others change"
    if not tree.blocked:
        return None
    first = min(tree.blocked)
    more = f" (and {len(tree.blocked) - 1} more)" if len(tree.blocked) > 1 else ""
    return f"the folder {text_of(first)} cannot be watched{more}: {tree.blocked[first]}"


def _without_queue(error: OSError) -> str:
    if error.errno == errno.EMFILE:
        return "this system gives no more inotify queues: raise fs.inotify.max_user_instances"
    return f"this system tells nothing of changes: {error.strerror or error}"
