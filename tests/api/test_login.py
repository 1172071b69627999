"""Logging in, set-up, tokens and users over a real socket, as browsers, programs and strangers do it."""

from __future__ import annotations

import logging
from functools import partial
from http.cookies import SimpleCookie
from typing import Any
from unittest import mock

import pytest

from shelfread.api.caller import Caller
from shelfread.api.cookie import COOKIE
from shelfread.api.login import OF_ADDRESS, Doorkeeper
from shelfread.api.problems import ApiProblem
from shelfread.app import App
from shelfread.model.account import Right
from shelfread.settings import Settings
from shelfread.store.clock import now_us
from tests.api.api_stand import PASSWORD, Live, client_of, served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _log_in(live: Live, name: str = "ada", password: str = PASSWORD, **headers: str) -> Any:
    login = {"name": name, "password": password}
    return await live.ask("POST", "/api/v1/login", token=None, json=login, headers=headers)


def _cookie(answer: Any) -> Any:
    return SimpleCookie(answer.headers["set-cookie"])[COOKIE]


def _with(cookie: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={cookie}"}


async def test_a_login_is_a_cookie_that_no_page_reads_and_no_other_site_sends(live: Live) -> None:
    user = await live.app.accounts.add_user("ada", PASSWORD, Right.SCAN)
    answer = await _log_in(live)
    assert answer.status_code == 200
    me = {"name": "ada", "scope": "scan", "scopes": ["read", "scan"], "user_id": user.id, "token_id": None}
    assert answer.json() == me
    cookie = _cookie(answer)
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "strict", "/")
    assert int(cookie["max-age"]) == 30 * 86_400
    assert not cookie["secure"], "this came over plain HTTP"
    live.client.cookies.clear()
    seen = await live.ask("GET", "/api/v1/me", token=None, headers=_with(cookie.value))
    assert seen.json() == me
    assert (
        await live.ask("GET", "/api/v1/tokens", token=None, headers=_with(cookie.value))
    ).status_code == 403
    ended = await live.ask("POST", "/api/v1/logout", token=None, headers=_with(cookie.value))
    assert ended.status_code == 204
    assert _cookie(ended)["max-age"] == "0"
    live.client.cookies.clear()
    assert (await live.ask("GET", "/api/v1/me", token=None, headers=_with(cookie.value))).status_code == 401
    assert (await live.ask("POST", "/api/v1/logout", token=None)).status_code == 204


async def test_behind_a_trusted_proxy_with_tls_the_cookie_is_secure(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    forwarded = {"X-Forwarded-Proto": "https"}
    assert not _cookie(await _log_in(live, **forwarded))["secure"], "nobody trusts it"
    live.app.settings = Settings(trusted_proxies="127.0.0.1")  # type: ignore[arg-type]
    assert _cookie(await _log_in(live, **forwarded))["secure"]


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("eve", PASSWORD), ("", PASSWORD), ("ada", "")]
)
async def test_a_wrong_login_says_the_same_whatever_was_wrong(live: Live, name: str, password: str) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    answer = await _log_in(live, name, password)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "the name or the password is wrong"
    assert answer.headers["www-authenticate"] == 'Bearer realm="shelfread"'
    assert "set-cookie" not in answer.headers


async def test_what_is_neither_a_token_nor_a_session_is_a_401_that_says_how(live: Live) -> None:
    good = live.tokens["read"]
    for said in (
        "",
        "Bearer",
        "Bearer x",
        f"Bearer {good}x",
        "Basic YTpi",
        good,
        f"bearer\t{good}",
    ):
        answer = await live.ask("GET", "/api/v1/me", token=None, headers={"Authorization": said})
        assert answer.status_code == 401, said
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/unauthenticated"
    answer = await live.ask("GET", "/api/v1/me", token=None, headers={"Authorization": f"bearer {good}"})
    assert answer.json()["token_id"] is not None
    assert (await live.ask("GET", "/api/v1/me", token=None, headers=_with("x" * 300))).status_code == 401


async def test_what_a_proxy_was_told_keeps_no_login_out(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    cookie = _with(_cookie(await _log_in(live)).value)
    live.client.cookies.clear()
    for said, status in (("Basic YTpi", 200), ("Negotiate abc", 200), ("", 200), ("Bearer x", 401)):
        answer = await live.ask("GET", "/api/v1/me", token=None, headers=cookie | {"Authorization": said})
        assert answer.status_code == status, said


async def test_a_session_that_lasts_longer_gives_its_cookie_again(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    cookie = _cookie(await _log_in(live)).value
    live.client.cookies.clear()
    fresh = await live.ask("GET", "/api/v1/me", token=None, headers=_with(cookie))
    assert "set-cookie" not in fresh.headers
    day = 86_400 * 1_000_000
    live.app.accounts._clock = lambda: now_us() + day
    for path, status in (("/api/v1/me", 200), ("/api/v1/tokens/1", 405)):
        answer = await live.ask("GET", path, token=None, headers=_with(cookie))
        assert answer.status_code == status
        await live.app.accounts.aclose()
        if status == 200:
            again = _cookie(answer)
            assert (again.value, int(again["max-age"])) == (cookie, 30 * 86_400)
            assert (again["httponly"], again["samesite"].lower(), again["path"]) == (True, "strict", "/")
        else:
            assert "set-cookie" not in answer.headers, "not with every answer"
    live.app.accounts._clock = lambda: now_us() + 30 * day + 3600 * 1_000_000
    assert (await live.ask("GET", "/api/v1/me", token=None, headers=_with(cookie))).status_code == 200


async def test_who_is_refused_is_in_the_log_and_what_they_typed_is_not(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    async def wrong(_name: str, _password: str) -> None: ...

    async with served(app) as live:
        # Hashing is not what this is about.
        with (
            mock.patch.object(app.accounts, "verify", wrong),
            caplog.at_level(logging.INFO, "shelfread.api"),
        ):
            await _log_in(live, "ada", "hush")
            await _log_in(live, "hush", PASSWORD)
            wanted = {"secret": "hush", "name": "eve", "password": PASSWORD}
            await live.ask("POST", "/api/v1/setup", token=None, json=wanted)
            for _ in range(OF_ADDRESS):
                await _log_in(live, "ada", "hush")
            assert (await _log_in(live, "ada")).status_code == 429
    said = [record.getMessage() for record in caplog.records]
    assert said.count("a login from 127.0.0.1 was refused: wrong name or password") == OF_ADDRESS - 1
    assert said.count("a set-up from 127.0.0.1 was refused: another secret than that of the link") == 1
    assert said.count("too many tries of passwords or secrets; 127.0.0.1 waits") == 1
    assert not [line for line in said if "hush" in line or PASSWORD in line]


async def test_who_comes_in_is_in_the_log(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    user = await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    with caplog.at_level(logging.INFO, "shelfread.api.trace"):
        await _log_in(live)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("POST /api/v1/login: 200 in ")
    assert line.endswith(f" ms, from 127.0.0.1, by the user {user.id} (ada)")


async def test_a_try_comes_back_within_ten_seconds() -> None:
    doorkeeper, caller = Doorkeeper(), Caller("198.51.100.1", secure=False)
    for _ in range(OF_ADDRESS):
        doorkeeper.ask(caller)
    with pytest.raises(ApiProblem) as refused:
        doorkeeper.ask(caller)
    assert 0 < int(refused.value.headers["Retry-After"]) <= 10


# Passwords take their time on a busy machine, and no try may come back meanwhile.
@mock.patch("shelfread.api.application.Doorkeeper", new=partial(Doorkeeper, each_s=600))
async def test_tries_are_counted_by_address_and_a_good_login_is_none(app: App) -> None:
    await app.accounts.add_user("ada", PASSWORD, Right.READ)
    async with served(app) as live:
        for _ in range(OF_ADDRESS + 2):
            assert (await _log_in(live)).status_code == 200
        codes = [
            (await _log_in(live, f"eve{number}", "wrong pass")).status_code
            for number in range(OF_ADDRESS + 2)
        ]
        assert codes == [401] * OF_ADDRESS + [429] * 2
        answer = await _log_in(live)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 600
        assert answer.json()["type"] == "/problems/too-many-requests"
        answer = await live.ask(
            "POST", "/api/v1/setup", token=None, json={"secret": "x", "name": "x", "password": PASSWORD}
        )
        assert answer.status_code == 429
        # Behind a proxy everybody is counted alone.
        app.settings = Settings(trusted_proxies="127.0.0.1")  # type: ignore[arg-type]
        assert (await _log_in(live, **{"X-Forwarded-For": "198.51.100.1"})).status_code == 200


async def test_the_link_makes_the_first_admin_once_over_http(live: Live) -> None:
    assert (await live.ask("GET", "/api/v1/setup", token=None)).json() == {"done": False}
    secret = await live.app.accounts.set_up_secret()
    wanted = {"secret": "wrong", "name": "ada", "password": PASSWORD}
    answer = await live.ask("POST", "/api/v1/setup", token=None, json=wanted)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    answer = await live.ask(
        "POST", "/api/v1/setup", token=None, json=wanted | {"secret": secret, "password": "x"}
    )
    assert answer.status_code == 422
    answer = await live.ask("POST", "/api/v1/setup", token=None, json=wanted | {"secret": secret})
    assert answer.status_code == 201
    assert answer.json()["scope"] == "admin"
    seen = await live.ask("GET", "/api/v1/users", token=None, headers=_with(_cookie(answer).value))
    assert [user["name"] for user in seen.json()["items"]] == ["ada"]
    answer = await live.ask("POST", "/api/v1/setup", token=None, json=wanted | {"secret": secret})
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/gone")
    assert (await live.ask("GET", "/api/v1/setup", token=None)).json() == {"done": True}


async def test_a_token_is_made_used_and_revoked_over_http(live: Live) -> None:
    wanted = {"name": "backup", "scope": "scan", "expires_at": "2999-01-01T00:00:00Z"}
    made = await live.ask("POST", "/api/v1/tokens", json=wanted)
    assert made.status_code == 201
    document = made.json()
    assert document["expires_at"] == "2999-01-01T00:00:00.000000Z"
    live.tokens["new"] = document.pop("secret")
    assert (await live.ask("GET", "/api/v1/me", token="new")).json()["scopes"] == ["read", "scan"]
    listed = (await live.ask("GET", "/api/v1/tokens")).json()
    assert live.tokens["new"] not in str(listed)
    assert {one["id"] for one in listed["items"]} >= {document["id"]}
    assert (await live.ask("DELETE", f"/api/v1/tokens/{document['id']}")).status_code == 204
    assert (await live.ask("GET", "/api/v1/me", token="new")).status_code == 401
    for wrong in ("0", "-1", "x", "9" * 30, "%00", "1e3"):
        assert (await live.ask("DELETE", f"/api/v1/tokens/{wrong}")).status_code == 404
    bad: Any
    for bad in (
        {"name": ""}, {"name": "x", "scope": "root"}, {"name": "x", "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "x", "expires_at": "2999-01-01"}, {"name": "x", "more": 1}, {"name": "a\x1b"}, {}, [], None,
    ):  # fmt: skip
        assert (await live.ask("POST", "/api/v1/tokens", json=bad)).status_code == 422, bad


async def test_users_are_added_changed_and_removed_over_http_and_the_last_admin_stays(live: Live) -> None:
    async def add(name: str, scope: str) -> Any:
        wanted = {"name": name, "password": PASSWORD, "scope": scope}
        return await live.ask("POST", "/api/v1/users", json=wanted)

    admin, reader = (await add("ada", "admin")).json(), (await add("bob", "read")).json()
    taken = await add("ADA", "read")
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/conflict")
    assert PASSWORD not in (await live.ask("GET", "/api/v1/users")).text
    assert (await live.ask("DELETE", f"/api/v1/users/{admin['id']}")).status_code == 409
    change = {"password": "something else"}
    assert (await live.ask("PUT", f"/api/v1/users/{reader['id']}/password", json=change)).status_code == 204
    assert (await _log_in(live, "bob")).status_code == 401
    cookie = _cookie(await _log_in(live, "bob", "something else")).value
    live.client.cookies.clear()
    mine = {"before": "something else", "password": "my own secret"}
    for body, status in [(mine | {"before": "x"}, 403), (mine | {"password": "x"}, 422), (mine, 204)]:
        answer = await live.ask("PUT", "/api/v1/me/password", token=None, headers=_with(cookie), json=body)
        assert answer.status_code == status
        assert "something else" not in answer.text
    assert (await live.ask("GET", "/api/v1/me", token=None, headers=_with(cookie))).status_code == 200
    assert (await live.ask("PUT", "/api/v1/me/password", json=mine)).status_code == 403, "a token has none"
    assert (await live.ask("DELETE", f"/api/v1/users/{reader['id']}")).status_code == 204
    assert (await live.ask("GET", "/api/v1/me", token=None, headers=_with(cookie))).status_code == 401
    for wrong in ("0", "x", "9" * 30):
        assert (await live.ask("DELETE", f"/api/v1/users/{wrong}")).status_code == 404
        assert (await live.ask("PUT", f"/api/v1/users/{wrong}/password", json=change)).status_code == 404


async def test_without_login_everybody_is_the_admin_but_no_other_site_is(app: App) -> None:
    async with served(app, without_login=True) as live:
        assert (await live.ask("GET", "/api/v1/me", token=None)).json()["scope"] == "admin"
        answer = await live.ask(
            "POST",
            "/api/v1/tokens",
            token=None,
            json={"name": "x"},
            headers={"Origin": "http://evil.example"},
        )
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site")


async def test_a_write_that_another_site_asks_for_is_refused_before_anything_is_looked_at(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    cookie = _cookie(await _log_in(live)).value
    foreign: dict[str, str]
    for foreign in (
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": live.url},
    ):  # fmt: skip
        for path in ("/api/v1/tokens", "/api/v1/login", "/api/v1/setup", "/api/v1/logout"):
            answer = await live.ask(
                "POST", path, token=None, headers=_with(cookie) | foreign, json={"name": "x"}
            )
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site"), (
                path,
                foreign,
            )
    own: dict[str, str]
    for own in ({"Origin": live.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        answer = await live.ask(
            "POST", "/api/v1/tokens", token=None, headers=_with(cookie) | own, json={"name": "x"}
        )
        assert answer.status_code == 201
    async with client_of(live.url) as bare:
        made = await bare.post("/api/v1/tokens", headers=live.headers(), json={"name": "x"})
    assert made.status_code == 201
