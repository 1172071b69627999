"""Ends event streams whose login or token is over: revoked, logged out, expired.

Stands behind the gate, which judges a request when it comes; a stream stays for as long as its client likes.
Stands on `app.visits`. Knows of routes only how those of streams end.
"""

from __future__ import annotations

import asyncio

from shelfread.api.access import proof_of, unauthenticated
from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send
from shelfread.app.visits import Visits

#: Addresses of streams end so.
STREAMS = "/events"
_OVER = b": the login or the token is over\n\n"


class Staying:
    """Lets streams stay for as long as what they came in with is good."""

    def __init__(self, application: Asgi, visits: Visits) -> None:
        self._application = application
        self._visits = visits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        proof = proof_of(scope)
        if proof is None or not scope["path"].endswith(STREAMS):
            await self._application(scope, receive, send)
            return
        is_open = began = False

        async def send_on(message: Message) -> None:
            nonlocal is_open, began
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)
            began = True
            await send(message)

        over = asyncio.create_task(self._visits.over(proof))
        staying = asyncio.create_task(self._stay(scope, receive, send_on))
        try:
            await asyncio.wait({over, staying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            ended = staying.done()
            staying.cancel()
            await asyncio.wait({over, staying})
        if ended:
            staying.result()
        elif not began:
            await unauthenticated().answer()(scope, receive, send)
        elif is_open:
            await send({"type": "http.response.body", "body": _OVER, "more_body": False})

    async def _stay(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)
