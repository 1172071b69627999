"""One run: libraries, a database, workers, faults while jobs are asked for without end; then the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.chaos import crew as crews
from bench.chaos import faults, judge, shelves, witness
from bench.chaos.blows import Blows, Line
from bench.chaos.faults import Fault, Kind
from bench.chaos.stage import Postgres, Sqlite, stage
from shelfread.app import App, open_app
from shelfread.model.job import JobRequest, JobStatus, JobType, Scope
from shelfread.model.library import Library
from shelfread.settings import Settings
from shelfread.store import tables

#: What has to end when the faults stop has so many seconds for it (I7).
PEACE_S = 120.0
#: A job may run so long: far more than clocks jump in a run, since the sum over its attempts goes by them.
TIMEOUT_S = 31 * 86_400
_ACTIVE = (JobStatus.QUEUED.value, JobStatus.RUNNING.value)


@dataclass(frozen=True)
class Wanted:
    """What a run is to be."""

    database: str
    faults: int
    seed: int
    sizes: tuple[int, ...] = (150, 300, 450, 600, 900, 1500)
    hands: tuple[tuple[str, str, int], ...] = (
        ("server", "managed", 2),
        ("worker-1", "standalone", 2),
        ("worker-2", "standalone", 2),
    )
    lease_s: float = 3.0
    fence: bool = True
    #: Seconds that reading a file takes, so that a scan lasts while little is computed.
    file_s: float = 0.004
    weights: Mapping[Kind, float] | None = None
    #: No new fault after so many seconds.
    at_most_s: float = 3600.0
    #: Where the record goes, and the workers' logs if something was wrong.
    records: Path = Path(".local/chaos")

    def plan(self) -> list[Fault]:
        """The faults of this run."""
        return faults.plan(
            self.seed, self.faults, self.weights or faults.weights(self.database), self.lease_s
        )


@dataclass
class Outcome:
    """What came of a run."""

    wanted: Wanted
    lines: list[Line] = field(default_factory=list)
    violations: list[judge.Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    took_s: float = 0.0
    #: From the end of the faults to the end of the last job.
    peace_s: float = 0.0
    starts: int = 0
    leaving_s: list[float] = field(default_factory=list)
    times: judge.Times = field(default_factory=judge.Times)
    database_version: str = ""
    record: Path | None = None

    @property
    def counted(self) -> list[Line]:
        """The faults that hit a running job."""
        return [line for line in self.lines if line["counted"]]


class Feeder:
    """Asks for scans, so that there is always more to do than can be done; changes what nobody scans."""

    def __init__(self, app: App, shelf_of: dict[int, shelves.Shelf], seed: int, slots: int) -> None:
        self._app = app
        self._shelf_of = shelf_of
        self._rng = random.Random(f"feeder {seed}")
        self._slots = slots
        self.asked = 0
        self.changes = 0

    async def run(self) -> None:
        """Go on until cancelled; a database that is away is waited for."""
        while True:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(20):
                    await self._once()
            await asyncio.sleep(0.1)

    async def _once(self) -> None:
        active = await self._app.jobs.listed(statuses=_ACTIVE, limit=200)
        soon = time.time_ns() // 1000 + 500_000
        # Those that rest after losses keep nobody busy.
        if sum(job.status is JobStatus.RUNNING or job.run_at <= soon for job in active) >= self._slots + 3:
            return
        loads = {number: sum(job.library_id == number for job in active) for number in self._shelf_of}
        least = min(loads.values())
        number = self._rng.choice([one for one, load in loads.items() if load == least])
        library = await self._app.libraries.get(number)
        if library is None:
            return
        shelf = self._shelf_of[number]
        if not any(job.library_id == number and job.status is JobStatus.RUNNING for job in active):
            rows = await known_files(self._app, library)
            shelf.note_ids(rows)
            there = shelf.present()
            if shelf.change(len(rows.keys() - there.keys())):
                self.changes += 1
        await self._ask(library, shelf)

    async def _ask(self, library: Library, shelf: shelves.Shelf) -> None:
        (root,) = library.roots
        job_type = JobType.RESCAN if self._rng.random() < 0.55 else JobType.SCAN
        tops = shelf.tops()
        scopes = [Scope(root.id, b"")]
        if self._rng.random() < 0.35 and tops:
            some = self._rng.sample(tops, min(len(tops), self._rng.randint(2, 4)))
            scopes = [Scope(root.id, os.fsencode(top)) for top in some]
        request_id = str(uuid.uuid4())
        await self._app.jobs.enqueue_all(
            [
                JobRequest(job_type, library.id, (scope,), request_id=request_id, timeout_s=TIMEOUT_S)
                for scope in scopes
            ]
        )
        self.asked += len(scopes)


async def known_files(app: App, library: Library) -> dict[str, int]:
    """The id of each file of a library that is not missing, by path below its root."""
    files, folders = tables.media_files, tables.folders
    query = (
        select(folders.c.path, files.c.name, files.c.id)
        .join(folders, folders.c.id == files.c.folder_id)
        .where(folders.c.root_id.in_([root.id for root in library.roots]), files.c.status != "missing")
    )
    async with app.database.read() as connection:
        return {os.fsdecode(os.path.join(row[0], row[1])): row[2] for row in await connection.execute(query)}


@contextmanager
def _folder() -> Iterator[Path]:
    # The path of a server's socket may be 107 bytes long.
    short = len(tempfile.gettempdir()) < 50
    folder = Path(tempfile.mkdtemp(prefix="shelfread-chaos-", dir=None if short else "/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run(wanted: Wanted, tell: Any = print) -> Outcome:
    """Do it all; gives what was found."""
    outcome = Outcome(wanted)
    wanted.records.mkdir(parents=True, exist_ok=True)
    name = f"{wanted.database}-{wanted.seed}" + ("" if wanted.fence else "-no-fence")
    outcome.record = wanted.records / f"faults-{name}.jsonl"
    began = time.monotonic()
    with _folder() as folder, stage(wanted.database, folder) as database:
        outcome.database_version = database.version
        if database.no_full_disk:
            outcome.notes.append(f"no full disk: {database.no_full_disk}")
        made = shelves.make(folder / "music", wanted.seed, list(wanted.sizes))
        async with open_app(Settings(database_url=database.url, settle_seconds=0)) as app:
            shelf_of = {}
            for number, shelf in enumerate(made):
                root = os.fsencode(shelf.root)
                library = await app.libraries.add(shelf.name, "music", [root], judge.OPTIONS)
                shelf_of[library.id] = shelf
                # Every other one is scanned before; the first scans of the rest are for the faults.
                if number % 2 == 0:
                    await app.scan(library)
                    shelf.note_ids(await known_files(app, library))
            witness.install(database)
            terms = crews.Terms(database.url, wanted.lease_s, wanted.fence, wanted.file_s)
            crew = crews.Crew(folder, terms, list(wanted.hands))
            try:
                with outcome.record.open("w", encoding="utf-8") as record:

                    def write(line: Line) -> None:
                        outcome.lines.append(line)
                        record.write(json.dumps(line) + "\n")
                        record.flush()

                    await _trouble(wanted, app, database, crew, shelf_of, write, outcome, tell)
                tell(f"faults are over after {time.monotonic() - began:.0f} s; waiting for the jobs to end")
                await _peace(app, database, crew, shelf_of, outcome)
            finally:
                crew.kill()
            outcome.starts = sum(hand.starts for hand in crew.hands)
            outcome.leaving_s = [one for hand in crew.hands for one in hand.leaving_s]
            outcome.violations += judge.late_leavers(outcome.leaving_s)
            outcome.violations += await judge.catalogue_verdict(
                app, database, shelf_of, folder / "fresh.db", outcome.times
            )
            outcome.violations += await judge.history_verdict(app, database, shelf_of)
            await judge.measure(app, database, outcome.lines, outcome.times)
            await judge.write_history(app, database, wanted.records / f"history-{name}.jsonl")
            outcome.notes += judge.words_in_logs([hand.log for hand in crew.hands])
            outcome.notes += [
                f"{hand.name} ended by itself, exit codes {hand.odd_ends}"
                for hand in crew.hands
                if hand.odd_ends
            ]
        if outcome.violations:
            for hand in crew.hands:
                shutil.copyfile(hand.log, wanted.records / f"log-{name}-{hand.name}.txt")
            judge.keep(database, wanted.records / f"catalogue-{name}.db")
    outcome.took_s = time.monotonic() - began
    return outcome


async def _trouble(
    wanted: Wanted,
    app: App,
    database: Sqlite | Postgres,
    crew: crews.Crew,
    shelf_of: dict[int, shelves.Shelf],
    write: Any,
    outcome: Outcome,
    tell: Any,
) -> None:
    await crew.start()
    feeder = Feeder(app, shelf_of, wanted.seed, sum(count for _, _, count in wanted.hands))
    feeding = asyncio.create_task(feeder.run())
    blows = Blows(app, database, crew, write, fenced=wanted.fence)
    began = told = time.monotonic()
    try:
        for fault in wanted.plan():
            if time.monotonic() - began > wanted.at_most_s:
                outcome.notes.append(f"stopped before fault {fault.number}: the time was over")
                break
            await blows.strike(fault)
            if time.monotonic() - told > 15:
                told = time.monotonic()
                crew.sweep()
                tell(f"  {fault.number} done, {blows.counted} counted, {told - began:.0f} s")
            await asyncio.sleep(fault.pause_s)
        await blows.over()
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
    outcome.notes.append(f"{feeder.asked} scans asked for, libraries changed {feeder.changes} times")


async def _peace(
    app: App,
    database: Sqlite | Postgres,
    crew: crews.Crew,
    shelf_of: dict[int, shelves.Shelf],
    outcome: Outcome,
) -> None:
    """Everything ends, one last scan of everything is made, and the workers leave."""
    await asyncio.to_thread(database.mend)
    for hand in crew.hands:
        # Clocks are set right, so that what was queued by those ahead lies in the future.
        hand.jump(0)
        crews.go_on(hand)
    began = time.monotonic()
    left = await _ended(app, PEACE_S)
    outcome.peace_s = time.monotonic() - began
    outcome.violations += [
        judge.Violation("I7", f"job {job.id} is {job.status} {PEACE_S:.0f} s after the last fault")
        for job in left
    ]
    asked = []
    for number in shelf_of:
        library = await app.libraries.get(number)
        assert library is not None
        scopes = tuple(Scope(root.id, b"") for root in library.roots)
        request = JobRequest(JobType.SCAN, number, scopes, timeout_s=TIMEOUT_S)
        asked.append((await app.jobs.enqueue(request)).job.id)
    await _ended(app, PEACE_S)
    for job_id in asked:
        job = await app.jobs.get(job_id)
        if job is None or job.status is not JobStatus.COMPLETED:
            said = f"{job.status}: {job.error}" if job else "not there"
            outcome.violations.append(judge.Violation("I7", f"the last scan, job {job_id}, is {said}"))
    await crew.stop()


async def _ended(app: App, timeout_s: float) -> list[Any]:
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(Exception):
            left = await app.jobs.listed(statuses=_ACTIVE, limit=500)
            if not left or time.monotonic() > deadline:
                return left
        await asyncio.sleep(0.2)
