"""What queue, progress, events and logs cost of a scan's CPU seconds."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench import memory
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.processes import Asked
from bench.queue.stand import Stand, add_library, ended, warmed
from shelfread.model.job import JobStatus

NAME = "overhead"
MEANING = (
    "CPU seconds (user and system, all processes, ended ones too) of scans by `shelfread worker`, from "
    "the request to the end of the job, against the same scans in a warm process whose batches write the "
    "catalogue's rows and nothing else: no queue, no row of a job, no event, no log, no heartbeat, no "
    "supervision. Both are there at the same time and take turns scan by scan, first scans and full "
    "rescans, who goes first in turns too, until each has scanned for a minute or more: what slows the "
    "machine down for half a minute slows both down. Each value is one first scan and its rescan, in "
    "percent more. The bar is on their median."
)
#: Does a scan of a library, first or again, and gives its CPU seconds and its seconds.
_Do = Callable[[str, bool], Awaitable[tuple[float, float]]]


async def measure(stand: Stand) -> None:
    """On each database, on each corpus."""
    for database in stand.databases():
        for name, folder in (("music", stand.music()), ("tree", stand.long())):
            if name in stand.given.overhead_of:
                await _pairs(stand, database, name, folder)


async def _pairs(stand: Stand, database: str, name: str, folder: Path) -> None:
    more: list[float] = []
    longer: list[float] = []
    for number in range(stand.given.rounds):
        stand.quiet()
        async with _queued(stand, database, folder) as queued, _bare(stand, database, folder) as bare:
            seconds = 0.0
            cycle = 0
            while seconds < stand.given.run_seconds:
                spent = {queued: [0.0, 0.0], bare: [0.0, 0.0]}
                for rescan in (False, True):
                    # Who goes first has a colder machine, or a quieter one.
                    for one in (queued, bare) if (number + cycle + rescan) % 2 else (bare, queued):
                        cpu_s, wall_s = await one(f"Library {cycle}", rescan)
                        spent[one][0] += cpu_s
                        spent[one][1] += wall_s
                more.append(100 * (spent[queued][0] / spent[bare][0] - 1))
                longer.append(100 * (spent[queued][1] / spent[bare][1] - 1))
                print(
                    f"    {name}, {database}: {spent[queued][0]:.2f} CPU s in {spent[queued][1]:.1f} s, "
                    f"bare {spent[bare][0]:.2f} in {spent[bare][1]:.1f}: {more[-1]:+.2f} %",
                    flush=True,
                )
                seconds += spent[bare][1]
                cycle += 1
    stand.note(Figure(NAME, f"CPU more than bare, {name}", database, "%", more, Bar("median", 3)))
    stand.note(Figure(NAME, f"time more than bare, {name}", database, "%", longer))


@asynccontextmanager
async def _queued(stand: Stand, database: str, folder: Path) -> AsyncIterator[_Do]:
    url = stand.new_database(database)
    async with stand.app(url) as app:
        with stand.program(url, "worker") as worker:
            await warmed(app, await add_library(app, "Tiny", stand.tiny()))

            async def do(name: str, rescan: bool) -> tuple[float, float]:
                library = next((known for known in await app.libraries.all() if known.name == name), None)
                library = library or await add_library(app, name, folder)
                cpu, began = _cpu(stand, worker.pid), time.perf_counter()
                asked = await app.request_scan(library, rescan=rescan)
                job = await ended(app, asked.job.id, 0.1)
                spent = _cpu(stand, worker.pid) - cpu, time.perf_counter() - began
                if job.status is not JobStatus.COMPLETED:
                    raise Unavailable(f"a scan was {job.status}: {job.error}")
                return spent

            yield do


@asynccontextmanager
async def _bare(stand: Stand, database: str, folder: Path) -> AsyncIterator[_Do]:
    url = stand.new_database(database)
    with Asked("bench.queue.bare", url) as bare:
        bare.ask(root=str(stand.tiny()), name="Tiny", rescan=False)

        async def do(name: str, rescan: bool) -> tuple[float, float]:
            cpu, began = _cpu(stand, bare.pid), time.perf_counter()
            bare.ask(root=str(folder), name=name, rescan=rescan)
            return _cpu(stand, bare.pid) - cpu, time.perf_counter() - began

        yield do


def _cpu(stand: Stand, pid: int) -> float:
    """CPU seconds of a process and all of its, and of the server when there is one."""
    server = memory.cpu_seconds(stand.postgresql.pid) if stand.postgresql is not None else 0.0
    return memory.cpu_seconds(pid) + server
