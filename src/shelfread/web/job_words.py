"""What happened to a job, in words for people: its timeline, its phases, its pace, what it waits for.

Plain documents of the API in, plain texts and numbers out. Knows no route.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from shelfread.web.words import duration, moment, processed, seconds_between

ORIGINS = {
    "request": "asked for by somebody",
    "cli": "from the command line",
    "schedule": "by its schedule",
    "retry": "tried again",
    "follow_up": "after a scan",
    "watch": "because something changed in a watched folder",
}
REASONS = {
    "exception": "something went wrong",
    "worker_lost": "its worker is gone",
    "stalled": "nothing moved any more",
    "deadline": "it ran longer than it may",
    "root_unavailable": "the folder cannot be reached, so nothing was touched",
    "path_refused": "its folders may not be scanned",
    "invalid_row": "it cannot be understood",
    "absorbed": "another job does its work",
}
_PHASES = [
    ("discovering", "Looking through the folders"),
    ("reading", "Reading files"),
    ("settling", "Settling what moved and what is missing"),
]
#: Seconds without a word from a worker after which that is said.
_SILENT_S = 10
#: The pace: so wide and high, in the units of its picture, and of so many points.
WIDTH, HEIGHT, _POINTS = 600, 80, 60
#: With fewer batches than these there is nothing to see.
_FEWEST = 6


def because(reason: object) -> str:
    """A reason in words."""
    return REASONS.get(str(reason), str(reason).replace("_", " "))


def entries_of(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A timeline: what happened, when, how long after what came before, and whether it is good or bad."""
    made = []
    before: str | None = None
    for event in events:
        text, mood = _words(event)
        after = seconds_between(before, event["at"])
        made.append({"at": event["at"], "after": after, "text": text, "mood": mood})
        before = event["at"]
    return made


def _words(event: dict[str, Any]) -> tuple[str, str]:
    detail = event["detail"]
    why = because(detail["reason"]) if detail.get("reason") else ""
    error = str(detail["error"]) if detail.get("error") else ""
    told = "; ".join(one for one in (why, error if error != why else "") if one)
    match event["kind"]:
        case "queued":
            return f"Waiting, {ORIGINS.get(str(detail.get('origin')), 'asked for')}", ""
        case "widened":
            return "It took in another request", ""
        case "claimed":
            attempt = detail.get("attempt")
            return (f"Attempt {attempt} began" if attempt else "It began"), ""
        case "cancel_requested":
            return "Somebody asked it to stop", "warn"
        case "released":
            return "Its worker was stopped; back in the queue, nothing is lost", "warn"
        case "requeued":
            return f"Taken from its worker, back in the queue{': ' + told if told else ''}", "warn"
        case "completed":
            return "Done", "good"
        case "failed":
            return f"Failed{': ' + told if told else ''}", "bad"
        case "cancelled":
            return f"Cancelled{': ' + told if told else ''}", "warn"
    return str(event["kind"]).replace("_", " ").capitalize(), ""


def phases_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The phases of a scan: which are over, which goes on, and how far that is (None: nobody knows)."""
    if job["type"] not in ("scan", "rescan"):
        return []
    names = [name for name, _ in _PHASES]
    at = names.index(job["phase"]) if job["phase"] in names else (-1 if job["phase"] is None else len(names))
    runs = job["status"] == "running"
    made = []
    for number, (name, text) in enumerate(_PHASES):
        over = number < at or job["status"] == "completed"
        now = runs and number == at
        most = job["items_total"] if name == "reading" else None
        made.append(
            {"name": name, "text": text, "over": over, "now": now, "of": most, "done": processed(job)}
        )
    return made


def waits_for(job: dict[str, Any], events: Sequence[dict[str, Any]]) -> str:
    """What holds a job up, honestly; empty when nothing does. Times to come count down on the page."""
    now = datetime.now(UTC)
    if job["status"] == "queued":
        return _waits_in_queue(job, events, now)
    if job["status"] != "running":
        return ""
    beat = moment(job["heartbeat_at"])
    silent = (now - beat).total_seconds() if beat is not None else 0
    if silent > _SILENT_S:
        # Before all else: who says nothing does not stop when asked, either.
        asked = "It was asked to stop, and its" if job["cancel_requested_at"] else "Its"
        then = "it ends as cancelled" if job["cancel_requested_at"] else "another one takes over"
        return f"{asked} worker has said nothing for {_span(silent)}; if it is gone, {then}"
    if job["cancel_requested_at"]:
        return "It was asked to stop, and does so at the end of what it has in hand"
    return ""


def _waits_in_queue(job: dict[str, Any], events: Sequence[dict[str, Any]], now: datetime) -> str:
    again = moment(job["run_at"])
    left = (again - now).total_seconds() if again is not None else 0
    then = (
        Markup('<time datetime="{}" data-time="until" role="timer">in {}</time>').format(
            again.isoformat(), _span(left)
        )
        if again is not None and left > 0
        else "as soon as a worker is free"
    )
    # What came after it was taken from its worker, another request for one, does not change why it waits.
    last = next((one for one in reversed(events) if one["kind"] in ("requeued", "released", "claimed")), None)
    if last is None:
        return Markup("It begins {}").format(then)
    if last["kind"] == "requeued":
        why = because(last["detail"].get("reason", "worker_lost"))
        return Markup("{}{}; it goes on {}").format(why[:1].upper(), why[1:], then)
    return Markup("Its worker was stopped; it goes on {}").format(then)


def _span(seconds: float) -> str:
    whole = max(1, math.ceil(seconds))
    return f"{whole} s" if whole < 60 else duration(whole)


def curve_of(events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Files per second over a job's time, as the points of a line; None when there is too little to draw.

    Each attempt counts from nothing, and what comes before it in the line are the earlier ones.

    Returns:
        points: of an SVG polyline in a box of `WIDTH` by `HEIGHT`; most: the highest pace; seconds: all.
    """
    known = _counts_over_time(events)
    if len(known) < _FEWEST or known[-1][0] <= 0:
        return None
    whole = known[-1][0]
    steps = min(_POINTS, len(known) - 1)
    counts = [_count_at(known, whole * step / steps) for step in range(steps + 1)]
    rates = [(after - before) * steps / whole for before, after in pairwise(counts)]
    most = max(rates)
    if most <= 0:
        return None
    points = " ".join(
        f"{at / (steps - 1) * WIDTH:.1f},{HEIGHT - 4 - rate / most * (HEIGHT - 8):.1f}"
        for at, rate in enumerate(rates)
    )
    return {"points": points, "most": most, "seconds": whole, "width": WIDTH, "height": HEIGHT}


def _counts_over_time(events: Sequence[dict[str, Any]]) -> list[tuple[float, int]]:
    """Files with an outcome in all attempts, at each moment that is known; neither ever goes back."""
    known: list[tuple[float, int]] = []
    start: datetime | None = None
    earlier = 0
    for event in events:
        at = moment(event["at"])
        if at is None or event["kind"] not in ("claimed", "batch"):
            continue
        start = start or at
        last_at, last = known[-1] if known else (0.0, 0)
        if event["kind"] == "claimed":
            earlier, count = last, 0
        else:
            count = _processed(event["detail"])
        seconds = max(last_at, (at - start).total_seconds())
        if known and seconds == last_at:
            known.pop()
        known.append((seconds, max(last, earlier + count)))
    return known


def _processed(detail: dict[str, Any]) -> int:
    names = ("added", "updated", "moved", "restored", "unchanged", "failed", "skipped")
    return sum(count for name in names if isinstance(count := detail.get(name), int))


def _count_at(known: Sequence[tuple[float, int]], at: float) -> float:
    """How many there were at a moment, as if they had come evenly from one known moment to the next."""
    after = bisect_left(known, (at, 0))
    if after == 0 or after == len(known):
        return known[min(after, len(known) - 1)][1]
    (left, low), (right, high) = known[after - 1], known[after]
    return low + (high - low) * (at - left) / (right - left)
