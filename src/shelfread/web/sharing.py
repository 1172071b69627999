"""One rendering of a part for all who ask for it after the same news: twenty pages cost hardly more than one.

A page's program says with each question for parts what it heard last, in the header `X-Heard`. Who heard the
same, may do the same and asks for the same of the same address is told the same: what was rendered after
anybody had heard that holds it for everybody. For routes that show nothing of who asks but what they may;
whole pages are never shared. Knows no page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shelfread.api.access import principal_of
from shelfread.web.asking import changes_of

#: Parts change by themselves, too, times for one: nothing is told for longer than this, in seconds.
_FRESH_S = 1.0
#: What somebody says to have heard is longer than this only if it is made up.
_LONGEST = 100

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class SharedRoute(APIRoute):
    """A route whose parts are rendered once for all: `APIRouter(route_class=SharedRoute)`."""

    def get_route_handler(self) -> Answer:
        """What answers a request."""
        return Shared(super().get_route_handler())


class Shared:
    """Renderings of a route that are fresh."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._made: dict[tuple[object, ...], tuple[float, asyncio.Task[Response]]] = {}

    async def __call__(self, request: Request) -> Response:
        parts, heard = request.headers.get("x-part"), request.headers.get("x-heard")
        who = principal_of(request.scope)
        if request.method != "GET" or not parts or not heard or who is None or len(heard) > _LONGEST:
            return await self._answer(request)
        now = time.monotonic()
        self._made = {key: one for key, one in self._made.items() if now - one[0] < _FRESH_S}
        # Of what a page had done not all is news: who comes back from its form is told of it all the same.
        key = (who.right, request.url.path, request.url.query, parts, heard, changes_of(request))
        if key not in self._made:
            # A task of its own: who asked first may leave before it is done.
            self._made[key] = now, asyncio.create_task(self._answer(request))
        task = self._made[key][1]
        try:
            made = await asyncio.shield(task)
        except Exception:
            # The next one tries again.
            if self._made.get(key, (0.0, None))[1] is task:
                del self._made[key]
            raise
        return Response(made.body, made.status_code, dict(made.headers))
