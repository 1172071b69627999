"""Every route lets in exactly those who may: asked one by one, over a real socket.

The table is that of the application; what stands here is what each route is meant to need, so that nobody
opens one by a slip of the pen.
"""

from __future__ import annotations

import pytest
from fastapi import APIRouter

from shelfread.api.access import IS_OPEN, PREFIX, NothingDeclared, needs, table_of
from shelfread.api.application import table_of_routes
from shelfread.app import App
from tests.api.api_stand import Live, Workers

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: What is for everybody: all of it.
OPEN = {
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/setup"),
    ("POST", "/setup"),
    *((method, path) for method in ("GET", "HEAD") for path in ("/healthz", "/readyz")),
}
#: What needs more than `read` although it changes nothing, and what needs less than `scan` although it does.
ADMIN_READS = {"/config", "/tokens", "/users"}
READ_WRITES = {("PUT", "/me/password")}
#: What a scan token may start or stop.
SCANS = {
    ("POST", "/libraries/{library_id}/scan"),
    ("POST", "/libraries/{library_id}/rescan"),
    ("POST", "/analyzer/library/scan"),
    ("POST", "/jobs/{job_id}/cancel"),
    ("POST", "/jobs/{job_id}/retry"),
    ("POST", "/problems/{problem_id}/retry"),
}


def meant(method: str, path: str) -> str:
    """What a route is meant to need."""
    if (method, path) in OPEN:
        return "open"
    if (method, path) in READ_WRITES:
        return "read"
    if (method, path) in SCANS:
        return "scan"
    return "read" if method in ("GET", "HEAD") and path not in ADMIN_READS else "admin"


async def test_every_route_needs_what_it_is_meant_to_need(app: App) -> None:
    table = table_of_routes(app, Workers())
    assert len(table) >= 12
    found = {(method, line.path): line.word for line in table for method in line.methods}
    wanted = {(method, path): meant(method, path.removeprefix(PREFIX)) for method, path in found}
    assert found == wanted


async def test_exactly_those_who_may_pass_the_gate_of_each_route(live: Live) -> None:
    order = ["open", "read", "scan", "admin"]
    for line in table_of_routes(live.app, Workers()):
        path = line.path.replace("{", "").replace("}", "")  # ids that nothing has
        if path.endswith("/events"):
            continue  # they never end; they have tests of their own
        for method in sorted(line.methods):
            for token in (None, "read", "scan", "admin"):
                answer = await live.ask(method, path, token=token)
                passes = order.index(token or "open") >= order.index(line.word)
                expected = None if passes else 401 if token is None else 403
                told = (method, path, token, answer.status_code, answer.text)
                if expected is not None:
                    assert answer.status_code == expected, told
                    if method != "HEAD":
                        slug = "unauthenticated" if token is None else "forbidden"
                        assert answer.json()["type"] == f"/problems/{slug}"
                else:
                    assert answer.status_code not in (401, 403) or line.word == "open", told
                    assert answer.status_code < 500, told


async def test_a_route_that_declares_nothing_stops_the_start() -> None:
    good, bad, outer = APIRouter(prefix=PREFIX), APIRouter(prefix=PREFIX), APIRouter()

    @good.get("/a", dependencies=[needs("read")])
    async def a() -> None: ...

    @good.get("/b", dependencies=[IS_OPEN])
    async def b() -> None: ...

    @bad.get("/c")
    async def c() -> None: ...

    assert [line.word for line in table_of([good])] == ["read", "open"]
    with pytest.raises(NothingDeclared, match="/api/v1/c"):
        table_of([good, bad])
    outer.include_router(good)
    with pytest.raises(NothingDeclared, match="by itself"):
        table_of([outer])
    with pytest.raises(ValueError, match="nobody"):
        needs("nobody")


async def test_of_several_needs_the_highest_counts() -> None:
    routes = APIRouter(prefix=PREFIX, dependencies=[needs("scan")])

    @routes.get("/a", dependencies=[needs("admin"), needs("read")])
    async def a() -> None: ...

    assert [line.word for line in table_of([routes])] == ["admin"]
