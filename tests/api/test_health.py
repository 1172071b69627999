"""The HTTP application over a real socket: health, refusals, headers; and the sockets it listens on."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from unittest import mock

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.api import health
from shelfread.api.application import HEADERS, make_application
from shelfread.api.listening import CannotListen, HttpServer, listen, url_of
from shelfread.app import App
from tests.api.api_stand import NO_SQL
from tests.cli.staying_programs import get

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Workers:
    """Workers that are as a test says."""

    state: str = "running"
    settings_ok: bool = True
    wanted: int = 1
    present: int = 1
    busy: int = 0
    worker_id: str | None = None


Ask = Callable[..., "asyncio.Future[tuple[int, dict[str, str], bytes]]"]


@asynccontextmanager
async def served(app: App, workers: Workers, host: str = "127.0.0.1") -> AsyncIterator[Ask]:
    """A server in this process; gives how to ask it."""
    sockets = listen(host, 0)
    url = url_of(sockets)
    server = HttpServer(make_application(app, workers), sockets)
    answering = asyncio.create_task(server.answer())

    def ask(path: str, method: str = "GET") -> asyncio.Future[tuple[int, dict[str, str], bytes]]:
        return asyncio.ensure_future(asyncio.to_thread(get, url, path, method))

    try:
        await server.up.wait()
        yield ask
    finally:
        server.leave()
        await answering


async def test_it_is_ready_when_the_database_answers_and_all_workers_are_there(app: App) -> None:
    async with served(app, Workers(wanted=2, present=2, busy=1)) as ask:
        status, _, body = await ask("/healthz")
        assert (status, json.loads(body)) == (200, {"status": "ok"})
        status, headers, body = await ask("/readyz")
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "status": "ready",
        "database": {"answers": True, "migrated": True},
        "workers": {"state": "running", "settings_ok": True, "wanted": 2, "present": 2, "busy": 1},
    }


@pytest.mark.parametrize(
    ("state", "settings_ok", "status", "word"),
    [
        ("off", True, 200, "ready"),
        ("starting", True, 200, "degraded"),
        ("broken_settings", False, 200, "degraded"),
        ("running", False, 200, "degraded"),
        ("draining", True, 200, "degraded"),
        ("drained", True, 200, "degraded"),
        ("stopping", True, 503, "unavailable"),
    ],
)
async def test_d27_workers_that_lack_are_told_and_turn_nobody_away(
    app: App, state: str, settings_ok: bool, status: int, word: str
) -> None:
    async with served(app, Workers(state, settings_ok, 0, 0)) as ask:
        answer = await ask("/readyz")
    assert answer[0] == status
    assert json.loads(answer[2])["status"] == word


async def test_a_database_of_another_version_is_not_ready(app: App) -> None:
    async def be_newer(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    async def be_back(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": head})

    async with app.database.read() as connection:
        head = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one()
    await app.database.write(be_newer)
    try:
        async with served(app, Workers()) as ask:
            status, _, body = await ask("/readyz")
    finally:
        await app.database.write(be_back)
    assert status == 503
    assert json.loads(body)["database"] == {"answers": True, "migrated": False}


async def test_a_database_that_fails_or_hangs_is_unavailable_and_is_asked_once_for_all(app: App) -> None:
    asked = 0

    async def fails(_database: object) -> bool:
        raise OSError("a secret of the database")

    async def hangs(_database: object) -> bool:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()
        return True

    async with served(app, Workers()) as ask:
        with mock.patch.object(health, "is_up_to_date", fails):
            status, _, body = await ask("/readyz")
        assert status == 503
        assert json.loads(body)["database"] == {"answers": False, "migrated": False}
        assert b"secret" not in body
        with mock.patch.object(health, "is_up_to_date", hangs), mock.patch.object(health, "ANSWER_S", 0.3):
            answers = await asyncio.gather(*(ask("/readyz") for _ in range(4)))
            assert (await ask("/healthz"))[0] == 200
        assert [answer[0] for answer in answers] == [503] * 4
        assert asked < 4
        assert (await ask("/readyz"))[0] == 200


@NO_SQL
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/docs", "GET", 404),
        ("/redoc", "GET", 404),
        ("/healthz/", "GET", 404),
        ("/..%2f..%2fetc/passwd", "GET", 404),
        ("/healthz", "POST", 405),
        ("/readyz", "DELETE", 405),
    ],
)
async def test_what_is_not_there_is_refused_as_a_problem(
    app: App, path: str, method: str, status: int
) -> None:
    async with served(app, Workers()) as ask:
        found, headers, body = await ask(path, method)
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["status"] == status
    slug = {404: "not-found", 405: "method-not-allowed"}[status]
    assert json.loads(body)["type"] == f"/problems/{slug}"


async def test_every_answer_has_the_headers_also_that_to_a_fault(app: App) -> None:
    class Broken(Workers):
        @property
        def state(self) -> str:
            raise RuntimeError("a secret of the workers")

        @state.setter
        def state(self, value: str) -> None: ...

    async with served(app, Broken()) as ask:
        answers = [await ask("/healthz"), await ask("/nowhere"), await ask("/healthz", "HEAD")]
        fault = await ask("/readyz")
    assert fault[0] == 500
    assert b"secret" not in fault[2]
    assert json.loads(fault[2]) == {
        "type": "/problems/internal",
        "title": "Something went wrong in the server",
        "status": 500,
    }
    for _, headers, _ in [*answers, fault]:
        for name, text in HEADERS:
            assert headers[name.decode()] == text.decode()
        assert "server" not in headers
    assert answers[2][2] == b""


async def test_it_listens_on_ipv6_and_on_all_addresses_of_a_name(app: App) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with served(app, Workers(), "::1") as ask:
        assert (await ask("/healthz"))[0] == 200
    both = listen("localhost", 0)
    try:
        assert len({one.getsockname()[1] for one in both}) == 1
    finally:
        for one in both:
            one.close()


async def test_an_address_that_cannot_be_listened_on_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port} of 127.0.0.1 is taken"):
            listen("127.0.0.1", port)
    with pytest.raises(CannotListen, match="no address of this machine"):
        listen("203.0.113.7", 0)
    with pytest.raises(CannotListen, match="cannot be listened on"):
        listen("no.such.host.invalid", 0)
    with pytest.raises(CannotListen, match="cannot be listened on"):
        listen("x" * 70 + ".example", 0)
    refused = mock.Mock(side_effect=PermissionError(13, "Permission denied"))
    with (
        mock.patch("shelfread.api.listening.socket.socket.bind", refused),
        pytest.raises(CannotListen, match="may not listen on port 80"),
    ):
        listen("127.0.0.1", 80)
