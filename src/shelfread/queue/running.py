"""A job that this process runs: fenced, and with a heartbeat that nobody has to think of.

Implements `model.batch.Batch`. The warm child of a worker attaches to a job that its worker has claimed; the
command line claims its own scan here. Who ends a job in which way is theirs to say, not the scan's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from shelfread.model.batch import BatchReport
from shelfread.model.job import (
    AlreadyRunning,
    CancelRequested,
    Job,
    JobType,
    LostJob,
    Reason,
    Scope,
)
from shelfread.queue.presence import Presence, is_present
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database

T = TypeVar("T")
Work = Callable[[Any], Awaitable[None]]

#: A bare heartbeat goes out when nothing was written for so long. Often: whoever watches may have a shorter
#: lease than the one whose heart beats.
HEARTBEAT_S = 1.0
#: Of a lease, so that a few may be missed.
HEARTBEATS_IN_A_LEASE = 6
#: Progress that no batch has told goes out after so long; a wish to cancel is seen by then.
PROGRESS_S = 1.0
#: How long a heartbeat that failed is not tried again.
_PAUSE_S = 1.0


class RunningJob:
    """One running job of this process. `commit`, then `finish`; at the end `close`."""

    def __init__(
        self,
        repository: ScanJobRepository,
        job: Job,
        presence: Presence | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.id = job.id
        self.seq = job.seq
        self.job = job
        #: How far the work is, asked once a second; None while there is nothing to tell.
        self.live: Callable[[], BatchReport] | None = None
        self._repository = repository
        self._presence = presence
        self._heartbeat_s = heartbeat_s
        #: Batches and heartbeats take turns, so that a count never falls.
        self._turn = asyncio.Lock()
        self._told: tuple[Any, ...] | None = None
        #: Whether the work may be behind its last batch in what it counts: that was cut off, and may be in.
        self._behind = False
        #: Batches that were committed, and the seconds that took, the wait for other writers included.
        self._batches, self._batches_s = 0, 0.0
        self._last = asyncio.get_running_loop().time()
        #: What a heartbeat found out and the work must hear of.
        self._trouble: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._heart = asyncio.create_task(self._beat())

    @classmethod
    async def claim(
        cls,
        database: Database,
        library_id: int,
        job_type: JobType,
        scopes: Sequence[Scope],
        heartbeat_s: float = HEARTBEAT_S,
    ) -> RunningJob:
        """Insert a job that is running from its first moment, for a scan here and now.

        A running job whose process is dead is taken from it first, at once and whatever its lease says: a
        worker's goes back into the queue, one of the command line has failed.

        Raises:
            AlreadyRunning: a living process scans some of the same files.
        """
        repository = ScanJobRepository(database)
        presence = await Presence.enter(database, "cli")
        try:
            while True:
                try:
                    job = await repository.claim_now(presence.id, library_id, job_type, scopes)
                except AlreadyRunning as refused:
                    other = refused.job
                    assert other is not None
                    if await is_present(database, other.worker_id):
                        raise AlreadyRunning(
                            f"a scan of this library is running now (job {other.id}); "
                            "wait for it to end, or stop it where it runs"
                        ) from None
                    gone = "the process that ran this scan is gone"
                    if await repository.lose(other, Reason.WORKER_LOST, gone) is None:
                        # Somebody writes its row at this moment, perhaps asleep in a transaction.
                        await asyncio.sleep(_PAUSE_S / 10)
                    continue
                return cls(repository, job, presence, heartbeat_s)
        except BaseException:
            await presence.leave()
            raise

    async def commit(self, work: Work | None, report: BatchReport) -> None:
        """One guarded transaction: the fence, the catalogue's rows, the counters and the log lines."""
        clock = asyncio.get_running_loop().time
        async with self._turn:
            report.batches, report.batches_s = self._batches, self._batches_s
            began = clock()
            self._behind = True
            await self._repository.commit(self.job, work, report)
            self._behind = False
            self._batches += 1
            self._batches_s += clock() - began
            self._note(report)

    async def finish(self, work: Work | None, report: BatchReport) -> None:
        """The last batch, and the job is completed, in one transaction."""
        async with self._turn:
            report.batches, report.batches_s = self._batches, self._batches_s
            await self._repository.finish(self.job, work, report)
            self._heart.cancel()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work until it is done, or until a heartbeat finds that it must not go on.

        Raises:
            LostJob: the job is another process's now, or was ended.
            CancelRequested: somebody wants it to stop.
        """
        task = asyncio.ensure_future(work)
        try:
            both: list[asyncio.Future[Any]] = [task, self._trouble]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        if self._trouble.done() and (task.cancelled() or task.exception() is not None):
            # Whatever else the work says of its end is a consequence.
            raise self._trouble.result()
        return task.result()

    async def fail(self, reason: Reason, error: str) -> None:
        """End it as failed; what was committed stays."""
        try:
            await self._repository.fail(self.job, reason, error)
        finally:
            await self.close()

    async def cancel(self) -> None:
        """End it as cancelled; what was committed stays."""
        try:
            await self._repository.end_cancelled(self.job)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go: no heartbeat any more, and the lock if this process took one for this job."""
        self._heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._heart
        if self._presence is not None:
            presence, self._presence = self._presence, None
            await presence.leave()

    def _note(self, report: BatchReport) -> None:
        self._told = _facts(report)
        self._last = asyncio.get_running_loop().time()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(min(PROGRESS_S, self._heartbeat_s))
            try:
                async with self._turn:
                    await self._beat_if_due()
            except (LostJob, CancelRequested) as trouble:
                self._trouble.set_result(trouble)
                return
            except Exception:  # noqa: BLE001 - a database that stays away is for the next commit to tell
                await asyncio.sleep(_PAUSE_S)

    async def _beat_if_due(self) -> None:
        clock = asyncio.get_running_loop().time
        report = self.live() if self.live is not None and not self._behind else None
        moved = report is not None and _facts(report) != self._told
        if clock() - self._last >= (min(PROGRESS_S, self._heartbeat_s) if moved else self._heartbeat_s):
            await self._repository.heartbeat(self.job, report, moved=moved)
            if report is not None:
                self._note(report)
            self._last = clock()


def _facts(report: BatchReport) -> tuple[Any, ...]:
    return (report.phase, report.total, report.current_path, report.counters.copy())
