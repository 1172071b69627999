"""Finds running jobs whose worker is gone or stuck, and has the repository take them back, or end them.

Every process that runs jobs sweeps; the fence lets one of them win. A worker's lock that nobody holds means
dead, at once. One whose lock is held is silent when its heartbeat has not changed for a lease *while this
process watched*: no wall clock is compared with another, so a clock that jumps, a computer that slept and
hosts that disagree make no healthy job look dead (D30). What was seen before this process was stopped for a
while says nothing afterwards: it observes anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shelfread.model.job import Job, JobStatus, Reason
from shelfread.queue.presence import SURE_AFTER_S, is_gone, is_present
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.holders import end_holders

LEASE_S = 30.0
#: Between two sweeps. A silent worker's job is back within the lease and two of these.
SWEEP_S = 2.0
_GONE = "the process that ran it is gone"


async def cancel(repository: ScanJobRepository, job_id: str) -> Job | None:
    """Cancel a job; at once as well when it runs and its process is gone: nobody may be left to do it.

    Gives it as it is then; None when there is no such job.
    """
    job = await repository.cancel(job_id)
    return job if job is None else await end_if_gone(repository, job)


async def end_if_gone(repository: ScanJobRepository, job: Job) -> Job:
    """End a job that was cancelled and whose process is provably gone; gives it as it is then."""
    if job.status is not JobStatus.RUNNING or job.cancel_requested_at is None:
        return job
    try:
        gone = await is_gone(repository.database, job.worker_id)
    except OSError:
        # Nobody can tell. Whoever sweeps has a lease to go by.
        gone = False
    # With the fence of the job that was looked at: one that was taken meanwhile is somebody else's.
    if not gone or await repository.lose(job, Reason.WORKER_LOST, _GONE) is None:
        return job
    return await repository.get(job.id) or job


@dataclass(slots=True)
class _Seen:
    """What was seen of a running job, and since when it is so."""

    fence: int
    heartbeat_at: int | None
    heartbeat_since: float
    progress: tuple[int | None, int]
    progress_since: float


class Rescuer:
    """Sweeps again and again. Remembers what it saw, so one object must do it all the time.

    Args:
        repository: the jobs.
        lease_s: silence for so long makes a job lost.
        stall_s: no progress for so long, though the heart beats, does so too. The job's own worker notices
            first; this is for one whose loop is stuck.
        clock: seconds that only go forward.
        present: whether the process of a worker id lives.
    """

    def __init__(
        self,
        repository: ScanJobRepository,
        *,
        lease_s: float = LEASE_S,
        stall_s: float = 900.0,
        clock: Callable[[], float] = time.monotonic,
        present: Callable[[str | None], Awaitable[bool]] | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self._repository = repository
        self._lease_s = lease_s
        self._stall_s = stall_s
        self._clock = clock
        self._present = present or self._is_present
        self._log = logger or logging.getLogger(__name__)
        self._seen: dict[str, _Seen] = {}
        #: When this process was last known to run.
        self._awake_at = clock()

    async def sweep(self) -> list[Job]:
        """Look at all running jobs once; gives those that were taken from their workers."""
        self._awake_at = self._clock()
        return await self._sweep()

    async def _sweep(self) -> list[Job]:
        try:
            running = await self._repository.running()
        except BaseException:
            # Nobody could write a heartbeat either: what was seen before says nothing about now.
            self._seen.clear()
            raise
        if self._slept():
            return []
        self._seen = {job.id: self._look(job) for job in running}
        alive: dict[str | None, bool] = {}
        lost: list[tuple[Job, Reason, str]] = []
        for job in running:
            if job.worker_id not in alive:
                try:
                    alive[job.worker_id] = await self._present(job.worker_id)
                except OSError as error:
                    # Nobody can tell: its lease will.
                    self._log.warning("whether a worker lives cannot be told: %s", error)
                    alive[job.worker_id] = True
            if self._slept(SURE_AFTER_S):
                return []
            if (why := self._why_lost(job, alive[job.worker_id])) is not None:
                lost.append((job, *why))
        return await self._take(lost)

    async def _take(self, lost: list[tuple[Job, Reason, str]]) -> list[Job]:
        taken: list[Job] = []
        for job, reason, error in lost:
            if self._slept():
                break
            if await self._repository.rescue([(job, reason, error)]):
                taken.append(job)
                self._log.warning("job %s was taken from its worker, which is gone or stuck", job.id)
            elif await end_holders(self._repository.database, job.seq, self._lease_s):
                # The next sweep finds it as silent as it is.
                self._log.warning("job %s: the session of its worker, which is asleep, was ended", job.id)
            else:
                # It spoke at the last moment, or nobody could. What was seen is no proof any more.
                self._seen.pop(job.id, None)
        return taken

    async def run(self, pause_s: float = SWEEP_S) -> None:
        """Sweep for ever; a database that is away is waited for."""
        self._awake_at = self._clock()
        while True:
            try:
                await self._sweep()
            except Exception as error:  # noqa: BLE001 - the next sweep comes
                self._log.warning("lost jobs cannot be looked for: %s", error)
            self._slept()
            await asyncio.sleep(pause_s)
            self._slept(pause_s)

    def _slept(self, meant_s: float = 0.0) -> bool:
        """Whether this process did not run for long since this was asked last, and did not mean to pause.

        It was stopped, perhaps the workers beside it as well: what was seen before says nothing about now, so
        it is forgotten, and all jobs are observed anew.
        """
        now, before = self._clock(), self._awake_at
        self._awake_at = now
        if now - before <= meant_s + self._lease_s / 2:
            return False
        self._seen.clear()
        return True

    def _look(self, job: Job) -> _Seen:
        now = self._clock()
        progress = (job.progress_at, job.event_seq)
        seen = self._seen.get(job.id)
        if seen is None or seen.fence != job.fence:
            return _Seen(job.fence, job.heartbeat_at, now, progress, now)
        if seen.heartbeat_at != job.heartbeat_at:
            seen.heartbeat_at, seen.heartbeat_since = job.heartbeat_at, now
        if seen.progress != progress:
            seen.progress, seen.progress_since = progress, now
        return seen

    def _why_lost(self, job: Job, alive: bool) -> tuple[Reason, str] | None:
        if not alive:
            return Reason.WORKER_LOST, _GONE
        seen = self._seen[job.id]
        if self._clock() - seen.heartbeat_since >= self._lease_s:
            return Reason.WORKER_LOST, f"its worker said nothing for {self._lease_s:g} seconds"
        # A little later than its own worker, which would do it in order.
        if self._clock() - seen.progress_since >= 1.2 * self._stall_s:
            return Reason.STALLED, f"nothing moved for {self._stall_s:g} seconds"
        return None

    async def _is_present(self, worker_id: str | None) -> bool:
        return await is_present(self._repository.database, worker_id)
