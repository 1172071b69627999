"""`queue.running`: a job that a process runs: claims here and now, fences, heartbeats (DESIGN rules 8, 9)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import (
    AlreadyRunning,
    CancelRequested,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    LogLine,
    LostJob,
    Phase,
    Reason,
    Scope,
)
from shelfread.queue.locks import is_held
from shelfread.queue.presence import is_present
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.running import RunningJob
from shelfread.store import job_queueing, job_writes, jobs
from shelfread.store.database import Database
from shelfread.store.ids import next_id
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import job_logs, library_scan_jobs
from shelfread.store.turns import PLACES

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Bench:
    """A database with a library of two roots, and what is to be asked of its jobs."""

    def __init__(self, database: Database, library_id: int, roots: list[int]) -> None:
        self.database = database
        self.library_id = library_id
        self.roots = roots
        self.url = database.url.render_as_string(hide_password=False)
        self.repository = ScanJobRepository(database)
        self._claimed: list[RunningJob] = []

    def scope(self, relative: bytes = b"", root: int = 0) -> Scope:
        return Scope(self.roots[root], relative)

    async def claim(
        self, *relatives: bytes, job_type: JobType = JobType.SCAN, heartbeat_s: float = 5.0
    ) -> RunningJob:
        scopes = [self.scope(relative) for relative in relatives or (b"",)]
        claim = RunningJob.claim(self.database, self.library_id, job_type, scopes, heartbeat_s)
        self._claimed.append(await claim)
        return self._claimed[-1]

    async def attached(self, heartbeat_s: float = 5.0) -> RunningJob:
        """A job that a worker has claimed, as the warm child attaches to it."""
        request = JobRequest(JobType.SCAN, self.library_id, (self.scope(),))
        await self.repository.enqueue(request)
        job = await self.repository.claim_next(str(uuid.uuid4()))
        assert job is not None
        self._claimed.append(RunningJob(self.repository, job, heartbeat_s=heartbeat_s))
        return self._claimed[-1]

    async def close(self) -> None:
        for job in self._claimed:
            await job.close()
        await self.database.close()

    async def job(self, job_id: str) -> Job:
        async with self.database.read() as connection:
            found = await jobs.get(connection, job_id)
        assert found is not None
        return found

    async def all(self) -> list[Job]:
        async with self.database.read() as connection:
            return await jobs.history(connection, self.library_id, 1000)

    async def row(self, job_id: str) -> dict[str, Any]:
        async with self.database.read() as connection:
            query = sa.select(library_scan_jobs).where(library_scan_jobs.c.id == job_id)
            return dict((await connection.execute(query)).one()._mapping)

    async def logs(self, job: RunningJob) -> list[tuple[int, str, str]]:
        async with self.database.read() as connection:
            query = sa.select(job_logs).where(job_logs.c.job_seq == job.seq).order_by(job_logs.c.seq)
            return [(row.seq, row.level, row.message) for row in await connection.execute(query)]

    async def declare_lost(self, job: RunningJob) -> None:
        """What another process does that finds the lock of the job's process free."""
        assert await self.repository.lose(await self.job(job.id), Reason.WORKER_LOST, "it is gone")


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database_url: str) -> AsyncIterator[Bench]:
    database = Database(database_url)
    library = await LibraryRepository(database).add("Music", "music", [b"/one", b"/two"])
    made = Bench(database, library.id, [root.id for root in library.roots])
    yield made
    await made.close()


def report(**counts: int) -> BatchReport:
    return BatchReport(Counters(**counts), Phase.READING, total=9, current_path="a/b")


# Claiming


async def test_d9_a_claim_inserts_a_row_that_runs_from_its_first_moment(bench: Bench) -> None:
    job = await bench.claim(b"x/y\xff", b"a", job_type=JobType.RESCAN)
    found = await bench.job(job.id)
    assert (found.id, found.seq, found.library_id) == (job.id, job.seq, bench.library_id)
    assert (found.type, found.status, found.fence) == (JobType.RESCAN, JobStatus.RUNNING, 1)
    assert set(found.scopes) == {bench.scope(b"a"), bench.scope(b"x/y\xff")}
    # The row names a process that is there, and one with that lock.
    assert await is_present(bench.database, found.worker_id)
    assert found.origin == "cli"
    assert found.queued_at is not None
    assert found.queued_at == found.started_at
    assert (found.completed_at, found.error, found.reason) == (None, None, None)
    row = await bench.row(job.id)
    # D13: what is not known is null.
    assert {name: row[name] for name in row if name.startswith("items_")} == dict.fromkeys(
        [name for name in row if name.startswith("items_")]
    )
    await job.cancel()
    assert found.worker_id is not None
    await _until_free(bench, found.worker_id)


async def test_d10_jobs_are_numbered_in_their_order(bench: Bench) -> None:
    seqs = []
    for _ in range(3):
        job = await bench.claim()
        seqs.append(job.seq)
        await job.finish(None, report())
    assert seqs == sorted(set(seqs))
    assert [job.seq for job in await bench.all()] == seqs[::-1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([b""], [b""]),
        ([b""], [b"A-M"]),
        ([b"A-M"], [b""]),
        ([b"A-M"], [b"A-M"]),
        ([b"A-M"], [b"A-M/Beatles/Help"]),
        ([b"A-M/Beatles/Help"], [b"A-M"]),
        ([b"x", b"A-M"], [b"y", b"A-M/Beatles"]),
    ],
)
async def test_a19_overlapping_scopes_never_run_at_the_same_time(
    bench: Bench, first: list[bytes], second: list[bytes]
) -> None:
    running = await bench.claim(*first)
    with pytest.raises(AlreadyRunning, match=running.id) as caught:
        await bench.claim(*second)
    assert "\n" not in str(caught.value)
    assert [job.status for job in await bench.all()] == [JobStatus.RUNNING]
    await running.commit(None, report())
    await running.finish(None, report())
    again = await bench.claim(*second)
    await again.cancel()


async def test_a19_disjoint_scopes_run_side_by_side(bench: Bench) -> None:
    scopes = [[bench.scope(b"A")], [bench.scope(b"A-M")], [bench.scope(b"B/x")], [bench.scope(b"", 1)]]
    running = [
        await RunningJob.claim(bench.database, bench.library_id, JobType.SCAN, part) for part in scopes
    ]
    for number, job in enumerate(running):
        await job.commit(None, report(found=number))
    for job in running:
        await job.finish(None, report())
        await job.close()
    assert {job.status for job in await bench.all()} == {JobStatus.COMPLETED}


async def test_a_rival_leaves_no_trace_when_it_is_refused(bench: Bench) -> None:
    running = await bench.claim()
    for _ in range(3):
        with pytest.raises(AlreadyRunning):
            await bench.claim()
    assert len(await bench.all()) == 1
    path = bench.database.path
    if path is not None:
        locks = [lock.name for lock in (path.parent / (path.name + ".locks")).iterdir()]
        # Beside the locks by which writers take turns.
        assert [name for name in locks if name not in PLACES] == [(await bench.job(running.id)).worker_id]
    await running.cancel()


async def test_of_many_claims_at_once_one_wins(bench: Bench) -> None:
    for _ in range(3):
        claims = await asyncio.gather(*(bench.claim() for _ in range(6)), return_exceptions=True)
        won = [claim for claim in claims if isinstance(claim, RunningJob)]
        assert len(won) == 1
        assert sum(isinstance(claim, AlreadyRunning) for claim in claims) == 5
        await won[0].finish(None, report())
    assert len(await bench.all()) == 3


_RUN = """
import asyncio, sys
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import AlreadyRunning, JobType, Phase, Scope
from shelfread.queue.running import RunningJob
from shelfread.store.database import Database

async def main():
    database = Database(sys.argv[1])
    scopes = [Scope(int(sys.argv[3]), sys.argv[4].encode())]
    try:
        job = await RunningJob.claim(database, int(sys.argv[2]), JobType.SCAN, scopes)
    except AlreadyRunning:
        print("refused", flush=True)
        return
    await job.commit(None, BatchReport(Counters(found=5, added=3), Phase.READING))
    print(job.id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Other:
    """Another process that claims a scope and then holds it."""

    def __init__(self, bench: Bench, relative: str = "") -> None:
        arguments = [bench.url, str(bench.library_id), str(bench.roots[0]), relative]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RUN, *arguments], stdout=subprocess.PIPE, text=True
        )

    async def answer(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()


async def test_a19_another_process_is_refused_too_and_a_disjoint_one_is_not(bench: Bench) -> None:
    mine = await bench.claim(b"A-M")
    inside, beside = Other(bench, "A-M/Beatles"), Other(bench, "N-Z")
    assert await inside.answer() == "refused"
    theirs = await beside.answer()
    with pytest.raises(AlreadyRunning, match=theirs):
        await bench.claim(b"N-Z/Zappa")
    beside.kill()
    inside.process.communicate()
    await mine.finish(None, report())


async def test_a_killed_owner_is_replaced_at_once(bench: Bench) -> None:
    other = Other(bench)
    lost_id = await other.answer()
    with pytest.raises(AlreadyRunning, match=lost_id):
        await bench.claim()
    other.kill()
    begun = asyncio.get_running_loop().time()
    while True:
        try:
            job = await bench.claim()
            break
        except AlreadyRunning:
            # A server needs a moment to hear that a client is gone; a kernel does not.
            assert not bench.database.is_sqlite
            assert asyncio.get_running_loop().time() - begun < 10
    lost = await bench.job(lost_id)
    assert (lost.status, lost.reason, lost.fence) == (JobStatus.FAILED, "worker_lost", 2)
    assert lost.error
    assert lost.completed_at is not None
    # What it committed stays.
    assert (lost.counters.found, lost.counters.added) == (5, 3)
    await job.finish(None, report())
    assert (await bench.job(lost_id)).status is JobStatus.FAILED


async def test_one_claim_takes_every_dead_job_out_of_its_way(bench: Bench) -> None:
    others = [Other(bench, name) for name in ("A", "B", "C")]
    ids = [await other.answer() for other in others]
    for other in others:
        other.kill()
    for job_id in ids:
        worker_id = (await bench.job(job_id)).worker_id
        assert worker_id is not None
        await _until_free(bench, worker_id)
    # Only what is in its way: the others are for the sweep.
    job = await bench.claim(b"A", b"B/x")
    assert [(await bench.job(job_id)).reason for job_id in ids] == ["worker_lost", "worker_lost", None]
    await job.cancel()


async def test_a_dead_workers_job_goes_back_into_the_queue_and_a_scan_here_goes_first(bench: Bench) -> None:
    left = await bench.attached()  # by a process that has no lock
    await left.commit(None, report(found=2, added=1))
    job = await bench.claim(b"A")
    back = await bench.job(left.id)
    assert (back.status, back.reason, back.fence) == (JobStatus.QUEUED, "worker_lost", 2)
    with pytest.raises(LostJob):
        await left.commit(None, report(found=3))
    await job.finish(None, report())
    await job.close()
    again = await bench.repository.claim_next(str(uuid.uuid4()))
    assert again is not None
    assert again.id == left.id
    assert again.carried.added == 1


async def test_a_living_workers_job_is_refused_while_it_is_cancelled_here(bench: Bench) -> None:
    running = await bench.claim()
    await bench.repository.cancel(running.id)
    with pytest.raises(AlreadyRunning, match=running.id):
        await bench.claim()
    await running.cancel()
    again = await bench.claim()
    await again.cancel()


# The fence


async def _late_write(bench: Bench, job: RunningJob, how: str) -> None:
    async def work(connection: Any) -> None:
        await next_id(connection, "genres", 1000)

    if how == "commit":
        await job.commit(work, report(found=99))
    else:
        await job.finish(work, report(found=99))


@pytest.mark.parametrize("how", ["commit", "finish"])
async def test_a_late_write_of_a_lost_job_changes_nothing(bench: Bench, how: str) -> None:
    job = await bench.claim()
    await job.commit(None, report(found=1))
    await bench.declare_lost(job)
    before, logs = await bench.row(job.id), await bench.logs(job)
    assert before["fence"] == 2
    with pytest.raises(LostJob):
        await _late_write(bench, job, how)
    assert await bench.row(job.id) == before
    assert await bench.logs(job) == logs

    async def given(connection: Any) -> int:
        return await next_id(connection, "genres")

    assert await bench.database.write(given) < 1000
    await job.close()


@pytest.mark.parametrize("how", ["fail", "cancel"])
async def test_a_late_ending_of_a_lost_job_changes_nothing_and_frees_the_lock(bench: Bench, how: str) -> None:
    job = await bench.claim()
    await bench.declare_lost(job)
    before, logs = await bench.row(job.id), await bench.logs(job)
    worker_id = job.job.worker_id
    assert worker_id is not None
    assert await is_held(bench.database, worker_id)
    await (job.fail(Reason.EXCEPTION, "too late") if how == "fail" else job.cancel())
    assert await bench.row(job.id) == before
    assert await bench.logs(job) == logs
    await _until_free(bench, worker_id)


# One transaction for a batch


async def test_rows_counters_and_logs_come_together(bench: Bench) -> None:
    job = await bench.claim()

    async def work(connection: Any) -> None:
        await next_id(connection, "batches", 7)

    counters = Counters(
        found=9, added=1, updated=2, moved=3, restored=4, unchanged=5, failed=6, skipped=7, removed=8
    )
    lines = [LogLine("info", "a [red] \x1b line"), LogLine("warning", "\U0001d11e", b"\xff\n")]
    await job.commit(work, BatchReport(counters, Phase.READING, 11, "a/b", lines))
    found = await bench.job(job.id)
    assert found.counters == counters
    assert (found.phase, found.items_total, found.current_path) == (Phase.READING, 11, "a/b")
    # Behind the line that says that it begins.
    assert [(level, text) for _, level, text in await bench.logs(job)][1:] == [
        (line.level, line.message) for line in lines
    ]

    async def fails(connection: Any) -> None:
        await work(connection)
        raise LookupError("halfway")

    before = await bench.row(job.id)
    with pytest.raises(LookupError):
        await job.commit(fails, BatchReport(Counters(found=99), Phase.DONE, logs=[LogLine("info", "x")]))
    assert await bench.row(job.id) == before
    assert len(await bench.logs(job)) == 3

    async def following(connection: Any) -> int:
        return await next_id(connection, "batches")

    assert await bench.database.write(following) == 8
    await job.cancel()


async def test_log_lines_are_numbered_without_a_gap(bench: Bench) -> None:
    job, other = await bench.claim(b"A"), await bench.claim(b"B")
    for count in (0, 3, 1, 0, 250):
        lines = [LogLine("info", f"{number}") for number in range(count)]
        await asyncio.gather(
            job.commit(None, BatchReport(Counters(), Phase.READING, logs=lines)),
            other.commit(None, BatchReport(Counters(), Phase.READING, logs=lines[:1])),
        )
    await job.finish(None, BatchReport(Counters(), Phase.DONE, logs=[LogLine("info", "last")]))
    await other.fail(Reason.EXCEPTION, "no more")
    logs = await bench.logs(job)
    assert [number for number, _, _ in logs] == list(range(1, len(logs) + 1))
    # Beside its own lines the job says when it begins and what came of it.
    assert len(logs) == 255 + 2
    assert "last" in [text for _, _, text in logs[-2:]]
    theirs = [number for number, _, _ in await bench.logs(other)]
    assert theirs == list(range(1, 4 + 1 + 1))
    assert (await bench.row(job.id))["log_seq"] == len(logs)


# Endings


async def test_a_finished_job_is_completed_with_its_last_rows(bench: Bench) -> None:
    job = await bench.claim()

    async def work(connection: Any) -> None:
        await next_id(connection, "endings", 7)

    await job.finish(work, BatchReport(Counters(found=4, unchanged=4), Phase.DONE, 4, "a"))
    found = await bench.job(job.id)
    assert (found.status, found.phase, found.error, found.reason) == (
        JobStatus.COMPLETED,
        Phase.DONE,
        None,
        None,
    )
    assert found.counters.unchanged == 4
    assert found.current_path is None
    assert found.completed_at is not None
    assert found.started_at is not None
    assert found.completed_at >= found.started_at


async def test_a_failed_job_says_why_and_a_cancelled_one_has_no_error(bench: Bench) -> None:
    failed = await bench.claim()
    await failed.commit(None, report(found=3))
    await failed.fail(Reason.EXCEPTION, "KeyError: 'x'\nsecond line")
    found = await bench.job(failed.id)
    assert (found.status, found.reason) == (JobStatus.FAILED, "exception")
    assert found.error == "KeyError: 'x'\nsecond line"
    assert found.counters.found == 3
    assert (await bench.logs(failed))[-1][1] == "error"
    cancelled = await bench.claim()
    await cancelled.cancel()
    found = await bench.job(cancelled.id)
    assert (found.status, found.reason, found.error) == (JobStatus.CANCELLED, None, None)


_ENDINGS = ("finish", "fail", "cancel", "close")


@pytest.mark.parametrize("second", _ENDINGS)
@pytest.mark.parametrize("first", _ENDINGS[:3])
async def test_d18_a_job_ends_exactly_once(bench: Bench, first: str, second: str) -> None:
    job = await bench.claim()

    async def end(how: str) -> None:
        if how == "finish":
            await job.finish(None, report())
        elif how == "fail":
            await job.fail(Reason.EXCEPTION, "trouble")
        else:
            await getattr(job, how)()

    await end(first)
    before, logs = await bench.row(job.id), await bench.logs(job)
    try:
        await end(second)
    except LostJob:
        assert second == "finish"
    assert await bench.row(job.id) == before
    assert await bench.logs(job) == logs
    again = await bench.claim()
    await again.cancel()


async def test_an_ending_that_cannot_be_written_frees_the_lock_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await bench.claim()

    async def no_database(_work: Any) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(bench.database, "write", no_database)
        with pytest.raises(OSError, match="the disk is gone"):
            await job.fail(Reason.EXCEPTION, "trouble")
    assert job.job.worker_id is not None
    await _until_free(bench, job.job.worker_id)
    again = await bench.claim()
    assert (await bench.job(job.id)).reason == "worker_lost"
    await again.cancel()


async def test_a_failing_claim_leaves_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise LookupError("halfway")

    with monkeypatch.context() as patched:
        patched.setattr(job_queueing, "insert_running", broken)
        with pytest.raises(LookupError):
            await bench.claim()
    assert await bench.all() == []
    if bench.database.path is not None:
        assert list(bench.database.path.parent.glob("*.locks/*-*")) == []
    job = await bench.claim()
    await job.cancel()


# The heartbeat


async def _until(condition: Any) -> None:
    async with asyncio.timeout(90):
        while not await condition():
            await asyncio.sleep(0.005)


async def _until_free(bench: Bench, worker_id: str) -> None:
    async def free() -> bool:
        return not await is_held(bench.database, worker_id)

    await _until(free)


@pytest.mark.parametrize("how", ["claim", "attached"])
async def test_a_heartbeat_goes_on_without_anybody_thinking_of_it(bench: Bench, how: str) -> None:
    job = await getattr(bench, how)(heartbeat_s=0.02)
    seen = {(await bench.row(job.id))["heartbeat_at"]}
    progress = (await bench.row(job.id))["progress_at"]

    async def beaten() -> bool:
        seen.add((await bench.row(job.id))["heartbeat_at"])
        return len(seen) > 4

    await _until(beaten)
    # A heart that beats is no progress: a job that hangs is found by that.
    assert (await bench.row(job.id))["progress_at"] == progress
    await job.finish(None, report())
    last = (await bench.row(job.id))["heartbeat_at"]
    assert last == max(seen | {last})


async def test_b1_what_moved_since_the_last_batch_is_told_by_a_heartbeat(bench: Bench) -> None:
    job = await bench.claim(heartbeat_s=0.02)
    counters = Counters(found=1)
    job.live = lambda: BatchReport(counters.copy(), Phase.READING, 7, "a/b")

    async def told() -> bool:
        found = await bench.job(job.id)
        return found.counters == counters and found.items_total == 7

    await _until(told)
    first = await bench.job(job.id)
    assert first.counted
    counters.found, counters.added = 5, 3
    await _until(told)
    found = await bench.job(job.id)
    assert (found.phase, found.current_path) == (Phase.READING, "a/b")
    assert found.progress_at is not None
    assert first.progress_at is not None
    assert found.progress_at > first.progress_at
    assert found.event_seq == first.event_seq
    await job.cancel()


async def test_i6_a_heartbeat_never_falls_behind_a_batch_that_was_cut_off_and_is_in(bench: Bench) -> None:
    """Told to stop in the middle of a commit, the work does not know that its counts are stored by now."""
    job = await bench.claim(heartbeat_s=0.02)
    job.live = lambda: BatchReport(Counters(found=9), Phase.READING, 9, "a/b")
    inside = asyncio.Event()

    async def slowly(_connection: Any) -> None:
        inside.set()
        await asyncio.sleep(0.05)

    committing = asyncio.create_task(job.commit(slowly, report(found=9, added=4)))
    await inside.wait()
    committing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await committing
    beats: set[int] = set()

    async def beaten() -> bool:
        found = await bench.job(job.id)
        assert found.counters == Counters(found=9, added=4)
        beats.add(found.heartbeat_at or 0)
        return len(beats) > 4

    await _until(beaten)
    # The next batch says it all again.
    await job.commit(None, report(found=9, added=5))
    job.live = lambda: BatchReport(Counters(found=9, added=6), Phase.READING, 9, "a/b")

    async def told() -> bool:
        return (await bench.job(job.id)).counters.added == 6

    await _until(told)
    await job.cancel()


async def test_b4_commits_are_heartbeats_and_spare_the_bare_ones(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    guards = 0
    genuine = job_writes.guard

    async def counting(*arguments: Any, **more: Any) -> None:
        nonlocal guards
        guards += 1
        await genuine(*arguments, **more)

    monkeypatch.setattr(job_writes, "guard", counting)
    job = await bench.claim()
    for _ in range(10):
        await job.commit(None, report())
    assert guards == 10
    await job.cancel()


class Work:
    """Work that goes on until it is cancelled."""

    def __init__(self, at_the_end: BaseException | None = None) -> None:
        self.begun = asyncio.Event()
        self.cancelled = False
        self._at_the_end = at_the_end

    async def __call__(self) -> str:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            if self._at_the_end is not None:
                raise self._at_the_end from None
            raise
        return "never"


async def test_i1_a_heartbeat_that_finds_the_job_lost_ends_its_work(bench: Bench) -> None:
    job = await bench.claim(heartbeat_s=0.02)
    work = Work()
    running = asyncio.create_task(job.run(work()))
    await work.begun.wait()
    await bench.declare_lost(job)
    before = await bench.row(job.id)
    async with asyncio.timeout(90):
        with pytest.raises(LostJob, match=job.id):
            await running
    assert work.cancelled
    assert await bench.row(job.id) == before
    await job.close()


async def test_a_heartbeat_that_finds_the_job_cancelled_ends_its_work(bench: Bench) -> None:
    job = await bench.attached(heartbeat_s=0.02)
    work = Work()
    running = asyncio.create_task(job.run(work()))
    await work.begun.wait()
    await bench.repository.cancel(job.id)
    async with asyncio.timeout(90):
        with pytest.raises(CancelRequested, match=job.id):
            await running
    assert work.cancelled
    await job.cancel()
    assert (await bench.job(job.id)).status is JobStatus.CANCELLED


async def test_what_a_heartbeat_found_out_is_told_also_when_the_work_dies_of_its_end(bench: Bench) -> None:
    job = await bench.claim(heartbeat_s=0.02)
    work = Work(RuntimeError("a pipe is closed"))
    running = asyncio.create_task(job.run(work()))
    await work.begun.wait()
    await bench.repository.cancel(job.id)
    async with asyncio.timeout(90):
        with pytest.raises(CancelRequested):
            await running
    await job.cancel()


async def test_work_that_ends_by_itself_says_how(bench: Bench) -> None:
    job = await bench.claim()

    async def answers() -> int:
        return 7

    async def fails() -> None:
        raise LookupError("of its own")

    assert await job.run(answers()) == 7
    with pytest.raises(LookupError, match="of its own"):
        await job.run(fails())
    await job.cancel()


async def test_who_is_cancelled_takes_its_work_along(bench: Bench) -> None:
    job = await bench.claim()
    work = Work()
    running = asyncio.create_task(job.run(work()))
    await work.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.cancelled
    await job.cancel()


async def test_a_job_that_is_let_go_leaves_no_heart(bench: Bench) -> None:
    before = asyncio.all_tasks()
    job = await bench.attached(heartbeat_s=0.02)
    await job.close()
    await job.close()
    # The row is its worker's to end.
    assert (await bench.job(job.id)).status is JobStatus.RUNNING
    assert asyncio.all_tasks() <= before


async def test_a_database_that_is_away_for_a_while_stops_no_heart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await bench.claim(heartbeat_s=0.02)
    asked = 0

    async def away(_work: Any) -> None:
        nonlocal asked
        asked += 1
        raise sa.exc.OperationalError("UPDATE", {}, Exception("the server is starting up"))

    with monkeypatch.context() as patched:
        patched.setattr(bench.database, "write", away)

        async def asked_twice() -> bool:
            return asked >= 2

        await _until(asked_twice)
    before = (await bench.row(job.id))["heartbeat_at"]

    async def beats_again() -> bool:
        return bool((await bench.row(job.id))["heartbeat_at"] > before)

    await _until(beats_again)
    await job.finish(None, report())
    assert (await bench.job(job.id)).status is JobStatus.COMPLETED
    await job.close()
    again = await bench.claim()
    await again.cancel()


async def test_b4_a_commit_puts_the_next_bare_heartbeat_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await bench.claim(heartbeat_s=3600)
    beats = 0
    genuine = ScanJobRepository.heartbeat

    async def counting(*arguments: Any, **more: Any) -> None:
        nonlocal beats
        beats += 1
        await genuine(*arguments, **more)

    monkeypatch.setattr(ScanJobRepository, "heartbeat", counting)
    job._last -= 7200
    await job.commit(None, report())
    await job._beat_if_due()
    assert beats == 0
    job._last -= 7200
    await job._beat_if_due()
    assert beats == 1
    await job.cancel()
