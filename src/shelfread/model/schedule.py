"""A schedule: when a library is scanned by itself, as a row in `schedules`."""

from __future__ import annotations

from dataclasses import dataclass


class ScheduleProblem(ValueError):
    """A schedule that cannot be; one line for people says why."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as its row says. Times are microseconds since the epoch, UTC, or None."""

    id: int
    library_id: int
    #: A JobType that needs a library, unless somebody changed the row by hand; as `cron` and `zone`.
    type: str
    #: Five fields: minute, hour, day of the month, month, day of the week.
    cron: str
    #: The IANA name of the time zone that they are meant in.
    zone: str
    #: None while it cannot run.
    next_run_at: int | None
    last_run_at: int | None
    last_job_id: str | None
    #: Why it cannot run; None when it can.
    problem: str | None
    #: Since when it rests because somebody said so; it has no next run then.
    paused_at: int | None = None
    #: The state of the last job, None when there was none or it was forgotten.
    last_status: str | None = None
