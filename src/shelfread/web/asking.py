"""Pages ask the API as their visitor: in the same process, by the same routes, with the same rights.

So nobody can see or do by a page what they may not over HTTP, and a page knows no more than a client.
What the API refuses becomes an `ApiProblem` again, with its words. Knows no page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request

from shelfread.api.access import PREFIX
from shelfread.api.asgi import Message, Scope
from shelfread.api.problems import ApiProblem

#: What of a request goes on to the API: where it came from, and whom it acts for.
_OWN = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path", "app")
_HEADERS = frozenset({b"host", b"cookie", b"user-agent", b"x-forwarded-for", b"x-forwarded-proto"})

#: Jobs under way that are looked at.
_JOBS = 100
#: Where a request keeps what it was told.
_TOLD = "shelfread_told"

Query = Mapping[str, Any]


class Answer:
    """What the API said."""

    def __init__(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def document(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def cookies(self) -> list[str]:
        """The `Set-Cookie` headers, which a page hands on."""
        return [value.decode("latin-1") for name, value in self.headers if name == b"set-cookie"]


async def ask(request: Request, path: str, query: Query | None = None) -> Any:
    """The document that the API answers a page's visitor with.

    Args:
        request: the visitor's.
        path: below /api/v1, "/jobs" say; what comes from outside is put in with `part`.
        query: parameters; those that are None are left out, a list is given several times.

    What one page asks twice is asked once: its parts tell of one moment.

    Raises:
        ApiProblem: the API refuses.
    """
    told: dict[bytes, Any] = request.scope.setdefault(_TOLD, {})
    address = path.encode() + b"?" + _query_string(query)
    if address not in told:
        told[address] = (await tell(request, "GET", path, query=query)).document
    return told[address]


async def may_ask(request: Request, path: str, query: Query | None = None) -> Any:
    """The same, but None where there is no such thing or it is not for this visitor."""
    try:
        return await ask(request, path, query)
    except ApiProblem as problem:
        if problem.status in (401, 403, 404):
            return None
        raise


async def jobs_under_way(request: Request, library_id: int | None = None) -> list[dict[str, Any]]:
    """The jobs that run and wait, of all libraries or of one."""
    query = {"status": ["running", "queued"], "library_id": library_id, "limit": _JOBS}
    jobs: list[dict[str, Any]] = (await ask(request, "/jobs", query))["items"]
    return jobs


async def names_of_libraries(request: Request) -> dict[int, str]:
    """The names of all libraries, by their ids."""
    # A page that shows how much they hold has asked already.
    counted = request.scope.get(_TOLD, {}).get(b"/libraries?")
    found = counted or await ask(request, "/libraries", {"counts": "false"})
    return {one["id"]: one["name"] for one in found["items"]}


async def tell(
    request: Request, method: str, path: str, body: Any = None, query: Query | None = None
) -> Answer:
    """Have the API do something for a page's visitor.

    Args:
        request: the visitor's.
        method: POST, PATCH, PUT or DELETE.
        path: below /api/v1.
        body: what becomes JSON; None sends nothing.
        query: as in `ask`.

    Raises:
        ApiProblem: the API refuses.
    """
    content = b"" if body is None else json.dumps(body).encode()
    if method != "GET":
        request.scope.pop(_TOLD, None)
    scope = _scope(request, method, path, query, content)
    parts: list[bytes] = []
    start: dict[str, Any] = {}

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    try:
        await request.app(scope, receive, send)
    finally:
        if method != "GET":
            request.app.state.changes = changes_of(request) + 1
    answer = Answer(start["status"], list(start.get("headers", ())), b"".join(parts))
    if answer.status >= 400:
        raise _problem(answer)
    return answer


def changes_of(request: Request) -> int:
    """How often pages have had something done: what was rendered before the last time may be over."""
    return int(getattr(request.app.state, "changes", 0))


def part(text: object) -> str:
    """One part of a path, from whatever came from outside."""
    return quote(str(text), safe="")


def _scope(request: Request, method: str, path: str, query: Query | None, content: bytes) -> Scope:
    headers = [pair for pair in request.scope["headers"] if pair[0] in _HEADERS]
    if content:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    scope: dict[str, Any] = {name: request.scope[name] for name in _OWN if name in request.scope}
    # What the gate found out about the visitor.
    scope |= {name: one for name, one in request.scope.items() if name.startswith("shelfread.")}
    scope |= {
        "method": method,
        "path": unquote(PREFIX + path),
        "raw_path": (PREFIX + path).encode(),
        "query_string": _query_string(query),
        "headers": headers,
    }
    return scope


def _query_string(query: Query | None) -> bytes:
    known = {name: one for name, one in (query or {}).items() if one is not None and one != []}
    return urlencode(known, doseq=True).encode()


def _problem(answer: Answer) -> ApiProblem:
    said = answer.document
    if not isinstance(said, dict) or not str(said.get("type", "")).startswith("/problems/"):
        return ApiProblem(answer.status, "internal")
    slug = said["type"].removeprefix("/problems/")
    extra = {name: one for name, one in said.items() if name not in ("type", "title", "status", "detail")}
    again = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in answer.headers
        if name in (b"retry-after", b"allow")
    }
    return ApiProblem(answer.status, slug, said.get("detail"), headers=again, **extra)
