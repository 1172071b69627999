"""Hostile requests to every route, as an admin, over real sockets: each is a 4xx and nothing else.

The routes and their parameters are those of the application, so a new one is tried by itself.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from shelfread.api.access import PREFIX
from shelfread.api.application import table_of_routes
from shelfread.api.bounds import BODY_LIMIT, DEPTH_LIMIT
from shelfread.app import App
from tests import catalogue
from tests.api.api_stand import Live, Workers

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: What is put where an id belongs.
IDS = (
    "..", "%2e%2e", "..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5cetc", "%2fetc%2fpasswd", "%00", "1%00",
    "1%0d%0aX:%201", "%ff", "%C0%AE%C0%AE", "%EF%BC%91", "-1", "0", "1e3", "0x1", "1.0", "%201", "9" * 19,
    "9" * 5000, "1%27%20OR%201=1--", "%7Bid%7D", "null", "%F0%9F%92%A9",
    "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
#: What is put where a parameter belongs, by its name; else `OTHERS`.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "limit": (str(10**9), str(2**64), "9" * 5000, "501", "0", "-1", "1e3", "1.5", "x", "", "%00", "0x10"),
    "sort": ("id;drop", "id%3bdrop%20table%20tracks", "path", "", "1", "title%20desc", "TITLE", "%00"),
    "order": ("id;drop", "", "ASC", "asc,title", "%00"),
    "after": ("x", "%00", "../..", "W10", "bnVsbA", "WyJqb2JzIiwxXQ==x", "A" * 3000, "eyJhIjoxfQ"),
    "q": ("%00", "%ff", "a" * 10_001),
    "genre": ("%00", "x" * 501),
    "tag": ("%00", "x" * 501),
    "writer": ("%00", "x" * 501),
    "person": ("%00", "x" * 501),
    "publisher": ("%00", "x" * 501),
    "language": ("%00", "x" * 65),
}
OTHERS = ("id;drop", "-1", str(10**30), "%00", "%ff", "x" * 3000)
#: PROMISES D2 clamps this one: whatever whole number is said, it counts as 1 to 100.
CLAMPED = f"{PREFIX}/libraries/{{library_id}}/scan-history"
#: Any text is a value of these.
TEXTS = {"genre", "language", "person", "publisher", "q", "tag", "writer"}


def _ask_all(live: Live, asked: Iterable[tuple[str, str, bytes | None]]) -> list[tuple[str, int, str, bytes]]:
    """Ask one after the other, with addresses sent as they are; gives status, type and beginning of each."""
    where = urlsplit(live.url)
    found = []
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=90)
    headers = live.headers() | {"Content-Type": "application/json"}
    for method, address, body in asked:
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        told = f"{method} {address[:200]} {(body or b'')[:60]!r}"
        found.append((told, answer.status, answer.headers["content-type"] or "", content[:2000]))
    connection.close()
    return found


async def _are_refused(live: Live, asked: Iterable[tuple[str, str, bytes | None]], least: int) -> None:
    before = await catalogue.rows(live.app.database)
    answers = await asyncio.to_thread(_ask_all, live, list(asked))
    assert len(answers) >= least
    for told, status, kind, content in answers:
        assert 400 <= status < 500, (told, status, content)
        assert status not in (401, 403), told
        assert kind == "application/problem+json", (told, status, kind)
        assert not told.startswith("HEAD") or content == b""
        if content:
            assert json.loads(content)["type"].startswith("/problems/"), told
        assert b"Traceback" not in content
    after = await catalogue.rows(live.app.database)
    for rows in (before, after):
        for one in rows["tokens"]:
            one["used_at"] = None
    assert after == before


def _lines(app: App) -> Iterator[tuple[str, str]]:
    for line in table_of_routes(app, Workers()):
        for method in sorted(line.methods):
            yield method, line.path


def _filled(path: str, value: str) -> str:
    """An address with this value in each of its places."""
    while "{" in path:
        path = path[: path.index("{")] + value + path[path.index("}") + 1 :]
    return path


async def test_no_trick_with_a_path_gets_anywhere(live: Live) -> None:
    await _are_refused(
        live,
        [
            (method, _filled(path, value), b"{}" if method in ("PUT", "PATCH") else None)
            for method, path in _lines(live.app)
            if "{" in path
            for value in IDS
        ],
        400,
    )


def _parameters(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every parameter of every address that can be read."""
    for path, methods in document["paths"].items():
        for one in methods.get("get", {}).get("parameters", ()):
            if one["in"] == "query":
                yield path, one["name"]


async def test_no_value_of_a_parameter_is_anything_but_refused(live: Live) -> None:
    library = await live.app.libraries.add("Music", "music", [])
    document = (await live.ask("GET", "/openapi.json")).json()
    parameters = list(_parameters(document))
    assert {name for _, name in parameters} >= {"limit", "sort", "order", "after", "q", "library_id"}
    asked = []
    for path, name in parameters:
        for value in PARAMETERS.get(name, OTHERS):
            if path == CLAMPED and value.lstrip("-").isdigit() and len(value) < 4000:
                continue
            # What else the route needs, so that it is this that is refused.
            more = "&q=a" if path.endswith("/search") and name != "q" else ""
            asked.append(("GET", f"{_filled(path, str(library.id))}?{name}={value}{more}", None))
    await _are_refused(live, asked, 200)


async def test_a_sort_or_a_parameter_that_there_is_not_is_refused_on_every_route(live: Live) -> None:
    asked = [
        (method, f"{_filled(path, '1')}?{wrong}", None)
        for method, path in _lines(live.app)
        if method in ("GET", "HEAD") and path.startswith(PREFIX)
        for wrong in ("sort=id;drop", "limit=1000000000&sort=id%3Bdrop", "libary_id=1", "LIMIT=1", "a%00=1")
    ]
    await _are_refused(live, asked, 100)
    answer = await live.ask("GET", f"{PREFIX}/libraries?libary_id=1")
    assert answer.json()["errors"][0]["where"] == "query.libary_id"
    answer = await live.ask("GET", f"{PREFIX}/artists?libary_id=1")
    assert "there are: after, library_id, limit, order, sort, status" in answer.json()["detail"]


def _nested(depth: int) -> bytes:
    return b'{"name": ' + b"[" * depth + b"]" * depth + b"}"


BODIES: dict[str, Callable[[], bytes]] = {
    "a little too large": lambda: b'{"name": "' + b"x" * BODY_LIMIT + b'"}',
    "far too large": lambda: b'{"name": "' + b"x" * (15 * BODY_LIMIT) + b'"}',
    "too deep": lambda: _nested(DEPTH_LIMIT),
    "far too deep": lambda: _nested(30_000),
    "never closed": lambda: b"[" * 60_000,
    "objects": lambda: b'{"a":' * 10_000,
}


async def test_no_route_takes_a_body_that_is_too_large_or_too_deep(live: Live) -> None:
    asked = [
        (method, _filled(path, "1"), make())
        for method, path in _lines(live.app)
        if method not in ("GET", "HEAD")
        for make in BODIES.values()
    ]
    await _are_refused(live, asked, 100)


async def test_d2_a_history_clamps_what_a_list_refuses(live: Live) -> None:
    library = await live.app.libraries.add("Music", "music", [])
    address = _filled(CLAMPED, str(library.id))
    for limit in ("0", "-5", "101", str(10**9), str(10**100)):
        answer = await live.ask("GET", address, params={"limit": limit})
        assert (answer.status_code, answer.json()) == (200, {"history": []}), limit
    for limit in ("x", "1.5", "", "9" * 5000):
        answer = await live.ask("GET", address, params={"limit": limit})
        assert answer.status_code == 422, limit
