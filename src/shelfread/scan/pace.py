"""How many files a batch takes where writers take turns: as many as are written in a moment.

On SQLite nobody else can write during a batch, no heartbeat and no request. While nobody wants to, batches
are as large as is good for speed; as soon as somebody has waited they are short. `write` asks for the limit
before each batch and says afterwards how it went. Knows nothing but counts and seconds.
"""

from __future__ import annotations

#: Files in one transaction, at most; and at least, so that what every batch costs before its first file is
#: not most of it.
MOST, LEAST, LEAST_SHORT = 500, 150, 10
#: So long may a batch keep other writers waiting, in seconds: while nobody writes but the scan, and while
#: others do. The turn of whoever waits is the next, or the next but one.
HOLD_S, SHORT_HOLD_S = 0.025, 0.002
#: So many batches are short after one that somebody waited for.
SHORT_FOR = 100


class Pace:
    """The size of the next batch.

    Args:
        limit: files in the first one.
        shared: whether others wait while a batch is written; else it takes as long as it likes.
    """

    def __init__(self, limit: int, *, shared: bool = False) -> None:
        self.limit = limit
        self._shared = shared
        self._short = 0

    @property
    def short(self) -> bool:
        """Whether batches are short now, since others wait for them."""
        return self._short > 0

    def took(self, count: int, seconds: float, *, awaited: bool = False) -> None:
        """A batch of so many files took so long, and somebody waited for its end."""
        if not self._shared:
            return
        before, self._short = self._short, SHORT_FOR if awaited else max(0, self._short - 1)
        hold_s, least = (SHORT_HOLD_S, LEAST_SHORT) if self._short else (HOLD_S, LEAST)
        if bool(before) is not bool(self._short):
            # From the new least it finds its way by itself.
            self.limit = least
            return
        if count < least or seconds <= 0:
            # What so few take says more of the batch than of its files.
            return
        wanted = count * hold_s / seconds
        # Half of the way: one file that is hard to place, or a moment without a processor, is no trend.
        self.limit = int(min(MOST, max(least, (self.limit + wanted) / 2)))
