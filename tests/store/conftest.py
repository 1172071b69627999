"""Databases with nothing in them, and real processes to race with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shelfread.store.database import Database


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a table, on SQLite and on PostgreSQL."""
    if database_kind == "sqlite":
        folder = tmp_path / "empty"
        folder.mkdir()
        return f"sqlite:///{folder / 'shelf.db'}"
    return str(request.getfixturevalue("postgres").empty())


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database without a row."""
    opened = Database(database_url)
    yield opened
    await opened.close()


Work = Callable[[Any], Any]
