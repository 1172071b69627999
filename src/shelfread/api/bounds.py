"""How much a request may bring: bytes, depth, time, and only whole characters.

Bodies are read here as a whole before a route sees them, so that each limit holds for every route, however
the body comes. Knows no route.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send, header
from shelfread.api.problems import ApiProblem
from shelfread.model.account import is_text

#: Bytes of a body, levels of its JSON, bytes of path and query, and seconds until the body is there.
BODY_LIMIT, DEPTH_LIMIT, ADDRESS_LIMIT, BODY_S = 64 * 1024, 32, 8 * 1024, 30.0
#: Bytes of a body that are heard, though not kept, before it is refused.
HEARD_LIMIT = 1024 * 1024
#: A text, or what opens or closes a level.
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
_CLOSE = {"Connection": "close"}


class _Gone(Exception):
    """The client has left in the middle of its request."""


class Bounds:
    """Refuses requests that bring too much."""

    def __init__(self, application: Asgi, body_s: float = BODY_S) -> None:
        self._application = application
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        try:
            check_address(scope)
            if _has_body(scope):
                receive = await self._bounded(scope, receive)
        except ApiProblem as problem:
            await problem.answer()(scope, receive, send)
            return
        except _Gone:
            return
        await self._application(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        said = header(scope, b"content-length")
        if said is not None and said.isdigit() and int(said[:18]) > HEARD_LIMIT:
            raise _too_large()
        try:
            async with asyncio.timeout(self._body_s):
                body = await _read(receive)
        except TimeoutError:
            raise ApiProblem(408, "too-slow", headers=_CLOSE) from None
        check_body(body)
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            # After the body comes what the client does next: leaving.
            return waiting.pop() if waiting else await receive()

        return again


def _too_large() -> ApiProblem:
    return ApiProblem(413, "too-large", f"a body has at most {BODY_LIMIT} bytes", headers=_CLOSE)


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _read(receive: Receive) -> bytes:
    body, size = b"", 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        part: bytes = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        # What is not far too large is heard to its end: who still speaks does not hear the answer.
        if size > HEARD_LIMIT or (size > BODY_LIMIT and not more):
            raise _too_large()
        if size <= BODY_LIMIT:
            body += part
        if not more:
            return body


def check_address(scope: Scope) -> None:
    """Refuse an address that no route can mean.

    Raises:
        ApiProblem: 404 for a path, 422 for a query.
    """
    path, query = scope.get("raw_path") or b"", scope.get("query_string") or b""
    if len(path) + len(query) > ADDRESS_LIMIT:
        raise ApiProblem(414, "too-large", f"an address has at most {ADDRESS_LIMIT} bytes")
    if not _is_clean(path):
        raise ApiProblem(404, "not-found")
    if not _is_clean(query):
        raise ApiProblem(422, "invalid-request", "the query is no text", errors=[_wrong("query")])


def _is_clean(part: bytes) -> bool:
    plain = unquote_to_bytes(part)
    try:
        return "\0" not in plain.decode()
    except UnicodeDecodeError:
        return False


def check_body(body: bytes) -> None:
    """Refuse JSON that is nested too deep, or has characters that are none.

    Raises:
        ApiProblem: it is refused.
    """
    depth = 0
    for mark in _MARKS.finditer(body):
        first = mark[0][:1]
        depth += first in b"[{"
        depth -= first in b"]}"
        if depth > DEPTH_LIMIT:
            detail = f"JSON is nested {DEPTH_LIMIT} levels deep at most"
            raise ApiProblem(400, "invalid-request", detail)
    if b"\\u" in body:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return  # the route says what is wrong with it
        if not _is_whole(document):
            # Half a character, or NUL: neither is a text that every database takes.
            raise ApiProblem(422, "invalid-request", "the body is no text", errors=[_wrong("body")])


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and is_text(value)
    if isinstance(value, dict):
        return all(_is_whole(part) for pair in value.items() for part in pair)
    return all(map(_is_whole, value)) if isinstance(value, list) else True


def _wrong(where: str) -> dict[str, str]:
    return {"where": where, "message": "NUL and halves of characters are no text"}
