"""One's own account and the tokens of programs: what is changed, what is shown once, and what never."""

from __future__ import annotations

import re

import pytest

from shelfread.model.account import Right
from tests.api.api_stand import PASSWORD, Live
from tests.web.test_frame import BROWSER, ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")

_HOSTILE = "<script>alert(1)</script>'\"&"


async def _cookie(live: Live, name: str, right: Right) -> dict[str, str]:
    """What the browser of a new user sends who is logged in."""
    await live.app.accounts.add_user(name, PASSWORD, right)
    form = {"name": name, "password": PASSWORD}
    answer = await live.ask("POST", "/login", token=None, headers=BROWSER, data=form)
    assert answer.status_code == 303
    return BROWSER | {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


@ON_SQLITE
async def test_people_see_who_they_are_and_what_they_may(live: Live) -> None:
    for right, words in ((Right.READ, "look at everything"), (Right.ADMIN, "people and tokens")):
        browser = await _cookie(live, f"{right} {_HOSTILE}", right)
        page = await live.ask("GET", "/account", token=None, headers=browser)
        assert page.status_code == 200
        assert words in page.text
        assert "<script>alert" not in page.text
        assert ("/people" in page.text) == ("/account/tokens" in page.text) == (right is Right.ADMIN)
        assert page.text.count('action="/logout"') == 2


@ON_SQLITE
async def test_somebody_changes_the_own_password_and_no_page_shows_one(live: Live) -> None:
    browser = await _cookie(live, "ada", Right.READ)
    for before, after, status, why in (
        ("wrong wrong wrong", "staple battery horse", 403, "password"),
        (PASSWORD, "short", 422, "8 to 1024 characters"),
    ):
        form = {"before": before, "password": after}
        page = await live.ask("POST", "/account", token=None, headers=browser, data=form)
        assert page.status_code == status
        assert why in re.findall(r'role="alert">(.*?)</p>', page.text)[0]
        assert before not in page.text
        assert f'value="{after}"' not in page.text
    form = {"before": PASSWORD, "password": " staple battery horse "}
    done = await live.ask("POST", "/account", token=None, headers=browser, data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/account?done=password")
    # The login itself goes on.
    then = await live.ask("GET", done.headers["location"], token=None, headers=browser)
    assert "Your password is changed." in then.text
    assert await live.app.accounts.verify("ada", " staple battery horse ") is not None
    assert await live.app.accounts.verify("ada", PASSWORD) is None


@ON_SQLITE
async def test_who_has_no_password_is_told_so(live: Live) -> None:
    page = await live.ask("GET", "/account", token="read", headers=BROWSER)
    assert "You are here with a token" in page.text
    assert 'name="before"' not in page.text
    refused = await live.ask(
        "POST", "/account", token="read", headers=BROWSER, data={"before": "a", "password": PASSWORD}
    )
    assert refused.status_code == 403
    assert "Only a user has a password." in refused.text


@ON_SQLITE
async def test_the_secret_of_a_token_is_on_one_page_and_in_no_address(live: Live) -> None:
    form = {"name": f"backup {_HOSTILE}", "scope": "scan", "days": "30"}
    made = await live.ask("POST", "/account/tokens", headers=BROWSER, data=form)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert "<script>alert" not in made.text
    (secret,) = re.findall(r'<code class="secret">([^<]+)</code>', made.text)
    assert f'value="{secret}"' not in made.text
    assert made.text.count(secret) == 1
    me = await live.ask("GET", "/api/v1/me", token=None, headers={"Authorization": f"Bearer {secret}"})
    assert (me.json()["scope"], me.json()["name"]) == ("scan", form["name"])
    listed = await live.ask("GET", "/account/tokens", headers=BROWSER)
    assert secret not in listed.text
    assert "Revoke backup &lt;script&gt;" in listed.text
    tokens = (await live.ask("GET", "/api/v1/tokens")).json()["items"]
    (token,) = [one for one in tokens if one["name"] == form["name"]]
    assert token["expires_at"] is not None
    gone = await live.ask("POST", f"/account/tokens/{token['id']}/revoke", headers=BROWSER, data={"next": ""})
    assert (gone.status_code, gone.headers["location"]) == (303, "/account/tokens?done=revoked")
    me = await live.ask("GET", "/api/v1/me", token=None, headers={"Authorization": f"Bearer {secret}"})
    assert me.status_code == 401
    after = await live.ask("GET", "/account/tokens", headers=BROWSER)
    assert "1 token that opens nothing any more" in after.text
    assert f"/account/tokens/{token['id']}/revoke" not in after.text


@ON_SQLITE
async def test_a_token_that_cannot_be_made_leaves_what_was_typed(live: Live) -> None:
    before = len(await live.app.accounts.tokens())
    for name, scope in (('a "very" <i>' + "x" * 80, "admin"), ("backup", "<everything>"), ("", "read")):
        form = {"name": name, "scope": scope, "days": "90"}
        page = await live.ask("POST", "/account/tokens", headers=BROWSER, data=form)
        assert page.status_code == 422, page.text
        assert 'role="alert"' in page.text
        assert 'value="90" selected' in page.text
        assert "<i>" not in page.text
        assert "<everything>" not in page.text
        assert f'value="{name.replace(chr(34), "&#34;").replace("<i>", "&lt;i&gt;")}"' in page.text
    assert len(await live.app.accounts.tokens()) == before


@ON_SQLITE
async def test_tokens_and_people_are_for_administrators(live: Live) -> None:
    for method, path in (
        ("GET", "/account/tokens"),
        ("POST", "/account/tokens"),
        ("POST", "/account/tokens/1/revoke"),
        ("GET", "/people"),
        ("POST", "/people"),
    ):
        answer = await live.ask(method, path, token="scan", headers=BROWSER, data={"name": "x"})
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8"), path
    unknown = await live.ask("POST", "/account/tokens/999/revoke", headers=BROWSER, data={"next": ""})
    assert unknown.status_code == 404
    assert unknown.text.startswith("<!doctype html>")
