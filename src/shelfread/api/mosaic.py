"""The newest pictures of a library over HTTP, for its tile. Stands on the store's `mosaic`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shelfread.api.ids import NumberText
from shelfread.api.item_shapes import CoverShape
from shelfread.api.jobs import Reader
from shelfread.api.libraries import library_of
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.store.mosaic import newest_covers


class Mosaic(BaseModel):
    """Pictures of a library."""

    covers: list[CoverShape] = Field(description="Six at most, all different, of the newest items first.")


def mosaic_routes(app: App) -> APIRouter:
    """The route.

    Args:
        app: whose libraries they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["libraries"])

    @routes.get("/libraries/{library_id}/mosaic", response_model=Mosaic, operation_id="get_mosaic")
    async def get_mosaic(_who: Reader, library_id: NumberText) -> dict[str, Any]:
        """The pictures of what was added to a library last."""
        library = await library_of(app, library_id)
        async with app.database.read() as connection:
            found = await newest_covers(connection, library.id, library.kind)
        return {"covers": [one._asdict() for one in found]}

    return routes
