"""Scans with nothing around them: `python -m bench.queue.bare URL`, told what to do in lines of JSON.

The scan, its processes and its catalogue are the product's; only what a batch writes of its job is left out.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

from shelfread.app import KINDS, App, absolute, open_app, whole
from shelfread.app.workers import pool_sizes
from shelfread.model.batch import BatchReport
from shelfread.queue.running import RunningJob
from shelfread.scan.plan import Plan
from shelfread.settings import Settings
from shelfread.store.database import Database
from shelfread.tasks.library_scan import Pools, scan_library_job, warm

T = TypeVar("T")
Work = Callable[[Any], Awaitable[None]]


class BareJob:
    """Stands where a `RunningJob` does, and writes the catalogue's rows only."""

    def __init__(self, database: Database, seq: int) -> None:
        self.seq = seq
        self.live: Callable[[], BatchReport] | None = None
        self._database = database

    async def commit(self, work: Work | None, report: BatchReport) -> None:
        if work is not None:
            await self._database.write(work)

    async def finish(self, work: Work | None, report: BatchReport) -> None:
        await self.commit(work, report)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await work


async def scan(app: App, pools: Pools, request: dict[str, Any], seq: int) -> dict[str, Any]:
    """Scan a library, which is made when it is not there."""
    name = request["name"]
    library = next((known for known in await app.libraries.all() if known.name == name), None)
    if library is None:
        library = await app.libraries.add(name, "music", [absolute(request["root"])])
    plan = Plan(library, whole(library), rescan=request["rescan"], settle_ns=0)
    job = cast("RunningJob", BareJob(app.database, seq))
    outcome = await scan_library_job(app.database, job, plan, pools)
    return {"found": outcome.counters.found, "added": outcome.counters.added}


async def main(url: str) -> None:
    """Answer lines until there are no more."""
    settings = Settings(database_url=url, settle_seconds=0)
    async with open_app(settings) as app, warm(KINDS["music"], pool_sizes(settings)) as pools:
        print("{}", flush=True)
        seq = 0
        while line := await asyncio.to_thread(sys.stdin.readline):
            seq += 1
            print(json.dumps(await scan(app, pools, json.loads(line), seq)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
