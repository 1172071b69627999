"""What a scan asks about a change costs the same in small and large libraries (issue 7, done-line 4)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.model.job import Scope
from shelfread.store import converting, files, twins
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks
from shelfread.store.parents import genres_of
from tests.store import many_tracks
from tests.store.plans import plans_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_equal_content_is_found_by_its_signature_however_much_is_asked_at_once(
    database: Database,
) -> None:
    await many_tracks.fill(database, 5000)
    await database.write(lambda one: one.execute(sa.text("UPDATE media_files SET signature = name")))
    wanted = [str(number).encode() for number in range(1, 701)]
    async with plans_of(database) as plans, database.read() as connection:
        found = await twins.having(connection, 1, 7, wanted, 0)
    # Every tenth folder of ten files is of the other library.
    assert len(found) == 700 - 70
    if not database.is_sqlite:
        return
    async with database.read() as connection:
        for text, values in plans.statements:
            plan = [row[-1] for row in await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, values)]
            assert "ix_media_files_signature" in plan[0], plan


async def test_a_part_of_a_root_asks_for_its_own_folders_only(database: Database) -> None:
    await many_tracks.fill(database, 500)
    async with database.read() as connection:
        assert await files.all_folders(connection, 1, b"5", 1) == await files.known_folders(
            connection, 1, [b"5"]
        )
        assert await files.all_folders(connection, 1, b"", 10) is None
        assert len(await files.all_folders(connection, 1, b"", 45) or {}) == 45


async def test_of_too_many_folders_none_is_read(database: Database) -> None:
    await many_tracks.fill(database, 500)
    async with plans_of(database) as plans, database.read() as connection:
        assert await files.all_folders(connection, 1, b"", 10) is None
    ((text, values),) = plans.statements
    if not database.is_sqlite:
        return
    async with database.read() as connection:
        plan = [row[-1] for row in await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, values)]
    assert len(plan) == 1
    assert "USING COVERING INDEX" in plan[0]


async def test_a_conversion_that_was_cut_off_is_found_without_the_library(
    database: Database,
) -> None:
    await many_tracks.fill(database, 500)
    scopes = [Scope(1, b"")]
    async with plans_of(database) as plans, database.read() as connection:
        assert await converting.under_way(connection, scopes) == []
    assert len(plans.statements) == 1
    columns = "id, file_id, state, source_name, source_name_text, target_name, temporary"
    zeroes = "source_size, source_mtime_ns, source_ctime_ns, source_device, source_inode, target_size, "
    zeroes += "target_mtime_ns, converter, at"
    await database.write(
        lambda one: one.execute(
            sa.text(
                f"INSERT INTO conversions ({columns}, {zeroes}) SELECT id, id, "
                "CASE WHEN id = 7 THEN 'prepared' ELSE 'done' END, name, name_text, name, name, "
                f"{', '.join('0' * 9)} FROM media_files WHERE id < 100"
            )
        )
    )
    async with plans_of(database) as plans, database.read() as connection:
        assert [one.file_id for one in await converting.under_way(connection, scopes)] == [7]
        assert await converting.under_way(connection, [Scope(2, b"")]) == []
    if not database.is_sqlite:
        return
    async with database.read() as connection:
        for text, values in plans.statements:
            plan = [row[-1] for row in await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, values)]
            # One row after the other, and of the conversions those under way.
            ways = ("(rowid=?)", "(file_id=?)", "ix_conversions_under_way (file_id>?)")
            assert all(line.startswith("SEARCH") and line.endswith(ways) for line in plan), plan


async def test_a_genre_of_half_the_library_is_read_only_when_its_spelling_may_be_gone(
    database: Database,
) -> None:
    await many_tracks.fill(database, 2000)
    genres = genres_of(1, IdBlocks(database))
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        asked.append(text)

    async def spelled() -> str:
        async with database.read() as connection:
            return str(
                (await connection.execute(sa.text("SELECT name FROM genres WHERE id = 1"))).scalar_one()
            )

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        await database.write(lambda one: genres.refresh(one, [1]))
        assert not any("DISTINCT track_genres" in text for text in asked)
        await database.write(lambda one: one.execute(sa.text("UPDATE genres SET name = 'Gone' WHERE id = 1")))
        await database.write(lambda one: genres.refresh(one, [1]))
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert any("DISTINCT track_genres" in text for text in asked)
    assert await spelled() == "Rock"
