"""When a schedule runs next: cron texts of five fields, in the clock time of a zone.

Where clocks are set forward or back, the rules are those of Debian's cron, as `cronsim` has them:

- A schedule that names its minutes and hours (`30 2 * * *`) runs once on each of its days. A time that the
  clocks skip is made up at the first minute after the gap; one that comes twice counts the first time.
- One whose minutes or hours begin with a star (`*/15 * * * *`, `0 * * * *`) goes by the time that passes: it
  runs in both of the hours that have the same name, and not in one that does not exist.

Pure: knows no library, no database and no clock.
"""

from __future__ import annotations

from datetime import datetime

from cronsim import CronSim, CronSimError

from shelfread.model.schedule import ScheduleProblem
from shelfread.settings import zone_of

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
#: What people are shown when theirs does not work.
EXAMPLE = "'0 3 * * *' is every day at 03:00"

_LONGEST = 100
#: Times of the past that may come up first: at most those of a day that comes twice.
_PASSED_OVER = 3000
#: Any time will do to see whether a text has a next one.
_SOME_TIME_US = 1_767_225_600_000_000


def checked(text: str) -> str:
    """A cron text in its usual form: one space between its fields.

    Raises:
        ScheduleProblem: it is none, or a time that never comes.
    """
    shown = repr(text if len(text) <= _LONGEST else f"{text[:40]}...")
    parts = text.split()
    if len(text) > _LONGEST or not all(part.isascii() and part.isprintable() for part in parts):
        raise ScheduleProblem(f"{shown} is no schedule; {EXAMPLE}")
    if len(parts) != len(FIELDS):
        raise ScheduleProblem(
            f"{shown} is no schedule: it has {len(parts)} fields, and five are wanted: "
            f"{', '.join(FIELDS)}; {EXAMPLE}"
        )
    for place, part in enumerate(parts):
        alone = ["*"] * len(FIELDS)
        alone[place] = part
        if _simulated(" ".join(alone), datetime(2026, 1, 1)) is None:
            raise ScheduleProblem(f"{shown} is no schedule: {part!r} is no {FIELDS[place]}; {EXAMPLE}")
    tidy = " ".join(parts)
    next_run(tidy, "UTC", _SOME_TIME_US)
    return tidy


def next_run(cron: str, zone: str, after_us: int) -> int:
    """The first time after a moment that a schedule runs, in microseconds since the epoch.

    Raises:
        ScheduleProblem: the text, the zone or the moment is none, or no such time comes within 50 years.
    """
    try:
        known = zone_of(zone)
    except ValueError as error:
        raise ScheduleProblem(str(error)) from None
    try:
        start = datetime.fromtimestamp(after_us // 1_000_000, known)
    except (ValueError, OverflowError, OSError):
        raise ScheduleProblem("the clock of this computer is not right") from None
    times = _simulated(cron, start) if len(cron.split()) == len(FIELDS) and cron.isascii() else None
    never = ScheduleProblem(f"{cron[:_LONGEST]!r} is no time that ever comes; {EXAMPLE}")
    if times is None:
        raise never
    try:
        for _, moment in zip(range(_PASSED_OVER), times, strict=False):
            found = int(moment.timestamp()) * 1_000_000
            if found > after_us:
                return found
    except (ValueError, OverflowError, OSError):
        pass  # the calendar has an end
    raise never


def _simulated(cron: str, start: datetime) -> CronSim | None:
    try:
        return CronSim(cron, start)
    except (CronSimError, AssertionError, TypeError, ValueError):
        return None
