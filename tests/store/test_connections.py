"""`store.connections`: no connection stays open behind the back of whoever closes the database."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import one_step
from shelfread.store.database import Database
from shelfread.store.ids import next_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: More awaits than any of the works below has.
MANY = 200


class CutOff(Coroutine[Any, Any, None]):
    """A coroutine whose task is cancelled at some of its awaits, counted from 1."""

    def __init__(self, work: Coroutine[Any, Any, None], at: range) -> None:
        self._work, self._at, self.awaits = work, at, 0

    def send(self, value: Any) -> Any:
        return self._passed(self._work.send(value))

    def throw(self, *error: Any) -> Any:
        return self._passed(self._work.throw(*error))

    def _passed(self, awaited: Any) -> Any:
        self.awaits += 1
        if self.awaits in self._at:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        return awaited

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._work.__await__()


class Opened:
    """Every connection that was opened while this is in use."""

    def __init__(self) -> None:
        #: Of SQLite the library's own, also of those that nobody waited for.
        self.raw: list[Any] = []

    def left(self) -> list[Any]:
        """Those that are open."""
        return [connection for connection in self.raw if _is_open(connection)]


def _is_open(connection: Any) -> bool:
    if isinstance(connection, sqlite3.Connection):
        try:
            connection.total_changes  # noqa: B018
        except sqlite3.ProgrammingError:
            return False
        return True
    return not connection.closed


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    found = Opened()
    real = sqlite3.connect

    def connect(*args: Any, **options: Any) -> Any:
        connection = real(*args, **options)
        found.raw.append(connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    yield found
    found.raw.clear()
    # What is collected with a connection that is open is an error in any test.
    gc.collect()


def _watch(database: Database, opened: Opened) -> None:
    """Of PostgreSQL the driver's connections."""
    if not database.is_sqlite:
        engine = database.engine.sync_engine

        def note(connection: Any, _record: Any) -> None:
            opened.raw.append(connection.driver_connection)

        sa.event.listen(engine, "connect", note, insert=True)


async def _read(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(sa.text("SELECT 1"))


async def _write(database: Database) -> None:
    async def work(connection: Any) -> int:
        return await next_id(connection, "artists")

    await database.write(work)


async def _torn(database: Database) -> None:
    """A write whose own task is cancelled, as all are at the end of a program."""

    async def work(connection: Any) -> int:
        return await next_id(connection, "artists")

    await database._write(work)


async def _fail(database: Database) -> None:
    async def work(connection: Any) -> None:
        await connection.execute(sa.text("SELECT * FROM no_such_table"))

    with pytest.raises(sa.exc.DBAPIError):
        await database.write(work)


async def _both(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(sa.text("SELECT 1"))
        await _torn(database)


async def _read_and_close(database: Database) -> None:
    await _both(database)
    await database.close()


WORKS: list[Callable[[Database], Coroutine[Any, Any, None]]] = [
    _read,
    _write,
    _torn,
    _fail,
    _both,
    _read_and_close,
]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__.strip("_"))
@pytest.mark.parametrize(
    ("database_kind", "times"),
    # Somebody impatient. PostgreSQL's driver has waits of its own then, of seconds.
    [("sqlite", 1), ("sqlite", 2), ("postgresql", 1)],
)
async def test_whenever_somebody_is_cut_off_closing_leaves_no_connection_open(
    database_url: str,
    opened: Opened,
    work: Callable[[Database], Coroutine[Any, Any, None]],
    times: int,
) -> None:
    for at in range(1, MANY):
        database = Database(database_url)
        _watch(database, opened)
        if at % 2:
            # One that rests in the pool.
            await _read(database)
        cut = CutOff(work(database), range(at, at + times))
        task = asyncio.ensure_future(cut)
        # Closed at the very moment when whoever was cut off is out of it.
        await asyncio.wait([task])
        await database.close()
        assert opened.left() == [], f"cut off at await {at}"
        opened.raw.clear()
        if cut.awaits < at:
            await task
            break
        assert task.cancelled()
    assert 1 < at < MANY - 1


async def test_a_connection_in_use_and_one_on_its_way_are_closed_too(
    database_url: str, opened: Opened
) -> None:
    database = Database(database_url)
    _watch(database, opened)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def use() -> None:
        async with database.read() as connection:
            await connection.execute(sa.text("SELECT 1"))
            inside.set()
            await go_on.wait()
            await connection.execute(sa.text("SELECT 1"))

    using = asyncio.ensure_future(use())
    await inside.wait()
    coming = asyncio.ensure_future(_read(database))
    await asyncio.sleep(0)
    await database.close()
    go_on.set()
    await asyncio.wait([using, coming])
    assert isinstance(using.exception(), sa.exc.DBAPIError)
    assert coming.exception() is not None
    assert opened.left() == []


async def test_a_closed_database_opens_no_connection(database_url: str, opened: Opened) -> None:
    database = Database(database_url)
    _watch(database, opened)
    await database.close()
    with pytest.raises(sa.exc.ResourceClosedError, match="the database was closed"):
        await _read(database)
    assert opened.left() == []


async def test_closing_one_connection_from_several_places_ends(new_catalogue: Any, opened: Opened) -> None:
    connection = await one_step.connect(
        (await new_catalogue("sqlite")).removeprefix("sqlite:///"), at_once=lambda: False
    )
    first = asyncio.ensure_future(connection.close())
    await asyncio.sleep(0)
    connection.stop()
    first.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(connection.close(), connection.close())
    assert opened.left() == []


async def test_a_reading_transaction_ends_behind_the_statement_of_somebody_who_was_cut_off(
    new_catalogue: Any,
) -> None:
    """Its beginning and its end change no threads, but only while the connection's own does nothing."""
    connection = one_step.connect(
        (await new_catalogue("sqlite")).removeprefix("sqlite:///"), at_once=lambda: False
    )
    await connection
    begun, go_on = threading.Event(), threading.Event()

    def slow(there: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(60)
        there.execute("SELECT * FROM libraries").fetchall()

    try:
        await connection.begin()
        assert connection.in_transaction
        cut_off = asyncio.create_task(connection.do(slow))
        while not begun.is_set():
            await asyncio.sleep(0)
        cut_off.cancel()
        await asyncio.wait([cut_off])
        ending = asyncio.create_task(connection.rollback())
        await asyncio.sleep(0)
        assert not ending.done()
        assert connection.in_transaction
        go_on.set()
        await ending
        # And at once when there is nobody.
        await connection.begin()
        await connection.rollback()
        assert not connection.in_transaction
    finally:
        go_on.set()
        await connection.close()
