"""From the wish to cancel to the last write, and to the end of the job."""

from __future__ import annotations

import asyncio
import random
import time

from bench.queue.figures import Bar, Figure
from bench.queue.kill import Scans
from bench.queue.processes import Asked
from bench.queue.stand import Stand, add_library, ended, warmed
from shelfread.app import App
from shelfread.model.job import EventKind, JobStatus

NAME = "cancel"
MEANING = (
    "From just before the call that cancels, at a random moment of a scan by `shelfread worker`. last "
    "write: the last change of the database by anybody, seen by a process that looks a thousand times a "
    "second and goes on looking after the end: catalogue rows, the job's row with its end, everything. "
    "ended: the time in the event `cancelled`. batches after: batches in the job's trail behind the event "
    "`cancel_requested`, of all cancels."
)
#: How long is looked on after a job has ended.
_STILL_S = 1.2
_TRIES = 3


async def measure(stand: Stand) -> None:
    """On each database."""
    for database in stand.databases():
        stand.quiet()
        written: list[float] = []
        over: list[float] = []
        after: list[float] = []
        url = stand.new_database(database)
        rng = random.Random(f"{stand.given.seed} cancel")
        async with stand.app(url) as app:
            with stand.program(url, "worker", inside=stand.slow()), Asked("bench.queue.eyes", url) as eyes:
                await warmed(app, await add_library(app, "Tiny", stand.tiny()))
                scans = Scans(stand, app, rng)
                for _ in range(_TRIES * stand.given.cancels):
                    if len(over) == stand.given.cancels:
                        break
                    await _one(app, scans, eyes, written, over, after)
        stand.note(Figure(NAME, "cancel to last write", database, "s", written, Bar("p99", 1)))
        stand.note(Figure(NAME, "cancel to ended", database, "s", over))
        stand.note(Figure(NAME, "batches after", database, "", after, Bar("sum", 0)))


async def _one(
    app: App, scans: Scans, eyes: Asked, written: list[float], over: list[float], after: list[float]
) -> None:
    job = await scans.running()
    if job is None:
        return
    moment = time.time_ns()
    await app.jobs.cancel(job.id)
    done = await ended(app, job.id)
    if done.status is not JobStatus.CANCELLED:
        return
    await asyncio.sleep(_STILL_S)
    changes = [at for at in eyes.ask()["changes"] if at > moment]
    trail = await app.jobs.events(job.seq, limit=100_000)
    asked = next(event.seq for event in trail if event.kind == EventKind.CANCEL_REQUESTED)
    end = next(event for event in trail if event.kind == EventKind.CANCELLED)
    written.append((max(changes) - moment) / 1e9)
    over.append(end.at / 1e6 - moment / 1e9)
    after.append(sum(event.kind == EventKind.BATCH and event.seq > asked for event in trail))
