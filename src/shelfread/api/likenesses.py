"""Files that are probably the same, over HTTP: which there are, and saying of two whether they are.

Stands on `app.likenesses`. Paths are for administrators only.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from shelfread.api.access import needs
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import USUAL, Limit, Reader, cursor_of, sees_paths
from shelfread.api.likeness_shapes import LikenessPage, LikenessSettled
from shelfread.api.lists import After, RowId
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.app.likenesses import NoLikeness, NotSettled, confirm, open_ones, reject
from shelfread.model.account import Principal
from shelfread.model.job import AlreadyRunning
from shelfread.model.job_json import iso_us, path_json
from shelfread.store.cursor import encoded
from shelfread.store.likenesses import Asked

_QUESTION = "likenesses"


def likeness_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose files they are.
    """
    routes = ApiRoutes(prefix="/api/v1/likenesses", tags=["libraries"])
    admin = [needs("admin")]

    @routes.get(
        "", response_model=LikenessPage, response_model_exclude_unset=True, operation_id="list_likenesses"
    )
    async def list_likenesses(
        who: Reader, library_id: RowId = None, after: After = None, limit: Limit = USUAL
    ) -> dict[str, Any]:
        """Files that are probably the same, in the order in which they were found."""
        found = await open_ones(app, library_id, limit + 1, cursor_of(_QUESTION, after) or 0)
        page = found[:limit]
        return {
            "items": [_told(one, who) for one in page],
            "next": encoded(_QUESTION, [page[-1].id]) if len(found) > limit else None,
        }

    @routes.post(
        "/{likeness_id}/confirm",
        response_model=LikenessSettled,
        dependencies=admin,
        operation_id="confirm_likeness",
    )
    async def confirm_likeness(likeness_id: NumberText) -> dict[str, Any]:
        """They are the same: the newer file goes on under the older id, to which the newer one leads."""
        try:
            file_id = await confirm(app, number_of(likeness_id))
        except NoLikeness:
            raise not_found(f"likeness {shown(likeness_id)}") from None
        except (NotSettled, AlreadyRunning) as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        return {"id": number_of(likeness_id), "state": "confirmed", "file_id": file_id}

    @routes.post(
        "/{likeness_id}/reject",
        response_model=LikenessSettled,
        dependencies=admin,
        operation_id="reject_likeness",
    )
    async def reject_likeness(likeness_id: NumberText) -> dict[str, Any]:
        """They are not the same; this is not asked again."""
        try:
            await reject(app, number_of(likeness_id))
        except NoLikeness:
            raise not_found(f"likeness {shown(likeness_id)}") from None
        return {"id": number_of(likeness_id), "state": "rejected", "file_id": None}

    return routes


def _told(one: Asked, who: Principal) -> dict[str, Any]:
    old: dict[str, Any] = {"id": one.old_file_id, "missing_since": iso_us(one.missing_at)}
    new: dict[str, Any] = {"id": one.new_file_id}
    if sees_paths(who):
        old |= path_json(one.old_path)
        new |= path_json(one.new_path)
    return {
        "id": one.id,
        "library_id": one.library_id,
        "why": one.why,
        "found_at": iso_us(one.found_at),
        "old": old,
        "new": new,
    }
