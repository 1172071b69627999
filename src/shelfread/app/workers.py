"""Puts workers together: the group of the queue, the warm children that scan, and what the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from shelfread.app.confine import Confined
from shelfread.covers.keeping import Shelf
from shelfread.kinds import KINDS
from shelfread.model.job import JobType
from shelfread.queue.bell import Bell
from shelfread.queue.group import WorkerGroup, open_group
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.rescue import Rescuer
from shelfread.queue.running import HEARTBEAT_S, HEARTBEATS_IN_A_LEASE
from shelfread.queue.watch import Task, WorkerClocks
from shelfread.queue.worker import LibraryScanWorker
from shelfread.scan.channel import database_variables
from shelfread.settings import Settings, WorkerSettings
from shelfread.store.ids import IdBlocks
from shelfread.store.libraries import LibraryRepository
from shelfread.tasks.child import Init
from shelfread.tasks.covers import covers_task
from shelfread.tasks.library_scan import PoolSizes
from shelfread.tasks.prune import prune_task
from shelfread.tasks.warm import WarmChild


def pool_sizes(settings: Settings) -> PoolSizes:
    """How many processes read, and what each may take."""
    return PoolSizes(
        settings.parsers,
        settings.walkers,
        settings.parser_timeout_seconds,
        settings.parser_memory_mb << 20,
    )


def shelf_of(settings: Settings) -> Shelf:
    """Where small pictures are kept: in the data folder, whatever database there is."""
    return Shelf(settings.data_dir.expanduser().absolute() / "covers")


def heartbeat_of(options: WorkerSettings | None) -> float:
    """Seconds between two heartbeats, so that a few may be missed before a lease ends."""
    lease_s = (options or WorkerSettings()).lease_seconds
    return min(HEARTBEAT_S, lease_s / HEARTBEATS_IN_A_LEASE)


def open_workers(
    jobs: ScanJobRepository, bell: Bell, settings: Settings, options: WorkerSettings, kind: str
) -> AbstractAsyncContextManager[WorkerGroup]:
    """The workers of this process; see `App.workers`."""
    sizes = pool_sizes(settings)
    init = Init(
        database_url=jobs.database.url.render_as_string(hide_password=False),
        kinds="shelfread.kinds:KINDS",
        parsers=sizes.parsers,
        walkers=sizes.walkers,
        file_timeout_s=sizes.file_timeout_s,
        memory_limit=sizes.memory_limit,
        settle_seconds=settings.settle_seconds,
        move_days=settings.move_days,
        heartbeat_s=heartbeat_of(options),
        environment=database_variables(),
    )

    shelf = shelf_of(settings)
    ids = IdBlocks(jobs.database)
    prune = prune_task(
        jobs,
        settings,
        shelf,
        catalogue_of=lambda library: KINDS[library.kind].catalogue(library, ids),
    )
    covers = covers_task(jobs, KINDS, shelf, sizes, heartbeat_s=heartbeat_of(options))
    if settings.allowed_roots:
        covers = Confined(covers, LibraryRepository(jobs.database), settings)

    @asynccontextmanager
    async def make(worker_id: str) -> AsyncIterator[LibraryScanWorker]:
        child = WarmChild(init)
        scan: Task = child
        if settings.allowed_roots:
            scan = Confined(child, LibraryRepository(jobs.database), settings)
        tasks: dict[str, Task] = dict.fromkeys((JobType.SCAN, JobType.RESCAN, JobType.CONVERT), scan)
        tasks[JobType.PRUNE] = prune
        tasks[JobType.COVERS] = covers
        try:
            await child.start()
            yield LibraryScanWorker(
                jobs,
                tasks,
                worker_id=worker_id,
                bell=bell,
                clocks=WorkerClocks(stall_s=options.stall_seconds),
            )
        finally:
            await child.close()

    rescuer = Rescuer(jobs, lease_s=options.lease_seconds, stall_s=options.stall_seconds)
    return open_group(jobs, kind, bell, make, rescuer)
