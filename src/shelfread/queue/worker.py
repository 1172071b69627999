"""`LibraryScanWorker`: claims one job after another, has it done, and writes down how it ended.

Stands between `repository`, its only way to the database (PROMISES D6), and the tasks, which are given to it
by type. While a task works it watches over it: the three clocks, a wish to cancel, a job that was taken away,
an order to stop. Knows no media, no process and not how a task does its work.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass

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
from shelfread.queue.bell import Bell, Ear
from shelfread.queue.repository import ScanJobRepository

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Control:
    """What a worker tells a task while it works."""

    def __init__(self) -> None:
        #: Set when the task is to end early, by raising `Stopped`; soon it will be cancelled.
        self.stop = asyncio.Event()


#: Does the work of one job: returns when it is done, raises what went wrong. Cancelled, it ends at once.
Task = Callable[[Job, Control], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WorkerClocks:
    """How long a worker waits for what, in seconds."""

    #: Between two looks at the row of the job that runs.
    watch_s: float = 1.0
    #: Nothing moved for so long: the attempt is lost, reason `stalled`.
    stall_s: float = 900.0
    #: A task that was asked to stop is ended after so long.
    stop_s: float = 8.0
    #: How often it is tried to write down how a job ended, with growing pauses up to five seconds.
    settle_times: int = 20
    #: The pause after the database could not be asked, at most.
    pause_s: float = 30.0


class _Deadline(Exception):
    """The job has run as long as it may."""


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
        job = await self._repository.claim_next(self._worker_id, tuple(self._tasks))
        if job is None:
            return False
        self.job = job
        try:
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
            await self._watched(job, self._control)
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
            case TaskLost():
                status = await self._repository.lose(job, error.reason, str(error))
                self._log.warning("job %s: %s; it is %s now", job.id, error, status or "another worker's")
            case _Deadline():
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

    async def _watched(self, job: Job, control: Control) -> None:
        """Run the task, and end it when it must not go on."""
        task = asyncio.ensure_future(self._tasks[job.type](job, control))
        watch = asyncio.ensure_future(self._watch(job, control))
        by_itself = False
        try:
            await asyncio.wait([task, watch], return_when=asyncio.FIRST_COMPLETED)
            by_itself = task.done()
        finally:
            for one in (task, watch):
                if not one.done():
                    one.cancel()
            # A task that is cancelled has ended all of its processes when it is done.
            await asyncio.wait([task, watch])
            error, verdict = (None if one.cancelled() else one.exception() for one in (task, watch))
        if error is None and not task.cancelled():
            return
        stopped = error is None or isinstance(error, Stopped)
        if not watch.cancelled() and (stopped or not by_itself):
            # It was ended: whatever else it says of its end is a consequence.
            if verdict is not None:
                raise verdict
        elif not stopped:
            assert error is not None
            raise error
        elif control.stop.is_set():
            raise Stopped
        else:
            # Counted as a loss: what does so every time would be begun again without end.
            raise TaskLost("it stopped although nobody had asked it to")

    async def _watch(self, job: Job, control: Control) -> None:
        """Look at the job's row now and then; raises what must end the task."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + job.left_us / 1e6
        seen: tuple[int, int | None] | None = None
        moved_at = clock()
        asked_at: float | None = None
        cancelled = False
        with self._bell.ear() as ear, _Looks(lambda: self._row(job)) as looks:
            while True:
                if clock() >= deadline:
                    raise _Deadline
                if asked_at is not None and clock() - asked_at >= self._clocks.stop_s:
                    raise CancelRequested(f"job {job.id}") if cancelled else Stopped
                left_s = min(deadline, (asked_at or deadline) + self._clocks.stop_s) - clock()
                row = await looks.look(min(self._clocks.watch_s, left_s))
                if row is not None:
                    if (row.status, row.fence) != (JobStatus.RUNNING, job.fence):
                        # Ended by the task's own last batch, or taken away: the task gets a moment to say.
                        if row.status is JobStatus.COMPLETED and row.fence == job.fence:
                            await asyncio.sleep(self._clocks.stop_s)
                            return
                        raise LostJob(f"job {job.id} was taken over or ended by another process")
                    if (mark := (row.event_seq, row.progress_at)) != seen:
                        seen, moved_at = mark, clock()
                    if clock() - moved_at >= self._clocks.stall_s:
                        raise TaskLost(f"nothing moved for {self._clocks.stall_s:g} seconds", Reason.STALLED)
                    cancelled = row.cancel_requested_at is not None
                if asked_at is None and (cancelled or self._stopping):
                    asked_at = clock()
                    control.stop.set()
                left_s = min(deadline, (asked_at or deadline) + self._clocks.stop_s) - clock()
                await self._pause(ear, control, left_s)

    async def _row(self, job: Job) -> Job | None:
        """The job as it is now; None while the database cannot be asked, which is for the task to feel."""
        try:
            return await self._repository.get(job.id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look comes
            self._log.warning("the state of job %s cannot be read: %s", job.id, error)
            return None

    async def _pause(self, ear: Ear, control: Control, left_s: float) -> None:
        stopping = asyncio.ensure_future(control.stop.wait())
        waiting = asyncio.ensure_future(ear.wait(max(0.01, min(self._clocks.watch_s, left_s))))
        try:
            some = [waiting] if control.stop.is_set() else [waiting, stopping]
            await asyncio.wait(some, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            waiting.cancel()

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
                    self._log.error("the queue cannot be asked: %s", _line(error))
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


class _Looks:
    """One look at a row after another, none waited for too long: a database may hang and not say so."""

    def __init__(self, ask: Callable[[], Coroutine[None, None, Job | None]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[Job | None] | None = None

    def __enter__(self) -> _Looks:
        return self

    def __exit__(self, *_: object) -> None:
        if self._asking is not None:
            self._asking.cancel()

    async def look(self, timeout_s: float) -> Job | None:
        """The row; None when it did not come in time: then the next look waits for the same answer."""
        asking = self._asking = self._asking or asyncio.create_task(self._ask())
        await asyncio.wait([asking], timeout=max(0.01, timeout_s))
        if not asking.done():
            return None
        self._asking = None
        return asking.result()


def _line(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
