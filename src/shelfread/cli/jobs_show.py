"""`shelfread jobs show`: everything that is known of one job."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any, NamedTuple

from shelfread.app import App
from shelfread.cli.jobs_finding import ComeBacks, job_of, places, problem_count
from shelfread.cli.jobs_timeline import Timeline, print_timeline, timeline_of
from shelfread.cli.jobs_words import because, how_far, how_long, local, note, state
from shelfread.cli.left_out import print_left_out
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FINE
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import aligned, counted, duration, number, path_fields, shown, write_json
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobStatus
from shelfread.model.job_json import job_json
from shelfread.model.library import Library
from shelfread.queue.verify import living
from shelfread.store.clock import now_us

#: Folders that are listed of a job; `--json` has all.
FOLDERS = 10
_ORIGINS = {
    "request": "a request",
    "cli": "the command line: run by the process that asked",
    "schedule": "a schedule",
    "retry": "a retry of another job",
    "follow_up": "a scan that had ended",
    "watch": "a change in its folders",
}


class Known(NamedTuple):
    """All that is known of a job."""

    job: Job
    library: Library | None
    folders: list[bytes]
    worker: dict[str, Any] | None
    #: Whether the process that runs it lives.
    alive: bool
    timeline: Timeline
    problems: int | None
    note: str


def show_job(wanted: str, as_json: bool) -> int:
    """Show a job once."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            print_known(await look_at(app, await job_of(app, wanted)), as_json)
        return FINE

    return run(work)


async def look_at(app: App, job: Job) -> Known:
    """Look at everything of a job."""
    library = await app.libraries.get(job.library_id) if job.library_id is not None else None
    roots = {root.id: root.path for root in library.roots} if library else {}
    folders = [
        os.path.join(roots[scope.root_id], scope.relative).rstrip(b"/") or b"/"
        for scope in job.scopes
        if scope.root_id in roots
    ]
    worker = (await places(app, [job])).get(job.worker_id or "")
    runs = job.status is JobStatus.RUNNING and job.worker_id is not None
    alive = runs and job.worker_id in await living(app.database, [job.worker_id or ""])
    return Known(
        job,
        library,
        folders,
        worker,
        alive,
        await timeline_of(app, job),
        await problem_count(app, job),
        await note_of(app, job, ComeBacks(app)),
    )


async def note_of(app: App, job: Job, come_backs: ComeBacks) -> str:
    """Why a job is as it is."""
    waits = job.status is JobStatus.QUEUED
    running = await app.jobs.running() if waits else []
    worked = await come_backs.anybody_works() if waits else True
    return note(job, running, now_us(), await come_backs.of(job), anybody_works=worked)


def print_known(known: Known, as_json: bool) -> None:
    """Print everything of a job."""
    if as_json:
        write_json(
            {
                **job_json(known.job, known.worker),
                "library": known.library.name if known.library else None,
                "folders": [path_fields(path) for path in known.folders],
                "open_problems": known.problems,
                "timeline": [entry.to_json() for entry in known.timeline.entries],
                "timeline_left_out": known.timeline.left_out,
            }
        )
        return
    paper, job = Paper(), known.job
    name = f"  of {shown(known.library.name)}" if known.library else ""
    colour, word = state(job)
    paper.line(("bold", f"{shown(job.type)}{name}"), ("dim", f"  job {shown(job.id)}"))
    paper.line((colour, word), ("", f"  {how_long(job, now_us())}"), ("dim", f"  {known.note}".rstrip()))
    paper.line()
    for line in aligned(_facts(known)):
        paper.line(("", line))
    _print_counts(paper, job)
    if known.timeline.entries:
        paper.line()
        print_timeline(paper, known.timeline)
    _print_report(paper, job)


def _facts(known: Known) -> dict[str, str]:
    job = known.job
    rows = {"asked by": _ORIGINS.get(job.origin, shown(job.origin))}
    if job.request_id:
        rows["request"] = shown(job.request_id)
    if known.folders:
        some = [shown(path) for path in known.folders[:FOLDERS]]
        more = len(known.folders) - len(some)
        rows["folders"] = "  ".join(some) + (f"  and {number(more)} more" if more else "")
    rows["queued"] = local(job.queued_at)
    rows["started"] = local(job.started_at)
    rows["ended"] = local(job.completed_at)
    if job.cancel_requested_at is not None:
        rows["asked to stop"] = local(job.cancel_requested_at)
    if job.status is JobStatus.QUEUED and job.run_at > now_us():
        rows["not before"] = local(job.run_at)
    if job.attempt or job.losses:
        lost = (
            f", lost {counted(job.losses, 'time')} without progress; given up after {job.max_attempts}"
            if job.losses
            else ""
        )
        rows["attempt"] = f"{job.attempt}{lost}"
    rows["may run"] = duration(job.timeout_s)
    if job.worker_id is not None:
        rows["worker"] = _worker_words(known)
    if job.status is JobStatus.RUNNING:
        rows["heard of"] = local(job.heartbeat_at)
        rows["progress"] = how_far(job)
        rows["in"] = shown(job.current_path or "")
    if job.reason:
        rows["reason"] = because(job.reason)
    if job.error:
        rows["error"] = shown(job.error)
    if known.problems is not None:
        hint = f"  (shelfread problems --library {job.library_id})" if known.problems else ""
        rows["open problems"] = f"{number(known.problems)}{hint}"
    return {word: value for word, value in rows.items() if value}


def _worker_words(known: Known) -> str:
    said = shown(known.job.worker_id or "")
    if known.worker is None:
        return said
    worker = known.worker
    said += f"  {shown(str(worker['kind']))}, on {shown(str(worker['host']))}, process {worker['pid']}"
    if known.job.status is JobStatus.RUNNING:
        said += "" if known.alive else ", which is gone"
    return said


def _print_counts(paper: Paper, job: Job) -> None:
    if not job.counted:
        return
    counts = {item.name: getattr(job.counters, item.name) for item in fields(Counters)}
    counts["missing"] = counts.pop("removed")
    if job.items_total is not None and not job.status.ended:
        counts["in all"] = job.items_total
    widths = {word: max(len(word), len(number(count))) for word, count in counts.items()}
    paper.line()
    paper.line(("dim", "".join(f"  {word:>{widths[word]}}" for word in counts)))
    colours = {"missing": "yellow", "failed": "red"}
    paper.line(
        *(
            (colours.get(word, "bold") if count else "dim", f"  {number(count):>{widths[word]}}")
            for word, count in counts.items()
        )
    )


def _print_report(paper: Paper, job: Job) -> None:
    # Its counts are above; lists of nothing need no line.
    said = {
        key: value
        for key, value in (job.report or {}).items()
        if not key.startswith("items_") and key != "left_out" and value not in (None, [], {}, "")
    }
    rows = {
        shown(key.removesuffix("_s").replace("_", " ")): _value(key, value) for key, value in said.items()
    }
    if rows:
        paper.line()
        paper.line(("dim", "  report"))
        for line in aligned(rows):
            paper.line(("", line))
    left_out = (job.report or {}).get("left_out")
    if left_out:
        paper.line()
        print_left_out(paper, left_out)


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return (
            duration(value) if key.endswith("_s") else number(value) if isinstance(value, int) else f"{value}"
        )
    if isinstance(value, list):
        return "; ".join(_value(key, part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{shown(str(name))} {_value(name, part)}" for name, part in value.items())
    return "" if value is None else shown(str(value))
