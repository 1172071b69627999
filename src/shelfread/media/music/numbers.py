"""Numbers and dates in tags: what people and programs write there, and what it means.

Runs in the parser process, called by `tags` and `names`. Pure: text in, a value or None out, and never an
exception, whatever the text. It knows no tag names. What cannot be understood is None, not a guess; what is
valid in part (the year of "2001-02-30" is fine, the day is not) is kept in that part.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

#: Greater track, disc and total numbers are damage, not numbers.
HIGHEST = 9999


class Position(NamedTuple):
    """A track or disc number as written in one tag."""

    number: int | None = None
    #: The number as written, when it is not a plain one ("A1", "1.05").
    text: str | None = None
    total: int | None = None


_NOWHERE = Position()
_PLAIN = {str(n): Position(n) for n in range(1, 100)} | {f"{n:02}": Position(n) for n in range(1, 100)}

_SIDE = re.compile(r"([A-Z])(\1?)(?:[ .-]?([0-9]{1,2}))?", re.IGNORECASE)
_DISC_AND_TRACK = re.compile(r"0?([1-9][0-9]?)[.-]([0-9]{2})")
_ZERO_FRACTION = re.compile(r"([0-9]{1,4})\.0+")


def position(text: str) -> Position:
    """Read a track or disc number: "3", "03", "3/12", "3 of 12", "A1", "1.05".

    A vinyl side is kept as text beside the number on that side. "1.05" and "1-05" are track 5 written with
    its disc. Zero is what tag formats hold when nobody set a number.

    Args:
        text: The tag as written.

    Returns:
        What could be read; all None for anything else.
    """
    plain = _PLAIN.get(text)
    if plain is not None:
        return plain
    if len(text) > 64:
        return _NOWHERE
    before, slash, after = text.partition("/")
    if not slash:
        before, _, after = text.lower().partition(" of ")
        before = text[: len(before)]
    before = before.strip()
    total = whole(after)
    number = whole(before)
    if number is not None or not before:
        return Position(number, None, total)
    if (match := _ZERO_FRACTION.fullmatch(before)) is not None:
        return Position(whole(match[1]), None, total)
    if (match := _DISC_AND_TRACK.fullmatch(before)) is not None:
        return Position(int(match[2]) or None, before, total)
    if (match := _SIDE.fullmatch(before)) is not None:
        return Position(whole(match[3] or ""), before, total)
    return _NOWHERE if total is None else Position(None, None, total)


def whole(text: str) -> int | None:
    """Read a count from 1 to `HIGHEST`; None for everything else."""
    text = text.strip()
    # The length first: a number of a million digits takes Python minutes, and it refuses in the end.
    if not text.isdecimal() or len(text) > 12:
        return None
    number = int(text)
    return number if 0 < number <= HIGHEST else None


def beats(text: str) -> float | None:
    """Read a tempo in beats a minute; zero means nobody measured it."""
    tempo = _decimal(text, "bpm")
    return tempo if tempo is not None and 0 < tempo <= HIGHEST else None


def flag(text: str) -> bool | None:
    """Read a yes or no, as tag editors write it."""
    return _FLAGS.get(text.strip().lower())


_FLAGS = dict.fromkeys(("1", "true", "yes", "y", "t"), True) | dict.fromkeys(
    ("0", "false", "no", "n", "f"), False
)


def gain(text: str) -> float | None:
    """Read a ReplayGain adjustment in decibels; zero is a real value, NaN and infinity are not."""
    decibels = _decimal(text, "db")
    return decibels if decibels is not None and -200 <= decibels <= 200 else None


def peak(text: str) -> float | None:
    """Read a ReplayGain peak as a fraction of full scale (above 1 when the encoder overshot)."""
    fraction = _decimal(text, "")
    return fraction if fraction is not None and 0 <= fraction <= HIGHEST else None


def r128_gain(text: str) -> float | None:
    """Read an Opus gain: 1/256 dB against -23 LUFS, given here in ReplayGain's terms (-18 LUFS, 5 dB up)."""
    text = text.strip()
    if not 0 < len(text) <= 8:
        return None
    try:
        steps = int(text)
    except ValueError:
        return None
    return steps / 256 + 5 if -32768 <= steps <= 32767 else None


def _decimal(text: str, unit: str) -> float | None:
    """Read a finite decimal with point or comma, with or without its unit."""
    if len(text) > 40:
        return None
    text = text.strip().lower().removesuffix(unit).replace(",", ".").replace("−", "-")
    # Python reads "1_000" as a number; nobody else does.
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


# Dates. Sound recording began in the 1850s, but the date of a work may be that of the composition.
_FIRST_YEAR, _LAST_YEAR = 1000, 2999
_MONTH_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS = {"sept": 9} | {
    spelling: number for number, name in enumerate(_MONTH_NAMES, start=1) for spelling in (name, name[:3])
}

# "2001", "2001-9-4", "2001/09/04", "2001.09", "2001 09 04", each with a time behind it or not.
_YEAR_FIRST = re.compile(
    r"([0-9]{4})(?:[-/. ]([0-9]{1,2})(?![0-9:])(?:[-/. ]([0-9]{1,2})(?![0-9:]))?)?(?:[T ].*)?", re.IGNORECASE
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[T ]?[0-9].*)?", re.IGNORECASE)
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})(?:[T ].*)?", re.IGNORECASE)
_WORDS = re.compile(r"[a-z]+|[0-9]+")
_FOUR_DIGITS = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


@lru_cache(maxsize=4096)
def date_of(text: str) -> str | None:
    """Read a date, whole or partial.

    Year first in all its forms; "04.09.2001", where dots mean day first; "04/09/2001", whose day and month
    are only told apart when one is over 12; "Oct 3, 1995" and "3rd October 1995". Anything else with exactly
    one year in it ("c. 1985") is that year.

    Args:
        text: The tag as written.

    Returns:
        YYYY, YYYY-MM or YYYY-MM-DD, with only the part that is valid; None without a year.
    """
    text = text.strip()
    if len(text) == 4 and text.isascii() and text.isdecimal():
        return text if _FIRST_YEAR <= int(text) <= _LAST_YEAR else None
    text = text[:64]
    if not text.isascii():
        # Digits of other scripts are digits to `isdecimal` and `int`, but not in the form we keep.
        text = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    match = _YEAR_FIRST.fullmatch(text)
    if match is not None and (match[2] or text[5:6].isdecimal()):
        return _valid(match[1], match[2], match[3])
    if (match := _COMPACT.fullmatch(text)) is not None:
        return _valid(match[1], match[2], match[3])
    if (match := _YEAR_LAST.fullmatch(text)) is not None:
        first, mark, second, year = match.groups()
        if mark == "." or (int(first) > 12 >= int(second)):
            return _valid(year, second, first)
        if int(second) > 12:
            return _valid(year, first, second)
        return _valid(year, first, first) if first == second else _valid(year, None, None)
    return _worded(text.lower())


def year_of(date: str | None) -> int | None:
    """Give the year of a date that `date_of` made."""
    return None if date is None else int(date[:4])


def _worded(text: str) -> str | None:
    """Read a date with the month as an English word, or at least the only year in the text."""
    years = set(_FOUR_DIGITS.findall(text))
    if len(years) != 1:
        return None
    year = years.pop()
    words = _WORDS.findall(text)
    months = {_MONTHS[word] for word in words if word in _MONTHS}
    days = {word for word in words if word.isdecimal() and len(word) <= 2}
    if len(months) != 1:
        return _valid(year, None, None)
    # A colon is a time of day, whose numbers are no days.
    day = days.pop() if len(days) == 1 and ":" not in text else None
    return _valid(year, str(months.pop()), day)


def _valid(year: str, month: str | None, day: str | None) -> str | None:
    """Put a date together from the parts that exist in the calendar."""
    y = int(year)
    if not _FIRST_YEAR <= y <= _LAST_YEAR:
        return None
    m = int(month) if month else 0
    if not 1 <= m <= 12:
        return year
    d = int(day) if day else 0
    leap = y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
    if not 1 <= d <= _MONTH_DAYS[m] or (m == 2 and d == 29 and not leap):
        return f"{year}-{m:02}"
    return f"{year}-{m:02}-{d:02}"
