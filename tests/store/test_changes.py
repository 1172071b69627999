"""`store.changes`: found along an index, however many files there are."""

from __future__ import annotations

from typing import Any

import pytest

from shelfread.store import changes
from shelfread.store.database import Database
from tests.store.plans import plans_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("database_kind", ["sqlite"]),
]


@pytest.mark.parametrize("change", [None, "added"])
@pytest.mark.parametrize("after", [None, ("added", 7)])
async def test_the_changes_of_a_job_are_a_range_of_an_index(
    database: Database, change: str | None, after: tuple[str, int] | None
) -> None:
    async with plans_of(database) as plans, database.read() as connection:
        assert await changes.page(connection, 1, 10, change=change, after=after) == []
        assert await changes.counts(connection, 1) == {}
    async with database.read() as connection:
        for text, values in plans.statements:
            rows: Any = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
            lines = [row[-1] for row in rows]
            (first, *others) = [line for line in lines if " media_files " in line]
            assert "ix_media_files_changed_by_change_id (changed_by=?" in first
            assert not others
            assert not [line for line in lines if "TEMP B-TREE" in line or line.startswith("SCAN")], lines
