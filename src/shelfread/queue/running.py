"""A job that this process runs: claimed, locked, fenced, and a heartbeat that nobody has to think of.

Implements `model.batch.Batch`. The command line claims its own scan here; workers come with the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from shelfread.model.batch import BatchReport
from shelfread.model.job import AlreadyRunning, Job, JobStatus, JobType, LogLine, LostJob, Reason, Scope
from shelfread.queue.locks import JobLock, lock_for
from shelfread.store import jobs
from shelfread.store.database import Database
from shelfread.store.ids import next_id

#: A bare heartbeat goes out when no batch was committed for so long.
HEARTBEAT_S = 5.0


class RunningJob:
    """One running job of this process. Use `claim`, then `commit`, at the end exactly one ending."""

    def __init__(self, database: Database, job_id: str, seq: int, fence: int, lock: JobLock) -> None:
        self.id = job_id
        self.seq = seq
        self.fence = fence
        self._database = database
        self._lock = lock
        self._last_commit = asyncio.get_running_loop().time()
        self._heart = asyncio.create_task(self._beat())
        #: Set when a heartbeat finds that the job was lost; the next commit finds it by itself.
        self.lost = False

    @classmethod
    async def claim(
        cls, database: Database, library_id: int, job_type: JobType, scopes: Sequence[Scope]
    ) -> RunningJob:
        """Insert a job that is running from its first moment, for a scan here and now.

        A running job whose process is dead is ended first, at once and whatever its lease says.

        Raises:
            AlreadyRunning: a living process scans some of the same files.
        """
        job_id = str(uuid.uuid4())

        async def number(connection: Any) -> int:
            return await next_id(connection, "jobs")

        seq = await database.write(number)
        lock = lock_for(database, job_id, seq)
        # Locked before the row can be seen: a running row without a lock is a dead one.
        if not await lock.acquire():
            raise AlreadyRunning("a new job's lock is held by another process")
        try:
            while True:
                others = await cls._others(database, library_id)
                dead = [other for other in others if await _is_dead(database, other)]

                async def insert(connection: Any, dead: list[Job] = dead) -> Job | None:
                    await jobs.lock_library(connection, library_id)
                    for job in dead:
                        await jobs.declare_lost(connection, job)
                    for other in await jobs.running(connection, library_id):
                        if any(mine.overlaps(theirs) for mine in scopes for theirs in other.scopes):
                            return other
                    await jobs.insert_running(
                        connection,
                        job_id=job_id,
                        seq=seq,
                        library_id=library_id,
                        job_type=job_type,
                        scopes=scopes,
                        worker_id=str(uuid.uuid4()),
                    )
                    return None

                rival = await database.write(insert)
                if rival is None:
                    return cls(database, job_id, seq, 1, lock)
                if not await _is_dead(database, rival):
                    raise AlreadyRunning(
                        f"a scan of this library is running now (job {rival.id}); "
                        "wait for it to end, or stop it where it runs"
                    )
        except BaseException:
            await lock.release()
            raise

    @staticmethod
    async def _others(database: Database, library_id: int) -> list[Job]:
        async with database.read() as connection:
            return await jobs.running(connection, library_id)

    async def commit(self, work: Callable[[Any], Awaitable[None]] | None, report: BatchReport) -> None:
        """One guarded transaction: the fence, the catalogue's rows, the counters and the log lines."""

        async def guarded(connection: Any) -> None:
            values = jobs.progress_values(report)
            after = await jobs.guard(connection, self.id, self.fence, values, len(report.logs))
            if work is not None:
                await work(connection)
            await jobs.write_logs(connection, self.seq, after, report.logs)

        await self._database.write(guarded)
        self._last_commit = asyncio.get_running_loop().time()

    async def finish(self, work: Callable[[Any], Awaitable[None]] | None, report: BatchReport) -> None:
        """The last batch, and the job is completed, in one transaction."""

        async def guarded(connection: Any) -> None:
            after = await jobs.guard(connection, self.id, self.fence, {}, len(report.logs))
            if work is not None:
                await work(connection)
            # Settling counts while it works: only now does the report say all.
            await jobs.guard(connection, self.id, self.fence, jobs.progress_values(report))
            await jobs.write_logs(connection, self.seq, after, report.logs)
            await jobs.end(connection, self.id, self.fence, JobStatus.COMPLETED)

        await self._database.write(guarded)
        await self._close()

    async def fail(self, reason: Reason, error: str) -> None:
        """End it as failed; what was committed stays."""
        await self._end(JobStatus.FAILED, reason, error, "error")

    async def cancel(self) -> None:
        """End it as cancelled; what was committed stays."""
        await self._end(JobStatus.CANCELLED, None, None, "warning")

    async def abandon(self) -> None:
        """Let go of a job that is another process's now, or whose row cannot be written."""
        await self._close()

    async def _end(self, status: JobStatus, reason: Reason | None, error: str | None, level: str) -> None:
        async def work(connection: Any) -> None:
            after = await jobs.guard(connection, self.id, self.fence, {}, 1)
            line = LogLine(level, error or status.value)
            await jobs.write_logs(connection, self.seq, after, [line])
            await jobs.end(connection, self.id, self.fence, status, error=error, reason=reason)

        try:
            # Somebody else has ended it: there is nothing left to say.
            with contextlib.suppress(LostJob):
                await self._database.write(work)
        finally:
            await self._close()

    async def _close(self) -> None:
        self._heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._heart
        await self._lock.release()

    async def _beat(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(0.0, self._last_commit + HEARTBEAT_S - clock()))
            if clock() - self._last_commit < HEARTBEAT_S:
                continue

            async def beat(connection: Any) -> None:
                await jobs.guard(connection, self.id, self.fence, {})

            try:
                await self._database.write(beat)
            except LostJob:
                self.lost = True
                return
            except Exception:  # noqa: BLE001 - a database that stays away is for the next commit to tell
                await asyncio.sleep(HEARTBEAT_S)
                continue
            self._last_commit = clock()


async def _is_dead(database: Database, job: Job) -> bool:
    """Whether no process holds a running job's lock."""
    lock = lock_for(database, job.id, job.seq)
    if not await lock.acquire():
        return False
    await lock.release()
    return True
