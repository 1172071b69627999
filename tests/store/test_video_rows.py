"""Questions about the folders of videos are searches in an index, however many videos a root has."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from shelfread.store.tables import videos
from shelfread.store.video_rows import at_or_below
from tests.conftest import NewShelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_videos_in_and_below_a_folder_are_found_by_two_searches(new_video_shelf: NewShelf) -> None:
    shelf = await new_video_shelf()
    query = select(videos.c.file_id, videos.c.movie_id).where(at_or_below(1, b"Fog"))
    compiled = query.compile(dialect=sqlite.dialect())
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    async with shelf.database.read() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)).all()
    steps = [str(row[-1]) for row in plan]
    assert [step for step in steps if step.startswith("SCAN")] == []
    assert any("root_id=? AND base=?" in step for step in steps)
    assert any("root_id=? AND base>? AND base<?" in step for step in steps)


async def test_a_folder_is_not_taken_for_one_whose_name_begins_alike(new_video_shelf: NewShelf) -> None:
    shelf = await new_video_shelf()
    for folder in ("Fog", "Fog/Season 1", "Fog2/Season 1", "Fog - Making of"):
        shelf.tree.write(f"{folder}/S01E01.mkv", folder.encode() + b" is no film")
    await shelf.outcome()
    library = await shelf.library()
    found = {}
    async with shelf.database.read() as connection:
        for path in (b"", b"Fog", b"Fog2", b"Fo"):
            rows = await connection.execute(
                select(videos.c.base).where(at_or_below(library.roots[0].id, path))
            )
            found[path] = sorted(bytes(row[0]) for row in rows)
    assert len(found[b""]) == 4
    assert (found[b"Fog"], found[b"Fog2"], found[b"Fo"]) == (
        [b"Fog", b"Fog/Season 1"],
        [b"Fog2/Season 1"],
        [],
    )
