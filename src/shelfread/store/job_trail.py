"""What happened to a job and what it said: `job_events` and `job_logs`, numbered without a gap.

The numbers come from the job's row, advanced in the very statement that locks it (`job_writes`): so their
order is the order of the commits on both databases.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Event, LogLine, StoredLine
from shelfread.store.database import insert_rows
from shelfread.store.tables import job_events, job_logs

#: Lines that are kept of one job. The last one says that there were more.
LOG_LINES = 10_000
#: Characters that are kept of one message.
MESSAGE_LENGTH = 4_000

_EVENT_COLUMNS = ("job_seq", "seq", "at", "fence", "kind", "worker_id", "detail")
_LOG_COLUMNS = ("job_seq", "seq", "at", "level", "message", "path")


def storable(text: str, limit: int = MESSAGE_LENGTH) -> str:
    """A text that both databases take, of a length that a page can show."""
    text = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= limit else text[: limit - 2] + " …"


#: Where PostgreSQL tells who listens that the queue has changed.
CHANNEL = "shelfread_jobs"


async def announce(connection: AsyncConnection) -> None:
    """Wake those who wait for a change of the queue, when this transaction is committed.

    Only for what somebody waits for: at its commit a notifying transaction holds a lock of the whole server.
    SQLite has no such thing; there the change itself is noticed (`store.news`).
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"NOTIFY {CHANNEL}"))


async def write_events(
    connection: AsyncConnection,
    job_seq: int,
    after: int,
    now: int,
    fence: int,
    worker_id: str | None,
    events: Sequence[tuple[str, dict[str, Any]]],
) -> None:
    """Append events (kind, detail) behind sequence number `after`."""
    rows = [
        (job_seq, after + number, now, fence, str(kind), worker_id, json.dumps(detail))
        for number, (kind, detail) in enumerate(events, start=1)
    ]
    await insert_rows(connection, job_events, _EVENT_COLUMNS, rows)


async def write_logs(
    connection: AsyncConnection, job_seq: int, after: int, now: int, lines: Sequence[LogLine]
) -> None:
    """Append log lines behind sequence number `after`, as far as there is room for them."""
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(lines, start=after + 1):
        if number < LOG_LINES:
            rows.append((job_seq, number, now, line.level, storable(line.message), line.path))
        elif number == LOG_LINES:
            note = f"this log has {LOG_LINES} lines now; further ones are counted and not kept"
            rows.append((job_seq, number, now, "warning", note, None))
    await insert_rows(connection, job_logs, _LOG_COLUMNS, rows)


#: Made once: whoever tells others what happens asks several times a second.
_EVENTS, _LINES = (
    select(table)
    .where(table.c.job_seq == bindparam("job"), table.c.seq > bindparam("behind"))
    .order_by(table.c.seq)
    .limit(bindparam("most"))
    for table in (job_events, job_logs)
)


async def events(connection: AsyncConnection, job_seq: int, after: int = 0, limit: int = 1000) -> list[Event]:
    """The events of a job behind number `after`, in order."""
    rows = await connection.execute(_EVENTS, {"job": job_seq, "behind": after, "most": limit})
    return [
        Event(row.job_seq, row.seq, row.at, row.fence, row.kind, row.worker_id, json.loads(row.detail))
        for row in rows
    ]


async def logs(
    connection: AsyncConnection,
    job_seq: int,
    after: int = 0,
    limit: int = 1000,
    levels: Collection[str] = (),
    *,
    newest_first: bool = False,
) -> list[StoredLine]:
    """The log lines of a job behind number `after`, in order; those of some levels only, if any are given.

    With `newest_first` the other way round: those before that number, or the newest where it is 0.
    """
    if not levels and not newest_first:
        return [
            StoredLine(row.seq, row.at, row.level, row.message, row.path)
            for row in await connection.execute(_LINES, {"job": job_seq, "behind": after, "most": limit})
        ]
    number = job_logs.c.seq
    query = select(job_logs).where(job_logs.c.job_seq == job_seq)
    if levels:
        query = query.where(job_logs.c.level.in_(sorted(levels)))
    if not newest_first:
        query = query.where(number > after)
    elif after:
        query = query.where(number < after)
    rows = await connection.execute(query.order_by(number.desc() if newest_first else number).limit(limit))
    return [StoredLine(row.seq, row.at, row.level, row.message, row.path) for row in rows]
