"""Conversions that people ask for: here and now, or by a worker (PROMISES C4, C16)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shelfread.app.claiming import held
from shelfread.app.places import whole
from shelfread.app.workers import pool_sizes
from shelfread.convert.names import CONTAINERS
from shelfread.kinds import KINDS
from shelfread.model.job import (
    Enqueued,
    JobRequest,
    JobType,
    Origin,
    StoredLine,
    UnknownLibrary,
)
from shelfread.model.library import Library
from shelfread.store import converting
from shelfread.tasks.convert import Converted, convert_library_job
from shelfread.tasks.library_scan import warm

if TYPE_CHECKING:
    from shelfread.app import App


class NothingToConvert(Exception):
    """Libraries of this kind hold nothing that is converted."""


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """How a conversion here and now ended, with what its job says of books that were left as they are."""

    job_id: str
    library: Library
    outcome: Converted
    lines: list[StoredLine]


def refuse_other_kinds(library: Library) -> None:
    """Raises NothingToConvert for a library without books."""
    if library.kind != "books":
        raise NothingToConvert(f"{library.name!r} is a library of {library.kind}: only books are converted")


async def convert_here(
    app: App, library: Library, on_start: Callable[[str], None] | None = None
) -> ConversionReport:
    """Convert the books of a library here and now, whatever its option says.

    Raises:
        NothingToConvert: see `refuse_other_kinds`.
        AlreadyRunning: a job of the library is running.
    """
    refuse_other_kinds(library)
    scopes = whole(library)
    if not scopes:
        raise NothingToConvert(f"the library {library.name!r} has no folder")
    sizes = pool_sizes(app.settings)
    async with (
        held(app.database, library, JobType.CONVERT, scopes, on_start) as job,
        warm(KINDS[library.kind], sizes) as pools,
    ):
        outcome = await convert_library_job(
            app.database, job, library, scopes, pools, memory_limit=sizes.memory_limit
        )
    lines = [*await app.jobs.logs(job.seq, levels=["warning"])]
    return ConversionReport(job.id, library, outcome, lines)


async def request_conversion(app: App, library: Library, origin: Origin = Origin.REQUEST) -> Enqueued:
    """Have the books of a library converted by a worker, whatever its option says.

    Raises:
        NothingToConvert: see `refuse_other_kinds`.
        UnknownLibrary: it is not there any more.
    """
    refuse_other_kinds(library)
    if not library.roots:
        raise NothingToConvert(f"the library {library.name!r} has no folder")
    timeout_s = await app.job_timeout()
    return await app.jobs.enqueue(
        JobRequest(JobType.CONVERT, library.id, whole(library), origin=origin, timeout_s=timeout_s)
    )


async def follow_scan_here(app: App, library: Library) -> Enqueued | None:
    """After a scan from the command line: have what it found converted by a worker, if that is wanted."""
    if not library.options.convert:
        return None
    async with app.database.read() as connection:
        if not await converting.any_left(connection, library.id, CONTAINERS):
            return None
    with contextlib.suppress(NothingToConvert, UnknownLibrary):
        return await request_conversion(app, library, Origin.FOLLOW_UP)
    return None
