"""The end of a scan asks by what changed: no question reads all of a library (issue 7, done-line 4)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import tidying, twins
from shelfread.store.database import Database
from shelfread.store.tables import (
    artists,
    release_credits,
    releases,
    track_credits,
    tracks,
)
from tests.store import many_tracks
from tests.store.plans import plans_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATE = 10**12


async def _prepared(database: Database) -> None:
    """Files that all have a signature; three are new and have that of one that is missing since lately."""
    await many_tracks.fill(database, 20_000)
    texts = ["UPDATE media_files SET signature = name", "UPDATE media_files SET missing_at = NULL"]
    texts.append(f"UPDATE media_files SET missing_at = {LATE} WHERE status = 'missing' AND id <= 1000")
    texts += [
        f"UPDATE media_files SET added_at = {LATE + 1}, status = 'ready', missing_at = NULL, "
        f"signature = (SELECT name FROM media_files WHERE id = {twin}) WHERE id = {number}"
        for number, twin in ((15_001, 50), (15_002, 250), (15_003, 150))
    ]
    await _run(database, *texts, "ANALYZE")


@pytest.mark.parametrize("few", [1000, 1])
async def test_what_moved_over_time_is_asked_by_what_came_and_went(
    database: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "_FEW", few)
    await _prepared(database)
    async with plans_of(database) as plans, database.read() as connection:
        found = await twins.signatures(connection, 1, 7, since=LATE, horizon=LATE - 1)
        rows = await twins.having(connection, 1, 7, found, LATE - 1)
    assert len(found) == 3
    assert {(row.lost, row.gone) for row in rows} == {(True, False), (False, False)}
    assert len(rows) == 6
    assert _asked_of_all(await plans.bad()) == []


async def test_parents_that_lost_a_child_are_found_without_a_look_at_the_others(database: Database) -> None:
    await _prepared(database)
    due = tidying.Due(1, whole=False, noted={"releases": {3, 4}, "artists": {5}})
    async with plans_of(database) as plans, database.read() as connection:
        gone = [
            await due.childless(
                connection, releases, sa.exists().where(tracks.c.release_id == releases.c.id)
            ),
            await due.childless(
                connection,
                artists,
                sa.exists().where(track_credits.c.artist_id == artists.c.id),
                sa.exists().where(release_credits.c.artist_id == artists.c.id),
            ),
        ]
    assert gone == [[], []]
    assert await plans.bad() == []


async def test_what_went_to_another_library_is_asked_by_what_came_and_went(database: Database) -> None:
    await _prepared(database)
    # Old files in folders of library 1, new ones in those of library 2: ten wait for a person, many did.
    await _run(
        database,
        "INSERT INTO likenesses (id, library_id, old_file_id, new_file_id, why, found_at, state) "
        "SELECT id, 1 + id % 2, id, id + 90, 'content', 1, "
        "CASE WHEN id <= 100 THEN 'open' ELSE 'rejected' END "
        "FROM media_files WHERE id % 100 BETWEEN 1 AND 10 AND id < 19900",
        "ANALYZE",
    )
    async with plans_of(database) as plans, database.read() as connection:
        waiting = await twins._open_between(connection, 1, [2])
        found = await twins.signatures(connection, 1, 7, since=LATE, horizon=LATE - 1, others=[2])
        rows = await twins.having(connection, 1, 7, found, LATE - 1, [2])
    assert waiting == {b"%d" % number for number in range(1, 11)}
    assert waiting < found
    assert {row.library_id for row in rows} == {1}
    assert _asked_of_all(await plans.bad()) == []


async def _run(database: Database, *texts: str) -> None:
    async def work(connection: Any) -> None:
        for text in texts:
            await connection.execute(sa.text(text))

    await database.write(work)


def _asked_of_all(bad: list[str]) -> list[str]:
    """Without what reads the files that this scan found gone: all of them are meant."""
    return [line for line in bad if " removals " not in line.split("   in ")[0] + " "]
