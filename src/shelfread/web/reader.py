"""Reading a book page by page. The API gives the pictures, one at a time; this is what stands around them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.web.known import one_of
from shelfread.web.rendering import page

#: No number of a page has more digits.
_MOST_DIGITS = 6


def reader_routes() -> APIRouter:
    """The route."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/read/{row_id}")
    async def read_page(row_id: str, request: Request) -> Response:
        """One page of a book, counted from 1; one that is not there is the nearest that is."""
        book = await one_of(request, "books", row_id, place="/read/")
        if isinstance(book, Response):
            return book
        number = _number(request.query_params.get("page", ""), book)
        return await page(request, "reader.html", item=book, number=number)

    return routes


def _number(said: str, book: dict[str, Any]) -> int:
    known = said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS
    return min(max(int(said) if known else 1, 1), max(book["pages"] or 0, 1))
