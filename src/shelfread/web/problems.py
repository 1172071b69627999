"""Files and folders in trouble: by what is wrong and with what to do; looking again, and setting aside."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import back_of, form_of
from shelfread.web.rendering import go_to, page
from shelfread.web.sharing import SharedRoute
from shelfread.web.troubles import TROUBLES

_ROWS = 50


def problems_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False, route_class=SharedRoute)

    @routes.get("/problems")
    async def problems_page(request: Request) -> Response:
        """The kinds of trouble, and the files of one of them."""
        return await _problems(request)

    @routes.post("/problems/retry", dependencies=[needs("scan")])
    async def retry_all(request: Request) -> Response:
        """Have all files of a kind looked at again."""
        form = await form_of(request)
        query = {name: form.text(name) for name in ("code", "library_id") if form.text(name)}
        await tell(request, "POST", "/problems/retry", query=query)
        return go_to(back_of(form, "/problems"), "retry")

    @routes.post("/problems/{problem_id}/{act}", dependencies=[needs("scan")])
    async def one_problem(problem_id: str, act: str, request: Request) -> Response:
        """Have one looked at again, set it aside, or show it again."""
        form = await form_of(request)
        await tell(request, "POST", f"/problems/{part(problem_id)}/{part(act)}")
        done = {"ignore": "ignored", "unignore": "unignored"}.get(act, "retry")
        return go_to(back_of(form, "/problems"), done)

    return routes


async def _problems(request: Request) -> Response:
    asked = request.query_params
    chosen = {name: asked[name] for name in ("library_id",) if asked.get(name)}
    code, aside = asked.get("code", ""), asked.get("aside") == "1"
    counts = await ask(request, "/problems/counts", chosen)
    libraries = (await ask(request, "/libraries", {"counts": "false"}))["items"]
    rows: dict[str, Any] | None = None
    if code or aside:
        query = {"limit": _ROWS, "after": asked.get("after") or None, "ignored": "true" if aside else None}
        rows = await ask(request, "/problems", chosen | query | ({"code": code} if code else {}))
    kept = chosen | ({"code": code} if code else {}) | ({"aside": "1"} if aside else {})
    return await page(
        request,
        "problems.html",
        groups=[one for one in counts["items"] if one["open"]],
        set_aside=sum(one["ignored"] for one in counts["items"]),
        total=sum(one["open"] for one in counts["items"]),
        rows=rows["items"] if rows else [],
        more=f"/problems?{urlencode(kept | {'after': rows['next']})}" if rows and rows["next"] else None,
        code=code,
        aside=aside,
        chosen=chosen.get("library_id", ""),
        trouble_of=TROUBLES.get(code),
        link=lambda **more: f"/problems?{urlencode(chosen | more)}",
        libraries=libraries,
        names={one["id"]: one["name"] for one in libraries},
    )
