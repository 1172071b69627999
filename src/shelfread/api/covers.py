"""Covers over HTTP: the small picture of a digest, and having those of a library made.

A digest is that of the picture's content, so what is sent for it never changes, and a client may keep it for
ever. Stands on `covers.keeping` and `app.covering`. Knows not what a picture is of.
"""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from shelfread.api.ids import NumberText, shown
from shelfread.api.jobs import Reader, Scanner, refuse_outside_for
from shelfread.api.libraries import library_of
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.ranges import is_fresh
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import Accepted
from shelfread.app import App
from shelfread.app.covering import NoCovers, request_covers
from shelfread.app.places import whole
from shelfread.app.workers import shelf_of
from shelfread.covers.keeping import SUFFIXES, Shelf
from shelfread.model.job import UnknownLibrary
from shelfread.store.covers import mime_of

#: A picture larger than this is none of ours, in bytes.
_MOST = 64 << 20
_BYTES: dict[str, Any] = {
    mime: {"schema": {"type": "string", "format": "binary"}} for mime in sorted(SUFFIXES)
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": _BYTES},
    304: {"description": "The client has it."},
}
_HEADERS = [
    {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "Nothing (304) if it is that of this `ETag`.",
    }
]
_Digest = Annotated[
    str, Path(json_schema_extra={"pattern": "^[0-9a-f]{64}$"}, description="`cover.digest` of an item.")
]


class CoversRequest(BaseModel):
    """Which covers are to be made."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["missing", "all"] = Field(
        default="missing",
        description="`missing`: those that are not there, or are of another form or source than they would "
        "be now; `all`: every one anew, those included that could not be made.",
    )


def cover_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose covers they are.
    """
    routes = ApiRoutes(prefix="/api/v1")

    @routes.get(
        "/covers/{digest}",
        operation_id="get_cover",
        response_class=Response,
        responses=_ANSWERS,
        openapi_extra={"parameters": _HEADERS},
        tags=["catalogue"],
    )
    async def get_cover(_who: Reader, request: Request, digest: _Digest) -> Response:
        """The small picture of a release or a book."""
        async with app.database.read() as connection:
            mime = await mime_of(connection, digest)
        if mime is None:
            raise not_found(f"cover {shown(digest)}")
        etag = f'"{digest}"'
        headers = {
            "Cache-Control": "private, max-age=31536000, immutable",
            "ETag": etag,
            "X-Content-Type-Options": "nosniff",
        }
        if is_fresh(request.headers.get("if-none-match"), None, etag, 0):
            return Response(status_code=304, headers=headers)
        content = await asyncio.to_thread(_content, shelf_of(app.settings), digest, mime)
        if content is None:
            raise ApiProblem(
                404,
                "not-found",
                "its file is not there: making the missing covers of its library helps",
            )
        return Response(content, headers=headers, media_type=mime)

    @routes.post(
        "/libraries/{library_id}/covers",
        status_code=202,
        response_model=Accepted,
        operation_id="make_covers",
        tags=["libraries"],
    )
    async def make_covers(
        who: Scanner, library_id: NumberText, wanted: Annotated[CoversRequest | None, Body()] = None
    ) -> dict[str, Any]:
        """Have the small pictures of a library made: those that are missing, or all anew."""
        library = await library_of(app, library_id)
        await refuse_outside_for(who, app, library, whole(library))
        try:
            enqueued = await request_covers(app, library, again=(wanted or CoversRequest()).mode == "all")
        except NoCovers as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        except UnknownLibrary:
            raise not_found(f"library {shown(library_id)}") from None
        queued_is = "was queued already" if enqueued.coalesced else "is queued"
        return {
            "job_id": enqueued.job.id,
            "status": "queued",
            "message": f"making the covers of {library.name!r} {queued_is}",
            "coalesced": enqueued.coalesced,
        }

    return routes


def _content(shelf: Shelf, digest: str, mime: str) -> bytes | None:
    descriptor = shelf.open(digest, mime)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MOST)
