"""The catalogue of books over HTTP: lists of series and books, and one of each.

Stands on the store's `browse_books` and `book_items`. What is missing is shown only when asked for. Paths are
for administrators only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse

from shelfread.api.book_shapes import BookPage, SeriesPage, WholeBook, WholeSeries
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import USUAL, Limit, Reader, sees_paths
from shelfread.api.lists import (
    BELONGING,
    After,
    Direction,
    FileStatus,
    Genre,
    RowId,
    Word,
    Year,
    checked,
    file_told,
    text,
)
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.model.account import Principal
from shelfread.model.job_json import iso_us, path_json
from shelfread.store import book_items, browse_books, items
from shelfread.store.browse_books import WantedBooks

Language = Annotated[str | None, Query(max_length=64, examples=["en"])]
Format = Annotated[Literal["cbz", "cbr", "cb7", "cbt", "epub", "pdf"] | None, Query()]
SeriesStatus = Annotated[
    Literal["ready", "error", "missing", "any"] | None,
    Query(description="Nothing: only where a book is there."),
]


def book_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose catalogue it is.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["catalogue"])
    _list_routes(routes, app)
    _item_routes(routes, app)
    return routes


def _list_routes(routes: APIRouter, app: App) -> None:
    @routes.get(
        "/series",
        response_model=SeriesPage,
        response_model_exclude_unset=True,
        operation_id="list_series",
    )
    async def list_series(
        who: Reader,
        sort: Literal["title", "year", "added_at"] = "title",
        order: Direction = "asc",
        library_id: RowId = None,
        publisher: Word = None,
        genre: Genre = None,
        tag: Word = None,
        writer: Word = None,
        year: Year = None,
        has_problem: bool | None = None,
        status: SeriesStatus = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Series of books; `genre`, `tag` and `writer` are those of any of its books."""
        wanted = WantedBooks(
            sort,
            order == "desc",
            limit,
            after,
            library_id,
            publisher=text(publisher),
            genre=text(genre),
            tag=text(tag),
            writer=text(writer),
            year=year,
            has_problem=has_problem,
            status=status,
        )
        async with app.database.read() as connection:
            page = await checked(browse_books.series_page(connection, wanted))
            rows = await book_items.series_of(connection, page.ids)
            return {"items": [series_told(row, who) for row in rows], "next": page.next}

    @routes.get(
        "/books",
        response_model=BookPage,
        response_model_exclude_unset=True,
        operation_id="list_books",
    )
    async def list_books(
        who: Reader,
        sort: Annotated[
            Literal["title", "year", "added_at", "number"],
            Query(description="`number`, its place in its series, only with a `series_id`."),
        ] = "title",
        order: Direction = "asc",
        library_id: RowId = None,
        series_id: RowId = None,
        writer: Word = None,
        genre: Genre = None,
        tag: Word = None,
        language: Language = None,
        format: Format = None,  # noqa: A002 - the name of the parameter
        year: Year = None,
        has_problem: bool | None = None,
        status: FileStatus = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Books and comics."""
        if sort == "number" and series_id is None:
            raise ApiProblem(422, "invalid-request", "sort=number needs a series_id")
        wanted = WantedBooks(
            sort,
            order == "desc",
            limit,
            after,
            library_id,
            series_id,
            genre=text(genre),
            tag=text(tag),
            writer=text(writer),
            language=text(language),
            format=format,
            year=year,
            has_problem=has_problem,
            status=status,
        )
        async with app.database.read() as connection:
            return await _book_page(connection, wanted, who)


def _item_routes(routes: APIRouter, app: App) -> None:
    @routes.get(
        "/series/{series_id}",
        response_model=WholeSeries,
        response_model_exclude_unset=True,
        operation_id="get_series",
    )
    async def get_series(who: Reader, series_id: NumberText) -> dict[str, Any]:
        """One series, with its books in their order."""
        row_id = number_of(series_id)
        async with app.database.read() as connection:
            found = await book_items.series_of(connection, [row_id], whole=True)
            if not found:
                raise not_found(f"series {shown(series_id)}")
            inside = WantedBooks("number", limit=BELONGING, series_id=row_id)
            return series_told(found[0], who) | {"books": await _book_page(connection, inside, who)}

    @routes.get(
        "/books/{book_id}",
        response_model=WholeBook,
        response_model_exclude_unset=True,
        operation_id="get_book",
        responses={308: {"description": "Its file was moved, and another id is its own."}},
    )
    async def get_book(who: Reader, book_id: NumberText) -> Any:
        """One book with everything that is known of it, missing ones too."""
        row_id = number_of(book_id)
        async with app.database.read() as connection:
            found = await book_items.books_of(connection, [row_id], whole=True)
            other = None if found else await items.taken_over_by(connection, row_id)
        if other is not None:
            return RedirectResponse(f"/api/v1/books/{other}", 308)
        if not found:
            raise not_found(f"book {shown(book_id)}")
        return book_told(found[0], who)


async def _book_page(connection: Any, wanted: WantedBooks, who: Principal) -> dict[str, Any]:
    page = await checked(browse_books.book_page(connection, wanted))
    rows = await book_items.books_of(connection, page.ids)
    return {"items": [book_told(row, who) for row in rows], "next": page.next}


def series_told(row: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """A series as somebody may see it."""
    told = {name: value for name, value in row.items() if name != "path"}
    path = path_json(row["path"]) if sees_paths(who) and row["path"] is not None else {}
    return {
        **told,
        "kind": "series",
        "added_at": iso_us(row["added_at"]),
        "missing_since": iso_us(row["missing_since"]),
        **path,
    }


def book_told(row: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """A book as somebody may see it."""
    return {"kind": "book", **file_told(row, who)}
