"""`app.meter`: what is measured is what happened, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest import mock

import pytest

from shelfread.app import App, whole
from shelfread.app.meter import Meter
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobStatus, JobType, Phase, Reason
from shelfread.model.library import Library
from shelfread.queue.running import RunningJob
from shelfread.tasks.library_scan import Pools
from tests.conftest import Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _library(app: App, path: Path) -> tuple[Tree, Library]:
    tree = Tree(path)
    for number in range(3):
        tree.add(f"Artist/Album/{number}.mp3")
    tree.write("Artist/Album/empty.mp3", b"")
    return tree, await app.libraries.add("Music", "music", [bytes(path)])


async def test_it_counts_what_was_done_since_the_first_look(app: App, pools: Pools, tmp_path: Path) -> None:
    _, library = await _library(app, tmp_path / "music")
    await app.scan(library, pools=pools)
    with mock.patch("shelfread.app.meter.GOOD_S", 0.0), mock.patch("shelfread.app.meter.PROBLEMS_S", 0.0):
        meter = Meter(app.database)
        first = await meter.read()
        assert (first.queued, first.running, first.oldest_wait_s, first.files_per_second) == (0, 0, 0, 0)
        # What was before belongs to no rate; what is open is open.
        assert (first.files, first.batches, set(first.ended.values())) == (0, 0, {0})
        assert first.problems["empty_file"] == 1
        assert sum(first.problems.values()) == 1

        await app.scan(library, rescan=True, pools=pools)
        second = await meter.read()
        assert second.files == 4
        assert second.batches >= 1
        assert second.batches_s > 0
        assert second.ended == {JobStatus.COMPLETED: 1, JobStatus.FAILED: 0, JobStatus.CANCELLED: 0}
        assert await meter.read() == second

        queued = (await app.request_scan(library)).job
        third = await meter.read()
        assert (third.queued, third.running) == (1, 0)
        assert third.oldest_wait_s > 0
        await app.cancel(queued.id)
        fourth = await meter.read()
        assert (fourth.queued, fourth.oldest_wait_s, fourth.ended[JobStatus.CANCELLED]) == (0, 0, 1)


async def test_a_running_job_is_counted_once_however_often_it_is_looked_at(app: App, tmp_path: Path) -> None:
    _, library = await _library(app, tmp_path / "music")
    with mock.patch("shelfread.app.meter.GOOD_S", 0.0):
        meter = Meter(app.database)
        await meter.read()
        job = await RunningJob.claim(app.database, library.id, JobType.SCAN, whole(library))
        try:
            for added in (100, 250):
                await job.commit(None, BatchReport(Counters(found=300, added=added), Phase.READING))
                found = await meter.read()
                assert (found.running, found.files, (await meter.read()).files) == (1, added, added)
                assert found.files_per_second > 0
            # Of a batch is told by the one behind it.
            assert found.batches == 1
            await job.fail(Reason.EXCEPTION, "for a test")
        finally:
            await job.close()
        found = await meter.read()
        assert (found.running, found.files, found.batches, found.files_per_second) == (0, 250, 1, 0)
        assert found.ended[JobStatus.FAILED] == 1
        # The next attempt begins anew, and what it does counts anew.
        job = await RunningJob.claim(app.database, library.id, JobType.SCAN, whole(library))
        try:
            await job.commit(None, BatchReport(Counters(found=300, added=20), Phase.READING))
            assert (await meter.read()).files == 270
        finally:
            await job.cancel()


async def test_many_who_ask_at_a_moment_are_told_what_one_look_found(app: App) -> None:
    meter = Meter(app.database)
    found = await asyncio.gather(*(meter.read() for _ in range(20)))
    assert all(one is found[0] for one in found)


async def test_a_look_that_failed_is_not_told_again(app: App) -> None:
    meter = Meter(app.database)
    with (
        mock.patch("shelfread.app.meter.job_news.look", side_effect=OSError("away")),
        pytest.raises(OSError, match="away"),
    ):
        await meter.read()
    assert (await meter.read()).queued == 0
