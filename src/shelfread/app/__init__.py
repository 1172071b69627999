"""The one place that puts the parts together: settings, database, kinds, and what people ask for.

Every edge (command line, later HTTP and pages) calls this and nothing below it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from shelfread.media.music import KIND as MUSIC
from shelfread.media.music import releases as music_releases
from shelfread.model.job import AlreadyRunning, Job, JobType, Reason, Scope
from shelfread.model.library import Library
from shelfread.queue.locks import lock_for
from shelfread.queue.running import RunningJob
from shelfread.scan.folder import joined
from shelfread.scan.gone import is_gone
from shelfread.scan.plan import Mode, Outcome, Plan
from shelfread.scan.progress import OnProgress, silent
from shelfread.settings import Settings
from shelfread.store import jobs, removals
from shelfread.store.clock import now_us
from shelfread.store.database import Database, DatabaseProblem
from shelfread.store.ids import IdBlocks
from shelfread.store.libraries import LibraryRepository
from shelfread.store.migrate import migrate
from shelfread.store.music import MusicCatalogue
from shelfread.store.problems import ProblemRow, open_problems
from shelfread.store.release_facts import MusicRules
from shelfread.tasks.library_scan import KindParts, Pools, PoolSizes, scan_library_job, warm

_MUSIC_RULES = MusicRules(
    arrange=music_releases.arrange,
    album_artist=music_releases.album_artist,
    earliest=music_releases.earliest,
    disc_count=music_releases.disc_count,
    various=music_releases.VARIOUS_ARTISTS,
)


def _music(library_id: int, ids: IdBlocks) -> MusicCatalogue:
    return MusicCatalogue(library_id, ids, _MUSIC_RULES)


KINDS: dict[str, KindParts] = {
    MUSIC.name: KindParts(MUSIC, "shelfread.media.music:KIND", _music),
}


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a finished scan says to people and programs."""

    job_id: str
    library: Library
    outcome: Outcome
    problems: list[ProblemRow]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a person's word for what looked wrong."""

    #: Items that are marked missing now.
    missing: int
    #: Items that were held as gone, and are there.
    there: int
    #: Roots and mounts that the next scan will believe.
    roots: int


class App:
    """An open catalogue. Make it with `open_app`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.libraries = LibraryRepository(database)

    def pool_sizes(self) -> PoolSizes:
        settings = self.settings
        return PoolSizes(
            settings.parsers,
            settings.walkers,
            settings.parser_timeout_seconds,
            settings.parser_memory_mb << 20,
        )

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
        chosen = tuple(scopes) if scopes else tuple(Scope(root.id, b"") for root in library.roots)
        job_type = JobType.RESCAN if rescan else JobType.SCAN
        job = await _claimed(RunningJob.claim(self.database, library.id, job_type, chosen))
        try:
            if on_start is not None:
                on_start(job.id)
            plan = Plan(
                library, chosen, rescan=rescan, mode=mode, settle_ns=int(self.settings.settle_seconds * 1e9)
            )
            async with self._pools(library, pools) as used:
                outcome = await scan_library_job(self.database, job, plan, used, on_progress)
        except asyncio.CancelledError:
            # Cancelled before the scan itself began; one that has begun has ended its job already.
            await asyncio.shield(job.cancel())
            raise
        except Exception as error:
            with contextlib.suppress(Exception):
                await job.fail(Reason.EXCEPTION, f"{type(error).__name__}: {error}")
            raise
        found = await open_problems(self.database, library_id=library.id, scopes=chosen)
        return ScanReport(job.id, library, outcome, found)

    def _pools(self, library: Library, pools: Pools | None) -> contextlib.AbstractAsyncContextManager[Pools]:
        return contextlib.nullcontext(pools) if pools else warm(KINDS[library.kind], self.pool_sizes())

    async def job(self, job_id: str) -> Job | None:
        """A job as its row says."""
        async with self.database.read() as connection:
            return await jobs.get(connection, job_id)

    async def history(self, library_id: int, limit: int = 20) -> list[Job]:
        """The jobs of a library, newest first."""
        async with self.database.read() as connection:
            return await jobs.history(connection, library_id, limit)

    async def refuse_while_running(self, library_id: int) -> None:
        """Raises AlreadyRunning when a living process scans this library."""
        async with self.database.read() as connection:
            running = await jobs.running(connection, library_id)
        for job in running:
            lock = lock_for(self.database, job.id, job.seq)
            if not await lock.acquire():
                raise AlreadyRunning(f"a scan of this library is running now (job {job.id}); wait for it")
            await lock.release()

    async def confirm(self, library: Library) -> Confirmed:
        """A person says that what looked wrong is right: held removals are marked, odd roots believed.

        Raises:
            AlreadyRunning: a scan of the library is running.
        """
        await self.refuse_while_running(library.id)
        async with self.database.read() as connection:
            held = await removals.held(connection, library.id)
        paths = {root.id: root.path for root in library.roots}
        gone = await asyncio.to_thread(
            lambda: [item.file_id for item in held if is_gone(joined(paths[item.root_id], item.path))]
        )
        await self._settle(library, gone)
        believed = await self.libraries.confirm(library.id)
        return Confirmed(len(gone), len(held) - len(gone), believed)

    async def reject(self, library: Library) -> int:
        """A person says that held removals are wrong: the items stay; gives how many.

        Raises:
            AlreadyRunning: a scan of the library is running.
        """
        await self.refuse_while_running(library.id)
        async with self.database.read() as connection:
            held = await removals.held(connection, library.id)
        await self._settle(library, [])
        return len(held)

    async def _settle(self, library: Library, gone: Sequence[int]) -> None:
        async def work(connection: Any) -> None:
            await removals.settle_held(connection, library.id, gone, now_us())

        await self.database.write(work)


async def _claimed(claim: Coroutine[Any, Any, RunningJob]) -> RunningJob:
    """A claim that is not torn in two when the scan is cancelled meanwhile: its job then ends cancelled."""
    task = asyncio.ensure_future(claim)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        job = await task
        await job.cancel()
        raise


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
        yield App(settings, database)
    finally:
        await database.close()


def absolute(path: str | bytes | os.PathLike[str]) -> bytes:
    """A path as the catalogue stores it: absolute bytes, without `..`, links left as they are."""
    return os.path.abspath(os.fsencode(path))


__all__ = ["KINDS", "App", "Confirmed", "ScanReport", "absolute", "database_url", "open_app"]
