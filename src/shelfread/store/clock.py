"""The time as the store writes it."""

from __future__ import annotations

import time


def now_us() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


class SteadyClock:
    """Times for the rows of one scan: they never go back, and are later than those of the scan before.

    What a scan added is told from what was there by its time. A system's clock may be set back between two
    scans, or in the middle of one, and other machines have clocks of their own.
    """

    def __init__(self) -> None:
        self._last = now_us()
        #: No row of this scan is older.
        self.started = self._last

    def begin_after(self, before_us: int) -> None:
        """The scan before had times until this one."""
        self._last = self.started = max(self._last, before_us + 1)

    def now(self) -> int:
        """Microseconds since the epoch, UTC."""
        self._last = max(self._last, now_us())
        return self._last


def text_of(path: bytes) -> str:
    """A path or name for people: UTF-8, with a mark where it is not. NUL never occurs in a path."""
    return path.decode("utf-8", "replace")
