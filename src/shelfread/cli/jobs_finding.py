"""Finding the job that a person means, and what else a command wants to know of jobs beside their rows."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable
from typing import Any

from shelfread.app import App
from shelfread.cli.outcome import FAILED, FINE, WITH_PROBLEMS, Refused
from shelfread.cli.texts import shown
from shelfread.model.job import Job, JobStatus
from shelfread.queue.verify import living
from shelfread.store import job_review
from shelfread.store.problems import open_problems

#: Fewer characters are sooner a slip than an id.
LEAST = 4
_ID = re.compile(r"[0-9a-f-]{4,36}")
_WHOLE = 36
#: Seconds between two looks at who lives.
WORKERS_EVERY_S = 3.0
_SCOPES_AT_ONCE = 100


async def job_of(app: App, wanted: str) -> Job:
    """The job with this id, or the only one whose id begins so.

    Raises:
        Refused: there is none, or more than one.
    """
    text = wanted.strip().lower()
    if not _ID.fullmatch(text):
        raise Refused(
            f"{wanted!r} is no job's id: those are like 0e4681a4-dc06-4c54-8acc-eb1b09fc0326, "
            f"and the first {LEAST} characters or more will do"
        )
    if len(text) == _WHOLE:
        job = await app.jobs.get(text)
        found = [job] if job is not None else []
    else:
        found = [job for job in await app.jobs.with_prefix(text, 4) if job.id.startswith(text)]
    if not found:
        raise Refused(f"there is no job {wanted!r}; `shelfread jobs list` shows those there are")
    if len(found) > 1:
        some = ", ".join(shown(job.id) for job in found[:3]) + (", ..." if len(found) > 3 else "")
        raise Refused(f"more than one job begins with {wanted!r}: {some}")
    return found[0]


async def names(app: App) -> dict[int, str]:
    """The name of each library, fit to be shown."""
    return {library.id: shown(library.name) for library in await app.libraries.all()}


async def places(app: App, jobs: Iterable[Job]) -> dict[str, dict[str, Any]]:
    """The processes that run or ran these jobs, by their id; those whose row is gone are not there."""
    ids = {job.worker_id for job in jobs if job.worker_id is not None}
    if not ids:
        return {}
    async with app.database.read() as connection:
        return await job_review.workers_of(connection, ids)


class ComeBacks:
    """Why jobs went back into the queue last, and whether anybody would take them; not asked too often."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._works = (-math.inf, False)
        self._known: dict[tuple[str, int, str], str | None] = {}

    async def of(self, job: Job) -> str | None:
        """A reason, or "released"; None for a job that never went back, or has ended."""
        if job.status.ended or job.fence < (2 if job.status is JobStatus.RUNNING else 1):
            return None
        key = (job.id, job.fence, job.status.value)
        if key not in self._known:
            if len(self._known) > 1000:
                self._known.clear()
            async with self._app.database.read() as connection:
                event = await job_review.last_event(connection, job.seq, ("requeued", "released"))
            if event is None:
                self._known[key] = None
            else:
                reason = str(event.detail.get("reason", "worker_lost"))
                self._known[key] = "released" if event.kind == "released" else reason
        return self._known[key]

    async def anybody_works(self) -> bool:
        """Whether a process lives that takes jobs from the queue."""
        at, works = self._works
        if time.monotonic() - at >= WORKERS_EVERY_S:
            works = any(kind != "cli" for kind in (await living(self._app.database)).values())
            self._works = (time.monotonic(), works)
        return works


async def problem_count(app: App, job: Job) -> int | None:
    """How many problems are open, and not set aside, in what a job covers; None when that is nothing."""
    if job.library_id is None or not job.scopes:
        return None
    found: set[int] = set()
    # In parts: a database takes a condition of a thousand terms ill.
    for start in range(0, len(job.scopes), _SCOPES_AT_ONCE):
        some = job.scopes[start : start + _SCOPES_AT_ONCE]
        rows = await open_problems(app.database, library_id=job.library_id, scopes=some, ignored=False)
        found |= {row.id for row in rows}
    return len(found)


async def code_of(app: App, job: Job) -> int:
    """The exit code that says how a job ended (PROMISES decision 7)."""
    if job.status is not JobStatus.COMPLETED:
        return FAILED
    return WITH_PROBLEMS if await problem_count(app, job) else FINE
