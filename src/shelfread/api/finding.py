"""Finds the route of an address among those whose addresses begin alike.

There are some two hundred routes, pages and what they ask for themselves among them, and a router tries one
after the other: that was a tenth of what a small request costs. Stands between `description` and the routes;
knows none of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.routing import BaseRoute

from shelfread.api.access import PREFIX
from shelfread.api.asgi import Asgi, Receive, Scope, Send


class Finding:
    """Hands a request on to the few routes that it may be for, in the order in which they were given."""

    def __init__(self, routes: Sequence[BaseRoute], otherwise: Asgi) -> None:
        """Looks at the addresses of routes.

        Args:
            routes: all of them. One whose address does not say how it begins is tried for every request.
            otherwise: what tries all routes, and answers when there is none.
        """
        self._otherwise = otherwise
        begins = [_beginning(getattr(route, "path", "{")) for route in routes]
        self._groups = {
            key: APIRouter(
                routes=[
                    one for one, begin in zip(routes, begins, strict=True) if begin == key or "{" in begin
                ],
                redirect_slashes=False,
            )
            for key in begins
            if "{" not in key
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._groups.get(_beginning(scope["path"])) if scope["type"] == "http" else None
        await (found or self._otherwise)(scope, receive, send)

    def of(self, path: str) -> Sequence[BaseRoute]:
        """The routes that are tried for an address; none when all are."""
        found = self._groups.get(_beginning(path))
        return found.routes if found is not None else []


def _beginning(path: str) -> str:
    """The first part of an address; of those of the API the one behind what they all begin with."""
    start = len(PREFIX) if path.startswith(f"{PREFIX}/") else 0
    end = path.find("/", start + 1)
    return path if end < 0 else path[:end]
