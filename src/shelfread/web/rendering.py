"""Templates become pages: what each page knows of its visitor, and the parts of a page alone.

A part is a block of a template whose name begins with `part_`; a page's program asks for parts by the header
`X-Part` and puts them where they stand. Everything in a template is escaped. Knows no route.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shelfread.api.access import principal_of
from shelfread.model.account import Principal, Right
from shelfread.web.asking import jobs_under_way, names_of_libraries
from shelfread.web.troubles import TROUBLES
from shelfread.web.words import DONE, FILTERS, GLOBALS

#: What a page may load: files of this server, and nothing that stands in the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: The cookie of the colours, and what it may say; without it the system's are taken.
THEME = "shelfread_theme"
THEMES = ("light", "dark")
_FOLDER = Path(__file__).parent
#: Parts that one request may ask for.
_MOST_PARTS = 12
#: Jobs that every page shows.
_MOST_JOBS = 20


@cache
def static_files() -> dict[str, bytes]:
    """The files that pages need, by name. The style is in several files that stand in their order."""
    static = _FOLDER / "static"
    found = {one.name: one.read_bytes() for one in sorted(static.iterdir()) if one.is_file()}
    found["page.css"] = b"\n".join(one.read_bytes() for one in sorted((static / "styles").glob("*.css")))
    return found


@cache
def templates() -> Environment:
    """All templates."""
    made = Environment(
        loader=PackageLoader("shelfread.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters.update(FILTERS)
    made.globals.update(GLOBALS)
    made.globals |= {"static": _static, "TROUBLES": TROUBLES}
    # Pieces that many pages have; a part alone does not see what its template imports.
    made.globals["ui"] = made.get_template("pieces.html").module
    return made


def _static(name: str) -> str:
    return f"/static/{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    return hashlib.sha256(static_files()[name]).hexdigest()[:12]


async def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page, or the parts of it that were asked for. It shows the jobs under way, as every page does.

    Args:
        request: the visitor's.
        template: the file's name.
        status: the HTTP status.
        context: what the template is given.
    """
    wanted = asked_for(request)
    given = about(request) | context
    given["activity"] = await _activity(request) if wanted is None or "activity" in wanted else []
    found = templates().get_template(template)
    text = found.render(given) if wanted is None else _parts(template, wanted, given)
    headers = {"Content-Security-Policy": POLICY, "Vary": "Cookie, X-Part, X-Heard"}
    return Response(text, status, headers, media_type="text/html; charset=utf-8")


def about(request: Request) -> dict[str, Any]:
    """What every template knows of a visitor."""
    who = principal_of(request.scope)
    theme = request.cookies.get(THEME)
    return {
        "request": request,
        "here": request.url.path,
        "back": address_of(request),
        "who": who,
        "may_scan": _may(who, Right.SCAN),
        "is_admin": _may(who, Right.ADMIN),
        "theme": theme if theme in THEMES else "",
        "done": DONE.get(request.query_params.get("done", "")),
        "trouble": None,
    }


def address_of(request: Request) -> str:
    """Where a visitor is, with what was chosen there, without what was done just before."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "done"]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")


def go_to(address: str, done: str | None = None) -> RedirectResponse:
    """What a form answers when it has worked: go on to a page, which says what was done.

    Args:
        address: of this server.
        done: one of `words.DONE`.
    """
    if done is not None:
        assert done in DONE
        address += f"{'&' if '?' in address else '?'}done={done}"
    return RedirectResponse(address, 303)


def asked_for(request: Request) -> list[str] | None:
    """The parts of a page that were asked for; None for the whole page.

    A page may leave out what no wanted part shows.
    """
    said = request.headers.get("x-part")
    return None if said is None else [name.strip() for name in said.split(",")[:_MOST_PARTS]]


async def _activity(request: Request) -> list[dict[str, Any]]:
    """The jobs that run and wait, each with its library's name; nothing for somebody who is not known."""
    if principal_of(request.scope) is None or "app" not in request.scope:
        return []
    jobs = (await jobs_under_way(request))[:_MOST_JOBS]
    names = await names_of_libraries(request) if jobs else {}
    return [job | {"library": names.get(job["library_id"])} for job in jobs]


def _may(who: Principal | None, right: Right) -> bool:
    return who is not None and who.may(right)


def _parts(template: str, wanted: list[str], given: dict[str, Any]) -> str:
    told = []
    for name in wanted:
        block = f"part_{name}"
        for one in (template, "base.html"):
            found = templates().get_template(one)
            if block in found.blocks:
                text = "".join(found.blocks[block](found.new_context(given)))
                told.append(f'<template data-part="{escape(name)}">{text}</template>')
                break
    return "".join(told)
