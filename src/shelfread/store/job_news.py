"""What is new of jobs, asked again and again by whoever tells others of it: `app.stream`.

Statements only, and made once: they are asked several times a second. The first look is one statement, at
few columns of the rows that wait or run (both have a partial index), so it costs next to nothing when nothing
changed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import bindparam, func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Event, EventKind, Job, StoredLine
from shelfread.store import job_trail
from shelfread.store.job_row import job_of
from shelfread.store.tables import is_queued, is_running, libraries
from shelfread.store.tables import library_scan_jobs as jobs

#: Rows that are read at once.
_PAGE = 500
#: After these nothing happens to a job any more.
LAST = frozenset({EventKind.COMPLETED, EventKind.FAILED, EventKind.CANCELLED})


class Standing(NamedTuple):
    """A job that waits or runs: how much of its trail there is."""

    seq: int
    event_seq: int
    log_seq: int
    running: bool


class Look(NamedTuple):
    """What there is at one moment."""

    standing: list[Standing]
    #: The number of the newest job; 0 when there is none.
    newest: int
    #: The ids of all libraries.
    libraries: set[int]


class Trail(NamedTuple):
    """A page of what happened to a job and what it said, in the order in which it is told."""

    news: list[Event | StoredLine]
    #: There is, or may be, more of it now.
    more: bool


_RUNNING, _QUEUED, _NEWEST, _LIBRARY = range(4)
_LOOK = union_all(
    *(
        select(literal_column(str(arm)).label("arm"), jobs.c.seq, jobs.c.event_seq, jobs.c.log_seq).where(
            which
        )
        for arm, which in ((_RUNNING, is_running), (_QUEUED, is_queued))
    ),
    select(literal_column(str(_NEWEST)), func.max(jobs.c.seq), literal_column("0"), literal_column("0")),
    select(literal_column(str(_LIBRARY)), libraries.c.id, literal_column("0"), literal_column("0")),
)
_NUMBERED = select(jobs).where(jobs.c.seq.in_(bindparam("numbers", expanding=True))).order_by(jobs.c.seq)


async def look(connection: AsyncConnection) -> Look:
    """All of it in one statement: what waits and runs, by number."""
    found: list[Standing] = []
    newest_seq, there = 0, set()
    for arm, number, event_seq, log_seq in await connection.execute(_LOOK):
        if arm == _LIBRARY:
            there.add(number)
        elif arm == _NEWEST:
            newest_seq = number if isinstance(number, int) else 0
        # A damaged row may hold anything; the worker that meets it makes it whole.
        elif all(isinstance(one, int) for one in (number, event_seq, log_seq)):
            found.append(Standing(number, event_seq, log_seq, arm == _RUNNING))
    found.sort(key=lambda one: (not one.running, one.seq))
    return Look(found, newest_seq, there)


async def between(connection: AsyncConnection, after: int, last: int) -> list[int]:
    """The numbers of the jobs behind one number, up to another."""
    rows = await connection.execute(
        select(jobs.c.seq).where(jobs.c.seq > after, jobs.c.seq <= last).order_by(jobs.c.seq)
    )
    return [row.seq for row in rows]


async def numbered(connection: AsyncConnection, numbers: Collection[int]) -> list[Job]:
    """The jobs of these numbers that are there, oldest first."""
    found: list[Job] = []
    ordered = sorted(numbers)
    for start in range(0, len(ordered), _PAGE):
        part = ordered[start : start + _PAGE]
        found += [job_of(row) for row in await connection.execute(_NUMBERED, {"numbers": part})]
    return found


async def trail(
    connection: AsyncConnection, job_seq: int, after_event: int, after_line: int, limit: int = _PAGE
) -> Trail:
    """What is behind an event and a log line of a job; the event that ends it comes last of all."""
    # In this order: whoever sees the last event sees all lines.
    events = await job_trail.events(connection, job_seq, after_event, limit)
    lines = await job_trail.logs(connection, job_seq, after_line, limit)
    more = len(events) == limit or len(lines) == limit
    if events and events[-1].kind in LAST and len(lines) == limit:
        events.pop()
    return Trail(_merged(events, lines), more)


def _merged(events: list[Event], lines: list[StoredLine]) -> list[Event | StoredLine]:
    """Both by their times; of one transaction the lines come first. Each keeps its own order."""
    merged: list[Event | StoredLine] = []
    at = 0
    for event in events:
        while at < len(lines) and (lines[at].at <= event.at or event.kind in LAST):
            merged.append(lines[at])
            at += 1
        merged.append(event)
    return merged + lines[at:]
