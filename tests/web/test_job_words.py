"""What happened to a job, in words and as a line: from plain documents."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shelfread.model.job import EventKind, Origin, Phase, Reason
from shelfread.web import job_words
from shelfread.web.job_words import (
    HEIGHT,
    ORIGINS,
    REASONS,
    WIDTH,
    curve_of,
    entries_of,
    phases_of,
    waits_for,
)

NAMES = ("added", "updated", "moved", "restored", "unchanged", "failed", "skipped", "found", "removed")


def told(kind: str, at: float = 0.0, **detail: Any) -> dict[str, Any]:
    """An event, so many seconds after the beginning."""
    moment = datetime(2026, 1, 31, 8, 0, tzinfo=UTC) + timedelta(seconds=at)
    return {"kind": kind, "at": moment.isoformat(), "detail": detail}


def job(status: str = "running", **more: Any) -> dict[str, Any]:
    """A job as the API tells it."""
    counts = dict.fromkeys((f"items_{name}" for name in NAMES), 0)
    times = dict.fromkeys(("run_at", "heartbeat_at", "cancel_requested_at", "items_total", "phase"))
    return {"type": "scan", "status": status, **counts, **times, **more}


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def read(one: dict[str, Any], events: list[dict[str, Any]]) -> str:
    """What a job waits for, as a person reads it whose page runs no program."""
    return re.sub(r"</?time[^>]*>", "", waits_for(one, events))


# The timeline


def test_everything_that_can_happen_has_words_that_say_why() -> None:
    assert set(REASONS) == {str(one) for one in Reason}
    assert set(ORIGINS) == {str(one) for one in Origin}
    for kind in set(EventKind) - {EventKind.BATCH}:
        (entry,) = entries_of([told(kind, reason="worker_lost", error="gone", origin="watch", attempt=2)])
        assert entry["text"] != kind.replace("_", " ").capitalize(), kind
    (lost,) = entries_of([told("requeued", reason="worker_lost", error="its process is gone")])
    assert lost["text"] == "Taken from its worker, back in the queue: its worker is gone; its process is gone"
    (again,) = entries_of([told("failed", reason="worker_lost", error="its worker is gone")])
    assert again["text"] == "Failed: its worker is gone"
    (odd,) = entries_of([told("blown_away", reason="wind")])
    assert odd["text"] == "Blown away"
    assert job_words.because("some_new_reason") == "some new reason"


def test_each_entry_says_how_long_after_the_one_before_and_no_clock_makes_it_less_than_nothing() -> None:
    entries = entries_of([told("queued"), told("claimed", 2.5), told("completed", 1.0)])
    assert [one["after"] for one in entries] == [None, 2.5, 0]
    assert [one["mood"] for one in entries] == ["", "", "good"]


# Phases


def test_the_phases_say_what_is_over_what_goes_on_and_what_comes() -> None:
    def at(**more: Any) -> list[tuple[bool, bool]]:
        return [(one["over"], one["now"]) for one in phases_of(job(**more))]

    assert at(phase=Phase.DISCOVERING) == [(False, True), (False, False), (False, False)]
    assert at(phase=Phase.SETTLING) == [(True, False), (True, False), (False, True)]
    assert at(status="completed", phase=Phase.DONE) == [(True, False)] * 3
    assert at(status="failed", phase=Phase.READING) == [(True, False), (False, False), (False, False)]
    assert at(status="queued") == [(False, False)] * 3
    assert at(type="prune") == []
    reading = phases_of(job(phase="reading", items_total=10, items_added=3, items_failed=1))[1]
    assert (reading["of"], reading["done"]) == (10, 4)


# What holds it up


def test_a_job_that_waits_says_for_what() -> None:
    assert waits_for(job("queued"), [told("queued")]) == "It begins as soon as a worker is free"
    assert read(job("queued", run_at=soon(-5)), []) == "It begins as soon as a worker is free"
    begins = read(job("queued", run_at=soon(90)), [told("queued")])
    assert begins == "It begins in 1 min 30 s"
    for ended in ("completed", "failed", "cancelled"):
        assert waits_for(job(ended, run_at=soon(99)), []) == ""


def test_the_time_that_a_job_waits_yet_counts_down_on_the_page_and_no_text_becomes_markup() -> None:
    at = soon(12)
    waits = waits_for(job("queued", run_at=at), [told("requeued", reason="worker_lost")])
    assert f'<time datetime="{at}" data-time="until" role="timer">in 12 s</time>' in waits
    odd = waits_for(job("queued", run_at=at), [told("requeued", reason="<b>gone</b>")])
    assert odd.startswith("&lt;b&gt;gone&lt;/b&gt;; it goes on ")


def test_a_job_whose_worker_was_lost_says_when_it_goes_on() -> None:
    lost = [told("queued"), told("claimed"), told("requeued", reason="worker_lost")]
    assert read(job("queued", run_at=soon(12)), lost) == "Its worker is gone; it goes on in 12 s"
    assert read(job("queued", run_at=soon(0.2)), lost) == "Its worker is gone; it goes on in 1 s"
    free = "Its worker is gone; it goes on as soon as a worker is free"
    assert read(job("queued", run_at=soon(-1)), lost) == free
    # Another request that joined it is no reason to forget why it waits.
    assert read(job("queued", run_at=soon(12)), [*lost, told("widened")]).endswith("it goes on in 12 s")
    stopped = [told("queued"), told("claimed"), told("released")]
    assert waits_for(job("queued"), stopped) == (
        "Its worker was stopped; it goes on as soon as a worker is free"
    )


def test_a_job_that_runs_says_when_it_stops_and_when_its_worker_says_nothing() -> None:
    assert waits_for(job(heartbeat_at=soon(-1)), []) == ""
    assert waits_for(job(heartbeat_at=None), []) == ""
    silent = waits_for(job(heartbeat_at=soon(-24.5)), [])
    assert silent == "Its worker has said nothing for 25 s; if it is gone, another one takes over"
    asked = {"cancel_requested_at": soon(-1)}
    stops = waits_for(job(heartbeat_at=soon(-1), **asked), [])
    assert stops == "It was asked to stop, and does so at the end of what it has in hand"
    # Who is silent stops for nobody: then that is what there is to say.
    both = waits_for(job(heartbeat_at=soon(-100), **asked), [])
    assert both.startswith("It was asked to stop, and its worker has said nothing for 1 min 4")
    assert both.endswith("if it is gone, it ends as cancelled")


# The pace


def line_of(curve: dict[str, Any] | None) -> list[tuple[float, float]]:
    assert curve is not None
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in curve["points"].split())]


def test_the_pace_is_that_of_the_batches() -> None:
    batches = [told("batch", at + 1, added=100 * (at + 1), failed=at + 1) for at in range(10)]
    curve = curve_of([told("queued", -60), told("claimed"), *batches, told("completed", 10.1)])
    assert curve is not None
    assert curve["most"] == pytest.approx(101)
    assert curve["seconds"] == 10
    line = line_of(curve)
    assert line[0][0] == 0
    assert line[-1][0] == WIDTH
    assert all(y == pytest.approx(4, abs=0.1) for _, y in line)


def test_two_batches_in_one_moment_are_no_pace_that_never_was() -> None:
    times = (1, 2, 3, 3.001, 3.001, 4, 5)
    batches = [told("batch", at, added=500 * number) for number, at in enumerate(times, 1)]
    curve = curve_of([told("claimed"), *batches])
    assert curve is not None
    # All of the second in which three of them were.
    assert 1000 < curve["most"] <= 2000


def test_the_pace_of_a_job_that_was_lost_is_that_of_all_its_attempts() -> None:
    events = [
        told("claimed", 0, attempt=1),
        *(told("batch", at, added=100 * at) for at in range(1, 6)),
        told("requeued", 5.5, reason="worker_lost"),
        # Each attempt counts from nothing; what the one before brought in is unchanged now.
        told("claimed", 10, attempt=2, carried={"added": 500}),
        *(told("batch", 10 + at, unchanged=min(500, 100 * at), added=0) for at in range(1, 6)),
        *(told("batch", 15 + at, unchanged=500, added=100 * at) for at in range(1, 6)),
    ]
    curve = curve_of(events)
    assert curve is not None
    assert curve["seconds"] == 20
    assert curve["most"] == pytest.approx(100, rel=0.3)
    line = line_of(curve)
    low = [x for x, y in line if y > HEIGHT - 10]
    # Nobody worked at it from the fifth second to the tenth.
    assert low
    assert all(WIDTH * 0.2 < x < WIDTH * 0.55 for x in low)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line)


def test_of_a_long_job_the_line_begins_where_what_is_known_begins() -> None:
    curve = curve_of([told("batch", 1000 + at, added=100_000 + at) for at in range(500)])
    assert curve is not None
    assert curve["most"] == pytest.approx(1)
    assert curve["seconds"] == 499
    assert len(line_of(curve)) == 60


@pytest.mark.parametrize(
    "events",
    [
        [],
        [told("claimed"), *(told("batch", at, added=at) for at in range(1, 5))],
        [told("claimed"), *(told("batch", 0, added=at) for at in range(9))],
        [told("claimed"), *(told("batch", at, added=0) for at in range(9))],
        # A clock that was set back, and an attempt that brought nothing.
        [told("claimed", 50), told("batch", 1, added=0), told("batch", 2)],
        [{"kind": "batch", "at": None, "detail": {}}] * 5,
    ],
)
def test_where_there_is_too_little_no_line_is_drawn(events: list[dict[str, Any]]) -> None:
    assert curve_of(events) is None


def test_a_clock_that_goes_back_leads_to_no_place_outside_of_the_picture() -> None:
    events = [
        told("claimed", 0),
        *(told("batch", at, added=99 - at) for at in (5, 3, 8, 1, 9, 12, 11, 15, 20, 19)),
    ]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line_of(curve_of(events)))
