"""The missing files of a library: since when and why, and forgetting some of them, after a look at how many.

What is to be forgotten is chosen, shown, and only then forgotten: three pages, no script.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import Form, form_of
from shelfread.web.frame import sentence_of
from shelfread.web.library_words import MISSING
from shelfread.web.rendering import go_to, page

#: Files of a page.
_ROWS = 100
_MOST_DAYS = 36_500


def missing_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)
    admin = [needs("admin")]

    @routes.get("/libraries/{library_id}/missing", dependencies=[needs("read")])
    async def missing(request: Request, library_id: str) -> Response:
        """Files that are missing, those that are so for longest first."""
        return await _list(request, library_id, Form([]))

    @routes.post("/libraries/{library_id}/missing", dependencies=admin)
    async def look_ahead(request: Request, library_id: str) -> Response:
        """How much would be forgotten."""
        form = await form_of(request)
        address = f"/libraries/{part(library_id)}"
        try:
            which = _which(form)
            ahead = (await tell(request, "POST", f"{address}/prune", which | {"dry_run": True})).document
        except ApiProblem as problem:
            return await _list(request, library_id, form, problem)
        library = await ask(request, address)
        paths = {root["id"]: root.get("path") for root in library["roots"]}
        kept = [one | {"path": paths.get(one["root_id"])} for one in ahead["kept_back"]]
        return await page(
            request,
            "missing_ahead.html",
            library=library,
            files=ahead["files"],
            kept_back=kept,
            which=form.text("which"),
            days=form.text("days"),
            chosen=form.all("file"),
        )

    @routes.post("/libraries/{library_id}/prune", dependencies=admin)
    async def forget(request: Request, library_id: str) -> Response:
        """Forget them."""
        form = await form_of(request)
        try:
            await tell(request, "POST", f"/libraries/{part(library_id)}/prune", _which(form))
        except ApiProblem as problem:
            return await _list(request, library_id, form, problem)
        return go_to(f"/libraries/{part(library_id)}/missing", "forgotten")

    return routes


def _which(form: Form) -> dict[str, Any]:
    """What a form wants forgotten, as the API has it."""
    which = form.text("which")
    if which == "all":
        return {"all": True}
    if which == "older":
        days = form.text("days")
        if not days.isascii() or not days.isdigit() or len(days) > 5 or int(days) > _MOST_DAYS:
            raise ApiProblem(
                422, "invalid-request", "say for how many days: a whole number, up to a hundred years"
            )
        return {"older_than_days": int(days)}
    ids = form.all("file")
    if not ids or not all(one.isascii() and one.isdigit() and len(one) < 19 for one in ids):
        raise ApiProblem(422, "invalid-request", "tick the files that are to be forgotten")
    return {"file_ids": [int(one) for one in ids]}


async def _list(request: Request, library_id: str, form: Form, problem: ApiProblem | None = None) -> Response:
    address = f"/libraries/{part(library_id)}"
    library = await ask(request, address)
    query = {"after": request.query_params.get("after"), "limit": _ROWS}
    found = await ask(request, f"{address}/missing", query)
    return await page(
        request,
        "missing.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else sentence_of(problem),
        library=library,
        files=[{"path": None} | one | {"why": MISSING.get(one["missing_reason"])} for one in found["items"]],
        next=found["next"],
        days=form.raw("days") or "90",
        ticked=form.all("file"),
    )
