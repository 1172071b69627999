"""Looking at jobs: what `ScanJobRepository` offers to those who only read. Each is one short transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from shelfread.model.job import Event, Job, JobStatus, StoredLine
from shelfread.store import job_review, job_trail, jobs
from shelfread.store.database import Database


class JobReader:
    """The jobs of one catalogue, to be looked at."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, job_id: str) -> Job | None:
        """A job as its row says; None when there is none."""
        async with self.database.read() as connection:
            return await jobs.get(connection, job_id)

    async def with_prefix(self, prefix: str, limit: int = 2) -> list[Job]:
        """Jobs whose id begins so."""
        async with self.database.read() as connection:
            return await jobs.with_prefix(connection, prefix, limit)

    async def running(self, library_id: int | None = None) -> list[Job]:
        """The jobs that say they are running, oldest first."""
        async with self.database.read() as connection:
            return await jobs.running(connection, library_id)

    async def listed(
        self,
        *,
        statuses: Collection[str] = (),
        library_id: int | None = None,
        types: Collection[str] = (),
        before_seq: int | None = None,
        request_id: str | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Jobs, newest first; `before_seq` is the last one of the page before."""
        async with self.database.read() as connection:
            return await jobs.listed(
                connection,
                statuses=statuses,
                library_id=library_id,
                types=types,
                before_seq=before_seq,
                request_id=request_id,
                limit=limit,
            )

    async def counts(
        self, *, library_id: int | None = None, types: Collection[str] = ()
    ) -> dict[JobStatus, int]:
        """How many jobs there are in each state, of a library or of all, and of some types or of all."""
        async with self.database.read() as connection:
            return await jobs.counts(connection, library_id=library_id, types=types)

    async def history(self, library_id: int, limit: int = 20) -> Sequence[Job]:
        """The jobs of a library, newest first."""
        async with self.database.read() as connection:
            return await jobs.history(connection, library_id, limit)

    async def newest(self, library_id: int) -> Job | None:
        """The newest job of a library; None when it has none."""
        found = await self.history(library_id, 1)
        return found[0] if found else None

    async def logs(
        self,
        job_seq: int,
        after: int = 0,
        limit: int = 1000,
        *,
        levels: Collection[str] = (),
        newest_first: bool = False,
    ) -> Sequence[StoredLine]:
        """The log lines of a job behind number `after`; those of some levels only, if any are given.

        With `newest_first` those before it, or the newest where it is 0.
        """
        async with self.database.read() as connection:
            return await job_trail.logs(connection, job_seq, after, limit, levels, newest_first=newest_first)

    async def events(self, job_seq: int, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """The events of a job behind number `after`."""
        async with self.database.read() as connection:
            return await job_trail.events(connection, job_seq, after, limit)

    async def trail(
        self, job_seq: int, limit: int = 1000, *, without: Collection[str] = ()
    ) -> Sequence[Event]:
        """The newest events of a job, in order; those that are not of some kinds, if any are given."""
        async with self.database.read() as connection:
            return await job_review.newest_events(connection, job_seq, limit, without=without)

    async def worker(self, worker_id: str) -> dict[str, Any] | None:
        """The process that runs or ran a job: id, kind, host, pid, version, started_at; None if unknown."""
        async with self.database.read() as connection:
            return await jobs.worker(connection, worker_id)

    async def workers_of(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The processes of these ids, by id; those whose rows are gone are not there."""
        if not ids:
            return {}
        async with self.database.read() as connection:
            return await job_review.workers_of(connection, ids)
