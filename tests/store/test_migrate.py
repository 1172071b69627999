"""`store.migrate`: schemas come by themselves, once, and nothing is ever lost on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from shelfread.app import open_app
from shelfread.model.job import Scope
from shelfread.settings import Settings
from shelfread.store import job_trail, jobs
from shelfread.store import migrate as module
from shelfread.store.database import Database, DatabaseProblem
from shelfread.store.migrate import HEAD, back_up, migrate
from shelfread.store.tables import metadata
from tests import catalogue, powerless

pytestmark = pytest.mark.asyncio(loop_scope="session")
FOLDER = Path(module.__file__).parent / "migrations"
#: A revision that comes after the newest one here.
NEXT = f"{int(HEAD) + 1:04}"


@pytest_asyncio.fixture(loop_scope="session")
async def empty(empty_url: str) -> AsyncIterator[Database]:
    opened = Database(empty_url)
    yield opened
    await opened.close()


async def _tables(database: Database) -> set[str]:
    async with database.read() as connection:
        found = await connection.run_sync(lambda inside: sa.inspect(inside).get_table_names())
    return {name for name in found if not _is_of_the_search(name)}


def _is_of_the_search(name: str | None) -> bool:
    """What only one of the databases has, and no table of ours speaks of: FTS5 there, an index here."""
    return (name or "").startswith("search_index")


def _compare(connection: sa.Connection) -> list[Any]:
    def ours(_thing: Any, name: str | None, *_more: Any) -> bool:
        return not _is_of_the_search(name)

    options = {"compare_type": True, "include_object": ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def _run(database: Database, *statements: str) -> None:
    async def work(connection: Any) -> None:
        for statement in statements:
            await connection.execute(sa.text(statement))

    await database.write(work)


async def test_an_empty_database_gets_every_table_and_a_second_time_is_harmless(empty: Database) -> None:
    assert await migrate(empty) is True
    assert await _tables(empty) == {*metadata.tables, "alembic_version"}
    before = await catalogue.rows(empty)
    assert await migrate(empty) is False
    assert await catalogue.rows(empty) == before


async def test_what_the_migrations_build_is_what_the_code_speaks_of(empty: Database) -> None:
    await migrate(empty)
    async with empty.read() as connection:
        assert await connection.run_sync(_compare) == []


async def test_partial_indexes_are_there_as_written(empty: Database) -> None:
    await migrate(empty)
    query = (
        "SELECT sql FROM sqlite_master WHERE name = :name"
        if empty.is_sqlite
        else "SELECT indexdef FROM pg_indexes WHERE indexname = :name"
    )
    async with empty.read() as connection:
        for status in ("queued", "running"):
            row = await connection.execute(sa.text(query), {"name": f"uq_library_scan_jobs_{status}"})
            assert re.search(rf"UNIQUE.*unique_key.*WHERE.*status.*'{status}'", row.scalar_one())


async def test_every_id_counter_starts_at_one(empty: Database) -> None:
    await migrate(empty)
    counters = {row["name"]: row["next"] for row in (await catalogue.rows(empty))["id_counters"]}
    numbered = {table.name for table in metadata.tables.values() if "id" in table.c}
    numbered -= {"library_scan_jobs", "workers"}
    assert counters == dict.fromkeys([*numbered, "jobs"], 1)


async def test_head_is_the_newest_script() -> None:
    scripts = ScriptDirectory(str(FOLDER))
    assert scripts.get_heads() == [HEAD]
    revisions = [script.revision for script in scripts.walk_revisions()]
    # The name says the revision: it is by the names that a newer database is told from a known one.
    assert {path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")} == set(revisions)


async def test_an_ordinary_start_needs_no_alembic(new_catalogue: Any) -> None:
    url = await new_catalogue("sqlite")
    code = (
        "import asyncio, sys\n"
        "from shelfread.store.database import Database\n"
        "from shelfread.store.migrate import migrate\n"
        "assert not asyncio.run(migrate(Database(sys.argv[1])))\n"
        "print('alembic' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# Two processes starting together

_START = """
import asyncio, sys
from shelfread.store.database import Database
from shelfread.store.migrate import migrate
import alembic.command, alembic.config

async def main():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(await migrate(database), flush=True)
    await database.close()

asyncio.run(main())
"""


def _together(url: str, count: int) -> list[tuple[str, str]]:
    """What that many processes answer that migrate the same database at the same moment."""
    command = [sys.executable, "-W", "error", "-c", _START, url]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    started = [subprocess.Popen(command, **pipes, text=True) for _ in range(count)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate() for process in started]


async def test_processes_that_start_together_on_an_empty_database_are_safe(empty: Database) -> None:
    url = empty.url.render_as_string(hide_password=False)
    answers = await asyncio.to_thread(_together, url, 4)
    assert sorted(answers) == [("False\n", "")] * 3 + [("True\n", "")]
    assert await _tables(empty) == {*metadata.tables, "alembic_version"}
    async with empty.read() as connection:
        version = await connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        assert version.scalars().all() == [HEAD]


# What is not ours to touch


async def _state(database: Database) -> Any:
    if database.path is not None:
        with sqlite3.connect(database.path) as connection:
            return list(connection.iterdump())
    async with database.read() as connection:
        rows = await connection.execute(
            sa.text(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema='public'"
            )
        )
        return sorted(map(tuple, rows))


@pytest.mark.parametrize("revision", [NEXT, "9999", "f00ba5e", "not'a revision"])
async def test_a_newer_database_is_refused_in_one_line_and_left_as_it_is(
    empty: Database, revision: str
) -> None:
    await migrate(empty)
    await _run(
        empty,
        f"UPDATE alembic_version SET version_num = '{revision.replace(chr(39), chr(39) * 2)}'",
        "CREATE TABLE of_the_future (id INTEGER)",
        "DROP TABLE job_logs",
    )
    before = await _state(empty)
    with pytest.raises(DatabaseProblem, match="newer Shelfread") as caught:
        await migrate(empty)
    assert "\n" not in str(caught.value)
    assert revision in str(caught.value)
    assert await _state(empty) == before
    if empty.path is not None:
        assert not list(empty.path.parent.glob("*.backup"))


@pytest.mark.parametrize("with_version", [False, True])
async def test_a_database_of_something_else_is_refused_and_left_as_it_is(
    empty: Database, with_version: bool
) -> None:
    await _run(empty, "CREATE TABLE songs (id INTEGER)", "INSERT INTO songs VALUES (7)")
    if with_version:
        await _run(empty, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    before = await _state(empty)
    with pytest.raises(DatabaseProblem, match="belongs to something else"):
        await migrate(empty)
    assert await _state(empty) == before


async def test_an_upgrade_that_fails_leaves_nothing_behind(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = module._upgrade

    def half_way(connection: sa.Connection) -> None:
        genuine(connection)
        raise RuntimeError("the power went out")

    monkeypatch.setattr(module, "_upgrade", half_way)
    with pytest.raises(RuntimeError):
        await migrate(empty)
    assert await _tables(empty) == set()
    monkeypatch.undo()
    assert await migrate(empty) is True


async def test_a_postgresql_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(DatabaseProblem, match="cannot be opened") as caught:
        await migrate(database)
    assert "\n" not in str(caught.value)
    await database.close()


# Files that are no databases, and places where none can be


async def _refused(path: Path) -> str:
    database = Database(f"sqlite:///{path}")
    try:
        with pytest.raises(DatabaseProblem) as caught:
            await migrate(database)
    finally:
        await database.close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"this is no database at all, but a letter" * 100,
        b"SQLite format 3\0" + b"\xff" * 5000,
        b"x",
        b"\0" * 4096,
    ],
    ids=["text", "torn", "short", "zeros"],
)
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "shelf.db"
    path.write_bytes(content)
    assert "usable database" in await _refused(path)
    assert path.read_bytes() == content


async def test_a_database_cut_in_half_is_refused_and_left_as_it_is(
    tmp_path: Path, sqlite_catalogue: Path
) -> None:
    path = tmp_path / "shelf.db"
    content = sqlite_catalogue.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 100])
    before = path.read_bytes()
    await _refused(path)
    assert path.read_bytes() == before


async def test_a_folder_in_the_place_of_the_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shelf.db").mkdir()
    assert "cannot be opened" in await _refused(tmp_path / "shelf.db")


async def test_a_database_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in await _refused(tmp_path / "absent" / "shelf.db")
    assert not (tmp_path / "absent").exists()


_MIGRATE = """
import asyncio, sys
from shelfread.store.database import Database, DatabaseProblem
from shelfread.store.migrate import migrate

async def main():
    database = Database("sqlite:///" + sys.argv[1])
    try:
        print("did something:", await migrate(database))
    except DatabaseProblem as problem:
        print("problem:", problem)
    finally:
        await database.close()

asyncio.run(main())
"""


def _powerless(path: Path) -> str:
    done = powerless.run(_MIGRATE, str(path))
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_read_only_place_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "shelf.db"
    path.touch()
    path.chmod(0o444)
    folder.chmod(0o555)
    assert re.fullmatch("problem: .+\n", _powerless(path))
    assert path.read_bytes() == b""
    folder.chmod(0o755)


async def test_a_read_only_database_that_is_up_to_date_loses_nothing(
    tmp_path: Path, sqlite_catalogue: Path
) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "shelf.db"
    shutil.copyfile(sqlite_catalogue, path)
    before = path.read_bytes()
    path.chmod(0o444)
    folder.chmod(0o555)
    answer = _powerless(path)
    assert answer == "did something: False\n" or re.fullmatch("problem: .+\n", answer)
    assert path.read_bytes() == before
    folder.chmod(0o755)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem with room for very little."""
    point = tmp_path / "disk"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(point)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this system has no mount command")
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def _fill(disk: Path, leave: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(ballast, max(0, ballast.stat().st_size - leave))
    return ballast


@pytest.mark.parametrize("room", [0, 8192, 65536])
async def test_a_full_disk_is_told_in_one_line_and_with_room_it_goes_on(small_disk: Path, room: int) -> None:
    ballast = _fill(small_disk, room)
    path = small_disk / "shelf.db"
    assert re.search("full|disk I/O", await _refused(path))
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    database = Database(f"sqlite:///{path}")
    assert await migrate(database) is True
    await database.close()


async def test_a_disk_that_fills_up_later_loses_nothing_that_was_there(
    small_disk: Path, sqlite_catalogue: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
    path = small_disk / "shelf.db"
    shutil.copyfile(sqlite_catalogue, path)
    database = Database(f"sqlite:///{path}")

    async def fill(connection: Any) -> None:
        for number in range(4000):
            await connection.execute(
                sa.text("INSERT INTO id_counters VALUES (:name, 1)"), {"name": f"{number:064}"}
            )

    await _run(database, "INSERT INTO id_counters VALUES ('kept', 5)")
    ballast = _fill(small_disk, 16384)
    with pytest.raises(sa.exc.OperationalError, match="full"):
        await database.write(fill)
    ballast.unlink()
    counters = {row["name"]: row["next"] for row in (await catalogue.rows(database))["id_counters"]}
    assert counters["kept"] == 5
    assert len(counters) < 100
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    await database.write(fill)
    await database.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# The copy before a migration


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose newest schema is one further than any database here."""
    monkeypatch.setattr(module, "HEAD", NEXT)

    def upgrade(connection: sa.Connection) -> None:
        connection.execute(sa.text("CREATE TABLE new_things (id INTEGER)"))
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{NEXT}'"))

    monkeypatch.setattr(module, "_upgrade", upgrade)


@pytest.mark.usefixtures("next_version")
async def test_a_copy_is_made_before_a_migration_and_holds_what_was_there(
    tmp_path: Path, sqlite_catalogue: Path
) -> None:
    path = tmp_path / "shelf.db"
    shutil.copyfile(sqlite_catalogue, path)
    database = Database(f"sqlite:///{path}")
    # Still in the write-ahead log: a plain copy of the file would not have it.
    await _run(database, "INSERT INTO id_counters VALUES ('kept', 5)")
    assert await migrate(database) is True
    assert "new_things" in await _tables(database)
    (copy,) = tmp_path.glob("*.backup")
    assert copy.name.startswith(f"shelf.db.before-{NEXT}-from-{HEAD}.")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.unfinished*"))
    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT next FROM id_counters WHERE name = 'kept'").fetchall() == [(5,)]
        assert not connection.execute("SELECT name FROM sqlite_master WHERE name = 'new_things'").fetchall()
    assert await migrate(database) is False
    assert len(list(tmp_path.glob("*.backup"))) == 1
    await database.close()


@pytest.mark.usefixtures("next_version")
async def test_without_room_for_the_copy_nothing_is_migrated(
    small_disk: Path, sqlite_catalogue: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
    path = small_disk / "shelf.db"
    shutil.copyfile(sqlite_catalogue, path)
    ballast = _fill(small_disk, 32768 + 8192)
    await _refused(path)
    ballast.unlink()
    assert not list(small_disk.glob("*.backup"))
    assert not list(small_disk.glob("*.unfinished*"))
    database = Database(f"sqlite:///{path}")
    assert "new_things" not in await _tables(database)
    await database.close()


@pytest.mark.usefixtures("next_version")
async def test_an_old_database_on_postgresql_is_migrated_too(postgres: Any) -> None:
    database = Database(postgres.empty())
    await _run(
        database,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        f"INSERT INTO alembic_version VALUES ('{HEAD}')",
    )
    assert await migrate(database) is True
    assert await migrate(database) is False
    await database.close()


async def test_an_empty_database_needs_no_copy(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shelf.db'}")
    await migrate(database)
    assert not list(tmp_path.glob("*.backup"))
    await database.close()


async def test_two_copies_in_one_second_do_not_overwrite_one_another(
    tmp_path: Path, sqlite_catalogue: Path
) -> None:
    path = tmp_path / "shelf.db"
    shutil.copyfile(sqlite_catalogue, path)
    first = back_up(path, "0001")
    content = first.read_bytes()
    second = back_up(path, "0001")
    assert first.read_bytes() == content
    assert second.is_file()


# The data folder


async def test_the_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "far" / "data"
    async with open_app(Settings(data_dir=folder)) as app:
        assert app.database.path == folder / "shelfread.db"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    async with open_app(Settings(data_dir=folder)) as app:
        assert await app.libraries.all() == []


async def test_a_data_folder_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DatabaseProblem) as caught:
        async with open_app(Settings(data_dir=tmp_path / "data" / "below")):
            pass
    assert "\n" not in str(caught.value)
    assert "data" in str(caught.value)


# From every older schema


async def _at_first_schema(database: Database) -> None:
    """A catalogue as the first schema had it, with a library, its jobs and their logs."""

    def upgrade(connection: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    async def work(connection: Any) -> None:
        await connection.run_sync(upgrade)

    await database.write(work)
    columns = "id, seq, library_id, type, status, scopes, unique_key, fence, items_added, log_seq, queued_at"
    await _run(
        database,
        "INSERT INTO libraries (id, name, kind, options, reader_version, untidy, created_at) "
        "VALUES (1, 'Music', 'music', '{}', 1, false, 5)",
        f"INSERT INTO library_scan_jobs ({columns}) "
        "VALUES ('a', 1, 1, 'scan', 'completed', '[[1, \"\"]]', 'k', 1, 7, 2, 10)",
        f"INSERT INTO library_scan_jobs ({columns}) "
        "VALUES ('b', 2, 1, 'rescan', 'running', '[[1, \"61\"]]', 'l', 3, 1, 0, 20)",
        "INSERT INTO job_logs (job_seq, seq, at, level, message) "
        "VALUES (1, 1, 11, 'info', 'one'), (1, 2, 12, 'error', 'two')",
    )


async def test_jobs_and_logs_of_the_first_schema_are_kept(empty: Database) -> None:
    await _at_first_schema(empty)
    assert await migrate(empty) is True
    async with empty.read() as connection:
        running, done = await jobs.listed(connection, library_id=1)
        lines = await job_trail.logs(connection, 1)
    assert (done.id, done.type, done.status, done.counters.added) == ("a", "scan", "completed", 7)
    assert (running.id, running.fence, running.scopes) == ("b", 3, (Scope(1, b"a"),))
    assert (done.origin, done.attempt, done.timeout_s, done.event_seq) == ("cli", 1, 21_600, 0)
    assert [(line.seq, line.message) for line in lines] == [(1, "one"), (2, "two")]
    # References still hold: what goes takes along what belongs to it.
    await _run(empty, "DELETE FROM library_scan_jobs WHERE id = 'a'")
    found = await catalogue.rows(empty)
    assert found["job_logs"] == []
    assert len(found["library_scan_jobs"]) == 1
    async with empty.read() as connection:
        assert await connection.run_sync(_compare) == []


async def test_rows_of_the_first_schema_get_their_keys_and_are_due_to_be_searched(empty: Database) -> None:
    await _at_first_schema(empty)
    await _run(
        empty,
        "INSERT INTO artists (id, library_id, key, name) VALUES (3, 1, 'björk', 'Björk')",
        "INSERT INTO releases (id, library_id, key, title, compilation, added_at) "
        "VALUES (4, 1, 'x', 'Début', false, 5)",
    )
    assert await migrate(empty) is True
    found = await catalogue.rows(empty)
    assert [row["sort_key"] for row in found["artists"]] == ["bjork"]
    assert [row["sort_key"] for row in found["releases"]] == ["debut"]
    assert {row["items"] for row in found["search_due"]} == {'{"1": [3]}', '{"2": [4]}'}
