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
from bench.queue.stand import Stand, add_library, ended
from shelfread.model.library import Library

NAME = "pages"
MEANING = (
    "Visitors look at pages during a rescan of the music corpus by the worker of `shelfread serve`: in "
    "turns the page of that job, the list of jobs, and the first page. Each does what the program of the "
    "pages does: it has a stream of everything, and asks for the parts of its page when something happens, "
    "with the same pauses. CPU of the pages: CPU seconds of the process that answers, less those of the "
    "same process while the same rescan runs and nobody looks, in percent of the CPU seconds of that "
    "rescan's own processes. The pages are open before the rescan is asked for, those of the job as soon "
    "as it is: opening them is in it. a part: from the question to the last byte of its answer."
)
#: How many look.
_VISITORS = 20
#: The first page; where there is none yet, another that tells of jobs.
_PLACES = ("/", "/problems")


@dataclass
class _Run:
    """One rescan."""

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
            async with served(stand, database, stand.tiny()) as server:
                library = await add_library(server.app, "Music", stand.music())
                await ended(server.app, (await server.app.request_scan(library)).job.id)
                # What a server has after its first minute: templates, statements, the database's pages.
                await _rescan(server, library, 3, number)
                alone = await _rescan(server, library, 0, number)
                seen = await _rescan(server, library, _VISITORS, number)
            costs.append(100 * (seen.own_cpu_s - alone.own_cpu_s) / alone.scan_cpu_s)
            took += [ms for one in seen.visitors for ms in one.took_ms]
            print(
                f"    {database}: {seen.own_cpu_s:.2f} CPU s with {len(seen.visitors)} pages, "
                f"{alone.own_cpu_s:.2f} without; the rescan {alone.scan_cpu_s:.2f}: {costs[-1]:.1f} %; "
                f"{sum(one.asked for one in seen.visitors)} times parts, "
                f"{sum(one.heard for one in seen.visitors)} events",
                flush=True,
            )
        stand.note(Figure(NAME, "CPU of the pages", database, "%", costs, Bar("median", 5)))
        stand.note(Figure(NAME, "a part", database, "ms", took, Bar("p95", 250)))


async def _rescan(server: Server, library: Library, count: int, seed: int) -> _Run:
    chance = random.Random(seed)
    first = await _first_page(server)
    visitors = [Visitor(server.url, server.token, random.Random(chance.random())) for _ in range(count)]
    waiting = {one: ("/jobs", first)[number % 2] for number, one in enumerate(visitors) if number % 3}
    own, everything = server.own_cpu(), server.all_cpu()
    looking = [asyncio.create_task(one.look(place)) for one, place in waiting.items()]
    try:
        await until(lambda: all(one.is_there for one in waiting), "all pages to be open")
        # Until it has asked for what happened while it was opened.
        await asyncio.sleep(2)
        job_id = (await server.app.request_scan(library, rescan=True)).job.id
        looking += [
            asyncio.create_task(one.look(f"/jobs/{job_id}")) for one in visitors if one not in waiting
        ]
        job = await ended(server.app, job_id, 0.1)
        if job.status != "completed":
            raise Unavailable(f"the rescan was {job.status}: {job.error}")
        await asyncio.sleep(3)
        for one in looking:
            if one.done():
                one.result()
    finally:
        for one in looking:
            one.cancel()
        if looking:
            await asyncio.wait(looking)
    spent = server.own_cpu() - own
    return _Run(spent, server.all_cpu() - everything - spent, visitors)


async def _first_page(server: Server) -> str:
    visitor = Visitor(server.url, server.token, random.Random(0))
    for place in _PLACES:
        if await visitor.can_open(place):
            return place
    raise Unavailable("the server has no pages")
