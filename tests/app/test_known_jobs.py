"""`app.known_jobs`: what a feed remembers, for those who come back."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest

from shelfread.app.known_jobs import ENDED, ENDED_S, KEPT, Known, KnownJobs
from shelfread.app.listeners import News
from shelfread.model.change import Counters
from shelfread.model.job import Event, EventKind, Job, JobStatus, StoredLine

JOB = Job(
    "job",
    1,
    1,
    "scan",
    JobStatus.RUNNING,
    (),
    1,
    None,
    phase=None,
    counters=Counters(),
    items_total=None,
    current_path=None,
    error=None,
    reason=None,
    queued_at=0,
    started_at=0,
    completed_at=None,
)


def _event(seq: int) -> News:
    return News(None, Event(1, seq, 0, 1, EventKind.BATCH, None, {}))


def _line(seq: int) -> News:
    return News(None, StoredLine(seq, 0, "info", "line", None))


def _numbers(news: list[News] | None) -> list[tuple[str, int]] | None:
    if news is None:
        return None
    return [(type(one.what).__name__, one.what.seq) for one in news if hasattr(one.what, "seq")]


def test_what_was_told_is_told_again_from_where_somebody_was_and_in_its_order() -> None:
    known = Known(0, 0)
    for one in (_event(1), _line(1), _line(2), _event(2)):
        known.add(one)
    assert (known.event, known.line) == (2, 2)
    assert _numbers(known.behind(0, 0)) == [("Event", 1), ("StoredLine", 1), ("StoredLine", 2), ("Event", 2)]
    assert _numbers(known.behind(1, 1)) == [("StoredLine", 2), ("Event", 2)]
    assert known.behind(2, 2) == []
    # Another server may have told more of it.
    assert known.behind(9, 9) == []


def test_what_is_older_than_the_feed_is_for_the_tables() -> None:
    known = Known(5, 3)
    known.add(_event(6))
    assert known.behind(4, 3) is None
    assert known.behind(5, 2) is None
    assert _numbers(known.behind(5, 3)) == [("Event", 6)]


def test_of_one_job_no_more_is_kept_than_there_is_room_for() -> None:
    known = Known(0, 0)
    known.add(_line(1))
    for number in range(1, KEPT + 1):
        known.add(_event(number))
    assert known.behind(0, 0) is None
    found = known.behind(0, 1)
    assert found is not None
    assert len(found) == KEPT
    known.add(_event(KEPT + 1))
    assert known.behind(0, 1) is None
    assert known.behind(1, 1) is not None


def _jobs(count: int) -> list[Job]:
    return [dataclasses.replace(JOB, seq=seq, id=f"job {seq}", library_id=seq % 2) for seq in range(count)]


def test_a_job_that_has_ended_is_known_for_a_while_and_so_many_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    known = KnownJobs()
    jobs = _jobs(ENDED + 1)
    for job in jobs:
        known.put(job.seq, Known(0, 0, job))
    assert known.job("job 0") == jobs[0]
    for job in jobs:
        known.end(job.seq)
    assert known.there == {}
    assert (known.job("job 0"), known.of(0)) == (None, None)
    assert known.job("job 1") == jobs[1]
    assert known.of(1) is not None
    now += ENDED_S + 1
    assert (known.job("job 1"), known.of(1)) == (None, None)


def test_nothing_is_known_of_a_job_or_a_library_that_was_removed() -> None:
    known = KnownJobs()
    for job in _jobs(4):
        known.put(job.seq, Known(0, 0, job))
    known.end(0)
    known.end(1)
    assert known.lose(2) is not None
    assert known.lose(2) is None
    known.lose_library(1)
    found: list[Any] = [known.job(f"job {seq}") is not None for seq in range(4)]
    assert found == [True, False, False, True]
