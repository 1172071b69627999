"""News of jobs as they are handed on, and those who wait for them.

A listener that does not take its rounds loses them and is told so: nothing is kept for those who are slow.
Filled by `stream`; knows neither tables nor texts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from shelfread.model.job import Event, Job, StoredLine

#: Rounds that wait for one listener.
MOST_ROUNDS = 32


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. Of these only the last one counts."""

    job: Job


@dataclass(slots=True)
class News:
    """One thing to tell. `number` is its place in the feed; progress has none, for it is never told again."""

    job: Job
    what: Event | StoredLine | Progress
    number: int | None = None
    #: What was made of it, by whoever makes it.
    texts: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Round:
    """What one look brought, and the texts that were made of it."""

    news: list[News]
    texts: dict[Any, Any] = field(default_factory=dict)

    def of(self, job_seq: int) -> list[News]:
        """The part that is about one job."""
        return [one for one in self.news if one.job.seq == job_seq]


class FeedClosed(Exception):
    """The process is about to end: nothing more will be told."""


class Listener:
    """One who listens. `take` rounds; when `behind`, some were lost, and `catch_up` begins anew."""

    def __init__(self) -> None:
        self._rounds: deque[Round] = deque()
        self._news = asyncio.Event()
        self.behind = False
        self.closed = False

    def give(self, one: Round) -> None:
        if len(self._rounds) >= MOST_ROUNDS:
            self._rounds.clear()
            self.behind = True
        if not self.behind:
            self._rounds.append(one)
        self._news.set()

    def close(self) -> None:
        self.closed = True
        self._news.set()

    def catch_up(self) -> None:
        """From now on nothing is missing again."""
        self._rounds.clear()
        self.behind = False

    async def take(self, timeout_s: float) -> list[Round]:
        """What has come, after a wait of at most so long; nothing when nothing came or something was lost.

        Raises:
            FeedClosed: the process is about to end.
        """
        if not self._news.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
        self._news.clear()
        if self.closed:
            raise FeedClosed
        taken = list(self._rounds)
        self._rounds.clear()
        return taken
