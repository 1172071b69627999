"""A real library, a queue, and a worker whose jobs run in a warm child process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from shelfread.model.job import Job, JobRequest, JobStatus, JobType, Scope
from shelfread.queue.bell import Bell
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.watch import WorkerClocks
from shelfread.queue.worker import LibraryScanWorker
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.tasks.child import Init
from shelfread.tasks.warm import WarmChild
from tests import catalogue
from tests.conftest import Tree


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.01)


def init_for(url: str, kinds: str = "tests.tasks.slow_music:KINDS", **more: Any) -> Init:
    values: dict[str, Any] = {
        "database_url": url,
        "kinds": kinds,
        "parsers": 2,
        "walkers": 1,
        "file_timeout_s": 60.0,
        "memory_limit": 512 << 20,
        "settle_seconds": 0.0,
        "heartbeat_s": 0.2,
    }
    return Init(**(values | more))


def processes(pid: int) -> list[psutil.Process]:
    """A process with all that it started."""
    found = psutil.Process(pid)
    return [found, *found.children(recursive=True)]


async def until_gone(some: list[psutil.Process]) -> None:
    def gone() -> bool:
        return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in some)

    await until(gone)


#: How many files the library has.
FILES = 2 * 48 + 5
ALL = sorted(
    [f"{number:02} {artist}.mp3" for artist in ("Ada", "Cid") for number in range(48)]
    + [*(f"{number} song.mp3" for number in range(4)), "9 slow.mp3"]
)


class WarmStand:
    """A library over the folder `music`, whose files are read by `tests.tasks.slow_music`."""

    def __init__(self, database: Database, folder: Path, library_id: int, root: int, worker_id: str) -> None:
        self.database = database
        self.folder = folder
        self.tree = Tree(folder / "music")
        self.library_id = library_id
        self.root = root
        self.bell = Bell()
        self.worker_id = worker_id
        self.jobs = ScanJobRepository(database, ring=self.bell.ring)

    @property
    def url(self) -> str:
        return self.database.url.render_as_string(hide_password=False)

    def fill(self) -> None:
        """`FILES` files in three folders, more than one parser is given at once; one can be held up."""
        # A disk in memory lists first what came last, and what is held up is to be read last.
        self.tree.add("Bix/Second/9 slow.mp3")
        for number in range(4):
            self.tree.add(f"Bix/Second/{number} song.mp3")
        for artist in ("Cid", "Ada"):
            for number in range(48):
                self.tree.add(f"{artist}/First/{number:02} {artist}.mp3", seed=number % 4)

    @property
    def hold(self) -> Path:
        return self.folder / "hold"

    def reads(self) -> list[str]:
        """The files that parsers read, in order; and forgets them."""
        found = sorted((self.folder / "reads").iterdir(), key=lambda path: int(path.name.split(" ")[0]))
        for path in found:
            path.unlink()
        return [path.name.split(" ", 1)[1] for path in found]

    async def request(self, *, rescan: bool = False) -> Job:
        job_type = JobType.RESCAN if rescan else JobType.SCAN
        request = JobRequest(job_type, self.library_id, (Scope(self.root, b""),))
        return (await self.jobs.enqueue(request)).job

    async def job(self, job: Job) -> Job:
        found = await self.jobs.get(job.id)
        assert found is not None
        return found

    def worker(self, warm: WarmChild, stop_s: float = 60) -> LibraryScanWorker:
        return LibraryScanWorker(
            self.jobs,
            {JobType.SCAN: warm, JobType.RESCAN: warm},
            worker_id=self.worker_id,
            bell=self.bell,
            clocks=WorkerClocks(watch_s=0.05, stop_s=stop_s),
        )

    async def until_held(self, job: Job) -> Job:
        """Wait until the first folder is committed and the scan waits for the slow file."""

        async def held() -> bool:
            now = await self.job(job)
            return now.status is JobStatus.RUNNING and now.counters.added >= 40 and self.reading()

        await until(held)
        return await self.job(job)

    def reading(self) -> bool:
        """Whether a parser has begun with the slow file."""
        return any(path.name.endswith(" 9 slow.mp3") for path in (self.folder / "reads").iterdir())

    async def files(self) -> list[str]:
        found = await catalogue.rows(self.database)
        return sorted(os.fsdecode(row["name"]) for row in found["media_files"])

    async def sound(self) -> None:
        """Nothing half written: a catalogue as between two scans, but for what is left to do."""
        wrong = catalogue.audit(await catalogue.rows(self.database))
        assert [line for line in wrong if not line.startswith("libraries left untidy")] == []


@asynccontextmanager
async def a_warm_stand(url: str, folder: Path) -> AsyncIterator[WarmStand]:
    database = Database(url)
    (folder / "music").mkdir(parents=True)
    (folder / "reads").mkdir()
    library = await LibraryRepository(database).add("Music", "music", [os.fsencode(folder / "music")])
    presence = await Presence.enter(database, "managed")
    try:
        yield WarmStand(database, folder, library.id, library.roots[0].id, presence.id)
    finally:
        await presence.leave()
        await database.close()
