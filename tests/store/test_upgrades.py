"""Catalogues of every schema there was are brought to this one and go on: no item lost, ids kept.

Each is built by its own migrations and filled through its own tables, with what a real scan wrote, as far as
that schema had a place for it. Then the program opens it and scans.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from shelfread.app import open_app
from shelfread.settings import Settings
from shelfread.store import migrate as module
from shelfread.store.database import Database
from shelfread.store.migrate import HEAD
from shelfread.store.tables import metadata
from tests import catalogue
from tests.conftest import NewShelf, PostgresServer, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")

REVISIONS = [f"{number:04}" for number in range(1, int(HEAD))]
#: The tables of a library: all that people would miss. What is derived from them may be made anew.
KEPT = (
    "libraries", "roots", "folders", "media_files", "artists", "releases", "release_credits", "tracks",
    "track_credits", "genres", "track_genres", "sidecars", "problems", "aliases", "library_scan_jobs",
)  # fmt: skip
#: Names that tables had before.
BEFORE = {"sidecars": "pictures"}


@pytest_asyncio.fixture(loop_scope="session")
async def lived(new_shelf: NewShelf) -> Shelf:
    """A library with a file that moved, one that is missing and one that is broken."""
    shelf = await new_shelf("sqlite")
    for name in ("Ada/First/01 one.mp3", "Ada/First/02 two.mp3", "Bix/Other/01 three.flac"):
        shelf.tree.add(name, genre="Jazz")
    shelf.tree.write("Ada/First/03 broken.mp3", b"broken" * 50)
    shelf.tree.write("Ada/First/cover.jpg", b"no picture")
    await shelf.scan()
    shelf.tree.move("Ada/First/02 two.mp3", "Cy/02 two.mp3")
    shelf.tree.delete("Bix/Other/01 three.flac")
    assert await shelf.scan() == {"unchanged": 2, "moved": 1, "removed": 1}
    return shelf


def _upgrade(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _fill(connection: sa.Connection, rows: catalogue.Rows) -> None:
    """Write rows of today through the tables that there are, as far as they have the columns."""
    found = sa.MetaData()
    found.reflect(connection)
    for name in (table.name for table in metadata.sorted_tables if table.name in KEPT):
        table = found.tables.get(name)
        if table is None:
            table = found.tables.get(BEFORE.get(name, name))
        if table is None or not rows[name]:
            continue
        columns = table.c.keys()
        content = sorted(rows[name], key=lambda row: (len(row.get("path", b"")), row.get("id", 0)))
        connection.execute(
            table.insert(), [{key: row[key] for key in columns if key in row} for row in content]
        )
    counters = found.tables["id_counters"]
    for row in rows["id_counters"]:
        connection.execute(counters.update().where(counters.c.name == row["name"]).values(next=row["next"]))


async def _at(url: str, revision: str, rows: catalogue.Rows) -> None:
    database = Database(url)

    async def work(connection: Any) -> None:
        await connection.run_sync(_upgrade, revision)
        await connection.run_sync(_fill, rows)

    try:
        await database.write(work)
    finally:
        await database.close()


async def _goes_on(url: str, lived: Shelf, data: Path) -> None:
    """The catalogue has every item with its id and its date, and scans find the library as it was."""
    before = await lived.files()
    kept = ("id", "status", "added_at", "missing_at", "signature")
    async with open_app(Settings(database_url=url, settle_seconds=0, data_dir=data)) as app:
        shelf = Shelf(app, lived.library_id, lived.trees, lived.pools)
        for _ in range(2):
            assert {name: [row[key] for key in kept] for name, row in (await shelf.files()).items()} == {
                name: [row[key] for key in kept] for name, row in before.items()
            }
            for name in ("releases", "artists", "genres", "aliases"):
                ids = [
                    {key: row[key] for key in row if key in ("id", "key", "old_id", "file_id")}
                    for row in await shelf.table(name)
                ]
                assert ids == [
                    {key: row[key] for key in one}
                    for one, row in zip(ids, await lived.table(name), strict=True)
                ]
            assert await shelf.scan() == {"unchanged": 3}
        assert shelf.opened == []


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_catalogue_of_any_schema_is_copied_brought_up_to_date_and_loses_nothing(
    lived: Shelf, tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "old" / "shelfread.db"
    path.parent.mkdir()
    await _at(f"sqlite:///{path}", revision, await catalogue.rows(lived.database))
    await _goes_on(f"sqlite:///{path}", lived, tmp_path / "data")
    (copy,) = path.parent.glob(f"*.before-{HEAD}-from-{revision}.*.backup")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]
        assert connection.execute("SELECT count(*) FROM media_files").fetchall() == [(4,)]


@pytest.mark.parametrize("revision", ["0001", "0008"])
async def test_on_postgresql_a_catalogue_of_an_older_schema_loses_nothing(
    lived: Shelf, postgres: PostgresServer, tmp_path: Path, revision: str
) -> None:
    url = postgres.empty()
    await _at(url, revision, await catalogue.rows(lived.database))
    await _goes_on(url, lived, tmp_path / "data")
