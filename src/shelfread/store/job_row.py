"""A row of `library_scan_jobs` as a `model.job.Job`, whatever is in it.

SQLite keeps any value in any column, and one damaged row must stop nobody: what is not of its column's type,
or beyond all sense, is read as if it were not there, and `Job.broken` says so. `mend` writes that into the
row, so that it can be claimed, taken and ended like others. Knows no queue.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.change import Counters
from shelfread.model.job import (
    DEFAULT_ATTEMPTS,
    DEFAULT_TIMEOUT_S,
    NEEDS_LIBRARY,
    Job,
    JobStatus,
    Phase,
    Scope,
)
from shelfread.store.ids import next_id
from shelfread.store.tables import job_events, job_logs
from shelfread.store.tables import library_scan_jobs as jobs

ID_LENGTH = 64
#: Numbers that a column of either size holds, with room to count on.
_SMALL, _BIG = 1 << 30, 7 << 60
#: What stands for a number that must be there and is none.
_INSTEAD = {"max_attempts": DEFAULT_ATTEMPTS, "timeout_s": DEFAULT_TIMEOUT_S}
#: How much of a damaged value, and how many of them, a text shows.
_SHOWN, _NAMED = 40, 3
_COUNTS = tuple(item.name for item in fields(Counters))
_PHASES = frozenset(phase.value for phase in Phase)


def _limit(column: sa.Column[Any]) -> int:
    """What a number of a column must be less than; 0 for a column of texts."""
    if not isinstance(column.type, sa.Integer):
        return 0
    return _BIG if isinstance(column.type, sa.BigInteger) else _SMALL


#: Name, limit, and whether it may be empty, of each column.
_COLUMNS = tuple((column.name, _limit(column), bool(column.nullable)) for column in jobs.c)


def scopes_text(scopes: Sequence[Scope]) -> str:
    """The stored form of scopes; equal sets of scopes give equal texts."""
    return json.dumps(sorted([scope.root_id, scope.relative.hex()] for scope in scopes))


def scopes_of(text: str) -> tuple[Scope, ...]:
    """The scopes of a stored text. Raises ValueError or TypeError for what is none."""
    try:
        scopes = tuple(Scope(root_id, bytes.fromhex(relative)) for root_id, relative in json.loads(text))
    except RecursionError:
        raise ValueError("brackets without end") from None
    if not all(_is_number(scope.root_id, _BIG) for scope in scopes):
        raise ValueError("a root's id is a number")
    return scopes


def counters_of(text: str | None) -> Counters:
    """Stored counters; zeros for none, and for what are none."""
    known = _object(text) or {}
    counts = {name: known.get(name, 0) for name in _COUNTS}
    # More than any disk has is no count either, and a sum of them would not fit.
    return (
        Counters(**counts) if all(_is_number(count, _BIG >> 8) for count in counts.values()) else Counters()
    )


def counts(counters: Counters) -> dict[str, int]:
    """Counters as events and `carried` store them."""
    return {name: getattr(counters, name) for name in _COUNTS}


def may_be_id(text: str) -> bool:
    """Whether a database takes a text where an id is wanted. Ids are short and plain."""
    return len(text) <= ID_LENGTH and text.isascii() and text.isprintable()


def _is_number(value: object, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -limit < value < limit


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _read(row: sa.Row[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of a row that can be worked with, and those that stood where that was impossible."""
    values: dict[str, Any] = dict(row._mapping)
    damaged: dict[str, Any] = {}
    for name, limit, nullable in _COLUMNS:
        value = values[name]
        if value is None and nullable:
            continue
        if limit and not _is_number(value, limit):
            damaged[name], values[name] = value, None if nullable else _INSTEAD.get(name, 0)
        elif not limit and not isinstance(value, str):
            damaged[name] = value
            values[name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if not values["id"] or not may_be_id(values["id"]):
        damaged.setdefault("id", values["id"])
    if len(values["id"]) > ID_LENGTH:
        values["id"] = values["id"][:35] + "…"
    return values, damaged


def _damage(damaged: dict[str, Any]) -> str:
    """What is damaged in a row, in words."""
    if damaged.get("id") == "":
        return "it has no id"
    said = [f"{name} is {_cut(repr(value))}" for name, value in list(damaged.items())[:_NAMED]]
    more = len(damaged) - len(said)
    return "its row is damaged: " + ", ".join(said) + (f", and {more} more" if more else "")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def job_of(row: sa.Row[Any]) -> Job:
    """A row as a job. One that a newer version wrote, or nobody in his right mind, must stop no other."""
    values, damaged = _read(row)
    broken = None
    try:
        status = JobStatus(row.status)
    except ValueError:
        # Nobody runs it and nobody waits for it.
        status, broken = JobStatus.FAILED, f"its status, {_cut(repr(row.status))}, is unknown"
    try:
        scopes = scopes_of(values["scopes"])
    except (ValueError, TypeError):
        scopes, broken = (), "it does not say which folders it covers"
    if values["type"] in NEEDS_LIBRARY:
        if values["library_id"] is None:
            broken = "it names no library"
        elif not scopes:
            broken = broken or "it covers no folder"
    if damaged:
        broken = _damage(damaged)
    phase = values["phase"]
    own = {item.name: values[item.name] for item in fields(Job) if item.name in values}
    return Job(
        **own
        | {
            "status": status,
            "scopes": scopes,
            "phase": Phase(phase) if phase in _PHASES else None,
            "carried": counters_of(values["carried"]),
            "report": _object(values["report"]),
        },
        counters=Counters(**{name: values[f"items_{name}"] or 0 for name in _COUNTS}),
        broken=broken,
        damaged=damaged,
        counted=values["items_found"] is not None,
    )


def is_row_of(job: Job) -> sa.ColumnElement[bool]:
    """Finds the row that a job was read from, damaged or not."""
    found: sa.ColumnElement[bool] = jobs.c.seq == job.damaged.get("seq", job.seq)
    return found


async def mend(connection: AsyncConnection, job: Job) -> str:
    """Make a row that nobody can run one that can be ended, inside the caller's transaction; gives its id.

    Damaged columns become what `job` has in their place, numbers of its trail what the trail says. An id
    that is none becomes a new one, so that commands find the job: nothing refers to ids but the schedule that
    asked last, and events and logs go by number. Its key is its own from now on: it is in nobody's way.
    """
    seq = job.damaged.get("seq", job.seq)
    found = await connection.execute(
        select(func.max(job_events.c.seq), func.max(job_events.c.fence)).where(job_events.c.job_seq == seq)
    )
    event_seq, fence = found.one()
    lines = await connection.execute(select(func.max(job_logs.c.seq)).where(job_logs.c.job_seq == seq))
    values = {name: getattr(job, name, None) for name in job.damaged if name not in ("status", "unique_key")}
    values |= {name: None for name in values if name.startswith("items_") or name in ("carried", "report")}
    if "scopes" in values:
        values["scopes"] = scopes_text(job.scopes)
    counted = job.event_seq, job.log_seq
    if "seq" in values:
        # Its trail, if it has any, is not found by this number: a new one begins.
        values["seq"], counted = await next_id(connection, "jobs"), (0, 0)
    values |= {
        "event_seq": max(counted[0], event_seq or 0),
        "log_seq": max(counted[1], lines.scalar_one() or 0),
        "fence": max(job.fence, fence or 0),
        "unique_key": f"broken {uuid.uuid4()}",
    }
    if "id" in job.damaged:
        values["id"] = str(uuid.uuid4())
    await connection.execute(update(jobs).where(is_row_of(job)).values(values))
    return str(values.get("id", job.id))
