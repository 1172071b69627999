"""The workers of one process, as one group that can be started, reloaded, drained and stopped (D26, D28).

The same for `shelfread serve` and `shelfread worker`. The group is one presence with one lock; it sweeps for
jobs that others lost, hears the news, and starts a worker's loop again, after a pause that grows, should a
fault end it. Knows no task and no process of theirs: `make` gives it a worker with whatever it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from shelfread.queue.bell import Bell
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.rescue import Rescuer
from shelfread.queue.worker import LibraryScanWorker

#: Makes a worker for the process with this id, and looks after what it needs while the context lasts.
Make = Callable[[str], AbstractAsyncContextManager[LibraryScanWorker]]

#: The pauses before a worker's loop that broke is started again, in seconds.
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
#: A loop that held so long may begin with the shortest pause again.
HELD_S = 300.0


@dataclass(slots=True)
class _Place:
    """One worker's place in the group."""

    task: asyncio.Task[None]
    worker: LibraryScanWorker | None = None
    leaving: bool = False
    #: Set when whoever waits before the next start need not wait any more.
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def dismiss(self) -> None:
        self.leaving = True
        self.renew()

    def renew(self) -> None:
        """Have another worker here, when this one has finished what it does."""
        self.hurry.set()
        if self.worker is not None:
            self.worker.drain()

    def fill(self, worker: LibraryScanWorker) -> None:
        self.worker = worker
        if self.leaving:
            worker.drain()


class WorkerGroup:
    """The workers of this process. Made by `open_group`; `start` them, and `stop` or `drain` at the end."""

    def __init__(self, presence: Presence, make: Make, logger: logging.Logger | None = None) -> None:
        self.worker_id = presence.id
        self._make = make
        self._log = logger or logging.getLogger(__name__)
        self._places: list[_Place] = []
        self._poll_seconds = 5.0

    @property
    def count(self) -> int:
        """Workers that are there, or are being started again."""
        return sum(not place.leaving for place in self._places)

    @property
    def present(self) -> int:
        """Workers that can take a job, or do one."""
        return sum(place.worker is not None and not place.leaving for place in self._places)

    @property
    def busy(self) -> int:
        """Workers that do a job."""
        return sum(place.worker is not None and place.worker.job is not None for place in self._places)

    def start(self, count: int, poll_seconds: float) -> None:
        """Have so many workers from now on. Those too many finish what they do."""
        self._poll_seconds = poll_seconds
        self._places = [place for place in self._places if not place.task.done()]
        while self.count < count:
            place = _Place(asyncio.create_task(asyncio.sleep(0)))
            place.task = asyncio.create_task(self._keep(place))
            self._places.append(place)
        staying = [place for place in self._places if not place.leaving]
        # Those that do nothing go first: whoever does something stays, so that no more run than wanted.
        staying.sort(key=lambda place: place.worker is None or place.worker.job is None)
        for place in staying[count:]:
            place.dismiss()

    def reload(self, count: int, poll_seconds: float) -> None:
        """Take new settings: every worker is replaced when it has finished what it does, and not before."""
        self.start(count, poll_seconds)
        for place in self._places:
            place.renew()

    async def run_once(self) -> bool:
        """One worker that handles at most one job; false when there was none."""
        worked = False

        async def once() -> None:
            nonlocal worked
            try:
                async with self._make(self.worker_id) as worker:
                    place.fill(worker)
                    worked = not place.leaving and await worker.run_once()
            finally:
                place.worker = None

        place = _Place(asyncio.create_task(once()))
        self._places.append(place)
        await asyncio.wait([place.task])
        if not place.task.cancelled():
            place.task.result()
        return worked

    def drain(self) -> None:
        """No new work; `drained` tells when the last job has ended."""
        for place in self._places:
            place.dismiss()

    async def drained(self) -> None:
        """Wait until no worker is left."""
        while tasks := [place.task for place in self._places if not place.task.done()]:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """No new work, and what runs goes back into the queue. Takes as long as a worker's clocks say."""
        stops = [place.worker.stop() for place in self._places if place.worker is not None]
        for place in self._places:
            place.dismiss()
        await asyncio.gather(*stops, return_exceptions=True)
        for place in self._places:
            if place.worker is None:
                place.task.cancel()
        await self.drained()

    async def _keep(self, place: _Place) -> None:
        """One worker after another in one place, until it is dismissed."""
        clock = asyncio.get_running_loop().time
        faults = 0
        while not place.leaving:
            began = clock()
            try:
                async with self._make(self.worker_id) as worker:
                    place.fill(worker)
                    worker.start(self._poll_seconds)
                    await worker.stopped()
            except Exception as error:  # noqa: BLE001 - a worker that broke is replaced, whatever broke it
                faults = 0 if clock() - began > HELD_S else faults
                pause = PAUSES_S[min(faults, len(PAUSES_S) - 1)]
                faults += 1
                text = " ".join(str(error).split()) or type(error).__name__
                self._log.error("a worker broke and is started again in %g s: %s", pause, text)
                place.worker = None
                if not place.leaving:
                    place.hurry.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(place.hurry.wait(), pause)
            finally:
                place.worker = None


@asynccontextmanager
async def open_group(
    repository: ScanJobRepository, kind: str, bell: Bell, make: Make, rescuer: Rescuer
) -> AsyncIterator[WorkerGroup]:
    """The group of this process, without a worker yet. At the end all of them are stopped.

    Args:
        repository: the jobs.
        kind: managed or standalone.
        bell: rung from here when other processes change the queue.
        make: makes a worker.
        rescuer: takes back what other processes lost.
    """
    database = repository.database
    presence = await Presence.enter(database, kind, bell.ring)
    try:
        group = WorkerGroup(presence, make)
        async with bell.watching(database.path):
            sweeping = asyncio.create_task(rescuer.run())
            try:
                yield group
            finally:
                await group.stop()
                sweeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sweeping
    finally:
        await presence.leave()
