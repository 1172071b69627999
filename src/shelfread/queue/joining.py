"""Which jobs get in each other's way, and which queued job takes in a request (PROMISES decision 6, A19).

Pure rules over jobs as their rows say; `repository` asks them inside its transactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shelfread.model.beside import collide
from shelfread.model.job import Job, JobRequest, JobType, Scope, overlapping, united

_SCANS = (JobType.SCAN, JobType.RESCAN)


@dataclass(frozen=True, slots=True)
class Joining:
    """What becomes of the queue when a request joins it."""

    #: The job that does the work of the request.
    taken: Job
    #: What it is to do from now on.
    type: JobType
    scopes: tuple[Scope, ...]
    #: Jobs whose work it does as well now.
    absorbed: tuple[Job, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it has to be widened."""
        return bool(self.absorbed) or (self.type, self.scopes) != (self.taken.type, united(self.taken.scopes))


def join(queued: Sequence[Job], request: JobRequest) -> Joining | None:
    """The queued job of one library that takes this request in; None when it needs one of its own.

    A job that nobody has begun takes in whatever overlaps it. One that was begun and came back has read some
    files before this request: it does for a scan that it covers, which compares everything once more, and
    not for a rescan.
    """
    alike = [
        job
        for job in sorted(queued, key=lambda job: job.seq)
        if job.type == request.type or (job.type in _SCANS and request.type in _SCANS)
        if job.broken is None and overlapping(job.scopes, request.scopes)
    ]
    for job in alike:
        covers = united(job.scopes, request.scopes) == united(job.scopes)
        does_it = job.type in (request.type, JobType.RESCAN)
        if covers and does_it and (job.fence == 0 or request.type != JobType.RESCAN):
            return Joining(job, JobType(job.type), united(job.scopes))
    fresh = [job for job in alike if job.fence == 0]
    if not fresh:
        return None
    taken = fresh[0]
    scopes = united(taken.scopes, request.scopes)
    job_type = JobType.RESCAN if JobType.RESCAN in (taken.type, request.type) else request.type
    absorbed = tuple(
        job
        for job in fresh[1:]
        if united(scopes, job.scopes) == scopes and job_type in (job.type, JobType.RESCAN)
    )
    return Joining(taken, job_type, scopes, absorbed)


def in_the_way(job: Job, running: Sequence[Job]) -> bool:
    """Whether a running job does work that must not go on at the same time."""
    if job.library_id is None:
        return any(other.type == job.type and other.library_id is None for other in running)
    return any(
        other.library_id == job.library_id
        and collide(job.type, other.type)
        and overlapping(job.scopes, other.scopes)
        for other in running
    )
