"""What stands around all pages: the files they load, coming and going, the colours.

Knows nothing of what pages show.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from shelfread.api.access import IS_OPEN
from shelfread.api.problems import ApiProblem, not_found
from shelfread.web.asking import Answer, ask, tell
from shelfread.web.forms import form_of, own_address
from shelfread.web.rendering import THEME, THEMES, go_to, page, static_files

#: The types of the files that pages load.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Seconds for which a browser keeps the colours somebody chose, and a file whose address has its version.
_YEAR_S = 31_536_000


def frame_routes() -> APIRouter:
    """The routes; open to everybody."""
    routes = APIRouter(dependencies=[IS_OPEN], include_in_schema=False)

    @routes.get("/static/{name}")
    async def static_file(name: str, request: Request) -> Response:
        """A file that a page needs."""
        content = static_files().get(name)
        if content is None:
            raise not_found("file of this name")
        kept = f"public, max-age={_YEAR_S}, immutable" if request.query_params.get("v") else "no-cache"
        headers = {"Content-Type": TYPES[name[name.rindex(".") :]], "Cache-Control": kept}
        return Response(content, headers=headers)

    @routes.get("/login")
    async def login_page(request: Request) -> Response:
        """Where people come in."""
        return await _login(request, own_address(request.query_params.get("next", "")))

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        """Come in."""
        form = await form_of(request)
        address = own_address(form.text("next"))
        wanted = {"name": form.text("name"), "password": form.raw("password")}
        try:
            answer = await tell(request, "POST", "/login", wanted)
        except ApiProblem as problem:
            return await _login(request, address, wanted["name"], problem)
        return with_cookies(go_to(address), answer)

    @routes.post("/logout")
    async def log_out(request: Request) -> Response:
        """Go."""
        return with_cookies(go_to("/login"), await tell(request, "POST", "/logout"))

    @routes.post("/theme")
    async def choose_theme(request: Request) -> Response:
        """Light, dark, or as the system has it."""
        form = await form_of(request)
        answer = go_to(own_address(form.text("next")))
        if (theme := form.text("theme")) in THEMES:
            answer.set_cookie(THEME, theme, max_age=_YEAR_S, path="/", httponly=True, samesite="lax")
        else:
            answer.delete_cookie(THEME, path="/", httponly=True, samesite="lax")
        return answer

    return routes


async def _login(
    request: Request, address: str, name: str = "", problem: ApiProblem | None = None
) -> Response:
    done = (await ask(request, "/setup"))["done"]
    trouble = None if problem is None else sentence_of(problem)
    status = 200 if problem is None else problem.status
    return await page(
        request, "login.html", status=status, next=address, name=name, trouble=trouble, is_set_up=done
    )


def sentence_of(problem: ApiProblem) -> str:
    """What a problem says, as a sentence for a page."""
    text = problem.detail or problem.title
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def with_cookies(response: Response, answer: Answer) -> Response:
    """A page's answer with the cookies that the API gave."""
    for cookie in answer.cookies:
        response.headers.append("set-cookie", cookie)
    return response
