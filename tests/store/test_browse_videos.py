"""`store.browse_videos` and `store.video_items`: stable pages of what is there, which cost what they show."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import browse_videos
from shelfread.store.browse_videos import WantedVideos, episode_page, movie_page, show_page
from shelfread.store.cursor import BadCursor
from shelfread.store.database import Database
from shelfread.store.keyset import NARROW
from shelfread.store.search_due import ItemKind
from shelfread.store.video_beside import files_beside, folders_in, folders_of_item, videos_in
from shelfread.store.video_items import best_file, episodes_of, movies_of, shows_of, videos_of
from tests.store import many_videos
from tests.store.many_rows import List, every_page
from tests.store.plans import plans_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDERS: list[tuple[List[WantedVideos], str]] = [
    *((movie_page, name) for name in browse_videos.MOVIE_ORDERS),
    *((show_page, name) for name in browse_videos.SHOW_ORDERS),
    *((episode_page, name) for name in browse_videos.EPISODE_ORDERS),
]


async def test_pages_together_are_the_whole_list_in_either_direction(database: Database) -> None:
    await many_videos.fill(database, 1000)
    for (listed, sort), limit in itertools.product(ORDERS, (7, 500)):
        up = await every_page(database, listed, WantedVideos(sort, limit=limit))
        down = await every_page(database, listed, WantedVideos(sort, descending=True, limit=limit))
        assert len(up) == len(set(up))
        assert set(up) == set(down)
        assert up
        if sort not in ("year", "air_date"):
            assert up == down[::-1]
    # Those without a date come last either way.
    async with database.read() as connection:
        rows = await connection.execute(sa.text("SELECT id, air_date FROM episodes"))
        dates = {row[0]: row[1] for row in rows}
    for descending in (False, True):
        wanted = WantedVideos("air_date", descending, 31)
        found = [dates[one] for one in await every_page(database, episode_page, wanted)]
        known = [one for one in found if one is not None]
        assert known == sorted(known, reverse=descending)
        assert found == known + [None] * (len(found) - len(known))


async def test_filters_of_movies_give_exactly_what_fits(database: Database) -> None:
    await many_videos.fill(database, 4000)
    files = {i: i - (i % 40 == 0) for i in range(1, 2001)}
    movies = {i for i in range(1, 2001) if i % 40}
    there = {files[i] for i in files if i % 50}
    bad = {files[i] for i in files if i % 100 == 1}
    gone = movies - there
    assert gone == {i for i in movies if i % 50 == 0}
    cases: list[tuple[dict[str, Any], set[int]]] = [
        ({}, there),
        ({"status": "any"}, movies),
        ({"status": "missing"}, gone),
        ({"status": "error"}, bad),
        ({"status": "ready"}, there - bad),
        ({"library_id": 2}, {i for i in there if i % 10 == 0}),
        ({"library_id": 9}, set()),
        ({"genre": "NOIR"}, {i for i in there if i % 500 == 1}),
        ({"tag": "noir"}, {i for i in there if i % 500 == 1 or i % 1000 == 3}),
        ({"genre": "none such"}, set()),
        ({"person": "ACTOR 17"}, {i for i in there if i % 400 == 17}),
        ({"year": 1960}, {i for i in there if i % 7 and i % 70 == 10}),
        ({"has_problem": True}, bad),
        ({"has_problem": False}, there - bad),
        ({"genre": "drama", "year": 1960, "library_id": 2}, {i for i in there if i % 7 and i % 70 == 10}),
    ]
    for number, (more, wanted) in enumerate(cases):
        sort = ("title", "added_at", "year")[number % 3]
        found = await every_page(database, movie_page, WantedVideos(sort, limit=211, **more))
        assert len(found) == len(set(found))
        assert set(found) == wanted, (more, sort)


async def test_filters_of_shows_and_episodes_give_exactly_what_fits(database: Database) -> None:
    await many_videos.fill(database, 4000)
    of_show = {i: 1 + (i - 1) // 50 for i in range(1, 2001)}
    there = {i for i in of_show if i % 50 and of_show[i] != 7}
    bad = {i for i in there if i % 100 == 1}

    async def episodes(**more: Any) -> set[int]:
        return set(await every_page(database, episode_page, WantedVideos("title", limit=97, **more)))

    async def shows(**more: Any) -> set[int]:
        return set(await every_page(database, show_page, WantedVideos("added_at", limit=7, **more)))

    assert await episodes() == there
    assert await episodes(status="missing") == of_show.keys() - there
    assert await episodes(status="error") == await episodes(has_problem=True) == bad
    assert await episodes(show_id=3) == set(range(101, 150))
    assert await episodes(show_id=3, season=5) == set(range(141, 150))
    assert await episodes(show_id=3, season=9) == set()
    assert await episodes(person="actor 5") == {i for i in there if i % 400 == 5}
    assert await episodes(year=1960) == {i for i in there if i % 7 and i % 70 == 10}
    assert await episodes(library_id=2) == {i for i in there if of_show[i] % 10 == 0}
    assert await episodes(genre="drama") == set()
    assert await shows() == set(range(1, 41)) - {7}
    assert await shows(status="any") == set(range(1, 41))
    assert await shows(status="missing") == {7}
    assert await shows(status="error") == await shows(has_problem=True) == {of_show[i] for i in bad}
    assert await shows(status="ready") == await shows(has_problem=False) == {2, *range(4, 41, 2)}
    assert await shows(genre="drama") == set(range(2, 41, 2))
    assert await shows(library_id=2, genre="drama", year=1960) == {10}


async def test_c3_a_show_says_how_its_episodes_are(database: Database) -> None:
    await many_videos.fill(database, 1000)
    async with database.read() as connection:
        shown = {one["id"]: one for one in await shows_of(connection, [7, 99, 2, 1])}
        (whole,) = await shows_of(connection, [1], whole=True)
    assert list(shown) == [7, 2, 1]
    assert {one: row["status"] for one, row in shown.items()} == {7: "missing", 2: "ready", 1: "error"}
    assert shown[7]["counts"] == {"ready": 0, "error": 0, "missing": 50}
    assert shown[1]["counts"] == {"ready": 48, "error": 1, "missing": 1}
    assert shown[2]["counts"] == {"ready": 49, "error": 0, "missing": 1}
    assert (shown[1]["season_count"], shown[2]["genres"]) == (5, ["Drama"])
    assert [one["number"] for one in whole["seasons"]] == [1, 2, 3, 4, 5]
    assert whole["seasons"][0]["counts"] == {"ready": 9, "error": 1, "missing": 0}
    assert whole["seasons"][4]["counts"] == {"ready": 9, "error": 0, "missing": 1}
    assert (whole["plot"], whole["extras"], whole["credits"]) == (None, [], [])


async def test_movies_and_episodes_show_their_best_version_first(database: Database) -> None:
    await many_videos.fill(database, 1000)
    async with database.read() as connection:
        (film,) = await movies_of(connection, [39], whole=True)
        (listed,) = await movies_of(connection, [39])
        (half_gone,) = await movies_of(connection, [199], whole=True)
        (episode,) = await episodes_of(connection, [52])
        (file,) = await videos_of(connection, [1], whole=True)
        assert await best_file(connection, ItemKind.MOVIE, 39) == 40
        assert await best_file(connection, ItemKind.EPISODE, 52) == 552
        assert await best_file(connection, ItemKind.EPISODE, 99_999) is None
    assert [(one["version"], one["width"]) for one in film["versions"]] == [("4K", 3840), (None, 1920)]
    assert [part["id"] for one in film["versions"] for part in one["parts"]] == [40, 39]
    assert film["credits"] == [{"role": "actor", "name": "Actor 39", "character": None}]
    assert (listed["width"], listed["counts"]["ready"], "plot" in listed) == (3840, 2, False)
    # The file 200 is missing: it counts, and is not offered.
    assert half_gone["counts"] == {"ready": 1, "error": 0, "missing": 1}
    assert [one["id"] for one in half_gone["versions"]] == [199]
    assert (episode["show_title"], episode["season"], episode["episode"]) == ("Show 2", 1, 2)
    assert file["path"] == b"/one/f1/1"
    assert file["problems"] == [{"id": 1, "code": "damaged", "detail": "why", "ignored_at": None}]


async def test_cursors_of_other_lists_are_refused(database: Database) -> None:
    await many_videos.fill(database, 1000)
    async with database.read() as connection:
        given = (await movie_page(connection, WantedVideos("title", limit=3))).next
        for listed, sort, descending in (
            (movie_page, "title", True),
            (movie_page, "added_at", False),
            (show_page, "title", False),
            (episode_page, "title", False),
        ):
            with pytest.raises(BadCursor):
                await listed(connection, WantedVideos(sort, descending, after=given))


# Plans

FILTERS: list[dict[str, Any]] = [
    {},
    {},
    {"library_id": 1},
    {"library_id": 2},
    {"status": "missing"},
    {"status": "error"},
    {"status": "ready"},
    {"status": "any"},
    {"person": "actor 77"},
    {"genre": "drama"},
    {"genre": "noir"},
    {"tag": "drama"},
    {"year": 1960},
    {"has_problem": True},
    {"has_problem": False},
    {"genre": "drama", "library_id": 2, "year": 1960, "has_problem": False},
]
OF_EPISODES: list[dict[str, Any]] = [{"show_id": 5}, {"show_id": 5, "season": 2}]


async def test_every_question_walks_along_an_index(database: Database) -> None:
    """Reading whole tables would show in no test and in every large library."""
    await many_videos.fill(database)
    async with plans_of(database) as plans, database.read() as connection:
        for listed, sort in ORDERS:
            for number, more in enumerate(FILTERS + (OF_EPISODES if listed is episode_page else [])):
                if sort == "number" and "show_id" not in more:
                    continue
                descending = number % 2 == 1
                first = await listed(connection, WantedVideos(sort, descending, 50, **more))
                if first.next is not None:
                    await listed(connection, WantedVideos(sort, descending, 50, first.next, **more))
        for shown in (movies_of, shows_of, episodes_of):
            # Few: of an eighth of all shows a whole table is read with reason.
            await shown(connection, list(range(1, 4)))
            await shown(connection, [1], whole=True)
        await videos_of(connection, [1, 2], whole=True)
        places = [one.id for one in await folders_of_item(connection, ItemKind.MOVIE, 39)]
        assert places == [4]
        await folders_in(connection, places)
        await videos_in(connection, places)
        await files_beside(connection, places)
    bad = await plans.bad()
    assert bad == [], "\n".join(sorted(set(bad)))
    assert NARROW < many_videos.VIDEOS / 20
