"""How many files a batch takes where writers take turns: as many as are written in a moment.

On SQLite nobody else can write during a batch, no heartbeat and no request. `write` asks for the limit before
each batch and says afterwards how long it took. Knows nothing but counts and seconds.
"""

from __future__ import annotations

#: Files in one transaction, at most and at least.
MOST, LEAST = 500, 150
#: So long may a batch keep other writers waiting, in seconds. The turn of whoever waits is the next, at worst
#: the next but one. Not less: every batch costs some milliseconds before its first file.
HOLD_S = 0.025


class Pace:
    """The size of the next batch.

    Args:
        limit: files in the first one.
        hold_s: how long one may take; None for as long as it likes.
    """

    def __init__(self, limit: int, hold_s: float | None = None) -> None:
        self.limit = limit
        self._hold_s = hold_s

    def took(self, count: int, seconds: float) -> None:
        """A batch of so many files took so long."""
        if self._hold_s is None or count < LEAST or seconds <= 0:
            # What so few take says more of the batch than of its files.
            return
        wanted = count * self._hold_s / seconds
        # Half of the way: one file that is hard to place, or a moment without a processor, is no trend.
        self.limit = int(min(MOST, max(LEAST, (self.limit + wanted) / 2)))
