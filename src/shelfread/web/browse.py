"""What there is: the start of browsing, and a list for each kind of item.

A list is one question to the API: a walk along an index, or a search when words are typed. Nothing is
counted, so a list of a million items comes as quickly as one of ten.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem, not_found
from shelfread.web.asking import ask
from shelfread.web.frame import sentence_of
from shelfread.web.kinds import FIELDS, FORMATS, ITEM_KINDS, ItemKind, Sorts
from shelfread.web.rendering import asked_for, page
from shelfread.web.words import KINDS

#: Items on one page: rows of a table, covers beside one another.
_ROWS, _COVERS = 100, 60
#: Covers of what was added last, on the start page.
_LATEST = 6
#: Whose newest stand on the start page, for each kind of library.
_SHOWN_FIRST = {"music": "releases", "books": "books", "video": "movies"}


def browse_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/browse", dependencies=[needs("read")], include_in_schema=False)

    @routes.get("")
    async def browse_page(request: Request) -> Response:
        """What there is, by kind, and what came last."""
        there = {one["kind"] for one in await libraries_of(request)}
        kinds = []
        for kind, name in KINDS.items():
            if kind in there:
                first = ITEM_KINDS[_SHOWN_FIRST[kind]]
                newest = {"sort": "added_at", "order": "desc", "limit": _LATEST}
                kinds.append(
                    {
                        "name": name,
                        "lists": [one for one in ITEM_KINDS.values() if one.library_kind == kind],
                        "first": first,
                        "items": (await ask(request, f"/{first.word}", newest))["items"],
                    }
                )
        return await page(request, "browse.html", kinds=kinds)

    @routes.get("/{word}")
    async def list_page(word: str, request: Request) -> Response:
        """Items of one kind."""
        kind = ITEM_KINDS.get(word)
        if kind is None:
            raise not_found("list of this name")
        found, problem = await _found(request, kind)
        libraries = await libraries_of(request) if asked_for(request) is None else []
        given = request.query_params
        return await page(
            request,
            "list.html",
            status=200 if problem is None else problem.status,
            trouble=None if problem is None else sentence_of(problem),
            kind=kind,
            sorts=_sorts(request, kind),
            links=_by_links(kind),
            given=given,
            fields=FIELDS,
            formats=FORMATS,
            libraries=[one for one in libraries if one["kind"] == kind.library_kind],
            items=found["items"],
            more=_address(request, kind, found["next"]) if found["next"] else None,
            first=_address(request, kind, None) if given.get("after") else None,
            is_complete=found.get("complete", True),
            is_narrowed=any(
                given.get(name) for name in ("library_id", "problems", *kind.fields, *_by_links(kind))
            ),
            # A search knows nothing of these.
            is_beside=bool(_words(request))
            and any(given.get(name) for name in (*kind.fields, *_by_links(kind))),
        )

    return routes


async def libraries_of(request: Request) -> list[dict[str, Any]]:
    """Every library, by name, without counting what is in it."""
    found: list[dict[str, Any]] = (await ask(request, "/libraries", {"counts": "false"}))["items"]
    return found


def _words(request: Request) -> str:
    return request.query_params.get("q", "").strip()


def _by_links(kind: ItemKind) -> tuple[str, ...]:
    return kind.of if kind.within is None else (*kind.of, kind.within)


def _sorts(request: Request, kind: ItemKind) -> Sorts:
    if kind.within is None or not request.query_params.get(kind.within):
        return kind.sorts
    return (("number", "In their order"), *kind.sorts)


async def _found(request: Request, kind: ItemKind) -> tuple[dict[str, Any], ApiProblem | None]:
    """A page of a list, or none of it and what is wrong with the question."""
    try:
        path, query = _question(request, kind)
        found: dict[str, Any] = await ask(request, path, query)
        return found, None
    except ApiProblem as problem:
        if problem.status != 422:
            raise
        return {"items": [], "next": None}, problem


def _question(request: Request, kind: ItemKind) -> tuple[str, dict[str, Any]]:
    given = request.query_params
    query: dict[str, Any] = {
        "library_id": given.get("library_id") or None,
        "after": given.get("after") or None,
        "limit": _ROWS if kind.look == "table" else _COVERS,
    }
    if words := _words(request):
        return "/search", query | {"q": words, "kind": kind.one}
    sort, _, turned = (given.get("sort") or _sorts(request, kind)[0][0]).partition("-")
    query |= {"sort": sort, "order": turned or "asc", "status": "any" if given.get("missing") else None}
    if kind.has_problems and given.get("problems"):
        query["has_problem"] = "true"
    return f"/{kind.word}", query | {
        name: given.get(name) or None for name in (*kind.fields, *_by_links(kind))
    }


def _address(request: Request, kind: ItemKind, after: str | None) -> str:
    """The same list from another place on."""
    known = ("q", "library_id", "sort", "missing", "problems", *kind.fields, *_by_links(kind))
    given = {name: said for name in known if (said := request.query_params.get(name))}
    if after is not None:
        given["after"] = after
    return f"/browse/{kind.word}" + (f"?{urlencode(given)}" if given else "")
