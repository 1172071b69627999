"""Where files were before: noted when rows become one, kept with the row that lives on, gone with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import former, moves
from shelfread.store.database import Database
from shelfread.store.former import FormerPlace
from shelfread.store.tables import former_places, media_files
from tests.store.test_removals import JOB, NOW, Shelves

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def told(database: Database, file_id: int) -> list[tuple[bytes, int]]:
    """The former places of a file as an item has them."""
    found: dict[int, dict[str, Any]] = {file_id: {}}
    async with database.read() as connection:
        await former.add_places(connection, found, [file_id])
    return [(place["path"], place["until"]) for place in found[file_id]["former_places"]]


async def merge(database: Database, pairs: Sequence[tuple[int, int]], now: int) -> None:
    await database.write(lambda connection: moves.merge_rows(connection, pairs, now, JOB))


async def test_each_place_of_a_file_that_moves_on_and_on_is_told_the_newest_first(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 0, name=b"one \xff")
    await shelves.file(2, 2, name=b"two")
    await shelves.file(3, 12, name=b"three")
    assert await told(database, 1) == []
    await merge(database, [(2, 1)], NOW)
    await merge(database, [(3, 1)], NOW + 1)
    assert await told(database, 1) == [(b"/one/a/b/two", NOW + 1), (b"/one/one \xff", NOW)]


async def test_a_file_that_was_missing_left_when_it_went_missing(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 0, name=b"one", status="missing")
    await shelves.file(2, 1, name=b"two")

    async def went(connection: Any) -> None:
        await connection.execute(sa.update(media_files).values(missing_at=77).where(media_files.c.id == 1))

    await database.write(went)
    await merge(database, [(2, 1)], NOW)
    assert await told(database, 1) == [(b"/one/one", 77)]


async def test_places_of_both_rows_are_kept_in_the_order_of_their_times(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 0, name=b"last")
    await shelves.file(2, 1, name=b"copy")

    async def before(connection: Any) -> None:
        await former.add(connection, {1: [FormerPlace(b"/a", 10), FormerPlace(b"/c", 30)]})
        # At the same time as one of the other: nothing is lost for that.
        await former.add(connection, {2: [FormerPlace(b"/b", 20), FormerPlace(b"/d", 30)]})

    await database.write(before)
    await merge(database, [(2, 1)], NOW)
    assert await told(database, 1) == [
        (b"/one/last", NOW),
        (b"/d", 30),
        (b"/c", 30),
        (b"/b", 20),
        (b"/a", 10),
    ]


async def test_two_files_that_change_places_each_know_where_they_were(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 0, name=b"x")
    await shelves.file(2, 0, name=b"y")
    await shelves.file(3, 1, name=b"x")
    await shelves.file(4, 1, name=b"y")
    await merge(database, [(4, 1), (3, 2)], NOW)
    assert await told(database, 1) == [(b"/one/x", NOW)]
    assert await told(database, 2) == [(b"/one/y", NOW)]


async def test_with_a_file_its_places_go(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 0)
    await shelves.file(2, 1)
    await merge(database, [(2, 1)], NOW)

    async def prune(connection: Any) -> None:
        await connection.execute(sa.delete(media_files))

    await database.write(prune)
    async with database.read() as connection:
        assert list(await connection.execute(sa.select(former_places))) == []
