"""One's own account: who one is, another password, colours; for administrators the tokens of programs.

The secret of a token stands only on the page that answers the form which made it, and no password on any.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs, principal_of
from shelfread.api.problems import ApiProblem
from shelfread.model.account import Right
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import Form, form_of
from shelfread.web.frame import sentence_of
from shelfread.web.rendering import asked_for, go_to, page

#: What each right is to people.
RIGHTS = {
    "read": "look at everything",
    "scan": "also start, stop and repeat scans, and settle problems",
    "admin": "everything: libraries, settings, people and tokens",
}
#: For how many days a token may be good; none is for ever.
_LASTING = {"": "until it is revoked", "30": "30 days", "90": "90 days", "365": "a year"}


def account_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/account")
    async def account_page(request: Request) -> Response:
        """The page."""
        return await _account(request)

    @routes.post("/account")
    async def change_password(request: Request) -> Response:
        """Change one's own password."""
        form = await form_of(request)
        wanted = {"before": form.raw("before"), "password": form.raw("password")}
        try:
            await tell(request, "PUT", "/me/password", wanted)
        except ApiProblem as problem:
            return await _account(request, problem=problem)
        return go_to("/account", "password")

    @routes.get("/account/tokens", dependencies=[needs("admin")])
    async def tokens_page(request: Request) -> Response:
        """The tokens."""
        return await _tokens(request)

    @routes.post("/account/tokens", dependencies=[needs("admin")])
    async def make_token(request: Request) -> Response:
        """Make a token, and show its secret."""
        form = await form_of(request)
        wanted = {"name": form.text("name"), "scope": form.text("scope"), "expires_at": _until(form)}
        try:
            made = (await tell(request, "POST", "/tokens", wanted)).document
        except ApiProblem as problem:
            typed = {name: form.text(name) for name in ("name", "scope", "days")}
            return await _tokens(request, typed=typed, problem=problem)
        answer = await _tokens(request, made=made)
        # Nothing is to keep it but who made it.
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.post("/account/tokens/{token_id}/revoke", dependencies=[needs("admin")])
    async def revoke_token(token_id: str, request: Request) -> Response:
        """Make a token worthless."""
        await form_of(request)
        await tell(request, "DELETE", f"/tokens/{part(token_id)}")
        return go_to("/account/tokens", "revoked")

    return routes


def _until(form: Form) -> str | None:
    """When a token is to end."""
    days = form.text("days")
    return (datetime.now(UTC) + timedelta(days=int(days))).isoformat() if days in _LASTING and days else None


async def _account(request: Request, problem: ApiProblem | None = None) -> Response:
    who = principal_of(request.scope)
    return await page(
        request,
        "account.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else sentence_of(problem),
        may_do=RIGHTS[who.right.value] if who is not None else "",
    )


async def _tokens(
    request: Request,
    *,
    made: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
    problem: ApiProblem | None = None,
) -> Response:
    found = [] if asked_for(request) is not None else (await ask(request, "/tokens"))["items"]
    now = datetime.now(UTC)
    return await page(
        request,
        "tokens.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else sentence_of(problem),
        made=made,
        tokens=[one for one in found if _is_good(one, now)],
        gone=[one for one in found if not _is_good(one, now)],
        typed=typed or {"name": "", "scope": Right.READ.value, "days": ""},
        rights=RIGHTS,
        lasting=_LASTING,
    )


def _is_good(token: dict[str, Any], now: datetime) -> bool:
    until = token["expires_at"]
    return not token["revoked_at"] and (until is None or datetime.fromisoformat(until) > now)
