"""Settings kept in the catalogue, over HTTP (PROMISES A9): only known keys, each with its own rule."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import StoredSettings
from shelfread.app import App, stored_settings
from shelfread.settings import LEAST_TIMEOUT_S, MOST_TIMEOUT_S

_SHOWN = 60
#: What a client may send; checked by the rules of the keys, whose words are better.
_SCHEMA = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "analyzer_scan_job_timeout": {
                        "anyOf": [
                            {"type": "integer", "minimum": LEAST_TIMEOUT_S, "maximum": MOST_TIMEOUT_S},
                            {"type": "null"},
                        ],
                        "description": "Seconds that a job may run; null removes it.",
                    }
                },
            },
            "example": {"analyzer_scan_job_timeout": 7200},
        }
    },
}


def config_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose settings they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["config"], dependencies=[needs("admin")])

    @routes.get("/config", response_model=StoredSettings, operation_id="get_config")
    async def get_config() -> dict[str, int | None]:
        """The settings that are stored; null where none is."""
        return await stored_settings.read(app.database)

    @routes.put(
        "/config",
        response_model=StoredSettings,
        operation_id="put_config",
        openapi_extra={"requestBody": _SCHEMA},
    )
    async def put_config(wanted: Annotated[dict[str, Any], Body()]) -> dict[str, int | None]:
        """Store settings; what is absent stays, null removes. Of several all are stored, or none."""
        for key in wanted:
            if key not in stored_settings.KEYS:
                name = key if len(key) <= _SHOWN else key[: _SHOWN - 1] + "…"
                detail = f"there is no setting {name!r}; there is {', '.join(stored_settings.KEYS)}"
                errors = [{"where": f"body.{name}", "message": "there is no such setting"}]
                raise ApiProblem(422, "unknown-key", detail, errors=errors)
        try:
            return await stored_settings.change(app.database, wanted)
        except ValueError as error:
            key, _, message = str(error).partition(": ")
            errors = [{"where": f"body.{key}", "message": message}]
            raise ApiProblem(422, "invalid-request", str(error), errors=errors) from None

    return routes
