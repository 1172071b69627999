"""One's own account, tokens and people in a real browser: a token is made, used and revoked."""

from __future__ import annotations

import pytest
from playwright.async_api import Dialog, expect

from shelfread.model.account import Right
from tests.api.api_stand import PASSWORD, client_of
from tests.web.browser_stand import EVERY_SIGHT, NewVisitor, Visitor
from tests.web.server_stand import ADMIN, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_NEW = "staple battery horse"
_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def _answering(visitor: Visitor) -> list[str]:
    """Says yes to every question from now on; the questions."""
    asked: list[str] = []

    async def yes(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.accept()

    visitor.page.on("dialog", yes)
    return asked


async def _may(server: Server, secret: str) -> int:
    """What the API answers a program with this token."""
    async with client_of(server.url) as client:
        answer = await client.get("/api/v1/jobs", headers={"Authorization": f"Bearer {secret}"})
        return answer.status_code


async def test_a_token_is_made_used_and_revoked(visitor: Visitor, server: Server) -> None:
    asked = _answering(visitor)
    await visitor.log_in(ADMIN, PASSWORD)
    await visitor.go("/account")
    await visitor.page.get_by_role("link", name="Tokens for programs").click()
    await visitor.settled()
    await expect(visitor.page.get_by_text("No program has a token yet.")).to_be_visible()
    await visitor.axe()
    await visitor.page.get_by_label("What it is for").fill("backup <b>script</b>")
    await visitor.press("Make the token")
    await expect(visitor.page.get_by_text("Copy it now")).to_be_visible()
    await visitor.axe()
    await visitor.picture("token-made", "light")
    secret = await visitor.page.locator("code.secret").inner_text()
    assert not any(secret in address for address in visitor.requests)
    assert await _may(server, secret) == 200
    await visitor.page.get_by_role("link", name="I have it").click()
    await visitor.settled()
    assert secret not in await visitor.page.content()
    await expect(visitor.page.get_by_role("cell", name="just now")).to_be_visible()
    await visitor.press("Revoke backup <b>script</b>")
    assert asked == [
        "Revoke the token backup <b>script</b>? The program that has it cannot come in any more."
    ]
    await expect(visitor.page.get_by_role("status")).to_contain_text("The token is revoked")
    assert await _may(server, secret) == 401
    await visitor.page.get_by_text("1 token that opens nothing any more").click()
    await expect(visitor.page.get_by_text("backup <b>script</b>")).to_be_visible()
    await visitor.axe()


async def test_somebody_is_let_in_and_sees_less_changes_the_password_and_is_removed(
    visitor: Visitor, new_visitor: NewVisitor, server: Server
) -> None:
    asked = _answering(visitor)
    await visitor.log_in(ADMIN, PASSWORD)
    await visitor.go("/people")
    await visitor.axe()
    await visitor.page.get_by_label("Name", exact=True).fill("eve")
    await visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visitor.page.get_by_label("scan: also start").check()
    await visitor.press("Add")
    await expect(visitor.page.get_by_role("heading", name="eve")).to_be_visible()
    eve = await new_visitor(server.url)
    await eve.log_in("eve", PASSWORD)
    await eve.go("/account")
    await expect(eve.page.get_by_role("link", name="People")).to_have_count(0)
    await eve.page.get_by_label("Your password as it is").fill("wrong wrong wrong")
    await eve.page.get_by_label("Your new password").fill(_NEW)
    eve.expect_trouble("status of 403")
    await eve.press("Change the password")
    await expect(eve.page.get_by_role("alert")).to_contain_text("password")
    await expect(eve.page.get_by_label("Your new password")).to_have_value("")
    await eve.axe()
    await eve.page.get_by_label("Your password as it is").fill(PASSWORD)
    await eve.page.get_by_label("Your new password").fill(_NEW)
    await eve.page.get_by_label("Show the new password").check()
    await expect(eve.page.get_by_label("Your new password")).to_have_attribute("type", "text")
    await eve.press("Change the password")
    await expect(eve.page.get_by_role("status")).to_contain_text("Your password is changed")
    eve.expect_trouble("status of 403")
    assert await eve.go("/people") == 403
    await eve.axe()
    await eve.leave()
    await visitor.press("Remove eve")
    assert asked == ["Remove eve? Whoever it is is logged out at once."]
    await expect(visitor.page.get_by_role("heading", name="eve")).to_have_count(0)
    visitor.expect_trouble("status of 409")
    await visitor.press(f"Remove {ADMIN}")
    assert asked[1:] == ["Remove yourself? You are logged out at once."]
    await expect(visitor.page.get_by_role("alert")).to_be_visible()


async def test_account_tokens_and_people_fit_and_keep_nobody_out(
    new_visitor: NewVisitor, server: Server
) -> None:
    await server.user("eve with a name that is rather long", Right.SCAN)
    await server.app.accounts.add_token("prometheus", Right.READ)
    for theme, width in EVERY_SIGHT:
        visitor = await new_visitor(server.url, theme=theme, width=width)
        await visitor.log_in(ADMIN, PASSWORD)
        for path in ("/account", "/account/tokens", "/people"):
            assert await visitor.go(path) == 200
            await visitor.axe()
            assert await visitor.page.evaluate(_FITS), (path, theme, width)
            await visitor.picture(path[1:].replace("/", "-"), theme, width)
        await visitor.leave()
