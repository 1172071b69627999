"""What tests of the API share: servers that answer over real sockets, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from shelfread.app import App
from tests.api.api_stand import Live, client_of, served, tokens_of
from tests.cli.staying_programs import house


@pytest_asyncio.fixture(loop_scope="session")
async def live(app: App) -> AsyncIterator[Live]:
    """A server in this process, without workers, on SQLite and on PostgreSQL."""
    async with served(app) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def live_process(tmp_path: Path, database_url: str) -> AsyncIterator[Live]:
    """`shelfread serve` as a process of its own, with one worker, on SQLite and on PostgreSQL."""
    async with house(tmp_path, database_url) as made:
        tokens = await tokens_of(made.app)
        program = await made.serve()
        async with client_of(program.url) as client:
            yield Live(program.url, made.app, tokens, client, program)
