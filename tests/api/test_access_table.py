"""Every route lets in exactly those who may: asked one by one, over a real socket.

The table is that of the application; what stands here is what each route is meant to need, so that nobody
opens one by a slip of the pen.
"""

from __future__ import annotations

import pytest
from fastapi import APIRouter

from shelfread.api.access import IS_OPEN, PREFIX, NothingDeclared, needs, table_of
from shelfread.api.application import table_of_routes
from shelfread.api.cookie import COOKIE
from shelfread.app import App
from shelfread.model.account import Right
from shelfread.web.pages import page_routers
from tests.api.api_stand import NO_SQL, PASSWORD, Live, Workers
from tests.api.lasting_servers import LASTING
from tests.api.stream_client import opened
from tests.web.page_table import PAGES

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Every route that there is, and who may ask for it. A new one has to be written down here, too.
TABLE = {
    "GET /healthz": "open",
    "HEAD /healthz": "open",
    "GET /readyz": "open",
    "HEAD /readyz": "open",
    **PAGES,
    "GET /metrics": "read",
    "GET /openapi.json": "read",
    "POST /api/v1/login": "open",
    "POST /api/v1/logout": "open",
    "GET /api/v1/setup": "open",
    "POST /api/v1/setup": "open",
    "GET /api/v1/me": "read",
    "PUT /api/v1/me/password": "read",
    "GET /api/v1/tokens": "admin",
    "POST /api/v1/tokens": "admin",
    "DELETE /api/v1/tokens/{token_id}": "admin",
    "GET /api/v1/users": "admin",
    "POST /api/v1/users": "admin",
    "DELETE /api/v1/users/{user_id}": "admin",
    "PUT /api/v1/users/{user_id}/password": "admin",
    "GET /api/v1/libraries": "read",
    "POST /api/v1/libraries": "admin",
    "GET /api/v1/libraries/{library_id}": "read",
    "PATCH /api/v1/libraries/{library_id}": "admin",
    "DELETE /api/v1/libraries/{library_id}": "admin",
    "GET /api/v1/folders": "admin",
    "GET /api/v1/folders/kind": "admin",
    "POST /api/v1/libraries/{library_id}/scan": "scan",
    "POST /api/v1/libraries/{library_id}/rescan": "scan",
    "POST /api/v1/libraries/{library_id}/convert": "scan",
    "POST /api/v1/libraries/{library_id}/covers": "scan",
    "GET /api/v1/libraries/{library_id}/missing": "read",
    "POST /api/v1/libraries/{library_id}/prune": "admin",
    "GET /api/v1/libraries/{library_id}/mosaic": "read",
    "GET /api/v1/libraries/{library_id}/held": "read",
    "POST /api/v1/libraries/{library_id}/held/confirm": "admin",
    "POST /api/v1/libraries/{library_id}/held/reject": "admin",
    "GET /api/v1/likenesses": "read",
    "POST /api/v1/likenesses/{likeness_id}/confirm": "admin",
    "POST /api/v1/likenesses/{likeness_id}/reject": "admin",
    "GET /api/v1/libraries/{library_id}/schedule": "read",
    "PUT /api/v1/libraries/{library_id}/schedule": "admin",
    "DELETE /api/v1/libraries/{library_id}/schedule": "admin",
    "POST /api/v1/libraries/{library_id}/schedule/pause": "admin",
    "POST /api/v1/libraries/{library_id}/schedule/resume": "admin",
    "POST /api/v1/libraries/{library_id}/schedule/run": "scan",
    "GET /api/v1/libraries/{library_id}/scan-status": "read",
    "GET /api/v1/libraries/{library_id}/scan-history": "read",
    "POST /api/v1/analyzer/library/scan": "scan",
    "GET /api/v1/system": "admin",
    "GET /api/v1/config": "admin",
    "PUT /api/v1/config": "admin",
    "GET /api/v1/jobs": "read",
    "GET /api/v1/jobs/counts": "read",
    "GET /api/v1/jobs/{job_id}": "read",
    "GET /api/v1/jobs/{job_id}/trail": "read",
    "GET /api/v1/jobs/{job_id}/folders": "read",
    "GET /api/v1/jobs/{job_id}/siblings": "read",
    "GET /api/v1/jobs/{job_id}/changes": "read",
    "GET /api/v1/jobs/{job_id}/logs": "read",
    "GET /api/v1/jobs/{job_id}/problems": "read",
    "GET /api/v1/jobs/{job_id}/events": "read",
    "POST /api/v1/jobs/{job_id}/cancel": "scan",
    "POST /api/v1/jobs/{job_id}/retry": "scan",
    "GET /api/v1/workers": "read",
    "GET /api/v1/events": "read",
    "GET /api/v1/problems": "read",
    "GET /api/v1/problems/counts": "read",
    "POST /api/v1/problems/retry": "scan",
    "POST /api/v1/problems/{problem_id}/retry": "scan",
    "POST /api/v1/problems/{problem_id}/ignore": "scan",
    "POST /api/v1/problems/{problem_id}/unignore": "scan",
    "GET /api/v1/artists": "read",
    "GET /api/v1/artists/{artist_id}": "read",
    "GET /api/v1/releases": "read",
    "GET /api/v1/releases/{release_id}": "read",
    "GET /api/v1/tracks": "read",
    "GET /api/v1/tracks/{track_id}": "read",
    "GET /api/v1/tracks/{track_id}/file": "read",
    "HEAD /api/v1/tracks/{track_id}/file": "read",
    "GET /api/v1/series": "read",
    "GET /api/v1/series/{series_id}": "read",
    "GET /api/v1/books": "read",
    "GET /api/v1/books/{book_id}": "read",
    "GET /api/v1/books/{book_id}/file": "read",
    "HEAD /api/v1/books/{book_id}/file": "read",
    "GET /api/v1/books/{book_id}/pages/{page}": "read",
    "GET /api/v1/movies": "read",
    "GET /api/v1/movies/{movie_id}": "read",
    "GET /api/v1/movies/{movie_id}/file": "read",
    "HEAD /api/v1/movies/{movie_id}/file": "read",
    "GET /api/v1/shows": "read",
    "GET /api/v1/shows/{show_id}": "read",
    "GET /api/v1/episodes": "read",
    "GET /api/v1/episodes/{episode_id}": "read",
    "GET /api/v1/episodes/{episode_id}/file": "read",
    "HEAD /api/v1/episodes/{episode_id}/file": "read",
    "GET /api/v1/videos/{video_id}": "read",
    "GET /api/v1/videos/{video_id}/file": "read",
    "HEAD /api/v1/videos/{video_id}/file": "read",
    "GET /api/v1/covers/{digest}": "read",
    "GET /api/v1/search": "read",
}
#: What may be asked for with less, from left to right.
ORDER = ("open", "read", "scan", "admin")


def _routes(app: App) -> dict[str, str]:
    """Every route of `shelfread serve`, and what it says that it needs."""
    table = [*table_of_routes(app, Workers()), *table_of(page_routers())]
    return {f"{method} {line.path}": line.word for line in table for method in line.methods}


async def _visitors(live: Live) -> list[tuple[str, dict[str, str]]]:
    """Somebody for each way to come in: the scope, and what is sent."""
    found: list[tuple[str, dict[str, str]]] = [("open", {})]
    for right in Right:
        found.append((right.value, live.headers(right.value)))
        user = await live.app.accounts.add_user(f"a {right.value}", PASSWORD, right)
        found.append((right.value, {"Cookie": f"{COOKIE}={await live.app.accounts.log_in(user)}"}))
    return found


async def test_every_route_stands_in_this_table_with_what_it_needs(app: App) -> None:
    assert _routes(app) == TABLE


@NO_SQL
async def test_exactly_those_who_may_pass_the_gate_of_each_route(live: Live) -> None:
    visitors = await _visitors(live)
    # Logging out comes last: it works.
    for line, word in sorted(_routes(live.app).items(), key=lambda one: one[0].endswith("/logout")):
        method, path = line.split()
        path = path.replace("{", "").replace("}", "")  # ids that nothing has
        for scope, said in visitors:
            if path.endswith("/events"):
                async with opened(live.url, path, said) as stream:
                    status = stream.status
            else:
                answer = await live.ask(method, path, token=None, headers=said)
                status = answer.status_code
                if status in (401, 403) and method != "HEAD":
                    slug = {401: "unauthenticated", 403: "forbidden"}[status]
                    assert answer.json()["type"] == f"/problems/{slug}"
            told = (line, scope, list(said), status)
            if ORDER.index(scope) >= ORDER.index(word):
                assert status not in (401, 403), told
                assert status < 500, told
            else:
                assert status == (401 if scope == "open" else 403), told


@LASTING
async def test_what_is_no_route_tells_strangers_nothing(live: Live) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/static/setup.html", 404),
        ("GET", "/static/..%2f..%2fsettings.py", 404),
        ("OPTIONS", "/api/v1/users", 405),
        ("TRACE", "/api/v1/users", 405),
        ("POST", "/api/v1/users/1", 405),
    ):
        answer = await live.ask(method, path, token=None)
        assert answer.status_code == status, (method, path)
        assert answer.json()["type"].startswith("/problems/")
    # Another method than that of the request is not the request's.
    override = {"X-HTTP-Method-Override": "GET", "X-Method-Override": "GET"}
    answer = await live.ask("POST", "/api/v1/users", token="read", headers=override)
    assert answer.status_code == 403


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
