"""`shelfread jobs logs`: what a job has written, and what it writes while one looks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection

from shelfread.app import App
from shelfread.cli.jobs_finding import code_of, job_of
from shelfread.cli.jobs_words import local
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FAILED, FINE
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import complain, shown, write_json
from shelfread.model.job import Job, StoredLine
from shelfread.model.job_json import line_json

#: Lines read at once.
PAGE = 500
#: Seconds between two looks for new lines: at first, and after a long silence.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
_COLOURS = {"warning": "yellow", "error": "red"}


def print_logs(wanted: str, follow: bool, levels: Collection[str], as_json: bool) -> int:
    """Print a log; with `follow` until the job has ended, and the exit code says how it did."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            job = await job_of(app, wanted)
            printer = _Printer(app, job, levels, as_json)
            if not follow:
                await printer.print_new()
                return FINE
            return await _follow(app, job, printer)

    return run(work)


async def _follow(app: App, job: Job, printer: _Printer) -> int:
    pause = FIRST_PAUSE_S
    while True:
        # The row first: what it has written by the time it has ended is all that it writes.
        now_is = await app.jobs.get(job.id)
        if now_is is None:
            complain("the job was deleted while it was followed")
            return FAILED
        pause = FIRST_PAUSE_S if await printer.print_new() else min(pause * 1.25, LONGEST_PAUSE_S)
        if now_is.status.ended:
            return await code_of(app, now_is)
        await asyncio.sleep(pause)


class _Printer:
    """Prints the lines behind those that it has printed."""

    def __init__(self, app: App, job: Job, levels: Collection[str], as_json: bool) -> None:
        self._app = app
        self._job = job
        self._levels = levels
        self._as_json = as_json
        self._paper = Paper()
        self._after = 0

    async def print_new(self) -> bool:
        """Print what is new; whether there was anything."""
        before = self._after
        while True:
            lines = await self._app.jobs.logs(self._job.seq, self._after, PAGE)
            for line in lines:
                self._after = line.seq
                # A level that this version does not know is not hidden.
                if line.level in self._levels or line.level not in ("info", "warning", "error"):
                    self._print(line)
            if len(lines) < PAGE:
                break
        sys.stdout.flush()
        return self._after > before

    def _print(self, line: StoredLine) -> None:
        if self._as_json:
            write_json(line_json(line))
            return
        colour = _COLOURS.get(line.level, "")
        path = f"  {shown(line.path)}" if line.path is not None else ""
        self._paper.line(
            ("dim", f"{local(line.at)}  "),
            (colour, f"{shown(line.level):<7}  "),
            ("", shown(line.message)),
            ("dim", path),
        )
