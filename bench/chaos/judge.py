"""The verdict: I1 to I8 on the history, I5 and I9 on what the triggers saw, I10 and I11 on the catalogue."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.chaos import witness
from bench.chaos.faults import Kind
from bench.chaos.shelves import Shelf
from bench.chaos.stage import Postgres, Sqlite
from shelfread.app import App, open_app
from shelfread.model.beside import collide
from shelfread.model.job import Job, overlapping
from shelfread.model.library import LibraryOptions
from shelfread.queue.verify import Verification
from shelfread.settings import Settings
from tests import catalogue

#: Of one invariant so many are told.
TOLD = 10
#: Told to leave, a worker may take so long (seconds).
LEAVING_S = 10.5
_SHOWN = 300


#: Of the libraries: covers are made by jobs of their own, which are none of this.
OPTIONS = LibraryOptions(thumbnails=False)


class Violation(NamedTuple):
    """Something that must not be."""

    invariant: str
    what: str


@dataclass
class Times:
    """What was measured, in seconds."""

    #: From a fault to the job running again, by kind of fault.
    rescue: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: From a wish to cancel a running job to the last batch, and to its end.
    last_write: list[float] = field(default_factory=list)
    cancelled: list[float] = field(default_factory=list)
    jobs: int = 0
    events: int = 0
    #: How the jobs ended.
    ends: Counter[str] = field(default_factory=Counter)
    #: Files whose id was compared; those among them that were moved under the eyes of a scan, which may have
    #: another; and those of which none is expected, since they came back under another name.
    ids: int = 0
    ids_passed_over: int = 0
    ids_unknown: int = 0


def late_leavers(times: list[float]) -> list[Violation]:
    """Workers that were told to leave and took too long."""
    return [Violation("leave", f"a worker took {took:.1f} s to leave") for took in times if took > LEAVING_S]


async def history_verdict(app: App, stage: Sqlite | Postgres, shelf_of: dict[int, Shelf]) -> list[Violation]:
    """The jobs and their events, and what the triggers saw."""
    found: list[Violation] = []
    verification = Verification(app.database)
    found += [
        Violation(violation.invariant, f"job {violation.job_seq}: {violation.what}")
        async for violation in verification.violations()
        if not violation.warning
    ]
    for wrong in witness.wrong(stage):
        which = "I9" if wrong.status == "cancelled" else "I2"
        found.append(
            Violation(
                which,
                f"{wrong.rows} rows of the catalogue ({wrong.where} ...) were written for job {wrong.seq} "
                f"with fence {wrong.fence} when it was {wrong.status} with fence {wrong.held}",
            )
        )
    trail = witness.trail(stage)
    jobs = {job.seq: job for job in await all_jobs(app)}
    found += _side_by_side(trail, jobs)
    found += await _wrongly_missing(app, stage, trail, shelf_of)
    return found


async def all_jobs(app: App) -> list[Job]:
    """Every job there is."""
    found: list[Job] = []
    before: int | None = None
    while page := await app.jobs.listed(before_seq=before, limit=500):
        found += page
        before = page[-1].seq
    return found


def _scanned(trail: list[witness.Seen], jobs: list[Job]) -> dict[int, list[tuple[float, float]]]:
    """When each library was being scanned, in seconds since the epoch: from each claim to what ended it."""
    library_of = {job.seq: job.library_id for job in jobs}
    began: dict[int, float] = {}
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for seen in trail:
        number = library_of.get(seen.seq)
        if number is None:
            continue
        if seen.kind == "claimed":
            began[seen.seq] = seen.at / 1e6
        elif seen.kind not in ("batch", "cancel_requested") and seen.seq in began:
            found[number].append((began.pop(seen.seq), seen.at / 1e6))
    return found


def _side_by_side(trail: list[witness.Seen], jobs: dict[int, Job]) -> list[Violation]:
    """I5 in the true order of things, which no clock of a worker has a part in."""
    found = []
    running: dict[int, Job] = {}
    for seen in trail:
        job = jobs.get(seen.seq)
        if job is None:
            continue
        if seen.kind == "claimed":
            found += [
                Violation("I5", f"job {job.seq} was claimed while job {other.seq} ran")
                for other in running.values()
                if other.seq != job.seq
                and other.library_id == job.library_id
                and collide(job.type, other.type)
                and overlapping(job.scopes, other.scopes)
            ]
            running[seen.seq] = job
        elif seen.kind not in ("batch", "cancel_requested"):
            running.pop(seen.seq, None)
    return found


async def _wrongly_missing(
    app: App, stage: Sqlite | Postgres, trail: list[witness.Seen], shelf_of: dict[int, Shelf]
) -> list[Violation]:
    """I10: a file may be marked missing only if it was away at some time since the attempt began."""
    shelf_of_root: dict[int, Shelf] = {}
    for library in await app.libraries.all():
        for root in library.roots:
            shelf_of_root[root.id] = shelf_of[library.id]
    claims = {(seen.seq, seen.fence): seen.at for seen in trail if seen.kind == "claimed"}
    found = []
    for missing in witness.missing(stage):
        since = claims.get((missing.seq, missing.fence), missing.at) / 1e6
        if shelf_of_root[missing.root_id].was_there(missing.path, since, missing.at / 1e6):
            found.append(
                Violation("I10", f"{missing.path} was marked missing by job {missing.seq}, and was there")
            )
    return found


# The catalogue


async def catalogue_verdict(
    app: App, stage: Sqlite | Postgres, shelf_of: dict[int, Shelf], fresh: Path, times: Times
) -> list[Violation]:
    """I10 and I11: what is in the catalogue is what is on the disk, as an undisturbed scan sees it."""
    scanned = _scanned(witness.trail(stage), await all_jobs(app))
    rows = await catalogue.rows(app.database)
    found = [Violation("I11", wrong) for wrong in catalogue.audit(rows)]
    held = [row for row in rows["removals"] if row["held"]]
    if held:
        found.append(Violation("I11", f"{len(held)} removals are held"))
    spoiled = _spoiled(rows)
    if spoiled:
        # Killed as often as that, a parser is believed to have died of the file. Another reading clears it.
        for library in await app.libraries.all():
            await app.scan(library, rescan=True)
        rows = await catalogue.rows(app.database)
    found += _on_disk(rows, shelf_of, scanned, times)
    async with open_app(Settings(database_url=f"sqlite:///{fresh}", settle_seconds=0)) as other:
        for shelf in shelf_of.values():
            await other.scan(await other.libraries.add(shelf.name, "music", [bytes(shelf.root)], OPTIONS))
        theirs = catalogue.dumped(await catalogue.rows(other.database), present_only=True)
    mine = catalogue.dumped(rows, present_only=True)
    # A folder that is there and holds nothing but what is missing: an undisturbed scan sees an empty one.
    mine["folders"] += [
        row
        for row in catalogue.dumped(rows)["folders"]
        if row not in mine["folders"] and row in theirs["folders"]
    ]
    for name in ("libraries", "roots", *witness.CATALOGUE):
        found += _different(name, mine[name], theirs[name])
    return found


def _spoiled(rows: catalogue.Rows) -> list[Any]:
    return [row for row in rows["problems"] if row["code"].startswith("parser_")]


def _different(name: str, mine: list[Any], theirs: list[Any]) -> list[Violation]:
    ours, others = Counter(map(repr, mine)), Counter(map(repr, theirs))
    found = [Violation("I11", f"{name}, only after the chaos: {row[:_SHOWN]}") for row in (ours - others)]
    found += [Violation("I11", f"{name}, only undisturbed: {row[:_SHOWN]}") for row in (others - ours)]
    return found


def _on_disk(
    rows: catalogue.Rows,
    shelf_of: dict[int, Shelf],
    scanned: dict[int, list[tuple[float, float]]],
    times: Times,
) -> list[Violation]:
    """Present is what is there, missing what is not, and ids are what they were.

    A file that is moved while its library is being walked may be seen nowhere and be new to the next scan:
    which of them that is depends on the walk alone, whatever is killed. Their ids are passed over.
    """
    found = []
    library_of = {row["id"]: row["library_id"] for row in rows["roots"]}
    folders = {row["id"]: row for row in rows["folders"]}
    ids: dict[int, dict[str, int]] = defaultdict(dict)
    for row in rows["media_files"]:
        folder = folders[row["folder_id"]]
        number = library_of[folder["root_id"]]
        path = (folder["path"] + b"/" + row["name"] if folder["path"] else row["name"]).decode()
        if row["status"] != "missing":
            ids[number][path] = row["id"]
        elif (shelf_of[number].root / path).exists():
            found.append(Violation("I10", f"{path} is marked missing, and is there"))
    for number, shelf in shelf_of.items():
        present = shelf.present()
        for path in present.keys() ^ ids[number].keys():
            where = "on disk" if path in present else "in the catalogue"
            found.append(Violation("I11", f"{shelf.name}: {path} is only {where}"))
        for path, item in present.items():
            before, now = shelf.id_of(item), ids[number].get(path)
            if before is None or now is None:
                times.ids_unknown += 1
                continue
            times.ids += 1
            if _meanwhile(shelf.moved.get(item.key, []), scanned.get(number, [])):
                times.ids_passed_over += 1
            elif before != now:
                done = ", ".join(
                    f"{what} {then} at {at:.3f}" for at, what, key, then in shelf.log if key == item.key
                )
                found.append(Violation("ids", f"{shelf.name}: {path} had id {before} and has {now}; {done}"))
    return found


def _meanwhile(some: list[tuple[float, float]], others: list[tuple[float, float]]) -> bool:
    """Whether a span of some meets a span of others."""
    return any(began <= until and since <= ended for began, ended in some for since, until in others)


# What was measured


_RESCUED = {
    Kind.KILL_CHILD: "killed scan",
    Kind.KILL_SERVER: "killed server",
    Kind.KILL_WORKER: "killed worker",
    Kind.STOP_WORKER: "stopped worker",
    Kind.STOP_CHILD: "stopped scan",
    Kind.TERM_WORKER: "worker told to leave",
}


async def measure(app: App, stage: Sqlite | Postgres, lines: list[dict[str, Any]], found: Times) -> None:
    """How long things took, by the clock of the database."""
    trail = witness.trail(stage)
    by_job: dict[int, list[witness.Seen]] = defaultdict(list)
    for seen in trail:
        by_job[seen.seq].append(seen)
    jobs = await all_jobs(app)
    found.jobs, found.events = len(jobs), len(trail)
    found.ends = Counter(f"{job.status} ({job.reason})" if job.reason else str(job.status) for job in jobs)
    for line in lines:
        kind = next((words for kind, words in _RESCUED.items() if kind.name.lower() == line["kind"]), None)
        if kind is None or not line["counted"]:
            continue
        later = [seen for seen in by_job[line["seq"]] if seen.number and seen.at / 1e6 >= line["at"] - 0.5]
        again = next((seen for seen in later if seen.kind == "claimed" and seen.fence > line["fence"]), None)
        if again is None:
            continue
        # A job that is lost time and again rests before it is tried again: that is meant.
        between = [seen for seen in later if seen.number < again.number and seen.kind == "requeued"]
        if between and await _rests(app, between[-1]):
            continue
        found.rescue[kind].append(max(0.0, again.at / 1e6 - line["at"]))
    for events in by_job.values():
        asked = next((seen for seen in events if seen.kind == "cancel_requested"), None)
        if asked is None:
            continue
        batches = [seen.at for seen in events if seen.kind == "batch" and seen.number > asked.number]
        found.last_write.append(max(0, max(batches, default=asked.at) - asked.at) / 1e6)
        end = next((seen.at for seen in events if seen.kind in ("cancelled", "completed", "failed")), None)
        if end is not None:
            found.cancelled.append(max(0, end - asked.at) / 1e6)


async def _rests(app: App, requeued: witness.Seen) -> bool:
    events = await app.jobs.events(requeued.seq, after=requeued.number - 1, limit=1)
    return bool(events) and int(events[0].detail.get("losses", 0)) >= 2


async def write_history(app: App, stage: Sqlite | Postgres, path: Path) -> None:
    """Every event of every job at its true time, for a look at what happened."""
    true = {(seen.seq, seen.number): seen.at for seen in witness.trail(stage)}
    lines = []
    for job in await all_jobs(app):
        for event in await app.jobs.events(job.seq, limit=1_000_000):
            at = true.get((event.job_seq, event.seq), event.at) / 1e6
            said = [event.job_seq, event.seq, event.fence, event.kind, event.worker_id, event.detail]
            lines.append((at, json.dumps([round(at, 3), *said])))
    await asyncio.to_thread(path.write_text, "".join(f"{line}\n" for _, line in sorted(lines)), "utf-8")


def words_in_logs(logs: list[Path]) -> list[str]:
    """What the workers said that they should not have to say."""
    text = "\n".join(log.read_text(errors="replace") for log in logs if log.exists())
    unwanted = ("database is locked", "Traceback", "never retrieved", "was never awaited")
    counts = {words: len(re.findall(words, text)) for words in unwanted}
    return [f"the workers' logs say {words!r} {count} times" for words, count in counts.items() if count]


def keep(stage: Sqlite | Postgres, path: Path) -> None:
    """Keep the database for a look at it, where it is a file."""
    if isinstance(stage, Sqlite):
        with contextlib.suppress(OSError), stage.connect() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copyfile(stage.url.removeprefix("sqlite:///"), path)
