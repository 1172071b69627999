"""What queue, progress, events and logs cost of a scan's CPU seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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
    "supervision. Each run is a minute or more: first scans and full rescans in turns. The two ways take "
    "turns; each value is one pair, in percent more. Its bar is on the median."
)
#: Does a scan of a library, first or again, and gives its CPU seconds and its seconds.
_Do = Callable[[str, bool], Awaitable[tuple[float, float]]]


@dataclass
class _Run:
    cpu_s: float = 0.0
    wall_s: float = 0.0


async def measure(stand: Stand) -> None:
    """On each database, on each corpus."""
    for database in stand.databases():
        for name, folder in (("music", stand.music()), ("tree", stand.long())):
            if name in stand.given.overhead_of:
                await _pairs(stand, database, name, folder)


async def _pairs(stand: Stand, database: str, name: str, folder: Path) -> None:
    trial = await _bare(stand, database, folder, 1)
    cycles = max(1, math.ceil(stand.given.run_seconds / trial.wall_s))
    more: list[float] = []
    seconds: list[float] = []
    for number in range(stand.given.rounds):
        stand.quiet()
        # Who goes first has a colder machine, or a quieter one.
        if number % 2:
            queued = await _queued(stand, database, folder, cycles)
            bare = await _bare(stand, database, folder, cycles)
        else:
            bare = await _bare(stand, database, folder, cycles)
            queued = await _queued(stand, database, folder, cycles)
        more.append(100 * (queued.cpu_s / bare.cpu_s - 1))
        seconds.append(100 * (queued.wall_s / bare.wall_s - 1))
        print(
            f"    {name}, {database}: {queued.cpu_s:.2f} CPU s in {queued.wall_s:.1f} s, "
            f"bare {bare.cpu_s:.2f} in {bare.wall_s:.1f}: {more[-1]:+.2f} %",
            flush=True,
        )
    stand.note(Figure(NAME, f"CPU more than bare, {name}", database, "%", more, Bar("median", 3)))
    stand.note(Figure(NAME, f"time more than bare, {name}", database, "%", seconds))


async def _cycles(do: _Do, cycles: int) -> _Run:
    run = _Run()
    for number in range(cycles):
        for rescan in (False, True):
            cpu_s, wall_s = await do(f"Library {number}", rescan)
            run.cpu_s += cpu_s
            run.wall_s += wall_s
    return run


async def _queued(stand: Stand, database: str, folder: Path, cycles: int) -> _Run:
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

            return await _cycles(do, cycles)


async def _bare(stand: Stand, database: str, folder: Path, cycles: int) -> _Run:
    url = stand.new_database(database)
    with Asked("bench.queue.bare", url) as bare:
        bare.ask(root=str(stand.tiny()), name="Tiny", rescan=False)

        async def do(name: str, rescan: bool) -> tuple[float, float]:
            cpu, began = _cpu(stand, bare.pid), time.perf_counter()
            bare.ask(root=str(folder), name=name, rescan=rescan)
            return _cpu(stand, bare.pid) - cpu, time.perf_counter() - began

        return await _cycles(do, cycles)


def _cpu(stand: Stand, pid: int) -> float:
    """CPU seconds of a process and all of its, and of the server when there is one."""
    server = memory.cpu_seconds(stand.postgresql.pid) if stand.postgresql is not None else 0.0
    return memory.cpu_seconds(pid) + server
