"""The pages of series and books, and reading one page by page."""

from __future__ import annotations

import re

import pytest

from tests.api.api_stand import Live
from tests.api.book_stand import book_of
from tests.api.catalogue_stand import got
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf
from tests.web.html_stand import asked, checked_page, looked_at
from tests.web.test_frame import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@LASTING
@ON_SQLITE
async def test_a_series_shows_its_books_in_their_order(live: Live, comics: Shelf) -> None:
    listed = await looked_at(live, "/browse/series")
    assert "Sandman" in listed.text
    series = next(one for one in (await got(live, "/series"))["items"] if one["title"] == "Sandman")
    page = await looked_at(live, f"/browse/series/{series['id']}")
    assert re.search(r"Publisher Vertigo .* 3 books .*Sleep .*Doll .*Élan", page.text)
    inside = await looked_at(live, f"/browse/books?series_id={series['id']}")
    assert re.search(r"In their order .*Sleep .*Doll .*Élan", inside.text)
    assert "Emma" not in inside.text


@LASTING
@ON_SQLITE
async def test_a_book_says_what_its_file_says_and_where_it_can_be_read(live: Live, comics: Shelf) -> None:
    book = await book_of(live, "Sandman 001.cbz")
    page = await looked_at(live, f"/browse/books/{book['id']}")
    for words in ("Sleep", "Neil Gaiman", "Inker Mike Dringenberg", "Horror", "1989", "Vertigo", "CBZ"):
        assert words in page.text, words
    assert f"/read/{book['id']}" in page.links
    assert f"/api/v1/books/{book['id']}/file" in page.links
    assert "/browse/books?writer=Neil+Gaiman" in page.links
    # Every link that narrows a list gives something.
    for link in {one for one in page.links if one.startswith("/browse/books?")}:
        assert "Sleep" in (await looked_at(live, link)).text, link
    assert "Sandman 001.cbz" not in page.text
    assert "Sandman 001.cbz" in (await looked_at(live, f"/browse/books/{book['id']}", token="admin")).text


@ON_SQLITE
async def test_a_book_in_trouble_says_what_is_wrong_and_what_to_do(live: Live, comics: Shelf) -> None:
    book = await book_of(live, "torn.cbz")
    page = await looked_at(live, f"/browse/books/{book['id']}", token="scan")
    assert "What is wrong" in page.text
    assert "Look at it again" in page.text
    assert "Look at it again" not in (await looked_at(live, f"/browse/books/{book['id']}")).text
    again = f"/problems/{book['problems'][0]['id']}/retry"
    form = {"next": f"/browse/books/{book['id']}"}
    answer = await live.ask("POST", again, token="scan", headers={"Accept": "text/html"}, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/browse/books/{book['id']}?done=retry")
    # What was set aside is still told, and nobody is asked to do something about it.
    aside = f"/api/v1/problems/{book['problems'][0]['id']}"
    assert (await live.ask("POST", f"{aside}/ignore", token="scan")).status_code == 200
    page = await looked_at(live, f"/browse/books/{book['id']}", token="scan")
    assert "set aside" in page.text
    assert "Look at it again" not in page.text
    await live.ask("POST", f"{aside}/unignore", token="scan")
    assert "set aside" not in (await looked_at(live, f"/browse/books/{book['id']}", token="scan")).text


@LASTING
@ON_SQLITE
async def test_a_book_is_read_page_by_page(live: Live, comics: Shelf) -> None:
    book = await book_of(live, "Sandman 001.cbz")
    address, last = f"/read/{book['id']}", book["pages"]
    assert last > 1
    first = (await asked(live, address)).text
    assert f'src="/api/v1/books/{book["id"]}/pages/0"' in first
    page = checked_page(first)
    assert f"{address}?page=2" in page.links
    assert f"{address}?page=0" not in page.links
    picture = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/0", token="read")
    assert picture.headers["content-type"].startswith("image/")
    end = await looked_at(live, f"{address}?page={last}")
    assert f"{address}?page={last - 1}" in end.links
    assert f"{address}?page={last + 1}" not in end.links
    # What is no page leads to the nearest one.
    for said, number in (("0", 1), ("-3", 1), ("x", 1), ("999", last), ("9" * 40, 1)):
        odd = await looked_at(live, f"{address}?page={said}")
        assert f"page {number} of {last}" in odd.text, said


@LASTING
@ON_SQLITE
async def test_a_book_that_has_no_pages_says_so(live: Live, comics: Shelf) -> None:
    novel = await book_of(live, "Emma.epub")
    page = await looked_at(live, f"/read/{novel['id']}")
    assert "An EPUB has no fixed pages" in page.text
    assert f"/api/v1/books/{novel['id']}/file" in page.links
    assert f"/read/{novel['id']}" not in (await looked_at(live, f"/browse/books/{novel['id']}")).links
    torn = await book_of(live, "torn.cbz")
    assert "cannot be opened here" in (await looked_at(live, f"/read/{torn['id']}")).text
    await looked_at(live, "/read/99999999", 404)


@ON_SQLITE
async def test_a_book_that_is_missing_is_not_read(live: Live, comics: Shelf) -> None:
    book = await book_of(live, "Sandman 001.cbz")
    comics.tree.delete("Sandman/Sandman 001.cbz")
    await comics.outcome()
    page = await looked_at(live, f"/read/{book['id']}")
    assert "Its file is missing" in page.text
    assert f"/api/v1/books/{book['id']}/file" not in page.links
    assert "Missing since" in (await looked_at(live, f"/browse/books/{book['id']}")).text


@ON_SQLITE
async def test_a_book_that_was_taken_over_is_read_under_its_other_id(live: Live, comics: Shelf) -> None:
    comics.tree.copy("Sandman/Sandman 001.cbz", "Twice/Sandman 001.cbz")
    await comics.outcome()
    ids = await comics.ids()
    comics.tree.delete("Sandman/Sandman 001.cbz")
    await comics.outcome()
    old, new = ids["Twice/Sandman 001.cbz"], ids["Sandman/Sandman 001.cbz"]
    answer = await asked(live, f"/read/{old}?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/read/{new}?page=2")
    answer = await asked(live, f"/browse/books/{old}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/browse/books/{new}")
