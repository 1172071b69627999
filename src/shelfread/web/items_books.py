"""The pages of a series and of a book. Each is one question to the API, and one for its library."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.web.known import Fact, Word, in_list, known, library_name, one_of, titled
from shelfread.web.rendering import page
from shelfread.web.troubles import TROUBLES

_DIRECTIONS = {"ltr": "left to right", "rtl": "right to left", "ttb": "top to bottom"}


def book_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/browse", dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/series/{row_id}")
    async def series_page(row_id: str, request: Request) -> Response:
        """A series with its books in their order."""
        found = await one_of(request, "series", row_id)
        if isinstance(found, Response):
            return found
        return await page(
            request,
            "series.html",
            item=found,
            library=await library_name(request, found["library_id"]),
            facts=_series_facts(found),
        )

    @routes.get("/books/{row_id}")
    async def book_page(row_id: str, request: Request) -> Response:
        """A book: what its file says, and where it can be read."""
        found = await one_of(request, "books", row_id)
        if isinstance(found, Response):
            return found
        return await page(
            request,
            "book.html",
            item=found,
            library=await library_name(request, found["library_id"]),
            facts=_book_facts(found),
            technical=_technical(found),
            troubles=TROUBLES,
        )

    return routes


def _series_facts(series: dict[str, Any]) -> list[Fact]:
    return known(
        ("Publisher", in_list("series", "publisher", series["publisher"])),
        ("Imprint", series["imprint"]),
        ("Began", series["year"]),
        ("Volume", series["volume"]),
        ("Books in all", series["total"]),
        ("State", series["publication_status"]),
        ("Language", series["language"]),
        ("Read", _DIRECTIONS.get(series["direction"], series["direction"])),
        ("Age rating", series["age_rating"]),
    )


def _book_facts(book: dict[str, Any]) -> list[Fact]:
    people = [
        (titled(role), _people(list(inside)))
        for role, inside in groupby(book["credits"], lambda one: one["role"])
    ]
    tags = [
        (titled(kind), in_list("books", kind, names) if kind in ("genre", "tag") else names)
        for kind, names in (
            (kind, [one["name"] for one in inside])
            for kind, inside in groupby(book["tags"], lambda one: one["type"])
        )
    ]
    return known(
        ("Series", _series(book)),
        ("Sorted as", book["series_sort"] if book["series_sort"] != book["series"] else None),
        ("Number", f"{book['number']} of {book['count']}" if _has_both(book) else book["number"]),
        ("Volume", _span(book["volume"], book["volume_end"])),
        ("Chapter", book["chapter"]),
        *people,
        ("Date", book["date"]),
        ("Publisher", book["publisher"]),
        ("Imprint", book["imprint"]),
        ("Language", in_list("books", "language", book["language"])),
        *tags,
        ("ISBN", book["isbn"]),
        ("Kind", book["comic_format"]),
        ("Read", _DIRECTIONS.get(book["direction"], book["direction"])),
        ("Complete in one book", book["one_shot"] or None),
        ("Special", book["special"] or None),
        ("Manga", book["manga"] or None),
        ("Black and white", book["black_and_white"] or None),
        ("Age rating", book["age_rating"]),
        ("Rating", None if book["rating"] is None else f"{book['rating']:g}"),
        ("Pages", book["pages"]),
    )


def _technical(book: dict[str, Any]) -> list[Fact]:
    cover = book["cover_page"] or {}
    drawn = f"{cover['width']} × {cover['height']}" if cover.get("width") and cover.get("height") else None
    return known(
        ("Format", book["format"]),
        ("Container", book["container"]),
        ("First page", book["first_page"]),
        ("Picture of the cover", cover.get("entry")),
        ("Size of that picture", drawn),
        ("Scanned by", book["scan_group"]),
        *((titled(name), said) for name, said in sorted(book["identifiers"].items())),
        ("Addresses that the file names", book["web"]),
        ("All this is from", book["sources"]),
        ("Only a guess from the name", [titled(one).lower() for one in book["guessed"]]),
    )


def _people(credits_of: list[dict[str, Any]]) -> list[str | Word]:
    # Only writers can be looked for in a list.
    return [
        in_list("books", "writer", one["name"])[0] if one["role"] == "writer" else one["name"]
        for one in credits_of
    ]


def _series(book: dict[str, Any]) -> Word | str | None:
    if book["series_id"] is None or not book["series_title"]:
        said: str | None = book["series"]
        return said
    return Word(book["series_title"], f"/browse/series/{book['series_id']}")


def _has_both(book: dict[str, Any]) -> bool:
    return book["number"] is not None and book["count"] is not None


def _span(first: int | None, last: int | None) -> str | None:
    if first is None:
        return None
    return f"{first}–{last}" if last is not None and last != first else str(first)
