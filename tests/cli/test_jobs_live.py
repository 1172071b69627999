"""The live views of `shelfread jobs` in a terminal: drawn again and again, honest, and left in order."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from rich.console import Console

from shelfread.cli.jobs_list import Row, drawn, plain_line
from shelfread.cli.jobs_words import Pace, how_far, note, state
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobStatus, Phase, Scope
from tests.cli.conftest import Shelf
from tests.cli.jobs_stand import HOSTILE, Queue, Seen

NOON = 1_750_000_000_000_000
SECOND = 1_000_000
JOB = Job(
    "0e4681a4-dc06-4c54-8acc-eb1b09fc0326", 1, 7, "scan", JobStatus.RUNNING, (Scope(1, b""),), 1, "me",
    Phase.READING, Counters(found=400, added=100), 400, None, None, None, NOON, NOON, None, counted=True,
    attempt=1,
)  # fmt: skip


@pytest.fixture
def queue(shelf: Shelf) -> Queue:
    return Queue(shelf)


@contextmanager
def in_terminal(shelf: Shelf, *args: str) -> Iterator[tuple[subprocess.Popen[bytes], Seen]]:
    ours, theirs = pty.openpty()
    env = shelf.env | {"TERM": "xterm-256color", "COLUMNS": "140", "LINES": "40"}
    process = shelf.start(*args, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield process, Seen(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_b1_a_terminal_shows_jobs_as_they_go(shelf: Shelf, queue: Queue) -> None:
    queue.sql("UPDATE libraries SET name = ?", HOSTILE)
    job = queue.running(b"a")
    with in_terminal(shelf, "jobs", "list", "--live") as (process, seen):
        seen.until(b"discovering", b"[red]x\\x1b[2J")
        for done in (100, 200, 300):
            queue.commit(job, total=1000, found=1000, added=done)
            seen.until(f"{done} of 1,000 files".encode())
        seen.until("━".encode(), b"30 %", b"/s", b"left")
        waiting = queue.queued(b"a")
        # How much of the other one's id there is room for hangs on the numbers beside it.
        seen.until(waiting.id[:8].encode(), b"waiting for")
        queue.cancel(job)
        seen.until(b"cancelling")
        queue.end_cancelled(job)
        seen.until(b"cancelled")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        seen.read()
    assert b"\x1b[2J" not in seen.text
    assert b"Traceback" not in seen.text
    assert seen.text.count(b"\x1b[?25l") == seen.text.count(b"\x1b[?25h") == 1, "the cursor is back"


def test_b1_a_terminal_shows_one_job_until_it_has_ended(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    with in_terminal(shelf, "jobs", "show", job.id, "--live") as (process, seen):
        queue.commit(job, total=10, found=10, added=5, path=f"Ann/{HOSTILE}")
        seen.until("━".encode(), b"5 of 10 files", b"Ann/[red]x\\x1b[2J")
        queue.finish(job, found=10, added=10)
        assert process.wait(timeout=30) == 0
        seen.read()
    assert b"report" in seen.text
    assert b"\x1b[2J" not in seen.text
    assert seen.text.count(b"\x1b[?25l") == seen.text.count(b"\x1b[?25h") == 1


def test_a_terminal_shows_logs_in_colours(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, HOSTILE)
    queue.fail(job)
    with in_terminal(shelf, "jobs", "logs", job.id, "--follow") as (process, seen):
        assert process.wait(timeout=30) == 1
        seen.read()
    assert b"\x1b[31m" in seen.text
    assert b"\x1b[2J" not in seen.text


# Words, without a process


def test_before_the_total_is_known_there_is_no_share_no_bar_and_no_time_left() -> None:
    pace = Pace()
    for moment in (0.0, 2.0):
        done = Counters(found=400, added=int(50 * moment))
        pace.look([replace(JOB, counters=done, items_total=None)], moment)
    unknown = replace(JOB, items_total=None, phase=Phase.DISCOVERING)
    assert how_far(unknown) == "400 files found, 100 done"
    assert pace.words(unknown) == "50/s"
    assert how_far(JOB) == "100 of 400 files  25 %"
    assert pace.words(JOB) == "50/s  6.0 s left"
    assert pace.words(replace(JOB, phase=Phase.SETTLING)) == "50/s"
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    console.print(drawn([Row(unknown, "Music", state(unknown), "")], pace))
    assert "━" not in out.getvalue()
    console.print(drawn([Row(JOB, "Music", state(JOB), "")], pace))
    assert "━" in out.getvalue()
    assert all(len(line) <= 100 for line in out.getvalue().splitlines())


def test_d13_nothing_is_said_of_counts_that_are_not_known() -> None:
    assert how_far(replace(JOB, counted=False)) == ""
    assert how_far(replace(JOB, items_total=0, counters=Counters())) == "0 of 0 files"


def test_the_rate_is_that_of_the_attempt_that_runs_now() -> None:
    pace = Pace()
    pace.look([replace(JOB, counters=Counters(added=1000))], 0.0)
    pace.look([replace(JOB, counters=Counters(added=2000))], 1.0)
    assert pace.rate(JOB) == 1000
    again = replace(JOB, fence=3, counters=Counters(added=1))
    pace.look([again], 2.0)
    assert pace.rate(again) is None, "it counts anew"
    pace.look([replace(again, counters=Counters(added=11))], 3.0)
    assert pace.rate(again) == 10


def test_states_in_words() -> None:
    assert state(JOB)[1] == "reading"
    assert state(replace(JOB, phase=Phase.DISCOVERING))[1] == "discovering"
    assert state(replace(JOB, phase=None))[1] == "running"
    assert state(replace(JOB, cancel_requested_at=NOON))[1] == "cancelling"
    waiting = replace(JOB, id="other", status=JobStatus.QUEUED, run_at=NOON)
    assert note(waiting, [], NOON + 1) == ""
    assert note(waiting, [JOB], NOON + 1) == "waiting for job 0e4681a4, which scans some of the same files"
    assert note(waiting, [replace(JOB, library_id=8)], NOON + 1) == ""
    assert "backing off until" in note(waiting, [], NOON - 1, "worker_lost")
    assert "no worker runs" in note(waiting, [], NOON + 1, anybody_works=False)
    assert note(JOB, [], NOON, "stalled") == "attempt 1, resumed: nothing moved"
    failed = replace(JOB, status=JobStatus.FAILED, reason="exception", error="boom", completed_at=NOON)
    assert note(failed, [], NOON) == "boom"
    assert note(replace(failed, reason="deadline"), [], NOON) == "it ran longer than it may"
    assert plain_line(Row(JOB, "Music", state(JOB), "x"), Pace()).endswith("100 of 400 files, 25 %, x")
