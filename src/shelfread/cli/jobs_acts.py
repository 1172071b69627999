"""`shelfread jobs cancel` and `jobs retry`."""

from __future__ import annotations

import asyncio

from shelfread.app import App
from shelfread.cli.jobs_finding import job_of, places
from shelfread.cli.jobs_words import because, how_long, local
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FAILED, FINE, Refused
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import complain, shown, write_json
from shelfread.model.job import Job, JobStatus, UnknownLibrary
from shelfread.model.job_json import job_json
from shelfread.queue.rescue import end_if_gone
from shelfread.store.clock import now_us

#: Seconds between two looks at whether it has ended.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 1.0


def cancel_job(wanted: str, wait: bool, as_json: bool) -> int:
    """Cancel a job; gives the exit code."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            before = await job_of(app, wanted)
            job = await app.cancel(before.id)
            if job is None:
                raise Refused(f"job {before.id} was deleted meanwhile")
            if wait and not job.status.ended:
                job = await _ended(app, job)
            if as_json:
                known = await places(app, [job])
                write_json(job_json(job, known.get(job.worker_id or "")))
        return _tell_cancelled(before, job, as_json)

    return run(work)


async def _ended(app: App, job: Job) -> Job:
    pause = FIRST_PAUSE_S
    while not job.status.ended:
        await asyncio.sleep(pause)
        pause = min(pause * 1.25, LONGEST_PAUSE_S)
        now_is = await app.jobs.get(job.id)
        if now_is is None:
            raise Refused(f"job {job.id} was deleted meanwhile")
        # Its process may die instead of stopping, and no worker be there to see it.
        job = await end_if_gone(app.jobs, now_is)
    return job


def _tell_cancelled(before: Job, job: Job, as_json: bool) -> int:
    if job.status is JobStatus.CANCELLED and not before.status.ended:
        _say(f"Job {job.id} is cancelled. What it had found is kept.", as_json)
        return FINE
    if job.status.ended:
        complain(f"job {job.id} {ending(job)}")
        return FAILED
    again = before.cancel_requested_at is not None
    asked = "was asked to stop before, and has not yet" if again else "is asked to stop"
    _say(f"Job {job.id} {asked}; --wait waits until it has. What it found so far is kept.", as_json)
    return FINE


def ending(job: Job) -> str:
    """How a job ended, in words."""
    said = {
        JobStatus.COMPLETED: "has completed",
        JobStatus.FAILED: "has failed",
        JobStatus.CANCELLED: "was cancelled",
    }.get(job.status, job.status.value)
    why = ""
    if job.error:
        why = f": {shown(job.error)}"
    elif job.reason:
        why = f": {because(job.reason)}"
    return f"{said} at {local(job.completed_at)}, it {how_long(job, now_us())}{why}"


def retry_job(wanted: str, as_json: bool) -> int:
    """Queue an ended job's work once more; gives the exit code."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            job = await job_of(app, wanted)
            if not job.status.ended:
                complain(
                    f"job {job.id} is {job.status} and has not ended: only what has ended is tried again"
                )
                return FAILED
            try:
                enqueued = await app.retry(job.id)
            except UnknownLibrary:
                complain(f"the library of job {job.id} is not there any more")
                return FAILED
            except ValueError as error:
                complain(str(error))
                return FAILED
        if enqueued is None:
            raise Refused(f"job {job.id} was deleted meanwhile")
        if as_json:
            write_json({**job_json(enqueued.job), "coalesced": enqueued.coalesced})
        elif enqueued.coalesced:
            Paper().line(("", f"A job that does this waits already: {enqueued.job.id}"))
        else:
            Paper().line(("", f"Queued as a new job: {enqueued.job.id}"))
        return FINE

    return run(work)


def _say(line: str, as_json: bool) -> None:
    if not as_json:
        Paper().line(("", line))
