"""Jobs in the catalogue of a shelf, put there through the repository while commands run beside it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobRequest, JobType, LogLine, Phase, Reason, Scope
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from tests.cli.conftest import Shelf

T = TypeVar("T")

HOSTILE = "[red]x\x1b[2J\x9b1m\x07\n\u202e"
HOSTILE_PATH = b"/m/[bold]\xff\x1b]0;owned\x07.mp3"


class Queue:
    """The queue of a shelf, used from outside of the command that is tested."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.path = shelf.folder / "home" / "shelfread.db"
        self.library_id, self.root = self._do_database(_add_library(shelf.music))

    def do(self, work: Callable[[ScanJobRepository], Awaitable[T]]) -> T:
        """Something that is done with the repository."""
        return self._do_database(lambda database: work(ScanJobRepository(database)))

    def _do_database(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def run() -> T:
            database = Database(f"sqlite:///{self.path}")
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def queued(self, part: bytes = b"") -> Job:
        """A job that waits."""
        request = JobRequest(JobType.SCAN, self.library_id, (Scope(self.root, part),))
        return self.do(lambda jobs: jobs.enqueue(request)).job

    def running(self, part: bytes = b"", worker: str = "worker-1") -> Job:
        """A job that runs, as its worker has it."""
        self.queued(part)
        job = self.do(lambda jobs: jobs.claim_next(worker))
        assert job is not None
        return job

    def commit(
        self,
        job: Job,
        *lines: LogLine | str,
        total: int | None = None,
        path: str | None = None,
        **counts: int,
    ) -> None:
        """A batch of a running job."""
        self.do(lambda jobs: jobs.commit(job, None, _report(lines, total, path, counts)))

    def finish(self, job: Job, *lines: LogLine | str, **counts: int) -> None:
        self.do(lambda jobs: jobs.finish(job, None, _report(lines, None, None, counts)))

    def fail(self, job: Job, error: str = "the disk is on fire") -> None:
        assert self.do(lambda jobs: jobs.fail(job, Reason.EXCEPTION, error))

    def lose(self, job: Job) -> None:
        self.do(lambda jobs: jobs.lose(job, Reason.WORKER_LOST, "its process is gone"))

    def cancel(self, job: Job) -> None:
        self.do(lambda jobs: jobs.cancel(job.id))

    def end_cancelled(self, job: Job) -> None:
        assert self.do(lambda jobs: jobs.end_cancelled(job))

    def row(self, job: Job) -> Job:
        found = self.do(lambda jobs: jobs.get(job.id))
        assert found is not None
        return found

    def problem(self) -> None:
        """An open problem in the library."""
        self.sql(
            "INSERT INTO problems (id, root_id, path, path_text, code, detail, found_at) "
            "VALUES (9999, ?, x'61', 'a', 'empty_file', 'the file has no bytes', 1)",
            self.root,
        )

    def sql(self, statement: str, *values: Any) -> None:
        """Change the database behind everybody's back."""
        connection = sqlite3.connect(self.path, timeout=10)
        with connection:
            connection.execute(statement, values)
        connection.close()


def _report(lines: Sequence[LogLine | str], total: int | None, path: str | None, counts: Any) -> BatchReport:
    logs = [line if isinstance(line, LogLine) else LogLine("info", line) for line in lines]
    phase = Phase.DISCOVERING if total is None else Phase.READING
    return BatchReport(Counters(**counts), phase, total, path, logs)


def _add_library(music: Path) -> Callable[[Database], Awaitable[tuple[int, int]]]:
    async def add(database: Database) -> tuple[int, int]:
        library = await LibraryRepository(database).add("Music", "music", [os.fsencode(music)])
        return library.id, library.roots[0].id

    return add


class Seen:
    """What a process has printed so far, read as it comes."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self._process = process
        self._descriptor = descriptor
        self.text = b""
        os.set_blocking(descriptor, False)

    def read(self) -> None:
        """Take what there is."""
        try:
            while chunk := os.read(self._descriptor, 65536):
                self.text += chunk
        except (BlockingIOError, OSError):
            return

    def until(self, *words: bytes, seconds: float = 90) -> None:
        """Read until all of these have been seen."""
        deadline = time.monotonic() + seconds
        while True:
            self.read()
            if all(word in self.text for word in words):
                return
            assert time.monotonic() < deadline, (words, self.text)
            assert self._process.poll() is None, (words, self.text)
            # Not a wait for a time: the next look at a condition with a deadline.
            time.sleep(0.02)
