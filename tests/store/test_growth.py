"""What a scan asks about a change costs the same in small and large libraries (issue 7, done-line 4)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import files, twins
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
