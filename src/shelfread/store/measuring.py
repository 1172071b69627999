"""The database itself, for people who look after it: product, version, size and schema.

Statements only, each quick however much there is; a check of the whole is `problems.look_at`.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import libraries


class Measures(NamedTuple):
    """What a database is, and how large."""

    #: sqlite or postgresql.
    kind: str
    version: str
    size_bytes: int
    #: The revision of its tables.
    schema: str | None
    libraries: int


async def measure(connection: AsyncConnection) -> Measures:
    """Look at a database that has all tables."""
    kind = connection.dialect.name
    if kind == "sqlite":
        version = (await connection.execute(text("SELECT sqlite_version()"))).scalar_one()
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        size = pages * (await connection.execute(text("PRAGMA page_size"))).scalar_one()
    else:
        version = (await connection.execute(text("SHOW server_version"))).scalar_one()
        query = text("SELECT pg_database_size(current_database())")
        size = (await connection.execute(query)).scalar_one()
    schema = await connection.execute(text("SELECT version_num FROM alembic_version"))
    count = (await connection.execute(select(func.count()).select_from(libraries))).scalar_one()
    return Measures(kind, str(version), int(size), schema.scalar_one_or_none(), count)
