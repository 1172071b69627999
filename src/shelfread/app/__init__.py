"""The one place that puts the parts together: settings, database, kinds, and what people ask for.

Every edge (command line, later HTTP and pages) calls this and nothing below it.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from shelfread.app.accounts import Accounts
from shelfread.app.analyzer import are_there, parts_of, requests_for, wanted
from shelfread.app.claiming import held
from shelfread.app.following import follow_here
from shelfread.app.holding import confirm, reject
from shelfread.app.paging import PageReaders
from shelfread.app.places import whole
from shelfread.app.reports import Confirmed, ScanReport
from shelfread.app.stream import Feed
from shelfread.app.workers import open_workers, pool_sizes
from shelfread.kinds import KINDS
from shelfread.model.beside import BESIDE_OTHERS
from shelfread.model.job import (
    AlreadyRunning,
    Enqueued,
    Job,
    JobRequest,
    JobType,
    Origin,
    Scope,
)
from shelfread.model.library import Library
from shelfread.queue.bell import Bell
from shelfread.queue.group import WorkerGroup
from shelfread.queue.presence import is_present
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.rescue import cancel
from shelfread.queue.timeout import job_timeout
from shelfread.scan.plan import Mode, Plan
from shelfread.scan.progress import OnProgress, silent
from shelfread.settings import Settings, WorkerSettings
from shelfread.store.database import Database, DatabaseProblem
from shelfread.store.libraries import LibraryRepository
from shelfread.store.migrate import migrate
from shelfread.store.problems import open_problems
from shelfread.tasks.library_scan import Pools, scan_library_job, warm


class App:
    """An open catalogue. Make it with `open_app`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.libraries = LibraryRepository(database)
        self.accounts = Accounts(database)
        #: What the command line said instead of settings, by the name of the variable.
        self.typed: dict[str, str | int] = {}
        #: Rung when the queue changes; workers of this process listen.
        self.bell = Bell()
        self.jobs = ScanJobRepository(database, ring=self.bell.ring)
        #: What happens to jobs, for event streams; reads nothing while nobody listens.
        self.feed = Feed(database, self.bell)
        #: Reads pages of books; starts no process before somebody asks for one.
        self.pages = PageReaders(settings)

    async def scan(
        self,
        library: Library,
        scopes: Sequence[Scope] | None = None,
        *,
        rescan: bool = False,
        mode: Mode = Mode.BATCHED,
        pools: Pools | None = None,
        on_progress: OnProgress = silent,
        on_start: Callable[[str], None] | None = None,
    ) -> ScanReport:
        """Scan a library, or parts of it, here and now (PROMISES decision 4).

        Args:
            library: what to scan.
            scopes: the parts of it; all of it when not given.
            rescan: read every file again.
            mode: how rows are written.
            pools: warm processes to use; else some are started for this scan.
            on_progress: told of the progress about ten times a second.
            on_start: told the job's id as soon as the scan has one.

        Raises:
            AlreadyRunning: a scan of some of the same files is running.
            RootsUnavailable: no root could be believed.
        """
        chosen = tuple(scopes) if scopes else whole(library)
        job_type = JobType.RESCAN if rescan else JobType.SCAN
        plan = Plan(
            library,
            chosen,
            rescan=rescan,
            mode=mode,
            settle_ns=int(self.settings.settle_seconds * 1e9),
            move_days=self.settings.move_days,
        )
        async with (
            held(self.database, library, job_type, chosen, on_start) as job,
            self._pools(library, pools) as used,
        ):
            outcome = await scan_library_job(self.database, job, plan, used, on_progress)
        await follow_here(self, library)
        found = await open_problems(self.database, library_id=library.id, scopes=chosen, ignored=False)
        return ScanReport(job.id, library, outcome, found)

    async def request_scan(
        self,
        library: Library,
        scopes: Sequence[Scope] | None = None,
        *,
        rescan: bool = False,
        origin: Origin = Origin.REQUEST,
    ) -> Enqueued:
        """Have a library, or parts of it, scanned by a worker (PROMISES D1, decision 6)."""
        return await self.jobs.enqueue(
            JobRequest(
                JobType.RESCAN if rescan else JobType.SCAN,
                library.id,
                tuple(scopes) if scopes else whole(library),
                origin=origin,
                timeout_s=await self.job_timeout(),
            )
        )

    async def analyze(
        self,
        paths: Sequence[bytes] | None = None,
        *,
        split_paths: bool = False,
        force: bool = False,
        may_add: bool = True,
    ) -> list[Enqueued]:
        """Have music below some paths scanned by workers: all jobs are queued, or none (PROMISES A13-A20).

        Args:
            paths: absolute; none, or an empty list, means the default list.
            split_paths: one job for each path instead of one for all.
            force: read every file again.
            may_add: whether paths of the request may become roots; those of the default list may.

        Raises:
            NothingToScan: there is no path at all.
            PathRefused, NewRootsRefused, RootsBusy, Overlap: see `analyzer.parts_of`.
        """
        chosen = wanted(paths, self.settings.analyzer_paths)
        while True:
            parts = await parts_of(
                self.libraries, self.database, self.settings, chosen, may_add=may_add or not paths
            )
            timeout_s, request_id = await self.job_timeout(), str(uuid.uuid4())
            enqueued = await self.jobs.enqueue_all(
                requests_for(
                    parts, split=split_paths, rescan=force, timeout_s=timeout_s, request_id=request_id
                )
            )
            if await are_there(self.libraries, parts):
                return enqueued
            for one in enqueued:
                await self.jobs.cancel(one.job.id)

    async def retry(self, job_id: str) -> Enqueued | None:
        """Have done again what an ended job was to do; None when there is no such job.

        Raises:
            ValueError: it has not ended, or cannot be tried again.
            UnknownLibrary: its library is not there any more.
        """
        return await self.jobs.retry(job_id, await self.job_timeout())

    async def cancel(self, job_id: str) -> Job | None:
        """Cancel a job, a running one at once when its process is gone; gives it, None when there is none."""
        return await cancel(self.jobs, job_id)

    async def job_timeout(self) -> int:
        """Seconds that a job queued now may run (PROMISES A7-A11)."""
        return await job_timeout(self.database, self.settings)

    def workers(self, kind: str, options: WorkerSettings) -> AbstractAsyncContextManager[WorkerGroup]:
        """The workers of this process, none started yet; at the end all are stopped and their jobs put back.

        Args:
            kind: managed or standalone.
            options: how long a worker may be silent or stand still.
        """
        return open_workers(self.jobs, self.bell, self.settings, options, kind)

    def _pools(self, library: Library, pools: Pools | None) -> AbstractAsyncContextManager[Pools]:
        return (
            contextlib.nullcontext(pools) if pools else warm(KINDS[library.kind], pool_sizes(self.settings))
        )

    async def refuse_while_running(self, library_id: int) -> set[str]:
        """Raises AlreadyRunning when a living process scans this library; gives the jobs of dead ones."""
        dead: set[str] = set()
        for job in await self.jobs.running(library_id):
            if job.type in BESIDE_OTHERS:
                continue
            if await is_present(self.database, job.worker_id):
                raise AlreadyRunning(f"a scan of this library is running now (job {job.id}); wait for it")
            dead.add(job.id)
        return dead

    async def confirm(self, library: Library, root_ids: Collection[int] | None = None) -> Confirmed:
        """A person says that what looked wrong is right; see `holding.confirm`."""
        return await confirm(self, library, root_ids)

    async def reject(self, library: Library, root_ids: Collection[int] | None = None) -> int:
        """A person says that held removals are wrong; see `holding.reject`."""
        return await reject(self, library, root_ids)


def database_url(settings: Settings) -> str:
    """The catalogue's address: as set, or a file in the data folder, which is made if need be."""
    if settings.database_url:
        return settings.database_url
    folder = settings.data_dir.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseProblem(f"the data folder {folder} cannot be made: {error.strerror}") from error
    return f"sqlite:///{folder / 'shelfread.db'}"


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open the catalogue, bring it up to date, and close it at the end.

    Raises:
        DatabaseProblem: it cannot be used; one line says why.
    """
    database = Database(database_url(settings))
    try:
        await migrate(database)
        app = App(settings, database)
        async with contextlib.aclosing(app.accounts):
            try:
                yield app
            finally:
                await app.pages.close()
                await app.feed.close()
    finally:
        await database.close()


def absolute(path: str | bytes | os.PathLike[str]) -> bytes:
    """A path as the catalogue stores it: absolute bytes, without `..`, links left as they are."""
    return os.path.abspath(os.fsencode(path))


__all__ = ["KINDS", "App", "Confirmed", "ScanReport", "absolute", "database_url", "open_app", "whole"]
