"""What a feed knows of the jobs that it tells of: how much was told, and the last of what was.

Whoever comes back gets from here what they missed, with the texts that were made of it, and only what is
older comes from the tables: a crowd that lost its network costs no statement. Filled by `stream`, in the
order in which it is told. Knows neither tables nor texts.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from shelfread.app.listeners import News
from shelfread.model.job import Event, Job, StoredLine

#: News that are kept of one job.
KEPT = 1_000
#: Jobs that have ended, and for how long they are kept, in seconds: their clients may be on their way back.
ENDED = 16
ENDED_S = 60.0


@dataclass(slots=True)
class Known:
    """How much of a job's trail was told, and its row when it was looked at last."""

    event: int
    line: int
    job: Job | None = None
    #: The progress that was told last, and when.
    told: tuple[Any, ...] | None = None
    told_at: float = 0.0
    #: What was told, behind these places.
    _news: deque[News] = field(default_factory=deque)
    _first_event: int = 0
    _first_line: int = 0
    ended_at: float = 0.0

    def __post_init__(self) -> None:
        self._first_event, self._first_line = self.event, self.line

    def add(self, one: News) -> None:
        """This is told now: an event or a line."""
        self._news.append(one)
        if isinstance(one.what, Event):
            self.event = one.what.seq
        elif isinstance(one.what, StoredLine):
            self.line = one.what.seq
        if len(self._news) > KEPT:
            what = self._news.popleft().what
            if isinstance(what, Event):
                self._first_event = what.seq
            elif isinstance(what, StoredLine):
                self._first_line = what.seq

    def behind(self, event: int, line: int) -> list[News] | None:
        """What was told behind an event and a line; None when not all of it is kept."""
        if event < self._first_event or line < self._first_line:
            return None
        return [
            one
            for one in self._news
            if (isinstance(one.what, Event) and one.what.seq > event)
            or (isinstance(one.what, StoredLine) and one.what.seq > line)
        ]


class KnownJobs:
    """The jobs that run or wait, and those that have ended a moment ago."""

    def __init__(self) -> None:
        #: Those that run or wait, by number.
        self.there: dict[int, Known] = {}
        self._ended: dict[int, Known] = {}
        self._by_id: dict[str, Known] = {}

    def put(self, seq: int, known: Known) -> Known:
        """One that runs or waits."""
        self.there[seq] = known
        if known.job is not None:
            self._by_id[known.job.id] = known
        return known

    def is_now(self, known: Known, job: Job) -> None:
        """How the row of a job is."""
        known.job = job
        self._by_id[job.id] = known

    def end(self, seq: int) -> None:
        """A job has ended, and all of it was told."""
        known = self._ended[seq] = self.there.pop(seq)
        known.ended_at = time.monotonic()
        if len(self._ended) > ENDED:
            self._forget(self._ended.pop(next(iter(self._ended))))

    def lose(self, seq: int) -> Known | None:
        """A job that ran or waited is not there any more."""
        if (known := self.there.pop(seq, None)) is not None:
            self._forget(known)
        return known

    def lose_library(self, library_id: int | None) -> None:
        """Nor are those of a library that have ended."""
        for seq, known in list(self._ended.items()):
            if known.job is not None and known.job.library_id == library_id:
                self._forget(self._ended.pop(seq))

    def of(self, seq: int) -> Known | None:
        """What is known of a job; None when only the tables know."""
        known = self.there.get(seq) or self._ended.get(seq)
        return None if known is None or self._is_old(known) else known

    def job(self, job_id: str) -> Job | None:
        """The row of a job as it was told last; None when only the tables know."""
        known = self._by_id.get(job_id)
        return None if known is None or self._is_old(known) else known.job

    def _is_old(self, known: Known) -> bool:
        return bool(known.ended_at) and time.monotonic() - known.ended_at > ENDED_S

    def _forget(self, known: Known) -> None:
        if known.job is not None:
            self._by_id.pop(known.job.id, None)
