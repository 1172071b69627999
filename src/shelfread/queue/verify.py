"""Replays the stored history of a database and says what in it cannot have happened (`jobs verify`).

Reads while everybody else works on, in short transactions and in pages: a row is read first and then its
events up to the number that it counts, and those never change. Checks with `trail` (each job by itself) and
`overlaps` (jobs beside one another). Writes nothing.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

from shelfread.model.job import Job, JobStatus
from shelfread.queue.locks import is_held
from shelfread.queue.overlaps import TOLERANCE_US, check_pair, check_running, left_alone, side_by_side
from shelfread.queue.reader import JobReader
from shelfread.queue.trail import LogFacts, Run, Trail, Violation, check_job
from shelfread.store import job_review
from shelfread.store.clock import now_us
from shelfread.store.database import Database

#: Rows of one page.
JOBS_A_PAGE = 500
EVENTS_A_PAGE = 5_000
#: Jobs that are kept at hand while pairs of them are compared.
_AT_HAND = 1_000

_NEWEST = 1 << 62


class Verification:
    """One pass over a database: iterate over `violations`, then look at the counts.

    Args:
        database: what to read.
        tolerance_us: how long two runs may seem to overlap. Clocks that were seen to fall add to it.
    """

    def __init__(self, database: Database, *, tolerance_us: int = TOLERANCE_US) -> None:
        self.jobs = 0
        #: Jobs without a trail: from before there were events.
        self.skipped = 0
        self.events = 0
        self._database = database
        self._reader = JobReader(database)
        self._tolerance_us = tolerance_us
        self._clock_fell = 0
        #: Runs by what they may collide in: a library, or a type of job that needs none.
        self._runs: dict[int | str, list[Run]] = defaultdict(list)

    async def violations(self) -> AsyncIterator[Violation]:
        """Everything that is wrong, page by page."""
        before = _NEWEST
        while True:
            try:
                page = await self._reader.listed(before_seq=before, limit=JOBS_A_PAGE)
            except ValueError as error:
                what = f"a job's row below number {before} cannot be read, and no older one was: {error}"
                yield Violation("I4", "", 0, what)
                break
            if not page:
                break
            before = page[-1].seq
            for violation in await self._still_there(await self._page(page)):
                yield violation
        async for violation in self._beside_one_another():
            yield violation
        for violation in check_running(await self._reader.running()):
            yield violation
        for violation in await self._left_alone():
            yield violation

    async def _page(self, page: Sequence[Job]) -> list[Violation]:
        first, last = page[-1].seq, page[0].seq
        trails = {job.seq: Trail(job) for job in page}
        after = (first, 0)
        while True:
            async with self._database.read() as connection:
                events = await job_review.events_between(connection, first, last, after, EVENTS_A_PAGE)
            for event in events:
                trail = trails.get(event.job_seq)
                # What came after the row was read is for the next time.
                if trail is not None and event.seq <= trail.row.event_seq:
                    trail.add(event)
                    self.events += 1
            if len(events) < EVENTS_A_PAGE:
                break
            after = (events[-1].job_seq, events[-1].seq)
        async with self._database.read() as connection:
            logs = {
                row.job_seq: LogFacts(*row[1:]) for row in await job_review.log_rows(connection, first, last)
            }
            uncounted = await job_review.uncounted_events(connection, first, last)
        found: list[Violation] = []
        for seq, trail in trails.items():
            self.jobs += 1
            if trail.row.event_seq == 0:
                self.skipped += 1
                continue
            found += trail.end(logs.get(seq))
            self._clock_fell = max(self._clock_fell, trail.clock_fell)
            row = trail.row
            self._runs[row.type if row.library_id is None else row.library_id] += trail.runs
        for seq, number in uncounted:
            if seq in trails:
                what = f"event {number} is stored, and the row does not count it"
                found.append(Violation("I8", trails[seq].row.id, seq, what))
        return found

    async def _still_there(self, found: Sequence[Violation]) -> list[Violation]:
        """Without those of jobs that were deleted while they were read."""
        there = {job_id for job_id in {one.job_id for one in found} if await self._reader.get(job_id)}
        return [violation for violation in found if violation.job_id in there]

    async def _beside_one_another(self) -> AsyncIterator[Violation]:
        tolerance = max(self._tolerance_us, self._clock_fell)
        if self._clock_fell > self._tolerance_us:
            what = (
                f"clocks went back by up to {self._clock_fell / 1e6:.1f} s: whether jobs ran side by side "
                "for no longer than that cannot be told from their times"
            )
            yield Violation("I5", "", 0, what, warning=True)
        at_hand: OrderedDict[int, Job | None] = OrderedDict()

        async def job(seq: int) -> Job | None:
            if seq not in at_hand:
                found = await self._reader.listed(before_seq=seq + 1, limit=1)
                at_hand[seq] = found[0] if found and found[0].seq == seq else None
                if len(at_hand) > _AT_HAND:
                    at_hand.popitem(last=False)
            return at_hand[seq]

        for runs in self._runs.values():
            for one, other in side_by_side(runs, tolerance):
                jobs = await job(one.job_seq), await job(other.job_seq)
                if jobs[0] is None or jobs[1] is None:
                    continue
                violation = check_pair(jobs[0], jobs[1], min(one.end, other.end) - other.start)
                if violation is not None:
                    yield violation

    async def _left_alone(self) -> list[Violation]:
        running = await self._reader.running()
        waiting = await self._reader.listed(statuses=[JobStatus.QUEUED.value], limit=JOBS_A_PAGE)
        alive = await living(self._database, [job.worker_id for job in running if job.worker_id])
        kept = []
        for violation in left_alone(waiting, running, alive, now_us()):
            # Somebody may have looked after it meanwhile.
            before = next(job for job in (*running, *waiting) if job.id == violation.job_id)
            is_now = await self._reader.get(violation.job_id)
            if is_now is not None and (is_now.status, is_now.fence) == (before.status, before.fence):
                kept.append(violation)
        return kept


async def living(database: Database, also: Sequence[str] = ()) -> dict[str, str]:
    """The kind of each process that runs jobs and lives, by its id: of the newest, and of those named."""
    async with database.read() as connection:
        rows: dict[str, dict[str, Any]] = await job_review.newest_workers(connection)
        rows |= await job_review.workers_of(connection, also)
    kinds = dict.fromkeys(also, "") | {row["id"]: str(row["kind"]) for row in rows.values()}
    return {worker_id: kind for worker_id, kind in kinds.items() if await _lives(database, worker_id)}


async def _lives(database: Database, worker_id: str) -> bool:
    try:
        uuid.UUID(worker_id)
    except ValueError:
        return False
    return await is_held(database, worker_id)


__all__ = ["LogFacts", "Run", "Trail", "Verification", "Violation", "check_job", "check_running", "living"]
