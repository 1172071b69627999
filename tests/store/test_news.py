"""`store.news`: whether the queue in an SQLite file has changed, seen from another connection."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shelfread.model.job import JobStatus, JobType, Reason
from shelfread.store import job_queueing, job_writes
from shelfread.store.database import Database
from shelfread.store.ids import next_id
from shelfread.store.news import ChangeWatch
from tests.store.job_rows import JobRows

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def rows(new_catalogue: Any) -> AsyncIterator[JobRows]:
    database = Database(await new_catalogue("sqlite"))
    yield await JobRows.make(database)
    await database.close()


@pytest.fixture
def watch(rows: JobRows) -> Iterator[ChangeWatch]:
    assert rows.database.path is not None
    made = ChangeWatch(rows.database.path)
    made.changed()
    yield made
    made.close()


async def test_d22_each_change_that_somebody_waits_for_is_seen_once(
    rows: JobRows, watch: ChangeWatch
) -> None:
    assert not watch.changed()
    job = await rows.queued(b"a")
    assert (watch.changed(), watch.changed()) == (True, False)
    await rows.write(job_queueing.widen, job, JobType.RESCAN, rows.scopes([b"a", b"b"]), 2)
    assert (watch.changed(), watch.changed()) == (True, False)
    assert await rows.write(job_queueing.claim, job, "me", 3)
    assert (watch.changed(), watch.changed()) == (True, False)
    running = await rows.job(job)
    await rows.write(job_writes.request_cancel, running, 4)
    assert (watch.changed(), watch.changed()) == (True, False)
    await rows.end(running, JobStatus.CANCELLED)
    assert (watch.changed(), watch.changed()) == (True, False)
    waiting = await rows.queued(b"c")
    assert watch.changed()
    await rows.write(job_queueing.end_queued, waiting, 5, None, {})
    assert (watch.changed(), watch.changed()) == (True, False)


async def test_d22_a_job_that_goes_back_and_one_that_follows_another_are_seen(
    rows: JobRows, watch: ChangeWatch
) -> None:
    job = await rows.claimed()
    assert watch.changed()
    await rows.write(job_writes.release, job, job, 2)
    assert watch.changed()
    assert await rows.write(job_queueing.claim, await rows.job(job), "me", 3)
    assert watch.changed()
    await rows.write(job_writes.lose, await rows.job(job), Reason.WORKER_LOST, "gone", 4)
    assert watch.changed()
    # One ends and the next is claimed between two looks.
    assert await rows.write(job_queueing.claim, await rows.job(job), "me", 5)
    following = await rows.queued(b"b")
    assert watch.changed()
    await rows.end(await rows.job(job), JobStatus.COMPLETED)
    assert await rows.write(job_queueing.claim, following, "me", 6)
    assert (watch.changed(), watch.changed()) == (True, False)


async def test_b4_writes_of_a_catalogue_heartbeats_and_batches_are_no_news(
    rows: JobRows, watch: ChangeWatch
) -> None:
    job = await rows.claimed()
    assert watch.changed()
    for number in range(20):
        await rows.write(next_id, "tracks", 7)
        await rows.write(job_writes.guard, job, number, {"items_found": number}, events=[("batch", {})])
        assert not watch.changed()
    await rows.queued(b"b")
    assert watch.changed()


_ENQUEUE = """
import asyncio, sys
from shelfread.model.job import JobRequest, JobType, Scope
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database

async def main():
    repository = ScanJobRepository(Database(sys.argv[1]))
    scope = Scope(int(sys.argv[3]), b"")
    job = (await repository.enqueue(JobRequest(JobType.SCAN, int(sys.argv[2]), (scope,)))).job
    print(job.id, flush=True)
    sys.stdin.readline()
    await repository.cancel(job.id)
    print("cancelled", flush=True)

asyncio.run(main())
"""


async def test_d22_another_process_is_seen(rows: JobRows, watch: ChangeWatch) -> None:
    url = rows.database.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", _ENQUEUE, url, str(rows.library_id), str(rows.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert not watch.changed()
        assert await asyncio.to_thread(process.stdout.readline)
        assert watch.changed()
        process.stdin.write("\n")
        process.stdin.flush()
        assert await asyncio.to_thread(process.stdout.readline) == "cancelled\n"
        assert watch.changed()


async def test_a_file_that_is_not_there_yet_is_no_news_and_later_it_is(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    watch = ChangeWatch(path)
    assert not watch.changed()
    assert not path.exists()
    path.write_bytes(b"no database at all, not even a short one" * 100)
    assert not watch.changed()
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    assert not watch.changed()
    connection.close()
    watch.close()


async def test_a_file_that_goes_away_under_the_watch_breaks_nothing(
    rows: JobRows, watch: ChangeWatch
) -> None:
    path = rows.database.path
    assert path is not None
    await rows.database.close()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    for _ in range(3):
        assert not watch.changed()
    watch.close()
    assert not watch.changed()
    assert not path.exists()


async def test_d22_a_look_never_waits_for_a_writer(rows: JobRows, watch: ChangeWatch) -> None:
    path = rows.database.path
    assert path is not None
    await rows.queued()
    with sqlite3.connect(path, isolation_level=None) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE libraries SET name = 'x'")
        begun = time.monotonic()
        assert watch.changed()
        assert not watch.changed()
        # SQLite's own wait would be five seconds.
        assert time.monotonic() - begun < 2
        writer.execute("ROLLBACK")
    writer.close()


async def test_what_changed_while_the_file_could_not_be_read_is_seen_afterwards(rows: JobRows) -> None:
    """The counter of a new connection says nothing about that of the one before."""
    path = rows.database.path
    assert path is not None
    watch = ChangeWatch(path)
    assert watch.changed()
    away = path.with_name("away")
    # A connection that breaks, as at a read error, and a change before the next look.
    watch.close()
    os.rename(path, away)
    assert not watch.changed()
    os.rename(away, path)
    await rows.queued()
    assert watch.changed()
    watch.close()


async def test_the_history_costs_a_look_nothing(rows: JobRows, watch: ChangeWatch) -> None:
    from shelfread.store import news

    path = rows.database.path
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {news._STATE}")]
    connection.close()
    asked = [line for line in plan if "library_scan_jobs" in line]
    assert len(asked) == 2, plan
    assert all("INDEX ix_library_scan_jobs_waiting" in asked[0] or "USING" in line for line in asked), plan
    assert "uq_library_scan_jobs_running" in asked[1], plan
