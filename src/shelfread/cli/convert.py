"""`shelfread library convert`: books in other archives become cbz, here and now (PROMISES C4, C16)."""

from __future__ import annotations

import time
from typing import Any

from shelfread.app.converting import ConversionReport, NothingToConvert, convert_here
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE, WITH_PROBLEMS, Refused
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import counted, duration, path_fields, shown, write_json

#: Books in the summary; the job's log has all.
FIRST = 20


def convert_library(wanted: str, as_json: bool) -> int:
    """Convert what can be converted; gives the exit code."""

    async def work(_: Interrupts) -> int:
        started = time.monotonic()
        async with catalogue() as app:
            library = await library_of(app, wanted)
            try:
                report = await convert_here(app, library)
            except NothingToConvert as error:
                raise Refused(str(error)) from None
        took_s = time.monotonic() - started
        if as_json:
            write_json(_fields(report, took_s))
        else:
            _print(report, took_s)
        return WITH_PROBLEMS if report.outcome.refused else FINE

    return run(work)


def _fields(report: ConversionReport, took_s: float) -> dict[str, Any]:
    counters = report.outcome.counters
    return {
        "job_id": report.job_id,
        "library_id": report.library.id,
        "status": "completed",
        "items_found": counters.found,
        "items_failed": counters.failed,
        "items_skipped": counters.skipped,
        **report.outcome.to_json(),
        "duration_s": round(took_s, 3),
        "problems": [
            {**path_fields(line.path or b""), "code": code, "detail": detail}
            for line in report.lines
            for code, _, detail in [line.message.partition(": ")]
        ],
    }


def _print(report: ConversionReport, took_s: float) -> None:
    paper = Paper()
    counters, library = report.outcome.counters, report.library
    paper.line(("bold", shown(library.name)), ("dim", f"  library {library.id}"))
    if not counters.found:
        paper.line(("", "There is nothing to convert: every book is in a format that stays as it is."))
        return
    paper.line(("", f"{counted(counters.updated, 'book')} converted in {duration(took_s)}."))
    if report.outcome.removed:
        trash = (
            f"  kept for {counted(library.options.trash_days, 'day')}" if library.options.trash_days else ""
        )
        paper.line(
            ("", f"{counted(report.outcome.removed, 'original')} moved to .shelfread-trash"), ("dim", trash)
        )
    left = counters.failed + counters.skipped
    if left:
        paper.line()
        paper.line(("yellow", f"{counted(left, 'book is', 'books are')} left as they were:"))
    for line in report.lines[:FIRST]:
        code, _, detail = line.message.partition(": ")
        paper.line(("", f"  {shown(line.path or b'')}"))
        paper.line(("red", f"    {code}"), ("dim", f"  {shown(detail)}"))
    if len(report.lines) > FIRST:
        paper.line(("dim", "  all of them: "), ("bold", f"shelfread jobs logs {report.job_id}"))
