"""From the request to the running job: how long it waits when nobody else does."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict

from bench.queue.figures import Bar, Figure
from bench.queue.processes import Asked
from bench.queue.stand import Stand, add_library, ended, warmed
from shelfread.app import App
from shelfread.model.library import Library
from shelfread.settings import WorkerSettings

NAME = "latency"
MEANING = (
    "From just before the request (one call, which commits the queued row) to the first moment at which "
    "another process, looking a thousand times a second, sees the job claimed. The queue is empty, the "
    "worker waits, and requests come at random moments. managed: the request is made in the process that "
    "has the worker, as in `shelfread serve` (here without HTTP). standalone: `shelfread worker`, asked "
    "by another process."
)
_BARS = {
    ("managed", "sqlite"): 50,
    ("managed", "postgresql"): 50,
    ("standalone", "sqlite"): 300,
    ("standalone", "postgresql"): 50,
}


async def measure(stand: Stand) -> None:
    """All ways and databases, in turns."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    rounds, samples = stand.given.rounds, stand.given.samples
    for number in range(rounds):
        share = samples * (number + 1) // rounds - samples * number // rounds
        for database in stand.databases():
            for kind in ("managed", "standalone"):
                stand.quiet()
                found[kind, database] += await _samples(stand, kind, database, share)
    for (kind, database), values in found.items():
        bar = Bar("p95", _BARS[kind, database])
        stand.note(Figure(NAME, f"request to running, {kind}", database, "ms", values, bar))


async def _samples(stand: Stand, kind: str, database: str, count: int) -> list[float]:
    url = stand.new_database(database)
    async with stand.app(url) as app:
        library = await add_library(app, "Tiny", stand.tiny())
        if kind == "managed":
            async with app.workers("managed", WorkerSettings()) as group:
                group.start(1, WorkerSettings().poll_seconds)
                return await _asked(stand, app, library, url, count)
        with stand.program(url, "worker"):
            return await _asked(stand, app, library, url, count)


async def _asked(stand: Stand, app: App, library: Library, url: str, count: int) -> list[float]:
    rng = random.Random(f"{stand.given.seed} {url}")
    await warmed(app, library, 2)
    with Asked("bench.queue.eyes", url) as eyes:
        eyes.ask()
        asked: dict[str, int] = {}
        for _ in range(count):
            # The change poll is at every tenth of a second: at no fixed point of it.
            await asyncio.sleep(rng.uniform(0.05, 0.3))
            moment = time.time_ns()
            asked[(await app.request_scan(library)).job.id] = moment
            await ended(app, next(reversed(asked)), 0.05)
        seen = eyes.ask()["claimed"]
    return [(seen[job_id] - moment) / 1e6 for job_id, moment in asked.items()]
