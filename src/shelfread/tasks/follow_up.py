"""What a scan leads to: jobs that are queued when one has ended, if the library wants them.

They wait for a worker, behind every scan. A request that comes while one is queued gets that same job.
"""

from __future__ import annotations

from shelfread.convert.names import CONTAINERS
from shelfread.model.job import DEFAULT_TIMEOUT_S, JobRequest, JobType, Origin, Scope, UnknownLibrary
from shelfread.model.library import Library
from shelfread.queue.repository import ScanJobRepository
from shelfread.store import converting, cover_due


async def follow_scan(
    jobs: ScanJobRepository, library: Library, timeout_s: int = DEFAULT_TIMEOUT_S
) -> list[str]:
    """Queue what follows a scan of a library, none of it when there is nothing to do.

    Args:
        jobs: the queue.
        library: with its options as they are now.
        timeout_s: how long each may run.

    Returns:
        The ids of the jobs.
    """
    wanted: list[JobType] = []
    if library.options.thumbnails:
        async with jobs.database.read() as connection:
            if await cover_due.any_due(connection, library.id):
                wanted.append(JobType.COVERS)
    if library.options.convert:
        async with jobs.database.read() as connection:
            if await converting.any_left(connection, library.id, CONTAINERS):
                wanted.append(JobType.CONVERT)
    scopes = tuple(Scope(root.id, b"") for root in library.roots)
    queued: list[str] = []
    for job_type in wanted:
        request = JobRequest(job_type, library.id, scopes, origin=Origin.FOLLOW_UP, timeout_s=timeout_s)
        try:
            queued.append((await jobs.enqueue(request)).job.id)
        except UnknownLibrary:
            break  # it was removed meanwhile
    return queued
