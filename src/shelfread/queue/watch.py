"""Watches over a job while its task works: its clocks, a wish to cancel, a job that was taken, an order.

`worker` has one for each job. Looks at the job's row now and then, and ends the task when it must not go on.
Writes nothing; knows no media and not how a task does its work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from shelfread.model.job import CancelRequested, Job, JobStatus, LostJob, Reason, Stopped, TaskLost
from shelfread.queue.bell import Bell, Ear
from shelfread.queue.reader import JobReader

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


class DeadlinePassed(Exception):
    """The job has run as long as it may."""


class Watch:
    """Watches over jobs of one worker, one at a time.

    Args:
        reader: where the rows of jobs are.
        bell: rung when a row may have changed.
        clocks: how long to wait for what.
        log: who is told of a row that cannot be read.
        stopping: whether the worker is to end, and its job to go back.
    """

    def __init__(
        self, reader: JobReader, bell: Bell, clocks: WorkerClocks, log: Log, stopping: Callable[[], bool]
    ) -> None:
        self._reader = reader
        self._bell = bell
        self._clocks = clocks
        self._log = log
        self._stopping = stopping

    async def run(self, task_of: Task, job: Job, control: Control) -> None:
        """Run the task of a job, and end it when it must not go on.

        Raises what the task raised, or what ended it: DeadlinePassed, CancelRequested, LostJob, TaskLost,
        Stopped.
        """
        task = asyncio.ensure_future(task_of(job, control))
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
                    raise DeadlinePassed
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
                if asked_at is None and (cancelled or self._stopping()):
                    asked_at = clock()
                    control.stop.set()
                left_s = min(deadline, (asked_at or deadline) + self._clocks.stop_s) - clock()
                await self._pause(ear, control, left_s)

    async def _row(self, job: Job) -> Job | None:
        """The job as it is now; None while the database cannot be asked, which is for the task to feel."""
        try:
            return await self._reader.get(job.id)
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
