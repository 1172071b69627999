"""The live numbers of a scan, for whoever draws them. Counts are real counts, or None."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shelfread.model.change import Counters
from shelfread.model.job import Phase


@dataclass(slots=True)
class Progress:
    """One object per scan, updated in place; the receiver looks at it and keeps nothing."""

    phase: Phase = Phase.DISCOVERING
    counters: Counters = field(default_factory=Counters)
    #: Files to process in all; None until the walk is done.
    total: int | None = None
    #: Folders looked at.
    folders: int = 0
    #: Files read, of those that had to be read so far.
    read: int = 0
    to_read: int = 0
    #: The folder that was written last, for people.
    current_path: str | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    @property
    def rate(self) -> float | None:
        """Files a second since the start; None before there is anything to divide."""
        elapsed = self.elapsed_s
        return self.counters.processed / elapsed if elapsed > 0.5 and self.counters.processed else None

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the rate so far; None until the total is known."""
        rate = self.rate
        if self.total is None or not rate:
            return None
        return max(0.0, (self.total - self.counters.processed) / rate)


#: Called often; must be quick and must not raise.
OnProgress = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Nobody is looking."""
