"""What happens to jobs, told to everybody who listens: one reader of the tables for all of them.

Jobs are run by other processes, so the tables are the source: the feed looks at them when the bell rings, and
by itself while something runs. What a look brings is one `Round`, shared by all `listeners`; whoever turns it
into text keeps that text in it, so it is made once and not for each. Knows no HTTP and no text.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from shelfread.app.known_jobs import Known, KnownJobs
from shelfread.app.listeners import FeedClosed, JobGone, Listener, News, Page, Past, Progress, Removed, Round
from shelfread.app.past_pages import PastPages
from shelfread.app.together import finished
from shelfread.model.job import Job
from shelfread.queue.bell import Bell
from shelfread.store import job_news
from shelfread.store.database import Database, is_away

#: While something runs: seconds from look to look, and at the least between two words of progress.
LOOK_S = 0.25
#: While nothing runs. Within a process the bell is quicker.
IDLE_S = 1.0
#: Between two looks, however often the bell rings. Four words a second are live enough for people, and
#: what many clients cost goes by the number of words.
LEAST_S = 0.25
#: How long the feed goes on for those who come back, after the last one has left.
GRACE_S = 60.0
#: Queued jobs that a feed knows whole when it begins.
_QUEUED_KNOWN = 200
#: What is remembered of a job goes to whoever comes back in pieces of so many news.
_PAGE = 500

_log = logging.getLogger(__name__)


class Feed:
    """The news of one process. Reads nothing while nobody listens.

    Args:
        database: the catalogue.
        bell: rung in this process when the queue changes.
    """

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._bell = bell
        self._everything: set[Listener] = set()
        self._of_job: dict[int, set[Listener]] = {}
        self._task: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._left_at = 0.0
        self._closed = False
        self._pages = PastPages(database)
        self._reset()

    def _reset(self) -> None:
        #: What was told since the feed began.
        self.past = Past()
        self._known = KnownJobs()
        self._newest = 0
        self._libraries: set[int] = set()
        self.running = False
        #: Texts made of what is now; forgotten at every look that finds something.
        self.texts: dict[Any, Any] = {}

    # For those who listen

    @property
    def closed(self) -> bool:
        """Whether nothing will be told any more."""
        return self._closed

    @property
    def reads(self) -> bool:
        """Whether the news are being read, so that nobody waits for them in `begun`."""
        return self._begun.is_set() and self._task is not None and not self._task.done()

    async def begun(self) -> None:
        """Have the news read, and wait until they are: for a database that is away as long as it takes.

        Raises:
            FeedClosed: the process is about to end.
        """
        if self._closed:
            raise FeedClosed
        self._left_at = time.monotonic()
        if self._task is None or self._task.done():
            self._begun.clear()
            self._task = asyncio.create_task(self._run())
        await self._begun.wait()
        if self._closed:
            raise FeedClosed

    @asynccontextmanager
    async def listen(self, job_seq: int | None = None) -> AsyncIterator[Listener]:
        """A listener to one job, or to everything. What happens from now on is given to it.

        Raises:
            FeedClosed: the process is about to end.
        """
        await self.begun()
        listener = Listener()
        group = self._everything if job_seq is None else self._of_job.setdefault(job_seq, set())
        group.add(listener)
        try:
            yield listener
        finally:
            group.discard(listener)
            if job_seq is not None and not group and self._of_job.get(job_seq) is group:
                del self._of_job[job_seq]
            self._left_at = time.monotonic()

    def present(self) -> list[Job]:
        """The jobs that run or wait, as they were told last; of many that wait the first ones."""
        found = [known.job for known in self._known.there.values() if known.job is not None]
        return sorted(found, key=lambda job: (job.status.value != "running", job.seq))

    @property
    def waiting(self) -> int:
        """How many jobs run or wait in all."""
        return len(self._known.there)

    def job(self, job_id: str) -> Job | None:
        """A job as it was told last; None when it has to be asked for."""
        return self._known.job(job_id) if self.reads else None

    async def page(self, job: Job, event: int, line: int) -> Page:
        """A page of a job's past behind an event and a line, for somebody who listens to the job already.

        What was told lately is remembered, the rest is from the tables; waits for a database that is away.

        Raises:
            FeedClosed: the process is about to end.
        """
        known = self._known.of(job.seq) if self.reads else None
        # Of a job that has ended and was not told to its end the tables know the rest, and nobody else will.
        told = known is not None and (known.ended_at or not job.status.ended)
        if known is not None and told and (news := known.behind(event, line)) is not None:
            return Page(news[:_PAGE], more=len(news) > _PAGE)
        while not self._closed:
            try:
                return await self._pages.read(job, event, line)
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(IDLE_S)
        raise FeedClosed

    async def close(self) -> None:
        """Tell everybody that there is nothing more, for good."""
        self._closed = True
        for listener in [*self._everything, *(one for group in self._of_job.values() for one in group)]:
            listener.close(FeedClosed())
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.wait([task])
        self._begun.set()

    # The one who reads

    async def _run(self) -> None:
        self._reset()
        with self._bell.ear() as ear:
            while not await self._tried(self._begin):
                await ear.wait(IDLE_S)
            self._begun.set()
            while self._is_wanted():
                looked = time.monotonic()
                more = await self._tried(self._look)
                if not more:
                    await ear.wait(LOOK_S if self.running else IDLE_S)
                    await asyncio.sleep(max(0.0, LEAST_S - (time.monotonic() - looked)))

    def _is_wanted(self) -> bool:
        return bool(self._everything or self._of_job) or time.monotonic() - self._left_at < GRACE_S

    async def _tried(self, step: Callable[[], Coroutine[Any, Any, bool]]) -> bool:
        try:
            return await finished(step())
        except Exception as error:  # noqa: BLE001 - the database is away: what happens meanwhile is told later
            _log.debug("the news of jobs cannot be read: %s: %s", type(error).__name__, error)
            return False

    async def _begin(self) -> bool:
        async with self._database.read() as connection:
            found, self._newest, self._libraries = await job_news.look(connection)
            running = [one.seq for one in found if one.running]
            queued = [one.seq for one in found if not one.running][:_QUEUED_KNOWN]
            jobs = {job.seq: job for job in await job_news.numbered(connection, [*running, *queued])}
        # Rows may have gone on since the first look at them: what is told is what comes behind that look.
        for one in found:
            self._known.put(one.seq, Known(one.event_seq, one.log_seq, jobs.get(one.seq)))
        self.running = bool(running)
        return True

    async def _look(self) -> bool:
        """Look once, tell what is new; whether there is more already."""
        pages: list[tuple[Job, job_news.Trail]] = []
        # Before the look: whoever comes meanwhile may listen to a job that it does not see yet.
        listened_to = set(self._of_job)
        async with self._database.read() as connection:
            standing, newest, there = await job_news.look(connection)
            found = {one.seq: one for one in standing}
            fresh = await job_news.between(connection, self._newest, newest) if newest > self._newest else []
            changed = {seq for seq, one in found.items() if one.running or self._differs(one)}
            changed |= {seq for seq in self._known.there if seq not in found} | set(fresh)
            jobs = await job_news.numbered(connection, changed) if changed else []
            for job in jobs:
                known = self._known.there.get(job.seq) or self._known.put(job.seq, Known(0, 0))
                if job.event_seq > known.event or job.log_seq > known.line:
                    pages.append((job, await job_news.trail(connection, job.seq, known.event, known.line)))
            # Jobs that were gone before anybody knew of them; those that have ended are told from the tables.
            strays = {seq for seq in listened_to if seq not in found and seq not in self._known.there}
            strays -= {job.seq for job in await job_news.numbered(connection, strays)} if strays else set()
        self._newest = max(self._newest, newest)
        self.running = any(one.running for one in found.values())
        gone = changed - {job.seq for job in jobs} | strays
        libraries, self._libraries = self._libraries - there, there
        return self._tell(jobs, pages, self._removed(gone, libraries))

    def _differs(self, one: job_news.Standing) -> bool:
        known = self._known.there.get(one.seq)
        return known is None or (one.event_seq, one.log_seq) != (known.event, known.line)

    def _tell(self, jobs: list[Job], pages: list[tuple[Job, job_news.Trail]], news: list[News]) -> bool:
        trails = {job.seq: trail for job, trail in pages}
        more = False
        for job in jobs:
            known = self._known.there[job.seq]
            trail = trails.get(job.seq)
            done = job.status.ended and not (trail is not None and trail.more)
            if known.job != job:
                self._known.is_now(known, job)
                self.texts.clear()
            if (progress := self._progress(known, job, done)) is not None:
                news.append(progress)
            if trail is not None:
                for what in trail.news:
                    known.add(one := self.past.add(job, what))
                    news.append(one)
                more = more or trail.more
                if not trail.more:
                    # What is counted and not kept is not asked for again.
                    known.event = max(known.event, job.event_seq)
                    known.line = max(known.line, job.log_seq)
            if done:
                self._known.end(job.seq)
        if news:
            self._give(Round(news))
        return more

    def _removed(self, gone: set[int], libraries: set[int]) -> list[News]:
        """News of libraries that are not there any more, and of jobs, which go with them."""
        lost: defaultdict[int | None, list[str]] = defaultdict(list, {one: [] for one in sorted(libraries)})
        for seq in sorted(gone):
            known = self._known.lose(seq)
            job = known.job if known is not None else None
            library_id = job.library_id if job is not None else None
            if job is not None:
                lost[library_id].append(job.id)
            for listener in self._of_job.get(seq, ()):
                listener.close(JobGone(Removed(library_id, (job.id,) if job is not None else ())))
        if lost:
            self.texts.clear()
            for one in lost:
                self._known.lose_library(one)
        return [self.past.add(None, Removed(one, tuple(ids))) for one, ids in lost.items()]

    def _progress(self, known: Known, job: Job, done: bool) -> News | None:
        """How far a job is, if that is new, and not too soon after the last time; the last one always."""
        if not job.counted or not (done or job.status.value == "running"):
            return None
        facts = (job.phase, job.items_total, job.current_path, job.counters)
        now = time.monotonic()
        if facts == known.told or (not done and now - known.told_at < LOOK_S * 0.96):
            return None
        known.told, known.told_at = facts, now
        return News(job, Progress(job))

    def _give(self, one: Round) -> None:
        for listener in self._everything:
            listener.give(one)
        for seq in {news.job.seq for news in one.news if news.job is not None}:
            for listener in self._of_job.get(seq, ()):
                listener.give(one)
