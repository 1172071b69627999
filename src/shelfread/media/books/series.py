"""What a series is called and is, from the books in it and from the `series.json` beside them.

Pure rules for `store.series`, which knows rows. None depends on the order in which books come, so that any
way of scanning the same files ends in the same series.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from shelfread.model.books import SeriesFacts
from shelfread.model.natural import natural_key

_T = TypeVar("_T", str, int)


class Member(NamedTuple):
    """What a series needs to know of one of its books."""

    #: The series as the book itself says it; None where only its name does.
    series: str | None
    series_sort: str | None
    year: int | None
    volume: int | None
    total: int | None
    publisher: str | None
    imprint: str | None
    language: str | None
    direction: str | None
    age_rating: str | None


class Described(NamedTuple):
    """What is shown of a series, and what it is sorted by."""

    title: str
    sorted_by: str
    status: str | None
    publisher: str | None
    imprint: str | None
    year: int | None
    volume: int | None
    total: int | None
    language: str | None
    direction: str | None
    age_rating: str | None
    summary: str | None


def described(folder: str, members: Sequence[Member], facts: SeriesFacts | None) -> Described:
    """What a series says of itself.

    Args:
        folder: the name of the folder that makes it a series.
        members: all of its books.
        facts: what the `series.json` beside them says.

    A `series.json` wins. Else the books name their series where those that say one agree, and they are at
    least half of them: a folder of an author, whose books belong to several series, keeps its name.
    """
    facts = facts or SeriesFacts()
    title = facts.name or _agreed(members) or folder
    sorts = (member.series_sort for member in members if member.series == title)
    return Described(
        title,
        facts.sort_name or _most(sorts) or title,
        facts.status,
        facts.publisher or _most(member.publisher for member in members),
        facts.imprint or _most(member.imprint for member in members),
        facts.year or min((member.year for member in members if member.year), default=None),
        facts.volume or _only(member.volume for member in members),
        facts.total or max((member.total for member in members if member.total), default=None),
        _most(member.language for member in members),
        _most(member.direction for member in members),
        facts.age_rating or _most(member.age_rating for member in members),
        facts.summary,
    )


def _agreed(members: Sequence[Member]) -> str | None:
    said = Counter(member.series for member in members if member.series)
    spellings: dict[str, set[str]] = {}
    for name in said:
        spellings.setdefault(" ".join(name.casefold().split()), set()).add(name)
    if len(spellings) != 1 or 2 * sum(said.values()) < len(members):
        return None
    return _most(said.elements())


def _most(values: Iterable[_T | None]) -> _T | None:
    """The value that occurs most often, the first in order of equals."""
    counts = Counter(value for value in values if value)
    return min(counts, key=lambda value: (-counts[value], value), default=None)


def _only(values: Iterable[int | None]) -> int | None:
    """The one value that all have; None when they differ or one has none."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def place(number: float | None, volume: int | None, name: str) -> str:
    """Where a book stands among those of its series, as a text to sort by.

    By its number; a volume of its own counts as one, unless it is the year that names a run of issues. Books
    without any come after, in the natural order of their names.
    """
    counted = number if number is not None else volume if volume is not None and volume < _YEARS else None
    led = "~" if counted is None else f"{min(max(counted + _OFFSET, 0), 2 * _OFFSET):012.3f}"
    return f"{led} {natural_key(name)}"[:_LONGEST]


#: A volume from here on is a year.
_YEARS = 1800
#: So that numbers below zero sort as well: there are comics of number -1.
_OFFSET = 1_000_000
_LONGEST = 300
