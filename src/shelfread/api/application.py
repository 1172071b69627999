"""The HTTP application: its routes, how it says that something is wrong, and the headers of every answer.

Stands on `app`. Knows no process and no socket; `listening` has those.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shelfread.api.health import Workers, health_routes
from shelfread.app import App

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

#: In every answer: nothing of it is kept, framed, run or taken for something else.
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


def make_application(app: App, workers: Workers) -> Asgi:
    """The application of a server.

    Args:
        app: the open catalogue.
        workers: those of this process, which `/readyz` tells of.
    """
    application = FastAPI(
        title="Shelfread",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # the address it leads to would be made of the request's Host
    )
    application.include_router(health_routes(app, workers))
    application.add_exception_handler(HTTPException, _refused)
    application.add_exception_handler(Exception, _failed)
    return _with_headers(application)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, dict(error.headers or {}))


async def _failed(_request: Request, _error: Exception) -> Response:
    # The server logs what it was.
    return _problem(500)


def _problem(status: int, headers: dict[str, str] | None = None) -> Response:
    """RFC 9457."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JSONResponse(document, status, headers, media_type="application/problem+json")


def _with_headers(application: Asgi) -> Asgi:
    # Around everything else, so that the answers to errors have them too.
    async def around(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await application(scope, receive, send_on)

    return around
