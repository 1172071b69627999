"""`queue.group`: the workers of one process: start, reload, drain, stop, start again (D26, D28)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from shelfread.model.job import Job, JobStatus, JobType, Stopped
from shelfread.queue import group as module
from shelfread.queue.bell import Bell
from shelfread.queue.group import WorkerGroup, open_group
from shelfread.queue.locks import is_held
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.rescue import Rescuer
from shelfread.queue.watch import Control, WorkerClocks
from shelfread.queue.worker import LibraryScanWorker
from tests.queue.queue_stand import Stand, a_stand

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


async def _until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.005)


class Looking(ScanJobRepository):
    """The queue, and how many look for a job at this moment."""

    looking = 0

    async def claim_next(self, worker_id: str, types: Collection[str] = tuple(JobType)) -> Job | None:
        self.looking += 1
        try:
            return await super().claim_next(worker_id, types)
        finally:
            self.looking -= 1


class Crew:
    """A group of real workers; their tasks wait until they are let go or told to stop."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.bell = Bell()
        self.looks = Looking(stand.database, clock=stand.clock, ring=self.bell.ring)
        self.go_on = asyncio.Event()
        self.repository: ScanJobRepository = self.looks
        #: Workers that are there, and all that ever were.
        self.there = 0
        self.made = 0
        #: Raised by the next makings, one each.
        self.faults: list[Exception] = []
        self.jobs: list[str] = []

    async def task(self, job: Job, control: Control) -> None:
        self.jobs.append(job.id)
        hears, goes = (asyncio.ensure_future(event.wait()) for event in (control.stop, self.go_on))
        try:
            await asyncio.wait([hears, goes], return_when=asyncio.FIRST_COMPLETED)
        finally:
            hears.cancel()
            goes.cancel()
        if not self.go_on.is_set():
            raise Stopped

    @asynccontextmanager
    async def make(self, worker_id: str) -> AsyncIterator[LibraryScanWorker]:
        self.made += 1
        if self.faults:
            raise self.faults.pop(0)
        self.there += 1
        try:
            yield LibraryScanWorker(
                self.repository,
                {JobType.SCAN: self.task},
                worker_id=worker_id,
                bell=self.bell,
                clocks=WorkerClocks(watch_s=0.05),
            )
        finally:
            self.there -= 1

    @asynccontextmanager
    async def open(self) -> AsyncIterator[WorkerGroup]:
        rescuer = Rescuer(self.repository)
        async with open_group(self.repository, "managed", self.bell, self.make, rescuer) as group:
            yield group


@pytest.fixture
def crew(stand: Stand) -> Crew:
    return Crew(stand)


async def _statuses(stand: Stand, *wanted: str) -> None:
    async def so() -> bool:
        return await stand.statuses() == list(wanted)

    await _until(so)


async def test_d25_d26_as_many_jobs_run_side_by_side_as_there_are_workers(stand: Stand, crew: Crew) -> None:
    async with crew.open() as group:
        assert group.count == 0
        group.start(2, 3600)
        for number in range(3):
            await crew.repository.enqueue(stand.request(b"%d" % number))
        await _statuses(stand, "running", "running", "queued")
        # The row says so a moment before its worker does.
        await _until(lambda: group.busy == 2)
        assert (group.count, group.present) == (2, 2)
        # One process, one id, one lock.
        assert {row["worker_id"] for row in await stand.rows()} == {group.worker_id, None}
        assert await is_held(stand.database, group.worker_id)
        crew.go_on.set()
        await _statuses(stand, *["completed"] * 3)
    assert crew.there == 0


async def test_a_group_that_is_closed_puts_its_jobs_back_and_leaves(stand: Stand, crew: Crew) -> None:
    before = asyncio.all_tasks()
    async with crew.open() as group:
        group.start(2, 3600)
        await crew.repository.enqueue(stand.request(b"a"))
        await _statuses(stand, "running")
        worker_id = group.worker_id
    assert await stand.statuses() == ["queued"]
    (row,) = await stand.rows()
    assert (row["attempt"], row["losses"]) == (0, 0)
    assert (crew.there, group.busy) == (0, 0)

    async def gone() -> bool:
        return not await is_held(stand.database, worker_id)

    await _until(gone)
    await _until(lambda: not (asyncio.all_tasks() - before))


async def test_a_drained_group_finishes_what_it_does(stand: Stand, crew: Crew) -> None:
    async with crew.open() as group:
        group.start(2, 3600)
        await crew.repository.enqueue(stand.request(b"a"))
        await _statuses(stand, "running")
        group.drain()
        # Whoever looks at this moment may take what comes.
        await _until(lambda: crew.looks.looking == 0)
        await crew.repository.enqueue(stand.request(b"b"))
        draining = asyncio.create_task(group.drained())
        await _until(lambda: crew.there == 1)
        assert not draining.done()
        assert await stand.statuses() == ["running", "queued"]
        crew.go_on.set()
        async with asyncio.timeout(90):
            await draining
        assert await stand.statuses() == ["completed", "queued"]
        assert (group.count, crew.there) == (0, 0)


async def test_a_worker_that_is_drained_while_it_gets_ready_takes_no_job(stand: Stand, crew: Crew) -> None:
    class Slow:
        async def ready(self) -> None:
            worker.drain()

        async def __call__(self, job: Job, control: Control) -> None:
            raise AssertionError("it was to take no job")

    await crew.repository.enqueue(stand.request(b"a"))
    async with crew.open() as group:
        worker = LibraryScanWorker(crew.repository, {JobType.SCAN: Slow()}, worker_id=group.worker_id)
        assert not await worker.run_once()
    assert await stand.statuses() == ["queued"]


async def test_the_count_goes_up_and_down_while_workers_are_busy(stand: Stand, crew: Crew) -> None:
    async with crew.open() as group:
        group.start(1, 3600)
        for number in range(4):
            await crew.repository.enqueue(stand.request(b"%d" % number))
        await _statuses(stand, "running", "queued", "queued", "queued")
        group.start(3, 3600)
        await _statuses(stand, "running", "running", "running", "queued")
        group.start(1, 3600)
        # Nobody is interrupted, and nobody too many takes new work.
        assert group.count == 1
        assert await stand.statuses() == ["running", "running", "running", "queued"]
        crew.go_on.set()
        await _statuses(stand, *["completed"] * 4)
        await _until(lambda: crew.there == 1)


async def test_d26_a_reload_replaces_workers_when_they_have_finished(stand: Stand, crew: Crew) -> None:
    async with crew.open() as group:
        group.start(1, 3600)
        await crew.repository.enqueue(stand.request(b"a"))
        await _statuses(stand, "running")
        group.reload(2, 3600)
        assert await stand.statuses() == ["running"]
        await crew.repository.enqueue(stand.request(b"b"))
        await _statuses(stand, "running", "running")
        assert group.count == 2
        made = crew.made
        crew.go_on.set()
        await _statuses(stand, "completed", "completed")
        await _until(lambda: crew.made > made and crew.there == 2)
        await crew.repository.enqueue(stand.request(b"c"))
        await _statuses(stand, *["completed"] * 3)


async def test_d26_what_breaks_is_started_again_with_growing_pauses(
    stand: Stand, crew: Crew, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PAUSES_S", (0.01, 0.02, 0.04))
    crew.faults = [OSError(f"no process\nnumber {number}") for number in range(5)]
    async with crew.open() as group:
        group.start(1, 3600)
        await _until(lambda: crew.there == 1)
        assert crew.made == 6
        crew.go_on.set()
        await crew.repository.enqueue(stand.request(b"a"))
        await _statuses(stand, "completed")
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [re.findall(r"in ([\d.]+) s", line)[0] for line in told] == [
        "0.01",
        "0.02",
        "0.04",
        "0.04",
        "0.04",
    ]
    assert all("\n" not in line for line in told)


async def test_d26_a_worker_whose_loop_breaks_is_replaced(
    stand: Stand, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the worker itself, not in a task: the others go on, and this one comes back."""
    monkeypatch.setattr(module, "PAUSES_S", (0.01,))
    genuine = LibraryScanWorker._run
    broken = 0

    async def breaks_once(self: LibraryScanWorker, poll_seconds: float) -> None:
        nonlocal broken
        broken += 1
        if broken == 1:
            raise RuntimeError("a fault")
        await genuine(self, poll_seconds)

    monkeypatch.setattr(LibraryScanWorker, "_run", breaks_once)
    crew.go_on.set()
    async with crew.open() as group:
        group.start(1, 3600)
        await crew.repository.enqueue(stand.request(b"a"))
        await _statuses(stand, "completed")
        assert (broken, crew.there, group.count) == (2, 1, 1)


async def test_who_rests_after_a_fault_keeps_nobody_waiting(
    stand: Stand, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSES_S", (3600.0,))
    for end in ("drain", "stop", "fewer", "reload"):
        crew.faults = [OSError("no process")]
        async with crew.open() as group:
            group.start(1, 3600)
            await _until(lambda: not crew.faults)
            await asyncio.sleep(0)
            async with asyncio.timeout(90):
                if end == "drain":
                    group.drain()
                    await group.drained()
                elif end == "stop":
                    await group.stop()
                elif end == "fewer":
                    group.start(0, 3600)
                    await group.drained()
                else:
                    group.reload(1, 3600)
                    await _until(lambda: crew.there == 1)
    assert crew.there == 0


async def test_a_stop_while_a_worker_is_being_made_waits_for_nothing(stand: Stand, crew: Crew) -> None:
    making = asyncio.Event()

    @asynccontextmanager
    async def never(_worker_id: str) -> AsyncIterator[LibraryScanWorker]:
        making.set()
        await asyncio.Event().wait()
        yield LibraryScanWorker(crew.repository, {}, worker_id="x")

    async with (
        open_group(crew.repository, "managed", crew.bell, never, Rescuer(crew.repository)) as group,
        asyncio.timeout(90),
    ):
        group.start(1, 3600)
        await making.wait()
        await group.stop()
        assert group.count == 0


async def test_d30_two_groups_beside_one_another_do_every_job_once(stand: Stand) -> None:
    """A server and a worker process with the same settings, on one database."""
    async with AsyncExitStack() as stack:
        crews = [Crew(stand) for _ in range(2)]
        for crew in crews:
            crew.repository = await stand.another()
            crew.go_on.set()
            group = await stack.enter_async_context(crew.open())
            group.start(2, 0.05)
        for number in range(8):
            await stand.repository.enqueue(stand.request(b"%d" % number))
        await _statuses(stand, *["completed"] * 8)
    done = crews[0].jobs + crews[1].jobs
    assert len(done) == len(set(done)) == 8
    assert {row["attempt"] for row in await stand.rows()} == {1}


async def test_what_another_process_lost_is_taken_back_and_done(
    stand: Stand, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await stand.running(b"a", worker="00000000-0000-4000-8000-000000000000")
    crew.go_on.set()
    async with crew.open() as group:
        group.start(1, 3600)
        await _statuses(stand, "completed")
    row = await stand.row(job)
    assert (row["attempt"], row["losses"], row["worker_id"]) == (2, 1, group.worker_id)


async def test_d28_one_worker_may_handle_one_job_and_leave(stand: Stand, crew: Crew) -> None:
    crew.go_on.set()
    async with crew.open() as group:
        assert await group.run_once() is False
        await stand.queued(b"a")
        await stand.queued(b"b")
        assert await group.run_once() is True
        assert await stand.statuses() == ["completed", "queued"]
        assert (crew.there, crew.made) == (0, 2)


async def test_d22_the_news_of_other_processes_wakes_the_group(stand: Stand, crew: Crew) -> None:
    other: Any = await stand.another()
    crew.go_on.set()
    async with crew.open() as group:
        group.start(1, 3600)
        await _until(lambda: crew.there == 1)
        job = (await other.enqueue(stand.request(b"a"))).job
        await _statuses(stand, "completed")
    found = await other.get(job.id)
    assert found.status is JobStatus.COMPLETED
