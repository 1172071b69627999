"""Schedules as HTTP and the command line ask for them, and as both show them in JSON.

Stands on `queue.schedule`, which has the rules. Knows no route and no terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shelfread.model.job import Enqueued
from shelfread.model.job_json import iso_us
from shelfread.model.library import Library
from shelfread.model.schedule import Schedule
from shelfread.queue.cron_words import in_words
from shelfread.queue.schedule import Schedules

if TYPE_CHECKING:
    from shelfread.app import App


def schedule_json(
    schedule: Schedule | None, time: Callable[[int | None], str | None] = iso_us
) -> dict[str, Any] | None:
    """A schedule in JSON, null when there is none; `time` writes its times."""
    if schedule is None:
        return None
    return {
        "cron": schedule.cron,
        "words": in_words(schedule.cron),
        "zone": schedule.zone,
        "next_run": time(schedule.next_run_at),
        "last_run": time(schedule.last_run_at),
        "last_job_id": schedule.last_job_id,
        "last_status": schedule.last_status,
        "paused_since": time(schedule.paused_at),
        "problem": schedule.problem,
    }


async def run_now(app: App, library: Library) -> Enqueued | None:
    """Queue what a library's schedule would queue; None when it has none.

    Raises:
        UnknownLibrary: the library is gone.
        ScheduleProblem: its work cannot be done.
    """
    enqueued = await Schedules(app.database).run(app.jobs, library.id, app.settings)
    if enqueued is not None:
        app.bell.ring()
    return enqueued
