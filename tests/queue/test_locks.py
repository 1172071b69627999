"""`queue.locks`: a lock lives exactly as long as its process (DESIGN rule 9), on both databases."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shelfread.queue.locks import FileLock, lock_for
from shelfread.store.database import Database
from shelfread.store.liveness import AdvisoryLock

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


_HOLD = """
import asyncio, sys
from shelfread.queue.locks import lock_for
from shelfread.store.database import Database

async def main():
    lock = lock_for(Database(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    print(await lock.acquire(), flush=True)
    sys.stdin.readline()

asyncio.run(main())
"""


class Holder:
    """A process that holds a lock until it is killed."""

    def __init__(self, database: Database, job_id: str, seq: int) -> None:
        url = database.url.render_as_string(hide_password=False)
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, url, job_id, str(seq)], **pipes, text=True
        )

    async def answer(self) -> str:
        assert self._process.stdout is not None
        return await asyncio.to_thread(self._process.stdout.readline)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self._process.pid, number)
        self._process.communicate()


async def _free_soon(database: Database, job_id: str, seq: int) -> bool:
    """A server needs a moment to hear that a client is gone; a kernel does not."""
    deadline = asyncio.get_running_loop().time() + 10
    while True:
        lock = lock_for(database, job_id, seq)
        if await lock.acquire():
            await lock.release()
            return True
        if database.is_sqlite or asyncio.get_running_loop().time() > deadline:
            return False


async def test_a_lock_is_held_once_until_it_is_given_back(database: Database) -> None:
    mine, theirs = lock_for(database, "job", 1), lock_for(database, "job", 1)
    assert await mine.acquire()
    assert not await theirs.acquire()
    await theirs.release()
    assert not await theirs.acquire()
    await mine.release()
    assert await theirs.acquire()
    await theirs.release()


async def test_locks_of_different_jobs_do_not_meet(database: Database) -> None:
    locks = [lock_for(database, f"job-{number}", number) for number in range(4)]
    assert [await lock.acquire() for lock in locks] == [True] * 4
    for lock in locks:
        await lock.release()


async def test_giving_back_what_is_not_held_is_harmless(database: Database) -> None:
    lock = lock_for(database, "job", 1)
    await lock.release()
    assert await lock.acquire()
    await lock.release()
    await lock.release()
    assert await lock.acquire()
    await lock.release()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
async def test_a_lock_dies_with_its_process(database: Database, number: int) -> None:
    holder = Holder(database, "job", 7)
    assert await holder.answer() == "True\n"
    assert not await lock_for(database, "job", 7).acquire()
    holder.kill(number)
    assert await _free_soon(database, "job", 7)


async def test_a_stopped_process_is_not_a_dead_one(database: Database) -> None:
    holder = Holder(database, "job", 7)
    assert await holder.answer() == "True\n"
    os.kill(holder._process.pid, signal.SIGSTOP)
    assert not await lock_for(database, "job", 7).acquire()
    holder.kill()
    assert await _free_soon(database, "job", 7)


async def test_another_process_sees_a_lock_that_is_held_here(database: Database) -> None:
    lock = lock_for(database, "job", 7)
    assert await lock.acquire()
    holder = Holder(database, "job", 7)
    assert await holder.answer() == "False\n"
    holder.kill()
    await lock.release()


async def test_of_many_that_want_a_lock_at_once_one_gets_it(database: Database) -> None:
    for _ in range(5):
        locks = [lock_for(database, "job", 1) for _ in range(8)]
        won = await asyncio.gather(*(lock.acquire() for lock in locks))
        assert sum(won) == 1
        for lock in locks:
            await lock.release()


# On SQLite


async def test_locks_lie_beside_the_database_for_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'link' / 'shelf.db'}")
    lock = lock_for(database, "a-job", 1)
    assert await lock.acquire()
    path = tmp_path / "real" / "shelf.db.locks" / "a-job"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    # By whatever path the database is opened, it is the same lock.
    assert not await FileLock(path).acquire()
    await lock.release()
    assert list(path.parent.iterdir()) == []
    await database.close()


async def test_a_lock_file_that_was_left_behind_locks_nothing(tmp_path: Path) -> None:
    (tmp_path / "job").write_bytes(b"")
    lock = FileLock(tmp_path / "job")
    assert await lock.acquire()
    await lock.release()
    assert not (tmp_path / "job").exists()


async def test_a_file_that_was_removed_between_open_and_lock_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "job"
    genuine, opened = os.open, 0

    def and_away(*arguments: Any, **more: Any) -> int:
        nonlocal opened
        opened += 1
        descriptor = genuine(*arguments, **more)
        if opened < 3:
            path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", and_away)
    lock = FileLock(path)
    assert await lock.acquire()
    monkeypatch.undo()
    assert opened == 3
    assert not await FileLock(path).acquire()
    await lock.release()


async def test_a_lock_is_not_inherited_by_children(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "job")
    assert await lock.acquire()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    await lock.release()
    (tmp_path / "job").touch()
    assert await lock.acquire()
    await lock.release()
    child.communicate(b"\n")


# On PostgreSQL


async def test_sessions_are_given_back_with_their_locks(new_catalogue: Any) -> None:
    import psycopg

    url = await new_catalogue("postgresql")
    database = Database(url)
    with psycopg.connect(url, autocommit=True) as watcher:

        def sessions() -> int:
            # Until the server has heard of it: a session ends a moment after its client hung up.
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            row = watcher.execute(query).fetchone()
            assert row is not None
            return int(row[0])

        before = sessions()
        locks = [AdvisoryLock(database, 1) for _ in range(5)]
        assert [await lock.acquire() for lock in locks] == [True, False, False, False, False]
        query = (
            "SELECT state FROM pg_stat_activity WHERE pid IN "
            "(SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
        )
        # Not "idle in transaction", which would hold back the server.
        assert watcher.execute(query).fetchall() == [("idle",)]
        for lock in locks:
            await lock.release()
        deadline = asyncio.get_running_loop().time() + 10
        while sessions() > before and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0)
        assert sessions() <= before
    await database.close()


async def test_numbers_beyond_31_bits_are_locks_too(new_catalogue: Any) -> None:
    database = Database(await new_catalogue("postgresql"))
    lock = AdvisoryLock(database, (1 << 40) + 5)
    assert await lock.acquire()
    await lock.release()
    await database.close()
