"""Schedules: what people set, and the loop of `serve` that turns runs which are due into jobs.

Every server has a `Scheduler` of its own. Whoever comes first advances the row and queues the job in one
transaction; the others find nothing to do (DESIGN section 1: a request puts a job into the table). Runs that
were missed, because nothing ran, become one. Knows no scan and no media.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from shelfread.model.job import Enqueued, JobRequest, JobType, Origin, Scope, UnknownLibrary
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.queue.cron import checked, next_run
from shelfread.queue.due import NO_WORK, decide, is_work
from shelfread.queue.repository import ScanJobRepository, silent
from shelfread.queue.timeout import job_timeout
from shelfread.settings import Settings
from shelfread.store import jobs, retention, schedules
from shelfread.store.clock import now_us
from shelfread.store.database import Database

#: The longest pause between two looks: rows may be changed by others, and clocks set.
LOOK_S = 30.0
#: The shortest: a time that is a moment away is waited for, not asked for all the time.
LEAST_S = 0.01
#: Pauses after a look that failed.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0

_log = logging.getLogger(__name__)


class Schedules:
    """The schedules of a catalogue, for those who set and show them."""

    def __init__(self, database: Database, *, clock: Callable[[], int] = now_us) -> None:
        self._database = database
        self._clock = clock

    async def put(self, library_id: int, cron: str, zone: str, job_type: JobType = JobType.SCAN) -> Schedule:
        """Give a library a schedule, or another one than before.

        Raises:
            ScheduleProblem: the text is no schedule, or the zone is none.
            UnknownLibrary: there is no such library.
        """
        put = self.putting(cron, zone, job_type)
        return await self._database.write(lambda connection: put(connection, library_id))

    def putting(
        self, cron: str, zone: str, job_type: JobType = JobType.SCAN
    ) -> Callable[[Any, int], Awaitable[Schedule]]:
        """What writes it for a library, by its id, in a transaction of the caller's. Raises as `put`."""
        tidy = checked(cron)
        coming = next_run(tidy, zone, self._clock())

        async def put(connection: Any, library_id: int) -> Schedule:
            if not await jobs.lock_library(connection, library_id):
                raise UnknownLibrary(f"there is no library {library_id}")
            return await schedules.put(connection, library_id, job_type.value, tidy, zone, coming)

        return put

    async def remove(self, library_id: int) -> bool:
        """Take a library's schedule away; whether it had one."""

        async def work(connection: Any) -> bool:
            return await schedules.remove(connection, library_id)

        return await self._database.write(work)

    async def pause(self, library_id: int) -> Schedule | None:
        """Let a library's schedule rest until `resume`; None when it has none."""

        async def work(connection: Any) -> Schedule | None:
            await schedules.pause(connection, library_id, self._clock())
            return await _first(connection, library_id)

        return await self._database.write(work)

    async def resume(self, library_id: int) -> Schedule | None:
        """Let it go on from now: what it missed meanwhile is not made up for. None when it has none."""

        async def work(connection: Any) -> Schedule | None:
            for one in await schedules.every(connection, library_id):
                if one.paused_at is not None:
                    decision = decide(replace(one, paused_at=None, next_run_at=None), self._clock())
                    await schedules.resume(connection, one, decision.next_run_at, decision.problem)
            return await _first(connection, library_id)

        return await self._database.write(work)

    async def run(
        self, repository: ScanJobRepository, library_id: int, settings: Settings
    ) -> Enqueued | None:
        """Queue now what a schedule would queue, also while it rests; None when there is none.

        Its next run stays where it is. Whoever calls rings, as after `enqueue_in`.

        Raises:
            UnknownLibrary: there is no such library.
            ScheduleProblem: there is no folder to scan, or no work of its type.
        """

        async def work(connection: Any) -> Enqueued | None:
            if not await jobs.lock_library(connection, library_id):
                raise UnknownLibrary(f"there is no library {library_id}")
            one = await _first(connection, library_id)
            if one is None:
                return None
            if not is_work(one.type):
                raise ScheduleProblem(NO_WORK.format(one.type))
            request = await _request(connection, one, settings, Origin.REQUEST)
            if not request.scopes:
                raise ScheduleProblem("the library has no folder to scan")
            enqueued = await repository.enqueue_in(connection, request)
            await schedules.note_run(connection, one.id, enqueued.job.id, self._clock())
            return enqueued

        return await self._database.write(work)

    async def every(self, library_id: int | None = None) -> list[Schedule]:
        """The schedules of one library, or of all."""
        async with self._database.read() as connection:
            return await schedules.every(connection, library_id)


async def _first(connection: Any, library_id: int) -> Schedule | None:
    found = await schedules.every(connection, library_id)
    return found[0] if found else None


async def _request(connection: Any, schedule: Schedule, settings: Settings, origin: Origin) -> JobRequest:
    """The job that a schedule leads to; without scopes when its library has no root."""
    return JobRequest(
        JobType(schedule.type),
        schedule.library_id,
        tuple(Scope(root, b"") for root in await schedules.root_ids(connection, schedule.library_id)),
        origin=origin,
        timeout_s=await job_timeout(connection, settings),
    )


class Scheduler:
    """Fires the schedules of a catalogue, and asks for a prune once a day.

    Args:
        repository: where jobs are queued.
        settings: what a job's running time is resolved from; may be exchanged at any time.
        clock: the time in microseconds; the one that all servers of the catalogue agree on when not given.
        ring: called when something was queued.
    """

    def __init__(
        self,
        repository: ScanJobRepository,
        settings: Settings,
        *,
        clock: Callable[[], int] | None = None,
        ring: Callable[[], None] = silent,
    ) -> None:
        self.settings = settings
        self._repository = repository
        self._database = repository.database
        self._clock = clock
        self._ring = ring

    async def run(self) -> None:
        """Look again and again, until cancelled. No error of the database ends it."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                delay = await self.look()
                pause = FIRST_PAUSE_S
            except Exception as error:  # noqa: BLE001 - whatever it is, the schedules of tomorrow must run
                line = " ".join(str(error).split())[:300]
                _log.warning("schedules could not be looked at: %s: %s", type(error).__name__, line)
                delay = pause
                pause = min(LONGEST_PAUSE_S, 2 * pause)
            await asyncio.sleep(delay)

    async def look(self) -> float:
        """Do what is due now; gives the seconds until the next look.

        One schedule that fails does not keep the others from running; its error is raised at the end.
        """
        async with self._database.read() as connection:
            now = await self._now(connection)
            found = await schedules.every(connection)
        failed: list[Exception] = []
        for schedule in found:
            try:
                await self._settle(schedule, now)
            except Exception as error:  # noqa: BLE001 - raised below
                failed.append(error)
        await self._prune(now)
        if failed:
            raise failed[0]
        async with self._database.read() as connection:
            now = await self._now(connection)
            times = [row.next_run_at for row in await schedules.every(connection) if row.next_run_at]
        return min(LOOK_S, max(LEAST_S, (min(times) - now) / 1e6)) if times else LOOK_S

    async def _now(self, connection: Any) -> int:
        return self._clock() if self._clock is not None else await schedules.now(connection)

    async def _settle(self, schedule: Schedule, now: int) -> None:
        decision = decide(schedule, now)
        if decision.fire:
            assert decision.next_run_at is not None
            await self._fire(schedule, decision.next_run_at, now)
        elif decision.changes(schedule):

            async def work(connection: Any) -> bool:
                return await schedules.move(connection, schedule, decision.next_run_at, decision.problem)

            if await self._database.write(work) and decision.problem is not None:
                _log.warning("library %d is not scanned by itself: %s", schedule.library_id, decision.problem)

    async def _fire(self, schedule: Schedule, new_next: int, now: int) -> None:
        async def work(connection: Any) -> bool:
            # The library first, as everybody who queues for it does: no two wait for one another.
            if not await jobs.lock_library(connection, schedule.library_id):
                return False
            if not await schedules.fire(connection, schedule, new_next, now):
                return False
            request = await _request(connection, schedule, self.settings, Origin.SCHEDULE)
            if request.scopes:
                enqueued = await self._repository.enqueue_in(connection, request)
                await schedules.note_job(connection, schedule.id, enqueued.job.id)
            return True

        if await self._database.write(work):
            self._ring()

    async def _prune(self, now: int) -> None:
        # Asked without writing first: a look that finds nothing to do leaves the database alone.
        async with self._database.read() as connection:
            if not await retention.prune_due(connection, now):
                return

        async def work(connection: Any) -> bool:
            await jobs.lock_type(connection, JobType.PRUNE)
            if not await retention.prune_due(connection, now):
                return False
            timeout = await job_timeout(connection, self.settings)
            request = JobRequest(JobType.PRUNE, origin=Origin.SCHEDULE, timeout_s=timeout)
            await self._repository.enqueue_in(connection, request)
            return True

        if await self._database.write(work):
            self._ring()
