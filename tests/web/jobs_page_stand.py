"""Jobs for tests of pages: they wait, run and end by hand, with nothing scanned."""

from __future__ import annotations

import os
from typing import Any

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobRequest, JobType, LogLine, Phase, Reason, Scope
from shelfread.model.library import Library
from tests.api.api_stand import Live

#: What is behind it in a text is a place on the server's disk.
PLACE = "/secret/place"


async def library_of(live: Live, name: str = "Music", path: bytes = b"/nowhere/at/all") -> Library:
    """A library that nothing has scanned."""
    return await live.app.libraries.add(name, "music", [path + b"/" + os.fsencode(name.split("\n")[0][:5])])


async def queued(live: Live, library: Library, job_type: JobType = JobType.SCAN, inside: bytes = b"") -> Job:
    """A job that waits."""
    scope = Scope(library.roots[0].id, inside)
    return (await live.app.jobs.enqueue(JobRequest(job_type, library.id, (scope,)))).job


async def running(live: Live, library: Library, job_type: JobType = JobType.SCAN, inside: bytes = b"") -> Job:
    """A job that runs, as far as its row says."""
    await queued(live, library, job_type, inside)
    job = await live.app.jobs.claim_next("me", [job_type])
    assert job is not None
    return job


async def batch(live: Live, job: Job, added: int, *lines: LogLine, path: str = PLACE, **more: Any) -> None:
    """One batch of it."""
    counters = Counters(found=added, added=added)
    report = BatchReport(counters, Phase.READING, current_path=path, logs=lines, **more)
    await live.app.jobs.commit(job, None, report)


async def completed(live: Live, library: Library, job_type: JobType = JobType.SCAN) -> Job:
    """A job that is done."""
    job = await running(live, library, job_type)
    assert await live.app.jobs.finish(job, None, BatchReport(Counters(found=3, added=3), Phase.DONE))
    return job


async def failed(live: Live, library: Library, error: str, inside: bytes = b"") -> Job:
    """A job that failed."""
    job = await running(live, library, inside=inside)
    assert await live.app.jobs.fail(job, Reason.EXCEPTION, error)
    return job
