"""Covers that people ask for, by a worker or here and now; and what changed options lead to (C14, C15)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shelfread.app.claiming import claimed
from shelfread.app.kinds import KINDS
from shelfread.app.places import whole
from shelfread.app.workers import heartbeat_of, pool_sizes, shelf_of
from shelfread.model.change import Counters
from shelfread.model.job import CancelRequested, Enqueued, JobRequest, JobType, StoredLine, UnknownLibrary
from shelfread.model.library import Library, LibraryOptions
from shelfread.queue.running import RunningJob
from shelfread.settings import read_worker_settings
from shelfread.store import cover_due
from shelfread.tasks.cover_making import shape_of
from shelfread.tasks.covers import CoverWork
from shelfread.tasks.library_scan import reason_of

if TYPE_CHECKING:
    from shelfread.app import App


class NoCovers(Exception):
    """Nothing can be made for this library; the text says why."""


@dataclass(frozen=True, slots=True)
class CoverReport:
    """What a run here and now came to, with what its job wrote down of single pictures."""

    job_id: str
    library: Library
    counters: Counters
    lines: list[StoredLine]


def refuse_without(library: Library) -> None:
    """Raises NoCovers for a library that has no small pictures, or no folder."""
    if not library.options.thumbnails:
        raise NoCovers(f"small pictures are off for {library.name!r} (its option `thumbnails`)")
    if not library.roots:
        raise NoCovers(f"the library {library.name!r} has no folder")


async def request_covers(app: App, library: Library, *, again: bool = False) -> Enqueued:
    """Have every cover of a library looked at by a worker: what is missing or stale is made.

    Args:
        app: the catalogue.
        library: whose covers.
        again: make all of them anew, and try those again that could not be made.

    Raises:
        NoCovers: see `refuse_without`.
        UnknownLibrary: it is not there any more.
    """
    refuse_without(library)
    timeout_s = await app.job_timeout()
    request = JobRequest(JobType.COVERS, library.id, whole(library), timeout_s=timeout_s)

    async def work(connection: Any) -> Enqueued:
        enqueued = await app.jobs.enqueue_in(connection, request)
        await cover_due.note_all(connection, library.id, again=again)
        return enqueued

    enqueued = await app.database.write(work)
    app.bell.ring()
    return enqueued


async def follow_options(app: App, before: LibraryOptions, library: Library) -> Enqueued | None:
    """Have covers made as changed options want them; None where they want no others."""
    now = library.options
    same = before.thumbnails and shape_of(before) == shape_of(now)
    if same or not now.thumbnails or not library.roots:
        return None
    try:
        return await request_covers(app, library)
    except UnknownLibrary:
        return None


async def make_covers_here(
    app: App, library: Library, *, again: bool = False, on_start: Callable[[str], None] | None = None
) -> CoverReport:
    """The same as `request_covers`, here and now.

    Raises:
        NoCovers: see `refuse_without`.
        AlreadyRunning: another job makes covers of this library.
    """
    refuse_without(library)
    heartbeat_s = heartbeat_of(read_worker_settings()[0])
    claim = RunningJob.claim(app.database, library.id, JobType.COVERS, whole(library), heartbeat_s)
    job = await claimed(claim)
    try:
        if on_start is not None:
            on_start(job.id)

        async def note(connection: Any) -> None:
            await cover_due.note_all(connection, library.id, again=again)

        await app.database.write(note)
        parts, sizes = KINDS[library.kind], pool_sizes(app.settings)
        work = CoverWork(app.jobs, job, library, parts, shelf_of(app.settings), sizes, patient=True)
        await job.run(work.run())
    except asyncio.CancelledError:
        await asyncio.shield(job.cancel())
        raise
    except CancelRequested:
        await job.cancel()
        raise
    except Exception as error:
        with contextlib.suppress(Exception):
            await job.fail(*reason_of(error))
        raise
    finally:
        await job.close()
    return CoverReport(job.id, library, work.counters, list(await app.jobs.logs(job.seq)))
