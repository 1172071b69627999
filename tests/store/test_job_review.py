"""`store.job_review`: what is asked of the history, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobRequest, JobType, Phase, Reason, Scope
from shelfread.queue.presence import Presence
from shelfread.queue.repository import ScanJobRepository
from shelfread.store import job_review
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import job_events

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _lost_once(database: Database) -> Job:
    """queued, claimed, batch, batch, requeued, claimed, batch."""
    library = await LibraryRepository(database).add("Music", "music", [b"/music"])
    jobs = ScanJobRepository(database)
    await jobs.enqueue(JobRequest(JobType.SCAN, library.id, (Scope(library.roots[0].id, b""),)))
    job = None
    for batches in (2, 1):
        job = await jobs.claim_next("me")
        assert job is not None
        for found in range(batches):
            await jobs.commit(job, None, BatchReport(Counters(found=found), Phase.READING))
        if batches == 2:
            await jobs.lose(job, Reason.STALLED, "nothing moved")
    assert job is not None
    return job


async def test_events_are_found_by_kind_and_place(database: Database) -> None:
    job = await _lost_once(database)
    async with database.read() as connection:
        others = await job_review.events_without(connection, job.seq, "batch", 0, 10)
        assert [(event.seq, event.kind) for event in others] == [
            (1, "queued"), (2, "claimed"), (5, "requeued"), (6, "claimed"),
        ]  # fmt: skip
        assert len(await job_review.events_without(connection, job.seq, "batch", 2, 1)) == 1
        first = await job_review.edge(connection, job.seq, 2, 5, last=False)
        last = await job_review.edge(connection, job.seq, 2, 5, last=True)
        assert (first and first.seq, last and last.seq) == (3, 4)
        assert await job_review.edge(connection, job.seq, 7, 99, last=True) is None
        back = await job_review.last_event(connection, job.seq, ("requeued", "released"))
        assert back is not None
        assert (back.seq, back.detail["reason"]) == (5, "stalled")
        assert await job_review.last_event(connection, job.seq, ("released",)) is None


async def test_details_that_are_no_objects_are_empty(database: Database) -> None:
    job = await _lost_once(database)
    for text in ("{", "[]", "5", ""):

        async def spoil(connection: Any, text: str = text) -> None:
            await connection.execute(sa.update(job_events).where(job_events.c.seq == 5).values(detail=text))

        await database.write(spoil)
        async with database.read() as connection:
            back = await job_review.last_event(connection, job.seq, ("requeued",))
        assert back is not None
        assert back.detail == {}


async def test_processes_are_found_by_id_and_by_age(database: Database) -> None:
    ids = []
    for kind in ("cli", "managed"):
        presence = await Presence.enter(database, kind)
        await presence.leave()
        ids.append(presence.id)
    async with database.read() as connection:
        assert set(await job_review.workers_of(connection, [ids[0], "nobody"])) == {ids[0]}
        assert await job_review.workers_of(connection, []) == {}
        assert list(await job_review.newest_workers(connection, 1)) == [ids[1]]
        assert set(await job_review.newest_workers(connection)) == set(ids)
