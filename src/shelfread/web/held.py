"""What waits for a person's word: changes that are held, and files that are probably the same.

For all libraries, or for one. Confirming and rejecting are about a root, as in the API.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import Form, form_of, own_address
from shelfread.web.frame import sentence_of
from shelfread.web.held_words import ALIKE, told
from shelfread.web.rendering import asked_for, go_to, page

#: Places of a library, and pairs of files, that one page shows.
_PLACES, _PAIRS = 100, 25


def held_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)
    read, admin = [needs("read")], [needs("admin")]

    @routes.get("/held", dependencies=read)
    async def held(request: Request) -> Response:
        """What waits in all libraries."""
        return await _held(request, None)

    @routes.get("/libraries/{library_id}/held", dependencies=read)
    async def held_in(request: Request, library_id: str) -> Response:
        """What waits in one."""
        return await _held(request, library_id)

    @routes.post("/libraries/{library_id}/held/confirm", dependencies=admin)
    async def confirm(request: Request, library_id: str) -> Response:
        """They are really gone."""
        form = await form_of(request)
        address = f"/libraries/{part(library_id)}"
        try:
            done = await tell(request, "POST", f"{address}/held/confirm", _roots(form))
            said = done.document
            looks = said["roots_confirmed"] or said["roots_back"] or said["roots_changed"]
            if looks:
                await tell(request, "POST", f"{address}/scan")
        except ApiProblem as problem:
            return await _held(request, library_id, problem)
        away = said["roots_unlisted"] or said["items_held"]
        if said["items_removed"] or said["items_kept"] or said["roots_confirmed"] or not (looks or away):
            word = "confirmed"
        else:
            word = "looking" if looks else "unlisted"
        return go_to(_back(form, f"{address}/held"), word)

    @routes.post("/libraries/{library_id}/held/reject", dependencies=admin)
    async def reject(request: Request, library_id: str) -> Response:
        """They are not: keep them, and look again."""
        form = await form_of(request)
        address = f"/libraries/{part(library_id)}"
        try:
            await tell(request, "POST", f"{address}/held/reject", _roots(form))
            await tell(request, "POST", f"{address}/scan")
        except ApiProblem as problem:
            return await _held(request, library_id, problem)
        return go_to(_back(form, f"{address}/held"), "rejected")

    async def settle(request: Request, likeness_id: str, way: str, done: str) -> Response:
        form = await form_of(request)
        try:
            await tell(request, "POST", f"/likenesses/{part(likeness_id)}/{way}")
        except ApiProblem as problem:
            if problem.status != 409:
                raise
            return await _held(request, None, problem)
        return go_to(_back(form, "/held"), done)

    @routes.post("/likenesses/{likeness_id}/confirm", dependencies=admin)
    async def confirm_likeness(request: Request, likeness_id: str) -> Response:
        """Two files are the same."""
        return await settle(request, likeness_id, "confirm", "same")

    @routes.post("/likenesses/{likeness_id}/reject", dependencies=admin)
    async def reject_likeness(request: Request, likeness_id: str) -> Response:
        """They are not."""
        return await settle(request, likeness_id, "reject", "different")

    return routes


def _back(form: Form, otherwise: str) -> str:
    return own_address(form.text("next"), otherwise)


def _roots(form: Form) -> dict[str, Any]:
    """The root that a button is about."""
    root_id = form.number("root")
    if root_id is None:
        raise ApiProblem(422, "invalid-request", "say which folder is meant")
    return {"root_ids": [root_id]}


async def _held(request: Request, library_id: str | None, problem: ApiProblem | None = None) -> Response:
    wanted = asked_for(request)
    given: dict[str, Any] = {"only": None, "places": [], "pairs": [], "next": None}
    one = None if library_id is None else await ask(request, f"/libraries/{part(library_id)}")
    given["only"] = one
    libraries = (await ask(request, "/libraries", {"counts": "false"}))["items"] if one is None else [one]
    if wanted is None or "held" in wanted:
        for library in libraries:
            given["places"] += await _places(request, library)
        query = {"limit": _PAIRS, "after": request.query_params.get("after"), "library_id": one and one["id"]}
        found = await ask(request, "/likenesses", query)
        names = {library["id"]: library["name"] for library in libraries}
        given["next"] = found["next"]
        given["pairs"] = [
            pair
            | {
                "library": names.get(pair["library_id"], ""),
                "because": ALIKE[pair["why"]],
                "old": {"path": None} | pair["old"],
                "new": {"path": None} | pair["new"],
            }
            for pair in found["items"]
        ]
    return await page(
        request,
        "held.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else sentence_of(problem),
        **given,
    )


async def _places(request: Request, library: dict[str, Any]) -> list[dict[str, Any]]:
    """What waits in a library, by root; a root's places are settled together."""
    found = await ask(request, f"/libraries/{part(library['id'])}/held", {"limit": _PLACES})
    by_root: dict[int, list[dict[str, Any]]] = {}
    for place in found["items"]:
        by_root.setdefault(place["root_id"], []).append(told(place))
    paths = {root["id"]: root.get("path") for root in library["roots"]}
    return [
        {
            "library": library,
            "root_id": root_id,
            "path": paths.get(root_id),
            "places": places,
            "files": sum(place["files"] for place in places),
            "can_be_confirmed": any(place["can_be_confirmed"] and not place["confirmed"] for place in places),
            "is_away": any(place["is_away"] for place in places),
            "confirmed": any(place["confirmed"] for place in places),
        }
        for root_id, places in by_root.items()
    ]
