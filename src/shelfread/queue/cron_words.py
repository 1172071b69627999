"""A cron text as people would say it: "every day at 03:00".

The usual forms only; of any other the text itself is shown, for a sentence that is nearly right misleads.
Stands beside `cron`. Knows no zone, no clock and no language but English.
"""

from __future__ import annotations

import re
from itertools import pairwise

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAY_NUMBERS = {day[:3].upper(): number for number, day in enumerate(_DAYS)}
_MONTH_NUMBERS = {month[:3].upper(): number for number, month in enumerate(_MONTHS, 1)}
#: More times of a day than this are no sentence.
_MOST_TIMES = 6


def in_words(cron: str) -> str:
    """When a schedule runs, in a few words without the zone; the text itself when it is an unusual one."""
    fields = cron.split()
    said = _said(*fields) if len(fields) == 5 else None
    return said or f"by {cron!r}"


def _said(minute: str, hour: str, day: str, month: str, weekday: str) -> str | None:
    days = _days(day, month, weekday)
    if days is None:
        return None
    if hour == "*" or "*/" in minute or "*/" in hour:
        often = _often(minute, hour)
        return often if often is None or days == "every day" else f"{often}, {days}"
    minutes, hours = _numbers(minute, 60), _numbers(hour, 24)
    if minutes is None or hours is None or len(minutes) * len(hours) > _MOST_TIMES:
        return None
    return f"{days} at {_listed([f'{at:02}:{past:02}' for at in hours for past in minutes])}"


def _often(minute: str, hour: str) -> str | None:
    """Times that come again and again in equal steps."""
    steps = re.fullmatch(r"\*/(\d+)", minute), re.fullmatch(r"\*/(\d+)", hour)
    if (minute == "*" or steps[0]) and hour == "*":
        return _each(int(steps[0][1]) if steps[0] else 1, "minute", 60)
    past = _numbers(minute, 60)
    if past is None or len(past) != 1:
        return None
    if hour == "*":
        each: str | None = "every hour"
    else:
        each = _each(int(steps[1][1]), "hour", 24) if steps[1] else None
    return each and (each if past == [0] else f"{each}, {_counted(past[0], 'minute')} past")


def _each(step: int, what: str, of: int) -> str | None:
    # One that does not divide the whole begins anew with it: no equal steps.
    if step < 1 or of % step:
        return None
    return f"every {what}" if step == 1 else f"every {_counted(step, what)}"


def _days(day: str, month: str, weekday: str) -> str | None:
    months = None if month == "*" else _names(month, _MONTH_NUMBERS, 12)
    if month != "*" and months is None:
        return None
    if weekday == "*":
        found = _dates(day)
    elif day != "*":
        return None  # either of them: too much for a few words
    else:
        numbers = _names(weekday, _DAY_NUMBERS, 7)
        found = None if numbers is None else _weekdays([number % 7 for number in numbers])
    if found is None or months is None:
        return found
    return f"{found.removesuffix(' of every month')} in {_listed([_MONTHS[one - 1] for one in months])}"


def _dates(day: str) -> str | None:
    if day == "*":
        return "every day"
    if day.upper() == "L":
        return "on the last day of every month"
    numbers = _numbers(day, 32)
    if numbers is None:
        return None
    return f"on day{'s' if numbers[1:] else ''} {_listed([str(one) for one in numbers])} of every month"


def _weekdays(numbers: list[int]) -> str:
    if len(set(numbers)) == 7:
        return "every day"
    if len(numbers) > 2 and all(b == a + 1 for a, b in pairwise(numbers)):
        return f"{_DAYS[numbers[0]]} to {_DAYS[numbers[-1]]}"
    return f"every {_listed([_DAYS[one] for one in numbers])}"


def _names(field: str, known: dict[str, int], most: int) -> list[int] | None:
    """Days of the week or months, by number or by the first three letters of their names."""
    text = re.sub(r"[A-Za-z]+", lambda word: str(known.get(word[0].upper(), "?")), field)
    return _numbers(text, most + 1)


def _numbers(field: str, below: int) -> list[int] | None:
    """What a list of numbers and ranges means, in order; None for anything else."""
    found: set[int] = set()
    for part in field.split(","):
        if not re.fullmatch(r"\d{1,2}(-\d{1,2})?", part):
            return None
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found) if found and max(found) < below else None


def _listed(words: list[str]) -> str:
    return words[0] if not words[1:] else f"{', '.join(words[:-1])} and {words[-1]}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
