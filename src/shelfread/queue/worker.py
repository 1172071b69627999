"""`LibraryScanWorker`: claims one job after another, has it done, and writes down how it ended.

Stands between `repository`, its only way to the database (PROMISES D6), and the tasks, which are given to it
by type; `watch` looks after a task while it works. Knows no media, no process and not how work is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping

from shelfread.model.beside import GaveWay
from shelfread.model.job import (
    CancelRequested,
    Job,
    JobStatus,
    LostJob,
    Reason,
    Stopped,
    TaskFailed,
    TaskLost,
)
from shelfread.model.trace import bound
from shelfread.queue.bell import Bell, Ear
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.watch import Control, DeadlinePassed, Log, Task, Watch, WorkerClocks

#: How often, and after what pause in seconds, a row that somebody else holds is tried again.
_LOSE_TIMES, _LOSE_PAUSE_S = 50, 0.1


class LibraryScanWorker:
    """One worker: at most one job at a time.

    Args:
        repository: the jobs.
        tasks: what to do, by type of job; other types are left to other workers.
        worker_id: the process that others see (`Presence.id`).
        bell: rung when the queue may have changed; without one only the poll looks.
        logger: who is told; without one the module's own.
        clocks: how long it waits for what.
    """

    def __init__(
        self,
        repository: ScanJobRepository,
        tasks: Mapping[str, Task],
        *,
        worker_id: str,
        bell: Bell | None = None,
        logger: Log | None = None,
        clocks: WorkerClocks | None = None,
    ) -> None:
        self._repository = repository
        self._tasks = tasks
        self._worker_id = worker_id
        self._bell = bell or Bell()
        self._log: Log = logger or logging.getLogger(__name__)
        self._clocks = clocks or WorkerClocks()
        self._watch = Watch(repository, self._bell, self._clocks, self._log, lambda: self._stopping)
        self._loop: asyncio.Task[None] | None = None
        self._control: Control | None = None
        #: No new work.
        self._draining = asyncio.Event()
        #: And what runs goes back.
        self._stopping = False
        #: The job that is being done, for those who look.
        self.job: Job | None = None

    # One job

    async def run_once(self) -> bool:
        """Handle at most one job; false when there was none (PROMISES D14, D15, D19)."""
        for task in self._tasks.values():
            # A task may have something to start first: a claimed job would be silent for as long.
            if (ready := getattr(task, "ready", None)) is not None:
                await ready()
        if self._draining.is_set():
            return False  # told meanwhile, which may have been seconds
        job = await self._repository.claim_next(self._worker_id, tuple(self._tasks))
        if job is None:
            return False
        self.job = job
        try:
            with bound(job_id=job.id):
                await self._handle(job)
        finally:
            self.job = None
        return True

    async def _handle(self, job: Job) -> None:
        if job.broken is not None:
            self._log.error("job %s cannot be run: %s", job.id, job.broken)
            await self._repository.fail(job, Reason.INVALID_ROW, f"this job cannot be run: {job.broken}")
            return
        self._log.info("job %s (%s of library %s) begins", job.id, job.type, job.library_id)
        self._control = Control()
        if self._stopping:
            self._control.stop.set()
        how: BaseException | None = None
        try:
            await self._watch.run(self._tasks[job.type], job, self._control)
        except asyncio.CancelledError:
            # The program ends without waiting: what was committed is the checkpoint. A database that is away
            # must not keep it from ending; the job is found by its lock then.
            with contextlib.suppress(Exception):
                await asyncio.shield(self._repository.release(job))
            raise
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - every way in which a job can end is written down
            how = error
        try:
            await self._settle(job, how)
        finally:
            self._control = None

    async def _settle(self, job: Job, how: BaseException | None) -> None:
        """Write down how a job ended, and try again while the database is away: the job waits for it."""
        failures = 0
        while True:
            try:
                if how is None:
                    await self._complete(job)
                else:
                    await self._write_down(job, how)
            except Exception as error:
                failures += 1
                if failures > self._clocks.settle_times or self._stopping:
                    # Its heart does not beat any more: another look finds it lost.
                    raise
                self._log.warning("the end of job %s cannot be written yet: %s", job.id, _line(error))
                await asyncio.sleep(min(5.0, 0.1 * 2**failures))
            else:
                return

    async def _complete(self, job: Job) -> None:
        try:
            ours = await self._repository.finish(job)
        except CancelRequested as error:
            await self._write_down(job, error)
            return
        if ours:
            self._log.info("job %s is completed", job.id)
        else:
            self._log.warning("job %s was taken over before it was completed", job.id)

    async def _write_down(self, job: Job, error: BaseException) -> None:
        match error:
            case LostJob():
                self._log.warning("%s; nothing of it is written here any more", error)
            case CancelRequested():
                await self._repository.end_cancelled(job)
                self._log.info("job %s was cancelled; what was committed stays", job.id)
            case Stopped():
                if await self._repository.release(job):
                    self._log.info("job %s is stopped; what was committed stays", job.id)
            case GaveWay():
                if await self._repository.release(job):
                    self._log.info("job %s gives way to something more urgent", job.id)
            case TaskLost():
                status = await self._lose(job, error)
                self._log.warning("job %s: %s; it is %s now", job.id, error, status or "another worker's")
            case DeadlinePassed():
                text = f"it ran longer than the {job.timeout_s} seconds it may"
                await self._repository.fail(job, Reason.DEADLINE, text)
                self._log.error("job %s was stopped: %s", job.id, text)
            case TaskFailed():
                await self._repository.fail(job, error.reason, str(error))
                self._log.error("job %s failed: %s", job.id, error)
            case _:
                text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                self._log.error("job %s failed: %s", job.id, text, exc_info=error)
                await self._repository.fail(job, Reason.EXCEPTION, text)

    async def _lose(self, job: Job, error: TaskLost) -> JobStatus | None:
        """Give a lost attempt back. What is left of it may hold the row for a moment: its last statement."""
        for _ in range(_LOSE_TIMES):
            status = await self._repository.lose(job, error.reason, str(error))
            if status is not None:
                return status
            row = await self._repository.get(job.id)
            if row is None or (row.status, row.fence) != (JobStatus.RUNNING, job.fence):
                break
            await asyncio.sleep(_LOSE_PAUSE_S)
        return None

    # One after the other

    def start(self, poll_seconds: float) -> None:
        """Install the loop: a tick at every ring, and after so many seconds without one (D22, D23)."""
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._run(poll_seconds))

    async def stopped(self) -> None:
        """Wait until the loop has ended, by `drain`, `stop` or a fault; raises the fault."""
        if self._loop is not None:
            await asyncio.wait([self._loop])
            if not self._loop.cancelled():
                self._loop.result()

    def drain(self) -> None:
        """No new work; what runs is done to its end, then the loop ends."""
        self._draining.set()

    async def stop(self) -> None:
        """No new work, and what runs goes back into the queue; takes `stop_s` at most, and a little."""
        self._stopping = True
        self._draining.set()
        if self._control is not None:
            self._control.stop.set()
        self._bell.ring()
        if self._loop is not None:
            with contextlib.suppress(Exception):
                await self.stopped()

    async def _run(self, poll_seconds: float) -> None:
        failures = 0
        with self._bell.ear() as ear:
            while not self._draining.is_set():
                try:
                    worked = await self.run_once()
                    failures = 0
                except Exception as error:  # noqa: BLE001 - the database may be away; it comes back
                    failures += 1
                    worked = False
                    self._log.error("no job can be taken: %s", _line(error))
                if worked:
                    # Others get their turn between two jobs, however many wait (D24).
                    await asyncio.sleep(0)
                    continue
                pause = poll_seconds
                if failures:
                    pause = min(self._clocks.pause_s, 0.2 * 2**failures) * random.uniform(0.5, 1)
                await self._wait(ear, pause)

    async def _wait(self, ear: Ear, pause_s: float) -> None:
        draining = asyncio.ensure_future(self._draining.wait())
        waiting = asyncio.ensure_future(ear.wait(pause_s))
        try:
            await asyncio.wait([draining, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            draining.cancel()
            waiting.cancel()


def _line(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
