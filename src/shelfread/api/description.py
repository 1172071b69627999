"""`/openapi.json`: what can be asked for, as OpenAPI 3.1, for people and for programs that write clients.

The routes say what they take and give; what goes for all of them is added here: who may ask, what may be
refused, and examples. There are no pages that show it: those load scripts from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import BaseRoute

from shelfread import __version__
from shelfread.api.access import Entry, needs
from shelfread.api.cookie import COOKIE
from shelfread.api.examples import example_of
from shelfread.api.finding import Finding
from shelfread.api.problems import Problem
from shelfread.api.refusals import ALWAYS, CHANGING, CLOSED, OWN, TOO_LOW, WITH_BODY, answers
from shelfread.api.routes import ApiRoutes
from shelfread.model.account import Right

_ABOUT = """The catalogue of the media you own: libraries, scans and what they find.

Send a token, `Authorization: Bearer shelfread_...`; pages of the server have a cookie instead. Of the scopes
`admin` includes `scan`, and `scan` includes `read`. Errors are problem documents (RFC 9457) whose `type`
stays as it is. Lists answer with `items` and `next`; give `next` back as `after` for the page behind."""
_TAGS = {
    "access": "The first user, logins, users and tokens.",
    "libraries": "What is scanned, and how.",
    "scans": "Having libraries scanned, and what became of it.",
    "config": "Settings that the catalogue keeps.",
    "jobs": "One run of a scan: its state, log and problems.",
    "events": "What happens, while it happens (server-sent events).",
    "problems": "Files and folders that are in trouble.",
    "catalogue": "What was found: artists, releases and tracks, series and books, movies, shows and "
    "episodes, and their files.",
    "server": "Whether the server is well, and how it fares.",
}
#: What FastAPI writes for refusals of its own, which are problem documents here.
_OTHERS = ("HTTPValidationError", "ValidationError")
_JSON = "application/json"


class Described(FastAPI):
    """An application that describes itself as it is, with what stands around its routes."""

    def __init__(self, table: Sequence[Entry], routes: Iterable[BaseRoute]) -> None:
        """An application without any page of its own.

        Args:
            table: what each route needs.
            routes: the routes themselves.
        """
        super().__init__(
            title="Shelfread",
            version=__version__,
            description=_ABOUT,
            openapi_tags=[{"name": name, "description": words} for name, words in _TAGS.items()],
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,  # the address it leads to would be made of the request's Host
            routes=[*routes],
        )
        # Where a router has what stands in front of its routes.
        self.router.middleware_stack = Finding(self.routes, self.router.app)
        self._needed = {(method.lower(), one.path): one.right for one in table for method in one.methods}

    def openapi(self) -> dict[str, Any]:
        """The document. Made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document["components"]
            for name in _OTHERS:
                components["schemas"].pop(name, None)
            components["schemas"] |= _schemas_of_problems()
            components["responses"] = {}
            components["securitySchemes"] = _SCHEMES
            for method, path, operation in _operations(document):
                _complete(operation, method, self._needed[method, path], components)
            self.openapi_schema = document
        return self.openapi_schema


_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token: `POST /api/v1/tokens`, or `shelfread token create NAME`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The login of a page: `POST /api/v1/login` sets it.",
    },
}


def description_routes() -> APIRouter:
    """The route."""
    routes = ApiRoutes(dependencies=[needs("read")])

    @routes.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        """This document."""
        return JSONResponse(request.app.openapi())

    return routes


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _complete(
    operation: dict[str, Any], method: str, right: Right | None, components: Mapping[str, Any]
) -> None:
    """Say of an operation what stands around it, and give examples."""
    schemas = components["schemas"]
    refusals = [*ALWAYS, *OWN.get(operation["operationId"], ())]
    if right is None:
        operation["security"] = []
    else:
        operation["security"] = [{"token": [right.value]}, {"session": [right.value]}]
        operation["description"] = f"{operation.get('description', '')}\n\nScope: `{right.value}`.".strip()
        refusals += [CLOSED] if right is Right.READ else [CLOSED, TOO_LOW]
    if method not in ("get", "head"):
        refusals += CHANGING
    if body := operation.get("requestBody"):
        refusals += WITH_BODY
        _give_example(body["content"].get(_JSON), schemas)
    for name in ("4XX", "5XX", "422"):
        operation["responses"].pop(name, None)
    for answer in operation["responses"].values():
        _give_example(answer.get("content", {}).get(_JSON), schemas)
    # What a route says itself of an answer goes before.
    refused = answers(refusals, components["responses"])
    operation["responses"] = dict(sorted((refused | operation["responses"]).items()))
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])


def _give_example(content: dict[str, Any] | None, schemas: Mapping[str, Any]) -> None:
    if content is not None and "example" not in content:
        content["example"] = example_of(content["schema"], schemas)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not said is absent: no address can say null."""
    parts: list[dict[str, Any]] = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    if len(parts) != 1:
        return schema
    return {key: value for key, value in schema.items() if key != "anyOf"} | parts[0]


def _schemas_of_problems() -> dict[str, Any]:
    whole: dict[str, Any] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = whole.pop("$defs", {})
    return {"Problem": whole} | dict(parts)
