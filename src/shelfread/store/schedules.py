"""The rows of `schedules`: when libraries are scanned by themselves.

Statements only, each meant to be part of a caller's transaction. What a cron text means is not known here.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.schedule import Schedule
from shelfread.store.clock import now_us
from shelfread.store.ids import next_id
from shelfread.store.tables import library_scan_jobs, roots, schedules


async def now(connection: AsyncConnection) -> int:
    """The time that all servers of a catalogue agree on, in microseconds: PostgreSQL's, or this machine's."""
    if connection.dialect.name == "sqlite":
        return now_us()
    micros = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
    return int((await connection.execute(select(micros))).scalar_one())


async def put(
    connection: AsyncConnection, library_id: int, job_type: str, cron: str, zone: str, next_run_at: int
) -> Schedule:
    """Give a library a schedule, or another one.

    When it ran last is remembered, and one that rests goes on resting: other times are no word to start.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    told = {"cron": cron, "zone": zone, "next_run_at": next_run_at, "problem": None}
    resting = case((schedules.c.paused_at.is_(None), next_run_at), else_=None)
    await connection.execute(
        insert(schedules)
        .values(id=await next_id(connection, "schedules"), library_id=library_id, type=job_type, **told)
        .on_conflict_do_update(index_elements=["library_id", "type"], set_=told | {"next_run_at": resting})
    )
    (found,) = [one for one in await every(connection, library_id) if one.type == job_type]
    return found


async def remove(connection: AsyncConnection, library_id: int) -> bool:
    """Take a library's schedules away; whether it had one."""
    gone = await connection.execute(delete(schedules).where(schedules.c.library_id == library_id))
    return gone.rowcount > 0


async def every(connection: AsyncConnection, library_id: int | None = None) -> list[Schedule]:
    """The schedules of one library or of all, in a fixed order."""
    jobs = library_scan_jobs
    query = (
        select(schedules, jobs.c.status.label("last_status"))
        .outerjoin(jobs, jobs.c.id == schedules.c.last_job_id)
        .order_by(schedules.c.library_id, schedules.c.id)
    )
    if library_id is not None:
        query = query.where(schedules.c.library_id == library_id)
    return [_schedule(row) for row in await connection.execute(query)]


async def fire(connection: AsyncConnection, schedule: Schedule, new_next: int, at: int) -> bool:
    """Take the run that is due, for the caller alone: false when another server took it.

    True for exactly one of those who saw the same run, however many they are. Nothing is taken either when
    the schedule was changed since it was looked at.
    """
    return await _change(connection, schedule, {"next_run_at": new_next, "last_run_at": at})


async def pause(connection: AsyncConnection, library_id: int, at: int) -> bool:
    """Let a library's schedules rest; false when there is none. Since when stays as it was first said."""
    mine = schedules.c.library_id == library_id
    paused = await connection.execute(
        update(schedules)
        .where(mine)
        .values(paused_at=sa.func.coalesce(schedules.c.paused_at, at), next_run_at=None, problem=None)
    )
    return paused.rowcount > 0


async def resume(
    connection: AsyncConnection, schedule: Schedule, next_run_at: int | None, problem: str | None
) -> bool:
    """Let one that rests go on; false when it was changed since it was looked at."""
    return await _change(
        connection, schedule, {"paused_at": None, "next_run_at": next_run_at, "problem": problem}
    )


async def note_run(connection: AsyncConnection, schedule_id: int, job_id: str, at: int) -> None:
    """Remember a run that somebody asked for. The next one comes as it would have."""
    values = {"last_job_id": job_id, "last_run_at": at}
    await connection.execute(update(schedules).where(schedules.c.id == schedule_id).values(**values))


async def note_job(connection: AsyncConnection, schedule_id: int, job_id: str) -> None:
    """Remember the job that a run led to."""
    await connection.execute(
        update(schedules).where(schedules.c.id == schedule_id).values(last_job_id=job_id)
    )


async def move(
    connection: AsyncConnection, schedule: Schedule, next_run_at: int | None, problem: str | None
) -> bool:
    """Say when a schedule runs next, or why it cannot; false when it was changed since it was looked at."""
    return await _change(connection, schedule, {"next_run_at": next_run_at, "problem": problem})


async def _change(connection: AsyncConnection, schedule: Schedule, values: dict[str, Any]) -> bool:
    seen = {
        "id": schedule.id,
        "type": schedule.type,
        "cron": schedule.cron,
        "zone": schedule.zone,
        "next_run_at": schedule.next_run_at,
        "paused_at": schedule.paused_at,
    }
    same = [schedules.c[name].is_not_distinct_from(value) for name, value in seen.items()]
    changed = await connection.execute(update(schedules).where(*same).values(**values))
    return changed.rowcount > 0


async def root_ids(connection: AsyncConnection, library_id: int) -> list[int]:
    """The roots of a library."""
    rows = await connection.execute(
        select(roots.c.id).where(roots.c.library_id == library_id).order_by(roots.c.id)
    )
    return [row.id for row in rows]


def _schedule(row: sa.Row[Any]) -> Schedule:
    return Schedule(
        id=row.id,
        library_id=row.library_id,
        type=row.type,
        cron=row.cron,
        zone=row.zone,
        next_run_at=row.next_run_at,
        last_run_at=row.last_run_at,
        last_job_id=row.last_job_id,
        problem=row.problem,
        paused_at=row.paused_at,
        last_status=row.last_status,
    )
