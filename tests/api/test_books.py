"""Books over HTTP, after real scans: lists, what is in them, and what files say of themselves as text."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from bench.corpus.books import make_comic
from tests.api.api_stand import Live
from tests.api.book_stand import book_of
from tests.api.catalogue_stand import found_of, got
from tests.api.lasting_servers import LASTING
from tests.books_on_disk import cbz
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _titles(page: dict[str, Any]) -> list[str]:
    return [one["title"] for one in page["items"]]


@LASTING
async def test_c2_series_and_their_books_in_their_order(live: Live, comics: Shelf) -> None:
    series = {one["title"]: one for one in (await got(live, "/series"))["items"]}
    assert set(series) == {"Broken", "Novels of Bath", "Odd", "Papers", "Sandman"}
    sandman = await got(live, f"/series/{series['Sandman']['id']}")
    assert _titles(sandman["books"]) == ["Sleep", "Doll", "Élan"]
    assert (sandman["publisher"], sandman["year"], sandman["volume"]) == ("Vertigo", 1989, 1989)
    assert sandman["status"] == "ready"
    assert sandman["counts"] == {"ready": 3, "error": 0, "missing": 0}
    assert sandman["library_id"] == comics.library_id
    assert [one["number"] for one in sandman["books"]["items"]] == ["1", "2", "10"]


@LASTING
async def test_c6_c7_a_book_shows_what_its_file_says(live: Live, comics: Shelf) -> None:
    doll = await got(live, f"/books/{(await book_of(live, 'Sandman 002.cbz'))['id']}")
    assert (doll["title"], doll["series"], doll["number"], doll["year"]) == ("Doll", "Sandman", "2", 1989)
    assert doll["writers"] == ["Neil Gaiman"]
    roles = {(one["role"], one["name"]) for one in doll["credits"]}
    assert roles == {("writer", "Neil Gaiman"), ("inker", "Mike Dringenberg")}
    assert [(one["type"], one["name"]) for one in doll["tags"]] == [("genre", "Horror"), ("genre", "Fantasy")]
    assert (doll["format"], doll["container"], doll["pages"]) == ("cbz", "zip", 2)
    assert doll["sources"][0] == "comicinfo"
    assert doll["cover_page"]["number"] == 0
    emma = await book_of(live, "Emma.epub")
    assert (emma["format"], emma["pages"], emma["writers"]) == ("epub", None, ["Jane Austen"])
    # What says nothing of itself stands there under the name of its file.
    assert (await book_of(live, "torn.cbz"))["title"] == "torn"


@LASTING
async def test_lists_of_books_are_sorted_filtered_and_paged(live: Live, comics: Shelf) -> None:
    every = ["Doll", "Élan", "Emma", "locked", "On Shelves", "Sleep", "torn"]
    assert [one for one in _titles(await got(live, "/books")) if "script" not in one] == every
    down = _titles(await got(live, "/books?order=desc"))
    assert [one for one in down if "script" not in one] == every[::-1]
    series_id = (await book_of(live, "001.cbz"))["series_id"]
    for asked, titles in (
        ("/books?genre=horror", ["Doll", "Sleep"]),
        ("/books?tag=FANTASY", ["Doll"]),
        ("/books?writer=neil+gaiman&year=1989&sort=added_at&order=desc", {"Élan", "Doll", "Sleep"}),
        ("/books?writer=Mike+Dringenberg", []),
        ("/books?format=epub", ["Emma"]),
        ("/books?format=pdf", ["On Shelves"]),
        ("/books?status=error", ["locked", "torn"]),
        ("/books?has_problem=true", ["locked", "torn"]),
        (f"/books?series_id={series_id}&sort=number&order=desc", ["Élan", "Doll", "Sleep"]),
        (f"/books?library_id={comics.library_id + 1}", []),
        ("/series?publisher=Vertigo", ["Sandman"]),
        ("/series?genre=fantasy", ["Sandman"]),
        ("/series?writer=jane+austen", ["Novels of Bath"]),
        ("/series?status=error", ["Broken"]),
        ("/series?has_problem=true", ["Broken"]),
        ("/series?status=missing", []),
        ("/series?year=1989&sort=year", ["Sandman"]),
    ):
        found = _titles(await got(live, asked))
        assert (set(found) if isinstance(titles, set) else found) == titles, asked
    seen: list[str] = []
    page = await got(live, "/books?limit=3")
    while True:
        seen += _titles(page)
        if page["next"] is None:
            break
        page = await got(live, f"/books?limit=3&after={page['next']}")
    assert seen == _titles(await got(live, "/books"))


async def test_c3_what_is_wrong_is_seen_on_book_and_series_until_it_is_repaired(
    live: Live, comics: Shelf
) -> None:
    locked = await book_of(live, "locked.cbz")
    assert (locked["status"], [one["code"] for one in locked["problems"]]) == ("error", ["encrypted"])
    broken = await got(live, f"/series/{locked['series_id']}")
    assert (broken["status"], broken["counts"]) == ("error", {"ready": 0, "error": 2, "missing": 0})
    cbz(comics.tree / "Broken/locked.cbz")
    cbz(comics.tree / "Broken/torn.cbz")
    await comics.scan()
    broken = await got(live, f"/series/{locked['series_id']}")
    assert (broken["status"], broken["counts"]) == ("ready", {"ready": 2, "error": 0, "missing": 0})
    (comics.tree / "Broken/torn.cbz").unlink()
    await comics.scan()
    broken = await got(live, f"/series/{locked['series_id']}")
    assert (broken["status"], broken["counts"]) == ("ready", {"ready": 1, "error": 0, "missing": 1})
    assert _titles(broken["books"]) == ["locked"]
    (comics.tree / "Broken/locked.cbz").unlink()
    await comics.scan()
    assert "Broken" not in _titles(await got(live, "/series"))
    assert _titles(await got(live, "/series?status=missing")) == ["Broken"]
    # By its id everything is shown, what is missing too.
    assert (await got(live, f"/series/{locked['series_id']}"))["status"] == "missing"
    assert (await got(live, f"/books/{locked['id']}"))["status"] == "missing"
    assert set(_titles(await got(live, f"/books?series_id={locked['series_id']}&status=missing"))) == {
        "locked",
        "torn",
    }


@LASTING
async def test_what_a_file_says_is_text_and_nothing_else(live: Live, comics: Shelf) -> None:
    odd = await book_of(live, "odd.cbz")
    for path in (f"/api/v1/books/{odd['id']}", "/api/v1/books", "/api/v1/series"):
        answer = await live.ask("GET", path, token="read")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    whole = await got(live, f"/books/{odd['id']}")
    assert whole["title"].startswith("<script>alert(1)</script>")
    assert whole["writers"][0].startswith("<script>alert(1)</script>")
    assert "DROP TABLE books" in whole["summary"]
    assert (await got(live, f"/books?writer={quote(whole['writers'][0])}"))["items"][0]["id"] == odd["id"]


@LASTING
async def test_d12_paths_of_books_are_for_administrators_only(live: Live, comics: Shelf) -> None:
    await found_of(live, "sandman")
    locked = await book_of(live, "locked.cbz")
    for path in ("/books", "/series", "/search?q=sandman", "/search?q=locked"):
        for token in ("read", "scan"):
            listed = (await got(live, path, token))["items"]
            assert listed
            assert not any("path" in key for one in listed for key in one), path
            assert str(comics.tree.path) not in str(listed)
        assert all(
            one["path"].startswith(str(comics.tree.path)) for one in (await got(live, path, "admin"))["items"]
        )
    assert "path" not in await got(live, f"/books/{locked['id']}")
    series = await got(live, f"/series/{locked['series_id']}", "admin")
    assert series["path"] == str(comics.tree / "Broken")


async def test_books_and_series_are_found_by_words(live: Live, comics: Shelf) -> None:
    found = (await found_of(live, "sandman"))["items"]
    assert [(one["kind"], one["title"]) for one in found][:1] == [("series", "Sandman")]
    assert {one["title"] for one in found if one["kind"] == "book"} == {"Sleep", "Doll", "Élan"}
    assert _titles(await got(live, "/search?q=gaiman+elan&kind=book")) == ["Élan"]
    assert _titles(await got(live, "/search?q=sandman&kind=series&kind=artist")) == ["Sandman"]
    assert (await got(live, f"/search?q=sandman&library_id={comics.library_id + 1}"))["items"] == []
    comics.tree.delete("Sandman")
    await comics.scan()
    assert (await found_of(live, "sandman"))["items"] == []


@LASTING
async def test_a_library_says_how_many_series_it_holds(live: Live, comics: Shelf) -> None:
    held = (await got(live, f"/libraries/{comics.library_id}"))["items"]
    assert (held["series"], held["ready"], held["error"], held["missing"]) == (5, 6, 2, 0)


async def test_an_id_that_a_move_made_redundant_leads_to_the_book(live: Live, comics: Shelf) -> None:
    comics.tree.move("Sandman/Sandman 002.cbz", "Elsewhere/moved.cbz")
    await comics.scan()
    # While the scan ran, the file had this id.
    (alias,) = await comics.table("aliases")
    copy, first = alias["old_id"], alias["file_id"]
    for path in (f"/api/v1/books/{copy}", f"/api/v1/books/{copy}/file", f"/api/v1/books/{copy}/pages/1"):
        answer = await live.ask("GET", path)
        assert answer.status_code == 308
        assert answer.headers["location"] == path.replace(f"/{copy}", f"/{first}")
        assert (await live.ask("GET", answer.headers["location"])).status_code == 200


@LASTING
async def test_a_book_is_no_track_and_a_track_is_no_book(live: Live, comics: Shelf, music: Shelf) -> None:
    book = (await book_of(live, "001.cbz"))["id"]
    track = (await got(live, "/tracks"))["items"][0]["id"]
    for path in (
        f"/tracks/{book}",
        f"/tracks/{book}/file",
        f"/books/{track}",
        f"/books/{track}/file",
        f"/books/{track}/pages/0",
    ):
        assert (await live.ask("GET", f"/api/v1{path}")).status_code == 404, path
    held = {one["kind"]: one["items"] for one in (await got(live, "/libraries"))["items"]}
    assert (held["music"]["series"], held["music"]["releases"]) == (0, 2)
    assert (held["books"]["series"], held["books"]["releases"]) == (5, 0)


HOSTILE = [
    "/series/0",
    "/series/..%2f",
    "/books/%00",
    f"/books/{'9' * 5000}",
    "/books/1/pages/-1",
    "/books/1/pages/1e3",
    "/books/1/pages/٣",
    f"/books/1/pages/{'9' * 50}",
    "/books/1/pages/..%2f..%2fetc%2fpasswd",
    "/books?sort=number",
    "/books?format=exe",
    "/books?sort=place",
    f"/books?writer={'a' * 501}",
    "/series?sort=number",
    "/series?status=gone",
    "/search?q=a&kind=video",
]


@LASTING
async def test_what_cannot_be_is_refused_and_never_a_fault(live: Live, comics: Shelf) -> None:
    for path in HOSTILE:
        answer = await live.ask("GET", f"/api/v1{path}", token="admin")
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", path


async def test_pages_of_lists_lose_and_repeat_nothing_while_a_scan_writes(live: Live, comics: Shelf) -> None:
    old = {one["id"] for one in (await got(live, "/books?limit=500"))["items"]}
    for number in range(30):
        make_comic(comics.tree.write(f"New/{number % 7}/{number}.cbz", b""), seed=number, number_of_pages=1)
    scan = asyncio.create_task(comics.scan())
    passes = 0
    while not scan.done() or passes == 0:
        seen: list[int] = []
        after = ""
        while True:
            page = await got(live, f"/books?limit=3{after}")
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert len(seen) == len(set(seen)), "told twice"
        assert old <= set(seen), "lost"
        passes += 1
    assert (await scan)["added"] == 30
