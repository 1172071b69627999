"""Whether jobs kept out of each other's way, and whether anybody looks after them: invariants I5 and I7.

Pure, like `trail`. Two jobs that must not run side by side are ordered by nothing but time: every claim reads
the clock after it has seen all that ran, every end before it is committed, so with one good clock no two runs
overlap. Clocks of several machines differ and are set, so how far they may is the caller's to say.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from shelfread.model.beside import collide
from shelfread.model.job import NEEDS_LIBRARY, Job, JobType, overlapping
from shelfread.queue.trail import Run, Violation

#: How long two runs may seem to overlap before it means something.
TOLERANCE_US = 1_000_000
#: How long a job may be ready before it is odd that nobody takes it, and a heartbeat old.
PATIENCE_US = 60_000_000


def conflicting(one: Job, other: Job) -> bool:
    """Whether two jobs must not run at the same time (PROMISES A19)."""
    if one.library_id is None or other.library_id is None:
        # A row that needs a library and has none is claimed only to be ended.
        return one.library_id is other.library_id and one.type == other.type not in NEEDS_LIBRARY
    same_files = one.library_id == other.library_id and overlapping(one.scopes, other.scopes)
    return same_files and collide(one.type, other.type)


def side_by_side(runs: Iterable[Run], tolerance_us: int = TOLERANCE_US) -> Iterator[tuple[Run, Run]]:
    """Pairs of runs of two jobs that were at work at the same time for longer than the tolerance."""
    active: list[tuple[int, Run]] = []
    for run in sorted(runs):
        while active and active[0][0] - run.start <= tolerance_us:
            heapq.heappop(active)
        for other_end, other in active:
            if other.job_seq != run.job_seq and min(run.end, other_end) - run.start > tolerance_us:
                yield other, run
        heapq.heappush(active, (run.end, run))


def check_pair(one: Job, other: Job, overlap_us: int | None) -> Violation | None:
    """A violation when two jobs that were side by side must not have been; overlap None: they are now."""
    if not conflicting(one, other):
        return None
    what = "over the same files" if one.library_id is not None else "of one type"
    long = "runs now" if overlap_us is None else f"ran for {overlap_us / 1e6:.3f} s"
    return Violation("I5", other.id, other.seq, f"it {long} beside job {one.id}, {what}")


def check_running(running: Sequence[Job]) -> list[Violation]:
    """The jobs that run now, all read at one moment: no clock is asked."""
    found = (check_pair(one, other, None) for one, other in combinations(running, 2))
    return [violation for violation in found if violation is not None]


def left_alone(
    waiting: Sequence[Job], running: Sequence[Job], alive: Mapping[str, str], now: int
) -> list[Violation]:
    """Warnings of jobs that nobody looks after (I7).

    Args:
        waiting: queued jobs.
        running: running jobs.
        alive: kind ("cli", "managed", "standalone") by id of each process that lives now.
        now: the time in microseconds.
    """
    found = [
        Violation("I7", job.id, job.seq, "it runs, and the process that runs it is gone", warning=True)
        for job in running
        if job.worker_id not in alive
    ]
    busy = {job.worker_id for job in running}
    if not any(kind != "cli" and worker_id not in busy for worker_id, kind in alive.items()):
        return found
    known = {str(job_type) for job_type in JobType}
    for job in waiting:
        ready_us = now - max(job.run_at, job.queued_at or 0)
        if ready_us > PATIENCE_US and job.type in known and not blocked_by(job, running):
            what = (
                f"it could have run for {ready_us // 1_000_000} s now, a worker is free, and it still waits"
            )
            found.append(Violation("I7", job.id, job.seq, what, warning=True))
    return found


def blocked_by(job: Job, running: Collection[Job]) -> Job | None:
    """The running job that a queued one has to wait for; None when there is none."""
    return next((other for other in running if other.id != job.id and conflicting(job, other)), None)
