"""Open problems over HTTP: which files and folders are in trouble, and having one looked at again.

Stands on the store's `problems` and `again`. Paths are for administrators only.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shelfread.api.access import needs
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import USUAL, Limit, Reader, Scanner, cursor_of, problem_told, refuse_outside_for
from shelfread.api.lists import After, RowId
from shelfread.api.problem_shapes import ProblemCounts, RetriedProblems
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import Accepted, JobProblem, JobProblemPage
from shelfread.app import App
from shelfread.app.places import whole
from shelfread.app.retrying import Part, ahead, retry
from shelfread.model.account import Principal
from shelfread.model.job import Enqueued, Origin, UnknownLibrary
from shelfread.model.problem import ProblemCode
from shelfread.store import ignoring, problem_counts
from shelfread.store.again import Due, Which, due_of, make_due
from shelfread.store.clock import now_us
from shelfread.store.cursor import encoded
from shelfread.store.problems import open_problems


def problem_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose problems they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["problems"])

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
        ignored: Annotated[bool, Query(description="Those that a person does not want to see.")] = False,
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
            ignored=ignored,
        )
        page = rows[:limit]
        return {
            "items": [problem_told(row, who) for row in page],
            "next": encoded("problems", [page[-1].id]) if len(rows) > limit else None,
        }

    @routes.get(
        "/problems/counts",
        response_model=ProblemCounts,
        dependencies=[needs("read")],
        operation_id="count_problems",
    )
    async def count_problems(library_id: RowId = None) -> dict[str, Any]:
        """How many open problems there are of each code, the most frequent first."""
        async with app.database.read() as connection:
            found = await problem_counts.counts(connection, library_id)
        return {"items": [one._asdict() for one in found], "total": sum(one.open for one in found)}

    @routes.post(
        "/problems/retry",
        status_code=202,
        response_model=RetriedProblems,
        operation_id="retry_problems",
    )
    async def retry_problems(
        who: Scanner, code: Annotated[ProblemCode | None, Query()] = None, library_id: RowId = None
    ) -> dict[str, Any]:
        """Have everything that has an open problem, of a code or of any, looked at again."""
        meant = await ahead(app, Which(library_id, code.value if code is not None else None))
        if not meant.problems:
            raise ApiProblem(409, "conflict", "there is no such open problem")
        for part in meant.parts:
            await refuse_outside_for(who, app, part.library, part.scopes)
        return {
            "jobs": [_retried(part, enqueued) for part, enqueued in await retry(app, meant)],
            "problems": meant.problems,
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

    @routes.post(
        "/problems/{problem_id}/ignore",
        response_model=JobProblem,
        response_model_exclude_unset=True,
        operation_id="ignore_problem",
    )
    async def ignore_problem(who: Scanner, problem_id: NumberText) -> dict[str, Any]:
        """Do not show a problem any more, until its file or its code changes."""
        return await ignored_from(who, problem_id, now_us())

    @routes.post(
        "/problems/{problem_id}/unignore",
        response_model=JobProblem,
        response_model_exclude_unset=True,
        operation_id="unignore_problem",
    )
    async def unignore_problem(who: Scanner, problem_id: NumberText) -> dict[str, Any]:
        """Show a problem again."""
        return await ignored_from(who, problem_id, None)

    async def ignored_from(who: Principal, problem_id: str, now: int | None) -> dict[str, Any]:
        number = number_of(problem_id)

        async def work(connection: Any) -> None:
            await ignoring.ignore(connection, number, now)

        await app.database.write(work)
        found = await open_problems(app.database, problem_id=number)
        if not found:
            raise not_found(f"problem {shown(problem_id)}")
        return problem_told(found[0], who)

    return routes


def _retried(part: Part, enqueued: Enqueued) -> dict[str, Any]:
    of_it = "" if part.scopes == whole(part.library) else "parts of "
    return {
        "job_id": enqueued.job.id,
        "status": "queued",
        "message": f"a scan of {of_it}{part.library.name!r} is queued",
        "coalesced": enqueued.coalesced,
    }
