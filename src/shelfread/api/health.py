"""`/healthz`: the process lives. `/readyz`: it can do what it is there for.

Both are open to everybody, so they say words and numbers and never a path, a setting or an error's text;
those are in the log. Knows the workers only as what `Workers` says of them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal, Protocol

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from shelfread.api.access import IS_OPEN
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.store.answering import is_up_to_date

#: A database that takes longer than this to say which schema it has does not answer, in seconds.
ANSWER_S = 2.0

_log = logging.getLogger(__name__)


class Workers(Protocol):
    """The workers of this process, as they are now."""

    @property
    def state(self) -> str:
        """off, broken_settings, starting, running, draining, drained or stopping."""

    @property
    def settings_ok(self) -> bool:
        """Whether the settings of the workers could be used when they were last read."""

    @property
    def worker_id(self) -> str | None:
        """By which id other processes know them; None while there are none."""

    @property
    def wanted(self) -> int:
        """How many there should be."""

    @property
    def present(self) -> int:
        """How many can take a job, or do one."""

    @property
    def busy(self) -> int:
        """How many do a job."""


class Alive(BaseModel):
    """The process lives."""

    status: Literal["ok"]


class DatabaseState(BaseModel):
    """Whether the database answers, and has the schema of this version."""

    answers: bool
    migrated: bool


class WorkersState(BaseModel):
    """The workers of this process."""

    state: Literal["off", "broken_settings", "starting", "running", "draining", "drained", "stopping"]
    settings_ok: bool
    wanted: int
    present: int
    busy: int


class Readiness(BaseModel):
    """How the server is. It is of use while it is degraded, too."""

    status: Literal["ready", "degraded", "unavailable"]
    database: DatabaseState
    workers: WorkersState


class _Database:
    """Asks the database once for all who want to know at a moment: they must not crowd out the jobs."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._asking: asyncio.Task[dict[str, bool]] | None = None

    async def look(self) -> dict[str, bool]:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, bool]:
        try:
            async with asyncio.timeout(ANSWER_S):
                return {"answers": True, "migrated": await is_up_to_date(self._app.database)}
        except Exception as error:  # noqa: BLE001 - whatever it is, there was no answer
            _log.debug("the database does not answer: %s: %s", type(error).__name__, error)
            return {"answers": False, "migrated": False}


def health_routes(app: App, workers: Workers) -> APIRouter:
    """The two routes.

    Args:
        app: whose database is asked.
        workers: those of this process.
    """
    routes = ApiRoutes(tags=["server"], dependencies=[IS_OPEN])
    database = _Database(app)

    @routes.head("/healthz", include_in_schema=False)
    @routes.get("/healthz", operation_id="is_alive")
    async def healthz() -> Alive:
        """Whether the process lives."""
        return Alive(status="ok")

    @routes.head("/readyz", include_in_schema=False)
    @routes.get(
        "/readyz",
        operation_id="is_ready",
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "The database does not answer, or it stops."}},
    )
    async def readyz() -> Response:
        """Whether the server can do what it is there for."""
        found = await database.look()
        state = workers.state
        ready = all(found.values()) and state != "stopping"
        # HTTP is of use without workers: what lacks is told, and turns nobody away (PROMISES D27).
        whole = workers.settings_ok and state in ("off", "running")
        document: dict[str, Any] = {
            "status": "unavailable" if not ready else "ready" if whole else "degraded",
            "database": found,
            "workers": {
                "state": state,
                "settings_ok": workers.settings_ok,
                "wanted": workers.wanted,
                "present": workers.present,
                "busy": workers.busy,
            },
        }
        return JSONResponse(document, 200 if ready else 503)

    return routes
