"""What is asked of jobs, their events and logs by whoever looks back over them: `jobs show`, `jobs verify`.

Reading statements only, each of them one consistent view. Pages are found by key, so a database of any size
is gone through in little memory.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Event
from shelfread.store.tables import job_events, job_logs, library_scan_jobs, workers


class LogRow(NamedTuple):
    """One job's log: what its row counts, and what there is."""

    job_seq: int
    log_seq: int
    lines: int
    first: int
    last: int
    newest_at: int


async def events_between(
    connection: AsyncConnection, first: int, last: int, after: tuple[int, int], limit: int
) -> list[Event]:
    """Events of the jobs with numbers `first` to `last`, by job and number, behind `after` (job, number)."""
    key = sa.tuple_(job_events.c.job_seq, job_events.c.seq)
    rows = await connection.execute(
        select(job_events)
        .where(job_events.c.job_seq >= first, job_events.c.job_seq <= last, key > after)
        .order_by(job_events.c.job_seq, job_events.c.seq)
        .limit(limit)
    )
    return [_event(row) for row in rows]


async def events_without(
    connection: AsyncConnection, job_seq: int, kind: str, after: int, limit: int
) -> list[Event]:
    """The events of a job behind number `after` that are not of one kind, in order."""
    rows = await connection.execute(
        select(job_events)
        .where(job_events.c.job_seq == job_seq, job_events.c.seq > after, job_events.c.kind != kind)
        .order_by(job_events.c.seq)
        .limit(limit)
    )
    return [_event(row) for row in rows]


async def newest_events(
    connection: AsyncConnection, job_seq: int, limit: int, *, without: Collection[str] = ()
) -> list[Event]:
    """The newest events of a job, in order; those that are not of some kinds, if any are given."""
    query = select(job_events).where(job_events.c.job_seq == job_seq)
    if without:
        query = query.where(job_events.c.kind.not_in(sorted(without)))
    rows = await connection.execute(query.order_by(job_events.c.seq.desc()).limit(limit))
    return [_event(row) for row in rows][::-1]


async def edge(
    connection: AsyncConnection, job_seq: int, after: int, before: int, *, last: bool
) -> Event | None:
    """The first or the last event of a job between two numbers, both exclusive."""
    order = job_events.c.seq.desc() if last else job_events.c.seq
    rows = await connection.execute(
        select(job_events)
        .where(job_events.c.job_seq == job_seq, job_events.c.seq > after, job_events.c.seq < before)
        .order_by(order)
        .limit(1)
    )
    row = rows.first()
    return _event(row) if row else None


async def last_event(connection: AsyncConnection, job_seq: int, kinds: Collection[str]) -> Event | None:
    """The newest event of a job that is of one of these kinds."""
    rows = await connection.execute(
        select(job_events)
        .where(job_events.c.job_seq == job_seq, job_events.c.kind.in_(sorted(kinds)))
        .order_by(job_events.c.seq.desc())
        .limit(1)
    )
    row = rows.first()
    return _event(row) if row else None


def _event(row: sa.Row[Any]) -> Event:
    return Event(row.job_seq, row.seq, row.at, row.fence, row.kind, row.worker_id, _detail(row.detail))


def _detail(text: str) -> dict[str, Any]:
    try:
        detail = json.loads(text)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


async def uncounted_events(connection: AsyncConnection, first: int, last: int) -> list[tuple[int, int]]:
    """(job, number) of the newest event of each of these jobs that its row does not count."""
    rows = await connection.execute(
        select(library_scan_jobs.c.seq, func.max(job_events.c.seq))
        .join(job_events, job_events.c.job_seq == library_scan_jobs.c.seq)
        .where(
            library_scan_jobs.c.seq >= first,
            library_scan_jobs.c.seq <= last,
            job_events.c.seq > library_scan_jobs.c.event_seq,
        )
        .group_by(library_scan_jobs.c.seq)
    )
    return [(row[0], row[1]) for row in rows]


async def log_rows(connection: AsyncConnection, first: int, last: int) -> list[LogRow]:
    """What there is of the logs of the jobs with these numbers."""
    rows = await connection.execute(
        select(
            library_scan_jobs.c.seq,
            library_scan_jobs.c.log_seq,
            func.count(job_logs.c.seq),
            func.coalesce(func.min(job_logs.c.seq), 0),
            func.coalesce(func.max(job_logs.c.seq), 0),
            func.coalesce(func.max(job_logs.c.at), 0),
        )
        .outerjoin(job_logs, job_logs.c.job_seq == library_scan_jobs.c.seq)
        .where(library_scan_jobs.c.seq >= first, library_scan_jobs.c.seq <= last)
        .group_by(library_scan_jobs.c.seq, library_scan_jobs.c.log_seq)
    )
    return [LogRow(*row) for row in rows]


async def workers_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The rows of these processes by their id; those that are gone are not there."""
    rows = await connection.execute(select(workers).where(workers.c.id.in_(sorted(ids))))
    return {row.id: dict(row._mapping) for row in rows}


async def newest_workers(connection: AsyncConnection, limit: int = 100) -> dict[str, dict[str, Any]]:
    """The rows of the processes that began last, by their id."""
    rows = await connection.execute(select(workers).order_by(workers.c.started_at.desc()).limit(limit))
    return {row.id: dict(row._mapping) for row in rows}
