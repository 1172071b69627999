"""`serve` and `worker` as real processes, for tests: started, asked, told by signals, and always ended."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil

from shelfread.app import App, open_app
from shelfread.model.job import Event, Job, JobStatus
from shelfread.model.library import Library
from shelfread.settings import Settings
from tests.cli.forge import Forked, forge
from tests.conftest import Tree

T = TypeVar("T")

#: For `start`: the command as people start it, with an interpreter of its own.
AS_TYPED = "import sys; from shelfread.cli import main; sys.exit(main())"

DEADLINE_S = 90.0


async def until(look: Callable[[], Awaitable[T | None]], what: str, seconds: float = DEADLINE_S) -> T:
    """Look again and again until something true is seen."""
    deadline = time.monotonic() + seconds
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        await asyncio.sleep(0.01)
    return seen


def plain_environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("SHELFREAD_", "PYTEST_"))
    }


def get(url: str, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """One HTTP request; gives status, headers and body."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
    finally:
        connection.close()


class Program:
    """One process of `shelfread`, with what it says."""

    def __init__(self, folder: Path, env: dict[str, str], args: tuple[str, ...], start: str | None) -> None:
        self.out, self.err = folder / "out", folder / "err"
        self.process: subprocess.Popen[bytes] | Forked
        nothing = Path(os.devnull)
        with self.out.open("wb") as out, self.err.open("wb") as err, nothing.open("rb") as given:
            if start is None:
                self.process = forge().start(args, env, folder, out.fileno(), err.fileno(), given.fileno())
            else:
                self.process = subprocess.Popen(
                    [sys.executable, "-c", start, *args],
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=folder,
                )
        self.url = ""

    @property
    def said(self) -> str:
        return self.err.read_text()

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def family(self, *, all_of_it: bool = True) -> list[psutil.Process]:
        """Its children, and theirs."""
        try:
            found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=all_of_it)
        except psutil.NoSuchProcess:
            return []
        return found

    def scanners(self) -> list[psutil.Process]:
        """The warm children that run scans."""
        # Theirs look like them until they have become what they are started as.
        return [child for child in self.family(all_of_it=False) if _is_scanner(child)]

    async def has_said(self, text: str) -> None:
        async def look() -> bool:
            assert self.process.poll() is None or text in self.said, self.said
            return text in self.said

        await until(look, f"{text!r} on standard error")

    async def listens(self) -> None:
        async def look() -> bool:
            assert self.process.poll() is None, self.said
            return self.out.read_text().endswith("\n")

        await until(look, "an address")
        self.url = json.loads(self.out.read_text())["url"]

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        return await asyncio.to_thread(get, self.url, path)

    async def ready(self) -> dict[str, Any]:
        """What `/readyz` says."""
        document: dict[str, Any] = json.loads((await self.get("/readyz"))[2])
        return document

    async def is_in_state(self, state: str, **more: object) -> dict[str, Any]:
        """Wait until `/readyz` says so of the workers."""

        async def look() -> dict[str, Any] | None:
            found = await self.ready()
            wanted = {"state": state, **more}
            return found if found["workers"].items() >= wanted.items() else None

        return await until(look, f"workers {state} {more}")

    async def ended(self, seconds: float = DEADLINE_S) -> int:
        """Wait for its end; gives its exit code."""
        return await asyncio.to_thread(self.process.wait, seconds)

    def end(self) -> None:
        """Kill it, and whatever it left."""
        family = self.family()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for child in family:
            if child.is_running() and _is_scanner(child):
                child.kill()


def alive(child: psutil.Process) -> bool:
    """Whether a process runs; one that only waits for its new parent to notice its end does not."""
    try:
        return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _is_scanner(child: psutil.Process) -> bool:
    try:
        return "shelfread.tasks.child:resident" in child.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


class House:
    """One catalogue, the programs that use it, and this test looking on."""

    def __init__(self, folder: Path, database_url: str, app: App) -> None:
        self.folder = folder
        self.app = app
        self.data = folder / "home"
        self.data.mkdir()
        self.programs: list[Program] = []
        self.env = plain_environment() | {
            "SHELFREAD_DATABASE_URL": database_url,
            "SHELFREAD_DATA_DIR": str(self.data),
            "SHELFREAD_PARSERS": "1",
            "SHELFREAD_WALKERS": "1",
            "SHELFREAD_SETTLE_SECONDS": "0",
            "SHELFREAD_LOG_FORMAT": "text",
        }

    def settings_file(self, text: str) -> None:
        (self.data / "shelfread.env").write_text(text)

    def program(self, *args: str, start: str | None = None, **env: str) -> Program:
        folder = self.folder / f"program-{len(self.programs)}"
        folder.mkdir()
        self.programs.append(Program(folder, self.env | env, args, start))
        return self.programs[-1]

    async def serve(self, *args: str, start: str | None = None, **env: str) -> Program:
        program = self.program("serve", "--port", "0", "--json", *args, start=start, **env)
        await program.listens()
        return program

    async def library(self, path: Path, name: str = "Music") -> Library:
        return await self.app.libraries.add(name, "music", [os.fsencode(path)])

    async def queue(self, library: Library, *, rescan: bool = False) -> str:
        """Request a scan; gives the job's id."""
        return (await self.app.request_scan(library, rescan=rescan)).job.id

    async def job(self, job_id: str) -> Job:
        found = await self.app.jobs.get(job_id)
        assert found is not None
        return found

    async def events(self, job_id: str) -> Sequence[Event]:
        return await self.app.jobs.events((await self.job(job_id)).seq, limit=10_000)

    async def job_is(self, job_id: str, status: JobStatus, seconds: float = DEADLINE_S) -> Job:
        async def look() -> Job | None:
            job = await self.job(job_id)
            assert job.status is status or not job.status.ended, (job.status, job.reason, job.error)
            return job if job.status is status else None

        return await until(look, f"job {status}", seconds)

    async def is_in_the_middle(self, job_id: str, least: int = 200) -> int:
        """Wait until a scan has committed something and is not done; gives how many files."""

        async def look() -> int:
            job = await self.job(job_id)
            assert not job.status.ended, "the library is too small for this machine"
            done = job.counters.added if job.counters else 0
            return done if job.status is JobStatus.RUNNING and done >= least else 0

        return await until(look, "a scan in the middle")

    async def runs_again(self, job_id: str, fence: int) -> None:
        """Wait until a job was claimed once more after this fence."""

        async def look() -> bool:
            return (await self.job(job_id)).fence > fence

        await until(look, "the next attempt")

    async def completed_once(self, job_id: str) -> Job:
        """Check that a job was claimed once and completed once, in this order."""
        told = [event for event in await self.events(job_id) if event.kind != "batch"]
        assert [event.kind for event in told] == ["queued", "claimed", "completed"], told
        return await self.job(job_id)


@asynccontextmanager
async def house(folder: Path, database_url: str) -> AsyncIterator[House]:
    """A house, whose programs are all ended when it is left."""
    async with open_app(Settings(database_url=database_url, settle_seconds=0)) as app:
        made = House(folder, database_url, app)
        try:
            yield made
        finally:
            for program in made.programs:
                program.end()


#: Files of a library that is in the middle of its scan for long enough to do something to who scans it.
FILES = 12_000


def many_files(folder: Path, count: int, per_folder: int = 50) -> Path:
    """A library of many small files, quickly: one sound, each file with an end of its own."""
    tree = Tree(folder)
    sample = tree.add("sample.mp3").read_bytes()
    tree.delete("sample.mp3")
    for number in range(count):
        path = folder / f"Artist {number // per_folder % 20}" / f"Album {number // per_folder}"
        if number % per_folder == 0:
            path.mkdir(parents=True)
        (path / f"{number}.mp3").write_bytes(sample + b"%08d" % number)
    return folder


def small_libraries(folder: Path, count: int) -> list[Path]:
    """Folders with a few files each."""
    first = many_files(folder / "0", 3)
    for number in range(1, count):
        shutil.copytree(first, folder / str(number))
    return [folder / str(number) for number in range(count)]
