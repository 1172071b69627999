"""What a server is measured by, asked every few seconds: how long jobs wait, batches, open problems.

Statements only, each along an index or over rows that are few: jobs that wait or run, open problems.
`app.meter` makes numbers of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import EventKind
from shelfread.store.problems import IS_THERE
from shelfread.store.tables import is_queued, job_events, media_files, problems
from shelfread.store.tables import library_scan_jobs as jobs

#: Jobs that one statement is about.
_PAGE = 500


class Batches(NamedTuple):
    """The batches of one attempt of a job."""

    fence: int
    number: int
    seconds: float


async def waiting_since(connection: AsyncConnection, now: int) -> int | None:
    """Since when the job waits that waits longest, in microseconds; None when none could begin now.

    One that is to rest for a while does not wait, and one that came back waits since it came back.
    """
    queued, beat = func.coalesce(jobs.c.queued_at, now), func.coalesce(jobs.c.heartbeat_at, 0)
    last = case((beat > queued, beat), else_=queued)
    since = func.min(case((jobs.c.run_at > last, jobs.c.run_at), else_=last))
    found = (await connection.execute(select(since).where(is_queued, jobs.c.run_at <= now))).scalar_one()
    return found if isinstance(found, int) else None


async def last_batches(connection: AsyncConnection, job_seqs: Sequence[int]) -> dict[int, Batches]:
    """Of each of these jobs the batches of the attempt that wrote one last; jobs without any are left out."""
    found: dict[int, Batches] = {}
    for start in range(0, len(job_seqs), _PAGE):
        last = (
            select(func.max(job_events.c.seq))
            .where(job_events.c.job_seq == jobs.c.seq, job_events.c.kind == EventKind.BATCH.value)
            .correlate(jobs)
            .scalar_subquery()
        )
        rows = await connection.execute(
            select(jobs.c.seq, job_events.c.fence, job_events.c.detail)
            .join(job_events, (job_events.c.job_seq == jobs.c.seq) & (job_events.c.seq == last))
            .where(jobs.c.seq.in_(job_seqs[start : start + _PAGE]))
        )
        for row in rows:
            detail = json.loads(row.detail)
            found[row.seq] = Batches(
                row.fence, int(detail.get("batches") or 0), float(detail.get("batches_s") or 0)
            )
    return found


async def problems_by_code(connection: AsyncConnection) -> dict[str, int]:
    """How many problems are open, by code; without those of missing files and those that were set aside."""
    rows = await connection.execute(
        select(problems.c.code, func.count())
        .outerjoin(media_files, media_files.c.id == problems.c.file_id)
        .where(IS_THERE, problems.c.ignored_at.is_(None))
        .group_by(problems.c.code)
    )
    return {row[0]: row[1] for row in rows}
