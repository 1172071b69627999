"""What the database says that it would do for every statement of a test."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from shelfread.store.database import Database
from shelfread.store.keyset import NARROW

#: Tables of which every question may read all: they have a handful of rows.
SMALL = {"libraries", "roots", "genres"}


class Plans:
    """What the database says that it would do for every statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statements: list[tuple[str, Any]] = []

    def note(self, _connection: Any, _cursor: Any, text: str, values: Any, *_more: Any) -> None:
        if text.startswith("SELECT"):
            self.statements.append((text, values))

    async def bad(self) -> list[str]:
        """Whole large tables that are read, and sorts of them."""
        found = []
        async with self._database.read() as connection:
            for text, values in self.statements:
                if values and NARROW + 1 in values[-1:]:
                    continue  # whether a filter is narrow: read until there are so many
                prefix = "EXPLAIN QUERY PLAN " if self._database.is_sqlite else "EXPLAIN "
                rows = await connection.exec_driver_sql(prefix + text, values)
                for row in rows:
                    line = str(row[-1]).strip(" ->")
                    table = (
                        line.split(" ")[1]
                        if self._database.is_sqlite
                        else line.split(" on ")[-1].split(" ")[0]
                    )
                    whole = (
                        line.startswith("SCAN")
                        and " USING " not in line
                        and "CONSTANT" not in line
                        and "VIRTUAL" not in line
                        if self._database.is_sqlite
                        else "Seq Scan" in line
                    )
                    if whole and table not in SMALL and not _of_few_pages(line):
                        found.append(f"{line}   in {' '.join(text.split())[:300]} {str(values)[:80]}")
        return found


def _of_few_pages(line: str) -> bool:
    """Whether PostgreSQL reads a whole table because it takes fewer pages than an index would."""
    cost = re.search(r"\(cost=[\d.]+\.\.([\d.]+) ", line)
    return cost is not None and float(cost[1]) < 20


@asynccontextmanager
async def plans_of(database: Database) -> AsyncIterator[Plans]:
    """Notes every question that is asked meanwhile."""
    plans = Plans(database)
    sa.event.listen(database.reading.sync_engine, "before_cursor_execute", plans.note)
    try:
        yield plans
    finally:
        sa.event.remove(database.reading.sync_engine, "before_cursor_execute", plans.note)
