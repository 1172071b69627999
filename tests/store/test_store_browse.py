"""`store.browse`: pages that are stable, show what is there, and cost what they show."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import browse
from shelfread.store.browse import Wanted, artist_page, release_page, track_page
from shelfread.store.cursor import BadCursor, encoded
from shelfread.store.database import Database
from shelfread.store.keyset import NARROW
from tests.conftest import Shelf
from tests.store import many_tracks
from tests.store.many_rows import List, every_page
from tests.store.plans import plans_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDERS: list[tuple[List[Wanted], str]] = [
    *((artist_page, name) for name in browse.ARTIST_ORDERS),
    *((release_page, name) for name in browse.RELEASE_ORDERS),
    *((track_page, name) for name in browse.TRACK_ORDERS),
]


@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_pages_together_are_the_whole_list_in_either_direction(database: Database, limit: int) -> None:
    await many_tracks.fill(database, 400)
    if limit == 1:
        await database.write(lambda one: one.execute(sa.text("DELETE FROM tracks WHERE file_id > 100")))
    for listed, sort in ORDERS:
        up = await every_page(database, listed, Wanted(sort, limit=limit))
        down = await every_page(database, listed, Wanted(sort, descending=True, limit=limit))
        assert len(up) == len(set(up))
        assert set(up) == set(down)
        if sort != "year":
            assert up == down[::-1]
    async with database.read() as connection:
        rows = await connection.execute(sa.text("SELECT id, year FROM releases"))
        years = {row[0]: row[1] for row in rows}
    for descending in (False, True):
        found = [
            years[one] for one in await every_page(database, release_page, Wanted("year", descending, limit))
        ]
        known = [year for year in found if year is not None]
        assert known == sorted(known, reverse=descending)
        assert found == known + [None] * (len(found) - len(known))


async def test_a_list_is_stable_while_rows_come_and_go(database: Database) -> None:
    await many_tracks.fill(database, 200)
    before = await every_page(database, track_page, Wanted("title", limit=500))
    async with database.read() as connection:
        first = await track_page(connection, Wanted("title", limit=20))

    async def change(connection: Any) -> None:
        await connection.execute(sa.text("UPDATE tracks SET sort_key = ' early' WHERE file_id = 199"))
        await connection.execute(sa.text(f"DELETE FROM tracks WHERE file_id = {first.ids[-1]}"))

    await database.write(change)
    rest = await every_page(database, track_page, Wanted("title", limit=20, after=first.next))
    assert [one for one in first.ids + rest if one != 199] == [one for one in before if one != 199]


async def test_filters_give_exactly_what_fits(database: Database) -> None:
    await many_tracks.fill(database, 3000)

    async def by_hand(where: str) -> set[int]:
        text = (
            "SELECT t.file_id FROM tracks t JOIN media_files m ON m.id = t.file_id "
            "JOIN folders f ON f.id = m.folder_id JOIN roots r ON r.id = f.root_id WHERE "
        )
        async with database.read() as connection:
            return set((await connection.execute(sa.text(text + where))).scalars())

    there = "m.status <> 'missing'"
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, there),
        ({"status": "any"}, "1 = 1"),
        ({"status": "missing"}, "m.status = 'missing'"),
        ({"status": "error"}, "m.status = 'error'"),
        ({"status": "ready"}, "m.status = 'ready'"),
        ({"library_id": 1}, f"{there} AND r.library_id = 1"),
        ({"library_id": 2}, f"{there} AND r.library_id = 2"),
        ({"library_id": 9}, "1 = 0"),
        ({"artist_id": 5}, f"{there} AND t.file_id % 150 = 4"),
        ({"release_id": 5}, f"{there} AND t.release_id = 5"),
        ({"year": 1960}, f"{there} AND t.year = 1960"),
        ({"genre": "Polka"}, f"{there} AND t.file_id % 500 = 0"),
        ({"genre": "ROCK"}, f"{there} AND t.file_id % 500 <> 0"),
        ({"genre": "none such"}, "1 = 0"),
        ({"has_problem": True}, f"{there} AND t.file_id % 100 = 1"),
        ({"has_problem": False}, f"{there} AND t.file_id % 100 <> 1"),
        ({"genre": "rock", "library_id": 2, "year": 1960}, f"{there} AND t.year = 1960 AND r.library_id = 2"),
    ]
    for more, where in cases:
        for sort in ("title", "added_at", "year"):
            found = await every_page(database, track_page, Wanted(sort, limit=211, **more))
            assert len(found) == len(set(found))
            assert set(found) == await by_hand(where), (more, sort)


async def test_releases_are_filtered_by_what_their_tracks_say(database: Database) -> None:
    await many_tracks.fill(database, 3000)

    async def ids(**more: Any) -> set[int]:
        return set(await every_page(database, release_page, Wanted("title", limit=97, **more)))

    everything = set(range(1, 301))
    assert await ids() == everything
    assert await ids(library_id=2) == {one for one in everything if one % 10 == 0}
    assert await ids(artist_id=8) == {7, 157}
    assert await ids(year=1960) == {one for one in everything if one % 7 and one % 70 == 10}
    assert await ids(genre="polka") == {50, 100, 150, 200, 250, 300}
    assert await ids(has_problem=True) == {one for one in everything if one % 10 == 1}
    assert await ids(has_problem=False) == {one for one in everything if one % 10 != 1}
    assert await ids(status="missing") == set()
    # Artist 8 is heard in the tracks 7, 157, ..., which lie in the releases 1, 16, ...
    assert await ids(appearance_of=8) == {1 + (one - 1) // 10 for one in range(7, 3001, 150)} - {7, 157}


async def test_a_release_and_an_artist_whose_tracks_are_all_missing_are_hidden(shelf: Shelf) -> None:
    shelf.tree.add("Ann/Here/one.mp3")
    shelf.tree.add("Ben/Gone/two.mp3")
    await shelf.scan()
    shelf.tree.delete("Ben")
    await shelf.scan()

    async def titles(**more: Any) -> list[str]:
        ids = await every_page(shelf.database, release_page, Wanted("title", **more))
        return [{row["id"]: row["title"] for row in await shelf.table("releases")}[one] for one in ids]

    async def names(**more: Any) -> list[str]:
        ids = await every_page(shelf.database, artist_page, Wanted("name", **more))
        return [{row["id"]: row["name"] for row in await shelf.table("artists")}[one] for one in ids]

    assert await titles() == ["Here"]
    assert await names() == ["Ann"]
    assert await titles(status="missing") == ["Gone"]
    assert await names(status="missing") == ["Ben"]
    assert await titles(status="any") == ["Gone", "Here"]
    assert await names(status="any") == ["Ann", "Ben"]


async def test_names_are_sorted_without_case_and_accents(shelf: Shelf) -> None:
    for number, title in enumerate(["Zebra", "apple", "Élan", "eel", "Ärger", "10", "Øre"]):
        shelf.tree.add(f"A/B/{number}.mp3", title=title)
    await shelf.scan()
    titles = {row["file_id"]: row["title"] for row in await shelf.table("tracks")}
    found = [titles[one] for one in await every_page(shelf.database, track_page, Wanted("title"))]
    assert found == ["10", "apple", "Ärger", "eel", "Élan", "Øre", "Zebra"]


async def test_the_sort_key_follows_what_a_later_scan_reads(shelf: Shelf) -> None:
    shelf.tree.add("A/B/1.mp3", title="Old", artist="anna")
    await shelf.scan()
    shelf.tree.retag("A/B/1.mp3", title="New", artist="ANNA", artistsort="Bee", album="Élan")
    await shelf.scan()
    assert [row["sort_key"] for row in await shelf.table("tracks")] == ["new"]
    assert [row["sort_key"] for row in await shelf.table("releases")] == ["elan"]
    for row in await shelf.table("artists"):
        assert row["sort_key"] == (row["sort_name"] or row["name"]).lower()


async def test_cursors_of_other_questions_and_made_up_ones_are_refused(database: Database) -> None:
    await many_tracks.fill(database, 100)
    async with database.read() as connection:
        given = (await track_page(connection, Wanted("title", limit=3))).next
        assert given is not None
        for after in (
            "",
            "x",
            "é",
            given[:-3],
            given + "AAAA",
            "A" * 100_000,
            encoded("ttitle-", ["song", 1]),
            encoded("ttitle+", [1, 1]),
            encoded("ttitle+", ["a\0", 1]),
            encoded("ttitle+", ["song", 2**70]),
            encoded("ttitle+", ["song", None]),
            encoded("ttitle+", ["song"]),
            # Half of a character, and a truth for a number.
            "WyJ0dGl0bGUrIiwiXHVkODAwIiwxXQ",
            "WyJ0dGl0bGUrIiwic29uZyIsdHJ1ZV0",
        ):
            with pytest.raises(BadCursor):
                await track_page(connection, Wanted("title", after=after))
        with pytest.raises(BadCursor):
            await track_page(connection, Wanted("title", descending=True, after=given))
        with pytest.raises(BadCursor):
            await release_page(connection, Wanted("title", after=given))


# Plans


FILTERS: list[dict[str, Any]] = [
    {},
    {"library_id": 1},
    {"library_id": 2},
    {"status": "missing"},
    {"status": "error"},
    {"status": "any"},
    {"artist_id": 77},
    {"genre": "rock"},
    {"genre": "polka"},
    {"year": 1960},
    {"has_problem": True},
    {"has_problem": False},
    {"genre": "rock", "library_id": 2, "year": 1960, "has_problem": False},
    {"appearance_of": 5},
    {"release_id": 5},
]


async def test_every_question_walks_along_an_index(database: Database) -> None:
    """Reading whole tables would show in no test and in every large library."""
    await many_tracks.fill(database)
    async with plans_of(database) as plans, database.read() as connection:
        for (listed, sort), more, descending in itertools.product(ORDERS, FILTERS, (False, True)):
            if sort == "number" and "release_id" not in more:
                continue
            first = await listed(connection, Wanted(sort, descending, 50, **more))
            if first.next is not None:
                await listed(connection, Wanted(sort, descending, 50, first.next, **more))
    bad = await plans.bad()
    assert bad == [], "\n".join(sorted(set(bad)))
    assert NARROW < many_tracks.TRACKS / 50
