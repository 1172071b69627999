"""`store.job_trail`: events and log lines of jobs, numbered without a gap, capped with a note."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from shelfread.model.job import LogLine
from shelfread.store import job_trail, job_writes
from shelfread.store.database import Database
from shelfread.store.job_trail import LOG_LINES, MESSAGE_LENGTH, storable
from tests.store.job_rows import JobRows

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ""),
        ("a\0b", "ab"),
        ("\udcff", "?"),
        ("a\ud800\udc00b", "a??b"),
        ("\U0001d11e [red] \x1b\n", "\U0001d11e [red] \x1b\n"),
        ("x" * MESSAGE_LENGTH, "x" * MESSAGE_LENGTH),
        ("x" * (MESSAGE_LENGTH + 1), "x" * (MESSAGE_LENGTH - 2) + " …"),
    ],
)
async def test_b2_any_text_becomes_one_that_both_databases_take(text: str, stored: str) -> None:
    assert storable(text) == stored


async def test_b2_lines_come_back_as_they_were_written(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    lines = [
        LogLine("info", "a [red] \x1b line"),
        LogLine("warning", "\U0001d11e", b"\xff\n"),
        LogLine("error", "a\0\udcffb", b""),
    ]
    await rows.write(job_trail.write_logs, job.seq, 100, 77, lines)
    found = await rows.ask(job_trail.logs, job.seq, 100)
    assert [(line.seq, line.at, line.level, line.message, line.path) for line in found] == [
        (101, 77, "info", "a [red] \x1b line", None),
        (102, 77, "warning", "\U0001d11e", b"\xff\n"),
        (103, 77, "error", "a?b", b""),
    ]


async def test_b2_readers_go_on_behind_what_they_have(database: Database) -> None:
    rows = await JobRows.make(database)
    job, other = await rows.claimed(b"a"), await rows.claimed(b"b")
    lines = [LogLine("info", f"{number}") for number in range(1, 8)]
    await rows.write(job_trail.write_logs, job.seq, 100, 1, lines)
    await rows.write(job_trail.write_logs, other.seq, 100, 1, lines[:1])
    seen: list[str] = []
    after = 100
    while part := await rows.ask(job_trail.logs, job.seq, after, 3):
        seen += [line.message for line in part]
        after = part[-1].seq
    assert seen == [line.message for line in lines]
    await rows.write(
        job_trail.write_events, job.seq, 2, 5, 1, "me", [("batch", {"n": number}) for number in range(3)]
    )
    events = await rows.ask(job_trail.events, job.seq, 3)
    assert [(event.seq, event.at, event.fence, event.kind, event.worker_id) for event in events] == [
        (4, 5, 1, "batch", "me"),
        (5, 5, 1, "batch", "me"),
    ]
    assert [event.detail for event in events] == [{"n": 1}, {"n": 2}]
    assert [event.seq for event in await rows.ask(job_trail.events, job.seq, 0, 2)] == [1, 2]


async def test_b2_a_full_log_says_so_in_its_last_line_and_counts_on(database: Database) -> None:
    rows = await JobRows.make(database)
    job = await rows.claimed()
    many = [LogLine("info", "x")] * (LOG_LINES - 2 - job.log_seq)
    for lines in (many, [LogLine("error", f"{number}") for number in range(7)], many[:5]):
        await rows.write(job_writes.guard, job, 9, logs=lines)
    found = await rows.ask(job_trail.logs, job.seq, LOG_LINES - 3, 100)
    assert [(line.seq, line.level) for line in found] == [
        (LOG_LINES - 2, "info"),
        (LOG_LINES - 1, "error"),
        (LOG_LINES, "warning"),
    ]
    assert f"{LOG_LINES} lines" in found[-1].message
    assert (await rows.job(job)).log_seq == LOG_LINES - 2 + 7 + 5


async def test_news_is_told_on_postgresql_when_the_transaction_is_committed(database: Database) -> None:
    if database.is_sqlite:
        rows = await JobRows.make(database)
        await rows.write(job_trail.announce)  # needs nothing there: `store.news` sees the change itself
        return
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as listener:
        await listener.execute(f"LISTEN {job_trail.CHANNEL}".encode())

        async def fails(connection: Any) -> None:
            await job_trail.announce(connection)
            raise LookupError

        async def tells(connection: Any) -> None:
            await job_trail.announce(connection)
            await job_trail.announce(connection)

        with pytest.raises(LookupError):
            await database.write(fails)
        await database.write(tells)
        async with asyncio.timeout(90):
            told = [news.channel async for news in listener.notifies(stop_after=1)]
        assert told == [job_trail.CHANNEL]
