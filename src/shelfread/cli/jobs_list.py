"""`shelfread jobs list`: the queue and its history, once or as it changes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from shelfread.app import App
from shelfread.cli.jobs_finding import ComeBacks, names, places
from shelfread.cli.jobs_words import Pace, how_far, how_long, note, print_cells, short, state, terminal
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE
from shelfread.cli.printing import Paper, Piece
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import shown, write_json
from shelfread.model.job import Job, JobStatus
from shelfread.model.job_json import job_json
from shelfread.store.clock import now_us

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Seconds between two looks.
LOOK_S = 0.5
#: Seconds between two plain lines of a job that runs and is what it was.
LINE_EVERY_S = 5.0
#: Characters of a library's name in a live view.
NAME_WIDTH = 24
_HEADS = ("id", "library", "type", "state", "time", "progress", "")


class Wanted(NamedTuple):
    """Which jobs to list."""

    statuses: tuple[str, ...] = ()
    #: A library's number or name.
    library: str | None = None
    limit: int = 20


class Row(NamedTuple):
    """A job with what is said of it."""

    job: Job
    library: str
    state: Piece
    note: str


class Look:
    """Looks at the jobs that are wanted, again and again."""

    def __init__(self, app: App, wanted: Wanted) -> None:
        self._app = app
        self._wanted = wanted
        self._library_id: int | None = None
        self._come_backs = ComeBacks(app)

    async def prepare(self) -> None:
        """Find the library that is meant. Raises Refused when there is none."""
        if self._wanted.library is not None:
            self._library_id = (await library_of(self._app, self._wanted.library)).id

    async def rows(self) -> list[Row]:
        """The jobs as they are now, newest first."""
        wanted = self._wanted
        found = await self._app.jobs.listed(
            statuses=wanted.statuses, library_id=self._library_id, limit=wanted.limit
        )
        waits = any(job.status is JobStatus.QUEUED for job in found)
        running = await self._app.jobs.running() if waits else []
        known, now = await names(self._app), now_us()
        worked = await self._come_backs.anybody_works() if waits else True
        return [
            Row(
                job,
                known.get(job.library_id, "?") if job.library_id is not None else "",
                state(job),
                note(job, running, now, await self._come_backs.of(job), anybody_works=worked),
            )
            for job in found
        ]


def list_jobs(wanted: Wanted, as_json: bool) -> int:
    """List jobs once."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            look = Look(app, wanted)
            await look.prepare()
            rows = await look.rows()
            known = await places(app, [row.job for row in rows]) if as_json else {}
        if as_json:
            write_json({"jobs": [job_json(row.job, known.get(row.job.worker_id or "")) for row in rows]})
        else:
            _print_rows(Paper(), rows)
        return FINE

    return run(work)


def _print_rows(paper: Paper, rows: Sequence[Row]) -> None:
    if not rows:
        paper.line(("", "No jobs."))
        return
    now = now_us()
    print_cells(paper, _HEADS, [_cells(row, now) for row in rows])


def _cells(row: Row, now: int) -> list[Piece]:
    job = row.job
    return [
        ("", short(job.id)),
        ("", row.library),
        ("", shown(job.type)),
        row.state,
        ("", how_long(job, now)),
        ("", how_far(job)),
        ("dim" if job.status is not JobStatus.FAILED else "red", row.note),
    ]


def watch_jobs(wanted: Wanted, as_json: bool) -> int:
    """List jobs as they change, until a signal ends it."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            look = Look(app, wanted)
            await look.prepare()
            console = None if as_json else terminal()
            if as_json:
                await _stream(app, look)
            elif console is not None:
                await _draw(look, console)
            else:
                await _tell(look)
        return FINE

    return run(work)


async def _stream(app: App, look: Look) -> None:
    """One object a line: each job at first, and whenever its row is another one."""
    last: dict[str, Job] = {}
    while True:
        rows = await look.rows()
        fresh = [row.job for row in reversed(rows) if last.get(row.job.id) != row.job]
        known = await places(app, fresh)
        for job in fresh:
            write_json(job_json(job, known.get(job.worker_id or "")))
        last = {row.job.id: row.job for row in rows}
        await asyncio.sleep(LOOK_S)


async def _tell(look: Look) -> None:
    """A plain line for each job at first, when it changes its state, and now and then while it runs."""
    pace = Pace()
    last: dict[str, tuple[str, str]] = {}
    due: dict[str, float] = {}
    while True:
        rows = await look.rows()
        pace.look(row.job for row in rows)
        moment = time.monotonic()
        for row in reversed(rows):
            job, says = row.job, (row.state[1], row.note)
            runs = job.status is JobStatus.RUNNING
            if last.get(job.id) != says or (runs and moment >= due.get(job.id, 0.0)):
                due[job.id] = moment + LINE_EVERY_S
                print(plain_line(row, pace), flush=True)  # noqa: T201
            last[job.id] = says
        await asyncio.sleep(LOOK_S)


def plain_line(row: Row, pace: Pace) -> str:
    """A job on one plain line."""
    job = row.job
    facts = [how_long(job, now_us()), how_far(job), pace.words(job).replace("  ", ", "), row.note]
    said = ", ".join(fact.replace("  ", ", ") for fact in facts if fact)
    title = "  ".join(part for part in (short(job.id), row.library, shown(job.type)) if part)
    return f"{title}  {row.state[1]}: {said}"


async def _draw(look: Look, console: Console) -> None:
    """One place in the terminal that is drawn again and again."""
    from rich.live import Live

    pace = Pace()
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            rows = await look.rows()
            pace.look(row.job for row in rows)
            live.update(drawn(rows, pace), refresh=True)
            await asyncio.sleep(LOOK_S)


def drawn(rows: Sequence[Row], pace: Pace) -> RenderableType:
    """What a terminal shows: a line for each job, cut at the right where it is too narrow."""
    from rich.console import Group
    from rich.text import Text

    if not rows:
        return Text("No jobs.", "dim")
    now = now_us()
    table = [_live_cells(row, pace, now) for row in rows]
    heads: list[Piece] = [("dim", head) for head in (*_HEADS, "")]
    widths = [max(len(cells[at][1]) for cells in [heads, *table]) for at in range(len(heads))]
    lines = []
    for cells in [heads, *table]:
        line = Text(no_wrap=True, overflow="ellipsis")
        for at, (style, text) in enumerate(cells):
            # What only some jobs have takes no room where none has it.
            if widths[at]:
                line.append(text.ljust(widths[at]) + "  ", style)
        line.rstrip()
        lines.append(line)
    return Group(*lines)


def _live_cells(row: Row, pace: Pace, now: int) -> list[Piece]:
    """The cells of a list, with a bar for what runs once there is a total, and how fast it goes."""
    job, cells = row.job, _cells(row, now)
    runs = job.status is JobStatus.RUNNING
    words = "  ".join(part for part in (how_far(job), pace.words(job)) if part)
    # A name of any length must leave room for the rest.
    cells[1] = ("", row.library[:NAME_WIDTH])
    cells[5:6] = [("blue", bar(job) if runs else ""), ("cyan" if runs else "", words)]
    return cells


def bar(job: Job, width: int = 16) -> str:
    """How far a running job is, drawn; empty until there is a total."""
    if not job.items_total or not job.counted:
        return ""
    # Not `sys.stdout`: a live view has put something else there.
    encoding = getattr(sys.__stdout__, "encoding", None) or ""
    full, empty = ("━", "┄") if encoding.lower().startswith("utf") else ("#", "-")
    done = min(width, width * job.counters.processed // job.items_total)
    return full * done + empty * (width - done)
