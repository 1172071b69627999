"""Searching everything: what has the words, kind by kind, while they are typed."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.web.asking import ask
from shelfread.web.browse import libraries_of
from shelfread.web.kinds import ITEM_KINDS
from shelfread.web.rendering import page

#: Items of each kind that are shown; the list of the kind has the others.
_EACH = 6
#: Kinds that are looked for at a time.
_AT_ONCE = 2
#: Of a longer question only the beginning is looked at, and shown.
_LONGEST = 200


def search_routes() -> APIRouter:
    """The route."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/search")
    async def search_page(request: Request) -> Response:
        """What has all the words, the last of them perhaps only begun."""
        words = request.query_params.get("q", "").strip()[:_LONGEST]
        groups, complete = await _groups(request, words) if words else ([], True)
        return await page(request, "search.html", words=words, groups=groups, is_complete=complete)

    return routes


async def _groups(request: Request, words: str) -> tuple[list[dict[str, Any]], bool]:
    there = {one["kind"] for one in await libraries_of(request)}
    kinds = [kind for kind in ITEM_KINDS.values() if kind.library_kind in there]
    # At the same time: of a large catalogue one kind may take longer than all the others. Not all of them:
    # each takes a connection to the database.
    room = asyncio.Semaphore(_AT_ONCE)

    async def asking(kind: str) -> dict[str, Any]:
        async with room:
            found: dict[str, Any] = await ask(request, "/search", {"q": words, "kind": kind, "limit": _EACH})
        return found

    asked = (asking(kind.one) for kind in kinds)
    groups = []
    complete = True
    for kind, found in zip(kinds, await asyncio.gather(*asked), strict=True):
        complete = complete and found["complete"]
        if found["items"]:
            more = f"/browse/{kind.word}?{urlencode({'q': words})}" if found["next"] else None
            groups.append({"kind": kind, "items": found["items"], "more": more})
    return groups, complete
