"""`queue.schedule`: schedules become jobs, each run once, whatever happens to servers and clocks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.job import JobRequest, JobType, Origin, Scope, UnknownLibrary
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.queue import schedule as schedule_module
from shelfread.queue.due import Decision, decide
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.schedule import Scheduler, Schedules
from shelfread.settings import Settings
from shelfread.store import config, retention, schedules
from shelfread.store.clock import now_us
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import library_scan_jobs
from shelfread.store.tables import schedules as table

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
DAILY, ZONE = "0 3 * * *", "Europe/Berlin"


def at(text: str, zone: str = ZONE) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


NOON = at("2026-11-22T12:00")
THREE = at("2026-11-23T03:00")


class Bench:
    """A catalogue with one library of two roots, a clock that tests set, and servers on it."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url = url
        self.now = NOON
        self.rings = 0
        self._stack = stack
        self.database = self._opened()
        self.schedules = Schedules(self.database, clock=self.clock)
        self.library_id = 0

    def clock(self) -> int:
        return self.now

    def _opened(self) -> Database:
        database = Database(self.url)
        self._stack.push_async_callback(database.close)
        return database

    def _ring(self) -> None:
        self.rings += 1

    def server(self, clock: Callable[[], int] | None = None, settings: Settings | None = None) -> Scheduler:
        """A server with connections of its own."""
        clock = clock or self.clock
        repository = ScanJobRepository(self._opened(), clock=clock)
        return Scheduler(repository, settings or Settings(), clock=clock, ring=self._ring)

    async def add(self, name: str = "Music") -> int:
        library = await LibraryRepository(self.database).add(name, "music", [b"/one", b"/two"])
        return library.id

    async def jobs(self, *types: str) -> list[dict[str, Any]]:
        query = sa.select(library_scan_jobs).order_by(library_scan_jobs.c.seq)
        if types:
            query = query.where(library_scan_jobs.c.type.in_(types))
        async with self.database.read() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def scheduled(self) -> Schedule:
        (found,) = await self.schedules.every(self.library_id)
        return found

    async def edit(self, **values: Any) -> None:
        async def work(connection: Any) -> None:
            await connection.execute(sa.update(table).values(**values))

        await self.database.write(work)

    async def end_jobs(self) -> None:
        """What is queued is done at once, so that every run becomes a job of its own."""
        repository = ScanJobRepository(self.database, clock=self.clock)
        while (job := await repository.claim_next("worker")) is not None:
            await repository.finish(job)

    async def look(self, server: Scheduler) -> int:
        """One look; gives how many scans there are after it, ends all that wait."""
        await server.look()
        await self.end_jobs()
        return len(await self.jobs("scan"))


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database_url: str) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        made = Bench(database_url, stack)
        made.library_id = await made.add()
        yield made


# Setting them


async def test_a_schedule_is_set_changed_and_taken_away(bench: Bench) -> None:
    assert await bench.schedules.every() == []
    first = await bench.schedules.put(bench.library_id, " 0  3 * * * ", ZONE)
    assert (first.cron, first.zone, first.type, first.next_run_at) == (DAILY, ZONE, "scan", THREE)
    assert (first.last_run_at, first.last_job_id, first.problem) == (None, None, None)
    await bench.edit(last_run_at=5, problem="x", next_run_at=None)
    second = await bench.schedules.put(bench.library_id, "0 4 * * *", "UTC")
    assert (second.id, second.cron, second.zone, second.last_run_at) == (first.id, "0 4 * * *", "UTC", 5)
    assert (second.next_run_at, second.problem) == (at("2026-11-23T04:00", "UTC"), None)
    assert await bench.schedules.every() == await bench.schedules.every(bench.library_id) == [second]
    assert await bench.schedules.every(bench.library_id + 1) == []
    assert await bench.schedules.remove(bench.library_id)
    assert not await bench.schedules.remove(bench.library_id)
    assert await bench.schedules.every() == []


async def test_what_cannot_be_is_refused_and_changes_nothing(bench: Bench) -> None:
    kept = await bench.schedules.put(bench.library_id, DAILY, ZONE)
    for cron, zone in (("0 0 30 2 *", ZONE), ("0 0 0 3 * *", ZONE), ("", ZONE), (DAILY, "Mars/Base")):
        with pytest.raises(ScheduleProblem):
            await bench.schedules.put(bench.library_id, cron, zone)
    with pytest.raises(UnknownLibrary):
        await bench.schedules.put(bench.library_id + 1, DAILY, ZONE)
    assert await bench.schedules.every() == [kept]


# Resting


async def test_a_schedule_that_rests_is_not_fired_and_makes_up_for_nothing_when_it_goes_on(
    bench: Bench,
) -> None:
    assert await bench.schedules.pause(bench.library_id) is None
    assert await bench.schedules.resume(bench.library_id) is None
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    paused = await bench.schedules.pause(bench.library_id)
    assert paused is not None
    assert (paused.paused_at, paused.next_run_at, paused.problem) == (NOON, None, None)
    server = bench.server()
    for day in range(3):
        bench.now = THREE + day * DAY
        assert await bench.look(server) == 0
    # Said once more it says nothing new, and other times are no word to start.
    assert await bench.schedules.pause(bench.library_id) == paused
    other = await bench.schedules.put(bench.library_id, "0 4 * * *", ZONE)
    assert (other.cron, other.paused_at, other.next_run_at) == ("0 4 * * *", NOON, None)
    assert await bench.look(server) == 0
    bench.now = THREE + 3 * DAY - HOUR
    resumed = await bench.schedules.resume(bench.library_id)
    assert resumed is not None
    assert (resumed.paused_at, resumed.next_run_at) == (None, THREE + 3 * DAY + HOUR)
    assert await bench.schedules.resume(bench.library_id) == resumed
    assert await bench.look(server) == 0
    bench.now = THREE + 3 * DAY + HOUR
    assert await bench.look(server) == 1
    assert (await bench.scheduled()).last_status == "completed"


async def test_a_run_that_somebody_paused_meanwhile_is_not_taken(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    seen = await bench.scheduled()
    await bench.schedules.pause(bench.library_id)
    for act in (
        lambda connection: schedules.fire(connection, seen, THREE + DAY, THREE),
        lambda connection: schedules.move(connection, seen, THREE + DAY, None),
    ):
        assert not await bench.database.write(act)
    await bench.edit(cron="rubbish")
    resumed = await bench.schedules.resume(bench.library_id)
    assert resumed is not None
    assert (resumed.paused_at, resumed.next_run_at) == (None, None)
    assert "is no time that ever comes" in (resumed.problem or "")


async def test_a_schedule_is_run_now_also_while_it_rests_and_comes_at_its_time_as_well(bench: Bench) -> None:
    repository = ScanJobRepository(bench.database, clock=bench.clock)
    settings = Settings(analyzer_scan_job_timeout=99)
    assert await bench.schedules.run(repository, bench.library_id, settings) is None
    with pytest.raises(UnknownLibrary):
        await bench.schedules.run(repository, bench.library_id + 1, settings)
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    first = await bench.schedules.run(repository, bench.library_id, settings)
    again = await bench.schedules.run(repository, bench.library_id, settings)
    assert first is not None
    assert again is not None
    assert (first.coalesced, again.coalesced, again.job.id) == (False, True, first.job.id)
    assert (first.job.origin, first.job.timeout_s, len(first.job.scopes)) == ("request", 99, 2)
    row = await bench.scheduled()
    assert (row.next_run_at, row.last_run_at, row.last_job_id, row.last_status) == (
        THREE, NOON, first.job.id, "queued",
    )  # fmt: skip
    await bench.end_jobs()
    assert (await bench.scheduled()).last_status == "completed"
    await bench.schedules.pause(bench.library_id)
    assert await bench.schedules.run(repository, bench.library_id, settings) is not None
    await bench.end_jobs()
    await bench.schedules.resume(bench.library_id)
    bench.now = THREE
    assert await bench.look(bench.server()) == 3
    await bench.edit(type="dusting")
    with pytest.raises(ScheduleProblem, match="no work of the type 'dusting'"):
        await bench.schedules.run(repository, bench.library_id, settings)


async def test_a_library_takes_its_schedule_with_it(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    assert await LibraryRepository(bench.database).remove(bench.library_id)
    assert await bench.schedules.every() == []
    bench.now = THREE
    await bench.server().look()
    assert await bench.jobs() == []


# Running them


async def test_a_run_that_is_due_becomes_a_job_for_all_of_the_library(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    server = bench.server(settings=Settings(analyzer_scan_job_timeout=1234))
    bench.now = THREE - 1
    assert await server.look() == pytest.approx(0.01)
    assert await bench.jobs() == []
    assert bench.rings == 0
    bench.now = THREE
    assert await server.look() == 30
    (job,) = await bench.jobs()
    roots = await _roots(bench)
    assert (job["type"], job["status"], job["origin"], job["timeout_s"]) == (
        "scan",
        "queued",
        "schedule",
        1234,
    )
    assert job["scopes"] == f'[[{roots[0]}, ""], [{roots[1]}, ""]]'
    assert bench.rings == 1
    row = await bench.scheduled()
    assert (row.next_run_at, row.last_run_at, row.last_job_id) == (THREE + DAY, THREE, job["id"])
    await server.look()
    assert len(await bench.jobs()) == 1


async def _roots(bench: Bench) -> list[int]:
    library = await LibraryRepository(bench.database).get(bench.library_id)
    assert library is not None
    return sorted(root.id for root in library.roots)


async def test_a10_the_running_time_is_resolved_at_every_run(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, "0 * * * *", "UTC")
    server = bench.server(settings=Settings(analyzer_scan_job_timeout=1000))
    for stored in (None, 700, None):

        async def work(connection: Any, stored: int | None = stored) -> None:
            await config.put(connection, config.ANALYZER_SCAN_JOB_TIMEOUT, stored)

        await bench.database.write(work)
        bench.now += HOUR
        await bench.look(server)
    server.settings = Settings(analyzer_scan_job_timeout=2000)
    bench.now += HOUR
    await bench.look(server)
    assert [job["timeout_s"] for job in await bench.jobs("scan")] == [1000, 700, 1000, 2000]


async def test_a_run_joins_a_job_that_waits_already(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    repository = ScanJobRepository(bench.database, clock=bench.clock)
    scopes = tuple(Scope(root, b"") for root in await _roots(bench))
    waiting = await repository.enqueue(JobRequest(JobType.RESCAN, bench.library_id, scopes))
    bench.now = THREE
    await bench.server().look()
    assert [job["id"] for job in await bench.jobs()] == [waiting.job.id]
    assert (await bench.scheduled()).last_job_id == waiting.job.id


async def test_missed_runs_become_one(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, "*/5 * * * *", "UTC")
    bench.now += 9 * DAY + 7 * SECOND
    server = bench.server()
    assert await bench.look(server) == 1
    assert await bench.look(server) == 1
    row = await bench.scheduled()
    assert (row.last_run_at, row.next_run_at) == (bench.now, NOON + 9 * DAY + 300 * SECOND)


async def test_after_a_restart_nothing_is_forgotten_and_nothing_is_run_again(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    seen = []
    for hours in (14, 1, 1, 23, 1):
        bench.now += hours * HOUR
        seen.append(await bench.look(bench.server()))
    assert seen == [0, 1, 1, 2, 2]


async def test_spring_and_autumn_have_one_run_each_night(bench: Bench) -> None:
    for start, runs in (("2026-03-27T12:00", 3), ("2026-10-23T12:00", 3)):
        bench.now = at(start)
        await bench.schedules.put(bench.library_id, "30 2 * * *", ZONE)
        before = len(await bench.jobs("scan"))
        server = bench.server()
        for _ in range(4 * 72):
            bench.now += HOUR // 4
            await server.look()
            await bench.end_jobs()
        assert len(await bench.jobs("scan")) - before == runs
        await bench.schedules.remove(bench.library_id)


# Clocks that are wrong


async def test_a_clock_that_steps_back_a_little_runs_nothing_twice(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    server = bench.server()
    bench.now = THREE + 100
    assert await bench.look(server) == 1
    for back in (200, SECOND, 2 * HOUR, 10 * HOUR):
        bench.now = THREE + 100 - back
        assert await bench.look(server) == 1
        assert await bench.look(bench.server()) == 1
        assert (await bench.scheduled()).next_run_at == THREE + DAY
    bench.now = THREE
    assert await bench.look(server) == 1
    bench.now = THREE + DAY
    assert await bench.look(server) == 2


async def test_a_clock_that_was_a_year_ahead_leaves_no_schedule_asleep(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    server = bench.server()
    bench.now += 400 * DAY
    assert await bench.look(server) == 1
    bench.now = NOON
    assert await bench.look(server) == 1
    assert (await bench.scheduled()).next_run_at == THREE
    bench.now = THREE
    assert await bench.look(server) == 2
    bench.now += DAY
    assert await bench.look(server) == 3


async def test_a_clock_before_the_epoch_or_at_the_end_of_time_breaks_nothing(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    server = bench.server()
    for wrong in (0, 5, at("9999-12-30T00:00", "UTC"), 2**62):
        bench.now = wrong
        await bench.look(server)
    bench.now = NOON
    before = await bench.look(server)
    assert (await bench.scheduled()).next_run_at == THREE
    assert (await bench.scheduled()).problem is None
    bench.now = THREE
    assert await bench.look(server) == before + 1


async def test_any_walk_of_the_clock_fires_each_run_once_and_never_sleeps(bench: Bench) -> None:
    rng = random.Random(7)
    await bench.schedules.put(bench.library_id, "0 * * * *", "UTC")
    server = bench.server()
    last: int | None = None
    for _ in range(150):
        bench.now += rng.choice([SECOND, 20 * 60 * SECOND, HOUR, 5 * HOUR, -SECOND, -HOUR, -7 * HOUR])
        before = len(await bench.jobs("scan"))
        await bench.look(server)
        row = await bench.scheduled()
        assert row.next_run_at is not None
        # Never later than the run after the next one.
        assert bench.now < row.next_run_at <= bench.now + 2 * HOUR
        if len(await bench.jobs("scan")) > before:
            assert last is None or bench.now // HOUR != last // HOUR, (
                "the same run twice, one after the other"
            )
            last = bench.now


def _row(**values: Any) -> Schedule:
    row: dict[str, Any] = {
        "id": 1, "library_id": 1, "type": "scan", "cron": DAILY, "zone": ZONE, "next_run_at": THREE,
        "last_run_at": None, "last_job_id": None, "problem": None,
    }  # fmt: skip
    return Schedule(**(row | values))


async def test_the_rules_of_a_decision() -> None:
    assert decide(_row(), NOON) == Decision(THREE)
    assert not decide(_row(), NOON).changes(_row())
    assert decide(_row(), THREE) == Decision(THREE + DAY, fire=True)
    assert decide(_row(next_run_at=None), NOON) == Decision(THREE)
    assert decide(_row(next_run_at=0), NOON) == Decision(THREE, fire=True)
    assert decide(_row(next_run_at=THREE + 9 * DAY), NOON) == Decision(THREE)
    assert decide(_row(next_run_at=THREE + DAY, last_run_at=THREE), NOON) == Decision(THREE + DAY)
    # By hand it may come earlier than the text says.
    assert decide(_row(next_run_at=NOON + 5), NOON) == Decision(NOON + 5)
    for broken in ({"cron": "rubbish"}, {"zone": "Mars/Base"}, {"type": "prune"}, {"type": "dance"}):
        decision = decide(_row(**broken), THREE)
        assert (decision.next_run_at, decision.fire) == (None, False)
        assert decision.problem


# Several servers


async def test_of_many_who_see_the_same_run_exactly_one_takes_it(bench: Bench) -> None:
    seen = await bench.schedules.put(bench.library_id, DAILY, ZONE)

    async def one(database: Database) -> bool:
        async def work(connection: Any) -> bool:
            return await schedules.fire(connection, seen, THREE + DAY, THREE)

        return await database.write(work)

    databases = [bench._opened() for _ in range(4)]
    won = await asyncio.gather(*(one(database) for database in databases for _ in range(3)))
    assert won.count(True) == 1
    # Nobody takes a run of what was changed since it was looked at.
    for change in ({"cron": "1 3 * * *"}, {"zone": "UTC"}, {"type": "rescan"}, {"next_run_at": None}):
        await bench.edit(**{"cron": DAILY, "zone": ZONE, "type": "scan", "next_run_at": THREE} | change)
        assert not await one(databases[0])
    await bench.edit(cron=DAILY, zone=ZONE, type="scan", next_run_at=THREE)
    assert await one(databases[0])


async def test_servers_side_by_side_run_each_run_once(bench: Bench) -> None:
    other = await bench.add("More")
    for library_id in (bench.library_id, other):
        await bench.schedules.put(library_id, "0 * * * *", "UTC")
    servers = [bench.server() for _ in range(4)]
    for run in range(1, 9):
        bench.now += HOUR
        await asyncio.gather(*(server.look() for server in servers for _ in range(2)))
        await bench.end_jobs()
        found = await bench.jobs("scan")
        assert sorted(job["library_id"] for job in found) == sorted([bench.library_id, other] * run)
        # Nor was a second firing taken in by the job of the first.
        assert bench.rings == 2 * run


SERVER = """
import asyncio, sys
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.schedule import Scheduler
from shelfread.settings import Settings
from shelfread.store.database import Database

async def main() -> None:
    url, start = sys.argv[1], int(sys.argv[2])
    now = [start]
    database = Database(url)
    repository = ScanJobRepository(database, clock=lambda: now[0])
    scheduler = Scheduler(repository, Settings(), clock=lambda: now[0])
    print("ready", flush=True)
    for line in sys.stdin:
        now[0] = int(line)
        await scheduler.look()
        while (job := await repository.claim_next(str(id(now)))) is not None:
            await repository.finish(job)
        print("done", flush=True)
    await database.close()

asyncio.run(main())
"""


async def test_servers_in_processes_of_their_own_run_each_run_once(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, "0 * * * *", "UTC")
    command = [sys.executable, "-c", SERVER, bench.url, str(NOON)]
    servers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for server in servers:
            assert server.stdout is not None
            assert await asyncio.to_thread(server.stdout.readline) == "ready\n"
        for run in range(1, 28):
            moment = NOON + run * HOUR
            for server in servers:
                assert server.stdin is not None
                server.stdin.write(f"{moment}\n")
                server.stdin.flush()
            for server in servers:
                assert server.stdout is not None
                assert await asyncio.to_thread(server.stdout.readline) == "done\n"
            bench.now = moment
            await bench.end_jobs()
            assert len(await bench.jobs("scan")) == run
        # One prune: after a day there is something to forget.
        assert len(await bench.jobs("prune")) == 1
    finally:
        for server in servers:
            server.communicate(timeout=20)


async def test_without_a_clock_of_its_own_a_server_uses_the_one_that_all_agree_on(bench: Bench) -> None:
    async with bench.database.read() as connection:
        before = now_us()
        told = await schedules.now(connection)
        after = now_us()
    # The test's PostgreSQL is on this machine.
    assert before - SECOND <= told <= after + SECOND
    await bench.schedules.put(bench.library_id, "* * * * *", "UTC")
    await bench.edit(next_run_at=told - HOUR)
    repository = ScanJobRepository(bench.database)
    delay = await Scheduler(repository, Settings()).look()
    assert 0 < delay <= 30
    (job,) = await bench.jobs("scan")
    row = await bench.scheduled()
    assert row.last_job_id == job["id"]
    assert row.last_run_at is not None
    assert told <= row.last_run_at < told + 60 * SECOND


# Trouble


async def test_a_row_that_somebody_broke_is_told_once_and_stops_no_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    await bench.edit(cron="'; DROP TABLE schedules; --", zone="\x1b[2J")
    other = await bench.add("More")
    await bench.schedules.put(other, DAILY, ZONE)
    bench.now = THREE
    server = bench.server()
    for _ in range(3):
        await server.look()
    assert [job["library_id"] for job in await bench.jobs("scan")] == [other]
    row = await bench.scheduled()
    assert row.next_run_at is None
    assert "there is no time zone" in (row.problem or "")
    assert len(caplog.records) == 1
    # Once it is right again it runs again, also without having been set anew.
    await bench.edit(cron=DAILY, zone=ZONE)
    await server.look()
    assert ((await bench.scheduled()).problem, (await bench.scheduled()).next_run_at) == (None, THREE + DAY)


async def test_a_library_without_roots_is_passed_over(bench: Bench) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    await LibraryRepository(bench.database).change(bench.library_id, remove_roots=await _roots(bench))
    bench.now = THREE
    await bench.server().look()
    assert await bench.jobs() == []
    assert (await bench.scheduled()).next_run_at == THREE + DAY


async def test_a_run_and_its_job_are_one_transaction(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    bench.now = THREE
    server = bench.server()
    before = await bench.scheduled()

    async def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(schedules, "note_job", broken)
        with pytest.raises(OSError, match="full"):
            await server.look()
    assert await bench.jobs() == []
    assert await bench.scheduled() == before
    assert await bench.look(server) == 1


async def test_one_that_fails_does_not_keep_the_others_from_running(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await bench.add("More")
    for library_id in (bench.library_id, other):
        await bench.schedules.put(library_id, DAILY, ZONE)
    bench.now = THREE
    server = bench.server()
    enqueue_in = ScanJobRepository.enqueue_in

    async def some(self: ScanJobRepository, connection: Any, request: JobRequest) -> Any:
        if request.library_id == bench.library_id:
            raise OSError("not this one")
        return await enqueue_in(self, connection, request)

    with monkeypatch.context() as patched:
        patched.setattr(ScanJobRepository, "enqueue_in", some)
        with pytest.raises(OSError, match="not this one"):
            await server.look()
    assert [job["library_id"] for job in await bench.jobs()] == [other]
    await server.look()
    assert {job["library_id"] for job in await bench.jobs()} == {bench.library_id, other}


async def test_the_loop_survives_a_database_that_is_away_and_waits_longer_each_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    bench.now = THREE
    server = bench.server()
    pauses: list[float] = []
    away = [True]
    look = Scheduler.look

    async def looked(self: Scheduler) -> float:
        if away[0]:
            raise OSError("no route\nto the server")
        return await look(self)

    async def slept(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            away[0] = False
        if len(pauses) == 10:
            raise asyncio.CancelledError

    monkeypatch.setattr(Scheduler, "look", looked)
    monkeypatch.setattr(asyncio, "sleep", slept)
    with pytest.raises(asyncio.CancelledError):
        await server.run()
    monkeypatch.undo()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 30, 30]
    assert len(caplog.records) == 8
    assert "no route to the server" in caplog.records[0].getMessage()
    assert len(await bench.jobs("scan")) == 1


async def test_the_loop_runs_what_others_set_and_ends_when_it_is_told_to(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_module, "LOOK_S", 0.02)
    running = asyncio.create_task(bench.server().run())
    await bench.schedules.put(bench.library_id, DAILY, ZONE)
    bench.now = THREE
    async with asyncio.timeout(20):
        while not await bench.jobs("scan"):
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# The daily prune


async def test_once_a_day_a_prune_is_asked_for_however_many_servers_there_are(bench: Bench) -> None:
    servers = [bench.server() for _ in range(3)]

    async def looks() -> int:
        await asyncio.gather(*(server.look() for server in servers for _ in range(2)))
        await bench.end_jobs()
        return len(await bench.jobs("prune"))

    assert await looks() == 0  # nothing to forget
    repository = ScanJobRepository(bench.database, clock=bench.clock)
    await repository.enqueue(
        JobRequest(JobType.SCAN, bench.library_id, (Scope((await _roots(bench))[0], b""),))
    )
    assert await looks() == 0
    bench.now += DAY - 1
    assert await looks() == 0
    bench.now += 1
    assert await looks() == 1
    (job,) = await bench.jobs("prune")
    assert (job["library_id"], job["origin"], job["scopes"]) == (None, Origin.SCHEDULE.value, "[]")
    bench.now += DAY - 1
    assert await looks() == 1
    bench.now += 1
    assert await looks() == 2
    # A clock that was a year ahead.
    bench.now += 365 * DAY
    assert await looks() == 3
    bench.now -= 365 * DAY
    assert await looks() == 4
    assert await looks() == 4
    bench.now -= HOUR
    assert await looks() == 4


async def test_two_servers_that_both_find_a_prune_due_ask_for_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has asked and is done with it before the second, which had looked by then, asks as well."""
    repository = ScanJobRepository(bench.database, clock=bench.clock)
    await repository.enqueue(
        JobRequest(JobType.SCAN, bench.library_id, (Scope((await _roots(bench))[0], b""),))
    )
    await bench.end_jobs()
    bench.now += DAY
    real = retention.prune_due
    first, second, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def watched(connection: Any, now: int) -> bool:
        due = await real(connection, now)
        if not due or not connection.sync_connection.get_execution_options().get("shelfread_write"):
            return due
        if not first.is_set():
            first.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await second.wait()
        else:
            second.set()
            await done.wait()
        return due

    monkeypatch.setattr(retention, "prune_due", watched)

    async def then_done() -> None:
        await bench.server().look()
        await bench.end_jobs()
        done.set()

    async def later() -> None:
        server = bench.server()
        await first.wait()
        # It looked before the other's job was there.
        await server._prune(bench.now)

    async with asyncio.timeout(20):
        await asyncio.gather(then_done(), later())
    assert len(await bench.jobs("prune")) == 1


async def test_a10_the_running_time_of_a_prune_is_resolved_when_it_is_queued(bench: Bench) -> None:
    repository = ScanJobRepository(bench.database, clock=bench.clock)
    await repository.enqueue(
        JobRequest(JobType.SCAN, bench.library_id, (Scope((await _roots(bench))[0], b""),))
    )
    await bench.end_jobs()

    async def work(connection: Any) -> None:
        await config.put(connection, config.ANALYZER_SCAN_JOB_TIMEOUT, 700)

    await bench.database.write(work)
    bench.now += DAY
    await bench.server().look()
    (job,) = await bench.jobs("prune")
    assert job["timeout_s"] == 700
