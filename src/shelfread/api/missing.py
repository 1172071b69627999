"""Missing files over HTTP: which there are, since when and why, and forgetting them for good.

Stands on `app.pruning`. Paths are for administrators only.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from shelfread.api.access import needs
from shelfread.api.ids import NumberText
from shelfread.api.jobs import USUAL, Limit, Reader, sees_paths
from shelfread.api.libraries import library_of
from shelfread.api.lists import After
from shelfread.api.missing_shapes import MissingPage, Pruned, PruneRequest
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.app.pruning import chosen, missing_files, preview, prune
from shelfread.model.account import Principal
from shelfread.model.job import AlreadyRunning
from shelfread.model.job_json import iso_us, path_json
from shelfread.store.cursor import BadCursor, decoded, encoded
from shelfread.store.missing import MissingFile
from shelfread.tasks.pruning import KeptBack

_QUESTION = "missing"


def missing_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose libraries they are.
    """
    routes = ApiRoutes(prefix="/api/v1/libraries/{library_id}", tags=["libraries"])

    @routes.get(
        "/missing",
        response_model=MissingPage,
        response_model_exclude_unset=True,
        operation_id="list_missing",
    )
    async def list_missing(
        who: Reader, library_id: NumberText, after: After = None, limit: Limit = USUAL
    ) -> dict[str, Any]:
        """Files that are missing, those that are so for longest first."""
        library = await library_of(app, library_id)
        found = await missing_files(app, chosen(library), limit + 1, _place(after))
        page = found[:limit]
        last = page[-1] if len(found) > limit else None
        return {
            "items": [_told(one, who) for one in page],
            "next": None if last is None else encoded(_QUESTION, [last.missing_at, last.id]),
        }

    @routes.post(
        "/prune",
        response_model=Pruned,
        response_model_exclude_unset=True,
        dependencies=[needs("admin")],
        operation_id="prune_library",
    )
    async def prune_library(library_id: NumberText, wanted: PruneRequest) -> dict[str, Any]:
        """Forget missing files for good: their rows and nothing on disk. With `dry_run` only say which."""
        library = await library_of(app, library_id)
        which = chosen(library, wanted.older_than_days, wanted.file_ids)
        ahead = await preview(app, library, which)
        if wanted.dry_run:
            return {"dry_run": True, "files": ahead.files, "kept_back": _kept(ahead.kept_back)}
        try:
            gone, kept_back = await prune(app, library, which)
        except AlreadyRunning as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        return {"dry_run": False, "files": gone, "kept_back": _kept(kept_back)}

    return routes


def _place(after: str | None) -> tuple[int, int] | None:
    if after is None:
        return None
    try:
        at, row_id = decoded(_QUESTION, after, (int, int))
    except BadCursor as error:
        raise ApiProblem(422, "invalid-request", f"after: {error}") from None
    assert isinstance(at, int)
    assert isinstance(row_id, int)
    return at, row_id


def _told(one: MissingFile, who: Principal) -> dict[str, Any]:
    return {
        "id": one.id,
        "root_id": one.root_id,
        "size": one.size,
        "added_at": iso_us(one.added_at),
        "missing_since": iso_us(one.missing_at),
        "missing_reason": one.reason,
        **(path_json(one.path) if sees_paths(who) else {}),
    }


def _kept(kept_back: list[KeptBack]) -> list[dict[str, Any]]:
    return [{"root_id": one.root.id, "files": one.files, "reason": one.why} for one in kept_back]
