"""What happened to a job, in words for people: its timeline, its phases, its pace, what it waits for.

Plain documents of the API in, plain texts and numbers out. Knows no route.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

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
    """What holds a job up, honestly; empty when nothing does."""
    now = datetime.now(UTC)
    if job["status"] == "queued":
        again = moment(job["run_at"])
        last = events[-1] if events else None
        if last is not None and last["kind"] == "requeued":
            why = because(last["detail"].get("reason", "worker_lost"))
            if again is not None and again > now:
                left = duration(round((again - now).total_seconds()))
                return f"{why[:1].upper()}{why[1:]}; it goes on in {left}"
            return f"{why[:1].upper()}{why[1:]}; it goes on as soon as a worker is free"
        return "It begins as soon as a worker is free"
    if job["status"] != "running":
        return ""
    if job["cancel_requested_at"]:
        return "It was asked to stop, and does so at the end of what it has in hand"
    beat = moment(job["heartbeat_at"])
    silent = (now - beat).total_seconds() if beat is not None else 0
    if silent > _SILENT_S:
        return f"Its worker has said nothing for {duration(silent)}; if it is gone, another one takes over"
    return ""


def curve_of(events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Files per second over a job's time, as the points of a line; None when there is too little to draw.

    Returns:
        points: of an SVG polyline in a box of `WIDTH` by `HEIGHT`; most: the highest pace; seconds: all.
    """
    known: list[tuple[float, int]] = []
    start: datetime | None = None
    for event in events:
        at = moment(event["at"])
        if event["kind"] == "claimed" and at is not None:
            # The next attempt goes on with what an earlier one had counted.
            carried = event["detail"].get("carried")
            known, start = [(0.0, _processed(carried) or 0 if isinstance(carried, dict) else 0)], at
        elif event["kind"] == "batch" and at is not None:
            start = start or at
            count = _processed(event["detail"])
            if count is not None:
                known.append(((at - start).total_seconds(), count))
    if len(known) < _FEWEST or known[-1][0] <= 0:
        return None
    whole = known[-1][0]
    rates = _rates(known, whole / min(_POINTS, len(known)))
    most = max(rate for _, rate in rates)
    if most <= 0:
        return None
    points = " ".join(
        f"{at / whole * WIDTH:.1f},{HEIGHT - 4 - rate / most * (HEIGHT - 8):.1f}" for at, rate in rates
    )
    return {"points": points, "most": most, "seconds": whole, "width": WIDTH, "height": HEIGHT}


def _processed(detail: dict[str, Any]) -> int | None:
    counts = [
        detail.get(name)
        for name in ("added", "updated", "moved", "restored", "unchanged", "failed", "skipped")
    ]
    whole = [count for count in counts if isinstance(count, int)]
    return sum(whole) if whole else None


def _rates(known: Sequence[tuple[float, int]], step: float) -> list[tuple[float, float]]:
    made = []
    last_at, last = known[0]
    for at, count in known[1:]:
        if at - last_at >= step or at == known[-1][0]:
            made.append((at, max(0, count - last) / max(at - last_at, 0.001)))
            last_at, last = at, count
    return made
