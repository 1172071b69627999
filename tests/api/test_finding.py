"""`api.finding`: each request gets to the route that trying all of them one by one would find."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Route

from shelfread.api.application import routers_of
from shelfread.api.finding import Finding
from shelfread.app import App
from shelfread.web.pages import page_routers
from tests.api.api_stand import NO_SQL, Live, Workers
from tests.api.lasting_servers import LASTING

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _found(finding: Finding, path: str, method: str = "GET") -> str:
    """What answers."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await finding(scope, None, send)  # type: ignore[arg-type]
    body: bytes = told[1]["body"]
    return body.decode()


def _route(path: str, name: str, *methods: str) -> Route:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse(name)

    return Route(path, answer, methods=list(methods) or None)


async def test_the_first_route_that_fits_answers_also_one_whose_address_may_begin_with_anything() -> None:
    routes = [
        _route("/api/v1/jobs/counts", "counts"),
        _route("/api/v1/jobs/{job_id}", "job"),
        _route("/{anything}/{more}", "wild"),
        _route("/jobs/{job_id}", "page of a job"),
        _route("/jobs", "page of jobs"),
        _route("/", "first page"),
    ]
    finding = Finding(routes, PlainTextResponse("nobody"))
    for path, name in {
        "/": "first page",
        "/jobs": "page of jobs",
        "/jobs/7": "wild",  # it stands above
        "/api/v1/jobs/counts": "counts",
        "/api/v1/jobs/7": "job",
        "/api/v1": "nobody",
        "/api/v1/": "nobody",
        "": "nobody",
        "/nowhere": "nobody",
    }.items():
        assert await _found(finding, path) == name, path


@LASTING
@NO_SQL
async def test_every_route_of_the_server_is_found_as_if_all_were_tried(live: Live) -> None:
    app: App = live.app
    routes = [route for router in (*routers_of(app, Workers()), *page_routers()) for route in router.routes]
    finding = Finding(routes, APIRouter())
    assert len(routes) > 150
    for route in routes:
        path = getattr(route, "path").replace("{", "").replace("}", "")  # noqa: B009
        for method in getattr(route, "methods"):  # noqa: B009
            scope = {"type": "http", "method": method, "path": path, "headers": []}
            first = next(one for one in routes if one.matches(scope)[0] is Match.FULL)
            group = finding.of(path)
            assert next(one for one in group if one.matches(scope)[0] is Match.FULL) is first, path
            assert len(group) < 50
