"""From a death to the job running again: the warm child, a whole worker, a worker that only went silent."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field

from bench import memory
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.processes import Program
from bench.queue.stand import Stand, add_library, ended, until_job, warmed
from shelfread.app import App
from shelfread.model.job import EventKind, Job, JobStatus
from shelfread.model.library import Library
from shelfread.queue.rescue import LEASE_S

NAME = "kill"
MEANING = (
    "From the signal, at a random moment of a scan, to the claim of the job's next attempt (the time in "
    "its event). child: SIGKILL to the process that does the scan, under `shelfread serve`. worker: "
    "SIGKILL to a whole `shelfread worker`, while another one stands by. silent: SIGSTOP to all of a "
    "worker, whose lock stays held, so that only its lease tells. written again: from the kill of a child "
    "to the first batch of the next attempt."
)
#: How often a moment is tried at which the scan may be over already.
_TRIES = 3


@dataclass
class _Found:
    queued: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)


async def measure(stand: Stand) -> None:
    """Children and whole workers, on each database."""
    given = stand.given
    for database in stand.databases():
        stand.quiet()
        child = await _children(stand, database)
        stand.note(Figure(NAME, "child killed, back in the queue", database, "s", child.queued))
        stand.note(Figure(NAME, "child killed, running again", database, "s", child.again, Bar("max", 2)))
        stand.note(Figure(NAME, "child killed, written again", database, "s", child.written))
        stand.quiet()
        worker = await _workers(stand, database, given.kills_of_workers, signal.SIGKILL)
        bar = Bar("max", LEASE_S + 5)
        stand.note(Figure(NAME, "worker killed, running again", database, "s", worker, bar))
        if given.stops:
            silent = await _workers(stand, database, given.stops, signal.SIGSTOP)
            stand.note(Figure(NAME, "worker silent, running again", database, "s", silent, bar))


class Scans:
    """Scans that take long enough to be hit; a fresh library when one is finished."""

    def __init__(self, stand: Stand, app: App, rng: random.Random) -> None:
        self._stand, self._app, self._rng = stand, app, rng
        self._library: Library | None = None
        self._count = 0

    async def running(self) -> Job | None:
        """A scan, at a random moment; None when it was over before that."""
        if self._library is None:
            self._count += 1
            self._library = await add_library(self._app, f"Long {self._count}", self._stand.long())
        asked = await self._app.request_scan(self._library, rescan=self._rng.random() < 0.3)
        await until_job(self._app, asked.job.id, lambda job: job.claimed_at is not None, "claimed", 0.01)
        await asyncio.sleep(self._rng.uniform(0.02, self._stand.given.moment))
        job = await self._app.jobs.get(asked.job.id)
        assert job is not None
        if job.status is JobStatus.RUNNING:
            return job
        self._library = None
        return None


async def _children(stand: Stand, database: str) -> _Found:
    found = _Found()
    url = stand.new_database(database)
    rng = random.Random(f"{stand.given.seed} child")
    async with stand.app(url) as app:
        with stand.program(url, "serve", "--port", "0", inside=stand.slow()) as server:
            await warmed(app, await add_library(app, "Tiny", stand.tiny()))
            scans = Scans(stand, app, rng)
            for _ in range(_TRIES * stand.given.kills):
                if len(found.again) == stand.given.kills:
                    break
                job = await scans.running()
                pid = server.resident()
                if job is None or pid is None:
                    continue
                moment = time.time_ns() // 1000
                os.kill(pid, signal.SIGKILL)
                if await _claimed_again(app, job, moment, found.again, found.queued):
                    await _written_again(app, job, moment, found.written)
                    await app.jobs.cancel(job.id)
                    await ended(app, job.id)
    return found


async def _workers(stand: Stand, database: str, wanted: int, number: int) -> list[float]:
    """Two workers; the one that has the job gets the signal, and is replaced."""
    found: list[float] = []
    url = stand.new_database(database)
    rng = random.Random(f"{stand.given.seed} worker {number}")
    async with stand.app(url) as app:
        with ExitStack() as stack:
            workers: dict[int, Program] = {}

            async def one_more() -> None:
                worker = stack.enter_context(stand.program(url, "worker", inside=stand.slow()))
                await worker.up()
                workers[worker.pid] = worker

            await one_more()
            await one_more()
            await warmed(app, await add_library(app, "Tiny", stand.tiny()), 2)
            scans = Scans(stand, app, rng)
            for _ in range(_TRIES * wanted):
                if len(found) == wanted:
                    break
                job = await scans.running()
                if job is None:
                    continue
                row = await app.jobs.worker(job.worker_id or "")
                assert row is not None
                hit = workers.pop(row["pid"])
                moment = await _hit(hit, number, app)
                counted = await _claimed_again(app, job, moment, found)
                hit.kill()
                if counted:
                    await app.jobs.cancel(job.id)
                    await ended(app, job.id)
                await one_more()
    return found


async def _hit(worker: Program, number: int, app: App) -> int:
    """Send a signal; gives when, in microseconds.

    One that is stopped in the middle of a transaction keeps an SQLite file locked for as long as it sleeps:
    nobody can do anything about that, so it is stopped at another moment.
    """
    while True:
        moment = time.time_ns() // 1000
        _signal_all(worker, number)
        if number != signal.SIGSTOP or app.database.path is None:
            return moment
        with closing(sqlite3.connect(app.database.path, timeout=1, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError:
                _signal_all(worker, signal.SIGCONT)
            else:
                return moment
        await asyncio.sleep(0.02)


def _signal_all(worker: Program, number: int) -> None:
    if number == signal.SIGKILL:
        worker.kill()
        return
    for pid in memory.tree(worker.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def _claimed_again(
    app: App, job: Job, moment: int, found: list[float], queued: list[float] | None = None
) -> bool:
    """Wait for the claim after a moment; false when the kill came too late to hit the job."""
    now_is = await until_job(
        app,
        job.id,
        lambda row: row.status.ended or (row.status is JobStatus.RUNNING and row.fence > job.fence),
        "claimed again",
    )
    later = [event for event in await app.jobs.events(job.seq, limit=100_000) if event.fence > job.fence]
    again = [event.at for event in later if event.kind == EventKind.CLAIMED]
    if queued is not None:
        queued += [(event.at - moment) / 1e6 for event in later if event.kind == EventKind.REQUEUED][:1]
    if again:
        found.append((again[0] - moment) / 1e6)
    elif now_is.status is not JobStatus.COMPLETED:
        raise Unavailable(f"a job was not run again; it is {now_is.status}: {now_is.error}")
    return bool(again) and not now_is.status.ended


async def _written_again(app: App, job: Job, moment: int, found: list[float]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for event in await app.jobs.events(job.seq, limit=100_000):
            if event.kind == EventKind.BATCH and event.fence > job.fence:
                found.append((event.at - moment) / 1e6)
                return
        await asyncio.sleep(0.02)
