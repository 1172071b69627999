"""How pages ask the API: with the rights of their visitor, and nothing from outside leads them astray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, Request

from shelfread.api.access import needs
from shelfread.api.application import make_application
from shelfread.api.listening import HttpServer, listen, url_of
from shelfread.api.problems import ApiProblem
from shelfread.app import App
from shelfread.web.asking import ask, may_ask, part, tell
from shelfread.web.plainly import Plainly
from tests.api.api_stand import Live, Workers, client_of, tokens_of
from tests.web.pages_stand import BROWSER, ON_SQLITE

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


def routes_of_test() -> APIRouter:
    """Pages that hand on what they are told to ask."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/asks")
    async def asks(request: Request) -> Any:
        given = request.query_params
        return {"told": await ask(request, given["path"], {"limit": given.get("limit"), "type": []})}

    @routes.get("/may")
    async def may(request: Request) -> Any:
        return {"told": await may_ask(request, request.query_params["path"])}

    @routes.get("/names/{name:path}")
    async def names(name: str, request: Request) -> Any:
        return {"told": await ask(request, f"/jobs/{part(name)}")}

    @routes.post("/tells")
    async def tells(request: Request) -> Any:
        try:
            answer = await tell(request, "POST", "/libraries", {"name": "Möre", "kind": "music", "paths": []})
        except ApiProblem as problem:
            return {"status": problem.status, "slug": problem.slug, "extra": problem.extra}
        return answer.document

    return routes


@asynccontextmanager
async def asking(app: App) -> AsyncIterator[Live]:
    sockets = listen("127.0.0.1", 0)
    application = make_application(app, Workers(), pages=[routes_of_test()], plainly=Plainly)
    server = HttpServer(application, sockets)
    answering = asyncio.create_task(server.answer())
    try:
        await server.up.wait()
        async with client_of(url_of(sockets)) as client:
            yield Live(url_of(sockets), app, await tokens_of(app), client)
    finally:
        server.leave()
        await answering


async def test_a_page_sees_what_its_visitor_sees_and_no_more(app: App) -> None:
    async with asking(app) as live:
        for token, scope in (("read", "read"), ("admin", "admin")):
            told = (await live.ask("GET", "/asks?path=/me", token=token)).json()
            assert told["told"]["scope"] == scope
        assert (await live.ask("GET", "/asks?path=/users", token="admin")).status_code == 200
        refused = await live.ask("GET", "/asks?path=/users", token="read")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
        assert (await live.ask("GET", "/may?path=/users", token="read")).json() == {"told": None}
        assert (await live.ask("GET", "/may?path=/jobs/nothing")).json() == {"told": None}
        assert (await live.ask("GET", "/may?path=/jobs%3Flimit", token="read")).json() == {"told": None}


async def test_what_is_not_known_is_not_asked_and_what_is_wrong_comes_back_as_it_was(app: App) -> None:
    async with asking(app) as live:
        assert (await live.ask("GET", "/asks?path=/jobs")).status_code == 200
        refused = await live.ask("GET", "/asks?path=/jobs&limit=0")
        document = refused.json()
        assert (refused.status_code, document["type"]) == (422, "/problems/invalid-request")
        assert [one["where"] for one in document["errors"]] == ["query.limit"]
        told = (await live.ask("POST", "/tells")).json()
        assert (told["status"], told["slug"]) == (422, "invalid-request")
        assert told["extra"]["errors"]
        assert (await live.ask("POST", "/tells", token="read")).json()["status"] == 403


@pytest.mark.parametrize(
    "name",
    ["%2e%2e", "a%2Fb", "%3Fstatus=failed", "%23", "%00", "%ff", "%ed%a0%80", "%252e", "%20", "🎵" * 30],
)
async def test_a_name_from_outside_is_one_part_of_a_path(app: App, name: str) -> None:
    async with asking(app) as live:
        answer = await live.ask("GET", f"/names/{name}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), answer.text
        page = await live.ask("GET", f"/names/{name}", headers=BROWSER)
        assert (page.status_code, "There is nothing here" in page.text) == (404, True)
