"""The id of each request, and its line in the log.

An id that the client or a proxy gave is kept when it is harmless, so that their logs and ours can be read
side by side. Knows no route.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from shelfread.api.access import PREFIX, principal_of
from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send, header
from shelfread.api.caller import caller_of
from shelfread.model.account import Principal
from shelfread.model.trace import bound
from shelfread.settings import Settings

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PATH_LIMIT = 200
_READING = ("GET", "HEAD", "OPTIONS")

_log = logging.getLogger(__name__)


class Traced:
    """Gives each request an id, and writes a line when it was answered."""

    def __init__(self, application: Asgi, settings: Callable[[], Settings]) -> None:
        self._application = application
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        given = header(scope, b"x-request-id") or ""
        request_id = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode("ascii")),
                ]
            await send(message)

        began = time.monotonic()
        with bound(request_id=request_id):
            try:
                await self._application(scope, receive, send_on)
            finally:
                self._write(scope, status, time.monotonic() - began)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        # What changes something is worth a line, and what somebody known may not do; what anybody may ask a
        # thousand times a second is not.
        principal = principal_of(scope)
        changes = method not in _READING and path.startswith(PREFIX) and 200 <= status < 300
        refused = status == 403 and principal is not None
        level = logging.INFO if changes or refused or status >= 500 else logging.DEBUG
        if _log.isEnabledFor(level):
            # Not the query: it is the caller's own business, and may hold anything.
            _log.log(
                level,
                "%s %s: %s in %d ms, from %s%s",
                method,
                path[:_PATH_LIMIT],
                status or "no answer",
                seconds * 1000,
                caller_of(scope, self._settings().trusted_proxies).address or "nowhere",
                _words_of(principal),
            )


def _words_of(principal: Principal | None) -> str:
    """Who asked, for the log: also the number, for names may be used again."""
    if principal is None:
        return ""
    if principal.token_id is not None:
        return f", with the token {principal.token_id} ({principal.name})"
    return f", by the user {principal.user_id} ({principal.name})" if principal.user_id is not None else ""
