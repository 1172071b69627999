"""`queue.worker`: D14 to D24, A12 and A20, with tasks that are plain coroutines, on real databases."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.job import (
    CancelRequested,
    Job,
    JobRequest,
    JobStatus,
    JobType,
    LostJob,
    Reason,
    Stopped,
    TaskFailed,
    TaskLost,
)
from shelfread.queue import worker as worker_module
from shelfread.queue.bell import Bell
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.watch import Control, Task, WorkerClocks
from shelfread.queue.worker import LibraryScanWorker
from shelfread.store.tables import library_scan_jobs
from tests.queue.queue_stand import Stand, a_stand, report

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Looks often, gives up on tasks soon.
QUICK = WorkerClocks(watch_s=0.02, stall_s=900, stop_s=0.2, pause_s=0.05, settle_times=2)
#: Gives tasks all the time they want.
PATIENT = WorkerClocks(watch_s=0.02, stall_s=900, stop_s=60, pause_s=0.05)
#: Never looks by itself while a test lasts.
DEAF = WorkerClocks(watch_s=3600, stall_s=9000, stop_s=60, pause_s=0.05)


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        before = asyncio.all_tasks()
        yield made
        # A12: nothing is left behind, whatever happened to the tasks.
        await _until(lambda: not (asyncio.all_tasks() - before - {asyncio.current_task()}))


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def complaints() -> AsyncIterator[list[str]]:
    """What the event loop was told of tasks that nobody looked after: nothing."""
    found: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: found.append(repr(context)))
    yield found
    loop.set_exception_handler(None)
    assert found == []


async def _until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 30) -> None:
    async with asyncio.timeout(timeout_s):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.005)


class Ledger(logging.Handler):
    """A logger's lines, for tests."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []
        self.logger = logging.Logger("of a test")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))

    def errors(self) -> list[str]:
        return [text for level, text in self.lines if level == "ERROR"]


class Engine:
    """A task that remembers what it was called for, and then does what it was told to."""

    def __init__(self, does: Task | None = None) -> None:
        self.jobs: list[Job] = []
        self.begun = asyncio.Event()
        self.cancelled = 0
        self._does = does

    def has_had(self, count: int) -> bool:
        return len(self.jobs) == count

    async def __call__(self, job: Job, control: Control) -> None:
        self.jobs.append(job)
        self.begun.set()
        try:
            if self._does is not None:
                await self._does(job, control)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def worker(
    stand: Stand,
    task: Task | Mapping[str, Task],
    *,
    repository: ScanJobRepository | None = None,
    clocks: WorkerClocks = PATIENT,
    **more: Any,
) -> LibraryScanWorker:
    tasks: Mapping[str, Task] = (
        task if isinstance(task, Mapping) else {JobType.SCAN: task, JobType.RESCAN: task}
    )
    more.setdefault("worker_id", "worker-1")
    return LibraryScanWorker(repository or stand.repository, tasks, clocks=clocks, **more)


async def hangs(_job: Job, _control: Control) -> None:
    """Hears nothing but its cancellation."""
    await asyncio.Event().wait()


async def obeys(_job: Job, control: Control) -> None:
    """Stops when it is asked to."""
    await control.stop.wait()
    raise Stopped


def raising(error: BaseException) -> Task:
    async def task(_job: Job, _control: Control) -> None:
        raise error

    return task


async def found(stand: Stand, job: Job) -> Job:
    now = await stand.repository.get(job.id)
    assert now is not None
    return now


@asynccontextmanager
async def at_work(worker: LibraryScanWorker) -> AsyncIterator[asyncio.Task[bool]]:
    """A worker that handles one job meanwhile."""
    task = asyncio.create_task(worker.run_once())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


# One job: D14 to D21


async def test_d14_d19_run_once_handles_one_job_and_says_true(stand: Stand) -> None:
    first, second = await stand.queued(b"a"), await stand.queued(b"b")
    engine = Engine()
    assert await worker(stand, engine).run_once() is True
    assert [job.id for job in engine.jobs] == [first.id]
    assert await stand.statuses() == ["completed", "queued"]
    assert await worker(stand, engine).run_once() is True
    assert (await found(stand, second)).status is JobStatus.COMPLETED


async def test_d15_an_empty_queue_is_false_and_no_task_is_called(stand: Stand) -> None:
    engine = Engine()
    assert await worker(stand, engine).run_once() is False
    await stand.running(b"a")
    before = await stand.everything()
    assert await worker(stand, engine).run_once() is False
    assert engine.jobs == []
    assert await stand.everything() == before


async def test_d15_a_lost_race_is_false_and_no_task_is_called(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody claims the job between the look at the queue and the claim."""
    job = await stand.queued(b"a")
    rival = await stand.another()
    genuine = stand.repository._claim

    async def too_late(seen: Job, worker_id: str) -> Job | None:
        assert await rival.claim_next("worker-2") is not None
        return await genuine(seen, worker_id)

    monkeypatch.setattr(stand.repository, "_claim", too_late)
    engine = Engine()
    assert await worker(stand, engine).run_once() is False
    assert engine.jobs == []
    assert (await found(stand, job)).worker_id == "worker-2"


async def test_d8_d15_of_workers_that_want_one_job_one_works(stand: Stand) -> None:
    await stand.queued(b"a")
    engine = Engine()
    rivals = [
        worker(stand, engine, repository=await stand.another(), worker_id=f"worker-{number}")
        for number in range(4)
    ]
    worked = await asyncio.gather(*(rival.run_once() for rival in rivals))
    assert sorted(worked) == [False, False, False, True]
    assert len(engine.jobs) == 1


async def test_d16_a_rescan_runs_the_rescan_and_a_scan_the_scan(stand: Stand) -> None:
    scans, rescans = Engine(), Engine()
    first = await stand.queued(b"a", rescan=True)
    second = await stand.queued(b"b")
    one = worker(stand, {JobType.SCAN: scans, JobType.RESCAN: rescans})
    assert await one.run_once()
    assert await one.run_once()
    assert [job.id for job in rescans.jobs] == [first.id]
    assert [job.id for job in scans.jobs] == [second.id]


async def test_b5_jobs_of_types_that_a_worker_does_not_do_are_left_to_others(stand: Stand) -> None:
    prune = (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job
    assert await worker(stand, Engine()).run_once() is False
    engine = Engine()
    assert await worker(stand, {JobType.PRUNE: engine}).run_once() is True
    assert [job.id for job in engine.jobs] == [prune.id]
    assert (await found(stand, prune)).status is JobStatus.COMPLETED


async def test_d17_success_is_completed_and_true(stand: Stand) -> None:
    job = await stand.queued(b"a")
    assert await worker(stand, Engine()).run_once() is True
    done = await found(stand, job)
    assert (done.status, done.error, done.reason) == (JobStatus.COMPLETED, None, None)
    assert done.completed_at is not None
    assert await stand.kinds(job) == ["queued", "claimed", "completed"]


async def test_d17_a_task_that_completes_its_job_itself_is_not_ended_twice(stand: Stand) -> None:
    async def completes(job: Job, _control: Control) -> None:
        await stand.repository.finish(job, None, report(found=3, added=3))

    job = await stand.queued(b"a")
    ledger = Ledger()
    assert await worker(stand, Engine(completes), logger=ledger.logger).run_once() is True
    done = await found(stand, job)
    assert (done.status, done.counters.added) == (JobStatus.COMPLETED, 3)
    assert await stand.kinds(job) == ["queued", "claimed", "batch", "completed"]
    assert ledger.errors() == []


class Strange(BaseException):
    """Not even an Exception."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (LookupError("no such thing"), "LookupError: no such thing"),
        (RuntimeError(), "RuntimeError"),
        (ValueError("two\nlines"), "ValueError: two\nlines"),
        (ValueError("a\0b \udcff \ud800 \U0001d11e"), "ValueError: ab ? ? \U0001d11e"),
        (ExceptionGroup("some", [ValueError("x")]), "ExceptionGroup: some (1 sub-exception)"),
        (BaseExceptionGroup("many", [Strange()]), "BaseExceptionGroup: many (1 sub-exception)"),
        (Strange("odd"), "Strange: odd"),
        (TimeoutError("slow"), "TimeoutError: slow"),
        (KeyError("x" * 5_000), "KeyError: '" + "x" * 1_987 + " …"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_d18_any_exception_is_failed_with_its_message_logged_and_true(
    stand: Stand, error: BaseException, told: str
) -> None:
    job = await stand.queued(b"a")
    ledger = Ledger()
    assert await worker(stand, Engine(raising(error)), logger=ledger.logger).run_once() is True
    done = await found(stand, job)
    assert (done.status, done.reason, done.error) == (JobStatus.FAILED, Reason.EXCEPTION, told)
    (line,) = ledger.errors()
    assert job.id in line
    # Never also completed.
    assert await stand.kinds(job) == ["queued", "claimed", "failed"]
    assert [entry["level"] for entry in await stand.lines(job)].count("error") == 1


async def test_d18_a_task_that_says_why_it_failed_is_believed(stand: Stand) -> None:
    job = await stand.queued(b"a")
    error = TaskFailed(Reason.ROOT_UNAVAILABLE, "/music is empty")
    assert await worker(stand, Engine(raising(error))).run_once() is True
    done = await found(stand, job)
    assert (done.status, done.reason, done.error) == (
        JobStatus.FAILED,
        Reason.ROOT_UNAVAILABLE,
        "/music is empty",
    )


async def test_d18_a_task_that_fails_at_once_does_not_wait_for_a_look(stand: Stand) -> None:
    await stand.queued(b"a")
    async with asyncio.timeout(90):
        assert await worker(stand, raising(ValueError()), clocks=DEAF).run_once() is True


@pytest.mark.parametrize(
    "values",
    [{"library_id": None}, {"scopes": "["}, {"scopes": "[]"}, {"id": ""}],
    ids=["no library", "unreadable", "no folder", "no id"],
)
async def test_d20_a_row_that_nobody_can_run_is_logged_and_skipped(
    stand: Stand, values: dict[str, Any]
) -> None:
    job = await stand.queued(b"a")
    await stand.edit(job, **values)
    after = await stand.queued(b"b")
    engine, ledger = Engine(), Ledger()
    one = worker(stand, engine, logger=ledger.logger)
    assert await one.run_once() is True
    assert engine.jobs == []
    (row,) = [row for row in await stand.rows() if row["seq"] == job.seq]
    assert (row["status"], row["reason"]) == ("failed", "invalid_row")
    assert row["error"]
    assert len(ledger.errors()) == 1
    # And nobody meets it again.
    assert await one.run_once() is True
    assert [done.id for done in engine.jobs] == [after.id]
    assert await one.run_once() is False


async def test_d21_without_a_logger_all_goes_the_same_way(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = await stand.queued(b"a"), await stand.queued(b"b")

    async def picky(job: Job, _control: Control) -> None:
        if job.id == bad.id:
            raise ValueError("no")

    one = LibraryScanWorker(stand.repository, {JobType.SCAN: picky}, worker_id="worker-1")
    with caplog.at_level(logging.INFO, "shelfread.queue.worker"):
        assert await one.run_once()
        assert await one.run_once()
    assert await stand.statuses() == ["completed", "failed"]
    assert good.id in caplog.text
    assert bad.id in caplog.text


# Who else may end it


async def test_i1_a_job_that_was_taken_away_ends_its_task_and_nothing_is_written(stand: Stand) -> None:
    await stand.queued(b"a")
    engine = Engine(hangs)
    one = worker(stand, engine)
    async with at_work(one) as work:
        await engine.begun.wait()
        (job,) = engine.jobs
        assert await stand.repository.lose(job, Reason.WORKER_LOST, "they say") is JobStatus.QUEUED
        before = await stand.everything()
        async with asyncio.timeout(90):
            assert await work is True
    assert engine.cancelled == 1
    assert await stand.everything() == before


@pytest.mark.parametrize("how", ["returns", "raises", "says lost"])
async def test_i1_a_task_that_ends_after_its_job_was_taken_writes_nothing(stand: Stand, how: str) -> None:
    await stand.queued(b"a")

    async def late(job: Job, _control: Control) -> None:
        await stand.repository.lose(job, Reason.WORKER_LOST, "they say")
        if how == "raises":
            raise ValueError("too late")
        if how == "says lost":
            raise LostJob(job.id)

    one = worker(stand, late, clocks=DEAF)
    assert await one.run_once() is True
    assert await stand.statuses() == ["queued"]
    (job,) = await stand.repository.listed()
    assert await stand.kinds(job) == ["queued", "claimed", "requeued"]


async def test_a_task_whose_process_is_gone_costs_one_attempt(stand: Stand) -> None:
    job = await stand.queued(b"a", max_attempts=2)
    one = worker(stand, raising(TaskLost("it was killed")))
    assert await one.run_once() is True
    back = await found(stand, job)
    assert (back.status, back.losses, back.reason) == (JobStatus.QUEUED, 1, "worker_lost")
    assert await one.run_once() is True
    done = await found(stand, job)
    assert (done.status, done.reason, done.error) == (JobStatus.FAILED, "worker_lost", "it was killed")
    assert await one.run_once() is False


async def test_a_lost_attempt_whose_row_is_held_for_a_moment_is_given_back_all_the_same(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of the task may still write: its last statement holds the row. It is tried again."""
    if stand.database.is_sqlite:
        pytest.skip("one writer at a time: whoever would lose a job waits for its turn")
    monkeypatch.setattr(worker_module, "_LOSE_PAUSE_S", 0.01)
    job = await stand.queued(b"a")
    held, passed_over, done_with_it = asyncio.Event(), asyncio.Event(), asyncio.Event()
    genuine = stand.repository.lose

    async def lose(*arguments: Any, **more: Any) -> JobStatus | None:
        status = await genuine(*arguments, **more)
        if status is None:
            passed_over.set()
        return status

    async def holding(connection: Any) -> None:
        query = sa.select(library_scan_jobs.c.id).where(library_scan_jobs.c.id == job.id)
        await connection.execute(query.with_for_update())
        held.set()
        await done_with_it.wait()

    async def is_lost(_job: Job, _control: Control) -> None:
        holders.append(asyncio.create_task((await stand.another()).database.write(holding)))
        await held.wait()
        raise TaskLost("it was killed")

    holders: list[asyncio.Task[None]] = []
    monkeypatch.setattr(stand.repository, "lose", lose)
    async with asyncio.timeout(90):
        working = asyncio.create_task(worker(stand, is_lost).run_once())
        await passed_over.wait()
        assert (await found(stand, job)).status is JobStatus.RUNNING
        done_with_it.set()
        await asyncio.gather(*holders)
        assert await working is True
    back = await found(stand, job)
    assert (back.status, back.losses, back.reason) == (JobStatus.QUEUED, 1, "worker_lost")


async def test_i7_a_task_that_stops_unasked_is_not_tried_for_ever(stand: Stand) -> None:
    """It would go back without its attempt counting, and be claimed again at once, without end."""
    job = await stand.queued(b"a", max_attempts=3)
    for error in (Stopped(), asyncio.CancelledError(), Stopped()):
        stand.clock.turn(600)
        assert (await found(stand, job)).status is JobStatus.QUEUED
        assert await worker(stand, raising(error)).run_once() is True
    done = await found(stand, job)
    assert (done.status, done.reason) == (JobStatus.FAILED, "worker_lost")


# The deadline: A12, A20


async def test_a12_a_job_past_its_deadline_is_stopped_and_keeps_what_it_committed(stand: Stand) -> None:
    async def commits_and_hangs(job: Job, control: Control) -> None:
        await stand.repository.commit(job, lambda c: stand.mark(c, 7), report(found=3, added=2))
        await hangs(job, control)

    job = await stand.queued(b"a", timeout_s=1)
    engine, ledger = Engine(commits_and_hangs), Ledger()
    threads = {thread for thread in threading.enumerate() if "aiosqlite" not in repr(thread)}
    begun = time.monotonic()
    # The deadline waits for no look at the row.
    async with asyncio.timeout(90):
        assert await worker(stand, engine, clocks=DEAF, logger=ledger.logger).run_once() is True
    assert time.monotonic() - begun >= 1
    done = await found(stand, job)
    assert (done.status, done.reason, done.counters.added) == (JobStatus.FAILED, "deadline", 2)
    assert done.error is not None
    assert "1 seconds" in done.error
    assert engine.cancelled == 1
    assert len(ledger.errors()) == 1
    assert await stand.marked() == [7]
    # Connections of SQLite have a thread each; nobody else has one.
    beside = {thread for thread in threading.enumerate() if thread not in threads}
    assert not [thread for thread in beside if "connection_worker" not in thread.name], beside
    # Its library is free at once.
    assert await worker(stand, Engine()).run_once() is False
    await stand.running(b"a")


async def test_a12_a_task_that_makes_another_error_of_its_end_has_met_its_deadline_too(stand: Stand) -> None:
    async def breaks(_job: Job, _control: Control) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("the pipe is closed")

    job = await stand.queued(b"a", timeout_s=1)
    assert await worker(stand, breaks).run_once() is True
    assert (await found(stand, job)).reason == "deadline"


async def test_a12_earlier_attempts_count_against_the_deadline(stand: Stand) -> None:
    job = await stand.queued(b"a", timeout_s=100)
    await stand.edit(job, used_us=99_900_000, fence=1)
    async with asyncio.timeout(90):
        assert await worker(stand, hangs).run_once() is True
    assert (await found(stand, job)).reason == "deadline"


async def test_a12_a_job_without_any_time_left_ends_without_harm(stand: Stand) -> None:
    job = await stand.queued(b"a", timeout_s=1)
    await stand.edit(job, used_us=999_000_000, fence=1)
    assert await worker(stand, hangs).run_once() is True
    assert (await found(stand, job)).reason == "deadline"


async def test_a20_every_job_of_a_request_has_the_whole_time_for_itself(stand: Stand) -> None:
    short, long = await stand.repository.enqueue_all(
        [
            stand.request(b"a", request_id="one", timeout_s=1),
            stand.request(b"b", request_id="one", timeout_s=60),
        ]
    )
    first, second = Engine(hangs), Engine(hangs)
    async with at_work(worker(stand, first)) as ends, at_work(worker(stand, second)) as goes_on:
        await asyncio.gather(first.begun.wait(), second.begun.wait())
        async with asyncio.timeout(90):
            done, _ = await asyncio.wait([ends, goes_on], return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        assert (await found(stand, short.job)).reason == "deadline"
        assert (await found(stand, long.job)).status is JobStatus.RUNNING
        await stand.repository.cancel(long.job.id)


# Stall


async def test_a_job_in_which_nothing_moves_is_taken_back(stand: Stand) -> None:
    async def beats(job: Job, _control: Control) -> None:
        while True:
            await stand.repository.heartbeat(job)
            await asyncio.sleep(0.01)

    job = await stand.queued(b"a")
    clocks = WorkerClocks(watch_s=0.02, stall_s=0.3, stop_s=60)
    engine = Engine(beats)
    async with asyncio.timeout(90):
        assert await worker(stand, engine, clocks=clocks).run_once() is True
    back = await found(stand, job)
    assert (back.status, back.reason, back.losses) == (JobStatus.QUEUED, "stalled", 1)
    assert engine.cancelled == 1


async def test_a_job_in_which_something_moves_is_left_alone(stand: Stand) -> None:
    """For several times the stall limit; every batch and every heartbeat that moved is progress."""

    async def moves(job: Job, _control: Control) -> None:
        until = time.monotonic() + 3
        number = 0
        while time.monotonic() < until:
            number += 1
            stand.clock.turn(0.001)
            if number % 2:
                await stand.repository.commit(job, None, report(found=number))
            else:
                await stand.repository.heartbeat(job, report(found=number), moved=True)
            await asyncio.sleep(0.02)

    job = await stand.queued(b"a")
    clocks = WorkerClocks(watch_s=0.02, stall_s=1.0, stop_s=60)
    assert await worker(stand, moves, clocks=clocks).run_once() is True
    assert (await found(stand, job)).status is JobStatus.COMPLETED


# Cancel


async def test_a_cancelled_job_ends_with_its_next_batch(stand: Stand) -> None:
    async def commits(job: Job, _control: Control) -> None:
        for number in range(10_000):
            await stand.repository.commit(job, partial(stand.mark, number=number), report(found=number))
            await asyncio.sleep(0.001)

    job = await stand.queued(b"a")
    engine = Engine(commits)
    async with at_work(worker(stand, engine, clocks=DEAF)) as work:
        await _until(_marked(stand))
        await stand.repository.cancel(job.id)
        marks = await stand.marked()
        async with asyncio.timeout(90):
            assert await work is True
        # I9: no write after the wish was committed.
        assert await stand.marked() == marks
    assert (await found(stand, job)).status is JobStatus.CANCELLED
    assert (await stand.kinds(job))[-2:] == ["cancel_requested", "cancelled"]


def _marked(stand: Stand) -> Callable[[], Awaitable[bool]]:
    async def any_mark() -> bool:
        return bool(await stand.marked())

    return any_mark


async def test_a_task_is_asked_to_stop_within_a_look_of_the_cancel(stand: Stand) -> None:
    job = await stand.queued(b"a")
    engine = Engine(obeys)
    async with at_work(worker(stand, engine)) as work:
        await engine.begun.wait()
        await stand.repository.cancel(job.id)
        async with asyncio.timeout(90):
            assert await work is True
    assert (await found(stand, job)).status is JobStatus.CANCELLED
    assert engine.cancelled == 0


async def test_a_task_that_ignores_the_cancel_is_ended(stand: Stand) -> None:
    job = await stand.queued(b"a")
    engine = Engine(hangs)
    async with at_work(worker(stand, engine, clocks=QUICK)) as work:
        await engine.begun.wait()
        await stand.repository.cancel(job.id)
        async with asyncio.timeout(90):
            assert await work is True
    done = await found(stand, job)
    assert (done.status, done.error) == (JobStatus.CANCELLED, None)
    assert engine.cancelled == 1


async def test_the_bell_makes_a_cancel_heard_at_once(stand: Stand) -> None:
    bell = Bell()
    repository = ScanJobRepository(stand.database, clock=stand.clock, ring=bell.ring)
    job = await stand.queued(b"a")
    engine = Engine(obeys)
    async with at_work(worker(stand, engine, repository=repository, bell=bell, clocks=DEAF)) as work:
        await engine.begun.wait()
        await repository.cancel(job.id)
        async with asyncio.timeout(90):
            assert await work is True
    assert (await found(stand, job)).status is JobStatus.CANCELLED


async def test_i9_a_task_that_returns_although_its_job_is_cancelled_is_not_completed(stand: Stand) -> None:
    job = await stand.queued(b"a")

    async def returns(job: Job, _control: Control) -> None:
        await stand.repository.cancel(job.id)

    assert await worker(stand, returns, clocks=DEAF).run_once() is True
    assert (await found(stand, job)).status is JobStatus.CANCELLED
    assert await stand.kinds(job) == ["queued", "claimed", "cancel_requested", "cancelled"]


async def test_a_task_that_saw_the_cancel_itself_ends_it(stand: Stand) -> None:
    job = await stand.queued(b"a")

    async def sees(job: Job, _control: Control) -> None:
        await stand.repository.cancel(job.id)
        raise CancelRequested(job.id)

    assert await worker(stand, sees, clocks=DEAF).run_once() is True
    assert (await found(stand, job)).status is JobStatus.CANCELLED


# Stop and drain


@pytest.mark.parametrize("task", [obeys, hangs], ids=["obeys", "hangs"])
async def test_a_stopped_worker_puts_its_job_back_and_the_attempt_does_not_count(
    stand: Stand, task: Task
) -> None:
    job = await stand.queued(b"a")
    engine = Engine(task)
    one = worker(stand, engine, clocks=PATIENT if task is obeys else QUICK)
    one.start(3600)
    await engine.begun.wait()
    async with asyncio.timeout(90):
        await one.stop()
    assert one.job is None
    back = await found(stand, job)
    assert (back.status, back.attempt, back.losses) == (JobStatus.QUEUED, 0, 0)
    assert back.run_at <= stand.clock()
    assert await stand.kinds(job) == ["queued", "claimed", "released"]
    assert engine.cancelled == (0 if task is obeys else 1)
    # And it takes no new work.
    assert len(engine.jobs) == 1


async def test_a_stopped_worker_ends_a_job_that_somebody_cancelled(stand: Stand) -> None:
    job = await stand.queued(b"a")
    engine = Engine(obeys)
    one = worker(stand, engine, clocks=DEAF)
    one.start(3600)
    await engine.begun.wait()
    await stand.repository.cancel(job.id)
    async with asyncio.timeout(90):
        await one.stop()
    assert (await found(stand, job)).status is JobStatus.CANCELLED


async def test_a_task_that_is_done_when_it_hears_of_the_stop_is_completed(stand: Stand) -> None:
    async def finishes(_job: Job, control: Control) -> None:
        await control.stop.wait()

    job = await stand.queued(b"a")
    engine = Engine(finishes)
    one = worker(stand, engine)
    one.start(3600)
    await engine.begun.wait()
    async with asyncio.timeout(90):
        await one.stop()
    assert (await found(stand, job)).status is JobStatus.COMPLETED


async def test_a_worker_without_work_stops_at_once_and_may_be_stopped_again(stand: Stand) -> None:
    one = worker(stand, Engine())
    await one.stop()
    two = worker(stand, Engine())
    two.start(3600)
    async with asyncio.timeout(90):
        await two.stop()
        await two.stop()
        await two.stopped()


async def test_a_stop_between_claim_and_task_is_heard_by_the_task(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await stand.queued(b"a")
    engine = Engine(obeys)
    one = worker(stand, engine, clocks=DEAF)
    genuine = stand.repository.claim_next

    async def and_stop(*arguments: Any) -> Job | None:
        claimed = await genuine(*arguments)
        stopping.append(asyncio.create_task(one.stop()))
        await asyncio.sleep(0)
        return claimed

    stopping: list[asyncio.Task[None]] = []
    monkeypatch.setattr(stand.repository, "claim_next", and_stop)
    one.start(3600)
    async with asyncio.timeout(90):
        await one.stopped()
        await asyncio.gather(*stopping)
    assert (await found(stand, job)).status is JobStatus.QUEUED


async def test_a_drained_worker_does_its_job_to_the_end_and_takes_no_other(stand: Stand) -> None:
    go_on = asyncio.Event()

    async def waits(_job: Job, _control: Control) -> None:
        await go_on.wait()

    first, second = await stand.queued(b"a"), await stand.queued(b"b")
    engine = Engine(waits)
    one = worker(stand, engine)
    one.start(3600)
    await engine.begun.wait()
    one.drain()
    assert (await found(stand, first)).status is JobStatus.RUNNING
    go_on.set()
    async with asyncio.timeout(90):
        await one.stopped()
    assert (await found(stand, first)).status is JobStatus.COMPLETED
    assert (await found(stand, second)).status is JobStatus.QUEUED
    assert len(engine.jobs) == 1


async def test_a_drained_worker_can_still_be_stopped(stand: Stand) -> None:
    job = await stand.queued(b"a")
    engine = Engine(obeys)
    one = worker(stand, engine)
    one.start(3600)
    await engine.begun.wait()
    one.drain()
    async with asyncio.timeout(90):
        await one.stop()
    assert (await found(stand, job)).status is JobStatus.QUEUED


async def test_a_program_that_ends_without_waiting_puts_the_job_back(stand: Stand) -> None:
    job = await stand.queued(b"a")
    engine = Engine(hangs)
    async with at_work(worker(stand, engine)) as work:
        await engine.begun.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert (await found(stand, job)).status is JobStatus.QUEUED
    assert engine.cancelled == 1


async def test_a_worker_ends_when_it_is_cancelled_even_while_the_database_is_away(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a program that was told to end would go on for ever."""
    await stand.queued(b"a")
    engine = Engine(hangs)
    one = worker(stand, engine)
    one.start(3600)
    await engine.begun.wait()
    loop = one._loop
    assert loop is not None
    with monkeypatch.context() as patched:
        patched.setattr(stand.database, "write", _away)
        loop.cancel()
        await asyncio.wait([loop], timeout=30)
    if not (ended := loop.cancelled()):
        await one.stop()
    assert ended


# The loop: D22 to D24


async def test_d22_start_installs_the_loop_and_returns_at_once(stand: Stand) -> None:
    await stand.queued(b"a")
    engine = Engine()
    one = worker(stand, engine)
    begun = time.monotonic()
    one.start(3600)
    assert engine.jobs == []
    assert time.monotonic() - begun < 5
    await _until(engine.begun.is_set)
    # A second start is no second loop.
    loop = one._loop
    one.start(1)
    assert one._loop is loop
    await one.stop()


async def test_d22_d24_the_event_loop_turns_while_workers_poll_and_work(stand: Stand) -> None:
    """Nothing in a worker blocks: the loop's turns go on at their pace beside polls, watches and jobs."""
    for number in range(6):
        await stand.queued(b"%d" % number)

    async def a_while(_job: Job, _control: Control) -> None:
        await asyncio.sleep(0.05)

    engines = [Engine(a_while) for _ in range(2)]
    some = [worker(stand, engine, clocks=QUICK) for engine in engines]
    for one in some:
        one.start(0.01)
    turns = 0
    async with asyncio.timeout(90):
        while await stand.statuses() != ["completed"] * 6:
            for _ in range(20):
                await asyncio.sleep(0)
                turns += 1
    for one in some:
        await one.stop()
    assert turns > 100
    assert sum(len(engine.jobs) for engine in engines) == 6


async def test_d23_n_jobs_drain_in_at_most_n_ticks_one_for_each(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await stand.queued(b"%d" % number)
    engine = Engine()
    one = worker(stand, engine)
    ticks: list[tuple[bool, int]] = []
    genuine = one.run_once

    async def counted() -> bool:
        before = len(engine.jobs)
        worked = await genuine()
        ticks.append((worked, len(engine.jobs) - before))
        return worked

    monkeypatch.setattr(one, "run_once", counted)
    one.start(3600)
    await _until(lambda: len(ticks) >= 6)
    await one.stop()
    assert ticks == [(True, 1)] * 5 + [(False, 0)]
    assert await stand.statuses() == ["completed"] * 5


async def test_d23_a_ring_makes_a_tick_come_sooner(stand: Stand) -> None:
    bell = Bell()
    repository = ScanJobRepository(stand.database, clock=stand.clock, ring=bell.ring)
    engine = Engine()
    one = worker(stand, engine, repository=repository, bell=bell)
    one.start(3600)
    for number in range(3):
        await repository.enqueue(stand.request(b"%d" % number))
        await _until(partial(engine.has_had, number + 1))
    await one.stop()


async def test_d22_without_a_ring_the_poll_finds_the_job(stand: Stand) -> None:
    engine = Engine()
    one = worker(stand, engine)
    one.start(0.05)
    await stand.queued(b"a")
    await _until(engine.begun.is_set)
    await one.stop()


async def test_d24_jobs_without_end_starve_nobody(stand: Stand) -> None:
    """A queue that is never empty: another coroutine gets its turn between two jobs."""
    turns: list[int] = []
    engine = Engine()

    async def other() -> None:
        while True:
            turns.append(len(engine.jobs))
            await asyncio.sleep(0)

    for number in range(8):
        await stand.queued(b"%d" % number)
    beside = asyncio.create_task(other())
    one = worker(stand, engine)
    one.start(3600)
    await _until(lambda: len(engine.jobs) == 8)
    await one.stop()
    beside.cancel()
    await asyncio.wait([beside])
    assert set(range(1, 8)) <= set(turns)


# The database goes away


async def _away(_work: Any = None) -> Any:
    raise sa.exc.OperationalError("SELECT", {}, Exception("the server is starting up"))


async def test_a_database_that_is_away_is_asked_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, ledger = Engine(), Ledger()
    await stand.queued(b"a")
    one = worker(stand, engine, logger=ledger.logger)
    with monkeypatch.context() as patched:
        patched.setattr(stand.repository, "claim_next", lambda *_: _away())
        one.start(3600)
        await _until(lambda: len(ledger.errors()) >= 3)
        assert engine.jobs == []
    await _until(engine.begun.is_set)
    await one.stop()
    assert await stand.statuses() == ["completed"]
    assert all("\n" not in line for line in ledger.errors())


async def test_a_database_that_is_away_while_a_job_runs_ends_no_task(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def waits(_job: Job, _control: Control) -> None:
        await go_on.wait()

    job = await stand.queued(b"a")
    engine, ledger = Engine(waits), Ledger()
    async with at_work(worker(stand, engine, logger=ledger.logger)) as work:
        await engine.begun.wait()
        with monkeypatch.context() as patched:
            patched.setattr(stand.repository, "get", lambda *_: _away())
            await _until(lambda: sum(level == "WARNING" for level, _ in ledger.lines) >= 3)
        go_on.set()
        async with asyncio.timeout(90):
            assert await work is True
    assert (await found(stand, job)).status is JobStatus.COMPLETED


@pytest.mark.parametrize("what", ["deadline", "stop"])
async def test_a12_a_database_that_does_not_answer_keeps_no_job_from_being_ended(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A server that hangs gives no error: the watch must not wait for it."""

    async def never(_job_id: str) -> Job | None:
        await asyncio.Event().wait()
        return None

    job = await stand.queued(b"a", timeout_s=1 if what == "deadline" else 600)
    engine = Engine(hangs)
    one = worker(stand, engine, clocks=QUICK)
    with monkeypatch.context() as patched:
        patched.setattr(stand.repository, "get", never)
        one.start(3600)
        await engine.begun.wait()
        async with asyncio.timeout(90):
            if what == "stop":
                await one.stop()
            else:
                await _until(lambda: engine.cancelled == 1)
                await one.stop()
    now = await found(stand, job)
    if what == "stop":
        assert now.status is JobStatus.QUEUED
    else:
        assert now.reason == "deadline"


@pytest.mark.parametrize("ends", ["completes", "fails", "loses"])
async def test_i7_a_database_that_is_away_at_the_end_of_a_job_keeps_no_worker_from_the_next(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """The end cannot be written: the lease brings the job back (`test_rescue`), the worker goes on."""
    first, second = await stand.queued(b"a"), await stand.queued(b"b")
    away = True

    async def ended(job: Job, _control: Control) -> None:
        if job.id == first.id and ends == "fails":
            raise ValueError("trouble")
        if job.id == first.id and ends == "loses":
            raise TaskLost("gone")

    genuine = stand.database.write

    async def write(work: Any) -> Any:
        return await (_away() if engine.jobs and away else genuine(work))

    engine, ledger = Engine(ended), Ledger()
    monkeypatch.setattr(stand.database, "write", write)
    one = worker(stand, engine, logger=ledger.logger, clocks=QUICK)
    one.start(3600)
    await _until(lambda: any("no job can be taken" in line for line in ledger.errors()))
    away = False

    async def second_is_done() -> bool:
        return (await found(stand, second)).status is JobStatus.COMPLETED

    await _until(second_is_done)
    await one.stop()
    left = await found(stand, first)
    # Not lost, and not ended with a lie: it is still his, and silent.
    assert left.status is JobStatus.RUNNING
    assert await stand.repository.lose(left, Reason.WORKER_LOST, "silent") is JobStatus.QUEUED


# At the same moment


@pytest.mark.parametrize("what", ["cancel", "stop", "deadline", "lose"])
async def test_a_task_that_ends_at_the_very_moment_ends_in_exactly_one_way(stand: Stand, what: str) -> None:
    """Again and again, with the two a few turns of the event loop apart in either order."""
    dice = random.Random(what)
    rounds = 25 if stand.database.is_sqlite else 12
    seen: set[JobStatus] = set()
    for number in range(rounds):
        turns = dice.randrange(40)
        go_on = asyncio.Event()

        async def ends(_job: Job, control: Control, go_on: asyncio.Event = go_on, n: int = number) -> None:
            hears = asyncio.ensure_future(control.stop.wait())
            goes = asyncio.ensure_future(go_on.wait())
            try:
                await asyncio.wait([hears, goes], return_when=asyncio.FIRST_COMPLETED)
            finally:
                hears.cancel()
                goes.cancel()
            if n % 3 == 1:
                raise ValueError("at the same moment")
            if control.stop.is_set() and n % 3 == 2:
                raise Stopped

        folder = b"%d" % number
        job = await stand.queued(folder, timeout_s=600)
        engine = Engine(ends)
        one = worker(stand, engine, clocks=QUICK)
        if what == "deadline":
            # Some 30 ms are left of it.
            await stand.edit(job, used_us=600_000_000 - 30_000, fence=1)
        one.start(3600)
        await engine.begun.wait()
        (claimed,) = engine.jobs

        async def other(one: LibraryScanWorker = one, claimed: Job = claimed) -> None:
            if what == "cancel":
                await stand.repository.cancel(claimed.id)
            elif what == "stop":
                await one.stop()
            elif what == "lose":
                await stand.repository.lose(claimed, Reason.WORKER_LOST, "they say")

        async def ending(go_on: asyncio.Event = go_on, turns: int = turns) -> None:
            await asyncio.sleep(turns / 4000 + (0.02 if what == "deadline" else 0))
            for _ in range(turns):
                await asyncio.sleep(0)
            go_on.set()

        async with asyncio.timeout(90):
            await asyncio.gather(other(), ending())
            one.drain()
            await one.stopped()
        now = await found(stand, job)
        seen.add(now.status)
        kinds = await stand.kinds(job)
        ends_of = [kind for kind in kinds if kind in ("completed", "failed", "cancelled")]
        assert len(ends_of) == (1 if now.status.ended else 0)
        if what == "cancel" and "cancel_requested" in kinds:
            assert now.status in (JobStatus.CANCELLED, JobStatus.FAILED)
        if what == "deadline":
            assert now.status in (JobStatus.COMPLETED, JobStatus.FAILED)
        if what in ("stop", "lose"):
            assert now.status is not JobStatus.RUNNING
        if now.status is JobStatus.QUEUED:
            assert kinds[-1] in ("released", "requeued")
            assert (now.losses == 0) == (kinds[-1] == "released")
            assert await stand.repository.cancel(job.id)
    await stand.sound()
    assert len(seen) > 1 or what == "lose", seen
    gc.collect()  # that nobody looked at an error is told when its task goes: see `complaints`
    await asyncio.sleep(0)


async def test_d24_ticks_that_never_wait_give_others_their_turn(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a database does: between two jobs the loop itself lets go."""
    one = worker(stand, Engine())
    ticks, turns = 0, set()

    async def at_once() -> bool:
        nonlocal ticks
        ticks += 1
        return ticks < 100

    async def other() -> None:
        while True:
            turns.add(ticks)
            await asyncio.sleep(0)

    monkeypatch.setattr(one, "run_once", at_once)
    beside = asyncio.create_task(other())
    one.start(3600)
    await _until(lambda: ticks == 100)
    await one.stop()
    beside.cancel()
    await asyncio.wait([beside])
    assert set(range(1, 100)) <= turns


async def test_d22_nothing_in_a_worker_sleeps_on_the_thread_of_the_event_loop(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, genuine, slept = threading.get_ident(), time.sleep, []

    def watched(seconds: float) -> None:
        if threading.get_ident() == here:
            slept.append(seconds)
        genuine(seconds)

    monkeypatch.setattr(time, "sleep", watched)
    job = await stand.queued(b"a")
    one = worker(stand, Engine(), clocks=QUICK)
    one.start(0.01)

    async def done() -> bool:
        return (await found(stand, job)).status is JobStatus.COMPLETED

    await _until(done)
    await asyncio.sleep(0.1)
    await one.stop()
    assert slept == []


async def test_a20_one_that_has_met_its_deadline_leaves_its_sibling_all_its_time(stand: Stand) -> None:
    short, long = await stand.repository.enqueue_all(
        [
            stand.request(b"a", request_id="one", timeout_s=1),
            stand.request(b"b", request_id="one", timeout_s=60),
        ]
    )
    first, second = Engine(hangs), Engine(hangs)
    async with at_work(worker(stand, first)) as ends, at_work(worker(stand, second)) as goes_on:
        async with asyncio.timeout(90):
            await asyncio.wait([ends, goes_on], return_when=asyncio.FIRST_COMPLETED)
        # Its time would be over, too, if they shared one.
        await asyncio.sleep(1.5)
        assert (await found(stand, short.job)).reason == "deadline"
        assert (await found(stand, long.job)).status is JobStatus.RUNNING
        await stand.repository.cancel(long.job.id)
