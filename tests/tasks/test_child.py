"""`tasks.child`: the warm child alone, spoken to as its parent does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from shelfread.model.job import Job, JobStatus
from shelfread.scan.children import Child
from shelfread.tasks.child import Order, Word
from tests.tasks.warm_stand import WarmStand, a_warm_stand, init_for, processes, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stand(new_catalogue: Any, tmp_path: Path) -> AsyncIterator[WarmStand]:
    async with a_warm_stand(await new_catalogue("sqlite"), tmp_path / "shelf") as made:
        made.fill()
        yield made


class Talk:
    """A child and what it says."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.child: Child

    @classmethod
    async def begin(cls, stand: WarmStand, **more: Any) -> Talk:
        talk = cls()

        def on_frames(frames: list[memoryview]) -> bool:
            talk.words += [msgspec.msgpack.decode(frame, type=Word) for frame in frames]
            return False

        init = msgspec.to_builtins(init_for(stand.url, **more))
        talk.child = await Child.start("shelfread.tasks.child:resident", init, on_frames=on_frames)
        return talk

    def order(self, **order: Any) -> None:
        self.child.send(msgspec.to_builtins(Order(**order)))

    def ends(self) -> list[Word]:
        return [word for word in self.words if word.ended]

    async def end(self, count: int = 1) -> Word:
        await until(lambda: len(self.ends()) >= count)
        return self.ends()[-1]


@pytest_asyncio.fixture(loop_scope="session")
async def talk(stand: WarmStand) -> AsyncIterator[Talk]:
    made = await Talk.begin(stand)
    yield made
    await made.child.close()


async def _claimed(stand: WarmStand) -> Job:
    await stand.request()
    job = await stand.jobs.claim_next(stand.worker_id)
    assert job is not None
    return job


async def test_it_says_that_it_lives_also_while_it_works(stand: WarmStand, talk: Talk) -> None:
    await until(lambda: len(talk.words) >= 2)
    stand.hold.touch()
    job = await _claimed(stand)
    talk.order(run=job.id, fence=job.fence)
    await stand.until_held(job)
    before = len(talk.words)
    await until(lambda: len(talk.words) >= before + 2)
    assert talk.ends() == []
    stand.hold.unlink()
    word = await talk.end()
    assert word.ended == "completed"
    assert word.peak > 10 << 20
    assert (await stand.job(job)).status is JobStatus.COMPLETED


async def test_an_order_to_stop_without_a_job_is_no_order(stand: WarmStand, talk: Talk) -> None:
    for _ in range(3):
        talk.order(stop=True)
    job = await _claimed(stand)
    talk.order(run=job.id, fence=job.fence)
    assert (await talk.end()).ended == "completed"


async def test_a_stop_that_comes_with_the_job_leaves_the_row_to_the_worker(
    stand: WarmStand, talk: Talk
) -> None:
    job = await _claimed(stand)
    stand.hold.touch()
    talk.order(run=job.id, fence=job.fence)
    talk.order(stop=True)
    assert (await talk.end()).ended == "stopped"
    assert (await stand.job(job)).status is JobStatus.RUNNING
    stand.hold.unlink()
    # The same child does it after all.
    talk.order(run=job.id, fence=job.fence)
    assert (await talk.end(2)).ended == "completed"


@pytest.mark.parametrize("how", ["wrong fence", "no such job", "ended"])
async def test_i1_a_job_that_is_not_this_workers_is_not_begun(stand: WarmStand, talk: Talk, how: str) -> None:
    job = await _claimed(stand)
    if how == "ended":
        assert await stand.jobs.finish(job)
    talk.order(
        run="no such job" if how == "no such job" else job.id,
        fence=job.fence + (1 if how == "wrong fence" else 0),
    )
    word = await talk.end()
    assert word.ended == "lost"
    assert word.error
    assert stand.reads() == []


async def test_a_job_that_is_cancelled_before_it_begins_is_not_done(stand: WarmStand, talk: Talk) -> None:
    job = await _claimed(stand)
    await stand.jobs.cancel(job.id)
    talk.order(run=job.id, fence=job.fence)
    assert (await talk.end()).ended in ("cancelled", "stopped")
    assert await stand.files() == []


async def test_idle_walkers_and_parsers_are_let_go_and_come_back(stand: WarmStand) -> None:
    talk = await Talk.begin(stand, kinds="tests.tasks.short_idle:KINDS")
    for number in range(1, 3):
        job = await _claimed(stand)
        talk.order(run=job.id, fence=job.fence)
        assert (await talk.end(number)).ended == "completed"
        await until(lambda: len(processes(talk.child.pid)) == 1)
        assert talk.child.alive
    await talk.child.close()


async def test_a_child_without_a_parent_ends(stand: WarmStand, talk: Talk) -> None:
    job = await _claimed(stand)
    stand.hold.touch()
    talk.order(run=job.id, fence=job.fence)
    await stand.until_held(job)
    tree = processes(talk.child.pid)
    # The parent's end of the channel goes, as with the parent itself.
    assert talk.child._transport is not None
    talk.child._transport.abort()
    async with asyncio.timeout(40):
        await talk.child.ended()
    await until(lambda: not any(process.is_running() for process in tree))
    assert (await stand.job(job)).status is JobStatus.RUNNING
