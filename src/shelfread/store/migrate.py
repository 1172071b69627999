"""Brings a database to the schema of this version, by itself, when the program starts.

Safe when two processes start together: the whole step is one write transaction behind a lock. An SQLite
file that holds something is copied first. A database of a newer version is refused and left as it is.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import Database, DatabaseProblem

#: The newest revision in `migrations/versions`. Compared first, so that an ordinary start needs neither
#: Alembic nor its import time; a test keeps it equal to the newest script.
HEAD = "0015"

_MIGRATIONS = Path(__file__).parent / "migrations"
#: Any number that no other program on the same server uses for an advisory lock.
_LOCK = 0x5E1F4EAD
#: What every SQLite file that is not empty begins with.
_MAGIC = b"SQLite format 3\0"


async def migrate(database: Database) -> bool:
    """Bring the schema up to date; true when something was done.

    Raises:
        DatabaseProblem: the database is newer than this program, cannot be reached, or has no room.
    """
    try:
        _refuse_other_file(database.path)
        async with database.read() as connection:
            current = await connection.run_sync(_revision)
    except (sa.exc.OperationalError, OSError) as error:
        raise DatabaseProblem(f"the database cannot be opened: {_first_line(error)}") from error
    except sa.exc.DatabaseError as error:
        raise DatabaseProblem(f"this is not a usable database: {_first_line(error)}") from error
    if current == HEAD:
        return False
    if current is not None:
        _refuse_newer(current)

    async def upgrade(connection: AsyncConnection) -> bool:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        # Another process may have done it while this one waited for the lock.
        current = await connection.run_sync(_revision)
        if current == HEAD:
            return False
        if current is not None:
            _refuse_newer(current)
        await connection.run_sync(_upgrade)
        return True

    try:
        if current is not None and database.path:
            back_up(database.path, current)
        return await database.write(upgrade)
    except (sa.exc.OperationalError, sqlite3.Error, OSError) as error:
        raise DatabaseProblem(f"the database cannot be brought up to date: {_first_line(error)}") from error


def back_up(path: Path, revision: str) -> Path:
    """Copy an SQLite database with the library's own backup, which is right even while others write.

    Returns the copy's path, beside the database, readable by its owner only.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    copy = path.with_name(f"{path.name}.before-{HEAD}-from-{revision}.{stamp}.{os.getpid()}.backup")
    unfinished = copy.with_suffix(".unfinished")
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
        unfinished.rename(copy)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return copy


def _refuse_other_file(path: Path | None) -> None:
    """SQLite takes a file shorter than its header for an empty database, and would write over it."""
    if path is None or not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    if head not in (b"", _MAGIC):
        raise DatabaseProblem(f"this is not a usable database: {path} is another sort of file")


def _revision(connection: Connection) -> str | None:
    """The revision a database says it has; None for an empty one."""
    tables = sa.inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        if found is not None:
            return str(found)
    if tables and set(tables) != {"alembic_version"}:
        raise DatabaseProblem(
            "this database belongs to something else (it has tables, but none of Shelfread's); "
            "give Shelfread one of its own with SHELFREAD_DATABASE_URL"
        )
    return None


def _refuse_newer(current: str) -> None:
    if current not in {path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")}:
        raise DatabaseProblem(
            f"this database was written by a newer Shelfread (schema {current}, this one knows {HEAD}); "
            "install that version again, or restore a backup of the database"
        )


def _upgrade(connection: Connection) -> None:
    # Imported here: it costs more than everything else an ordinary start does.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _first_line(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
