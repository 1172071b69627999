"""Looking back over jobs through HTTP: how many there are, what happened to one, and how others went.

Beside `jobs`, which has the list and single jobs. Stands on `app.jobs`.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

from fastapi import APIRouter, Query

from shelfread.api.access import needs
from shelfread.api.ids import JobText
from shelfread.api.job_history_shapes import JobCounts, JobFolders, Siblings, TrailShape
from shelfread.api.jobs import Reader, job_of, sees_paths
from shelfread.api.lists import RowId
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.model.job import SCANS, EventKind, Job, JobStatus, JobType
from shelfread.model.job_json import counts_json, event_json, iso_us, path_json

#: Events of a trail, at most.
MOST_EVENTS = 500
#: Folders that are told by name.
MOST_FOLDERS = 1000
_ENDED = [status.value for status in JobStatus if status.ended]


def job_history_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose jobs they are.
    """
    routes = ApiRoutes(prefix="/api/v1/jobs", tags=["jobs"])

    @routes.get("/counts", response_model=JobCounts, dependencies=[needs("read")], operation_id="count_jobs")
    async def count_jobs(
        library_id: RowId = None,
        type: Annotated[list[JobType], Query(max_length=10)] = [],  # noqa: A002, B006
    ) -> dict[str, int]:
        """How many jobs there are in each state."""
        found = await app.jobs.counts(library_id=library_id, types=[one.value for one in type])
        return {status.value: count for status, count in found.items()}

    @routes.get("/{job_id}/trail", response_model=TrailShape, operation_id="get_job_trail")
    async def get_trail(
        who: Reader,
        job_id: JobText,
        batches: Annotated[bool, Query(description="Also the batches, of which a scan has many.")] = False,
    ) -> dict[str, Any]:
        """What happened to a job, in order; of very much the newest."""
        job = await job_of(app, job_id)
        without = () if batches else (EventKind.BATCH.value,)
        events = await app.jobs.trail(job.seq, MOST_EVENTS + 1, without=without)
        return {
            "items": [event_json(event, paths=sees_paths(who)) for event in events[-MOST_EVENTS:]],
            "more": len(events) > MOST_EVENTS,
        }

    @routes.get("/{job_id}/folders", response_model=JobFolders, operation_id="list_job_folders")
    async def list_folders(who: Reader, job_id: JobText) -> dict[str, Any]:
        """The folders that a job covers; their paths are for administrators only."""
        job = await job_of(app, job_id)
        library = await app.libraries.get(job.library_id) if job.library_id is not None else None
        roots = {root.id: root.path for root in library.roots} if library is not None else {}
        paths = [
            os.path.join(roots[scope.root_id], scope.relative).rstrip(b"/") or b"/"
            for scope in job.scopes
            if scope.root_id in roots
        ]
        shown = paths[:MOST_FOLDERS] if sees_paths(who) else []
        return {"items": [path_json(path) for path in shown], "count": len(paths)}

    @routes.get(
        "/{job_id}/siblings",
        response_model=Siblings,
        dependencies=[needs("read")],
        operation_id="list_job_siblings",
    )
    async def list_siblings(
        job_id: JobText, limit: Annotated[int, Query(ge=1, le=100)] = 10
    ) -> dict[str, Any]:
        """Ended jobs of the same library and sort up to this one, newest first: for comparison."""
        job = await job_of(app, job_id)
        found = await app.jobs.listed(
            statuses=_ENDED,
            types=SCANS if job.type in SCANS else [job.type],
            library_id=job.library_id,
            before_seq=job.seq + 1,
            limit=limit,
        )
        return {"items": [_compared(one) for one in found]}

    return routes


def _compared(job: Job) -> dict[str, Any]:
    duration_s = None
    if job.started_at is not None and job.completed_at is not None:
        duration_s = round(max(0, job.completed_at - job.started_at) / 1e6, 3)
    return {
        "id": job.id,
        "type": str(job.type),
        "origin": str(job.origin),
        "status": job.status.value,
        "queued_at": iso_us(job.queued_at),
        "started_at": iso_us(job.started_at),
        "completed_at": iso_us(job.completed_at),
        "duration_s": duration_s,
        **counts_json(job),
    }
