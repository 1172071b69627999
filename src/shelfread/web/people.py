"""Who may come in: users added, given another password, and removed, by administrators.

What was typed as a password is on no page. Knows no token: those are with the account.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.model.account import Right
from shelfread.web.account import RIGHTS
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import form_of
from shelfread.web.frame import sentence_of
from shelfread.web.rendering import asked_for, go_to, page

#: What can be done with a user, and how the page says that it was.
_DONE = {"add": "added", "password": "their_password", "remove": "removed"}


def people_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("admin")], include_in_schema=False)

    @routes.get("/people")
    async def people_page(request: Request) -> Response:
        """The list."""
        return await _people(request)

    @routes.post("/people")
    async def change_people(request: Request) -> Response:
        """Add a user, give one another password, or remove one: what the pressed button says."""
        form = await form_of(request)
        act, user, password = form.text("act"), f"/users/{part(form.text('user'))}", form.raw("password")
        name, scope = form.text("name"), form.text("scope")
        try:
            if act == "add":
                await tell(request, "POST", "/users", {"name": name, "password": password, "scope": scope})
            elif act == "password":
                await tell(request, "PUT", f"{user}/password", {"password": password})
            elif act == "remove":
                await tell(request, "DELETE", user)
            else:
                raise ApiProblem(422, "invalid-request", "Nothing like this can be done with people.")
        except ApiProblem as problem:
            typed = {"name": name, "scope": scope, "user": form.text("user") if act == "password" else ""}
            return await _people(request, typed, problem)
        return go_to("/people", _DONE[act])

    return routes


async def _people(
    request: Request, typed: dict[str, str] | None = None, problem: ApiProblem | None = None
) -> Response:
    users = [] if asked_for(request) is not None else (await ask(request, "/users"))["items"]
    return await page(
        request,
        "people.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else sentence_of(problem),
        users=users,
        rights=RIGHTS,
        typed=typed or {"name": "", "scope": Right.READ.value, "user": ""},
    )
