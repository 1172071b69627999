"""`store.worker_rows`: the rows of processes that run jobs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from shelfread.model.job import JobStatus
from shelfread.store import jobs, worker_rows
from shelfread.store.database import Database
from shelfread.store.tables import workers
from tests.store.job_rows import JobRows

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _add(rows: JobRows, worker_id: str, now: int, version: str = "1") -> None:
    await rows.write(
        worker_rows.insert_worker,
        worker_id=worker_id,
        kind="managed",
        host="attic",
        pid=1 << 40,
        version=version,
        now=now,
    )


async def test_a_process_is_seen_as_it_said_it_is(database: Database) -> None:
    rows = await JobRows.make(database)
    await _add(rows, "one", 5, version="v" * 99)
    found = await rows.ask(jobs.worker, "one")
    assert found == {
        "id": "one",
        "kind": "managed",
        "host": "attic",
        "pid": 1 << 40,
        "version": "v" * 32,
        "started_at": 5,
    }
    assert await rows.ask(jobs.worker, "nobody") is None


async def test_an_id_is_taken_once(database: Database) -> None:
    rows = await JobRows.make(database)
    await _add(rows, "one", 5)
    with pytest.raises(sa.exc.IntegrityError):
        await _add(rows, "one", 6)


async def test_old_processes_are_found_but_not_those_whose_jobs_run(database: Database) -> None:
    rows = await JobRows.make(database)
    for number, name in enumerate(("a", "b", "busy", "c", "new")):
        await _add(rows, name, number)
    await rows.running(b"1", worker="busy")
    # A row that names nobody makes nobody disappear from the list.
    await rows.queued(b"2")
    ended = await rows.running(b"3", worker="b")
    await rows.end(ended, JobStatus.COMPLETED)
    assert await rows.ask(worker_rows.started_before, 4) == ["a", "b", "c"]
    assert await rows.ask(worker_rows.started_before, 4, 2) == ["a", "b"]
    assert await rows.ask(worker_rows.started_before, 0) == []


async def test_only_the_named_processes_are_forgotten(database: Database) -> None:
    rows = await JobRows.make(database)
    for name in ("a", "b", "c"):
        await _add(rows, name, 1)
    await rows.write(worker_rows.delete_workers, ["a", "c", "nobody"])
    await rows.write(worker_rows.delete_workers, [])
    assert [row["id"] for row in await rows.select(sa.select(workers))] == ["b"]
