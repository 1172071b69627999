"""`shelfread library covers`: the small pictures of a library, here, now, to the end (PROMISES C5)."""

from __future__ import annotations

import time
from typing import Any

from shelfread.app.covering import CoverReport, NoCovers, make_covers_here
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE, WITH_PROBLEMS, Refused
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import counted, duration, path_fields, shown, write_json

#: Pictures in the summary; the job's log has all.
FIRST = 20


def make_covers(wanted: str, again: bool, as_json: bool) -> int:
    """Make what is missing, or all anew; gives the exit code."""

    async def work(_: Interrupts) -> int:
        started = time.monotonic()
        async with catalogue() as app:
            library = await library_of(app, wanted)
            try:
                report = await make_covers_here(app, library, again=again)
            except NoCovers as error:
                raise Refused(str(error)) from None
        took_s = time.monotonic() - started
        if as_json:
            write_json(_fields(report, took_s))
        else:
            _print(report, took_s)
        return WITH_PROBLEMS if report.counters.failed else FINE

    return run(work)


def _fields(report: CoverReport, took_s: float) -> dict[str, Any]:
    counters = report.counters
    return {
        "job_id": report.job_id,
        "library_id": report.library.id,
        "status": "completed",
        "items_found": counters.found,
        "items_added": counters.added,
        "items_updated": counters.updated,
        "items_unchanged": counters.unchanged,
        "items_failed": counters.failed,
        "items_skipped": counters.skipped,
        "duration_s": round(took_s, 3),
        "problems": [
            {**path_fields(line.path or b""), "code": code, "detail": detail}
            for line in report.lines
            if line.level == "warning"
            for code, _, detail in [line.message.partition(": ")]
        ],
    }


def _print(report: CoverReport, took_s: float) -> None:
    paper = Paper()
    counters, library = report.counters, report.library
    paper.line(("bold", shown(library.name)), ("dim", f"  library {library.id}"))
    made = counters.added + counters.updated
    paper.line(("", f"{counted(made, 'cover')} made in {duration(took_s)}."))
    if counters.unchanged:
        paper.line(("dim", f"{counted(counters.unchanged, 'cover is', 'covers are')} as before"))
    if counters.skipped:
        paper.line(("dim", f"{counted(counters.skipped, 'item has', 'items have')} no picture"))
    if counters.failed:
        paper.line()
        paper.line(("yellow", f"{counted(counters.failed, 'cover')} could not be made:"))
    lines = [line for line in report.lines if line.level == "warning"]
    for line in lines[:FIRST]:
        code, _, detail = line.message.partition(": ")
        paper.line(("", f"  {shown(line.path or b'')}"))
        paper.line(("red", f"    {code}"), ("dim", f"  {shown(detail)}"))
    if len(lines) > FIRST:
        paper.line(("dim", "  all of them: "), ("bold", f"shelfread jobs logs {report.job_id}"))
