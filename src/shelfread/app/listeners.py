"""News of jobs as they are handed on, and those who wait for them.

A listener that does not take its rounds loses them and is told so: nothing is kept for those who are slow.
Filled by `stream`; knows neither tables nor texts.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from shelfread.model.job import Event, Job, StoredLine

#: Rounds that wait for one listener.
MOST_ROUNDS = 32
#: What is remembered for those who come back: pieces of news.
REMEMBERED = 4_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. Of these only the last one counts."""

    job: Job


@dataclass(frozen=True, slots=True)
class Removed:
    """A library was removed, and with it the jobs that waited or ran: ids."""

    library_id: int | None
    job_ids: tuple[str, ...]


@dataclass(slots=True)
class News:
    """One thing to tell. `number` is its place in the feed; progress has none, for it is never told again."""

    #: Whom it is about; None where that is a library.
    job: Job | None
    what: Event | StoredLine | Progress | Removed
    number: int | None = None
    #: What was made of it, by whoever makes it.
    texts: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """A piece of a job's past, and the texts that were made of it."""

    news: list[News]
    #: There is, or may be, more of it now.
    more: bool
    texts: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Round:
    """What one look brought, and the texts that were made of it."""

    news: list[News]
    texts: dict[Any, Any] = field(default_factory=dict)

    def of(self, job_seq: int) -> list[News]:
        """The part that is about one job."""
        return [one for one in self.news if one.job is not None and one.job.seq == job_seq]


class Past:
    """What was told a while ago, for those who come back. Each beginning counts anew, in another epoch."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        #: The number of the newest piece of news.
        self.number = 0
        self._news: deque[News] = deque(maxlen=REMEMBERED)

    def add(self, job: Job | None, what: Event | StoredLine | Removed) -> News:
        """The next piece of news."""
        self.number += 1
        one = News(job, what, self.number)
        self._news.append(one)
        return one

    def since(self, epoch: str, number: int) -> list[News] | None:
        """What was told behind a number; None when that is not remembered."""
        if epoch != self.epoch or not 0 <= number <= self.number:
            return None
        if number == self.number:
            return []
        first = self._news[0].number if self._news else None
        if first is None or first > number + 1:
            return None
        return [one for one in self._news if one.number is not None and one.number > number]


class FeedClosed(Exception):
    """The process is about to end: nothing more will be told."""


class JobGone(Exception):
    """The job is not there any more: its library was removed."""

    def __init__(self, removed: Removed) -> None:
        super().__init__("the library of the job was removed")
        self.removed = removed


class Listener:
    """One who listens. `take` rounds; when `behind`, some were lost, and `catch_up` begins anew."""

    def __init__(self) -> None:
        self._rounds: deque[Round] = deque()
        self._news = asyncio.Event()
        self.behind = False
        self._end: FeedClosed | JobGone | None = None

    def give(self, one: Round) -> None:
        if len(self._rounds) >= MOST_ROUNDS:
            self._rounds.clear()
            self.behind = True
        if not self.behind:
            self._rounds.append(one)
        self._news.set()

    def close(self, end: FeedClosed | JobGone) -> None:
        """There is nothing more to come, and this is why."""
        self._end = end
        self._news.set()

    def catch_up(self) -> None:
        """From now on nothing is missing again."""
        self._rounds.clear()
        self.behind = False

    async def take(self, timeout_s: float) -> list[Round]:
        """What has come, after a wait of at most so long; nothing when nothing came or something was lost.

        Raises:
            FeedClosed: the process is about to end.
            JobGone: there is no such job any more.
        """
        if not self._news.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
        self._news.clear()
        if self._end is not None:
            raise self._end
        taken = list(self._rounds)
        self._rounds.clear()
        return taken
