"""From samples to one table that people read: percentiles, bars, pages. Knows nothing of what is measured."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to be: a statistic of its samples at most (or at least) so much."""

    statistic: str
    limit: float
    at_most: bool = True

    def __str__(self) -> str:
        return f"{self.statistic} {'<=' if self.at_most else '>='} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, so many times."""

    part: str
    what: str
    database: str
    unit: str
    values: Sequence[float]
    bar: Bar | None = None

    def of(self, statistic: str) -> float | None:
        """A statistic of the samples by its name; None without a sample."""
        return STATISTICS[statistic](self.values) if self.values else None

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None without one. Without a sample it is not."""
        if self.bar is None:
            return None
        value = self.of(self.bar.statistic)
        if value is None:
            return False
        return value <= self.bar.limit if self.bar.at_most else value >= self.bar.limit


def percentile(values: Sequence[float], part: float) -> float:
    """The least sample that at least so many percent of all samples do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * part / 100) - 1)]


def middle(values: Sequence[float]) -> float:
    """The median."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "median": middle,
    "p95": lambda values: percentile(values, 95),
    "p99": lambda values: percentile(values, 99),
    "max": max,
    "sum": sum,
}
_SHOWN = ("median", "p95", "p99", "max")
_HEAD = ("part", "what", "database", "n", "", *_SHOWN, "bar", "met")


def summary(
    figures: Sequence[Figure],
    *,
    facts: Mapping[str, str],
    parameters: Mapping[str, Any],
    meanings: Mapping[str, str],
    notes: Sequence[str],
    title: str = "The queue",
) -> dict[str, Any]:
    """All of it as plain values, for JSON and for `markdown`."""
    return {
        "title": title,
        "facts": dict(facts),
        "parameters": dict(parameters),
        "figures": [
            {
                "part": one.part,
                "what": one.what,
                "database": one.database,
                "unit": one.unit,
                **{name: _rounded(one.of(name)) for name in STATISTICS},
                "bar": str(one.bar) if one.bar else None,
                "met": one.met,
                "values": [_rounded(value) for value in one.values],
            }
            for one in figures
        ],
        "meanings": dict(meanings),
        "notes": list(notes),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def markdown(found: Mapping[str, Any]) -> str:
    """The report as a page that is read as well in a terminal."""
    facts = found["facts"]
    lines = [f"# {found['title']}", ""]
    lines += [f"{facts['date']} · " + " · ".join(f"{k} {v}" for k, v in facts.items() if k != "date"), ""]
    lines += [", ".join(f"{name} {value}" for name, value in found["parameters"].items()), ""]
    lines += [*_grid(_HEAD, [_cells(one) for one in found["figures"]]), ""]
    missed = [one for one in found["figures"] if one["met"] is False]
    judged = sum(one["met"] is not None for one in found["figures"])
    lines += [f"{judged - len(missed)} of {judged} bars are met.", ""]
    lines += ["## What the figures mean", ""]
    lines += [f"* {part}: {text}" for part, text in found["meanings"].items()]
    lines += ["", "## How it was measured", "", *(f"* {note}" for note in found["notes"])]
    return "\n".join(lines) + "\n"


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        one["part"],
        one["what"],
        one["database"],
        str(len(one["values"])),
        one["unit"],
        *(_figure(one[name], one["unit"]) for name in _SHOWN),
        one["bar"] or "",
        {True: "yes", False: "NO", None: ""}[one["met"]],
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    places = {"ms": 1, "s": 3, "x": 3, "%": 2}.get(unit, 0)
    return f"{value:.{places}f}"


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    words = {0, 1, 2, 4, 9, 10}

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if at in words else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    edge = ["-" * (width + 1) + ("-" if at in words else ":") for at, width in enumerate(widths)]
    return [line(head), f"|{'|'.join(edge)}|", *map(line, rows)]


def save(found: Mapping[str, Any], folder: Path, name: str) -> list[Path]:
    """Write the report as JSON and as a page; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{found['facts']['date'][:10]}-{name}"
    pages = {".json": json.dumps(found, ensure_ascii=False) + "\n", ".md": markdown(found)}
    files = []
    for suffix, text in pages.items():
        files.append(folder / f"{stem}{suffix}")
        files[-1].write_text(text)
    return files
