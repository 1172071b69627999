"""The routes of the two event streams: of everything, and of one job.

Server-sent events that resume with `Last-Event-ID`. Who may listen, how many at a time, and from where on;
`streaming` does the rest. Paths are for administrators only (PROMISES D12).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from shelfread.api.door import room
from shelfread.api.event_text import Cursor, cursor_of
from shelfread.api.ids import JobText, shown
from shelfread.api.jobs import Reader, sees_paths
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.streaming import EventStream, Pieces, Seats, pieces_of_all, pieces_of_job
from shelfread.app import App
from shelfread.app.together import Together
from shelfread.model.job import Job

#: Of all connections that there is room for, streams may take three of four: the others are for requests.
_SHARE = 0.75

LastId = Annotated[
    str, Header(alias="Last-Event-ID", description="Where a client that comes back was.", max_length=100)
]
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events, for as long as it takes.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: e2.l1\nevent: job\ndata: {"job_id":"...","kind":"claimed"}\n\n',
            }
        },
    }
}


def event_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose news they tell.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["events"])
    seats = Seats(int(room() * _SHARE))
    jobs = Together(app.jobs.get, gathers=True)

    def stream(pieces: Pieces) -> EventStream:
        if app.feed.closed:
            raise ApiProblem(503, "not-ready", "the server is about to stop", headers={"Retry-After": "5"})
        return EventStream(pieces, seats)

    # The code is said because it cannot be seen in the class of the answer.
    @routes.get(
        "/events",
        status_code=200,
        response_class=EventStream,
        responses=_ANSWER,
        operation_id="stream_events",
    )
    async def events(who: Reader, last_event_id: LastId = "") -> Response:
        """What happens to all jobs: first a snapshot of those that run and wait, or what was missed."""
        return stream(pieces_of_all(app.feed, last_event_id, sees_paths(who)))

    @routes.get(
        "/jobs/{job_id}/events",
        status_code=200,
        response_class=EventStream,
        responses={**_ANSWER, 204: {"description": "The job has ended, and everything was told."}},
        operation_id="stream_job_events",
    )
    async def job_events(who: Reader, job_id: JobText, last_event_id: LastId = "") -> Response:
        """All that happened to a job and what it said, then what happens, to its end."""
        job = app.feed.job(job_id)
        cursor = _cursor(job, last_event_id) if job is not None else None
        if job is None or cursor is None:
            # Not known here, or the client heard more of it elsewhere.
            job = await jobs.ask(job_id)
            if job is None:
                raise not_found(f"job {shown(job_id)}")
            cursor = _cursor(job, last_event_id)
        if cursor is not None and job.status.ended and cursor.event >= job.event_seq > 0:
            # What browsers take as a word not to come back.
            return Response(status_code=204)
        return stream(pieces_of_job(app.feed, job, cursor, sees_paths(who)))

    return routes


def _cursor(job: Job, last_id: str) -> Cursor | None:
    """Where a client was; None when it says what cannot be."""
    if not last_id:
        return Cursor()
    cursor = cursor_of(last_id)
    if cursor is None or cursor.event > job.event_seq or cursor.line > job.log_seq:
        return None
    return cursor
