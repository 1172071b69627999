"""Paths that are too long for an index of PostgreSQL, on both databases."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.problem import ProblemCode
from shelfread.store import files, problems, tables
from shelfread.store.database import StatementFailed
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_trouble_with_a_path_of_any_length_is_stored_and_ends(shelf: Shelf) -> None:
    root_id = (await shelf.library()).roots[0].id
    start = os.urandom(4000).replace(b"\0", b"x")
    paths = [start + end for end in (b"one", b"two")] + [start[: problems.PATH_LIMIT]]
    codes = list(ProblemCode)

    async def note(connection: AsyncConnection) -> None:
        for path in [*paths, *paths]:
            for code in codes:
                await problems.note_place(connection, root_id, path, code, "too long", 1)

    await shelf.database.write(note)
    rows = await shelf.table("problems")
    assert len(rows) == 3 * len(codes)
    assert max(len(row["path"]) for row in rows) == problems.PATH_LIMIT
    async with shelf.database.read() as connection:
        found = await problems.places_in_trouble(connection, root_id, codes)
    assert found == {problems.storable(path) for path in paths}

    async def clear(connection: AsyncConnection) -> None:
        await problems.clear_place(connection, root_id, paths[0], codes)

    await shelf.database.write(clear)
    assert len(await shelf.table("problems")) == 2 * len(codes)


async def test_a_file_of_the_longest_folder_has_a_problem_path_that_is_not_cut() -> None:
    path = b"x" * files.FOLDER_PATH_LIMIT + b"/" + b"y" * 255
    assert problems.storable(path) == path


async def test_a_key_too_long_for_the_database_is_the_fault_of_its_row(new_shelf: NewShelf) -> None:
    shelf = await new_shelf("postgresql")
    root_id = (await shelf.library()).roots[0].id

    async def work(connection: AsyncConnection) -> None:
        values = {"id": 1, "root_id": root_id, "path": os.urandom(4000), "path_text": "", "mounted": False}
        await connection.execute(sa.insert(tables.folders).values(values))

    with pytest.raises(StatementFailed):
        await shelf.database.write(work)
