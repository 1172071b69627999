"""One page of a book over HTTP (PROMISES C12): by the book's id and a number, from 0.

Stands on `app.paging`, which reads it in a confined process. What is sent is a picture by its bytes, or
nothing. Knows no format of books.
"""

from __future__ import annotations

import os
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from shelfread.api.files import opened_of
from shelfread.api.ids import NumberText, PageText, number_of, page_of, shown
from shelfread.api.jobs import Reader
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.ranges import etag_of, is_fresh
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.app.paging import Busy, Changed, NoSuchPage, Page, Unreadable
from shelfread.model.job_json import without_paths
from shelfread.model.problem import ProblemCode
from shelfread.store.items import FilePlace, file_place, taken_over_by

#: What a page may be; a process that says anything else is not believed.
TYPES = frozenset(
    f"image/{name}"
    for name in (
        "jpeg",
        "png",
        "gif",
        "webp",
        "avif",
        "bmp",
        "tiff",
        "heic",
        "heif",
        "jxl",
        "vnd.microsoft.icon",
    )
)
#: Seconds in which a reader that turns back asks nobody; from then on it asks whether the page is the same.
FRESH_S = 300
#: How often a file is opened that becomes another one meanwhile.
_TRIES = 3
_BYTES: dict[str, Any] = {name: {"schema": {"type": "string", "format": "binary"}} for name in sorted(TYPES)}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The page, as it is in the book; of a PDF a picture of it.", "content": _BYTES},
    304: {"description": "The client has it."},
    308: {"description": "The file was moved, and another id is its own."},
}
_HEADERS = [
    {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "Nothing (304) if it is still that of this `ETag`.",
    }
]


def page_routes(app: App) -> APIRouter:
    """The route.

    Args:
        app: whose books they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["catalogue"])

    @routes.get(
        "/books/{book_id}/pages/{page}",
        operation_id="get_book_page",
        response_class=Response,
        responses=_ANSWERS,
        openapi_extra={"parameters": _HEADERS},
    )
    async def get_book_page(_who: Reader, request: Request, book_id: NumberText, page: PageText) -> Response:
        """One page of a book, counted from 0, also while the book is being scanned."""
        row_id = number_of(book_id)
        number = page_of(page)
        if number is None:
            raise not_found(f"page {shown(page)}")
        async with app.database.read() as connection:
            place = await file_place(connection, "books", row_id)
            other = None if place is not None else await taken_over_by(connection, row_id)
        if other is not None:
            return RedirectResponse(f"/api/v1/books/{other}/pages/{number}", 308)
        if place is None:
            raise not_found(f"book {shown(book_id)}")
        return await _page(app, request, place, number)

    return routes


async def _page(app: App, request: Request, place: FilePlace, number: int) -> Response:
    for _ in range(_TRIES):
        opened = await opened_of(place, app.settings)
        try:
            headers = {
                "Cache-Control": f"private, max-age={FRESH_S}",
                "ETag": f'{etag_of(opened.size, opened.mtime_ns, opened.inode)[:-1]}-{number}"',
                "X-Content-Type-Options": "nosniff",
            }
            if is_fresh(request.headers.get("if-none-match"), None, headers["ETag"], opened.mtime_ns):
                return Response(status_code=304, headers=headers)
            return _answer(await app.pages.page(place, opened, number), headers)
        except Changed:
            continue
        except NoSuchPage as error:
            raise ApiProblem(404, "not-found", without_paths(str(error))) from None
        except Unreadable as error:
            raise _unreadable(error.code, error.detail) from None
        except Busy as error:
            raise ApiProblem(
                503, "not-ready", without_paths(str(error)), headers={"Retry-After": "5"}
            ) from None
        finally:
            os.close(opened.descriptor)
    raise ApiProblem(404, "not-found", "the file keeps changing")


def _answer(page: Page, headers: dict[str, str]) -> Response:
    if page.mime not in TYPES:
        raise _unreadable(ProblemCode.WRONG_FORMAT, "the page is no picture of a known format")
    return Response(page.content, 200, headers, media_type=page.mime)


def _unreadable(code: ProblemCode, detail: str) -> ApiProblem:
    return ApiProblem(422, "unreadable", without_paths(detail), code=code.value)
