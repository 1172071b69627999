"""Jobs that are run here and now: claimed by this process, and ended by it whatever becomes of the work.

Scans, covers and conversions that somebody asks for at a terminal go through `held`. Knows none of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shelfread.app.workers import heartbeat_of
from shelfread.model.job import CancelRequested, JobType, Scope
from shelfread.model.library import Library
from shelfread.queue.running import RunningJob
from shelfread.settings import read_worker_settings
from shelfread.store.database import Database
from shelfread.tasks.library_scan import reason_of


@asynccontextmanager
async def held(
    database: Database,
    library: Library,
    job_type: JobType,
    scopes: Sequence[Scope],
    on_start: Callable[[str], None] | None = None,
) -> AsyncIterator[RunningJob]:
    """A job of this process. The work inside completes it; if it does not get there, how it ended is written.

    Args:
        database: the catalogue.
        library: whose job it is.
        job_type: what it does.
        scopes: the parts of the library.
        on_start: told the job's id as soon as it has one.

    Raises:
        AlreadyRunning: another job over the same files is running.
    """
    heartbeat_s = heartbeat_of(read_worker_settings()[0])
    claim = RunningJob.claim(database, library.id, job_type, tuple(scopes), heartbeat_s)
    job, cut = await _claimed(claim)
    try:
        # Whoever is interrupted meanwhile is told the id too: the history shows the job.
        if on_start is not None:
            on_start(job.id)
        if cut is not None:
            raise cut
        yield job
    except asyncio.CancelledError:
        await asyncio.shield(job.cancel())
        raise
    except CancelRequested:
        await job.cancel()
        raise
    except Exception as error:
        # The database itself may be what failed; then the row is found dead by its lock.
        with contextlib.suppress(Exception):
            await job.fail(*reason_of(error))
        raise
    finally:
        await job.close()


async def _claimed(
    claim: Coroutine[Any, Any, RunningJob],
) -> tuple[RunningJob, asyncio.CancelledError | None]:
    """A claim that is not torn in two, and the cancellation that came meanwhile."""
    task = asyncio.ensure_future(claim)
    try:
        return await asyncio.shield(task), None
    except asyncio.CancelledError as cut:
        return await task, cut
