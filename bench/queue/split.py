"""Two workers on one PostgreSQL, against one, where files are slow to read."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

from bench import memory
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.stand import Stand, add_library, ended
from shelfread.app import App
from shelfread.model.job import JobRequest, JobStatus, JobType, Scope
from shelfread.model.library import Library

NAME = "split"
MEANING = (
    "One library as sibling jobs of one request, each for some of its top folders, first scans into a "
    "fresh catalogue, by one `shelfread worker` and by two. Reading a file takes longer by a pause in the "
    "parsers, which costs no processor; each worker has two parsers. Throughput is files over the time "
    "from the request to the end of the last job. The ratio is of the same round."
)
_JOBS = 8
_PARSERS = 2


async def measure(stand: Stand) -> None:
    """One and two workers in turns."""
    for database in stand.databases("postgresql"):
        speeds: dict[int, list[float]] = {1: [], 2: []}
        for number in range(stand.given.rounds):
            for count in (1, 2) if number % 2 == 0 else (2, 1):
                stand.quiet()
                speeds[count].append(await _speed(stand, database, count))
        ratios = [two / one for one, two in zip(speeds[1], speeds[2], strict=True)]
        stand.note(Figure(NAME, "one worker", database, "files/s", speeds[1]))
        stand.note(Figure(NAME, "two workers", database, "files/s", speeds[2]))
        stand.note(Figure(NAME, "two against one", database, "x", ratios, Bar("median", 1.8, at_most=False)))


async def _speed(stand: Stand, database: str, count: int) -> float:
    url = stand.new_database(database)
    inside = stand.inside({"file_s": stand.given.file_ms / 1000})
    async with stand.app(url) as app:
        library = await add_library(app, "Music", stand.music())
        requests = _requests(library, stand.music())
        tiny = [await add_library(app, f"Tiny {at}", stand.tiny(at)) for at in range(count)]
        with ExitStack() as stack:
            for _ in range(count):
                worker = stand.program(url, "worker", inside=inside, parsers=str(_PARSERS))
                await stack.enter_context(worker).up()
            await _all_warm(app, tiny)
            busy = memory.machine_busy_seconds()
            began = time.perf_counter()
            asked = await app.jobs.enqueue_all(requests)
            files = 0
            for one in asked:
                job = await ended(app, one.job.id, 0.05)
                if job.status is not JobStatus.COMPLETED:
                    raise Unavailable(f"a scan was {job.status}: {job.error}")
                files += job.counters.added
            took = time.perf_counter() - began
            now = memory.machine_busy_seconds()
    if busy is not None and now is not None:
        print(
            f"    {count}: {files} files in {took:.1f} s, {(now - busy) / took:.2f} processors busy",
            flush=True,
        )
    return files / took


async def _all_warm(app: App, tiny: list[Library]) -> None:
    """Scans of a few files until each worker has done one: then all processes are there."""
    seen: set[str | None] = set()
    for _ in range(20):
        asked = [await app.request_scan(library) for library in tiny]
        seen |= {(await ended(app, one.job.id)).worker_id for one in asked}
        if len(seen) >= len(tiny):
            return
    raise Unavailable("one of the workers gets no job")


def _requests(library: Library, folder: Path) -> list[JobRequest]:
    """Sibling jobs of about as many files each."""
    sizes = {
        entry.name: sum(len(names) for _, _, names in os.walk(entry))
        for entry in folder.iterdir()
        if entry.is_dir()
    }
    groups: list[list[str]] = [[] for _ in range(min(_JOBS, len(sizes)))]
    totals = [0] * len(groups)
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        least = totals.index(min(totals))
        groups[least].append(name)
        totals[least] += sizes[name]
    root = library.roots[0].id
    request_id = str(uuid.uuid4())
    return [
        JobRequest(
            JobType.SCAN,
            library.id,
            tuple(Scope(root, os.fsencode(name)) for name in sorted(group)),
            request_id=request_id,
        )
        for group in groups
    ]
