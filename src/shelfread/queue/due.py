"""What is to become of a schedule at a moment: fired, moved, left to rest, or told that it cannot run.

Between `cron`, which knows when, and `schedule`, which writes it down. Pure: knows no database and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from shelfread.model.job import NEEDS_LIBRARY
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.queue.cron import next_run

NO_WORK = "there is no work of the type {!r}"


def is_work(job_type: str) -> bool:
    """Whether a schedule can lead to a job of this type."""
    return job_type in {str(known) for known in NEEDS_LIBRARY}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a schedule now."""

    next_run_at: int | None
    problem: str | None = None
    fire: bool = False

    def changes(self, schedule: Schedule) -> bool:
        """Whether the row has to be written."""
        return self.fire or (self.next_run_at, self.problem) != (schedule.next_run_at, schedule.problem)


def decide(schedule: Schedule, now: int) -> Decision:
    """What is to become of a schedule at this time.

    A run that is due is fired once, however many were missed, and the next one is the first after now. When
    the next run is later than it should be, the clock was ahead and has been set back: it comes earlier
    then, but a run that was fired at the wrong time is not fired once more at the right one.
    One that rests has no next run.
    """
    if schedule.paused_at is not None:
        return Decision(None)
    if not is_work(schedule.type):
        return Decision(None, NO_WORK.format(schedule.type))
    try:
        coming = next_run(schedule.cron, schedule.zone, now)
        due = schedule.next_run_at
        if due is None:
            return Decision(coming)
        if due <= now:
            return Decision(coming, fire=True)
        last = schedule.last_run_at
        if last is not None and coming <= last:
            after = next_run(schedule.cron, schedule.zone, coming)
            coming = after if last < after else coming
    except ScheduleProblem as problem:
        return Decision(None, str(problem))
    return Decision(min(coming, due))
