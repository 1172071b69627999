"""Who may come in: adding people, new passwords, removing; the last admin stays, and no password is shown."""

from __future__ import annotations

import re

import pytest

from shelfread.model.account import Right
from tests.api.api_stand import PASSWORD, Live
from tests.web.test_frame import BROWSER, ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="session")

_NEW = "staple battery horse"


async def _post(live: Live, **form: str) -> tuple[int, str]:
    answer = await live.ask("POST", "/people", headers=BROWSER, data=form)
    assert 'value="' + form.get("password", "no password") not in answer.text
    return answer.status_code, answer.headers.get("location", answer.text)


@ON_SQLITE
async def test_people_are_added_with_a_right_in_plain_words(live: Live) -> None:
    empty = await live.ask("GET", "/people", headers=BROWSER)
    assert "There is no user yet." in empty.text
    assert "also start, stop and repeat scans" in empty.text
    name = '<b>Ada</b> O\'Neil "x"'
    added = await _post(live, act="add", name=name, password=PASSWORD, scope="scan")
    assert added == (303, "/people?done=added")
    user = await live.app.accounts.verify(name, PASSWORD)
    assert user is not None
    assert user.right is Right.SCAN
    shown = await live.ask("GET", "/people", headers=BROWSER)
    assert "<b>" not in shown.text
    assert "<bdi>&lt;b&gt;Ada&lt;/b&gt;" in shown.text
    ids = re.findall(r'\sid="([^"]+)"', shown.text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'for="([^"]+)"', shown.text)) <= set(ids)


@ON_SQLITE
async def test_what_cannot_be_added_is_shown_as_it_was_typed_without_the_password(live: Live) -> None:
    await live.app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    for name, password, scope, status, why in (
        ("ADA", PASSWORD, "admin", 409, "ADA"),
        ("eve", "short", "admin", 422, "8 to 1024 characters"),
        ("eve\u202e", PASSWORD, "admin", 422, "characters that can be seen"),
        ("eve", PASSWORD, "king", 422, "scope"),
    ):
        code, text = await _post(live, act="add", name=name, password=password, scope=scope)
        assert code == status, text
        assert why.lower() in re.findall(r'role="alert">(.*?)</p>', text)[0].lower()
        assert f'value="{name[:3]}' in text
        assert ('value="admin" checked' in text) == (scope == "admin")
        assert "\u202e" not in text
        assert password not in text.replace("short", "", text.count("too short"))
    assert len(await live.app.accounts.users()) == 1


@ON_SQLITE
async def test_somebody_gets_another_password(live: Live) -> None:
    user = await live.app.accounts.add_user("ada", PASSWORD, Right.READ)
    code, text = await _post(live, act="password", user=str(user.id), password="short")
    assert code == 422
    assert "8 to 1024 characters" in text
    # The form of this user is open again.
    assert "<details open>" in text
    code, text = await _post(live, act="password", user=str(user.id), password=_NEW)
    assert (code, text) == (303, "/people?done=their_password")
    assert await live.app.accounts.verify("ada", _NEW) is not None


@ON_SQLITE
async def test_people_are_removed_but_the_last_admin_stays(live: Live) -> None:
    ada = await live.app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    eve = await live.app.accounts.add_user("eve", PASSWORD, Right.READ)
    shown = await live.ask("GET", "/people", headers=BROWSER)
    assert 'data-confirm="Remove eve?' in shown.text
    assert await _post(live, act="remove", user=str(eve.id)) == (303, "/people?done=removed")
    code, text = await _post(live, act="remove", user=str(ada.id))
    assert code == 409
    assert "admin" in re.findall(r'role="alert">(.*?)</p>', text)[0]
    assert [user.name for user in await live.app.accounts.users()] == ["ada"]


@ON_SQLITE
async def test_who_or_what_is_not_known_is_said(live: Live) -> None:
    assert (await _post(live, act="remove", user="999"))[0] == 404
    assert (await _post(live, act="remove", user="../tokens/1"))[0] in (404, 422)
    assert (await _post(live, act="crown", user="1"))[0] == 422
    assert (await _post(live, act="password", user="", password=_NEW))[0] in (404, 405)


@ON_SQLITE
async def test_oneself_is_marked_and_changes_the_own_password_elsewhere(live: Live) -> None:
    ada = await live.app.accounts.add_user("ada", PASSWORD, Right.ADMIN)
    form = {"name": "ada", "password": PASSWORD}
    answer = await live.ask("POST", "/login", token=None, headers=BROWSER, data=form)
    browser = BROWSER | {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    shown = await live.ask("GET", "/people", token=None, headers=browser)
    assert "Remove yourself?" in shown.text
    assert f'id="password-{ada.id}"' not in shown.text
