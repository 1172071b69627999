"""A worker that is warm, for the benchmark: `python -m bench.warm`, told what to do on standard input.

A process of its own, so that its memory is Shelfread's and not the benchmark's. The first line names the
database, a folder of its own and the kind; each further line is a scan, or makes the covers that scans left
to be made. Every line of JSON is answered by one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench import memory
from shelfread.app import KINDS, App, absolute, open_app
from shelfread.app.places import whole
from shelfread.app.workers import pool_sizes, shelf_of
from shelfread.model.job import JobRequest, JobType, Phase, Scope
from shelfread.queue.worker import LibraryScanWorker
from shelfread.scan.plan import Mode
from shelfread.scan.progress import Progress
from shelfread.settings import Settings
from shelfread.tasks.covers import covers_task
from shelfread.tasks.library_scan import Pools, warm

#: Seconds between two looks at how far a scan is.
_LOOK_S = 0.01


async def scan(app: App, pools: Pools, request: dict[str, Any]) -> dict[str, Any]:
    """Scan what the request names and say what it took."""
    root = absolute(request["root"])
    library = next((known for known in await app.libraries.all() if known.roots[0].path == root), None)
    if library is None:
        library = await app.libraries.add(f"Library {request['root']}", pools.parts.kind.name, [root])
    scopes = [Scope(library.roots[0].id, os.fsencode(part)) for part in request.get("parts", ())]
    course: list[tuple[float, int]] = []
    watcher: asyncio.Task[None] | None = None
    settling: list[float] = []

    def see(progress: Progress) -> None:
        nonlocal watcher
        if progress.phase in (Phase.SETTLING, Phase.DONE):
            settling.append(time.perf_counter())
        if watcher is None:
            watcher = asyncio.create_task(_follow(progress, course, began))

    read = _read_by(pools)
    began, own = time.perf_counter(), time.process_time()
    report = await app.scan(
        library,
        scopes,
        rescan=request["rescan"],
        mode=Mode(request["mode"]),
        pools=pools,
        on_progress=see,
    )
    seconds, own = time.perf_counter() - began, time.process_time() - own
    if watcher is not None:
        watcher.cancel()
    counters = report.outcome.counters
    course.append((seconds, counters.processed))
    now = _read_by(pools)
    return {
        "read_bytes": None if read is None or now is None else now - read,
        "seconds": seconds,
        "settling_s": settling[-1] - settling[0],
        # Of this process, which compares, decides and writes; others walk and read.
        "own_cpu_s": own,
        "course": course,
        "found": counters.found,
        "added": counters.added,
        "updated": counters.updated,
        "moved": counters.moved,
        "restored": counters.restored,
        "unchanged": counters.unchanged,
        "removed": counters.removed,
        "failed": counters.failed,
        "skipped": counters.skipped,
    }


async def covers(app: App) -> dict[str, Any]:
    """Make the covers of the one library there is, in a job of that type as a worker does it."""
    (library,) = await app.libraries.all()
    request = JobRequest(JobType.COVERS, library.id, whole(library))
    job_id = (await app.jobs.enqueue(request)).job.id
    task = covers_task(app.jobs, KINDS, shelf_of(app.settings), pool_sizes(app.settings))
    worker = LibraryScanWorker(app.jobs, {JobType.COVERS: task}, worker_id="bench")
    began = time.perf_counter()
    await worker.run_once()
    seconds = time.perf_counter() - began
    job = await app.jobs.get(job_id)
    assert job is not None
    return {"seconds": seconds, "made": job.counters.added, "failed": job.counters.failed, "error": job.error}


def _read_by(pools: Pools) -> int | None:
    """Bytes that the processes which open files have read so far; None when it cannot be known."""
    found = [memory.read_bytes(pid) for pid in pools.parsers.pids]
    return None if None in found else sum(number or 0 for number in found)


async def _follow(progress: Progress, course: list[tuple[float, int]], began: float) -> None:
    """Note when files were committed: one point for every step of the counter."""
    last = 0
    while True:
        if (done := progress.counters.processed) != last:
            course.append((time.perf_counter() - began, done))
            last = done
        await asyncio.sleep(_LOOK_S)


async def main() -> None:
    """Answer lines until there are no more."""
    first = _line()
    settings = Settings(database_url=first["database"], data_dir=Path(first["folder"]), settle_seconds=0)
    # One library kind, one size of pools: as the program chooses them itself.
    async with open_app(settings) as app, warm(KINDS[first["kind"]], pool_sizes(settings)) as pools:
        _say({})
        while line := await asyncio.to_thread(sys.stdin.readline):
            request = json.loads(line)
            _say(await covers(app) if request.get("covers") else await scan(app, pools, request))


def _line() -> dict[str, Any]:
    line: dict[str, Any] = json.loads(sys.stdin.readline())
    return line


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
