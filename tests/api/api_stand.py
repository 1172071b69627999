"""A real server over a real socket, in this process or as `shelfread serve`, and clients with every scope."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from shelfread.api.application import make_application
from shelfread.api.listening import HttpServer, listen, url_of
from shelfread.app import App
from shelfread.model.account import Right
from shelfread.web.pages import page_routers
from shelfread.web.plainly import Plainly

#: For tests in which nobody gets as far as the database: once is enough.
NO_SQL = pytest.mark.parametrize("database_kind", ["sqlite"])
#: A password that tests log in with.
PASSWORD = "correct horse battery staple"


@dataclass
class Workers:
    """Workers that are as a test says."""

    state: str = "running"
    settings_ok: bool = True
    wanted: int = 1
    present: int = 1
    busy: int = 0
    worker_id: str | None = None


@dataclass
class Live:
    """A server that answers.

    `await live.ask("POST", "/api/v1/libraries", json={...})` asks as admin; `token="read"` with another
    scope, `token=None` without a login.
    """

    url: str
    #: The database that the server uses, opened here; of a server in this process, its own.
    app: App
    #: A secret for each scope.
    tokens: dict[str, str]
    client: httpx.AsyncClient
    #: What `serve` runs as; None in this process.
    program: Any = None
    workers: Workers = field(default_factory=Workers)

    def headers(self, token: str | None = "admin") -> dict[str, str]:
        """What a client with this scope sends."""
        return {} if token is None else {"Authorization": f"Bearer {self.tokens[token]}"}

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "admin",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """One request; `more` is what httpx takes: json, content, params."""
        return await self.client.request(method, path, headers=self.headers(token) | (headers or {}), **more)


async def tokens_of(app: App) -> dict[str, str]:
    """A token for each scope: their secrets."""
    return {right.value: (await app.accounts.add_token(f"test {right}", right))[1] for right in Right}


def client_of(url: str) -> httpx.AsyncClient:
    """A client that trusts no proxy of the environment and keeps no cookie to itself."""
    # Nothing is encrypted here, and to read what the system trusts costs more than many a test.
    return httpx.AsyncClient(base_url=url, timeout=90, trust_env=False, verify=False)


@asynccontextmanager
async def served(
    app: App,
    workers: Workers | None = None,
    host: str = "127.0.0.1",
    *,
    without_login: bool = False,
) -> AsyncIterator[Live]:
    """A server in this process, and clients of it."""
    sockets = listen(host, 0)
    crew = workers or Workers()
    application = make_application(
        app, crew, host=host, without_login=without_login, pages=page_routers(), plainly=Plainly
    )
    server = HttpServer(application, sockets)
    answering = asyncio.create_task(server.answer())
    url = url_of(sockets)
    try:
        await server.up.wait()
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(client_of(url))
            yield Live(url, app, await tokens_of(app), client, workers=crew)
    finally:
        server.leave()
        await answering
