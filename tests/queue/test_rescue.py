"""`queue.rescue`: jobs of workers that are gone or stuck are taken back, and those of healthy ones never.

The rescuer's clock is turned by hand; so is the wall clock that the rows are written with.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.job import Job, JobStatus, JobType, LostJob, Reason
from shelfread.queue import repository as repository_module
from shelfread.queue.locks import is_held
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.rescue import Rescuer, cancel, end_if_gone
from shelfread.queue.watch import Control
from shelfread.queue.worker import LibraryScanWorker
from shelfread.store import jobs
from shelfread.store.database import Database
from shelfread.store.tables import library_scan_jobs
from tests.queue.queue_stand import Stand, a_stand, report

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = 3600.0
HERE, GONE = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


class Monotonic:
    """Seconds that only go forward."""

    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


class Watch:
    """A rescuer, its clock, and who is there."""

    def __init__(self, repository: ScanJobRepository, *, gone: tuple[str, ...] = (GONE,)) -> None:
        self.clock = Monotonic()
        self.gone = set(gone)
        self.asked: list[str | None] = []
        self.rescuer = Rescuer(
            repository, lease_s=30, stall_s=900, clock=self.clock, present=self._is_present
        )

    async def _is_present(self, worker_id: str | None) -> bool:
        self.asked.append(worker_id)
        return worker_id not in self.gone

    async def sweep(self, later_s: float = 0) -> list[str]:
        """The ids of the jobs that a sweep took, some time later."""
        self.clock.now += later_s
        return [job.id for job in await self.rescuer.sweep()]


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


async def _now(stand: Stand, job: Job) -> Job:
    found = await stand.repository.get(job.id)
    assert found is not None
    return found


async def _until(condition: Any) -> None:
    async with asyncio.timeout(90):
        while not await condition():
            await asyncio.sleep(0.01)


# A worker that is asleep in the middle of a transaction


@pytest.mark.parametrize("in_pipeline", [False, True])
async def test_a_job_whose_worker_was_frozen_while_it_wrote_is_taken_all_the_same(
    stand: Stand, in_pipeline: bool
) -> None:
    """In a pipeline the server takes the session for active, and would let it keep the row for ever."""
    if stand.database.is_sqlite:
        pytest.skip("on SQLite nobody can write until it goes on or ends")
    lost = await stand.running(b"a", worker=HERE)
    clock, repository = Monotonic(), stand.repository
    rescuer = Rescuer(repository, lease_s=1, clock=clock, present=Watch(repository)._is_present)
    url = stand.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    frozen = await psycopg.AsyncConnection.connect(url)
    try:
        async with AsyncExitStack() as stack:
            if in_pipeline:
                await frozen.execute("SELECT 1")
                await stack.enter_async_context(frozen.pipeline())
            await frozen.execute("UPDATE library_scan_jobs SET phase = phase WHERE seq = %s", [lost.seq])

            async def taken() -> bool:
                clock.now += 2
                return [job.id for job in await rescuer.sweep()] == [lost.id]

            await _until(taken)
            # Its end finds that the connection is gone.
            stack.pop_all()
    finally:
        with contextlib.suppress(psycopg.Error):
            await frozen.close()
    assert (await _now(stand, lost)).status is JobStatus.QUEUED


async def test_a_worker_that_is_at_work_in_a_long_transaction_keeps_its_job(stand: Stand) -> None:
    if stand.database.is_sqlite:
        pytest.skip("on SQLite nobody else can write meanwhile")
    busy = await stand.running(b"a", worker=HERE)
    clock, repository = Monotonic(), stand.repository
    rescuer = Rescuer(repository, lease_s=1, clock=clock, present=Watch(repository)._is_present)

    async def work(connection: Any) -> None:
        await connection.execute(sa.text("SELECT pg_sleep(3)"))

    writing = asyncio.create_task(repository.commit(busy, work, report(found=1)))
    while not writing.done():
        clock.now += 2
        assert await rescuer.sweep() == []
        await asyncio.sleep(0.05)
    await writing
    assert (await _now(stand, busy)).status is JobStatus.RUNNING


# By the lock


async def test_a_job_whose_workers_lock_is_free_is_taken_at_once(stand: Stand) -> None:
    lost = await stand.running(b"a", worker=GONE)
    healthy = await stand.running(b"b", worker=HERE)
    await stand.queued(b"c")
    watch = Watch(stand.repository)
    assert await watch.sweep() == [lost.id]
    back = await _now(stand, lost)
    assert (back.status, back.reason, back.losses, back.fence) == (JobStatus.QUEUED, "worker_lost", 1, 2)
    assert (await _now(stand, healthy)).status is JobStatus.RUNNING
    with pytest.raises(LostJob):
        await stand.repository.commit(lost, None, report(found=1))
    assert await watch.sweep() == []


async def test_each_process_is_asked_for_once_a_sweep(stand: Stand) -> None:
    for part in (b"a", b"b", b"c"):
        await stand.running(part, worker=HERE)
    watch = Watch(stand.repository)
    await watch.sweep()
    assert watch.asked == [HERE]


async def test_d30_the_lock_of_a_real_process_decides(stand: Stand) -> None:
    presence = await Presence.enter(stand.database, "managed")
    job = await stand.running(b"a", worker=presence.id)
    rescuer = Rescuer(stand.repository)
    assert await rescuer.sweep() == []
    await presence.leave()

    async def taken() -> bool:
        return [lost.id for lost in await rescuer.sweep()] == [job.id]

    await _until(taken)


@pytest.mark.parametrize("worker_id", [None, "", "worker-1", "../x"])
async def test_a_row_that_names_no_process_belongs_to_nobody(stand: Stand, worker_id: str | None) -> None:
    job = await stand.running(b"a")
    await stand.edit(job, worker_id=worker_id)
    assert [lost.id for lost in await Rescuer(stand.repository).sweep()] == [job.id]


@pytest.mark.parametrize("how", ["lock", "lease", "stall"])
async def test_a_lost_scan_of_the_command_line_has_failed_and_is_never_queued(stand: Stand, how: str) -> None:
    job = await stand.repository.claim_now(
        GONE if how == "lock" else HERE, stand.library_id, JobType.SCAN, [stand.scope(b"a")]
    )
    watch = Watch(stand.repository)
    taken = await watch.sweep()
    if how == "lease":
        taken = await watch.sweep(30)
    elif how == "stall":
        for _ in range(40):
            await stand.repository.heartbeat(job)
            stand.clock.turn(29)
            if taken := await watch.sweep(29):
                break
    assert taken == [job.id]
    done = await _now(stand, job)
    assert done.status is JobStatus.FAILED
    assert done.reason == ("stalled" if how == "stall" else "worker_lost")
    assert done.error
    assert await stand.repository.claim_next(HERE) is None


@pytest.mark.parametrize("how", ["lock", "lease"])
async def test_a_lost_job_that_was_to_stop_is_cancelled(stand: Stand, how: str) -> None:
    job = await stand.running(b"a", worker=GONE if how == "lock" else HERE)
    await stand.repository.cancel(job.id)
    watch = Watch(stand.repository)
    taken = await watch.sweep()
    if how == "lease":
        taken = await watch.sweep(30)
    assert taken == [job.id]
    done = await _now(stand, job)
    assert (done.status, done.error) == (JobStatus.CANCELLED, None)


async def test_i7_a_job_that_is_lost_again_and_again_ends(stand: Stand) -> None:
    job = await stand.queued(b"a", max_attempts=4)
    watch = Watch(stand.repository)
    for _ in range(4):
        stand.clock.turn(HOUR)
        assert (await stand.claim(GONE)).id == job.id
        assert await watch.sweep(2) == [job.id]
    done = await _now(stand, job)
    assert (done.status, done.reason, done.losses) == (JobStatus.FAILED, "worker_lost", 4)
    stand.clock.turn(HOUR)
    assert await stand.repository.claim_next(HERE) is None


# By the lease, as observed


async def test_d30_a_first_look_finds_nobody_silent(stand: Stand) -> None:
    """However old the heartbeat looks: this process may have slept, or just been started."""
    job = await stand.running(b"a", worker=HERE)
    stand.clock.turn(100 * HOUR)
    watch = Watch(stand.repository)
    assert await watch.sweep() == []
    assert await watch.sweep(29.9) == []
    assert await watch.sweep(0.1) == [job.id]
    back = await _now(stand, job)
    assert (back.status, back.reason) == (JobStatus.QUEUED, "worker_lost")


async def test_a_silent_worker_is_lost_after_the_lease(stand: Stand) -> None:
    silent = await stand.running(b"a", worker=HERE)
    healthy = await stand.running(b"b", worker=HERE)
    watch = Watch(stand.repository)
    taken = []
    for _ in range(20):
        taken += await watch.sweep(2)
        stand.clock.turn(2)
        await stand.repository.heartbeat(healthy)
    assert taken == [silent.id]


@pytest.mark.parametrize("jump", [-50 * HOUR, -1.0, 1.0, 50 * HOUR])
async def test_d30_a_wall_clock_that_jumps_makes_no_healthy_job_look_dead(stand: Stand, jump: float) -> None:
    healthy = await stand.running(b"a", worker=HERE)
    silent = await stand.running(b"b", worker=HERE)
    watch = Watch(stand.repository)
    taken = await watch.sweep()
    for number in range(6):
        # The healthy one says something every 20 seconds, whatever the clock on the wall shows.
        stand.clock.turn(jump if number % 2 else -jump / 2)
        await stand.repository.heartbeat(healthy)
        before = taken[:]
        taken += await watch.sweep(20)
        assert healthy.id not in taken
        # The silent one is found no sooner and no later for it.
        assert (silent.id in taken) == (number >= 1), before
    assert (await _now(stand, healthy)).status is JobStatus.RUNNING


async def test_d30_a_heartbeat_that_shows_the_same_time_again_is_found_by_the_next(stand: Stand) -> None:
    """A clock that was turned back to the very microsecond: one heartbeat may look unchanged, two do not."""
    job = await stand.running(b"a", worker=HERE)
    watch = Watch(stand.repository)
    taken = await watch.sweep()
    for _ in range(10):
        stand.clock.turn(5)
        await stand.repository.heartbeat(job)
        taken += await watch.sweep(10)
        stand.clock.turn(-5)
        await stand.repository.heartbeat(job)
        taken += await watch.sweep(10)
    assert taken == []


async def test_a_heartbeat_between_look_and_rescue_saves_the_job(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await stand.running(b"a", worker=HERE)
    watch = Watch(stand.repository)
    await watch.sweep()
    genuine = stand.repository.rescue

    async def late(lost: Any) -> list[Job]:
        assert [one.id for one, *_ in lost] == [job.id]
        stand.clock.turn(1)
        await stand.repository.heartbeat(job)
        return await genuine(lost)

    monkeypatch.setattr(stand.repository, "rescue", late)
    assert await watch.sweep(31) == []
    assert (await _now(stand, job)).status is JobStatus.RUNNING


async def test_a_job_that_is_claimed_anew_begins_a_new_lease(stand: Stand) -> None:
    job = await stand.running(b"a", worker=HERE)
    watch = Watch(stand.repository)
    await watch.sweep()
    watch.clock.now += 29
    await stand.repository.release(job)
    # With the same heartbeat, as a wall clock gives it that stands still.
    again = await stand.claim(HERE)
    assert again.heartbeat_at == job.heartbeat_at
    assert await watch.sweep(2) == []
    assert await watch.sweep(29) == []
    assert await watch.sweep(1) == [job.id]


async def test_d30_an_outage_of_the_database_is_no_silence_of_the_workers(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could say anything meanwhile. After it, a whole lease is waited for."""
    job = await stand.running(b"a", worker=HERE)
    watch = Watch(stand.repository)
    assert await watch.sweep() == []

    async def away(*_: Any) -> list[Job]:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the server is starting up"))

    with monkeypatch.context() as patched:
        patched.setattr(stand.repository, "running", away)
        for _ in range(30):
            with pytest.raises(sa.exc.OperationalError):
                await watch.sweep(2)
    assert await watch.sweep(2) == []
    assert await watch.sweep(29) == []
    assert await watch.sweep(1) == [job.id]


async def test_d30_a_rescuer_that_slept_itself_has_observed_nothing(stand: Stand) -> None:
    """Stopped and continued, with the workers beside it: it must not wake up first and judge them."""
    await stand.running(b"a", worker=HERE)
    watch = Watch(stand.repository)
    sweeping = asyncio.create_task(watch.rescuer.run(pause_s=0.01))

    async def sweeps(count: int) -> None:
        before = len(watch.asked)

        async def swept() -> bool:
            return len(watch.asked) >= before + count

        await _until(swept)

    try:
        await sweeps(2)
        watch.clock.now += 100
        await sweeps(3)
    finally:
        sweeping.cancel()
        await asyncio.wait([sweeping])
    assert await stand.statuses() == ["running"]


@pytest.mark.parametrize("when", ["reading the rows", "asking who lives", "taking the jobs"])
@pytest.mark.parametrize("dead", [False, True], ids=["silent", "dead"])
async def test_d30_a_rescuer_that_is_stopped_in_the_middle_of_a_sweep_observes_anew(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, when: str, dead: bool
) -> None:
    """The workers beside it may have been stopped with it: they get the time to say that they live."""
    first = await stand.running(b"a", worker=GONE if dead else HERE)
    second = await stand.running(b"b", worker=GONE if dead else HERE)
    watch = Watch(stand.repository)
    if not dead:
        # One more second, and they are silent for a whole lease.
        await watch.sweep()
        watch.clock.now += 29
    asked_for: list[str] = []
    stopped_once = False

    def frozen() -> None:
        nonlocal stopped_once
        if not stopped_once:
            stopped_once = True
            watch.clock.now += 100

    rows, lives, rescue = stand.repository.running, watch.rescuer._present, stand.repository.rescue

    async def rows_then_stop(*arguments: Any) -> list[Job]:
        found = await rows(*arguments)
        frozen()
        return found

    async def lives_then_stop(worker_id: str | None) -> bool:
        alive = await lives(worker_id)
        frozen()
        return alive

    async def rescue_then_stop(lost: Any) -> list[Job]:
        asked_for.extend(job.id for job, *_ in lost)
        taken = await rescue(lost)
        frozen()
        return taken

    if when == "reading the rows":
        monkeypatch.setattr(stand.repository, "running", rows_then_stop)
    elif when == "asking who lives":
        watch.rescuer._present = lives_then_stop
    else:
        watch.clock.now += 1
        monkeypatch.setattr(stand.repository, "rescue", rescue_then_stop)
    taken = await watch.sweep()
    assert stopped_once
    assert taken == ([first.id] if when == "taking the jobs" else [])
    assert asked_for == taken
    left = [job for job in (first, second) if job.id not in taken]
    if dead:
        assert await watch.sweep() == [job.id for job in left]
        return
    assert await watch.sweep() == []
    assert await watch.sweep(29) == []
    assert await watch.sweep(1) == [job.id for job in left]


async def test_d30_a_worker_of_which_the_server_must_be_asked_twice_is_taken_whatever_the_lease(
    stand: Stand,
) -> None:
    """To be sure takes a second: that is no sleep of this process, however short the lease."""
    clock = Monotonic()

    async def sure(_worker_id: str | None) -> bool:
        clock.now += 1
        return False

    jobs_lost = [await stand.running(b"%d" % number, worker=str(uuid.uuid4())) for number in range(3)]
    rescuer = Rescuer(stand.repository, lease_s=0.5, clock=clock, present=sure)
    assert [job.id for job in await rescuer.sweep()] == [job.id for job in jobs_lost]


# By the stall


async def test_a_job_whose_heart_beats_and_in_which_nothing_moves_is_stalled(stand: Stand) -> None:
    stuck = await stand.running(b"a", worker=HERE)
    moving = await stand.running(b"b", worker=HERE)
    watch = Watch(stand.repository)
    taken: list[str] = []
    elapsed = 0
    while not taken and elapsed < 5000:
        stand.clock.turn(20)
        await stand.repository.heartbeat(stuck)
        await stand.repository.heartbeat(moving, report(found=elapsed), moved=True)
        taken = await watch.sweep(20)
        elapsed += 20
    assert taken == [stuck.id]
    # Later than its own worker would, who can stop it in order.
    assert 900 < elapsed <= 1200
    back = await _now(stand, stuck)
    assert (back.status, back.reason) == (JobStatus.QUEUED, "stalled")
    # A heartbeat does not save it: it has one.
    with pytest.raises(LostJob):
        await stand.repository.heartbeat(stuck)


async def test_progress_between_look_and_rescue_saves_a_job_that_seemed_stalled(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await stand.running(b"a", worker=HERE)
    genuine = stand.repository.rescue

    async def late(lost: Any) -> list[Job]:
        stand.clock.turn(1)
        await stand.repository.heartbeat(job, report(found=1), moved=True)
        return await genuine(lost)

    monkeypatch.setattr(stand.repository, "rescue", late)
    (seen,) = await stand.repository.running()
    assert await stand.repository.rescue([(seen, Reason.STALLED, "nothing moved")]) == []
    assert (await _now(stand, job)).status is JobStatus.RUNNING


# Several at once, and rows that are held


async def test_d30_of_two_rescuers_at_once_one_takes_the_job(stand: Stand) -> None:
    for number in range(6):
        job = await stand.running(b"%d" % number, worker=GONE)
        watches = [Watch(stand.repository), Watch(await stand.another()), Watch(await stand.another())]
        taken = await asyncio.gather(*(watch.sweep() for watch in watches))
        assert sorted(len(one) for one in taken) == [0, 0, 1]
        back = await _now(stand, job)
        assert (back.fence, back.losses) == (2, 1)
        assert await stand.kinds(job) == ["queued", "claimed", "requeued"]
        await stand.repository.cancel(job.id)


async def test_a_rescue_and_an_ending_at_once_end_in_one_way(stand: Stand) -> None:
    for number in range(8):
        job = await stand.running(b"%d" % number, worker=GONE)
        watch = Watch(await stand.another())
        taken, ours = await asyncio.gather(watch.sweep(), stand.repository.finish(job))
        now = await _now(stand, job)
        assert (now.status, bool(taken)) == (
            (JobStatus.COMPLETED, False) if ours else (JobStatus.QUEUED, True)
        )
        if not ours:
            await stand.repository.cancel(job.id)


async def test_a_row_that_a_paused_transaction_holds_does_not_hang_the_sweep(stand: Stand) -> None:
    """A worker stopped in the middle of a commit: on PostgreSQL its row is passed over (SKIP LOCKED)."""
    if stand.database.is_sqlite:
        pytest.skip("one writer at a time: the paused child is killed instead (tests/tasks/test_warm.py)")
    held = await stand.running(b"a", worker=GONE)
    free = await stand.running(b"b", worker=GONE)
    watch = Watch(await stand.another())
    holding, go_on = asyncio.Event(), asyncio.Event()

    async def paused(connection: Any) -> None:
        assert await jobs.get_for_update(connection, held.id) is not None
        holding.set()
        await go_on.wait()

    transaction = asyncio.create_task(stand.database.write(paused))
    async with asyncio.timeout(90):
        await holding.wait()
        assert await watch.sweep() == [free.id]
        assert await watch.sweep() == []
        go_on.set()
        await transaction
    assert await watch.sweep() == [held.id]


async def test_sweeps_go_on_when_one_of_them_fails(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(stand.repository)
    genuine = stand.repository.running
    failures = 0

    async def away_at_first(*arguments: Any) -> list[Job]:
        nonlocal failures
        failures += 1
        if failures < 4:
            raise sa.exc.OperationalError("SELECT", {}, Exception("the server is starting up"))
        return await genuine(*arguments)

    job = await stand.running(b"a", worker=GONE)
    monkeypatch.setattr(stand.repository, "running", away_at_first)
    sweeping = asyncio.create_task(watch.rescuer.run(pause_s=0.01))

    async def taken() -> bool:
        return (await _now(stand, job)).status is JobStatus.QUEUED

    try:
        await _until(taken)
    finally:
        sweeping.cancel()
        await asyncio.wait([sweeping])
    assert failures >= 4


async def test_i7_a_job_whose_end_could_not_be_written_is_done_again(stand: Stand) -> None:
    """Its process lives, so its lock is held; nobody's heart beats for it any more."""
    presence = await Presence.enter(stand.database, "managed")
    job = await stand.running(b"a", worker=presence.id)
    clock = Monotonic()
    rescuer = Rescuer(stand.repository, clock=clock)
    assert await rescuer.sweep() == []
    clock.now += 30
    assert [lost.id for lost in await rescuer.sweep()] == [job.id]
    assert await is_held(stand.database, presence.id)

    async def does(_job: Job, _control: Control) -> None:
        """Done at the second attempt."""

    worker = LibraryScanWorker(stand.repository, {JobType.SCAN: does}, worker_id=presence.id)
    assert await worker.run_once()
    done = await _now(stand, job)
    assert (done.status, done.attempt) == (JobStatus.COMPLETED, 2)
    await presence.leave()


async def test_what_ended_is_forgotten(stand: Stand) -> None:
    watch = Watch(stand.repository)
    for number in range(3):
        job = await stand.running(b"%d" % number, worker=HERE)
        await watch.sweep(1)
        await stand.repository.finish(job)
    await watch.sweep(1)
    assert watch.rescuer._seen == {}


async def test_reasons_of_a_rescue_are_of_the_closed_list(stand: Stand) -> None:
    await stand.running(b"a", worker=GONE)
    await Watch(stand.repository).sweep()
    assert {row["reason"] for row in await stand.rows()} <= {str(reason) for reason in Reason}
    assert isinstance(stand.database, Database)


# What nobody could know


async def test_d30_a_writer_that_keeps_everybody_waiting_makes_no_job_look_dead(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers still read while one writer sleeps: the heart looks silent, and it could not write either."""
    monkeypatch.setattr(repository_module, "PROMPT_S", 0.05)
    job = await stand.running(b"a", worker=HERE)
    watch = Watch(stand.repository)
    await watch.sweep()
    asleep, awake = asyncio.Event(), asyncio.Event()

    async def sleeper(connection: Any) -> None:
        await connection.execute(
            sa.update(library_scan_jobs).where(library_scan_jobs.c.id == "nobody").values(current_path=None)
        )
        if not stand.database.is_sqlite:
            await jobs.get_for_update(connection, job.id)
        asleep.set()
        await awake.wait()

    sleeping = asyncio.create_task(stand.database.write(sleeper))
    await asleep.wait()
    sweeping = asyncio.create_task(watch.sweep(31))
    await asyncio.sleep(0.2)
    awake.set()
    await sleeping
    assert await sweeping == []
    assert (await _now(stand, job)).status is JobStatus.RUNNING
    # It speaks when it can, and nothing has happened. Were it silent, a whole lease would show it.
    assert await watch.sweep(1) == []
    assert await watch.sweep(31) == [job.id]


async def test_a_worker_of_which_nobody_can_tell_keeps_no_other_job_from_being_taken(stand: Stand) -> None:
    odd = str(uuid.UUID(int=3))
    puzzling = await stand.running(b"a", worker=odd)
    lost = await stand.running(b"b", worker=GONE)
    watch = Watch(stand.repository)
    present = watch.rescuer._present

    async def asked(worker_id: str | None) -> bool:
        if worker_id == odd:
            raise PermissionError("its lock is another user's")
        return await present(worker_id)

    watch.rescuer._present = asked
    assert await watch.sweep() == [lost.id]
    # Its lease tells, in the end.
    assert await watch.sweep(31) == [puzzling.id]


# Damaged rows


@pytest.mark.parametrize(
    "values",
    [{"fence": 2**63 - 1}, {"attempt": 2**31 - 1}, {"event_seq": 1}, {"losses": -(2**31)}, {"id": ""}],
    ids=str,
)
async def test_d20_a_damaged_row_of_a_dead_worker_ends_as_invalid_and_stops_no_sweep(
    stand: Stand, values: dict[str, Any]
) -> None:
    damaged = await stand.running(b"a", worker=GONE)
    sound = await stand.running(b"b", worker=GONE)
    await stand.edit(damaged, **values)
    assert len(await Watch(stand.repository).sweep()) == 2
    (row,) = [row for row in await stand.rows() if row["seq"] == damaged.seq]
    assert (row["status"], row["reason"]) == ("failed", "invalid_row")
    assert "cannot be run" in row["error"]
    assert (await _now(stand, sound)).status is JobStatus.QUEUED


@pytest.mark.parametrize("column", ["fence", "used_us", "losses", "heartbeat_at", "event_seq", "items_added"])
async def test_d20_a_text_where_a_number_should_be_stops_no_sweep(stand: Stand, column: str) -> None:
    if not stand.database.is_sqlite:
        pytest.skip("a column of PostgreSQL holds what it is made for")
    damaged = await stand.running(b"a", worker=GONE)
    sound = await stand.running(b"b", worker=GONE)
    await stand.edit(damaged, **{column: sa.literal_column("'x'")})
    assert await Watch(stand.repository).sweep() == [damaged.id, sound.id]
    back = await _now(stand, damaged)
    assert (back.status, back.reason) == (JobStatus.FAILED, "invalid_row")
    assert (await _now(stand, sound)).status is JobStatus.QUEUED


# Cancelling what nobody runs any more


async def _left(stand: Stand) -> str:
    """The id of a process that was there and is gone."""
    presence = await Presence.enter(stand.database, "standalone")
    await presence.leave()

    async def gone() -> bool:
        return not await is_held(stand.database, presence.id)

    await _until(gone)
    return presence.id


async def test_a_cancelled_job_of_a_dead_process_ends_at_once_though_no_worker_is_left(stand: Stand) -> None:
    job = await stand.running(b"a", worker=await _left(stand))
    await stand.repository.commit(job, None, report(found=3, added=3))
    done = await cancel(stand.repository, job.id)
    assert done == await _now(stand, job)
    assert (done.status, done.reason, done.error) == (JobStatus.CANCELLED, None, None)
    assert (done.fence, done.counters.added) == (2, 3)
    assert await stand.kinds(job) == ["queued", "claimed", "batch", "cancel_requested", "cancelled"]
    # Again is harmless.
    assert await cancel(stand.repository, job.id) == done


async def test_a_cancelled_job_of_a_living_process_is_left_to_it(stand: Stand) -> None:
    presence = await Presence.enter(stand.database, "standalone")
    job = await stand.running(b"a", worker=presence.id)
    asked = await cancel(stand.repository, job.id)
    assert asked is not None
    assert (asked.status, asked.fence) == (JobStatus.RUNNING, 1)
    assert asked.cancel_requested_at is not None
    assert await stand.repository.end_cancelled(job)
    await presence.leave()


async def test_what_is_not_running_or_not_there_is_cancelled_as_ever(stand: Stand) -> None:
    waiting = await stand.queued(b"a")
    done = await cancel(stand.repository, waiting.id)
    assert done is not None
    assert done.status is JobStatus.CANCELLED
    assert await cancel(stand.repository, str(uuid.uuid4())) is None
    odd = await stand.running(b"b", worker="of no process")
    asked = await cancel(stand.repository, odd.id)
    assert asked is not None
    assert asked.status is JobStatus.RUNNING


async def test_a_job_that_nobody_cancelled_is_not_ended_by_looking(stand: Stand) -> None:
    job = await stand.running(b"a", worker=await _left(stand))
    assert await end_if_gone(stand.repository, job) == job
    assert await stand.statuses() == ["running"]


async def test_a_job_that_was_taken_since_it_was_looked_at_is_not_ended_by_the_old_look(stand: Stand) -> None:
    job = await stand.running(b"a", worker=await _left(stand))
    asked = await stand.repository.cancel(job.id)
    assert asked is not None
    await stand.repository.lose(job, Reason.WORKER_LOST, "gone")
    assert await end_if_gone(stand.repository, asked) == asked
    assert await stand.kinds(job) == ["queued", "claimed", "cancel_requested", "cancelled"]
