"""What may be forgotten: ended jobs that are old, their log lines and their smaller events.

Statements only, each meant to be one part of a transaction that a `prune` job makes, and each small: nothing
here deletes more than `ROWS` rows at once. A job that is queued or running is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import EventKind, JobStatus, JobType, Scope
from shelfread.store.job_row import scopes_of
from shelfread.store.tables import job_events, job_logs
from shelfread.store.tables import library_scan_jobs as jobs

#: Rows that one transaction deletes at most.
ROWS = 500
#: How often there is a prune.
DAY_US = 86_400_000_000
#: Completed jobs of a library among which the one that a scan is compared with is looked for
#: (`jobs.last_completed` looks at no more).
_LOOKED_AT = 200

_ENDED = jobs.c.status.in_([status.value for status in JobStatus if status.ended])
_COMPLETED = jobs.c.status == JobStatus.COMPLETED.value
_ended_at = func.coalesce(jobs.c.completed_at, jobs.c.queued_at, 0)


@dataclass(frozen=True, slots=True)
class Span:
    """Rows of one job's log or events, from one number to another: at most `ROWS`."""

    events: bool
    job_seq: int
    first: int
    last: int

    @property
    def width(self) -> int:
        return self.last - self.first + 1


async def prune_due(connection: AsyncConnection, now: int) -> bool:
    """Whether it is time for a prune job.

    True for one caller a day, when `jobs.lock_type` of PRUNE was taken first in the same transaction. A
    catalogue that is younger than a day has nothing to forget. A prune of the future, which a wrong clock
    left behind, does not count.
    """
    newest = select(jobs.c.queued_at).where(jobs.c.type == JobType.PRUNE.value)
    last = (await connection.execute(newest.order_by(jobs.c.seq.desc()).limit(1))).first()
    if last is not None:
        return abs(now - (last.queued_at or 0)) >= DAY_US
    first = (await connection.execute(select(jobs.c.queued_at).order_by(jobs.c.seq).limit(1))).first()
    return first is not None and now - (first.queued_at or 0) >= DAY_US


async def ended_before(connection: AsyncConnection, before: int, after_seq: int) -> list[int]:
    """A page of the jobs that ended before a time, by their numbers, behind `after_seq`."""
    rows = await connection.execute(
        select(jobs.c.seq)
        .where(_ENDED, _ended_at < before, jobs.c.seq > after_seq)
        .order_by(jobs.c.seq)
        .limit(ROWS)
    )
    return [row.seq for row in rows]


async def kept(connection: AsyncConnection) -> set[int]:
    """Jobs that are kept however old they are: of each library the newest one, and some completed ones.

    What has moved is told by when its place was last scanned (`jobs.last_completed`). So the newest completed
    one is kept, and each that covers something that no newer one covers as well.
    """
    newest = select(func.max(jobs.c.seq)).where(_ENDED).group_by(jobs.c.library_id)
    found = set((await connection.execute(newest)).scalars())
    libraries = select(jobs.c.library_id).where(_COMPLETED, jobs.c.library_id.is_not(None)).distinct()
    for library_id in (await connection.execute(libraries)).scalars().all():
        rows = await connection.execute(
            select(jobs.c.seq, jobs.c.scopes)
            .where(jobs.c.library_id == library_id, _COMPLETED)
            .order_by(jobs.c.seq.desc())
            .limit(_LOOKED_AT)
        )
        covering: list[tuple[Scope, ...]] = []
        for row in rows:
            own = _scopes(row.scopes)
            if not covering or (own and not any(_covers(newer, own) for newer in covering)):
                found.add(row.seq)
                covering.append(own)
    return found


async def trail(connection: AsyncConnection, seqs: Sequence[int], *, all_events: bool) -> list[Span]:
    """The log lines and events of some jobs, in pieces; of the events only the batches unless told."""
    found: list[Span] = []
    for events, table in ((False, job_logs), (True, job_events)):
        query = select(
            table.c.job_seq, func.min(table.c.seq).label("first"), func.max(table.c.seq).label("last")
        )
        query = query.where(table.c.job_seq.in_(seqs)).group_by(table.c.job_seq).order_by(table.c.job_seq)
        if events and not all_events:
            query = query.where(job_events.c.kind == EventKind.BATCH.value)
        for row in await connection.execute(query):
            found += [
                Span(events, row.job_seq, first, min(row.last, first + ROWS - 1))
                for first in range(row.first, row.last + 1, ROWS)
            ]
    return found


def portions(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """The same pieces, as many together as one transaction may delete."""
    portion: list[Span] = []
    width = 0
    for span in spans:
        if portion and width + span.width > ROWS:
            yield portion
            portion, width = [], 0
        portion.append(span)
        width += span.width
    if portion:
        yield portion


async def delete_trail(connection: AsyncConnection, spans: Sequence[Span], *, all_events: bool) -> int:
    """Delete pieces of the trail of ended jobs; gives how many rows there were."""
    gone = 0
    for span in spans:
        table = job_events if span.events else job_logs
        where = [table.c.job_seq == span.job_seq, table.c.seq.between(span.first, span.last)]
        if span.events and not all_events:
            where.append(job_events.c.kind == EventKind.BATCH.value)
        gone += (await connection.execute(delete(table).where(sa.and_(*where)))).rowcount
    return gone


async def delete_jobs(connection: AsyncConnection, seqs: Sequence[int]) -> int:
    """Delete ended jobs, whose trail is gone already; gives how many there were."""
    return (await connection.execute(delete(jobs).where(jobs.c.seq.in_(seqs), _ENDED))).rowcount


def _scopes(text: str) -> tuple[Scope, ...]:
    try:
        return scopes_of(text)
    except (ValueError, TypeError):
        return ()  # changed by hand: nothing can be compared with it


def _covers(newer: Sequence[Scope], older: Sequence[Scope]) -> bool:
    return all(any(scope.covers(other) for scope in newer) for other in older)
