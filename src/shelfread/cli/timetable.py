"""Schedules of libraries: what `library add` and `set` do with them, and how they are shown."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from shelfread.app import App
from shelfread.app.scheduling import schedule_json
from shelfread.cli.outcome import Refused
from shelfread.cli.texts import iso_time, shown
from shelfread.model.library import Library
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.queue.cron import checked
from shelfread.queue.cron_words import in_words
from shelfread.queue.schedule import Schedules
from shelfread.settings import zone_of
from shelfread.store.clock import now_us


def checked_cron(text: str | None) -> str | None:
    """What a person gave as a schedule, before anything is changed.

    Raises:
        Refused: it is none.
    """
    try:
        return None if text is None else checked(text)
    except ScheduleProblem as problem:
        raise Refused(str(problem)) from None


async def give(app: App, library: Library, cron: str) -> Schedule:
    """Give a library a schedule, in the time zone of the settings."""
    return await Schedules(app.database).put(library.id, cron, app.settings.timezone)


async def take(app: App, library: Library) -> None:
    """Take its schedule away, if it has one."""
    await Schedules(app.database).remove(library.id)


async def of_library(app: App, library: Library) -> Schedule | None:
    """The schedule of a library; None when it has none."""
    found = await Schedules(app.database).every(library.id)
    return found[0] if found else None


def schedule_fields(schedule: Schedule | None) -> dict[str, Any] | None:
    """A schedule in JSON."""
    return schedule_json(schedule, iso_time)


def words_of(schedule: Schedule) -> str:
    """When a library is scanned by itself, for people: `every day at 03:00, Europe/Berlin`."""
    return f"{shown(in_words(schedule.cron))}, {shown(schedule.zone)}"


def last_words(schedule: Schedule) -> str:
    """What became of the last run, for people: in the clock time of its zone."""
    if schedule.last_run_at is None:
        return "never"
    zone, _ = _zone(schedule)
    moment = datetime.fromtimestamp(schedule.last_run_at // 1_000_000, zone)
    return f"{moment:%Y-%m-%d %H:%M}, {shown(schedule.last_status or 'its job is forgotten')}"


def _zone(schedule: Schedule) -> tuple[tzinfo, str]:
    try:
        return zone_of(schedule.zone), schedule.zone
    except ValueError:
        return UTC, "UTC"


def next_words(schedule: Schedule, now: int | None = None) -> str:
    """When a library is scanned next by itself, for people: in the clock time of its zone."""
    if schedule.paused_at is not None:
        return "paused"
    if schedule.problem is not None:
        return f"cannot run: {shown(schedule.problem)}"
    at, now = schedule.next_run_at, now_us() if now is None else now
    if at is None or at <= now:
        return "due, as soon as `shelfread serve` runs"
    zone, name = _zone(schedule)
    moment, today = (datetime.fromtimestamp(us // 1_000_000, zone) for us in (at, now))
    days = (moment.date() - today.date()).days
    day = {0: "today", 1: "tomorrow"}.get(days) or (moment.strftime("%A") if days < 7 else str(moment.date()))
    return f"{day} at {moment:%H:%M} ({shown(name)})"
