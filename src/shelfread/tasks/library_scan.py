"""The task of types `scan` and `rescan`: one pass over a library, inside a job that is running."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from shelfread.media.kind import Kind
from shelfread.model.batch import BatchReport
from shelfread.model.catalogue import Catalogue
from shelfread.model.job import Job, JobType, Origin, Reason, TaskFailed
from shelfread.model.library import Library
from shelfread.queue.running import RunningJob
from shelfread.scan.extract import ParserPool
from shelfread.scan.plan import Outcome, Plan, RootsUnavailable
from shelfread.scan.progress import OnProgress, silent
from shelfread.scan.run import Scan
from shelfread.scan.walk import WalkerPool
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks
from shelfread.tasks.settling import settle_left_over


@dataclass(frozen=True, slots=True)
class KindParts:
    """A kind of media with what the scan needs beside it, put together by `app`."""

    kind: Kind
    #: Where a parser process finds the kind, "module:NAME".
    reference: str
    #: Makes the kind's catalogue for a library.
    catalogue: Callable[[Library, IdBlocks], Catalogue]


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """How many processes, and what a parser may take."""

    parsers: int = 0
    walkers: int = 0
    file_timeout_s: float = 30.0
    memory_limit: int = 512 << 20

    @property
    def processes(self) -> int:
        """Processes that read: as many as were asked for, else one for each processor."""
        return self.parsers or _processors()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pools:
    """The warm processes of scans of one kind. Start once, use for any number of scans."""

    def __init__(self, parts: KindParts, sizes: PoolSizes) -> None:
        self.parts = parts
        self.parsers = ParserPool(
            parts.reference,
            sizes.processes,
            file_timeout_s=sizes.file_timeout_s,
            memory_limit=sizes.memory_limit,
        )
        self.walkers = WalkerPool(sizes.walkers or min(_processors(), 4))

    async def start(self) -> None:
        """Start all of them at once."""
        await asyncio.gather(self.parsers.start(), self.walkers.start())

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(self.parsers.close(), self.walkers.close())


@asynccontextmanager
async def warm(parts: KindParts, sizes: PoolSizes) -> AsyncIterator[Pools]:
    """Pools that are started here and ended here."""
    pools = Pools(parts, sizes)
    try:
        await pools.start()
        yield pools
    finally:
        await pools.close()


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the cyclic garbage collector run seldom: a scan makes many objects and hardly any cycles.

    Measured on a first scan of 10 000 tracks: the usual thresholds cost a quarter of the CPU seconds of
    this process, and free nothing that reference counting does not.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def scan_library_job(
    database: Database, job: RunningJob, plan: Plan, pools: Pools, on_progress: OnProgress = silent
) -> Outcome:
    """Run a scan in a job that this process holds, and complete it (PROMISES A1).

    Raises what ended it, when it did not complete: RootsUnavailable, LostJob, CancelRequested, CancelledError
    or whatever else went wrong. What was committed stays; `reason_of` says what the job's row is to tell.
    """
    ids = IdBlocks(database)
    parts = pools.parts
    scan = Scan(
        database,
        job,
        plan,
        parts.kind,
        parts.catalogue(plan.library, ids),
        pools.parsers,
        pools.walkers,
        ids=ids,
        # With ids of its own: what one takes back must not be what another took.
        catalogue_of=lambda library: parts.catalogue(library, IdBlocks(database)),
        on_progress=on_progress,
    )
    progress = scan.progress
    job.live = lambda: BatchReport(
        progress.counters.copy(), progress.phase, progress.total, progress.current_path
    )

    async def work() -> Outcome:
        await settle_left_over(database, job, plan.library, plan.scopes, pools)
        return await scan.run()

    with _seldom_collecting():
        return await job.run(work())


def reason_of(error: BaseException) -> tuple[Reason, str]:
    """What a job's row says of the error that ended its scan."""
    if isinstance(error, RootsUnavailable):
        return Reason.ROOT_UNAVAILABLE, str(error)
    if isinstance(error, TaskFailed):
        return error.reason, str(error)
    return Reason.EXCEPTION, f"{type(error).__name__}: {error}"


def plan_of(job: Job, library: Library, settle_seconds: float, move_days: int = 30) -> Plan:
    """What a queued job is to scan. Roots that the library has no longer are left out.

    Raises:
        TaskFailed: nothing of what it was to scan belongs to the library any more.
    """
    own = {root.id for root in library.roots}
    scopes = tuple(scope for scope in job.scopes if scope.root_id in own)
    if not scopes:
        raise TaskFailed(Reason.INVALID_ROW, "the folders it was to scan belong to no library any more")
    return Plan(
        library,
        scopes,
        rescan=job.type == JobType.RESCAN,
        settle_ns=int(settle_seconds * 1e9),
        move_days=move_days,
        hinted=job.origin == Origin.WATCH,
    )
