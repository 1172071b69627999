"""A test stand for the queue: one library with two roots, a clock that tests turn, and looks at the rows.

Reads and breaks rows with SQL of its own, so that what the repository says is not proven by the repository.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import sqlalchemy as sa

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Enqueued, Job, JobRequest, JobType, LogLine, Phase, Scope
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import id_counters, job_events, job_logs, library_scan_jobs

#: Some moment with microseconds that would be seen if they were cut off.
NOON = 1_700_000_000_123_457
SECOND = 1_000_000

#: Log lines that are kept of a job.
LOG_LINES = 10_000
TERMINAL = ("completed", "failed", "cancelled")
#: Every table that the queue writes to, parents first.
TABLES = (id_counters, library_scan_jobs, job_events, job_logs)


class Clock:
    """The time as the repository is told it, in microseconds."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def turn(self, seconds: float) -> int:
        """Turn it forward, or back; gives the new time."""
        self.now += round(seconds * SECOND)
        return self.now


class Stand:
    """A catalogue with a library of two roots, and a repository on it."""

    def __init__(self, database: Database, library_id: int, roots: list[int], stack: AsyncExitStack) -> None:
        self.database = database
        self.library_id = library_id
        self.roots = roots
        self.clock = Clock()
        #: How often the repository asked for the bell.
        self.rings = 0
        self.repository = ScanJobRepository(database, clock=self.clock, ring=self._ring)
        self._stack = stack

    def _ring(self) -> None:
        self.rings += 1

    @property
    def url(self) -> str:
        return self.database.url.render_as_string(hide_password=False)

    async def another(self) -> ScanJobRepository:
        """A repository with connections of its own, as another process has it."""
        database = Database(self.url)
        self._stack.push_async_callback(database.close)
        return ScanJobRepository(database, clock=self.clock)

    async def another_library(self, name: str = "More") -> tuple[int, list[int]]:
        """One more library with one root: its id and that of its root."""
        library = await LibraryRepository(self.database).add(name, "music", [b"/" + name.encode()])
        return library.id, [root.id for root in library.roots]

    # Asking for jobs

    def scope(self, relative: bytes = b"", root: int = 0) -> Scope:
        return Scope(self.roots[root], relative)

    def request(self, *parts: bytes | Scope, rescan: bool = False, **more: Any) -> JobRequest:
        """A request for parts of the first root; for all of it when none is named."""
        scopes = [part if isinstance(part, Scope) else self.scope(part) for part in parts or (b"",)]
        job_type = JobType.RESCAN if rescan else JobType.SCAN
        return JobRequest(job_type, self.library_id, tuple(scopes), **more)

    async def enqueue(self, *parts: bytes | Scope, rescan: bool = False, **more: Any) -> Enqueued:
        return await self.repository.enqueue(self.request(*parts, rescan=rescan, **more))

    async def queued(self, *parts: bytes | Scope, rescan: bool = False, **more: Any) -> Job:
        """A new queued job."""
        answer = await self.enqueue(*parts, rescan=rescan, **more)
        assert not answer.coalesced
        return answer.job

    async def claim(self, worker: str = "worker-1") -> Job:
        """The next job, which must be there."""
        job = await self.repository.claim_next(worker)
        assert job is not None
        return job

    async def running(self, *parts: bytes | Scope, worker: str = "worker-1", **more: Any) -> Job:
        """A new job that is running."""
        job = await self.queued(*parts, **more)
        claimed = await self.claim(worker)
        assert claimed.id == job.id
        return claimed

    # Looking

    async def select(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        async with self.database.read() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def rows(self) -> list[dict[str, Any]]:
        """Every row of the queue, oldest first."""
        return await self.select(sa.select(library_scan_jobs).order_by(library_scan_jobs.c.seq))

    async def row(self, job: Job | str) -> dict[str, Any]:
        wanted = job if isinstance(job, str) else job.id
        (found,) = [row for row in await self.rows() if row["id"] == wanted]
        return found

    async def statuses(self) -> list[str]:
        return [row["status"] for row in await self.rows()]

    async def events(self, job: Job) -> list[dict[str, Any]]:
        """The events of a job as stored, with their detail as an object."""
        query = sa.select(job_events).where(job_events.c.job_seq == job.seq).order_by(job_events.c.seq)
        return [row | {"detail": json.loads(row["detail"])} for row in await self.select(query)]

    async def kinds(self, job: Job) -> list[str]:
        return [event["kind"] for event in await self.events(job)]

    async def last_event(self, job: Job) -> dict[str, Any]:
        return (await self.events(job))[-1]

    async def lines(self, job: Job) -> list[dict[str, Any]]:
        query = sa.select(job_logs).where(job_logs.c.job_seq == job.seq).order_by(job_logs.c.seq)
        return await self.select(query)

    async def said(self, job: Job) -> int:
        """How many lines its log has: the queue itself may have said something at the claim."""
        return int((await self.row(job))["log_seq"])

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table that the queue writes to; numbers that were merely taken do not count."""
        return {
            table.name: await self.select(sa.select(table).order_by(*table.primary_key.columns))
            for table in TABLES
            if table is not id_counters
        }

    async def sound(self) -> None:
        """Check what must hold after every transaction of every test."""
        await check(self)

    # Breaking

    async def edit(self, job: Job | str, **values: Any) -> None:
        """Change a row behind the repository's back."""
        wanted = job if isinstance(job, str) else job.id

        async def work(connection: Any) -> None:
            await connection.execute(
                sa.update(library_scan_jobs).where(library_scan_jobs.c.id == wanted).values(**values)
            )

        await self.database.write(work)

    async def mark(self, connection: Any, number: int) -> None:
        """A write of some other table, as a catalogue's: see `marked`."""
        await connection.execute(sa.insert(id_counters).values(name=f"mark-{number}", next=number))

    async def marked(self) -> list[int]:
        """The numbers that `mark` has written for good."""
        query = sa.select(id_counters.c.next).where(id_counters.c.name.like("mark-%"))
        return sorted(row["next"] for row in await self.select(query))


@asynccontextmanager
async def a_stand(url: str) -> AsyncIterator[Stand]:
    """A stand on an empty catalogue; at the end its rows are checked once more."""
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        library = await LibraryRepository(database).add("Music", "music", [b"/one", b"/two"])
        made = Stand(database, library.id, [root.id for root in library.roots], stack)
        yield made
        await check(made)


def report(
    *lines: str | LogLine, total: int | None = None, path: str | None = "a/b", **counts: int
) -> BatchReport:
    """What a batch says: counters by name, log lines."""
    logs = [line if isinstance(line, LogLine) else LogLine("info", line) for line in lines]
    return BatchReport(Counters(**counts), Phase.READING, total, path, logs)


def noise(number: int, length: int = 12) -> bytes:
    """Part of a path that no compression makes shorter, without "/" and NUL, mostly no UTF-8."""
    made = b""
    while len(made) < length:
        made += zlib.crc32(made + number.to_bytes(8, "big")).to_bytes(4, "big")
    return made[:length].replace(b"/", b"_").replace(b"\0", b"-")


#: Legal ways from the kind of one event to that of the next one.
_AFTER: dict[str | None, set[str]] = {
    None: {"queued", "claimed"},
    "queued": {"widened", "claimed", "cancelled"},
    "widened": {"widened", "claimed", "cancelled"},
    "claimed": {"batch", "cancel_requested", "released", "requeued", "completed", "failed", "cancelled"},
    "batch": {"batch", "cancel_requested", "released", "requeued", "completed", "failed", "cancelled"},
    "cancel_requested": {"failed", "cancelled"},
    "released": {"widened", "claimed", "cancelled"},
    "requeued": {"widened", "claimed", "cancelled"},
    "completed": set(),
    "failed": set(),
    "cancelled": set(),
}


async def check(stand: Stand) -> None:
    """Check the invariants I1 to I5 and I8 of the test plan, and what belongs together in a row."""
    rows = await stand.rows()
    events = await stand.select(sa.select(job_events).order_by(job_events.c.job_seq, job_events.c.seq))
    logs = await stand.select(sa.select(job_logs).order_by(job_logs.c.job_seq, job_logs.c.seq))
    assert violations(rows, events, logs) == []


def violations(
    rows: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]], logs: Sequence[dict[str, Any]]
) -> list[str]:
    """What is wrong with some rows, in words; for rows that nobody broke on purpose."""
    wrong = []
    for row in rows:
        mine = [event for event in events if event["job_seq"] == row["seq"]]
        numbers = [line["seq"] for line in logs if line["job_seq"] == row["seq"]]
        wrong += [f"job {row['seq']}: {text}" for text in (*_of_row(row), *_of_events(row, mine))]
        if numbers != list(range(1, min(row["log_seq"], LOG_LINES) + 1)):
            wrong.append(f"job {row['seq']}: I8, log lines {numbers[-3:]} of {row['log_seq']}")
    return wrong + collisions(rows)


def collisions(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Jobs that run at the same time and must not (I5)."""
    running = [row for row in rows if row["status"] == "running" and row["library_id"] is not None]
    return [
        f"I5: {one['seq']} and {other['seq']} run at the same time"
        for number, one in enumerate(running)
        for other in running[number + 1 :]
        if one["library_id"] == other["library_id"] and _overlap(one, other)
    ]


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return any(first[: len(second)] == second or second[: len(first)] == first
               for first in parts(one) for second in parts(other))  # fmt: skip


def parts(row: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The scopes of a row as (root, folder, folder, ...); of none that can be read, none."""
    try:
        return [
            (root, *filter(None, bytes.fromhex(text).split(b"/"))) for root, text in json.loads(row["scopes"])
        ]
    except (ValueError, TypeError):
        return []


def _of_row(row: dict[str, Any]) -> list[str]:
    status, wrong = row["status"], []
    if (row["completed_at"] is not None) != (status in TERMINAL):
        wrong.append(f"{status} and completed_at {row['completed_at']}")
    if row["fence"] and row["started_at"] is None:
        wrong.append("claimed and never started")
    if (row["error"] is not None) != (status == "failed"):
        wrong.append(f"D11: {status} with error {row['error']!r}")
    if status == "running" and not (row["worker_id"] and row["claimed_at"] and row["heartbeat_at"]):
        wrong.append("running without a worker or its times")
    if status == "queued" and row["cancel_requested_at"] is not None:
        wrong.append("waits although somebody cancelled it")
    return wrong


def _of_events(row: dict[str, Any], events: list[dict[str, Any]]) -> list[str]:
    wrong = []
    if [event["seq"] for event in events] != list(range(1, row["event_seq"] + 1)):
        wrong.append(f"I8: events {[event['seq'] for event in events]} of {row['event_seq']}")
    before: str | None = None
    fence = 0
    for event in events:
        if event["kind"] not in _AFTER[before]:
            wrong.append(f"I4: {before} -> {event['kind']}")
        if event["fence"] < fence or (event["kind"] == "claimed" and event["fence"] <= fence):
            wrong.append(f"I1/I2: {event['kind']} with fence {event['fence']} after {fence}")
        before, fence = event["kind"], event["fence"]
    ends = [event["kind"] for event in events if event["kind"] in TERMINAL]
    if ends != ([row["status"]] if row["status"] in TERMINAL else []):
        wrong.append(f"I3: {row['status']} with the ends {ends}")
    if fence > row["fence"]:
        wrong.append(f"I1: fence {row['fence']} after {fence}")
    return wrong
