"""`queue.locks`: a lock lives exactly as long as its process (DESIGN rule 9), on both databases."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from shelfread.queue import locks
from shelfread.queue.locks import FileLock, is_held, lock_for, sweep
from shelfread.store import job_trail, liveness
from shelfread.store.database import Database
from shelfread.store.liveness import AdvisoryLock, is_locked

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
    lock = lock_for(Database(sys.argv[1]), sys.argv[2])
    print(await lock.acquire(), flush=True)
    sys.stdin.readline()

asyncio.run(main())
"""
A, B = str(uuid.UUID(int=1 << 100 | 7)), str(uuid.UUID(int=1 << 100 | 8))


class Holder:
    """A process that holds a lock until it is killed."""

    def __init__(self, database: Database, worker_id: str = A) -> None:
        url = database.url.render_as_string(hide_password=False)
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        self._process = subprocess.Popen([sys.executable, "-c", _HOLD, url, worker_id], **pipes, text=True)

    async def answer(self) -> str:
        assert self._process.stdout is not None
        return await asyncio.to_thread(self._process.stdout.readline)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self._process.pid, number)
        self._process.communicate()


async def _until(condition: Any, timeout_s: float = 30) -> None:
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.005)


async def _free_soon(database: Database, worker_id: str = A) -> None:
    """A server needs a moment to hear that a client is gone; a kernel does not."""

    async def free() -> bool:
        return not await is_held(database, worker_id)

    if database.is_sqlite:
        assert await free()
    await _until(free)


async def test_a_lock_is_held_once_until_it_is_given_back(database: Database) -> None:
    mine, theirs = lock_for(database, A), lock_for(database, A)
    assert not await is_held(database, A)
    assert await mine.acquire()
    assert not await theirs.acquire()
    await theirs.release()
    assert not await theirs.acquire()
    assert await is_held(database, A)
    await mine.release()
    await _free_soon(database)
    assert await theirs.acquire()
    assert await is_held(database, A)
    await theirs.release()
    await _free_soon(database)


async def test_what_was_given_back_is_free_at_once(database: Database) -> None:
    for _ in range(30):
        lock = lock_for(database, A)
        assert await lock.acquire()
        await lock.release()
        assert not await is_held(database, A)


async def test_asking_for_a_lock_takes_nothing_and_leaves_nothing(database: Database) -> None:
    assert not await is_held(database, A)
    lock = lock_for(database, A)
    assert await lock.acquire()
    for _ in range(3):
        assert await is_held(database, A)
        assert not await is_held(database, B)
    await lock.release()
    await _free_soon(database)
    if database.path is not None:
        assert list((database.path.parent / (database.path.name + ".locks")).iterdir()) == []


async def test_locks_of_different_processes_do_not_meet(database: Database) -> None:
    ids = [str(uuid.uuid4()) for _ in range(4)]
    locks = [lock_for(database, worker_id) for worker_id in ids]
    assert [await lock.acquire() for lock in locks] == [True] * 4
    await locks[0].release()
    await _free_soon(database, ids[0])
    assert [await is_held(database, worker_id) for worker_id in ids[1:]] == [True] * 3
    for lock in locks[1:]:
        await lock.release()


async def test_giving_back_what_is_not_held_is_harmless(database: Database) -> None:
    lock = lock_for(database, A)
    await lock.release()
    assert await lock.acquire()
    await lock.release()
    await lock.release()
    await _free_soon(database)
    assert await lock.acquire()
    await lock.release()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
async def test_a_lock_dies_with_its_process(database: Database, number: int) -> None:
    holder = Holder(database)
    assert await holder.answer() == "True\n"
    assert await is_held(database, A)
    holder.kill(number)
    await _free_soon(database)


async def test_d30_a_stopped_process_is_not_a_dead_one(database: Database) -> None:
    holder = Holder(database)
    assert await holder.answer() == "True\n"
    os.kill(holder._process.pid, signal.SIGSTOP)
    assert await is_held(database, A)
    holder.kill()
    await _free_soon(database)


async def test_another_process_sees_a_lock_that_is_held_here(database: Database) -> None:
    lock = lock_for(database, A)
    assert await lock.acquire()
    holder = Holder(database)
    assert await holder.answer() == "False\n"
    holder.kill()
    await lock.release()


async def test_of_many_that_want_a_lock_at_once_one_gets_it(database: Database) -> None:
    for _ in range(3):
        locks = [lock_for(database, A) for _ in range(8)]
        won = await asyncio.gather(*(lock.acquire() for lock in locks))
        assert sum(won) == 1
        for lock in locks:
            await lock.release()
        await _free_soon(database)


_PROBE = """
import asyncio, sys
from shelfread.queue.locks import is_held
from shelfread.store.database import Database

async def main():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum([await is_held(database, sys.argv[2]) for _ in range(int(sys.argv[3]))]), flush=True)

asyncio.run(main())
"""


async def test_d30_two_who_ask_do_not_take_one_another_for_the_holder(database: Database) -> None:
    """Two processes ask for the lock of a dead one at the same time, again and again."""
    url = database.url.render_as_string(hide_password=False)
    path = database.path
    stop = threading.Event()
    count = 2000 if path is not None else 100

    def leave_behind() -> None:
        # What a killed process leaves: a file that nobody has locked.
        assert path is not None
        folder = path.parent / (path.name + ".locks")
        folder.mkdir(exist_ok=True)
        while not stop.is_set():
            (folder / A).touch()

    leaving = threading.Thread(target=leave_behind)
    if path is not None:
        leaving.start()
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    probers = [
        subprocess.Popen([sys.executable, "-c", _PROBE, url, A, str(count)], **pipes, text=True)
        for _ in range(2)
    ]

    def asked() -> list[str]:
        for prober in probers:
            assert prober.stdout is not None
            assert prober.stdout.readline() == "ready\n"
        for prober in probers:
            assert prober.stdin is not None
            prober.stdin.write("\n")
            prober.stdin.flush()
        return [prober.communicate()[0] for prober in probers]

    try:
        assert await asyncio.to_thread(asked) == ["0\n", "0\n"]
    finally:
        stop.set()
        if path is not None:
            leaving.join()


async def test_only_ids_that_are_uuids_are_locked(database: Database) -> None:
    for text in ("", "worker-1", "../../etc/passwd"):
        with pytest.raises(ValueError, match="UUID"):
            await is_held(database, text)
        with pytest.raises(ValueError, match="UUID"):
            lock_for(database, text)


# On SQLite


async def test_locks_lie_beside_the_database_for_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'link' / 'shelf.db'}")
    lock = lock_for(database, A)
    assert await lock.acquire()
    path = tmp_path / "real" / "shelf.db.locks" / A
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


def _is_locked(path: Path) -> bool:
    """Whether the file that others find is locked; takes nothing."""
    with path.open("rb") as found:
        try:
            fcntl.flock(found, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("how", ["the file", "the folder", "another file"])
async def test_a_living_process_whose_lock_file_was_removed_makes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Somebody cleaned the folder: until the next look the process looks dead, and then no more."""
    monkeypatch.setattr(locks, "LOOK_S", 0.01)
    path = tmp_path / "locks" / "job"
    lock = FileLock(path)
    assert await lock.acquire()
    path.unlink()
    if how == "the folder":
        path.parent.rmdir()
    elif how == "another file":
        path.touch()

    async def held_again() -> bool:
        return path.exists() and _is_locked(path)

    await _until(held_again)
    (said,) = [record for record in caplog.records if record.name == locks.__name__]
    assert said.levelname == "WARNING"
    assert str(path) in said.getMessage()
    await lock.release()
    assert not path.exists()


async def test_a_lock_file_in_a_folder_that_is_gone_makes_no_folder_and_one_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "LOOK_S", 0.01)
    looks = 0
    genuine = FileLock._look

    def counted(self: FileLock) -> None:
        nonlocal looks
        looks += 1
        genuine(self)

    monkeypatch.setattr(FileLock, "_look", counted)
    path = tmp_path / "data" / "locks" / "job"
    lock = FileLock(path)
    assert await lock.acquire()
    shutil.rmtree(tmp_path / "data")

    async def looked_often() -> bool:
        return looks >= 4

    await _until(looked_often)
    assert not (tmp_path / "data").exists()
    assert len([record for record in caplog.records if record.name == locks.__name__]) == 1
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


@pytest_asyncio.fixture(loop_scope="session")
async def server(new_catalogue: Any) -> AsyncIterator[Database]:
    opened = Database(await new_catalogue("postgresql"))
    yield opened
    await opened.close()


@pytest.fixture
def watcher(server: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, to look at the sessions of the others and to end them."""
    url = server.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


_OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def _count(watcher: psycopg.Connection[Any], query: str) -> int:
    row = watcher.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


async def test_sessions_are_given_back_with_their_locks(
    server: Database, watcher: psycopg.Connection[Any]
) -> None:
    before = _count(watcher, f"SELECT count(*) {_OTHERS}")
    locks = [AdvisoryLock(server, 1) for _ in range(5)]
    assert [await lock.acquire() for lock in locks] == [True, False, False, False, False]
    query = (
        "SELECT state FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks "
        "WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database "
        "WHERE datname = current_database()))"
    )
    # Not "idle in transaction", which would hold back the server.
    assert watcher.execute(query.encode()).fetchall() == [("idle",)]
    for lock in locks:
        await lock.release()

    async def given_back() -> bool:
        # A session ends a moment after its client hung up.
        return _count(watcher, f"SELECT count(*) {_OTHERS}") <= before

    await _until(given_back)


async def test_numbers_beyond_31_bits_are_locks_too(server: Database) -> None:
    lock = AdvisoryLock(server, (1 << 40) + 5)
    assert await lock.acquire()
    assert await is_locked(server, (1 << 40) + 5)
    await lock.release()


async def test_a_lock_of_another_database_on_the_server_is_another_lock(
    server: Database, new_catalogue: Any
) -> None:
    other = Database(await new_catalogue("postgresql"))
    mine, theirs = lock_for(server, A), lock_for(other, A)
    assert await mine.acquire()
    assert not await is_held(other, A)
    assert await theirs.acquire()
    for lock in (mine, theirs):
        await lock.release()
    await other.close()


async def test_d30_a_lock_whose_connection_is_ended_is_got_back_within_a_moment(
    server: Database, watcher: psycopg.Connection[Any]
) -> None:
    news = 0

    def on_news() -> None:
        nonlocal news
        news += 1

    lock = lock_for(server, A, on_news)
    assert await lock.acquire()
    for _ in range(3):
        heard = news
        ended = _count(
            watcher,
            f"SELECT count(pg_terminate_backend(pid)) {_OTHERS} AND application_name = 'shelfread presence'",
        )
        assert ended == 1

        async def back(heard: int = heard) -> bool:
            # It asks what it may have missed, and has its lock.
            return news > heard and await is_held(server, A)

        await _until(back)
    await lock.release()
    await _free_soon(server)


async def test_d30_a_lock_comes_back_although_its_old_session_lingers(
    server: Database, watcher: psycopg.Connection[Any]
) -> None:
    """The server has not noticed yet that the connection is gone: held all the time, then by the new one."""
    lock = lock_for(server, A)
    assert isinstance(lock, AdvisoryLock)
    assert await lock.acquire()
    rival = AdvisoryLock(server, lock._number)
    assert lock._connection is not None
    await lock._connection.close()
    # Whoever was first has it; it is held at every moment from then on or comes back to its owner.
    if await rival.acquire():
        assert await is_held(server, A)
        await rival.release()

    async def back() -> bool:
        connection = lock._connection
        return connection is not None and not connection.closed and await is_held(server, A)

    await _until(back)
    await lock.release()
    await _free_soon(server)


async def test_d22_the_connection_of_the_lock_hears_the_news(server: Database) -> None:
    heard = asyncio.Event()
    lock = lock_for(server, A, heard.set)
    assert await lock.acquire()
    for _ in range(3):
        heard.clear()
        await server.write(job_trail.announce)
        async with asyncio.timeout(90):
            await heard.wait()
    await lock.release()


async def test_giving_back_while_the_connection_is_away_leaves_no_session(
    server: Database, watcher: psycopg.Connection[Any]
) -> None:
    lock = lock_for(server, A)
    assert await lock.acquire()
    watcher.execute(
        f"SELECT pg_terminate_backend(pid) {_OTHERS} AND application_name = 'shelfread presence'".encode()
    )
    await lock.release()
    await _free_soon(server)
    assert [task for task in asyncio.all_tasks() if "AdvisoryLock" in repr(task)] == []


async def test_a_server_that_does_not_answer_is_not_waited_for_when_a_lock_is_given_back(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "_GIVE_BACK_S", 0.1)
    lock = AdvisoryLock(server, 1)
    assert await lock.acquire()
    assert lock._connection is not None
    session = lock._connection.info.backend_pid
    os.kill(session, signal.SIGSTOP)
    try:
        began = time.monotonic()
        await lock.release()
        assert time.monotonic() - began < 4, "not the 5 s in which a driver calls its question back"
        assert await is_locked(server, 1)
    finally:
        os.kill(session, signal.SIGCONT)

    async def free() -> bool:
        return not await is_locked(server, 1)

    await _until(free)


async def test_what_a_process_left_that_died_before_it_had_a_job_is_swept_up(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shelf.db'}")
    held, left = lock_for(database, str(uuid.uuid4())), str(uuid.uuid4())
    assert await held.acquire()
    folder = tmp_path / "shelf.db.locks"
    for name in (left, "writer", "no lock of a process"):
        (folder / name).touch()
    sweep(database)
    names = {path.name for path in folder.iterdir()}
    assert left not in names
    assert {"writer", "no lock of a process"} < names
    assert len(names) == 3
    await held.release()
    await database.close()
