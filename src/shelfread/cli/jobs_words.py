"""What is said of a job in a few words: its state, how long, how far, and why.

Pure: rows in, pieces of lines out. Says only what is known: a share and a time left once there is a total.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shelfread.cli.printing import Paper, Piece
from shelfread.cli.texts import counted, duration, number, shown
from shelfread.model.job import Job, JobStatus, Phase
from shelfread.queue.overlaps import blocked_by

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {
    JobStatus.QUEUED: "cyan",
    JobStatus.RUNNING: "bold blue",
    JobStatus.COMPLETED: "green",
    JobStatus.FAILED: "red",
    JobStatus.CANCELLED: "yellow",
}
_REASONS = {
    "worker_lost": "its worker was lost",
    "stalled": "nothing moved",
    "deadline": "it ran longer than it may",
    "root_unavailable": "no root could be believed",
    "path_refused": "its folders may not be scanned",
    "invalid_row": "its row cannot be run",
    "absorbed": "another job does its work",
}


def local(microseconds: int | None) -> str:
    """A time for people: date and time where they are."""
    if microseconds is None:
        return ""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
        return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "?"


def short(job_id: str) -> str:
    """The beginning of an id: enough to tell jobs apart, and what every command takes."""
    return shown(job_id[:8])


def because(reason: str) -> str:
    """A reason in words."""
    return _REASONS.get(reason, shown(reason.replace("_", " ")))


def state(job: Job) -> Piece:
    """The one word for what a job is doing."""
    word = job.status.value
    if job.status is JobStatus.RUNNING:
        if job.cancel_requested_at is not None:
            return "yellow", "cancelling"
        if job.phase not in (None, Phase.DONE):
            word = job.phase.value
    return COLOURS[job.status], word


def note(
    job: Job, running: Sequence[Job], now: int, came_back: str | None = None, *, anybody_works: bool = True
) -> str:
    """Why it is as it is.

    Args:
        job: the job.
        running: all jobs that run now.
        now: the time in microseconds.
        came_back: why it went back into the queue last, for a job that did: a reason, or "released".
        anybody_works: whether a process lives that takes jobs from the queue.
    """
    if job.broken is not None and job.reason is None and job.error is None:
        return shown(f"its row cannot be run: {job.broken}")
    if job.status is JobStatus.QUEUED:
        said = []
        if came_back is not None:
            said.append("its worker was stopped" if came_back == "released" else because(came_back))
        other = blocked_by(job, running)
        if job.run_at > now:
            said.append(f"backing off until {local(job.run_at)[-8:]}")
        elif other is not None:
            what = "which scans some of the same files" if job.library_id is not None else "of the same type"
            said.append(f"waiting for job {short(other.id)}, {what}")
        if not anybody_works:
            said.append("no worker runs (shelfread serve, or shelfread worker)")
        return "; ".join(said)
    if job.status is JobStatus.RUNNING:
        if came_back == "released":
            return f"attempt {job.attempt}, resumed after its worker was stopped"
        if came_back is not None:
            return f"attempt {job.attempt}, resumed: {because(came_back)}"
        return ""
    said = [because(job.reason)] if job.reason and job.reason != "exception" else []
    if job.error and job.reason not in ("worker_lost", "deadline"):
        said.append(shown(job.error))
    return ": ".join(said)


def how_long(job: Job, now: int) -> str:
    """How long it waits, runs, or ran."""
    if job.status is JobStatus.QUEUED:
        return f"waits {_span(job.queued_at, now)}"
    if job.status is JobStatus.RUNNING:
        return f"runs {_span(job.started_at, now)}"
    if job.started_at is None:
        return f"waited {_span(job.queued_at, job.completed_at)}"
    return f"ran {_span(job.started_at, job.completed_at)}"


def _span(start: int | None, end: int | None) -> str:
    if start is None or end is None:
        return "?"
    return duration(max(0, end - start) / 1e6)


def how_far(job: Job) -> str:
    """Its counts: n of m and a share once the total is known, before that what is known."""
    if not job.counted:
        return ""
    counters = job.counters
    if job.status.ended:
        return counted(counters.found, "file")
    if job.items_total is None:
        done = f", {number(counters.processed)} done" if counters.processed else ""
        return f"{counted(counters.found, 'file')} found{done}"
    share = f"  {100 * counters.processed // job.items_total} %" if job.items_total else ""
    return f"{number(counters.processed)} of {counted(job.items_total, 'file')}{share}"


def terminal() -> Console | None:
    """The terminal that standard output is; None when it is none that can be drawn on."""
    if not sys.stdout.isatty() or os.environ.get("TERM") in (None, "dumb"):
        return None
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False)


class Pace:
    """How fast jobs go, from looks at their rows: over the last seconds, of the attempt that runs now."""

    #: Seconds that a rate looks back.
    WINDOW_S = 15.0

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], list[tuple[float, int]]] = {}

    def look(self, jobs: Iterable[Job], now: float | None = None) -> None:
        """Take note of how far the running ones are."""
        moment = time.monotonic() if now is None else now
        seen: dict[tuple[str, int], list[tuple[float, int]]] = {}
        for job in jobs:
            if job.status is JobStatus.RUNNING and job.counted:
                key = (job.id, job.fence)
                past = [look for look in self._seen.get(key, []) if look[0] >= moment - self.WINDOW_S]
                seen[key] = [*past, (moment, job.counters.processed)]
        self._seen = seen

    def rate(self, job: Job) -> float | None:
        """Files a second; None before there is anything to divide."""
        looks = self._seen.get((job.id, job.fence), [])
        if len(looks) < 2:
            return None
        (began, first), (ended, last) = looks[0], looks[-1]
        return (last - first) / (ended - began) if ended - began >= 0.4 and last > first else None

    def words(self, job: Job) -> str:
        """The rate, and the time left once the total is known; empty when neither is."""
        rate = self.rate(job)
        if rate is None:
            return ""
        said = f"{number(round(rate))}/s"
        if job.items_total is not None and job.phase is Phase.READING:
            left = max(0, job.items_total - job.counters.processed) / rate
            said += f"  {duration(left)} left"
        return said


def print_cells(paper: Paper, heads: Sequence[str], rows: Sequence[Sequence[Piece]]) -> None:
    """A table whose cells have colours of their own; nothing is cut, the last column is as long as it is."""
    widths = [max(len(head), *(len(row[at][1]) for row in rows)) for at, head in enumerate(heads)]
    padded = [head.ljust(width) for head, width in zip(heads, widths, strict=True)]
    paper.line(("dim", "  ".join(padded).rstrip()))
    for row in rows:
        pieces: list[Piece] = []
        for at, (style, text) in enumerate(row):
            last = at == len(row) - 1
            pieces.append((style, text if last else f"{text.ljust(widths[at])}  "))
        paper.line(*pieces)
