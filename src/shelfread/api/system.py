"""What the server is and stands on, over HTTP, for the page of those who look after it.

Stands on `app.system`. For administrators only: it tells of folders and settings, and never a secret.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from fastapi import APIRouter

from shelfread.api.access import needs
from shelfread.api.routes import ApiRoutes
from shelfread.api.system_shapes import System
from shelfread.app import App, system
from shelfread.app.folders import Looks, TooManyLooks, Unlisted
from shelfread.app.system import Room
from shelfread.model.job_json import iso_us
from shelfread.store.clock import now_us


def system_routes(app: App) -> APIRouter:
    """The route.

    Args:
        app: the open catalogue; the server counts as started with this call.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["server"], dependencies=[needs("admin")])
    looks, started, began = Looks(), now_us(), time.monotonic()

    @routes.get("/system", response_model=System, operation_id="get_system")
    async def get_system() -> dict[str, Any]:
        """Versions, database, room, queue and settings of this server. What is not known is null."""
        try:
            room = await looks.look(partial(system.room_of, app))
        except (Unlisted, TooManyLooks):
            room = Room(None, None)
        found = await system.look(app, room)
        return {**found, "started_at": iso_us(started), "uptime_s": time.monotonic() - began}

    return routes
