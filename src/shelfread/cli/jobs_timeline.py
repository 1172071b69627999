"""What happened to a job, for people and programs: its events in order, with runs of batches drawn together.

A job of a million batches is a handful of entries, and a handful of rows to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shelfread.app import App
from shelfread.cli.jobs_words import because, local, short
from shelfread.cli.printing import Paper, Piece
from shelfread.cli.texts import counted, duration, number, shown
from shelfread.model.job import Event, EventKind, Job
from shelfread.model.job_json import event_json, iso_us
from shelfread.store import job_review

PAGE = 1000
_NO_END = 1 << 62
#: Entries that are kept of the beginning and of the end, should there be more.
FIRST, LAST = 200, 200

_COLOURS = {
    EventKind.QUEUED: "cyan",
    EventKind.CLAIMED: "blue",
    EventKind.CANCEL_REQUESTED: "yellow",
    EventKind.RELEASED: "yellow",
    EventKind.REQUEUED: "yellow",
    EventKind.COMPLETED: "green",
    EventKind.FAILED: "red",
    EventKind.CANCELLED: "yellow",
}


@dataclass(slots=True)
class Entry:
    """One event, or several batches in a row: the first, and the last of them."""

    first: Event
    last: Event
    count: int = 1

    def to_json(self) -> dict[str, Any]:
        """The event; for batches the last one, with how many there were and since when."""
        fields = event_json(self.last)
        if self.first.kind == EventKind.BATCH:
            fields |= {"count": self.count, "since": iso_us(self.first.at)}
        return fields


@dataclass(slots=True)
class Timeline:
    """The entries of a job; of a very long one the first and the last."""

    head: list[Entry]
    tail: list[Entry]
    #: Entries between the two.
    left_out: int = 0

    def add(self, entry: Entry) -> None:
        """The next entry."""
        if len(self.head) < FIRST:
            self.head.append(entry)
            return
        self.tail.append(entry)
        if len(self.tail) > LAST:
            del self.tail[0]
            self.left_out += 1

    @property
    def entries(self) -> list[Entry]:
        return [*self.head, *self.tail]


async def timeline_of(app: App, job: Job) -> Timeline:
    """The timeline of a job. Of its batches, which may be a million, only the ends of each row are read."""
    timeline, before, full = Timeline([], []), 0, True
    async with app.database.read() as connection:
        while full:
            events = await job_review.events_without(connection, job.seq, EventKind.BATCH, before, PAGE)
            for event in events:
                await _add_batches(connection, timeline, job.seq, before, event.seq)
                timeline.add(Entry(event, event))
                before = event.seq
            full = len(events) == PAGE
        await _add_batches(connection, timeline, job.seq, before, _NO_END)
    return timeline


async def _add_batches(connection: Any, timeline: Timeline, job_seq: int, after: int, before: int) -> None:
    if before == after + 1:
        return
    first = await job_review.edge(connection, job_seq, after, before, last=False)
    last = await job_review.edge(connection, job_seq, after, before, last=True)
    if first is not None and last is not None:
        timeline.add(Entry(first, last, last.seq - first.seq + 1))


def print_timeline(paper: Paper, timeline: Timeline) -> None:
    """Print it: when, how long after what came before, and what."""
    before: int | None = None
    for at, entry in enumerate(timeline.entries):
        if timeline.left_out and at == FIRST:
            paper.line(("dim", f"  ... {counted(timeline.left_out, 'entry', 'entries')} in between"))
        later = "" if before is None else f"+{duration(max(0, entry.last.at - before) / 1e6)}"
        paper.line(("dim", f"  {local(entry.last.at)}  {later:<12}  "), *_words(entry))
        before = entry.last.at


def _words(entry: Entry) -> Sequence[Piece]:
    event = entry.last
    detail = event.detail
    colour = _COLOURS.get(EventKind(event.kind), "") if event.kind in set(EventKind) else ""
    if event.kind == EventKind.BATCH:
        return [("", _batch_words(entry))]
    plain = shown(str(event.kind).replace("_", " "))
    worker = f" by worker {short(event.worker_id)}" if event.worker_id else ""
    said = {
        EventKind.QUEUED: "queued",
        EventKind.WIDENED: "took in another request",
        EventKind.CLAIMED: f"attempt {detail.get('attempt', '?')} begun{worker}",
        EventKind.CANCEL_REQUESTED: "asked to stop",
        EventKind.RELEASED: "back in the queue: its worker was stopped",
        EventKind.REQUEUED: "back in the queue",
    }.get(EventKind(event.kind) if event.kind in set(EventKind) else EventKind.BATCH, plain)
    return [(colour, said), ("", _details(event))]


def _details(event: Event) -> str:
    detail = event.detail
    said = []
    if event.kind == EventKind.QUEUED:
        said.append(f"{detail.get('type', '')}, {detail.get('origin', '')}")
    elif event.kind == EventKind.WIDENED:
        said.append(f"{detail.get('type', '')} of {counted(int(detail.get('scopes', 0) or 0), 'part')}")
    if event.kind in (EventKind.REQUEUED, EventKind.FAILED) and "reason" in detail:
        said.append(because(str(detail["reason"])))
    if detail.get("lost"):
        said.append(because(str(detail["lost"])))
    if detail.get("by"):
        said.append(f"job {short(str(detail['by']))} does its work")
    if detail.get("error"):
        said.append(str(detail["error"]))
    run_at = detail.get("run_at")
    if event.kind == EventKind.REQUEUED and isinstance(run_at, int) and run_at > event.at:
        said.append(f"not before {local(run_at)[-8:]}")
    return "".join(f": {shown(text)}" if not at else f"; {shown(text)}" for at, text in enumerate(said))


def _batch_words(entry: Entry) -> str:
    detail = entry.last.detail
    counts = {name: detail.get(name) for name in ("added", "updated", "moved", "failed", "removed")}
    told = [f"{number(count)} {name}" for name, count in counts.items() if isinstance(count, int) and count]
    found = detail.get("found")
    if isinstance(found, int):
        told.insert(0, f"{counted(found, 'file')} found")
    return f"{counted(entry.count, 'batch', 'batches')}: {', '.join(told)}"
