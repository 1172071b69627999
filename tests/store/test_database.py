"""`store.database`: the two databases are spoken to as they want (DESIGN rule 12)."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.catalogue import NewFolder
from shelfread.store import database as module
from shelfread.store import files, jobs, moves, removals, sqlite, still_there
from shelfread.store.database import Database, DatabaseProblem, insert_rows, normalised_url, run_many
from shelfread.store.ids import next_id
from shelfread.store.migrate import migrate
from shelfread.store.tables import folders, id_counters, job_logs, libraries, media_files, roots
from shelfread.store.tables import removals as removal_rows

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def on_sqlite(new_catalogue: Any) -> AsyncIterator[Database]:
    opened = Database(await new_catalogue("sqlite"))
    yield opened
    await opened.close()


@pytest.fixture
def unix_folder() -> Iterator[Path]:
    """A folder for a socket, whose path may be 107 bytes long."""
    folder = Path(tempfile.mkdtemp(prefix="shelfread-"))
    yield folder
    shutil.rmtree(folder)


# Addresses


@pytest.mark.parametrize(
    ("text", "driver", "name"),
    [
        ("sqlite:////srv/shelf.db", "sqlite+aiosqlite", "/srv/shelf.db"),
        ("sqlite+pysqlite:////srv/shelf.db", "sqlite+aiosqlite", "/srv/shelf.db"),
        ("postgresql://me:secret@host:5433/shelf", "postgresql+psycopg", "shelf"),
        ("postgresql+asyncpg://host/shelf", "postgresql+psycopg", "shelf"),
        ("postgres://host/shelf", "postgresql+psycopg", "shelf"),
    ],
)
async def test_an_address_gets_the_driver_that_is_used_here(text: str, driver: str, name: str) -> None:
    url = normalised_url(text)
    assert (url.drivername, url.database) == (driver, name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a database URL"),
        ("/srv/shelf.db", "not a database URL"),
        ("mysql://host/shelf", "mysql is not supported"),
        ("oracle://host/shelf", "oracle is not supported"),
        ("sqlite://", "needs a file"),
    ],
)
async def test_any_other_address_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(DatabaseProblem, match=why) as caught:
        Database(text)
    assert "\n" not in str(caught.value)


async def test_no_password_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem) as caught:
        normalised_url("secret: not an address")
    assert "secret" not in str(caught.value)


# SQLite as in DESIGN rule 12


async def test_sqlite_is_opened_with_a_log_and_with_references_in_force(on_sqlite: Database) -> None:
    async def pragmas(connection: Any) -> dict[str, object]:
        found = {}
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
            found[name] = (await connection.execute(sa.text(f"PRAGMA {name}"))).scalar_one()
        return found

    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}
    assert await on_sqlite.write(pragmas) == wanted
    async with on_sqlite.read() as first, on_sqlite.read() as second:
        assert await pragmas(first) == await pragmas(second) == wanted


async def test_statements_run_at_once_in_the_callers_thread_while_that_is_wanted(
    on_sqlite: Database,
) -> None:
    threads: list[int] = []

    async def write(connection: Any) -> int:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.set_trace_callback(lambda _: threads.append(threading.get_ident()))
        await connection.execute(sa.text("CREATE TABLE IF NOT EXISTS one (two INTEGER)"))
        await connection.execute(sa.text("INSERT INTO one VALUES (1)"))
        return int((await connection.execute(sa.text("SELECT count(*) FROM one"))).scalar_one())

    own = threading.get_ident()
    for number, at_once in enumerate((False, True, False)):
        threads.clear()
        on_sqlite.at_once = at_once
        assert await on_sqlite.write(write) == number + 1
        assert {thread == own for thread in threads} == {at_once}
    on_sqlite.at_once = True
    with pytest.raises(sa.exc.IntegrityError):
        await on_sqlite.write(
            lambda connection: connection.execute(
                sa.text("INSERT INTO roots (library_id, path, path_text) VALUES (4711, x'2f', '/')")
            )
        )
    assert await on_sqlite.write(write) == 4


async def test_a_row_whose_parent_is_not_there_is_refused(database: Database) -> None:
    async def orphan(connection: Any) -> None:
        await files.insert_folders(connection, [NewFolder(1, 4711, None, b"", False)], {})

    with pytest.raises(sa.exc.IntegrityError):
        await database.write(orphan)


async def test_a_write_takes_the_lock_from_its_first_moment(on_sqlite: Database) -> None:
    assert on_sqlite.path is not None
    path = on_sqlite.path

    def blocked() -> bool:
        with sqlite3.connect(path, timeout=0, isolation_level=None) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            other.rollback()
            return False

    async def nothing_yet(connection: Any) -> bool:
        return await asyncio.to_thread(blocked)

    assert await on_sqlite.write(nothing_yet) is True
    async with on_sqlite.read() as connection:
        await connection.execute(sa.select(id_counters))
        assert await asyncio.to_thread(blocked) is False


async def test_a_reader_sees_one_moment_and_blocks_no_writer(database: Database) -> None:
    async def add(connection: Any) -> int:
        return await next_id(connection, "artists", 10)

    assert await database.write(add) == 1
    query = sa.select(id_counters.c.next).where(id_counters.c.name == "artists")
    async with database.read() as connection:
        if not database.is_sqlite:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        assert (await connection.execute(query)).scalar_one() == 11
        assert await database.write(add) == 11
        assert (await connection.execute(query)).scalar_one() == 11
    assert await _given(database, "artists") == 20


async def _given(database: Database, name: str) -> int:
    """How many ids of a table were given."""
    async with database.read() as connection:
        query = sa.select(id_counters.c.next).where(id_counters.c.name == name)
        return int((await connection.execute(query)).scalar_one_or_none() or 1) - 1


# Transactions


async def test_work_that_fails_leaves_nothing(database: Database) -> None:
    async def work(connection: Any) -> None:
        await next_id(connection, "artists", 5)
        raise LookupError("halfway")

    with pytest.raises(LookupError, match="halfway"):
        await database.write(work)
    assert await _given(database, "artists") == 0


async def test_work_that_is_cancelled_is_done_whole_or_not_at_all_and_frees_the_lock(
    database: Database,
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def work(connection: Any) -> None:
        await next_id(connection, "artists", 5)
        reached.set()
        await go_on.wait()
        await next_id(connection, "artists", 5)

    task = asyncio.create_task(database.write(work))
    await reached.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def first(connection: Any) -> int:
        return await next_id(connection, "artists")

    assert await database.write(first) in (1, 11)


class _Rival:
    """A connection of somebody else that holds the write lock until it is told to let go."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self._connection.rollback()
        self._connection.close()


async def test_a_write_waits_for_a_lock_that_somebody_else_holds(on_sqlite: Database) -> None:
    assert on_sqlite.path is not None
    rival = _Rival(on_sqlite.path)
    timer = threading.Timer(0.3, rival.let_go)
    timer.start()

    async def work(connection: Any) -> int:
        return await next_id(connection, "artists")

    assert await on_sqlite.write(work) == 1
    timer.join()


async def test_a_new_file_whose_log_somebody_else_is_turning_on_is_waited_for(tmp_path: Path) -> None:
    rival = _Rival(tmp_path / "shelf.db")
    plain = sqlite3.connect(tmp_path / "shelf.db", timeout=5)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        plain.execute("PRAGMA journal_mode=WAL")
    plain.close()
    timer = threading.Timer(0.3, rival.let_go)
    timer.start()
    database = Database(f"sqlite:///{tmp_path / 'shelf.db'}")
    async with database.read() as connection:
        assert (await connection.execute(sa.text("PRAGMA journal_mode"))).scalar_one() == "wal"
    await database.close()
    timer.join()


async def test_a_write_that_ran_out_of_patience_is_tried_again_as_a_whole(
    new_catalogue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.0)
    database = Database(await new_catalogue("sqlite"))
    assert database.path is not None
    rival = _Rival(database.path)
    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            rival.let_go()

    monkeypatch.setattr(asyncio, "sleep", pause)
    ran = 0

    async def work(connection: Any) -> int:
        nonlocal ran
        ran += 1
        return await next_id(connection, "artists")

    assert await database.write(work) == 1
    assert (len(pauses), ran) == (3, 1)
    # With jitter, and longer each time.
    assert all(0.01 <= seconds <= 0.05 * 2**number for number, seconds in enumerate(pauses, 1))
    monkeypatch.undo()
    await database.close()


async def test_a_lock_that_is_never_given_back_is_told_in_the_end(
    new_catalogue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.0)
    database = Database(await new_catalogue("sqlite"))
    assert database.path is not None
    rival = _Rival(database.path)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def work(connection: Any) -> None:
        raise AssertionError("there was no lock to be had")

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", pause)
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            await database.write(work)
    assert len(pauses) == module.WRITE_ATTEMPTS - 1
    rival.let_go()
    await database.close()


async def test_other_trouble_is_not_tried_again(database: Database) -> None:
    ran = 0

    async def work(connection: Any) -> None:
        nonlocal ran
        ran += 1
        await connection.execute(sa.text("SELECT * FROM no_such_table"))

    with pytest.raises(sa.exc.DBAPIError):
        await database.write(work)
    assert ran == 1


async def test_a_deadlock_on_postgresql_is_broken_and_both_get_through(new_catalogue: Any) -> None:
    database = Database(await new_catalogue("postgresql"))
    both = asyncio.Barrier(2)
    ran = 0

    async def crosswise(*names: str) -> None:
        tried = 0

        async def work(connection: Any) -> None:
            nonlocal ran, tried
            ran += 1
            tried += 1
            await connection.execute(sa.text("SET LOCAL deadlock_timeout = '50ms'"))
            for number, name in enumerate(names):
                await next_id(connection, name)
                if tried == 1 and number == 0:
                    await both.wait()

        await database.write(work)

    await asyncio.gather(crosswise("artists", "genres"), crosswise("genres", "artists"))
    assert ran == 3
    assert [await _given(database, name) for name in ("artists", "genres")] == [2, 2]
    await database.close()


@pytest.mark.parametrize("silently", [False, True])
async def test_a_connection_that_the_server_cut_is_replaced(
    new_catalogue: Any, monkeypatch: pytest.MonkeyPatch, silently: bool
) -> None:
    if silently:
        # As when a router forgot it: nothing is to be seen of that until it is asked.
        monkeypatch.setattr(still_there, "_has_something_to_say", lambda _: False)
        monkeypatch.setattr(still_there, "RESTED_S", -1.0)
    url = await new_catalogue("postgresql")
    database = Database(url)
    async with database.read() as connection:
        pid = (await connection.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    async def work(connection: Any) -> int:
        return await next_id(connection, "artists")

    assert await database.write(work) == 1
    await database.close()


@asynccontextmanager
async def _posing_as(version: bytes, url: str, folder: Path) -> AsyncIterator[str]:
    """A way to a server that says it is of another version, of two digits; gives the URL."""
    behind = re.search(r"host=([^&]+)", url)
    assert behind
    open_ends: list[asyncio.StreamWriter] = []

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await source.read(1 << 16):
            target.write(re.sub(rb"(server_version\0)\d\d", rb"\g<1>" + version, chunk))
        target.close()

    async def connect(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(f"{behind[1]}/.s.PGSQL.5432")
        open_ends.extend((target, questions))
        await asyncio.gather(carry(source, questions), carry(answers, target))

    server = await asyncio.start_unix_server(connect, folder / ".s.PGSQL.5432")
    try:
        yield url.replace(behind[1], str(folder))
    finally:
        server.close()
        for end in open_ends:
            end.close()
            await end.wait_closed()


async def test_a_postgresql_that_is_too_old_is_refused_in_one_line(
    new_catalogue: Any, unix_folder: Path
) -> None:
    url = await new_catalogue("postgresql")
    async with _posing_as(b"13", url, unix_folder) as posing:
        database = Database(posing)
        with pytest.raises(DatabaseProblem) as caught:
            await migrate(database)
        await database.close()
    assert str(caught.value) == "this is PostgreSQL 13, and Shelfread needs 14 or newer: upgrade the server"


async def test_the_oldest_postgresql_that_will_do_is_taken(new_catalogue: Any, unix_folder: Path) -> None:
    url = await new_catalogue("postgresql")
    async with _posing_as(b"%d" % module.LEAST_POSTGRESQL, url, unix_folder) as posing:
        database = Database(posing)
        assert await migrate(database) is False
        await database.close()


# Many rows


async def _logged(database: Database, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    async def work(connection: Any) -> None:
        await insert_rows(connection, job_logs, columns, rows)

    await database.write(work)


@pytest.mark.parametrize(
    "columns",
    [
        ("seq", "job_seq", "at", "level", "message", "path"),
        ("job_seq", "seq", "at", "level", "path", "message"),
        ("job_seq", "seq", "at", "level", "message", "no_such_column"),
        ("job_seq", "seq", "at", "level", "message", "message"),
    ],
)
async def test_rows_in_a_wrong_order_of_columns_are_refused(
    database: Database, columns: tuple[str, ...]
) -> None:
    with pytest.raises(AssertionError, match="columns of job_logs must be in table order"):
        await _logged(database, columns, [(1, 1, 1, "info", "text", None)])


async def test_no_rows_are_no_statement(database: Database) -> None:
    await _logged(database, ("job_seq", "seq", "at", "level", "message", "path"), [])

    async def work(connection: Any) -> None:
        await run_many(connection, "this is no statement", [])

    await database.write(work)


async def test_driver_level_rows_hold_any_value(database: Database) -> None:
    rows: list[tuple[Any, ...]] = [
        ("with a % sign %s and a ? mark", 1),
        ("'; DROP TABLE id_counters; --", -(1 << 63)),
        ("\x01\x1b[31m \u202e ☃ 𝄞", (1 << 63) - 1),
        ("\ud7ff\ue000 \n\t", 0),
    ]

    async def work(connection: Any) -> dict[str, int]:
        await insert_rows(connection, id_counters, ("name", "next"), rows)
        await run_many(
            connection, "UPDATE id_counters SET next = ? WHERE name = ?", [(7, rows[0][0]), (8, rows[1][0])]
        )
        found = await connection.execute(sa.select(id_counters))
        return {row.name: row.next for row in found}

    counters = await database.write(work)
    assert [counters[name] for name, _ in rows] == [7, 8, (1 << 63) - 1, 0]


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, "\ud800"])
async def test_what_no_database_takes_raises_what_the_writer_expects(database: Database, value: Any) -> None:
    row = (value, 1) if isinstance(value, str) else ("name", value)

    async def work(connection: Any) -> None:
        await insert_rows(connection, id_counters, ("name", "next"), [row])

    with pytest.raises(module.StatementFailed):
        await database.write(work)


# Plans of the queries that a scan asks most


@pytest_asyncio.fixture(loop_scope="session")
async def filled(on_sqlite: Database) -> Database:
    await _fill(on_sqlite, 400)
    return on_sqlite


async def _fill(database: Database, folder_count: int) -> None:
    """Enough rows that an index is worth something."""

    async def work(connection: Any) -> None:
        await connection.execute(
            sa.insert(libraries).values(
                id=1, name="M", kind="music", options="{}", reader_version=1, untidy=False, created_at=0
            )
        )
        for root in (1, 2):
            await connection.execute(
                sa.insert(roots).values(
                    id=root,
                    library_id=1,
                    path=b"/%d" % root,
                    path_text="",
                    state="available",
                    confirmed=False,
                )
            )
        new = [NewFolder(n, 1 + n % 2, n // 8 or None, b"a%d/b" % n, False) for n in range(1, folder_count)]
        await files.insert_folders(connection, new, {})
        rows = [
            (n, 1 + n % 399, b"n%d" % n, "", n, n, 0, 0, n, "ready", False, 1, b"%d" % n, n, 1, 0, 0, 1, None)
            for n in range(1, 2000)
        ]
        await insert_rows(connection, media_files, files.FILE_COLUMNS, rows)
        await connection.execute(sa.insert(removal_rows).values(job_seq=1, file_id=5, root_id=1, held=False))

    await database.write(work)


async def _analyse(database: Database) -> None:
    """Let the database count what is in it."""

    async def work(connection: Any) -> None:
        await connection.execute(sa.text("ANALYZE"))

    await database.write(work)


async def _plans(database: Database, ask: Any) -> list[str]:
    """The plan of every SELECT that `ask` sends."""
    sent: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    plans = []
    async with database.read() as connection:
        engine = database.reading.sync_engine
        sa.event.listen(engine, "before_cursor_execute", remember)
        try:
            await ask(connection)
        finally:
            sa.event.remove(engine, "before_cursor_execute", remember)
        for statement, parameters in sent:
            if statement.startswith("BEGIN"):
                continue
            rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            plans.append("\n".join(row[-1] for row in rows))
    assert plans
    return plans


@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize(
    ("ask", "used"),
    [
        (lambda c: files.known_folders(c, 1, [b"a1/b", b"a3/b"]), "uq_folders|autoindex_folders"),
        (lambda c: files.child_folders(c, [1, 2]), "ix_folders_parent_id"),
        (lambda c: files.known_files(c, [1, 2, 3]), "autoindex_media_files|uq_media_files"),
        (lambda c: files.known_sidecars(c, [1, 2, 3]), "PRIMARY KEY"),
        (lambda c: removals.mounted_below(c, 1, b"a3"), "autoindex_folders|uq_folders"),
        (lambda c: removals.candidates(c, 1, 0, 100), "removals USING PRIMARY KEY"),
        (lambda c: moves.found(c, 1, 0, stable_roots=[1]), "ix_media_files_(signature|inode)"),
        (lambda c: jobs.running(c, 1), "ix_library_scan_jobs_library_id_seq"),
        (
            lambda c: jobs.last_completed(c, 1, []),
            "ix_library_scan_jobs_library_id_seq|libraries USING INTEGER",
        ),
        (lambda c: removals.any_left(c, [1, 2]), ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_queries_of_every_scan_use_an_index(
    filled: Database, ask: Any, used: str, analysed: bool
) -> None:
    if analysed:
        await _analyse(filled)
    for plan in await _plans(filled, ask):
        scanned = [line for line in plan.splitlines() if line.startswith("SCAN")]
        # Roots are a handful, and so are the candidates of one job.
        assert not [line for line in scanned if not line.startswith(("SCAN removals", "SCAN roots"))], plan
        assert re.search(used, plan), plan


@pytest.mark.parametrize("analysed", [False, True])
async def test_the_tree_below_a_folder_is_a_range_of_the_index(database: Database, analysed: bool) -> None:
    # PostgreSQL reads a small table whole, and is right to.
    await _fill(database, 8000)
    if analysed:
        await _analyse(database)

    async def ask(connection: Any) -> None:
        query = sa.select(folders.c.id).where(folders.c.root_id == 1, files.below(b"a34"))
        assert len(list(await connection.execute(query))) == 1
        assert await removals.mounted_below(connection, 1, b"a34") == []
        await files.forget_digests_below(connection, 1, b"a34")

    plans = await _plans(database, ask)
    assert len(plans) == 3
    for plan in plans:
        if database.is_sqlite:
            assert "SCAN" not in plan
            assert re.search(r"root_id=\? AND path>\? AND path<\?", plan), plan
        else:
            assert "Seq Scan" not in plan
            conditions = re.findall(r"Index Cond: (.*)", plan)
            assert conditions, plan
            # Every part of it is bounded at both ends.
            assert all("(root_id = " in one and "(path < " in one for one in conditions), plan
            assert all(re.search(r"\(path >=? ", one) for one in conditions), plan


async def test_a_question_that_is_cancelled_anywhere_gives_its_connection_back(database: Database) -> None:
    async def ask() -> None:
        async with database.read() as connection:
            await connection.execute(sa.text("SELECT 1"))
            await connection.execute(sa.text("SELECT 2"))

    await ask()
    cut = 0
    for steps in range(60):
        task = asyncio.ensure_future(ask())
        for _ in range(steps % 30):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        cut += task.cancelled()
    assert cut > 0
    pool = database.reading.sync_engine.pool
    assert isinstance(pool, sa.pool.QueuePool)
    assert pool.checkedout() == 0
    # More than the pool holds, side by side: none waits for one that was lost.
    await asyncio.wait_for(asyncio.gather(*(ask() for _ in range(12))), 20)


async def test_the_log_is_written_back_in_smaller_portions_while_others_wait(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shelf.db'}")

    async def pages(connection: Any) -> int:
        return int((await connection.execute(sa.text("PRAGMA wal_autocheckpoint"))).scalar_one())

    found = []
    for others_wait in (False, True, True, False):
        database.at_once = others_wait
        found.append(await database.write(pages))
    await database.close()
    assert found == [sqlite.LOG_PAGES, sqlite.SHORT_LOG_PAGES, sqlite.SHORT_LOG_PAGES, sqlite.LOG_PAGES]
