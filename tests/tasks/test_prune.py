"""The task `prune` and `store.retention`: what is forgotten, what never is, and that it is fenced."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
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
    Scope,
    Stopped,
)
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.watch import Control
from shelfread.queue.worker import LibraryScanWorker
from shelfread.settings import Settings
from shelfread.store import jobs as job_rows
from shelfread.store import retention
from shelfread.store.database import Database
from shelfread.store.ids import next_id
from shelfread.store.job_row import scopes_text
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import job_events, job_logs, library_scan_jobs, workers
from shelfread.tasks.prune import prune_task

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOW = 1_800_000_000 * SECOND


class Attic:
    """A catalogue with two libraries, and jobs of any age in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.repository = ScanJobRepository(database, clock=lambda: self.now)
        self.libraries: list[int] = []
        self.roots: list[int] = []

    async def fill(self) -> None:
        for name in ("Music", "More"):
            library = await LibraryRepository(self.database).add(name, "music", [b"/" + name.encode()])
            self.libraries.append(library.id)
            self.roots.append(library.roots[0].id)

    async def job(
        self,
        days: float,
        status: str = "completed",
        *,
        library: int | None = 0,
        part: bytes = b"",
        lines: int = 0,
        batches: int = 0,
    ) -> int:
        """A job that ended so many days ago; gives its number."""
        request = JobRequest(
            JobType.SCAN if library is not None else JobType.PRUNE,
            self.libraries[library] if library is not None else None,
            (Scope(self.roots[library], part),) if library is not None else (),
        )
        kinds = ["queued", "claimed", *["batch"] * batches, status]
        when = self.now - round(days * DAY)

        async def work(connection: Any) -> int:
            seq = await next_id(connection, "jobs")
            text = scopes_text(request.scopes)
            await connection.execute(
                sa.insert(library_scan_jobs).values(
                    id=f"job-{seq}", seq=seq, library_id=request.library_id, type=request.type.value,
                    status=status, scopes=text, unique_key=f"key-{seq}", origin="request", priority=0,
                    fence=0 if status == "queued" else 1, attempt=1, losses=0, max_attempts=5, run_at=when,
                    timeout_s=60, used_us=0, event_seq=len(kinds), log_seq=lines, queued_at=when,
                    completed_at=when if status in ("completed", "failed", "cancelled") else None,
                )
            )  # fmt: skip
            said: list[dict[str, Any]] = [{"level": "info", "message": "x"}] * lines
            happened: list[dict[str, Any]] = [{"kind": kind, "fence": 1, "detail": "{}"} for kind in kinds]
            for table, rows in ((job_logs, said), (job_events, happened)):
                if rows:
                    numbered = [
                        {"job_seq": seq, "seq": number, "at": when} | row
                        for number, row in enumerate(rows, start=1)
                    ]
                    await connection.execute(sa.insert(table), numbered)
            return seq

        return await self.database.write(work)

    async def seqs(self, statuses: Sequence[str] = ()) -> set[int]:
        query = sa.select(library_scan_jobs.c.seq).where(library_scan_jobs.c.type == "scan")
        if statuses:
            query = query.where(library_scan_jobs.c.status.in_(statuses))
        return set(await self._column(query))

    async def kinds(self, seq: int) -> list[str]:
        query = sa.select(job_events.c.kind).where(job_events.c.job_seq == seq).order_by(job_events.c.seq)
        return await self._column(query)

    async def lines(self, seq: int) -> int:
        query = sa.select(sa.func.count()).select_from(job_logs).where(job_logs.c.job_seq == seq)
        return int((await self._column(query))[0])

    async def _column(self, query: sa.Select[Any]) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def claimed(self) -> Job:
        await self.repository.enqueue(JobRequest(JobType.PRUNE))
        job = await self.repository.claim_next("worker", ["prune"])
        assert job is not None
        return job

    async def prune(self, job: Job | None = None, control: Control | None = None, **settings: int) -> Job:
        job = job or await self.claimed()
        task = prune_task(self.repository, Settings(**settings), clock=lambda: self.now)  # type: ignore[arg-type]
        await task(job, control or Control())
        found = await self.repository.get(job.id)
        assert found is not None
        return found


@pytest_asyncio.fixture(loop_scope="session")
async def attic(database_url: str) -> AsyncIterator[Attic]:
    database = Database(database_url)
    made = Attic(database)
    await made.fill()
    yield made
    await database.close()


async def test_ended_jobs_are_kept_as_long_as_the_setting_says(attic: Attic) -> None:
    old = [
        await attic.job(days, status) for days in (91, 400) for status in ("completed", "failed", "cancelled")
    ]
    young = [await attic.job(days, "failed") for days in (89.9, 10)] + [await attic.job(0)]
    other = [await attic.job(500, library=1)]
    done = await attic.prune()
    assert done.status is JobStatus.COMPLETED
    assert await attic.seqs() == {*young, *other}
    assert not set(old) & await attic.seqs()
    assert done.report is not None
    assert done.report["jobs"] == 6
    # Nothing is left of them.
    for seq in old:
        assert (await attic.lines(seq), await attic.kinds(seq)) == (0, [])
    _begins, line = await attic.repository.logs(done.seq)
    assert line.message == "forgot 6 jobs, 18 log lines and events, 0 workers"


async def test_zero_days_are_for_ever(attic: Attic) -> None:
    kept = {await attic.job(days, lines=3, batches=2) for days in (10_000, 5_000, 0)}
    await attic.prune(job_retention_days=0, log_retention_days=0)
    assert await attic.seqs() == kept
    for seq in kept:
        assert await attic.lines(seq) == 3
        assert (await attic.kinds(seq)).count("batch") == 2


async def test_logs_and_batches_go_first_and_the_steps_of_a_job_stay(attic: Attic) -> None:
    old = await attic.job(31, lines=3, batches=2)
    young = await attic.job(29, lines=3, batches=2)
    await attic.prune()
    assert (await attic.lines(old), await attic.lines(young)) == (0, 3)
    assert await attic.kinds(old) == ["queued", "claimed", "completed"]
    assert await attic.kinds(young) == ["queued", "claimed", "batch", "batch", "completed"]


async def test_what_waits_or_runs_is_never_touched_however_old(attic: Attic) -> None:
    waiting = await attic.job(1000, "queued", lines=2, batches=2)
    running = await attic.job(1000, "running", library=1, lines=2, batches=2)
    await attic.job(0)
    await attic.prune(job_retention_days=1, log_retention_days=1)
    assert {waiting, running} <= await attic.seqs()
    for seq in (waiting, running):
        assert await attic.lines(seq) == 2
        assert (await attic.kinds(seq)).count("batch") == 2


async def test_the_last_jobs_of_each_library_stay_however_old(attic: Attic) -> None:
    await attic.job(900)
    completed = await attic.job(800)
    await attic.job(700, "failed")
    newest = await attic.job(600, "cancelled")
    only = await attic.job(900, "failed", library=1)
    await attic.job(500, library=None)
    await attic.prune(job_retention_days=1)
    assert await attic.seqs() == {completed, newest, only}


async def test_scans_that_the_next_one_is_compared_with_stay(attic: Attic) -> None:
    whole = await attic.job(900)
    await attic.job(800, part=b"A")
    left = await attic.job(700, part=b"A")
    right = await attic.job(600, part=b"B/C")
    await attic.prune(job_retention_days=1)
    assert await attic.seqs() == {whole, left, right}
    again = await attic.job(0)
    await attic.prune(job_retention_days=1)
    assert await attic.seqs() == {again}


async def test_pruning_changes_no_answer_about_when_a_place_was_last_scanned(attic: Attic) -> None:
    rng = random.Random(3)
    parts = [b"", b"A", b"A/B", b"A/B/C", b"AB", b"B", b"B/C"]
    for number in range(80):
        await attic.job(
            200 - number, rng.choice(["completed", "failed"]), part=rng.choice(parts[1:] + parts[-3:])
        )

    async def answers() -> list[int]:
        root, found = attic.roots[0], []
        async with attic.database.read() as connection:
            for part in parts:
                for scopes in ([Scope(root, part)], [Scope(root, part), Scope(root, b"B/C")]):
                    found.append(await job_rows.last_completed(connection, attic.libraries[0], scopes))
        return found

    before = await answers()
    assert len(set(before)) > 3
    done = await attic.prune(job_retention_days=1)
    assert done.report is not None
    assert done.report["jobs"] > 60
    assert await answers() == before


async def test_a_row_that_somebody_broke_is_forgotten_like_any_other(attic: Attic) -> None:
    broken = [await attic.job(300) for _ in range(4)]
    kept = await attic.job(0)

    async def work(connection: Any) -> None:
        for seq, text in zip(broken, ("", "null", "[[1]]", '[["x", "zz"]]'), strict=True):
            await connection.execute(
                sa.update(library_scan_jobs).where(library_scan_jobs.c.seq == seq).values(scopes=text)
            )
        await connection.execute(
            sa.update(library_scan_jobs).where(library_scan_jobs.c.seq == broken[0]).values(completed_at=None)
        )

    await attic.database.write(work)
    await attic.prune()
    assert await attic.seqs() == {kept}


async def test_transactions_are_short_however_much_there_is(
    attic: Attic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await attic.job(100, lines=1201, batches=700)
    for _ in range(1100):
        await attic.job(95, "failed", library=1)
    long = await attic.job(40, lines=999, batches=501)
    last = await attic.job(0, library=1)
    counts: list[int] = []
    for name in ("delete_trail", "delete_jobs"):
        real = getattr(retention, name)

        async def counted(*args: Any, _real: Any = real, **options: Any) -> int:
            counts.append(await _real(*args, **options))
            return counts[-1]

        monkeypatch.setattr(retention, name, counted)
    done = await attic.prune()
    assert await attic.seqs() == {long, last}
    assert max(counts) <= 500
    assert done.report is not None
    assert done.report["jobs"] == 1101
    assert done.report["jobs"] + done.report["lines"] == sum(counts)
    # Full ones: not one transaction a row.
    assert len(counts) < 30
    assert await attic.lines(long) == 0


async def test_a_prune_that_was_taken_over_deletes_nothing_more(attic: Attic) -> None:
    old = {await attic.job(200, "failed") for _ in range(3)}
    kept = await attic.job(0)
    job = await attic.claimed()
    assert await attic.repository.lose(job, Reason.WORKER_LOST, "gone") is not None
    with pytest.raises(LostJob):
        await attic.prune(job)
    assert await attic.seqs() == {*old, kept}


async def test_a_prune_that_is_cancelled_or_stopped_keeps_what_it_has_done(
    attic: Attic, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {await attic.job(200, "failed", lines=2) for _ in range(3)}
    kept = await attic.job(0)
    real = retention.delete_trail
    control = Control()
    job = await attic.claimed()

    async def then_stop(*args: Any, **options: Any) -> int:
        control.stop.set()
        return await real(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(retention, "delete_trail", then_stop)
        with pytest.raises(Stopped):
            await attic.prune(job, control)
    assert await attic.seqs() == {*old, kept}
    assert {await attic.lines(seq) for seq in old} == {0}
    assert await attic.repository.release(job)
    again = await attic.claimed()
    await attic.repository.cancel(again.id)
    with pytest.raises(CancelRequested):
        await attic.prune(again)
    assert await attic.repository.end_cancelled(again)
    assert await attic.seqs() == {*old, kept}
    await attic.prune()
    assert await attic.seqs() == {kept}


async def test_processes_that_are_gone_are_forgotten_after_a_day(attic: Attic) -> None:
    alive = await Presence.enter(attic.database, "managed")
    dead = await Presence.enter(attic.database, "managed")
    fresh = await Presence.enter(attic.database, "cli")
    await dead.leave()
    await fresh.leave()

    async def work(connection: Any) -> None:
        old = sa.update(workers).where(workers.c.id.in_([alive.id, dead.id]))
        await connection.execute(old.values(started_at=attic.now - 2 * DAY))
        await connection.execute(
            sa.update(workers).where(workers.c.id == fresh.id).values(started_at=attic.now - DAY // 2)
        )

    await attic.database.write(work)
    done = await attic.prune()
    assert set(await attic._column(sa.select(workers.c.id))) == {alive.id, fresh.id}
    assert done.report is not None
    assert done.report["workers"] == 1
    await alive.leave()


async def test_a_worker_runs_it_to_its_end_and_the_next_day_again(attic: Attic) -> None:
    await attic.job(200, "failed")
    kept = await attic.job(0)
    task = prune_task(attic.repository, Settings(), clock=lambda: attic.now)
    worker = LibraryScanWorker(attic.repository, {JobType.PRUNE: task}, worker_id="worker")
    for _ in range(2):
        await attic.repository.enqueue(JobRequest(JobType.PRUNE))
        async with asyncio.timeout(20):
            assert await worker.run_once()
        attic.now += DAY
    assert not await worker.run_once()
    assert await attic.seqs() == {kept}
    ended = await attic.repository.listed(types=["prune"])
    assert [job.status for job in ended] == [JobStatus.COMPLETED] * 2
    for job in ended:
        events = await attic.repository.events(job.seq)
        assert [event.seq for event in events] == list(range(1, job.event_seq + 1))
        assert (events[0].kind, events[-1].kind) == ("queued", "completed")
        assert json.loads(json.dumps(job.report)) == job.report


async def test_old_prunes_are_forgotten_too_and_the_last_one_is_remembered(attic: Attic) -> None:
    for days in (300, 200, 100):
        await attic.job(days, library=None)
    async with attic.database.read() as connection:
        assert await retention.prune_due(connection, attic.now)
    await attic.prune()
    found = await attic.repository.listed(types=["prune"])
    # The one that ran was not the newest that had ended when it looked.
    assert len(found) == 2
    async with attic.database.read() as connection:
        assert not await retention.prune_due(connection, attic.now)
