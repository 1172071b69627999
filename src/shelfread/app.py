"""The one place that puts the parts together: settings, database, kinds, and what people ask for.

Every edge (command line, later HTTP and pages) calls this and nothing below it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shelfread.media.music import KIND as MUSIC
from shelfread.media.music import releases as music_releases
from shelfread.model.job import JobType, Scope
from shelfread.model.library import Library
from shelfread.queue.running import RunningJob
from shelfread.scan.plan import Mode, Outcome, Plan
from shelfread.scan.progress import OnProgress, silent
from shelfread.settings import Settings
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks
from shelfread.store.libraries import LibraryRepository
from shelfread.store.migrate import migrate
from shelfread.store.music import MusicCatalogue, MusicRules
from shelfread.store.problems import ProblemRow, open_problems
from shelfread.tasks.library_scan import KindParts, Pools, PoolSizes, scan_library, warm

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
    ) -> ScanReport:
        """Scan a library, or parts of it, here and now (PROMISES decision 4).

        Raises:
            AlreadyRunning: a scan of some of the same files is running.
            RootsUnavailable: no root could be believed.
        """
        chosen = tuple(scopes) if scopes else tuple(Scope(root.id, b"") for root in library.roots)
        job_type = JobType.RESCAN if rescan else JobType.SCAN
        job = await RunningJob.claim(self.database, library.id, job_type, chosen)
        plan = Plan(
            library, chosen, rescan=rescan, mode=mode, settle_ns=int(self.settings.settle_seconds * 1e9)
        )
        if pools is None:
            try:
                async with warm(KINDS[library.kind], self.pool_sizes()) as own:
                    outcome = await scan_library(self.database, job, plan, own, on_progress)
            finally:
                await job.abandon()
        else:
            outcome = await scan_library(self.database, job, plan, pools, on_progress)
        found = await open_problems(self.database, library_id=library.id, scopes=chosen)
        return ScanReport(job.id, library, outcome, found)


def database_url(settings: Settings) -> str:
    """The catalogue's address: as set, or a file in the data folder, which is made if need be."""
    if settings.database_url:
        return settings.database_url
    folder = settings.data_dir.expanduser().absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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


__all__ = ["KINDS", "App", "Path", "ScanReport", "absolute", "database_url", "open_app"]
