"""The first page: a card for each library, with how it is and what can be done with it.

Stands on `library_state`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.web.asking import ask, may_ask, part
from shelfread.web.library_state import state_of, under_way
from shelfread.web.rendering import asked_for, page
from shelfread.web.sharing import SharedRoute


def home_routes() -> APIRouter:
    """The route."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False, route_class=SharedRoute)

    @routes.get("/")
    async def home(request: Request) -> Response:
        """All libraries."""
        wanted = asked_for(request)
        libraries: list[dict[str, Any]] = []
        alike = False
        if wanted is None or "libraries" in wanted:
            jobs = await under_way(request)
            for one in (await ask(request, "/libraries"))["items"]:
                card = await state_of(request, one, jobs.get(one["id"], []))
                mosaic = await may_ask(request, f"/libraries/{part(one['id'])}/mosaic")
                libraries.append(card | {"covers": mosaic["covers"] if mosaic else []})
            alike = bool((await ask(request, "/likenesses", {"limit": 1}))["items"])
        return await page(request, "home.html", libraries=libraries, alike=alike)

    return routes
