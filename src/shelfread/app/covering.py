"""Covers that people ask for, by a worker or here and now; and what changed options lead to (C14, C15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shelfread.app.claiming import held
from shelfread.app.places import whole
from shelfread.app.workers import pool_sizes, shelf_of
from shelfread.kinds import KINDS
from shelfread.model.change import Counters
from shelfread.model.job import Enqueued, JobRequest, JobType, StoredLine, UnknownLibrary
from shelfread.model.library import Library, LibraryOptions
from shelfread.store import cover_due
from shelfread.tasks.cover_making import shape_of
from shelfread.tasks.covers import CoverWork

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

    async def note(connection: Any) -> None:
        await cover_due.note_all(connection, library.id, again=again)

    parts, sizes = KINDS[library.kind], pool_sizes(app.settings)
    async with held(app.database, library, JobType.COVERS, whole(library), on_start) as job:
        await app.database.write(note)
        work = CoverWork(app.jobs, job, library, parts, shelf_of(app.settings), sizes, patient=True)
        await job.run(work.run())
    return CoverReport(job.id, library, work.counters, list(await app.jobs.logs(job.seq)))
