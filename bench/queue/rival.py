"""A process that claims jobs and keeps them alive, and times it: `python -m bench.queue.rival URL LIBRARY`.

It is present as a worker is, so that nobody takes its jobs away. Every line on standard input is answered by
what was noted since the one before.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobRequest, JobType, Phase, Scope
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository

_HEARTBEATS = 8
_PAUSE_S = 0.02


class Rival:
    """Asks for one small job after another, and does nothing in it but to be alive.

    Of a type of its own, so that it never takes the scans that are measured.
    """

    def __init__(self, database: Database, worker_id: str, request: JobRequest) -> None:
        self._jobs = ScanJobRepository(database)
        self._worker_id = worker_id
        self._request = request
        #: When (microseconds since the epoch), what, and how long it took in milliseconds.
        self._samples: list[tuple[int, str, float]] = []
        self._errors: list[str] = []

    async def run(self) -> None:
        """Go on for ever; errors are noted."""
        while True:
            try:
                await self._once()
            except Exception as error:  # noqa: BLE001 - it is what is counted
                self._errors.append(f"{type(error).__name__}: {error}".splitlines()[0])
            await asyncio.sleep(_PAUSE_S)

    async def _once(self) -> None:
        await self._jobs.enqueue(self._request)
        began = self._now()
        job = await self._jobs.claim_next(self._worker_id, (JobType.RESCAN,))
        if job is None:
            # An idle worker was faster.
            return
        self._note("claim", began)
        for number in range(_HEARTBEATS):
            await asyncio.sleep(_PAUSE_S)
            await self._beat(job, number)
        await self._jobs.finish(job)

    async def _beat(self, job: Job, number: int) -> None:
        report = BatchReport(Counters(found=number), Phase.READING, current_path="Somewhere")
        began = self._now()
        await self._jobs.heartbeat(job, report, moved=True)
        self._note("heartbeat", began)

    def _now(self) -> tuple[int, int]:
        return time.time_ns() // 1000, time.perf_counter_ns()

    def _note(self, what: str, began: tuple[int, int]) -> None:
        self._samples.append((began[0], what, (time.perf_counter_ns() - began[1]) / 1e6))

    def take(self) -> dict[str, Any]:
        """What was noted since it was asked last."""
        samples, self._samples = self._samples, []
        errors, self._errors = self._errors, []
        return {"samples": samples, "errors": errors}


async def main(url: str, library_id: int) -> None:
    """Claim until standard input ends."""
    database = Database(url)
    library = await LibraryRepository(database).get(library_id)
    assert library is not None
    presence = await Presence.enter(database, "standalone")
    scopes = tuple(Scope(root.id, b"") for root in library.roots)
    rival = Rival(database, presence.id, JobRequest(JobType.RESCAN, library_id, scopes))
    working = asyncio.create_task(rival.run())
    print("{}", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(rival.take()), flush=True)
    working.cancel()
    await asyncio.wait([working])
    await presence.leave()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
