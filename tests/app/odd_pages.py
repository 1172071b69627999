"""A kind whose pages do what no page should; the number of a page says what."""

from __future__ import annotations

import os
import time
from pathlib import Path

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

GOOD, HANGS, ABORTS, EATS, RAISES, REFUSES, WEB, LARGE, DISK, LEAVES, WAITS = range(11)
LARGE_BYTES = 4 << 20


class OddBook:
    def __init__(self, source: Source) -> None:
        self._source = source

    def page(self, number: int) -> tuple[str, bytes]:
        source = self._source
        if number == HANGS:
            while True:
                pass
        if number == ABORTS:
            os.abort()
        if number == EATS:
            eaten = []
            while True:
                eaten.append(b"x" * (1 << 20))
        if number == RAISES:
            raise KeyError(f"no such thing in {source.path!r}")
        if number == REFUSES:
            raise BookTrouble(ProblemCode.ENCRYPTED, "a password\nis needed")
        if number == WEB:
            return "text/html", b"<script>alert(1)</script>"
        if number == LARGE:
            return "image/png", b"x" * LARGE_BYTES
        if number == DISK:
            raise OSError(5, "Input/output error", source.path)
        if number == LEAVES:
            os._exit(3)
        if number >= WAITS:
            # Says that it is at work, and goes on when it may.
            folder = Path(os.fsdecode(source.path)).parent
            mine = folder / f"at-{number}"
            os.mkdir(mine)
            until = time.monotonic() + 20
            while not (folder / "go").exists() and time.monotonic() < until:
                time.sleep(0.001)
            mine.rmdir()
        return "image/png", source.read_at(0, 100)


class OddPages:
    open_pages = OddBook


KIND = OddPages()
