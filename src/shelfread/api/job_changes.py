"""What a scan changed, over HTTP: the files, as far as no later job has changed them again.

Beside `job_history`. Stands on the store's `changes`. Paths are for administrators only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query

from shelfread.api.ids import JobText
from shelfread.api.job_history_shapes import ChangesPage
from shelfread.api.jobs import USUAL, Limit, Reader, job_of, sees_paths
from shelfread.api.lists import After
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.model.account import Principal
from shelfread.model.job import SCANS, Job
from shelfread.model.job_json import path_json
from shelfread.store import changes
from shelfread.store.changes import ChangedFile
from shelfread.store.cursor import BadCursor, decoded, encoded


class Made(StrEnum):
    """What a scan may have made of a file."""

    ADDED = "added"
    UPDATED = "updated"
    MISSING = "missing"
    MOVED = "moved"
    RESTORED = "restored"
    FAILED = "failed"


def job_change_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose jobs they are.
    """
    routes = ApiRoutes(prefix="/api/v1/jobs", tags=["jobs"])

    @routes.get(
        "/{job_id}/changes",
        response_model=ChangesPage,
        response_model_exclude_unset=True,
        operation_id="list_job_changes",
    )
    async def list_changes(
        who: Reader,
        job_id: JobText,
        change: Annotated[Made | None, Query()] = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """The files that a scan changed, by change; without those that a later one changed again."""
        job = await job_of(app, job_id)
        question = f"job changes {change or ''}"
        behind = _place(question, after)
        async with app.database.read() as connection:
            found = await changes.page(connection, job.seq, limit + 1, change=change, after=behind)
            there = await changes.counts(connection, job.seq)
        listed = found[:limit]
        last = listed[-1] if len(found) > limit else None
        return {
            "items": [_told(one, who) for one in listed],
            "next": None if last is None else encoded(question, [last.change, last.file_id]),
            "complete": _complete(job, there, change),
        }

    return routes


def _complete(job: Job, there: dict[str, int], change: Made | None) -> bool | None:
    """Whether the job counted no more than its rows say; None where nothing of the sort was counted."""
    if job.type not in SCANS:
        return None
    counters = job.counters
    counted = {
        Made.ADDED: counters.added,
        Made.UPDATED: counters.updated,
        Made.MISSING: counters.removed,
        Made.MOVED: counters.moved,
        Made.RESTORED: counters.restored,
        Made.FAILED: counters.failed,
    }
    return all(there.get(one, 0) >= count for one, count in counted.items() if change in (None, one))


def _place(question: str, after: str | None) -> tuple[str, int] | None:
    if after is None:
        return None
    try:
        change, file_id = decoded(question, after, (str, int))
    except BadCursor as error:
        raise ApiProblem(422, "invalid-request", f"after: {error}") from None
    assert isinstance(change, str)
    assert isinstance(file_id, int)
    return change, file_id


def _told(one: ChangedFile, who: Principal) -> dict[str, Any]:
    return {
        "file_id": one.file_id,
        "item_kind": one.item_kind,
        "item_id": one.item_id,
        "title": one.title,
        "change": one.change,
        **(path_json(one.path) if sees_paths(who) else {}),
    }
