"""Claims and heartbeats of others on an SQLite file into which a scan writes as fast as it can."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Container
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.processes import Asked, Program
from bench.queue.stand import Stand, add_library, ended, warmed
from shelfread.app import App
from shelfread.model.job import Job, JobStatus, Origin

NAME = "contention"
MEANING = (
    "How long one claim (`claim_next`) and one heartbeat take in another process while first scans write "
    "into the same SQLite file without a pause; what fell between two scans is not counted. one scan: "
    "`shelfread worker` scans. with a CLI scan: `shelfread serve` does, and `shelfread scan` writes "
    "another library at the same time. locked: how often any process of it was told that the database is "
    "locked, also where it then tried again, with the errors in logs and answers."
)
#: First scans into one database: each is a library of its own over the same folder.
_LIBRARIES = 5


@dataclass
class _Found:
    claims: list[float] = field(default_factory=list)
    heartbeats: list[float] = field(default_factory=list)
    commits_s: float = 0.0
    locked: list[str] = field(default_factory=list)


async def measure(stand: Stand) -> None:
    """Alone, and with a scan of the command line."""
    for _ in stand.databases("sqlite"):
        for beside in (False, True):
            found = _Found()
            while found.commits_s < stand.given.seconds:
                stand.quiet()
                before = found.commits_s
                await _one_database(stand, beside, found)
                if found.commits_s - before <= 0:
                    raise Unavailable("nothing was scanned")
            name = "with a CLI scan" if beside else "one scan"
            stand.note(Figure(NAME, f"claim, {name}", "sqlite", "ms", found.claims, Bar("p99", 50)))
            stand.note(Figure(NAME, f"heartbeat, {name}", "sqlite", "ms", found.heartbeats, Bar("p99", 50)))
            stand.note(Figure(NAME, f"locked, {name}", "sqlite", "", [len(found.locked)], Bar("sum", 0)))
            for line in dict.fromkeys(found.locked):
                print(f"    {line}")


async def _one_database(stand: Stand, beside: bool, found: _Found) -> None:
    url = stand.new_database("sqlite")
    busy = stand.folder() / "busy"
    inside = stand.inside({"busy": str(busy)})
    said: list[Program] = []
    async with stand.app(url) as app:
        tiny = await add_library(app, "Tiny", stand.tiny())
        other = await add_library(app, "Other", stand.tiny(1))
        libraries = [await add_library(app, f"Music {at}", stand.music()) for at in range(_LIBRARIES)]
        with ExitStack() as stack:
            words = ("serve", "--port", "0") if beside else ("worker",)
            said.append(stack.enter_context(stand.program(url, *words, inside=inside)))
            await warmed(app, tiny)
            rival = stack.enter_context(Asked("bench.queue.rival", url, str(other.id), inside=inside))
            by_hand: Program | None = None
            windows: list[tuple[int, int]] = []
            for library in libraries:
                if beside and (by_hand is None or by_hand.ended):
                    before = await _by_cli(app)
                    by_hand = stack.enter_context(_by_hand(stand, url, inside))
                    said.append(by_hand)
                    await _writing(app, before)
                job = await ended(app, (await app.request_scan(library)).job.id, 0.05)
                if job.status is not JobStatus.COMPLETED:
                    found.locked.append(f"a scan was {job.status}: {job.error}")
                windows.append((job.claimed_at or 0, job.completed_at or 0))
            answer = rival.ask()
            if by_hand is not None:
                by_hand.leave(signal.SIGINT)
    found.commits_s += sum(end - begin for begin, end in windows) / 1e6
    for at, kind, took in answer["samples"]:
        if any(begin <= at <= end for begin, end in windows):
            (found.claims if kind == "claim" else found.heartbeats).append(took)
    found.locked += answer["errors"]
    for program in said:
        found.locked += [line for line in program.said().splitlines() if "locked" in line]
    found.locked += _lines(busy)


def _by_hand(stand: Stand, url: str, inside: Path) -> Program:
    return stand.program(url, "scan", "--json", str(stand.long()), inside=inside)


async def _by_cli(app: App) -> dict[str, Job]:
    """The scans of the command line that there are."""
    return {job.id: job for job in await app.jobs.listed(limit=1000) if job.origin == Origin.CLI}


async def _writing(app: App, before: Container[str]) -> None:
    """Wait until a new scan of the command line has begun to write, or is over already."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        new = [job for job_id, job in (await _by_cli(app)).items() if job_id not in before]
        if any(job.counters.added or job.status.ended for job in new):
            return
        await asyncio.sleep(0.05)
    raise Unavailable("the scan of the command line does not write")


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
