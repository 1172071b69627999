"""Looking back over jobs through HTTP: how many there are of each sort.

Beside `jobs`, which has the list and single jobs. Stands on `app.jobs`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from shelfread.api.access import needs
from shelfread.api.job_history_shapes import JobCounts
from shelfread.api.lists import RowId
from shelfread.app import App
from shelfread.model.job import JobType


def job_history_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose jobs they are.
    """
    routes = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

    @routes.get("/counts", response_model=JobCounts, dependencies=[needs("read")], operation_id="count_jobs")
    async def count_jobs(
        library_id: RowId = None,
        type: Annotated[list[JobType], Query(max_length=10)] = [],  # noqa: A002, B006
    ) -> dict[str, int]:
        """How many jobs there are in each state."""
        found = await app.jobs.counts(library_id=library_id, types=[one.value for one in type])
        return {status.value: count for status, count in found.items()}

    return routes
