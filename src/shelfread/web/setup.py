"""The first set-up: the link of the first start leads to the first user, and on to the first library.

The code of the link stands behind # in the address, which no server sees; the page's program puts it into the
form, and without that program people type it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from shelfread.api.access import IS_OPEN
from shelfread.api.problems import ApiProblem
from shelfread.web.asking import ask, tell
from shelfread.web.forms import form_of
from shelfread.web.frame import sentence_of, with_cookies
from shelfread.web.rendering import go_to, page

#: Where somebody goes who is the first.
_ON = "/libraries/new?first=1"


def setup_routes() -> APIRouter:
    """The routes; open to everybody, for the code is what lets in."""
    routes = APIRouter(dependencies=[IS_OPEN], include_in_schema=False)

    @routes.get("/setup")
    async def setup_page(request: Request) -> Response:
        """Where the link of the first start leads."""
        return await _setup(request)

    @routes.post("/setup")
    async def set_up(request: Request) -> Response:
        """Make the first user, who goes on to the first library."""
        form = await form_of(request)
        wanted = {"secret": form.text("code"), "name": form.text("name"), "password": form.raw("password")}
        try:
            answer = await tell(request, "POST", "/setup", wanted)
        except ApiProblem as problem:
            return await _setup(request, wanted["secret"], wanted["name"], problem)
        return with_cookies(go_to(_ON), answer)

    return routes


async def _setup(
    request: Request, code: str = "", name: str = "", problem: ApiProblem | None = None
) -> Response:
    is_set_up = (await ask(request, "/setup"))["done"]
    return await page(
        request,
        "setup.html",
        status=200 if problem is None else problem.status,
        code=code,
        name=name,
        is_set_up=is_set_up,
        trouble=None if problem is None else sentence_of(problem),
    )
