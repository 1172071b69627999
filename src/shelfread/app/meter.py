"""How the catalogue fares in numbers: what waits and runs, and what was done since the first look.

Jobs are run by many processes, so the tables are the source, and every server that is asked says the same of
them. Each look reads what is new behind the look before; a look is shared by all who want one at a moment.
What an attempt did between the last look and the loss of its process is not counted. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from shelfread.model.job import Job, JobStatus
from shelfread.model.problem import ProblemCode
from shelfread.store import job_news, metering
from shelfread.store.clock import now_us
from shelfread.store.database import Database

#: A look is good for so long, in seconds, however many ask.
GOOD_S = 1.0
#: Problems may be very many, and are counted again after so long.
PROBLEMS_S = 30.0


@dataclass(frozen=True, slots=True)
class Readings:
    """What a look found. Counts of what was done begin at zero with the first look."""

    queued: int
    running: int
    #: Seconds that the job waits that waits longest; 0 when none waits.
    oldest_wait_s: float
    #: Files a second of the jobs that run, each since it was claimed.
    files_per_second: float
    #: Files that jobs have processed.
    files: int
    #: Batches that were committed, and the seconds that took.
    batches: int
    batches_s: float
    #: Jobs that have ended, by how.
    ended: dict[JobStatus, int]
    #: Open problems, by code.
    problems: dict[str, int]


@dataclass(slots=True)
class _Mark:
    """How much of a job is counted."""

    claimed_at: int | None = None
    files: int = 0
    batches: metering.Batches | None = None


@dataclass(slots=True)
class _Done:
    files: int = 0
    batches: int = 0
    batches_s: float = 0.0
    ended: dict[JobStatus, int] = field(
        default_factory=lambda: {status: 0 for status in JobStatus if status.ended}
    )


class Meter:
    """Looks at the tables when it is asked.

    Args:
        database: the catalogue.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looking: asyncio.Task[Readings] | None = None
        self._looked_at = -GOOD_S
        self._problems: dict[str, int] = {}
        self._problems_at = -PROBLEMS_S
        #: None before the first look.
        self._marks: dict[int, _Mark] | None = None
        self._newest = 0
        self._done = _Done()

    async def read(self) -> Readings:
        """The numbers, at most `GOOD_S` old. Raises what the driver raises."""
        now = time.monotonic()
        if self._looking is None or (self._looking.done() and (self._failed() or self._is_old(now))):
            self._looked_at = now
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    def _is_old(self, now: float) -> bool:
        return now - self._looked_at >= GOOD_S

    def _failed(self) -> bool:
        assert self._looking is not None
        return self._looking.cancelled() or self._looking.exception() is not None

    async def _look(self) -> Readings:
        first, marks = self._marks is None, self._marks or {}
        async with self._database.read() as connection:
            found, newest, _ = await job_news.look(connection)
            standing = {one.seq: one for one in found}
            # What came and ended since the look before is not in `standing`, and nor is what ended.
            fresh = [] if first else await job_news.between(connection, self._newest, newest)
            gone = {seq for seq in (*marks, *fresh) if seq not in standing}
            wanted = sorted({seq for seq, one in standing.items() if one.running} | gone)
            jobs = await job_news.numbered(connection, wanted)
            batches = await metering.last_batches(connection, wanted)
            now = now_us()
            since = await metering.waiting_since(connection, now)
            if time.monotonic() - self._problems_at >= PROBLEMS_S:
                counts = await metering.problems_by_code(connection)
                self._problems = {code.value: counts.get(code.value, 0) for code in ProblemCode}
                self._problems_at = time.monotonic()
        after = {seq: marks.get(seq) or _Mark() for seq in standing}
        for job in jobs:
            mark = marks.get(job.seq) or _Mark()
            self._count(job, mark, batches.get(job.seq), count=not first)
            if job.seq in standing or not job.status.ended:
                # One that ended during this very look is seen to be gone by the next.
                after[job.seq] = mark
            elif not first:
                self._done.ended[job.status] += 1
        self._marks, self._newest = after, newest
        running = [job for job in jobs if job.status is JobStatus.RUNNING]
        return Readings(
            queued=sum(not one.running for one in standing.values()),
            running=sum(one.running for one in standing.values()),
            oldest_wait_s=0.0 if since is None else max(0, now - since) / 1e6,
            files_per_second=sum(_speed(job, now) for job in running),
            files=self._done.files,
            batches=self._done.batches,
            batches_s=self._done.batches_s,
            ended=dict(self._done.ended),
            problems=dict(self._problems),
        )

    def _count(self, job: Job, mark: _Mark, batches: metering.Batches | None, *, count: bool) -> None:
        """Add what is new of a job, and mark it as counted."""
        files = job.counters.processed
        counted = mark.files if mark.claimed_at == job.claimed_at else 0
        before = mark.batches
        if before is None or batches is None or before.fence != batches.fence:
            before = metering.Batches(0, 0, 0.0)
        if count:
            self._done.files += max(0, files - counted)
            if batches is not None:
                self._done.batches += max(0, batches.number - before.number)
                self._done.batches_s += max(0.0, batches.seconds - before.seconds)
        mark.claimed_at, mark.files = job.claimed_at, files
        mark.batches = batches or mark.batches


def _speed(job: Job, now: int) -> float:
    if job.claimed_at is None or now <= job.claimed_at:
        return 0.0
    return job.counters.processed / ((now - job.claimed_at) / 1e6)
