"""Problems that people meet become pages with plain words; whoever is not known is asked to log in.

Stands around the application; only answers to browsers on their way from page to page are changed. Knows no
route.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send, header
from shelfread.api.problems import MEDIA_TYPE
from shelfread.web.rendering import page

#: Addresses that are for programs.
_OF_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")
#: What people read instead of the title of a problem.
_WORDS = {
    403: "This is not for you",
    404: "There is nothing here",
    409: "This cannot be done now",
    413: "This is too much at once",
    422: "Something is not as it must be",
    429: "Too many tries",
    500: "Something went wrong",
    503: "One moment, please",
}
_ODD_ADDRESS = "something in this address cannot be understood; choose anew on the page that it is of"
_TYPE = MEDIA_TYPE.encode()


class Plainly:
    """Tells problems to people."""

    def __init__(self, application: Asgi) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_of_a_person(scope):
            await self._application(scope, receive, send)
            return
        started: Message | None = None
        body: list[bytes] = []

        async def send_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start" and _is_problem(message):
                started = message
            elif started is None:
                await send(message)
            else:
                body.append(message.get("body", b""))

        await self._application(scope, receive, send_on)
        if started is not None:
            answer = await _told(Request(scope), started, b"".join(body))
            await answer(scope, receive, send)


def _is_of_a_person(scope: Scope) -> bool:
    accepted = header(scope, b"accept") or ""
    return "text/html" in accepted and not scope["path"].startswith(_OF_PROGRAMS)


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(_TYPE)
        for name, value in message.get("headers", ())
    )


async def _told(request: Request, started: Message, body: bytes) -> Response:
    status: int = started["status"]
    said: dict[str, Any] = json.loads(body)
    if status == 401:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.method != "GET" or back == "/":
            return RedirectResponse("/login", 303)
        return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)
    title = _WORDS.get(status, said["title"])
    # What a program is told of the place of a mistake says nothing to a person, who has followed a link.
    is_address = status == 422 and ("errors" in said or request.method == "GET")
    detail = _ODD_ADDRESS if is_address else said.get("detail")
    answer = await page(request, "problem.html", status=status, title=title, detail=detail)
    for name, value in started.get("headers", ()):
        if name.lower() in (b"retry-after", b"allow"):
            answer.headers[name.decode("latin-1")] = value.decode("latin-1")
    return answer
