"""`api.faults`: a database that goes away and comes back, and what the log says of faults."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from unittest import mock
from urllib.parse import urlsplit

import pytest

from shelfread.api.access import PREFIX
from shelfread.api.application import HEADERS, table_of_routes
from shelfread.api.cookie import COOKIE
from shelfread.app import App
from shelfread.store.libraries import LibraryRepository
from tests.api.api_stand import PASSWORD, Live, Workers, served
from tests.conftest import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

Away = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
def away(app: App, request: pytest.FixtureRequest) -> Away:
    """Within it the database of the test is away: its folder is gone, or its server takes nobody in."""

    @asynccontextmanager
    async def without() -> AsyncIterator[None]:
        if (path := app.database.path) is not None:
            hidden = path.parent.rename(path.parent.with_name("hidden"))
            # What is open stays readable; after a disk was lost it would not be.
            await app.database.engine.dispose()
            await app.database.reading.dispose()
            try:
                yield
            finally:
                hidden.rename(path.parent)
            return
        server: PostgresServer = request.getfixturevalue("postgres")
        name = urlsplit(app.database.url.render_as_string(hide_password=False)).path[1:]
        ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", ending)
        try:
            yield
        finally:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    return without


def _is_not_ready(answer: object, told: object) -> None:
    assert answer.status_code == 503, (told, answer)  # type: ignore[attr-defined]
    headers, text = answer.headers, answer.text  # type: ignore[attr-defined]
    assert int(headers["retry-after"]) > 0
    assert headers["x-request-id"]
    for name, value in HEADERS:
        assert headers[name.decode()] == value.decode(), told
    if text:
        document = json.loads(text)
        assert headers["content-type"] == "application/problem+json"
        assert document["type"] == "/problems/not-ready"
        assert document["detail"] == "the database cannot be used at the moment"


#: Routes that ask the disk alone.
DISK_ONLY = (f"{PREFIX}/folders", f"{PREFIX}/folders/kind")


async def test_every_route_says_that_the_database_is_away_and_answers_when_it_is_back(
    app: App, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shelfread.api.faults")
    table = table_of_routes(app, Workers())
    async with served(app) as live, served(app, without_login=True) as open_to_all:
        assert (await live.ask("GET", "/api/v1/libraries")).status_code == 200
        async with away():
            for line in table:
                path = line.path.replace("{page}", "0").replace("{", "").replace("}", "")
                for method in sorted(line.methods):
                    if line.word != "open":
                        _is_not_ready(await live.ask(method, path), (method, path))
                    reads = method in ("GET", "HEAD") and path.startswith(PREFIX)
                    if reads and not path.endswith(("/events", "/me")) and path not in DISK_ONLY:
                        path = path.replace("job_id", "1").replace("track_id", "1")
                        path += "?q=a" if path.endswith("/search") else ""
                        answer = await open_to_all.ask(method, path, token=None)
                        _is_not_ready(answer, (method, path))
            login = {"name": "ada", "password": PASSWORD}
            _is_not_ready(await live.ask("POST", "/api/v1/login", token=None, json=login), "login")
            first = login | {"secret": "x"}
            _is_not_ready(await live.ask("POST", "/api/v1/setup", token=None, json=first), "set-up")
            cookie = {"Cookie": f"{COOKIE}=abc"}
            for method, path in (("GET", "/api/v1/me"), ("POST", "/api/v1/logout")):
                _is_not_ready(await live.ask(method, path, token=None, headers=cookie), path)
            _is_not_ready(
                await open_to_all.ask("POST", "/api/v1/tokens", token=None, json={"name": "x"}), "write"
            )
            assert (await live.ask("GET", "/healthz", token=None)).status_code == 200
            assert (await live.ask("GET", "/readyz", token=None)).status_code == 503
        assert (await live.ask("GET", "/api/v1/libraries")).status_code == 200
    said = [record for record in caplog.records if record.name == "shelfread.api.faults"]
    assert 1 <= len(said) <= 4, "not a line for everybody who asks"
    assert all("the database is away" in one.getMessage() and not one.exc_info for one in said)


async def test_a_fault_is_written_down_within_its_request_and_without_values(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    from shelfread.model.trace import ids

    seen: list[object] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.getMessage(), bool(record.exc_info), ids().get("request_id")))

    async def breaks(_self: object) -> None:
        raise RuntimeError("it broke\n[SQL: ...] [parameters: ('a hash',)]")

    log, ear = logging.getLogger("shelfread.api.faults"), Ear()
    log.addHandler(ear)
    try:
        with mock.patch.object(LibraryRepository, "all", breaks):
            answer = await live.ask("GET", "/api/v1/libraries", headers={"X-Request-Id": "mine"})
    finally:
        log.removeHandler(ear)
    assert answer.status_code == 500
    assert "broke" not in answer.text
    assert seen == [("GET /api/v1/libraries failed: RuntimeError: it broke", True, "mine")]
    assert not [
        one for one in caplog.records if one.name.startswith("uvicorn") and one.levelno > logging.INFO
    ]
