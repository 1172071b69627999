"""What tests of the API share: servers that answer over real sockets, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shelfread.app import open_app
from shelfread.settings import Settings
from shelfread.tasks.library_scan import Pools
from tests.api.api_stand import Live, client_of, served, tokens_of
from tests.api.lasting_servers import LastingServers, lasting_servers, scanned_shelf
from tests.cli.staying_programs import house
from tests.conftest import NewCatalogue, PostgresServer, Shelf, catalogues


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def lasting_on_sqlite(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_catalogue: Path
) -> AsyncIterator[LastingServers]:
    """Servers for tests with the mark `lasting`."""
    folder = tmp_path_factory.mktemp("lasting")
    with catalogues(request, folder, sqlite_catalogue) as new:
        async with lasting_servers("sqlite", folder, new) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def lasting_on_postgresql(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_catalogue: Path,
    postgres: PostgresServer,
) -> AsyncIterator[LastingServers]:
    """The same on PostgreSQL, which is there as long as they are."""
    folder = tmp_path_factory.mktemp("lasting")
    with catalogues(request, folder, sqlite_catalogue) as new:
        async with lasting_servers("postgresql", folder, new) as made:
            yield made


@pytest.fixture
def lasting(request: pytest.FixtureRequest, database_kind: str) -> LastingServers | None:
    """The servers that a test asks with others, if it has the mark."""
    if request.node.get_closest_marker("lasting") is None:
        return None
    # By name, so that none is started for a test that has its own.
    found: LastingServers = request.getfixturevalue(f"lasting_on_{database_kind}")
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def live(
    request: pytest.FixtureRequest,
    database_kind: str,
    tmp_path: Path,
    new_catalogue: NewCatalogue,
    lasting: LastingServers | None,
) -> AsyncIterator[Live]:
    """A server in this process, without workers, on SQLite and on PostgreSQL."""
    if lasting is not None:
        yield (await lasting.of(request.fixturenames)).live
        return
    url = await new_catalogue(database_kind)
    settings = Settings(database_url=url, settle_seconds=0, data_dir=tmp_path / "data")
    async with open_app(settings) as app, served(app) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def live_process(tmp_path: Path, database_url: str) -> AsyncIterator[Live]:
    """`shelfread serve` as a process of its own, with one worker, on SQLite and on PostgreSQL."""
    async with house(tmp_path, database_url) as made:
        tokens = await tokens_of(made.app)
        program = await made.serve()
        async with client_of(program.url) as client:
            yield Live(program.url, made.app, tokens, client, program)


async def _shelf(
    request: pytest.FixtureRequest, live: Live, lasting: LastingServers | None, folder: Path, pools: Pools
) -> Shelf:
    name = str(request.fixturename)
    if lasting is not None:
        return await (await lasting.of(request.fixturenames)).shelf(name, pools)
    return await scanned_shelf(name, live.app, folder, pools)


@pytest_asyncio.fixture(loop_scope="session")
async def music(
    request: pytest.FixtureRequest,
    live: Live,
    lasting: LastingServers | None,
    tmp_path: Path,
    pools: Pools,
) -> Shelf:
    """A scanned library of the server."""
    return await _shelf(request, live, lasting, tmp_path, pools)


@pytest_asyncio.fixture(loop_scope="session")
async def comics(
    request: pytest.FixtureRequest,
    live: Live,
    lasting: LastingServers | None,
    tmp_path: Path,
    book_pools: Pools,
) -> Shelf:
    """A scanned library of books of the server."""
    return await _shelf(request, live, lasting, tmp_path, book_pools)


@pytest_asyncio.fixture(loop_scope="session")
async def films(
    request: pytest.FixtureRequest,
    live: Live,
    lasting: LastingServers | None,
    tmp_path: Path,
    video_pools: Pools,
) -> Shelf:
    """A scanned library of videos of the server."""
    return await _shelf(request, live, lasting, tmp_path, video_pools)
