"""The tasks `scan` and `rescan`, done in a warm child process that may be killed any time (DESIGN rule 11).

The worker's event loop never waits for a scan, a scan's memory goes back to the system, and whatever hangs or
dies in there costs one attempt of one job. Says how the job ended there; the worker writes it down.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

import msgspec

from shelfread.model.job import CancelRequested, Job, LostJob, Reason, Stopped, TaskFailed, TaskLost
from shelfread.queue.watch import Control
from shelfread.scan.children import Child, ScanChildFailed
from shelfread.tasks.child import Init, Order, Word

#: A child that says nothing for so long is killed: its loop is stuck, or it was stopped by a signal. On
#: SQLite it may hold the lock that everybody waits for.
SILENT_S = 20.0
#: A child that was asked to stop and does not is killed after so long. Well below what its worker waits.
STOP_S = 5.0
#: A child that has used more memory than this is replaced after its job, in bytes.
PEAK = 256 << 20


class WarmChild:
    """One child, started ahead of its work and replaced when it is gone. Is a `queue.worker.Task`."""

    def __init__(
        self, init: Init, *, silent_s: float = SILENT_S, logger: logging.Logger | None = None
    ) -> None:
        self._init = init
        self._silent_s = silent_s
        self._log = logger or logging.getLogger(__name__)
        self._child: Child | None = None
        self._starting: asyncio.Task[Child] | None = None
        self._words: asyncio.Queue[Word | None] = asyncio.Queue()
        self._closed = False

    async def start(self) -> None:
        """Start the child and wait until it is ready. Raises ScanChildFailed."""
        await self._ready()

    async def close(self) -> None:
        """Kill the child, and wait until it is gone."""
        self._closed = True
        if self._starting is not None:
            starting, self._starting = self._starting, None
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, ScanChildFailed):
                # One that was started ahead, and never had a job, is there already.
                await (await starting).close()
        await self._end()

    async def ready(self) -> None:
        """Have the child there before a job is claimed: one that waits for it is silent meanwhile.

        Raises:
            ScanChildFailed: it cannot be started.
        """
        await self._ready()

    @property
    def pid(self) -> int | None:
        """The process id of the child that is there."""
        return self._child.pid if self._child is not None and self._child.alive else None

    async def __call__(self, job: Job, control: Control) -> None:
        """Have a job done.

        Raises:
            Stopped: the worker asked for it.
            CancelRequested: the child saw that somebody wants it cancelled.
            LostJob: the child saw that the job is another worker's.
            TaskFailed: the scan failed; the text says why.
            TaskLost: the child is gone, was stuck, or cannot be started.
        """
        try:
            child = await self._ready()
        except ScanChildFailed as error:
            raise TaskLost(f"the process that does the work cannot be started: {error}") from error
        child.send(msgspec.to_builtins(Order(run=job.id, fence=job.fence)))
        stopping = asyncio.ensure_future(self._pass_on_stop(child, control))
        finished = False
        try:
            word = await self._last_word(child, control)
            finished = True
        finally:
            stopping.cancel()
            if not finished:
                await self._end()
                self._start_ahead()
        if word.peak > PEAK:
            await self._end()
            self._start_ahead()
        match word.ended:
            case "stopped":
                raise Stopped
            case "cancelled":
                raise CancelRequested(f"job {job.id} was cancelled")
            case "lost":
                raise LostJob(word.error)
            case "away":
                raise TaskLost(f"something it needs was away: {word.error}")
            case "failed":
                raise TaskFailed(Reason(word.reason), word.error)

    async def _last_word(self, child: Child, control: Control) -> Word:
        while True:
            try:
                async with asyncio.timeout(self._silent_s):
                    word = await self._words.get()
            except TimeoutError:
                if not self._words.empty():
                    continue  # it was this process that stood still
                raise TaskLost(
                    f"its process did not answer for {self._silent_s:g} seconds and was killed"
                ) from None
            if word is None:
                await child.ended()
                if control.stop.is_set():
                    # Killed because it did not stop, or just then: its worker asked for an end.
                    raise Stopped
                raise TaskLost(f"its process is gone ({child.last_words()})")
            if word.ended:
                return word

    async def _pass_on_stop(self, child: Child, control: Control) -> None:
        await control.stop.wait()
        child.send(msgspec.to_builtins(Order(stop=True)))
        await asyncio.sleep(STOP_S)
        child.kill()

    async def _ready(self) -> Child:
        if self._child is not None and self._child.alive:
            # Pings of the time when nobody listened; and none of them may be the last word of a job.
            while not self._words.empty():
                self._words.get_nowait()
            return self._child
        self._start_ahead()
        assert self._starting is not None
        starting, self._starting = self._starting, None
        self._child = await starting
        return self._child

    def _start_ahead(self) -> None:
        """Begin to start a child, so that it is warm when the next job comes."""
        if self._starting is None and not self._closed:
            self._starting = asyncio.create_task(self._start())
            # Whether it failed is asked by whoever needs it.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _start(self) -> Child:
        words: asyncio.Queue[Word | None] = asyncio.Queue()

        def on_frames(frames: list[memoryview]) -> bool:
            for frame in frames:
                words.put_nowait(msgspec.msgpack.decode(frame, type=Word))
            return False

        child = await Child.start(
            "shelfread.tasks.child:resident",
            msgspec.to_builtins(self._init),
            on_frames=on_frames,
            on_death=lambda: words.put_nowait(None),
        )
        self._words = words
        return child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.close()
