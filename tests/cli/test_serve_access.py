"""`shelfread serve`: the set-up link of the first start, and who may do without a login."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from shelfread.model.account import Right
from tests.cli.staying_programs import House, Program, house
from tests.conftest import NewCatalogue

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "correct horse battery staple"


@pytest_asyncio.fixture(loop_scope="session")
async def at_home(tmp_path: Path, new_catalogue: NewCatalogue) -> AsyncIterator[House]:
    """On SQLite."""
    async with house(tmp_path, await new_catalogue("sqlite")) as made:
        yield made


def _link(server: Program) -> str | None:
    found: str | None = json.loads(server.out.read_text()).get("setup_url")
    return found


async def test_the_first_start_prints_a_link_that_makes_the_first_user_once(at_home: House) -> None:
    old = _link(await at_home.serve("--workers", "0"))
    server = await at_home.serve("--workers", "0")
    link = _link(server)
    assert link is not None
    assert link != old
    assert server.said.count(link) == 1
    page, secret = link.split("#")
    assert page == f"{server.url}/setup"
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False) as client:
        wanted = {"secret": secret, "name": "ada", "password": PASSWORD}
        assert (await client.post("/api/v1/setup", json=wanted)).status_code == 201
        assert (await client.get("/api/v1/me")).json()["scope"] == "admin"
    again = await at_home.serve("--workers", "0")
    assert _link(again) is None
    assert "setup" not in again.said


async def test_without_auth_everybody_on_this_machine_is_the_admin(at_home: House) -> None:
    server = await at_home.serve("--workers", "0", "--no-auth")
    assert _link(server) is None
    assert (await server.get("/api/v1/me"))[0] == 200
    assert (await at_home.app.accounts.set_up_secret()) is not None
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False) as client:
        for name in ("Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Real-IP", "Via"):
            for path in ("/api/v1/me", "/healthz"):
                answer = await client.get(path, headers={name: "for=192.0.2.1"})
                assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), name
                assert "--no-auth" in answer.json()["detail"]


async def test_without_auth_is_refused_where_others_can_come_in(at_home: House) -> None:
    program = at_home.program("serve", "--port", "0", "--host", "0.0.0.0", "--no-auth")
    assert await program.ended(20) == 2
    assert program.said.count("\n") == 1
    assert "--no-auth works on loopback addresses only" in program.said


async def test_without_auth_is_refused_where_a_proxy_is_expected(at_home: House) -> None:
    program = at_home.program("serve", "--port", "0", "--no-auth", SHELFREAD_TRUSTED_PROXIES="127.0.0.1")
    assert await program.ended(20) == 2
    assert program.said.count("\n") == 1
    assert "SHELFREAD_TRUSTED_PROXIES" in program.said


async def test_listening_for_others_without_encryption_is_a_warning(at_home: House) -> None:
    server = await at_home.serve("--workers", "0", "--host", "0.0.0.0")
    assert server.said.count("listening beyond this machine") == 1
    link = _link(server)
    assert link is not None
    assert link.startswith("http://localhost:")
    proxied = await at_home.serve("--host", "0.0.0.0", SHELFREAD_TRUSTED_PROXIES="127.0.0.1")
    assert "beyond" not in proxied.said


async def test_where_no_terminal_is_the_log_is_json_with_the_ids_of_requests(at_home: House) -> None:
    _, secret = await at_home.app.accounts.add_token("x", Right.ADMIN)
    server = await at_home.serve("--workers", "0", SHELFREAD_LOG_FORMAT="auto")
    headers = {"Authorization": f"Bearer {secret}", "X-Request-Id": "my-own-id"}
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False) as client:
        made = await client.post("/api/v1/tokens", json={"name": "y"}, headers=headers)
    assert made.status_code == 201
    server.tell(signal.SIGTERM)
    assert await server.ended(10) == 0
    lines = [json.loads(line) for line in server.said.splitlines()]
    (asked,) = [line for line in lines if line.get("request_id") == "my-own-id"]
    assert asked["event"].startswith("POST /api/v1/tokens: 201")
    assert made.json()["secret"] not in server.said
