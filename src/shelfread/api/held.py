"""What waits for a person's word, over HTTP: which places, why and since when; confirming and rejecting.

Stands on `app.holding`. Paths are for administrators only.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from shelfread.api.access import needs
from shelfread.api.held_shapes import HeldConfirmed, HeldPage, HeldRejected, HeldRequest
from shelfread.api.ids import NumberText
from shelfread.api.jobs import USUAL, Limit, Reader, cursor_of, sees_paths
from shelfread.api.libraries import library_of
from shelfread.api.lists import After
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.app import App, holding
from shelfread.app.holding import Waiting
from shelfread.model.account import Principal
from shelfread.model.job import AlreadyRunning
from shelfread.model.job_json import iso_us, path_json, without_paths
from shelfread.model.library import Library
from shelfread.scan.folder import joined
from shelfread.store.cursor import encoded

_QUESTION = "held"

Wanted = Annotated[HeldRequest | None, Body()]


def held_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose libraries they are.
    """
    routes = ApiRoutes(prefix="/api/v1/libraries/{library_id}/held", tags=["libraries"])
    admin = [needs("admin")]

    @routes.get("", response_model=HeldPage, response_model_exclude_unset=True, operation_id="list_held")
    async def list_held(
        who: Reader, library_id: NumberText, after: After = None, limit: Limit = USUAL
    ) -> dict[str, Any]:
        """Roots, mounts and folders that no scan touches as they are, in the order in which it was found."""
        library = await library_of(app, library_id)
        found = await holding.waiting(app, library, limit + 1, cursor_of(_QUESTION, after) or 0)
        page = found[:limit]
        return {
            "items": [_told(one, who) for one in page],
            "next": encoded(_QUESTION, [page[-1].place.id]) if len(found) > limit else None,
        }

    @routes.post("/confirm", response_model=HeldConfirmed, dependencies=admin, operation_id="confirm_held")
    async def confirm_held(library_id: NumberText, wanted: Wanted = None) -> dict[str, Any]:
        """It is right: what is held and gone is missing, and the next scan believes what is there, once."""
        library = await library_of(app, library_id)
        try:
            done = await app.confirm(library, _roots(library, wanted))
        except AlreadyRunning as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        return {
            "library_id": library.id,
            "items_removed": done.missing,
            "items_left_out": done.left_out,
            "items_kept": done.there,
            "items_held": done.away,
            "roots_confirmed": done.roots,
            "roots_back": done.back,
            "roots_unlisted": done.unlisted,
            "roots_changed": done.changed,
        }

    @routes.post("/reject", response_model=HeldRejected, dependencies=admin, operation_id="reject_held")
    async def reject_held(library_id: NumberText, wanted: Wanted = None) -> dict[str, Any]:
        """It is wrong: what is held as gone stays as it is. A scan that misses it again asks again."""
        library = await library_of(app, library_id)
        try:
            kept = await app.reject(library, _roots(library, wanted))
        except AlreadyRunning as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        return {"library_id": library.id, "items_kept": kept}

    return routes


def _roots(library: Library, wanted: HeldRequest | None) -> set[int] | None:
    if wanted is None or wanted.root_ids is None:
        return None
    given = set(wanted.root_ids)
    if unknown := given - {root.id for root in library.roots}:
        raise ApiProblem(422, "invalid-request", f"root_ids: {min(unknown)} is no root of this library")
    return given


def _told(one: Waiting, who: Principal) -> dict[str, Any]:
    place, paths = one.place, sees_paths(who)
    return {
        "id": place.id,
        "root_id": place.root_id,
        "code": one.code,
        "reason": place.detail if paths else without_paths(place.detail),
        "since": iso_us(place.found_at),
        "files": one.files,
        "can_be_confirmed": one.can_be_confirmed,
        "confirmed": place.confirmed,
        **(path_json(joined(place.root, place.place) if place.place else place.root) if paths else {}),
        **({"examples": [path_json(path) for path in one.examples]} if paths else {}),
    }
