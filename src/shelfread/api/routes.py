"""Routes of the API: what goes for every one of them, whichever file it stands in.

Each refuses parameters that it does not know, and has the name of its function for clients. Knows no route.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, params
from fastapi.routing import APIRoute

from shelfread.api.questions import only_known_parameters


class ApiRoutes(APIRouter):
    """Routes that belong together."""

    def __init__(self, *, dependencies: Sequence[params.Depends] = (), **more: Any) -> None:
        """Routes that belong together.

        Args:
            dependencies: what each of them needs.
            more: what FastAPI's routers take.
        """
        super().__init__(
            dependencies=[Depends(only_known_parameters), *dependencies],
            generate_unique_id_function=_operation,
            **more,
        )


def _operation(route: APIRoute) -> str:
    """The name of a route for clients that are made from the document."""
    return route.name
