"""Very large catalogues, made in seconds by the database itself, and walks through their lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from shelfread.store.database import Database
from shelfread.store.keyset import Page

#: What a list is asked for: a dataclass with `limit` and `after`.
W = TypeVar("W", bound=Any)
#: A list: gives a page of what is wanted.
List = Callable[[Any, W], Awaitable[Page]]


async def fill(database: Database, steps: str, count: int, **texts: str) -> None:
    """Fill an empty catalogue.

    Args:
        database: on SQLite or PostgreSQL.
        steps: statements, parted by ";" at the ends of lines. {numbers} is a table of i, from 1 to `count`,
            {count} its length, {int} makes a number of a truth.
        count: how many numbers.
        **texts: what else stands in braces there: expressions whose bytes are meant.
    """
    numbers = (
        f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"
        if database.is_sqlite
        else f"generate_series(1, {count}) AS n(i)"
    )

    def as_bytes(text: str) -> str:
        return f"CAST({text} AS BLOB)" if database.is_sqlite else f"convert_to({text}, 'UTF8')"

    text = steps.format(
        numbers=numbers,
        count=count,
        int="" if database.is_sqlite else "::int",
        **{name: as_bytes(one) for name, one in texts.items()},
    )

    async def work(connection: Any) -> None:
        for statement in text.split(";\n"):
            await connection.exec_driver_sql(statement.replace("%", "%%" if not database.is_sqlite else "%"))

    await database.write(work)
    if not database.is_sqlite:
        async with database.engine.connect() as connection:
            plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await plain.execute(sa.text("VACUUM ANALYZE"))


async def every_page(database: Database, listed: List[W], wanted: W) -> list[int]:
    """Every id of a list, page by page."""
    found: list[int] = []
    async with database.read() as connection:
        while True:
            part = await listed(connection, wanted)
            assert len(part.ids) <= wanted.limit
            found += part.ids
            if part.next is None:
                return found
            assert len(part.ids) == wanted.limit
            wanted = replace(wanted, after=part.next)
