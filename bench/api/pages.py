"""Open pages during a rescan: what they cost the server; and how quickly lists of pages come meanwhile."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from bench.api.server import Server, served
from bench.api.visitors import Visitor
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.processes import until
from bench.queue.stand import Stand, add_library, ended, until_job
from shelfread.model.library import Library

NAME = "pages"
MEANING = (
    "Visitors look at pages during the first scan of the music corpus by the worker of `shelfread serve`: in "
    "turns the page of that job, the list of jobs, and the first page. Each does what the program of the "
    "pages does: it has a stream of everything, and asks for the parts of its page when something happens, "
    "with the same pauses. The scan is held until the pages of its job are open, too, by stopping its "
    "process; opening pages is not counted. CPU of the pages: CPU seconds of the process that answers, less "
    "those of the same process while the same scan runs and nobody looks, in percent of the CPU seconds of "
    "that scan's own processes. a part: from the question to the last byte of its answer."
)
#: How many look.
_VISITORS = 20
#: Longer than the longest pause between two questions of a page, in seconds.
_SETTLED_S = 3.0
#: The first page; where there is none yet, another that tells of jobs.
_PLACES = ("/", "/problems")


@dataclass
class _Run:
    """One scan."""

    own_cpu_s: float
    scan_cpu_s: float
    visitors: list[Visitor]


async def measure(stand: Stand) -> None:
    """On each database, in turns with and without visitors."""
    for database in stand.databases():
        costs: list[float] = []
        took: list[float] = []
        for number in range(stand.given.rounds):
            stand.quiet()
            alone = await _scan(stand, database, 0, number)
            seen = await _scan(stand, database, _VISITORS, number)
            costs.append(100 * (seen.own_cpu_s - alone.own_cpu_s) / alone.scan_cpu_s)
            took += [ms for one in seen.visitors for ms in one.took_ms]
            print(
                f"    {database}: {seen.own_cpu_s:.2f} CPU s with {len(seen.visitors)} pages, "
                f"{alone.own_cpu_s:.2f} without; the scan {alone.scan_cpu_s:.2f}: {costs[-1]:.1f} %; "
                f"{sum(one.asked for one in seen.visitors)} times parts, "
                f"{sum(one.heard for one in seen.visitors)} events",
                flush=True,
            )
        stand.note(Figure(NAME, "CPU of the pages", database, "%", costs, Bar("median", 5)))
        stand.note(Figure(NAME, "a part", database, "ms", took, Bar("p95", 250)))


async def _scan(stand: Stand, database: str, count: int, seed: int) -> _Run:
    async with served(stand, database, stand.tiny()) as server:
        tiny = (await server.app.libraries.all())[0]
        music = await add_library(server.app, "Music", stand.music())
        # What a server has after its first minute: templates, statements, the database's pages.
        await _looked_at(server, tiny, 3, seed)
        return await _looked_at(server, music, count, seed)


async def _looked_at(server: Server, library: Library, count: int, seed: int) -> _Run:
    chance = random.Random(seed)
    first = await _first_page(server)
    visitors = [Visitor(server.url, server.token, random.Random(chance.random())) for _ in range(count)]
    looking: list[asyncio.Task[None]] = []

    async def come(some: list[Visitor], *places: str) -> None:
        looking.extend(
            asyncio.create_task(one.look(places[number % len(places)])) for number, one in enumerate(some)
        )
        await until(lambda: all(one.is_there for one in some), "pages to be open")
        # Until they have asked for what happened while they were opened.
        await asyncio.sleep(_SETTLED_S)

    try:
        with server.held():
            await come(visitors[count // 3 :], "/jobs", first)
            own = server.own_cpu()
            job_id = (await server.app.request_scan(library)).job.id
            await until_job(server.app, job_id, lambda job: job.status == "running", "running")
            await asyncio.sleep(_SETTLED_S)
            spent = server.own_cpu() - own
            await come(visitors[: count // 3], f"/jobs/{job_id}")
            own, everything = server.own_cpu(), server.all_cpu()
        job = await ended(server.app, job_id, 0.1)
        if job.status != "completed":
            raise Unavailable(f"the scan was {job.status}: {job.error}")
        await asyncio.sleep(_SETTLED_S)
        for one in looking:
            if one.done():
                one.result()
    finally:
        for one in looking:
            one.cancel()
        if looking:
            await asyncio.wait(looking)
    while_it_ran = server.own_cpu() - own
    return _Run(spent + while_it_ran, server.all_cpu() - everything - while_it_ran, visitors)


async def _first_page(server: Server) -> str:
    visitor = Visitor(server.url, server.token, random.Random(0))
    for place in _PLACES:
        if await visitor.can_open(place):
            return place
    raise Unavailable("the server has no pages")
