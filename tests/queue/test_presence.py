"""`queue.presence`: a process that runs jobs is there as long as it lives, and is seen (DESIGN rule 9)."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread import __version__
from shelfread.model.job import JobRequest, JobType
from shelfread.queue import locks
from shelfread.queue import presence as module
from shelfread.queue.locks import is_held, lock_for
from shelfread.queue.presence import Presence, forget_the_dead, is_gone, is_present
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.clock import now_us
from shelfread.store.database import Database
from shelfread.store.tables import workers

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def _rows(database: Database) -> list[dict[str, Any]]:
    async with database.read() as connection:
        return [dict(row._mapping) for row in await connection.execute(sa.select(workers))]


async def _until_gone(database: Database, worker_id: str) -> None:
    async with asyncio.timeout(90):
        while await is_held(database, worker_id):
            await asyncio.sleep(0.01)


async def test_who_enters_is_seen_and_who_leaves_is_gone(database: Database) -> None:
    before = now_us()
    presence = await Presence.enter(database, "standalone")
    (row,) = await _rows(database)
    assert (row["id"], row["kind"], row["pid"]) == (presence.id, "standalone", os.getpid())
    assert row["version"] == __version__
    assert before <= row["started_at"] <= now_us()
    assert await is_present(database, presence.id)
    assert not await is_gone(database, presence.id)
    await presence.leave()
    await presence.leave()
    await _until_gone(database, presence.id)
    assert not await is_present(database, presence.id)
    assert await is_gone(database, presence.id)
    # For those who look at old jobs.
    assert len(await _rows(database)) == 1


async def test_every_start_has_another_id(database: Database) -> None:
    """Host names and process ids come back; ids do not."""
    some = [await Presence.enter(database, "managed") for _ in range(3)]
    assert len({presence.id for presence in some}) == 3
    assert len({row["pid"] for row in await _rows(database)}) == 1
    for presence in some:
        assert uuid.UUID(presence.id).version == 4
    await some[0].leave()
    await _until_gone(database, some[0].id)
    assert [await is_present(database, presence.id) for presence in some[1:]] == [True, True]
    for presence in some:
        await presence.leave()


@pytest.mark.parametrize("worker_id", [None, "", "me", "../../x", "0" * 31])
async def test_what_is_no_id_is_nobody(database: Database, worker_id: str | None) -> None:
    assert not await is_present(database, worker_id)
    assert not await is_gone(database, worker_id), "nothing is proven"


async def test_who_cannot_be_seen_does_not_enter(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    genuine = lock_for

    def remembered(database: Database, worker_id: str, on_news: Any) -> Any:
        taken.append(worker_id)
        return genuine(database, worker_id, on_news)

    async def away(_work: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(module, "lock_for", remembered)
        patched.setattr(database, "write", away)
        with pytest.raises(OSError, match="the disk is full"):
            await Presence.enter(database, "cli")
    (worker_id,) = taken
    await _until_gone(database, worker_id)
    assert await _rows(database) == []


async def test_an_id_whose_lock_is_taken_is_not_used(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    lock = lock_for(database, str(first))
    assert await lock.acquire()
    ids = iter([first, second])
    with monkeypatch.context() as patched:
        patched.setattr(uuid, "uuid4", lambda: next(ids))
        presence = await Presence.enter(database, "cli")
    assert presence.id == str(second)
    await presence.leave()
    await lock.release()


_ENTER = """
import asyncio, sys
from shelfread.queue.presence import Presence
from shelfread.store.database import Database

async def main():
    presence = await Presence.enter(Database(sys.argv[1]), "standalone")
    print(presence.id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_d30_a_killed_process_is_gone_and_a_stopped_one_is_not(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", _ENTER, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker_id = (await asyncio.to_thread(process.stdout.readline)).strip()
        assert await is_present(database, worker_id)
        os.kill(process.pid, signal.SIGSTOP)
        assert await is_present(database, worker_id)
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.wait)
    async with asyncio.timeout(90):
        while await is_present(database, worker_id):
            # A server needs a moment to hear that a client is gone; a kernel does not.
            assert not database.is_sqlite


async def test_a_process_whose_lock_file_was_cleaned_away_is_there_again_soon(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.path is None:
        pytest.skip("a lock of PostgreSQL is no file (tests/queue/test_locks.py: a connection that is ended)")
    monkeypatch.setattr(locks, "LOOK_S", 0.01)
    presence = await Presence.enter(database, "managed")
    shutil.rmtree(f"{database.path}.locks")
    async with asyncio.timeout(90):
        while not await is_present(database, presence.id):
            await asyncio.sleep(0.005)
    await presence.leave()
    assert not await is_present(database, presence.id)


async def test_d30_a_lock_that_is_away_for_a_moment_is_asked_for_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a connection may be lost; its process has it back before anybody believes it dead."""
    answers = [False, True]
    asked = 0

    async def flickers(_database: Database, _worker_id: str) -> bool:
        nonlocal asked
        asked += 1
        return answers.pop(0)

    monkeypatch.setattr(module, "is_held", flickers)
    monkeypatch.setattr(module, "SURE_AFTER_S", 0.01)
    present = await is_present(database, str(uuid.uuid4()))
    assert (present, asked) == ((False, 1) if database.is_sqlite else (True, 2))


async def test_only_the_dead_are_forgotten(database: Database) -> None:
    here = await Presence.enter(database, "managed")
    gone = await Presence.enter(database, "managed")
    busy = await Presence.enter(database, "managed")
    repository = ScanJobRepository(database)
    await repository.enqueue(JobRequest(JobType.PRUNE))
    assert await repository.claim_next(busy.id) is not None
    for presence in (gone, busy):
        await presence.leave()
        await _until_gone(database, presence.id)
    assert await forget_the_dead(database, 0) == 0
    assert await forget_the_dead(database, now_us() + 1) == 1
    assert {row["id"] for row in await _rows(database)} == {here.id, busy.id}
    await here.leave()


async def test_d22_a_change_of_the_queue_is_heard(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("a file tells nobody: `queue.bell` watches it")
    heard = asyncio.Event()
    presence = await Presence.enter(database, "standalone", heard.set)
    await ScanJobRepository(database).enqueue(JobRequest(JobType.PRUNE))
    async with asyncio.timeout(90):
        await heard.wait()
    await presence.leave()
