"""Watching real folders with real notifications, for tests: nothing here sleeps to wait."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from shelfread.watch.inotify import Inotify
from shelfread.watch.source import Changed, News, RootSource

T = TypeVar("T")
PATIENCE_S = 60.0


class Heard:
    """What one source told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.all: queue.Queue[News] = queue.Queue()
        self._marks = 0

    def one(self, kind: type[T]) -> T:
        """The next news of this kind; others before it are dropped."""
        while True:
            news = self.all.get(timeout=PATIENCE_S)
            if isinstance(news, kind):
                return news

    def changed(self) -> set[str]:
        """Folders in which something changed until now. Makes a change of its own, and waits for it."""
        mark = self.root / "marks"
        self._marks += 1
        # A link is one event, and a file several, which might come one by one.
        (mark / f"{self._marks}").symlink_to("nowhere")
        found: set[str] = set()
        while "marks" not in found:
            found |= {os.fsdecode(one) for one in self.one(Changed).folders}
        return found - {"marks"}


@contextmanager
def source(
    root: Path, *, make_queue: Callable[[], Inotify] = Inotify, look_s: float = 60.0
) -> Iterator[Heard]:
    """A running source of a root."""
    (root / "marks").mkdir(parents=True, exist_ok=True)
    heard = Heard(root)
    made = RootSource(os.fsencode(root), heard.all.put, make_queue=make_queue, look_s=look_s)
    made.start()
    try:
        yield heard
    finally:
        made.stop()
        made.join(PATIENCE_S)
