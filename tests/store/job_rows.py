"""Rows of the queue for tests of the store: made by the statements that are tested, one transaction each."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from shelfread.model.job import Job, JobRequest, JobStatus, JobType, Origin, Reason, Scope
from shelfread.store import job_queueing, job_writes, jobs
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository

T = TypeVar("T")


class JobRows:
    """A library with one root in a database, and jobs of it."""

    def __init__(self, database: Database, library_id: int, root: int) -> None:
        self.database = database
        self.library_id = library_id
        self.root = root
        self._numbers = itertools.count(1)

    @classmethod
    async def make(cls, database: Database, name: str = "Music") -> JobRows:
        library = await LibraryRepository(database).add(name, "music", [b"/" + name.encode()])
        return cls(database, library.id, library.roots[0].id)

    async def write(self, step: Callable[..., Awaitable[T]], *arguments: Any, **more: Any) -> T:
        """One statement of the store in a transaction of its own."""

        async def work(connection: Any) -> T:
            return await step(connection, *arguments, **more)

        return await self.database.write(work)

    async def ask(self, question: Callable[..., Awaitable[T]], *arguments: Any, **more: Any) -> T:
        async with self.database.read() as connection:
            return await question(connection, *arguments, **more)

    async def select(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        async with self.database.read() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def job(self, job: Job | str) -> Job:
        """The job as its row is now."""
        found = await self.ask(jobs.get, job if isinstance(job, str) else job.id)
        assert found is not None
        return found

    def scopes(self, parts: Sequence[bytes | Scope]) -> tuple[Scope, ...]:
        return tuple(part if isinstance(part, Scope) else Scope(self.root, part) for part in parts or (b"",))

    def request(self, *parts: bytes | Scope, job_type: JobType = JobType.SCAN, **more: Any) -> JobRequest:
        return JobRequest(job_type, self.library_id, self.scopes(parts), **more)

    async def queued(self, *parts: bytes | Scope, now: int = 1, **more: Any) -> Job:
        """A job in the queue."""
        job_id = f"job-{self.library_id}-{next(self._numbers)}"
        await self.write(job_queueing.insert_queued, job_id, self.request(*parts, **more), now)
        return await self.job(job_id)

    async def running(self, *parts: bytes | Scope, now: int = 1, worker: str = "me", **more: Any) -> Job:
        """A job that runs from its first moment, as one of the command line does."""
        job_id = f"job-{self.library_id}-{next(self._numbers)}"
        request = self.request(*parts, origin=Origin.CLI, **more)
        await self.write(job_queueing.insert_running, job_id, request, worker, now)
        return await self.job(job_id)

    async def claimed(self, *parts: bytes | Scope, now: int = 1, worker: str = "me", **more: Any) -> Job:
        """A job that was queued, and claimed."""
        job = await self.queued(*parts, now=now, **more)
        assert await self.write(job_queueing.claim, job, worker, now)
        return await self.job(job)

    async def end(
        self,
        job: Job,
        status: JobStatus,
        now: int = 2,
        reason: Reason | None = None,
        error: str | None = None,
    ) -> None:
        values = job_writes.end_values(status, now, reason, error)
        await self.write(job_writes.guard, job, now, values, events=[(status.value, {})])
