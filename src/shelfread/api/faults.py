"""What goes wrong on the way to an answer: told as a problem, and written down with the id of the request.

Stands around everything that asks the database, the gate included, and inside of what every answer has. A
database that is away is no fault of the server: whoever asked may come again. Knows no route.
"""

from __future__ import annotations

import logging
import time

from starlette.requests import Request
from starlette.responses import Response

from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send
from shelfread.api.problems import ApiProblem
from shelfread.store.database import DatabaseProblem, is_away

#: Seconds after which somebody who found the database away may come again.
SOON_S = 5
#: Seconds between two lines of the log about a database that is away: everybody who asks finds it so.
_QUIET_S = 10.0
_LINE_LIMIT = 300

_log = logging.getLogger(__name__)


def problem_of(error: BaseException) -> ApiProblem:
    """What somebody is told whose request ended in an error. What the error was stands in the log only."""
    if _is_away(error):
        detail = "the database cannot be used at the moment"
        return ApiProblem(503, "not-ready", detail, headers={"Retry-After": str(SOON_S)})
    return ApiProblem(500, "internal")


async def failed(_request: Request, error: Exception) -> Response:
    """The answer of an application in which something failed; it raises the error all the same."""
    return problem_of(error).answer()


def _is_away(error: BaseException) -> bool:
    return is_away(error) or isinstance(error, DatabaseProblem)


class Faults:
    """Answers where what is behind it failed, and says so in the log."""

    def __init__(self, application: Asgi) -> None:
        self._application = application
        self._quiet_until = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def send_on(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._application(scope, receive, send_on)
        except Exception as error:
            self._write(scope, error)
            if scope["type"] != "http":
                raise
            if not began:
                await problem_of(error).answer()(scope, receive, send)

    def _write(self, scope: Scope, error: Exception) -> None:
        # Only its first line: those of the database go on with the statement and its values.
        what = f"{type(error).__name__}: {error}".partition("\n")[0][:_LINE_LIMIT]
        if not _is_away(error):
            request = f"{scope.get('method', '')} {scope.get('path', '')}"[:_LINE_LIMIT]
            _log.error("%s failed: %s", request, what, exc_info=error)
        elif (now := time.monotonic()) >= self._quiet_until:
            self._quiet_until = now + _QUIET_S
            _log.warning("the database is away, and HTTP answers 503: %s", what)
