"""What every part of the measurement stands on: fresh databases, real programs, jobs that are waited for."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench import corpora, machine, memory
from bench.measure import Unavailable
from bench.queue.figures import Figure
from bench.queue.processes import PATIENCE_S, Postgresql, Program
from shelfread.app import App, open_app
from shelfread.model.job import Job
from shelfread.model.library import Library, LibraryOptions
from shelfread.settings import Settings

T = TypeVar("T")


@dataclass
class Stand:
    """One run: what was asked for, where its databases are, what it found."""

    given: Namespace
    scratch: Path
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: A server is started when the first part wants it.
    postgresql: Postgresql | None = None
    quiet_until: float = 0.0
    _count: int = 0
    _warmed: dict[Any, Path] = field(default_factory=dict)

    def databases(self, *able: str) -> list[str]:
        """Those that are asked for, of those that a part can be measured on."""
        return [name for name in self.given.databases if name in (able or ("sqlite", "postgresql"))]

    def folder(self) -> Path:
        self._count += 1
        folder = self.scratch / str(self._count)
        folder.mkdir()
        return folder

    def new_database(self, kind: str) -> str:
        """The URL of an empty database."""
        if kind == "sqlite":
            return f"sqlite:///{self.folder() / 'shelfread.db'}"
        if self.postgresql is None:
            self.postgresql = Postgresql()
        return self.postgresql.new()

    def app(self, url: str) -> AbstractAsyncContextManager[App]:
        """An open catalogue in this process: the client of the workers."""
        return open_app(Settings(database_url=url, settle_seconds=0, data_dir=self.scratch))

    def program(self, url: str, *words: str, inside: Path | None = None, **settings: str) -> Program:
        """A `shelfread` with these words, started; stopped by the end of its context."""
        return Program(url, words, self.folder(), inside, settings)

    def inside(self, told: dict[str, Any]) -> Path:
        """A folder for PYTHONPATH that changes processes as `inside.py` is told."""
        folder = self.folder()
        shutil.copyfile(Path(__file__).with_name("inside.py"), folder / "sitecustomize.py")
        (folder / "told.json").write_text(json.dumps(told))
        return folder

    def slow(self) -> Path | None:
        """What makes scans of small corpora take a while, if that was asked for."""
        return self.inside({"file_s": self.given.slow_ms / 1000}) if self.given.slow_ms else None

    def music(self) -> Path:
        """The large library."""
        return self._warm(corpora.music_corpus, self.given.tracks)

    def long(self) -> Path:
        """A library whose scan takes a while."""
        return self._warm(corpora.tree_corpus, self.given.files)

    def tiny(self, number: int = 0) -> Path:
        """A library of a few files."""
        return self._warm(corpora.music_corpus, 6 + number)

    def _warm(self, make: Callable[[Path, int], Path], size: int) -> Path:
        """A corpus, every file of which was read once."""
        if (make, size) not in self._warmed:
            folder = self._warmed[make, size] = make(self.given.corpora, size)
            corpora.warm_cache(folder)
        return self._warmed[make, size]

    def quiet(self) -> None:
        """Wait for a quiet moment, if that was asked for."""
        machine.wait_for_quiet(self.quiet_until)

    def note(self, figure: Figure) -> None:
        self.figures.append(figure)
        shown = "  ".join(
            f"{name} {value:.3f}"
            for name in ("median", "p95", "p99", "max")
            if (value := figure.of(name)) is not None
        )
        verdict = {True: "", False: "  MISSED", None: ""}[figure.met]
        print(
            f"  {figure.what}, {figure.database}: n {len(figure.values)}  {shown} {figure.unit}{verdict}",
            flush=True,
        )

    @contextmanager
    def watched(self, part: str) -> Iterator[None]:
        """Note how busy the machine was with other things while a part was measured."""
        before, own = memory.machine_busy_seconds(), self._own_cpu()
        began = time.monotonic()
        yield
        after = memory.machine_busy_seconds()
        wall = time.monotonic() - began
        if before is not None and after is not None:
            others = max(0.0, after - before - (self._own_cpu() - own)) / wall
            self.notes.append(
                f"{part}: took {wall:.0f} s; {others:.2f} processors were busy with other things."
            )

    def _own_cpu(self) -> float:
        server = memory.cpu_seconds(self.postgresql.pid) if self.postgresql is not None else 0.0
        return memory.cpu_seconds(os.getpid()) + server

    def close(self) -> None:
        if self.postgresql is not None:
            self.postgresql.close()
            self.postgresql = None


async def until_job(
    app: App, job_id: str, condition: Callable[[Job], object], what: str, look_s: float = 0.02
) -> Job:
    """Wait until a job is as wanted."""
    deadline = time.monotonic() + PATIENCE_S * 5
    while True:
        job = await app.jobs.get(job_id)
        assert job is not None
        if condition(job):
            return job
        if time.monotonic() > deadline:
            raise Unavailable(f"a job did not come to be {what}; it is {job.status}, {job.error}")
        await asyncio.sleep(look_s)


async def ended(app: App, job_id: str, look_s: float = 0.02) -> Job:
    """Wait until a job has ended."""
    return await until_job(app, job_id, lambda job: job.status.ended, "ended", look_s)


async def warmed(app: App, library: Library, times: int = 1) -> None:
    """Have a small library scanned, so that the worker and all of its processes are there."""
    for _ in range(times):
        done = await ended(app, (await app.request_scan(library)).job.id)
        if done.status != "completed":
            raise Unavailable(f"a scan of a few files was {done.status}: {done.error}")


async def add_library(app: App, name: str, *folders: Path) -> Library:
    """A library whose scans no covers follow: those are jobs of their own, and not what is measured."""
    roots = [os.fsencode(folder) for folder in folders]
    return await app.libraries.add(name, "music", roots, LibraryOptions(thumbnails=False))


#: What each part is.
Measure = Callable[[Stand], Awaitable[None]]
