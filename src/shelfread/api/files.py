"""The file of a track, a book or a video over HTTP, by id only: whole or a part of it (PROMISES C12).

A changed file is sent as it is. It is read in a thread, a piece at a time and no faster than the client takes
it; who leaves early leaves nothing open. Stands on `app.opening`, which says what may be opened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from shelfread.api.file_types import (
    ANY_TYPE,
    BOOK_TYPES,
    HEADERS,
    INLINE,
    TRACK_TYPES,
    TYPES,
    VIDEO_TYPES,
    answers,
    answers_of_item,
)
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import Reader
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.ranges import (
    Unsatisfiable,
    disposition,
    etag_of,
    http_date,
    is_fresh,
    is_same,
    part_of,
)
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.app.opening import Gone, Opened, open_file
from shelfread.settings import Settings
from shelfread.store.items import FilePlace, file_place, taken_over_by
from shelfread.store.search_due import ItemKind
from shelfread.store.video_items import best_file

#: Bytes that are read at a time.
PIECE = 256 * 1024


def file_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose files they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["catalogue"])

    @routes.head("/tracks/{track_id}/file", include_in_schema=False)
    @routes.get(
        "/tracks/{track_id}/file",
        operation_id="get_track_file",
        response_class=Response,
        responses=answers(TRACK_TYPES.values()),
        openapi_extra={"parameters": HEADERS},
    )
    async def get_track_file(_who: Reader, request: Request, track_id: NumberText) -> Response:
        """The file of a track; one part of it where a `Range` says so."""
        return await _file(app, request, "tracks", track_id)

    @routes.head("/books/{book_id}/file", include_in_schema=False)
    @routes.get(
        "/books/{book_id}/file",
        operation_id="get_book_file",
        response_class=Response,
        responses=answers(BOOK_TYPES.values()),
        openapi_extra={"parameters": HEADERS},
    )
    async def get_book_file(_who: Reader, request: Request, book_id: NumberText) -> Response:
        """The file of a book; one part of it where a `Range` says so."""
        return await _file(app, request, "books", book_id)

    @routes.head("/videos/{video_id}/file", include_in_schema=False)
    @routes.get(
        "/videos/{video_id}/file",
        operation_id="get_video_file",
        response_class=Response,
        responses=answers(VIDEO_TYPES.values()),
        openapi_extra={"parameters": HEADERS},
    )
    async def get_video_file(_who: Reader, request: Request, video_id: NumberText) -> Response:
        """A video file; one part of it where a `Range` says so."""
        return await _file(app, request, "videos", video_id)

    @routes.head("/movies/{movie_id}/file", include_in_schema=False)
    @routes.get(
        "/movies/{movie_id}/file",
        operation_id="get_movie_file",
        response_class=Response,
        responses=answers_of_item(VIDEO_TYPES.values()),
        openapi_extra={"parameters": HEADERS},
    )
    async def get_movie_file(_who: Reader, request: Request, movie_id: NumberText) -> Response:
        """The first file of the best version of a movie; one part of it where a `Range` says so."""
        return await _best_file(app, request, ItemKind.MOVIE, movie_id)

    @routes.head("/episodes/{episode_id}/file", include_in_schema=False)
    @routes.get(
        "/episodes/{episode_id}/file",
        operation_id="get_episode_file",
        response_class=Response,
        responses=answers_of_item(VIDEO_TYPES.values()),
        openapi_extra={"parameters": HEADERS},
    )
    async def get_episode_file(_who: Reader, request: Request, episode_id: NumberText) -> Response:
        """The first file of the best version of an episode; one part of it where a `Range` says so."""
        return await _best_file(app, request, ItemKind.EPISODE, episode_id)

    return routes


async def _file(app: App, request: Request, kind: str, text: str) -> Response:
    row_id = number_of(text)
    async with app.database.read() as connection:
        place = await file_place(connection, kind, row_id)
        other = None if place is not None else await taken_over_by(connection, row_id)
    if other is not None:
        return RedirectResponse(f"/api/v1/{kind}/{other}/file", 308)
    if place is None:
        raise not_found(f"{kind.removesuffix('s')} {shown(text)}")
    return await _sent(app, request, kind, place)


async def _best_file(app: App, request: Request, kind: ItemKind, text: str) -> Response:
    row_id = number_of(text)
    async with app.database.read() as connection:
        file_id = await best_file(connection, kind, row_id)
        place = None if file_id is None else await file_place(connection, "videos", file_id)
    if place is None:
        raise not_found(f"{kind.name.lower()} {shown(text)}")
    return await _sent(app, request, "videos", place)


async def _sent(app: App, request: Request, kind: str, place: FilePlace) -> Response:
    opened = await opened_of(place, app.settings)
    try:
        return _answer(request, kind, place, opened)
    except BaseException:
        os.close(opened.descriptor)
        raise


async def opened_of(place: FilePlace, settings: Settings) -> Opened:
    """The file of an item, open; whoever has it closes the descriptor. Raises ApiProblem (404)."""
    try:
        return await _opened(place, settings)
    except Gone as error:
        # No 410: a disk that is away may come back.
        raise ApiProblem(404, "not-found", str(error)) from None


async def _opened(place: FilePlace, settings: Settings) -> Opened:
    """Open in a thread; what a request that was given up still opens is closed."""
    opening = asyncio.get_running_loop().run_in_executor(None, open_file, place, settings)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(
            lambda done: None if done.cancelled() or done.exception() else os.close(done.result().descriptor)
        )
        raise


def _answer(request: Request, kind: str, place: FilePlace, opened: Opened) -> Response:
    asked = request.headers
    etag = etag_of(opened.size, opened.mtime_ns, opened.inode)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(place.name, inline=place.format in INLINE[kind]),
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    if (changed := http_date(opened.mtime_ns)) is not None:
        headers["Last-Modified"] = changed
    if is_fresh(asked.get("if-none-match"), asked.get("if-modified-since"), etag, opened.mtime_ns):
        os.close(opened.descriptor)
        return Response(status_code=304, headers=headers)
    part = None
    if request.method == "GET" and is_same(asked.get("if-range"), etag, opened.mtime_ns):
        try:
            part = part_of(asked.get("range"), opened.size)
        except Unsatisfiable:
            raise ApiProblem(
                416,
                "invalid-request",
                f"the file has {opened.size} bytes",
                headers={"Content-Range": f"bytes */{opened.size}"},
            ) from None
    first, end = part or (0, opened.size)
    headers["Content-Length"] = str(end - first)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{opened.size}"
    media_type = TYPES[kind].get(place.format or "", ANY_TYPE)
    if request.method == "HEAD":
        os.close(opened.descriptor)
        return Response(None, 200, headers, media_type=media_type)
    return _Sent(opened.descriptor, first, end, 206 if part else 200, headers, media_type)


class _Sent(StreamingResponse):
    """A part of an open file. Closes it when the last of it is sent, or nobody is there to take it."""

    def __init__(
        self, descriptor: int, first: int, end: int, status: int, headers: dict[str, str], media_type: str
    ) -> None:
        self._descriptor = descriptor
        self._reading: asyncio.Future[bytes] | None = None
        super().__init__(self._pieces(first, end), status, headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._reading is not None and not self._reading.done():
                # A number that is closed while a thread reads from it may be another file by then.
                self._reading.add_done_callback(lambda _done: os.close(self._descriptor))
            else:
                os.close(self._descriptor)

    async def _pieces(self, first: int, end: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        while first < end:
            self._reading = loop.run_in_executor(
                None, os.pread, self._descriptor, min(PIECE, end - first), first
            )
            piece = await asyncio.shield(self._reading)
            if not piece:
                raise OSError("the file became shorter while it was sent")
            first += len(piece)
            yield piece
