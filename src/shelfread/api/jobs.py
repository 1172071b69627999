"""Jobs over HTTP: the list, one of them, what it said, its problems; cancelling and trying again.

Stands on `app.jobs`. Paths are for administrators only (PROMISES D12), in errors and log lines too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from shelfread.api.access import needs
from shelfread.api.ids import JobText, shown
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import Accepted, Cancelling, JobPage, JobProblemPage, JobShape, LinePage
from shelfread.app import App
from shelfread.app.confine import PathRefused, refuse_parts
from shelfread.model.account import Principal, Right
from shelfread.model.job import Job, JobStatus, JobType, Scope, UnknownLibrary
from shelfread.model.job_json import iso_us, job_json, line_json, path_json, without_paths
from shelfread.model.library import Library
from shelfread.store.cursor import BadCursor, decoded, encoded
from shelfread.store.problems import ProblemRow, open_problems

#: Rows of a page: as many where nothing is said, and at most.
USUAL, MOST = 50, 500
#: The largest number that a database takes.
LARGEST = 2**63 - 1

Reader = Annotated[Principal, needs("read")]
Scanner = Annotated[Principal, needs("scan")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows of a page.")]


class Level(StrEnum):
    """What lines a log is to show: those of this level, or worse."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_FROM = {
    Level.INFO: (),
    Level.WARNING: ("warning", "error"),
    Level.ERROR: ("error",),
}
_BEHIND = "Lines behind this `seq`; the newest first: before it, and 0 begins with the newest."


def sees_paths(who: Principal) -> bool:
    """Whether somebody may see paths (PROMISES D12)."""
    return who.may(Right.ADMIN)


def job_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose jobs they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["jobs"])

    @routes.get("/jobs", response_model=JobPage, operation_id="list_jobs")
    async def list_jobs(
        who: Reader,
        status: Annotated[list[JobStatus], Query(max_length=5)] = [],  # noqa: B006
        type: Annotated[list[JobType], Query(max_length=10)] = [],  # noqa: A002, B006
        library_id: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
        request_id: Annotated[
            str | None, Query(pattern="^[0-9a-f-]{36}$", description="Of one request.")
        ] = None,
        after: Annotated[str | None, Query(max_length=2000)] = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Jobs, newest first."""
        listed = await app.jobs.listed(
            statuses=[one.value for one in status],
            types=[one.value for one in type],
            library_id=library_id,
            before_seq=cursor_of("jobs", after),
            request_id=request_id,
            limit=limit + 1,
        )
        page = listed[:limit]
        workers = await app.jobs.workers_of({job.worker_id for job in page if job.worker_id is not None})
        return {
            "items": [told(job, who, workers) for job in page],
            "next": encoded("jobs", [page[-1].seq]) if len(listed) > limit else None,
        }

    @routes.get("/jobs/{job_id}", response_model=JobShape, operation_id="get_job")
    async def get_job(who: Reader, job_id: JobText) -> dict[str, Any]:
        """One job."""
        job = await job_of(app, job_id)
        workers = await app.jobs.workers_of({job.worker_id} if job.worker_id is not None else set())
        return told(job, who, workers)

    @routes.get(
        "/jobs/{job_id}/logs",
        response_model=LinePage,
        response_model_exclude_unset=True,
        operation_id="get_job_logs",
    )
    async def get_logs(
        who: Reader,
        job_id: JobText,
        after: Annotated[int, Query(ge=0, le=LARGEST, description=_BEHIND)] = 0,
        level: Annotated[Level, Query(description="Lines of this level, or worse.")] = Level.INFO,
        order: Annotated[Literal["asc", "desc"], Query(description="desc: the newest line first.")] = "asc",
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """What a job said, in order; also while it runs."""
        job = await job_of(app, job_id)
        lines = await app.jobs.logs(
            job.seq, after, limit + 1, levels=_FROM[level], newest_first=order == "desc"
        )
        page = lines[:limit]
        return {
            "items": [line_json(line, paths=sees_paths(who)) for line in page],
            "next": page[-1].seq if len(lines) > limit else None,
        }

    @routes.get(
        "/jobs/{job_id}/problems",
        response_model=JobProblemPage,
        response_model_exclude_unset=True,
        operation_id="get_job_problems",
    )
    async def get_problems(
        who: Reader,
        job_id: JobText,
        after: Annotated[str | None, Query(max_length=2000)] = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """The open problems in what a job covers."""
        job = await job_of(app, job_id)
        behind = cursor_of("job problems", after) or 0
        rows: list[ProblemRow] = []
        if job.library_id is not None and job.scopes:
            rows = await open_problems(
                app.database, library_id=job.library_id, scopes=job.scopes, limit=limit + 1, after_id=behind
            )
        page = rows[:limit]
        return {
            "items": [problem_told(row, who) for row in page],
            "next": encoded("job problems", [page[-1].id]) if len(rows) > limit else None,
        }

    @routes.post(
        "/jobs/{job_id}/cancel",
        status_code=202,
        response_model=Cancelling,
        dependencies=[needs("scan")],
        operation_id="cancel_job",
    )
    async def cancel(job_id: JobText) -> dict[str, Any]:
        """Cancel a job: a queued one at once, a running one soon. One that has ended stays as it is."""
        before = await job_of(app, job_id)
        job = await app.cancel(before.id)
        if job is None:
            raise not_found(f"job {shown(job_id)}")
        if before.status.ended:
            message = f"it had ended already: {job.status.value}"
        elif job.status is JobStatus.CANCELLED:
            message = "it is cancelled"
        elif job.status.ended:
            message = f"it ended meanwhile: {job.status.value}"
        else:
            message = "it was asked to stop"
        return {"job_id": job.id, "status": job.status.value, "message": message}

    @routes.post(
        "/jobs/{job_id}/retry",
        status_code=202,
        response_model=Accepted,
        operation_id="retry_job",
    )
    async def retry(who: Scanner, job_id: JobText) -> dict[str, Any]:
        """Have done again what an ended job was to do."""
        job = await job_of(app, job_id)
        library = await app.libraries.get(job.library_id) if job.library_id is not None else None
        if library is not None:
            await refuse_outside_for(who, app, library, job.scopes)
        try:
            enqueued = await app.retry(job.id)
        except (ValueError, UnknownLibrary) as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        if enqueued is None:
            raise not_found(f"job {shown(job_id)}")
        return {
            "job_id": enqueued.job.id,
            "status": "queued",
            "message": f"job {job.id} is tried again",
            "coalesced": enqueued.coalesced,
        }

    return routes


async def job_of(app: App, job_id: str) -> Job:
    """A job of an address. Raises ApiProblem when there is none."""
    job = await app.jobs.get(job_id)
    if job is None:
        raise not_found(f"job {shown(job_id)}")
    return job


async def refuse_outside_for(who: Principal, app: App, library: Library, scopes: Sequence[Scope]) -> None:
    """Raises ApiProblem when one of these parts of a library may not be scanned at the wish of others."""
    try:
        await refuse_parts(library, scopes, app.settings)
    except PathRefused as error:
        text = str(error) if sees_paths(who) else without_paths(str(error))
        raise ApiProblem(422, "path-refused", text) from None


def told(job: Job, who: Principal, workers: Mapping[str, Mapping[str, Any]] = {}) -> dict[str, Any]:
    """A job as somebody may see it."""
    return job_json(job, workers.get(job.worker_id or ""), paths=sees_paths(who))


def problem_told(row: ProblemRow, who: Principal) -> dict[str, Any]:
    """A problem as somebody may see it."""
    paths = sees_paths(who)
    return {
        "id": row.id,
        "library_id": row.library_id,
        "code": row.code,
        "detail": row.detail if paths else without_paths(row.detail),
        "found_at": iso_us(row.found_at),
        "ignored_at": iso_us(row.ignored_at),
        **(path_json(row.path) if paths else {}),
    }


def cursor_of(question: str, text: str | None) -> int | None:
    """The number in a cursor from outside."""
    if text is None:
        return None
    try:
        (number,) = decoded(question, text, [int])
    except BadCursor as error:
        raise ApiProblem(422, "invalid-request", f"after: {error}") from None
    assert isinstance(number, int)
    return number
