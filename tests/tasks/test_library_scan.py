"""The job named `scan_library_job` (PROMISES A1, A2, A5)."""

from __future__ import annotations

import gc

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shelfread.model.job import JobStatus, JobType, Reason, Scope
from shelfread.queue.running import RunningJob
from shelfread.scan.plan import Plan, RootsUnavailable
from shelfread.store import jobs
from shelfread.tasks.library_scan import reason_of, scan_library_job
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _claimed(shelf: Shelf) -> tuple[RunningJob, Plan]:
    library = await shelf.library()
    scopes = tuple(Scope(root.id, b"") for root in library.roots)
    job = await RunningJob.claim(shelf.database, library.id, JobType.SCAN, scopes)
    return job, Plan(library, scopes)


async def test_a1_a5_the_job_registers_the_files_of_the_roots_and_says_how_many(shelf: Shelf) -> None:
    shelf.tree.add("Artist/Album/1 Song.mp3")
    shelf.tree.add("Artist/Album/2 Song.flac")
    shelf.tree.write("Artist/Album/3 Bad.mp3", b"\0" * 100)
    job, plan = await _claimed(shelf)
    outcome = await scan_library_job(shelf.database, job, plan, shelf.pools)
    assert outcome.to_json()["registered"] == 3
    assert len(await shelf.table("media_files")) == 3
    assert len(await shelf.table("tracks")) == 3
    async with shelf.database.read() as connection:
        row = await jobs.get(connection, job.id)
    assert row is not None
    assert row.status is JobStatus.COMPLETED
    await job.close()


async def test_a2_the_job_works_on_an_async_engine(shelf: Shelf) -> None:
    assert isinstance(shelf.database.engine, AsyncEngine)


async def test_a_job_whose_roots_are_all_away_fails_with_that_reason(shelf: Shelf) -> None:
    shelf.tree.add("Artist/Album/1 Song.mp3")
    await shelf.scan()
    shelf.tree.delete("Artist")
    job, plan = await _claimed(shelf)
    with pytest.raises(RootsUnavailable) as caught:
        await scan_library_job(shelf.database, job, plan, shelf.pools)
    reason, text = reason_of(caught.value)
    assert reason is Reason.ROOT_UNAVAILABLE
    assert "is empty" in text
    await job.close()
    assert await shelf.missing() == set()


async def test_the_garbage_collector_is_as_it_was_after_a_scan(shelf: Shelf) -> None:
    before = gc.get_threshold()
    job, plan = await _claimed(shelf)
    await scan_library_job(shelf.database, job, plan, shelf.pools)
    assert gc.get_threshold() == before
    await job.close()
