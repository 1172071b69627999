"""Open problems over HTTP: which files and folders are in trouble, and having one looked at again.

Stands on the store's `problems` and `again`. Paths are for administrators only.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import USUAL, Limit, Reader, Scanner, cursor_of, problem_told, refuse_outside_for
from shelfread.api.lists import After, RowId
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.shapes import Accepted, JobProblemPage
from shelfread.app import App
from shelfread.model.job import Origin, UnknownLibrary
from shelfread.model.problem import ProblemCode
from shelfread.store.again import Due, due_of, make_due
from shelfread.store.cursor import encoded
from shelfread.store.problems import open_problems


def problem_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose problems they are.
    """
    routes = APIRouter(prefix="/api/v1", tags=["problems"])

    @routes.get(
        "/problems",
        response_model=JobProblemPage,
        response_model_exclude_unset=True,
        operation_id="list_problems",
    )
    async def list_problems(
        who: Reader,
        library_id: RowId = None,
        code: Annotated[ProblemCode | None, Query()] = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Open problems in the order in which they were found; those of missing files are not among them."""
        rows = await open_problems(
            app.database,
            library_id=library_id,
            limit=limit + 1,
            after_id=cursor_of("problems", after) or 0,
            code=code.value if code is not None else None,
        )
        page = rows[:limit]
        return {
            "items": [problem_told(row, who) for row in page],
            "next": encoded("problems", [page[-1].id]) if len(rows) > limit else None,
        }

    @routes.post(
        "/problems/{problem_id}/retry",
        status_code=202,
        response_model=Accepted,
        operation_id="retry_problem",
    )
    async def retry_problem(who: Scanner, problem_id: NumberText) -> dict[str, Any]:
        """Have a file or folder in trouble looked at again, though it has not changed."""
        number = number_of(problem_id)

        async def work(connection: Any) -> Due | None:
            return await make_due(connection, number)

        async with app.database.read() as connection:
            due = await due_of(connection, number)
        library = await app.libraries.get(due.library_id) if due is not None else None
        if due is not None and library is not None:
            await refuse_outside_for(who, app, library, [due.scope])
            due = await app.database.write(work)
        if due is None or library is None:
            raise not_found(f"problem {shown(problem_id)}")
        try:
            enqueued = await app.request_scan(library, [due.scope], origin=Origin.RETRY)
        except (UnknownLibrary, ValueError) as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        return {
            "job_id": enqueued.job.id,
            "status": "queued",
            "message": f"a scan of what problem {number} is about is queued",
            "coalesced": enqueued.coalesced,
        }

    return routes
