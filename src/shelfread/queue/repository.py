"""`ScanJobRepository`: everything that can be done to a job, each as one transaction.

The only thing workers and edges know of the queue's table (PROMISES D6). Statements are in `store`; here is
what belongs together in a transaction, in which order, and what a request may join. Knows no media, no
process and no clock but the one it is given.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from shelfread.model.batch import BatchReport
from shelfread.model.beside import collide
from shelfread.model.change import Counters
from shelfread.model.job import (
    NEEDS_LIBRARY,
    AlreadyRunning,
    Enqueued,
    EventKind,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    LogLine,
    LostJob,
    Origin,
    Phase,
    Reason,
    Scope,
    UnknownLibrary,
    overlapping,
    united,
)
from shelfread.queue.joining import in_the_way, join
from shelfread.queue.reader import JobReader
from shelfread.store import job_queueing, job_row, job_trail, job_writes, jobs
from shelfread.store.clock import now_us
from shelfread.store.database import Database, StatementFailed

#: Who had to wait longer than this to write says nothing of others that did not, in seconds.
PROMPT_S = 2.0

#: How long a free worker has to take a job before one that is busy with something less urgent gives way.
PATIENCE_US = 500_000

#: Why nobody can run a job whose row the database does not let change as it must.
_MISFIT = "its row and what is stored of it do not fit"

Work = Callable[[Any], Awaitable[None]]


def silent() -> None:
    """Nobody waits for news."""


class ScanJobRepository(JobReader):
    """The jobs of one catalogue.

    Args:
        database: where they are.
        clock: the time in microseconds since the epoch.
        ring: called after a change that somebody in this process may be waiting for.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], int] = now_us, ring: Callable[[], None] = silent
    ) -> None:
        super().__init__(database)
        self._clock = clock
        self._ring = ring

    # Asking for work

    async def enqueue(self, request: JobRequest) -> Enqueued:
        """Queue a job, or find the one that will do it anyway (PROMISES decision 6).

        Raises:
            UnknownLibrary: its library is not there.
            ValueError: it says nothing that can be done.
        """
        (enqueued,) = await self.enqueue_all([request])
        return enqueued

    async def enqueue_all(self, requests: Sequence[JobRequest]) -> list[Enqueued]:
        """Queue several jobs in one transaction: all or none of them."""

        async def work(connection: Any) -> list[Enqueued]:
            return [await self.enqueue_in(connection, request) for request in requests]

        enqueued = await self.database.write(work)
        self._ring()
        return enqueued

    async def enqueue_in(self, connection: Any, request: JobRequest) -> Enqueued:
        """Queue a job inside the caller's transaction; the caller rings when that is committed."""
        if request.type in NEEDS_LIBRARY and (request.library_id is None or not request.scopes):
            raise ValueError(f"a {request.type} needs a library and folders to scan")
        request = replace(request, scopes=united(request.scopes))
        if request.library_id is not None and not await jobs.lock_library(connection, request.library_id):
            raise UnknownLibrary(f"there is no library {request.library_id}")
        found: Job | None
        if request.library_id is None:
            await jobs.lock_type(connection, request.type)
            queued = await jobs.queued_of_type(connection, request.type)
            found = next((job for job in queued if job.broken is None), None)
        else:
            queued = await jobs.queued_for(connection, request.library_id)
            joining = join(queued, request)
            found = joining.taken if joining else None
            if joining is not None and joining.changes:
                now = self._clock()
                # They go first: their keys may be what the widened one will have.
                for job in joining.absorbed:
                    detail = {"by": joining.taken.id}
                    await job_queueing.end_queued(connection, job, now, Reason.ABSORBED, detail)
                await job_queueing.widen(connection, joining.taken, joining.type, joining.scopes, now)
        job_id = found.id if found is not None else str(uuid.uuid4())
        if found is None:
            for job in queued:
                if job.broken is not None:
                    await job_queueing.set_apart(connection, job)
            await job_queueing.insert_queued(connection, job_id, request, self._clock())
        await job_trail.announce(connection)
        queued_job = await jobs.get(connection, job_id)
        assert queued_job is not None
        return Enqueued(queued_job, coalesced=found is not None)

    async def retry(self, job_id: str, timeout_s: int) -> Enqueued | None:
        """Queue what an ended job was to do once more; None when there is no such job.

        Raises:
            ValueError: it has not ended, or its row says nothing that can be done.
            UnknownLibrary: its library is not there any more.
        """

        async def work(connection: Any) -> Enqueued | None:
            job = await jobs.get(connection, job_id)
            if job is None:
                return None
            if not job.status.ended:
                raise ValueError(
                    f"job {job.id} is {job.status} and has not ended: wait for its end, or cancel it first"
                )
            if job.broken is not None or job.type not in {str(known) for known in JobType}:
                raise ValueError(f"job {job.id} cannot be tried again: {job.broken or 'unknown type'}")
            request = JobRequest(
                JobType(job.type), job.library_id, job.scopes, origin=Origin.RETRY, timeout_s=timeout_s
            )
            return await self.enqueue_in(connection, request)

        enqueued = await self.database.write(work)
        self._ring()
        return enqueued

    async def cancel(self, job_id: str) -> Job | None:
        """Cancel a queued job at once, ask a running one to stop, leave an ended one; gives it as it is then.

        None when there is no such job.
        """

        async def work(connection: Any) -> Job | None:
            job = await jobs.get(connection, job_id)
            if job is not None and job.status is JobStatus.QUEUED and job.library_id is not None:
                # A request may be joining it at this moment.
                await jobs.lock_library(connection, job.library_id)
            job = await jobs.get_for_update(connection, job_id)
            if job is not None and job.damaged and not job.status.ended:
                job = await jobs.get(connection, await job_row.mend(connection, job))
            if job is None:
                return None
            if job.status is JobStatus.QUEUED:
                await job_queueing.end_queued(connection, job, self._clock(), None, {})
            elif job.status is JobStatus.RUNNING:
                await job_writes.request_cancel(connection, job, self._clock())
            await job_trail.announce(connection)
            return await jobs.get(connection, job.id)

        found = await self.database.write(work)
        self._ring()
        return found

    # Taking work

    async def claim_next(self, worker_id: str, types: Collection[str] = tuple(JobType)) -> Job | None:
        """Claim the oldest queued job that may run now; None when there is none (PROMISES D7, D8).

        Not before its time, and not while a running job covers some of the same files (A19). A row that
        nobody can run is claimed as well: `Job.broken` says why, and the worker ends it.
        """
        last: Job | None = None
        while True:
            async with self.database.read() as connection:
                waiting = await jobs.waiting(connection, types, last)
                running = await jobs.running(connection) if waiting else []
            if not waiting:
                return None
            last = waiting[-1]
            now = self._clock()
            for job in waiting:
                if job_queueing.is_due(job, now) and not in_the_way(job, running):
                    claimed = await self._claim(job, worker_id)
                    if claimed is not None:
                        return claimed

    async def more_urgent(self, job: Job, types: Collection[str]) -> bool:
        """Whether a queued job of these types goes before a running one, and no free worker has taken it."""
        async with self.database.read() as connection:
            waiting = await jobs.waiting(connection, types)
            running = await jobs.running(connection) if waiting else []
        now = self._clock()
        others = [other for other in running if other.id != job.id]
        return any(
            one.priority > job.priority
            and now - max(one.run_at, one.queued_at or 0) > PATIENCE_US
            and job_queueing.is_due(one, now)
            and not in_the_way(one, others)
            for one in waiting
        )

    async def _claim(self, job: Job, worker_id: str) -> Job | None:
        try:
            return await self._try_claim(job, worker_id)
        except StatementFailed:
            # What it says of itself and what is stored of it do not fit: it must stop no other.
            return await self._try_claim(job, worker_id, _MISFIT)

    async def _try_claim(self, job: Job, worker_id: str, broken: str | None = None) -> Job | None:
        async def work(connection: Any) -> Job | None:
            if job.library_id is None:
                await jobs.lock_type(connection, job.type)
                rivals = await jobs.running_of_type(connection, job.type)
            else:
                await jobs.lock_library(connection, job.library_id)
                rivals = await jobs.running(connection, job.library_id)
            # It may have been widened, claimed, lost or cancelled since it was looked at.
            found = await jobs.again(connection, job)
            now = self._clock()
            if found is None or found.status is not JobStatus.QUEUED or in_the_way(found, rivals):
                return None
            if not job_queueing.is_due(found, now):
                return None
            why = broken or found.broken
            if why is not None:
                found = await self._mended(connection, found)
            if found is None or not await job_queueing.claim(connection, found, worker_id, now):
                return None
            claimed = await jobs.get(connection, found.id)
            if claimed is not None and why is not None:
                return replace(claimed, broken=why)
            if claimed is not None and claimed.library_id is not None and claimed.broken is None:
                own = await jobs.root_ids(connection, claimed.library_id)
                if not any(scope.root_id in own for scope in claimed.scopes):
                    return replace(claimed, broken="its folders belong to no library any more")
            return claimed

        return await self.database.write(work)

    async def _mended(self, connection: Any, job: Job) -> Job | None:
        """A job whose row can be claimed and ended now; None when it is not free to be changed."""
        found = await jobs.get_for_update(connection, job, skip_locked=True)
        if found is None or (found.status, found.fence) != (job.status, job.fence):
            return None
        return await jobs.get(connection, await job_row.mend(connection, found))

    async def claim_now(
        self, worker_id: str, library_id: int, job_type: JobType, scopes: Sequence[Scope]
    ) -> Job:
        """A job that runs from its first moment, for a scan here and now (PROMISES decision 4).

        Raises:
            AlreadyRunning: a running job covers some of the same files; `AlreadyRunning.job`.
            UnknownLibrary: the library is not there.
        """
        job_id = str(uuid.uuid4())
        request = JobRequest(job_type, library_id, united(tuple(scopes)), origin=Origin.CLI)

        async def work(connection: Any) -> Job:
            if not await jobs.lock_library(connection, library_id):
                raise UnknownLibrary(f"there is no library {library_id}")
            for other in await jobs.running(connection, library_id):
                if collide(job_type, other.type) and overlapping(request.scopes, other.scopes):
                    raise AlreadyRunning(f"a scan of these files is running now (job {other.id})", other)
            await job_queueing.insert_running(connection, job_id, request, worker_id, self._clock())
            job = await jobs.get(connection, job_id)
            assert job is not None
            return job

        return await self.database.write(work)

    # Doing work: every one of these is guarded by (id, running, fence)

    async def commit(self, job: Job, work: Work | None, report: BatchReport) -> None:
        """One batch: the fence, the catalogue's rows, the counters, the trail and the heartbeat.

        Raises:
            LostJob: the job is not this worker's any more; nothing was written.
            CancelRequested: it is to stop; nothing was written.
        """

        async def guarded(connection: Any) -> None:
            now = self._clock()
            await job_writes.guard(
                connection,
                job,
                now,
                {**job_writes.progress_values(report), "progress_at": now},
                events=[job_writes.batch_event(report)],
                logs=report.logs,
                heed_cancel=True,
            )
            if work is not None:
                await work(connection)

        await self.database.write(guarded)

    async def heartbeat(self, job: Job, report: BatchReport | None = None, *, moved: bool = False) -> None:
        """Say that a job is alive, and how far it is. Raises like `commit`."""

        async def guarded(connection: Any) -> None:
            now = self._clock()
            values = job_writes.progress_values(report) if report is not None else {}
            if moved:
                values["progress_at"] = now
            await job_writes.guard(connection, job, now, values, heed_cancel=True)

        await self.database.write(guarded)

    async def finish(self, job: Job, work: Work | None = None, report: BatchReport | None = None) -> bool:
        """The last batch, and the job is completed, in one transaction.

        May be repeated: true as well when it was completed under this fence before; false when it is
        somebody else's. With `work` or a report that is an error:

        Raises:
            LostJob: there was something to write, and the job is not this worker's any more.
            CancelRequested: it is to stop; nothing was written.
        """

        async def guarded(connection: Any) -> None:
            await job_writes.guard(connection, job, self._clock(), heed_cancel=True)
            if work is not None:
                await work(connection)
            row = await jobs.get(connection, job.id)
            assert row is not None
            counters = job_writes.completed_counters(row, report)
            now = self._clock()
            values = job_writes.end_values(JobStatus.COMPLETED, now)
            if report is not None:
                # Settling counts while it works: only now does the report say all.
                values |= job_writes.progress_values(report)
                values |= {"phase": Phase.DONE.value, "rows_until": report.rows_until}
            if row.counted or report is not None:
                values |= {f"items_{name}": count for name, count in job_row.counts(counters).items()}
            values["current_path"] = None
            values["report"] = json.dumps(_report(row, counters, report, now))
            events = [job_writes.batch_event(report)] if report is not None else []
            events.append((EventKind.COMPLETED, {"counters": job_row.counts(counters)}))
            logs = [*report.logs] if report is not None else []
            if row.library_id is not None:
                of = "cover" if row.type == JobType.COVERS else "file"
                logs.append(job_writes.summary(counters, of))
            await job_writes.guard(connection, job, now, values, events=events, logs=logs)
            await job_trail.announce(connection)

        try:
            await self.database.write(guarded)
        except LostJob:
            if work is not None or report is not None:
                raise
            now_is = await self.get(job.id)
            return now_is is not None and (now_is.status, now_is.fence) == (JobStatus.COMPLETED, job.fence)
        self._ring()
        return True

    async def fail(self, job: Job, reason: Reason, error: str) -> bool:
        """End it as failed; what was committed stays. False when it was not this worker's any more."""
        error = job_trail.storable(error)
        detail = {"reason": reason.value, "error": error[: job_writes.ERROR_LENGTH]}
        return await self._end(
            job, JobStatus.FAILED, (EventKind.FAILED, detail), LogLine("error", error), reason, error
        )

    async def end_cancelled(self, job: Job) -> bool:
        """End it as cancelled; what was committed stays. False when it was not this worker's any more."""
        line = LogLine("warning", "cancelled")
        return await self._end(job, JobStatus.CANCELLED, (EventKind.CANCELLED, {}), line)

    async def _end(
        self,
        job: Job,
        status: JobStatus,
        event: tuple[str, dict[str, Any]],
        line: LogLine,
        reason: Reason | None = None,
        error: str | None = None,
    ) -> bool:
        async def work(connection: Any) -> None:
            now = self._clock()
            values = job_writes.end_values(status, now, reason, error)
            await job_writes.guard(connection, job, now, values, events=[event], logs=[line])
            await job_trail.announce(connection)

        return await self._if_ours(work)

    async def release(self, job: Job) -> bool:
        """Put a job back because its worker stops in order: the attempt does not count, nothing is lost.

        When somebody wants it cancelled it ends so instead. False when it was not this worker's any more.
        """

        async def work(connection: Any) -> None:
            row = await jobs.get_for_update(connection, job.id)
            if row is None or (row.status, row.fence) != (JobStatus.RUNNING, job.fence):
                raise LostJob(f"job {job.id} was taken over or ended by another process")
            now = self._clock()
            if row.cancel_requested_at is not None:
                values = job_writes.end_values(JobStatus.CANCELLED, now)
                await job_writes.guard(connection, job, now, values, events=[(EventKind.CANCELLED, {})])
            else:
                await job_writes.release(connection, job, row, now)
            await job_trail.announce(connection)

        return await self._if_ours(work)

    async def _if_ours(self, work: Work) -> bool:
        try:
            await self.database.write(work)
        except LostJob:
            return False
        self._ring()
        return True

    # Taking work away

    async def lose(
        self, job: Job, reason: Reason, error: str, *, if_silent: bool = False, if_stuck: bool = False
    ) -> JobStatus | None:
        """Take a job from a worker that is gone or stuck: back into the queue, or to its end.

        With `if_silent` only when its heartbeat is still that of `job`, with `if_stuck` only when its
        progress is. Gives what it is now; None when it is not running under this fence any more, or somebody
        writes it at this moment; with one of the two also when this had to wait for its turn to write: its
        worker may have waited for the same.
        """
        asked = time.monotonic()
        damage: str | None = None

        async def work(connection: Any) -> JobStatus | None:
            if (if_silent or if_stuck) and time.monotonic() - asked > PROMPT_S:
                return None
            row = await jobs.get_for_update(connection, job, skip_locked=True)
            if row is None or (row.status, row.fence) != (JobStatus.RUNNING, job.fence):
                return None
            if if_silent and row.heartbeat_at != job.heartbeat_at:
                return None
            if if_stuck and (row.progress_at, row.event_seq) != (job.progress_at, job.event_seq):
                return None
            why, text = reason, error
            if row.damaged or damage is not None:
                # Nobody can run it again.
                why, text = Reason.INVALID_ROW, f"this job cannot be run: {damage or row.broken}"
                row = await jobs.get(connection, await job_row.mend(connection, row))
                assert row is not None
            status = await job_writes.lose(connection, row, why, text, self._clock())
            await job_trail.announce(connection)
            return status

        try:
            status = await self.database.write(work)
        except StatementFailed:
            damage = _MISFIT
            status = await self.database.write(work)
        self._ring()
        return status

    async def rescue(self, lost: Collection[tuple[Job, Reason, str]]) -> list[Job]:
        """Take jobs from workers that `queue.rescue` found dead or silent; gives those that were taken."""
        taken = []
        for job, reason, error in lost:
            stuck = reason is Reason.STALLED
            if await self.lose(job, reason, error, if_silent=not stuck, if_stuck=stuck) is not None:
                taken.append(job)
        return taken


def _report(row: Job, counters: Counters, report: BatchReport | None, now: int) -> dict[str, Any]:
    """What a job says when it has ended well."""
    return {
        **counters.to_json(),
        "duration_s": round(max(0, now - (row.started_at or now)) / 1e6, 3),
        "attempts": row.attempt,
        **(report.outcome if report is not None else {}),
    }
