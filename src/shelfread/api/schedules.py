"""When libraries are scanned by themselves, over HTTP: seen, set, paused, resumed, run now, taken away.

Stands on `queue.schedule` by way of `app.scheduling`. The same schedule is a field of its library.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from shelfread.api.access import needs
from shelfread.api.ids import NumberText, shown
from shelfread.api.jobs import Reader, Scanner, refuse_outside_for
from shelfread.api.libraries import library_of
from shelfread.api.library_shapes import ScheduleAnswer, ScheduleGiven
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import Accepted
from shelfread.app import App
from shelfread.app.places import whole
from shelfread.app.scheduling import run_now, schedule_json
from shelfread.model.job import UnknownLibrary
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.queue.schedule import Schedules


def schedule_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose libraries they are.
    """
    routes = ApiRoutes(prefix="/api/v1/libraries/{library_id}", tags=["libraries"])
    admin = [needs("admin")]
    schedules = Schedules(app.database)

    @routes.get("/schedule", response_model=ScheduleAnswer, operation_id="get_schedule")
    async def get_schedule(_who: Reader, library_id: NumberText) -> dict[str, Any]:
        """When a library is scanned by itself, and what became of it last."""
        library = await library_of(app, library_id)
        found = await schedules.every(library.id)
        return {"schedule": schedule_json(found[0] if found else None)}

    @routes.put("/schedule", response_model=ScheduleAnswer, dependencies=admin, operation_id="put_schedule")
    async def put_schedule(library_id: NumberText, wanted: ScheduleGiven) -> dict[str, Any]:
        """Give a library a schedule, or another one; one that is paused stays so."""
        library = await library_of(app, library_id)
        try:
            made = await schedules.put(library.id, wanted.cron, wanted.zone or app.settings.timezone)
        except ScheduleProblem as problem:
            errors = [{"where": "body", "message": str(problem)}]
            raise ApiProblem(422, "invalid-request", str(problem), errors=errors) from None
        except UnknownLibrary:
            raise not_found(f"library {shown(library_id)}") from None
        return {"schedule": schedule_json(made)}

    @routes.delete("/schedule", status_code=204, dependencies=admin, operation_id="delete_schedule")
    async def delete_schedule(library_id: NumberText) -> None:
        """Do not scan a library by itself any more."""
        await schedules.remove((await library_of(app, library_id)).id)

    @routes.post(
        "/schedule/pause", response_model=ScheduleAnswer, dependencies=admin, operation_id="pause_schedule"
    )
    async def pause_schedule(library_id: NumberText) -> dict[str, Any]:
        """Let a schedule rest. What comes due meanwhile is not made up for."""
        library = await library_of(app, library_id)
        return {"schedule": schedule_json(_there(await schedules.pause(library.id), library_id))}

    @routes.post(
        "/schedule/resume", response_model=ScheduleAnswer, dependencies=admin, operation_id="resume_schedule"
    )
    async def resume_schedule(library_id: NumberText) -> dict[str, Any]:
        """Let a schedule go on, from now."""
        library = await library_of(app, library_id)
        return {"schedule": schedule_json(_there(await schedules.resume(library.id), library_id))}

    @routes.post("/schedule/run", status_code=202, response_model=Accepted, operation_id="run_schedule")
    async def run_schedule(who: Scanner, library_id: NumberText) -> dict[str, Any]:
        """Do now what a schedule does; its next run stays where it is. A paused one runs, too."""
        library = await library_of(app, library_id)
        await refuse_outside_for(who, app, library, whole(library))
        try:
            enqueued = await run_now(app, library)
        except UnknownLibrary:
            raise not_found(f"library {shown(library_id)}") from None
        except ScheduleProblem as problem:
            raise ApiProblem(409, "conflict", str(problem)) from None
        if enqueued is None:
            raise not_found(f"schedule of library {shown(library_id)}")
        queued_is = "was queued already" if enqueued.coalesced else "is queued"
        return {
            "job_id": enqueued.job.id,
            "status": "queued",
            "message": f"a scan of {library.name!r} {queued_is}",
            "coalesced": enqueued.coalesced,
        }

    return routes


def _there(schedule: Schedule | None, library_id: str) -> Schedule:
    if schedule is None:
        raise not_found(f"schedule of library {shown(library_id)}")
    return schedule
