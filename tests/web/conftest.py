"""Tests of pages use the servers of the tests of the API, and some a server and a browser of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.api.conftest import comics, films, lasting, lasting_on_postgresql, lasting_on_sqlite, live, music
from tests.conftest import NewCatalogue
from tests.web.server_stand import ADMIN, Server, serving

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.web.browser_stand import NewVisitor, Visitor

__all__ = ["comics", "films", "lasting", "lasting_on_postgresql", "lasting_on_sqlite", "live", "music"]


@pytest_asyncio.fixture(loop_scope="session")
async def leaving() -> AsyncIterator[AsyncExitStack]:
    """Where visitors are who leave before the server does: a page that loses its server complains."""
    async with AsyncExitStack() as visitors:
        yield visitors


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_server(
    tmp_path: Path, new_catalogue: NewCatalogue, leaving: AsyncExitStack
) -> AsyncIterator[Server]:
    """A server that nobody has set up, on SQLite: pages are the same, whatever the database is."""
    async with serving(tmp_path, await new_catalogue("sqlite")) as made:
        yield made
        await leaving.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def server(fresh_server: Server) -> Server:
    """A server with one user, the admin."""
    await fresh_server.user(ADMIN)
    return fresh_server


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of this process that want it."""
    # Only here, so that tests without a browser do not load what drives one.
    from tests.web.browser_stand import chromium

    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def new_visitor(
    request: pytest.FixtureRequest, browser: Browser, leaving: AsyncExitStack
) -> AsyncIterator[NewVisitor]:
    """Makes visitors: `await new_visitor(server.url, width="phone")`."""
    from tests.web.browser_stand import NewVisitor

    assert request.node.get_closest_marker("browser"), "tests with a browser have the mark `browser`"
    yield NewVisitor(browser, leaving)
    await leaving.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(new_visitor: NewVisitor, server: Server) -> Visitor:
    """Somebody at a desk who is not logged in yet, on a server with an admin."""
    return await new_visitor(server.url)
