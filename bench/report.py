"""From measurements to what people read: medians, ratios of the same round, tables, files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import Measured

OWN = "Shelfread"
#: More than this of a processor busy with something else makes a figure doubtful.
_BUSY = 0.25
_MB = 1_000_000
#: Tables in which every file costs the same, so that its first and last tenth can be compared.
_EVERY_FILE_READ = ("first", "rescan", "tree-first", "many-comics-first")


@dataclass(slots=True)
class Row:
    """All rounds of one contestant in one table. Round 0 is the one in which memory is sampled."""

    rounds: dict[int, Measured] = field(default_factory=dict)

    def timed(self) -> dict[int, Measured]:
        """The rounds that count for time; the memory round only when there is no other."""
        return {number: one for number, one in self.rounds.items() if number} or self.rounds


@dataclass(slots=True)
class Table:
    """One thing that was measured, of all who can do it."""

    key: str
    title: str
    rows: dict[str, Row] = field(default_factory=dict)

    def note(self, contestant: str, number: int, measured: Measured) -> None:
        """Note what one round of a contestant gave."""
        self.rows.setdefault(contestant, Row()).rounds[number] = measured


def middle(several: Sequence[Measured]) -> Measured:
    """The one with the median time, where one step was done several times in a round."""
    return sorted(several, key=lambda one: one.seconds)[(len(several) - 1) // 2]


def tenths(course: Sequence[tuple[float, int]]) -> tuple[float, float] | None:
    """Files a second of the first and of the last tenth, from when how many were committed.

    None when so few steps were seen that it would be a guess.
    """
    if len(course) < 20 or not course[-1][1]:
        return None
    total = course[-1][1]
    points = [(0.0, 0), *course]
    first, last = _when(points, total * 0.1), _when(points, total) - _when(points, total * 0.9)
    return (total * 0.1 / first, total * 0.1 / last) if first > 0 and last > 0 else None


def end_to_half(held: Sequence[tuple[float, int]]) -> float | None:
    """Peak memory of the last tenth of a run against that in the middle of it; None for short ones."""
    if len(held) < 100:
        return None
    end = held[-1][0]
    last = max(size for at, size in held if at >= 0.9 * end)
    return last / max(size for at, size in held if 0.45 * end <= at <= 0.55 * end)


def _when(points: Sequence[tuple[float, int]], count: float) -> float:
    """The time at which so many were done, on the straight line between two points."""
    for (before, fewer), (after, more) in pairwise(points):
        if more >= count and more > fewer:
            return before + (after - before) * (count - fewer) / (more - fewer)
    return points[-1][0]


def summary(
    tables: Sequence[Table],
    *,
    facts: Mapping[str, str],
    parameters: Mapping[str, Any],
    about: Mapping[str, str],
    notes: Sequence[str],
) -> dict[str, Any]:
    """All of it as plain values, for JSON and for `markdown`."""
    done = [_table(table) for table in tables if table.rows]
    return {
        "facts": dict(facts),
        "parameters": dict(parameters),
        "about": dict(about),
        "notes": list(notes),
        "tables": done,
        "targets": _targets({table["key"]: table for table in done}),
    }


def _table(table: Table) -> dict[str, Any]:
    own = table.rows[OWN].timed() if OWN in table.rows else {}
    rows = []
    for name, row in table.rows.items():
        timed = row.timed()
        seconds = [one.seconds for one in timed.values()]
        ratios = [
            own[number].seconds / one.seconds
            for number, one in timed.items()
            if number in own and name != OWN
        ]
        if not ratios and own and name != OWN:
            # Measured once only, and not in a round with ours: the medians have to do.
            ratios = [median(one.seconds for one in own.values()) / median(seconds)]
        peaks = [one.peak_bytes for one in row.rounds.values() if one.peak_bytes is not None]
        holds = [one.held for one in row.rounds.values() if table.key in _EVERY_FILE_READ]
        reads = [one.read_bytes for one in timed.values() if one.read_bytes is not None]
        files = next(iter(timed.values())).files
        courses = [one.course for one in timed.values()] if table.key in _EVERY_FILE_READ else []
        speeds = [pair for course in courses if (pair := tenths(course))]
        rows.append(
            {
                "name": name,
                "seconds": [round(value, 4) for value in seconds],
                "min_s": min(seconds),
                "median_s": median(seconds),
                "max_s": max(seconds),
                "cpu_s": _middle([one.cpu_s for one in timed.values()]),
                "peak_bytes": max(peaks) if peaks else None,
                "others": _middle([one.others for one in timed.values()]),
                "says": next(iter(timed.values())).says,
                "end_to_half": next((one for held in holds if (one := end_to_half(held))), None),
                "read_bytes": max(reads) if reads else None,
                "rate": files / median(seconds) if files else None,
                "ratios": [round(value, 3) for value in ratios],
                "ratio": median(ratios) if ratios else None,
                "first_tenth": median(first for first, _ in speeds) if speeds else None,
                "last_tenth": median(last for _, last in speeds) if speeds else None,
                "last_to_first": median(last / first for first, last in speeds) if speeds else None,
            }
        )
    return {"key": table.key, "title": table.title, "rows": rows}


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _targets(tables: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What DESIGN promises, and what it is; only what was measured."""
    found: list[dict[str, Any]] = []

    def add(what: str, measured: float | None, limit: float, *, at_most: bool = True) -> None:
        if measured is not None:
            met = measured <= limit if at_most else measured >= limit
            found.append(
                {"what": what, "limit": f"{'<=' if at_most else '>='} {limit:g}", "is": measured, "met": met}
            )

    def of(key: str, name: str, value: str) -> float | None:
        rows = tables[key]["rows"] if key in tables else []
        return next((row[value] for row in rows if row["name"] == name), None)

    add("first scan, against MPD", of("first", "MPD", "ratio"), 0.5)
    add("nothing changed, against MPD", of("unchanged", "MPD", "ratio"), 1.0)
    add("tree, nothing changed, against find", of("tree-unchanged", "find", "ratio"), 1.5)
    sync = of("first", "Shelfread, sync", "ratio")
    add("sync against batched (times as long)", 1 / sync if sync else None, 1.0, at_most=False)
    add("first scan of comics, against codex", of("comics-first", "codex", "ratio"), 0.1)
    in_sync = of("comics-first", "Shelfread, sync", "ratio")
    add("sync against batched, comics (times as long)", 1 / in_sync if in_sync else None, 1.0, at_most=False)
    for key, what in (
        ("comics-unchanged", "comics"), ("many-comics-unchanged", "tiny comics"),
        ("videos-unchanged", "videos"),
    ):  # fmt: skip
        add(f"bytes read where nothing changed, {what}", of(key, OWN, "read_bytes"), 0)
    add("EPUBs a second", of("epubs", OWN, "rate"), 2000, at_most=False)
    add("covers a second", of("covers", OWN, "rate"), 45, at_most=False)
    add("names of videos a second", of("names", OWN, "rate"), 10_000, at_most=False)
    add("videos a second, headers and all", of("videos-first", OWN, "rate"), 300, at_most=False)
    for key, what in (("many-comics-first", "tiny comics"), ("tree-first", "tree")):
        add(f"memory in the last tenth against half-way, {what}", of(key, OWN, "end_to_half"), 1.1)
    for key, what in (
        ("growth-whole", "whole library less the walk"),
        ("growth-own", "whole library less the walk, processor time"),
        ("growth-part", "only its folders"), ("growth-settling", "the end of the scan"),
    ):  # fmt: skip
        # The one row beside ours is the same change in the small library.
        rows = tables[key]["rows"] if key in tables else []
        small = next((row["ratio"] for row in rows if row["name"] != OWN), None)
        add(f"a change in the large collection against the small one, {what}", small, 2)
    peaks = [row["peak_bytes"] for table in tables.values() for row in table["rows"] if _is_own(row)]
    known = [peak / _MB for peak in peaks if peak is not None]
    add("peak memory of all processes, MB", max(known) if known else None, 300)
    for key, what in (("first", "tracks"), ("tree-first", "tree"), ("many-comics-first", "tiny comics")):
        add(f"last tenth against first tenth, {what}", of(key, OWN, "last_to_first"), 0.9, at_most=False)
    return found


def _is_own(row: Mapping[str, Any]) -> bool:
    return str(row["name"]).startswith(OWN)


def markdown(report: Mapping[str, Any]) -> str:
    """The report as a page that is read as well in a terminal."""
    facts, lines = report["facts"], ["# Benchmark", ""]
    lines += [f"{facts['date']} · " + " · ".join(f"{k} {v}" for k, v in facts.items() if k != "date"), ""]
    lines += [", ".join(f"{name} {value}" for name, value in report["parameters"].items()), ""]
    for table in report["tables"]:
        lines += [f"## {table['title']}", "", *_grid(_HEAD, [_cells(row) for row in table["rows"]]), ""]
        for row in table["rows"]:
            if row["first_tenth"]:
                lines.append(
                    f"{row['name']}: {row['first_tenth']:.0f} files/s in the first tenth, "
                    f"{row['last_tenth']:.0f} in the last ({row['last_to_first']:.2f}).\n"
                )
    if report["targets"]:
        rows = [
            (one["what"], one["limit"], f"{one['is']:.2f}", "yes" if one["met"] else "NO")
            for one in report["targets"]
        ]
        lines += ["## Targets", "", *_grid(("target", "limit", "measured", "met"), rows), ""]
    lines += ["## How it was measured", ""]
    lines += [f"* {name}: {what}." for name, what in report["about"].items()]
    lines += [f"* {note}" for note in report["notes"]]
    if doubtful := _doubtful(report):
        lines.append(f"* Doubtful, the machine was busy with other work meanwhile: {doubtful}.")
    return "\n".join(lines) + "\n"


_HEAD = ("", "min s", "median s", "max s", f"{OWN} takes", "CPU s", "peak MB", "others", "says")


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} x"
    return (
        str(row["name"]),
        *(f"{row[key]:.3f}" for key in ("min_s", "median_s", "max_s")),
        ratio,
        "" if row["cpu_s"] is None else f"{row['cpu_s']:.2f}",
        "" if row["peak_bytes"] is None else f"{row['peak_bytes'] / _MB:.0f}",
        "" if row["others"] is None else f"{row['others']:.2f}",
        str(row["says"]),
    )


def _doubtful(report: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{row['name']} ({table['title']}, {row['others']:.2f} processors)"
        for table in report["tables"]
        for row in table["rows"]
        # Short ones are not told apart from the clock's ticks.
        if row["others"] is not None and row["others"] > _BUSY and row["median_s"] > 0.5
    )


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        # Words to the left, figures to the right.
        padded = [
            cell.ljust(width) if at in (0, len(head) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    edge = ["-" * (width + 1) + (":" if 0 < at < len(head) - 1 else "-") for at, width in enumerate(widths)]
    return [line(head), f"|{'|'.join(edge)}|", *map(line, rows)]


def save(report: Mapping[str, Any], folder: Path, name: str) -> list[Path]:
    """Write the report as JSON and as a page; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{report['facts']['date'][:10]}-{name}"
    pages = {".json": json.dumps(report, indent=1, ensure_ascii=False) + "\n", ".md": markdown(report)}
    files = []
    for suffix, text in pages.items():
        files.append(folder / f"{stem}{suffix}")
        files[-1].write_text(text)
    return files
