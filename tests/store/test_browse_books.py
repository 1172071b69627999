"""`store.browse_books` and `store.book_items`: pages are stable, show what is there, cost what they show."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import browse_books
from shelfread.store.book_items import books_of, series_of
from shelfread.store.browse_books import WantedBooks, book_page, series_page
from shelfread.store.cursor import BadCursor
from shelfread.store.database import Database
from shelfread.store.keyset import NARROW
from tests.store import many_books
from tests.store.many_rows import List, every_page
from tests.store.plans import plans_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDERS: list[tuple[List[WantedBooks], str]] = [
    *((series_page, name) for name in browse_books.SERIES_ORDERS),
    *((book_page, name) for name in browse_books.BOOK_ORDERS),
]


async def test_pages_together_are_the_whole_list_in_either_direction(database: Database) -> None:
    await many_books.fill(database, 400)
    for (listed, sort), limit in itertools.product(ORDERS, (7, 500)):
        up = await every_page(database, listed, WantedBooks(sort, limit=limit))
        down = await every_page(database, listed, WantedBooks(sort, descending=True, limit=limit))
        assert len(up) == len(set(up))
        assert set(up) == set(down)
        if sort != "year":
            assert up == down[::-1]
    # Those without a year come last either way.
    async with database.read() as connection:
        rows = await connection.execute(sa.text("SELECT file_id, year FROM books"))
        years = {row[0]: row[1] for row in rows}
    for descending in (False, True):
        found = [
            years[one] for one in await every_page(database, book_page, WantedBooks("year", descending, 31))
        ]
        known = [year for year in found if year is not None]
        assert known == sorted(known, reverse=descending)
        assert found == known + [None] * (len(found) - len(known))


async def test_filters_of_books_give_exactly_what_fits(database: Database) -> None:
    await many_books.fill(database, 3000)

    async def by_hand(where: str) -> set[int]:
        text = (
            "SELECT b.file_id FROM books b JOIN media_files m ON m.id = b.file_id "
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
        ({"series_id": 5}, f"{there} AND b.series_id = 5"),
        ({"writer": "WRITER 17"}, f"{there} AND b.file_id % 400 = 17"),
        # Who inked it did not write it.
        ({"writer": "Inker"}, "1 = 0"),
        ({"year": 1960}, f"{there} AND b.year = 1960"),
        ({"genre": "Noir"}, f"{there} AND b.file_id % 500 = 0"),
        ({"tag": "noir"}, f"{there} AND (b.file_id % 500 = 0 OR b.file_id % 1000 = 3)"),
        ({"genre": "none such"}, "1 = 0"),
        ({"language": "en"}, there),
        ({"language": "en-GB"}, f"{there} AND b.file_id % 3 = 0"),
        ({"language": "e"}, "1 = 0"),
        ({"format": "pdf"}, f"{there} AND b.file_id % 500 = 0"),
        ({"has_problem": True}, f"{there} AND b.file_id % 100 = 1"),
        ({"has_problem": False}, f"{there} AND b.file_id % 100 <> 1"),
        (
            {"genre": "drama", "library_id": 2, "year": 1960},
            f"{there} AND b.year = 1960 AND r.library_id = 2",
        ),
    ]
    for number, (more, where) in enumerate(cases):
        sort = ("title", "added_at", "year")[number % 3]
        found = await every_page(database, book_page, WantedBooks(sort, limit=211, **more))
        assert len(found) == len(set(found))
        assert set(found) == await by_hand(where), (more, sort)


async def test_c3_series_are_filtered_by_what_their_books_say(database: Database) -> None:
    await many_books.fill(database, 3000)

    async def ids(**more: Any) -> set[int]:
        return set(await every_page(database, series_page, WantedBooks("title", limit=97, **more)))

    everything = set(range(1, 301))
    there = everything - {7}
    bad = {one for one in there if one % 10 == 1}
    assert await ids() == there
    assert await ids(status="any") == everything
    assert await ids(status="missing") == {7}
    assert await ids(status="error") == bad
    assert await ids(status="ready") == there - bad
    assert await ids(library_id=2) == {one for one in there if one % 10 == 0}
    assert await ids(publisher="Press 3") == {3, 93, 183, 273}
    assert await ids(publisher="press 3") == set()
    assert await ids(year=1960) == {one for one in there if one % 7 and one % 70 == 10}
    assert await ids(genre="noir") == {50, 100, 150, 200, 250, 300}
    assert await ids(tag="noir") == {50, 100, 150, 200, 250, 300, 1, 101, 201}
    assert await ids(writer="writer 5") == {1 + (one - 1) // 10 for one in range(5, 3001, 400)}
    assert await ids(has_problem=True) == bad
    assert await ids(has_problem=False) == there - bad


async def test_c3_a_series_says_how_its_books_are(database: Database) -> None:
    await many_books.fill(database, 200)
    async with database.read() as connection:
        shown = {one["id"]: one for one in await series_of(connection, [7, 1, 99, 5, 2])}
    assert list(shown) == [7, 1, 5, 2]
    assert {one: row["status"] for one, row in shown.items()} == {
        7: "missing",
        1: "error",
        5: "ready",
        2: "ready",
    }
    assert shown[7]["counts"] == {"ready": 0, "error": 0, "missing": 10}
    assert shown[1]["counts"] == {"ready": 9, "error": 1, "missing": 0}
    assert shown[5]["counts"] == {"ready": 9, "error": 0, "missing": 1}
    assert shown[2]["path"] == b"/one/f2"


async def test_books_of_a_series_come_in_their_order(database: Database) -> None:
    await many_books.fill(database, 100)
    wanted = WantedBooks("number", limit=4, series_id=3, status="any")
    assert await every_page(database, book_page, wanted) == [29, 28, 27, 26, 25, 24, 23, 22, 21, 30]
    async with database.read() as connection:
        (one,) = await books_of(connection, [21])
        (whole,) = await books_of(connection, [1], whole=True)
    assert one["writers"] == ["Writer 21"]
    assert (one["series_title"], one["problems"]) == ("Series 3", [])
    assert "summary" not in one
    assert whole["tags"] == [{"type": "genre", "name": "Drama"}]
    assert [(one["role"], one["name"]) for one in whole["credits"]] == [
        ("inker", "Inker"),
        ("writer", "Writer 1"),
    ]
    assert whole["problems"] == [{"id": 1, "code": "damaged", "detail": "why", "ignored_at": None}]
    assert (whole["identifiers"], whole["web"], whole["guessed"], whole["cover_page"]) == ({}, [], [], None)


async def test_cursors_of_other_lists_are_refused(database: Database) -> None:
    await many_books.fill(database, 100)
    async with database.read() as connection:
        given = (await book_page(connection, WantedBooks("title", limit=3))).next
        for listed, sort, descending in (
            (book_page, "title", True),
            (book_page, "added_at", False),
            (series_page, "title", False),
        ):
            with pytest.raises(BadCursor):
                await listed(connection, WantedBooks(sort, descending, after=given))


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
    {"writer": "writer 77"},
    {"genre": "drama"},
    {"genre": "noir"},
    {"tag": "drama"},
    {"year": 1960},
    {"has_problem": True},
    {"has_problem": False},
    {"genre": "drama", "library_id": 2, "year": 1960, "has_problem": False},
]
OF_BOOKS: list[dict[str, Any]] = [{"series_id": 5}, {"language": "en"}, {"format": "cbz"}]
OF_SERIES: list[dict[str, Any]] = [{"publisher": "Press 5"}]


async def test_every_question_walks_along_an_index(database: Database) -> None:
    """Reading whole tables would show in no test and in every large library."""
    await many_books.fill(database)
    async with plans_of(database) as plans, database.read() as connection:
        for listed, sort in ORDERS:
            for number, more in enumerate(FILTERS + (OF_BOOKS if listed is book_page else OF_SERIES)):
                if sort == "number" and "series_id" not in more:
                    continue
                descending = number % 2 == 1
                first = await listed(connection, WantedBooks(sort, descending, 50, **more))
                if first.next is not None:
                    await listed(connection, WantedBooks(sort, descending, 50, first.next, **more))
        for shown in (series_of, books_of):
            await shown(connection, list(range(1, 51)), whole=True)
    bad = await plans.bad()
    assert bad == [], "\n".join(sorted(set(bad)))
    assert NARROW < many_books.BOOKS / 50
