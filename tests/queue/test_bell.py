"""`queue.bell`: who waits for a change of the queue is woken (D22, D23)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from shelfread.model.job import JobRequest, JobType
from shelfread.queue.bell import Bell
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_ring_wakes_everybody_who_listens() -> None:
    bell = Bell()
    with bell.ear() as one, bell.ear() as two:
        waiting = [asyncio.create_task(ear.wait(30)) for ear in (one, two)]
        await asyncio.sleep(0)
        bell.ring()
        assert await asyncio.gather(*waiting) == [True, True]
        # It was one ring.
        assert await one.wait(0.01) is False


async def test_a_ring_is_remembered_until_it_is_waited_for() -> None:
    bell = Bell()
    with bell.ear() as ear:
        bell.ring()
        bell.ring()
        assert await ear.wait(30) is True
        assert await ear.wait(0.01) is False


async def test_who_does_not_listen_hears_nothing_and_stays_no_listener() -> None:
    bell = Bell()
    with bell.ear() as ear:
        pass
    bell.ring()
    assert await ear.wait(0.01) is False
    with bell.ear() as later:
        assert await later.wait(0.01) is False


async def test_d22_waiting_ends_by_itself() -> None:
    bell = Bell()
    with bell.ear() as ear:
        async with asyncio.timeout(90):
            assert await ear.wait(0.02) is False
            assert await ear.wait(0) is False


_ENQUEUE = """
import asyncio, sys
from shelfread.model.job import JobRequest, JobType
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database

asyncio.run(ScanJobRepository(Database(sys.argv[1])).enqueue(JobRequest(JobType.PRUNE)))
"""


async def test_d23_another_process_that_queues_a_job_rings(new_catalogue: Any) -> None:
    database = Database(await new_catalogue("sqlite"))
    bell = Bell()
    with bell.ear() as ear:
        async with bell.watching(database.path):
            assert await ear.wait(30)  # the first look
            url = database.url.render_as_string(hide_password=False)
            command = [sys.executable, "-c", _ENQUEUE, url]
            await asyncio.to_thread(subprocess.run, command, check=True)
            assert await ear.wait(30)
        # Nobody watches any more.
        while await ear.wait(0.2):
            pass
        await ScanJobRepository(database).enqueue(JobRequest(JobType.PRUNE))
        assert not await ear.wait(0.3)
    await database.close()


async def test_watching_without_a_file_is_nothing_and_a_missing_file_breaks_nothing(tmp_path: Path) -> None:
    bell = Bell()
    before = asyncio.all_tasks()
    async with bell.watching(None):
        assert asyncio.all_tasks() == before
    with bell.ear() as ear:
        async with bell.watching(tmp_path / "not there.db"):
            assert not await ear.wait(0.3)
    assert asyncio.all_tasks() == before


async def test_d24_watching_costs_the_event_loop_next_to_nothing(new_catalogue: Any) -> None:
    """A look takes no longer than a turn of the loop may."""
    database = Database(await new_catalogue("sqlite"))
    from shelfread.store.news import ChangeWatch

    assert database.path is not None
    watch = ChangeWatch(database.path)
    watch.changed()
    begun = time.process_time()
    for _ in range(1000):
        watch.changed()
    # Measured: 4 microseconds each.
    assert time.process_time() - begun < 1
    watch.close()
    await database.close()
