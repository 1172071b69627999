"""How pages say things: numbers, sizes, times, states, and any text that came out of a file.

Everything here is plain text or markup that is safe to put into a page. Knows no page and no route.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

#: What can be done by a form, and how the next page says that it was: `?done=` takes nothing else.
DONE: dict[str, str] = {
    "scan": "A scan is queued.",
    "cancel": "It was asked to stop.",
    "stopped": "It is cancelled.",
    "over": "It had ended already.",
    "retry": "It is tried again.",
    "cancelled": "Those that had not ended were asked to stop.",
    "retried": "The jobs are tried again.",
    "ignored": "It is not shown any more, until its file changes.",
    "unignored": "It is shown again.",
    "saved": "Saved.",
    "removed": "Removed.",
    "added": "Added.",
    "password": "Your password is changed.",
    "rescan": "A full rescan is queued: every file is read again.",
    "covers": "The missing covers are going to be made.",
    "convert": "A conversion is queued.",
    "confirmed": "Confirmed. What is gone is marked as missing, and comes back if its files do.",
    "looking": "It looks different now, and nothing was marked. A scan looks again.",
    "unlisted": "It cannot be read now, so nothing was marked. Bring the disk back.",
    "rejected": "Nothing is marked as missing. A scan looks again.",
    "same": "They are one file from now on.",
    "different": "They stay two files. You are not asked again.",
    "forgotten": "Forgotten.",
    "paused": "The schedule rests.",
    "their_password": "The password is changed. Whoever was logged in with the old one has to log in anew.",
    "revoked": "The token is revoked: it opens nothing any more.",
    "resumed": "The schedule goes on.",
}
#: What the states of a job are called.
STATES = {
    "queued": "waiting",
    "running": "running",
    "completed": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
KINDS = {"music": "Music", "books": "Books and comics", "video": "Video"}
TYPES = {
    "scan": "Scan",
    "rescan": "Full rescan",
    "covers": "Covers",
    "convert": "Conversion",
    "prune": "Tidying up",
}
PHASES = {
    "discovering": "looking through the folders",
    "reading": "reading files",
    "settling": "settling what moved and what is missing",
    "done": "done",
}
#: Why something is missing, by the API's word.
WHY_MISSING = {
    "gone": "it is not in its folder any more",
    "folder_gone": "its folder is not there any more",
    "left_out": "a rule leaves it out: an ignore file, or an option of the library",
}
_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")
#: Characters that nobody sees, and that turn round or hide what stands beside them; and halves of characters.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def plain(value: object) -> str:
    """A text from a file for an attribute or a title: one line, and nothing that turns its neighbours."""
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub(" ", str(value)))


def said(value: object) -> Markup:
    """A text from a file as the text of a page: in its own direction, and as nothing but text."""
    return Markup("<bdi>{}</bdi>").format(plain(value))


def number(value: float | None) -> str:
    """A count, 12 345 say, with narrow spaces; a dash for one that is not known."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def counted(value: int, one: str, many: str) -> str:
    """A count of things: "1 file", "3 files"."""
    return f"{number(value)} {one if value == 1 else many}"


def size(value: float | None) -> str:
    """Bytes as people read them, with powers of 1000."""
    if value is None:
        return "–"
    unit = 0
    while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 10 else f"{value:.1f} {_UNITS[unit]}"


def duration(seconds: float | None) -> str:
    """A time span: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 days"."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return counted(whole // 86_400, "day", "days")


def clock(seconds: float | None) -> str:
    """How long something plays: "3:05", "1:02:03"."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def moment(text: str | None) -> datetime | None:
    """A time of the API; None when there is none."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def seconds_between(first: str | None, last: str | None) -> float | None:
    """From one time of the API to another."""
    begin, end = moment(first), moment(last)
    return max(0.0, (end - begin).total_seconds()) if begin and end else None


def when(text: str | None, how: str = "at") -> Markup:
    """A time of the API, which the page's program shows in the reader's zone.

    Args:
        text: the time.
        how: "at" for date and time, "ago" for how long ago, "day" for the date alone.
    """
    found = moment(text)
    if found is None:
        return Markup("–")
    utc = found.astimezone(UTC)
    shown = f"{utc:%Y-%m-%d}" if how == "day" else f"{utc:%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}" data-time="{}">{}</time>').format(utc.isoformat(), how, shown)


def per_second(count: int | None, seconds: float | None) -> str:
    """A rate; a dash when it cannot be known."""
    if count is None or not seconds:
        return "–"
    return f"{number(count / seconds)} a second"


def processed(job: dict[str, Any]) -> int | None:
    """Files of a job that have their outcome; None before anything was counted."""
    counts = [
        job[f"items_{name}"]
        for name in ("added", "updated", "moved", "restored", "unchanged", "failed", "skipped")
    ]
    return None if counts[0] is None else sum(counts)


def state(job: dict[str, Any]) -> str:
    """What a job does, honestly and in one or two words."""
    if job["status"] == "running" and job["cancel_requested_at"]:
        return "cancelling"
    if job["status"] == "running" and job["phase"] == "discovering":
        return "discovering"
    return STATES.get(job["status"], str(job["status"]))


FILTERS = {
    "said": said,
    "plain": plain,
    "number": number,
    "size": size,
    "duration": duration,
    "clock": clock,
    "when": when,
    "state": state,
    "processed": processed,
}
#: Where the page of an item of each kind is, below /browse.
ITEM_PLACES = {
    "artist": "artists",
    "release": "releases",
    "track": "tracks",
    "series": "series",
    "book": "books",
    "movie": "movies",
    "show": "shows",
    "episode": "episodes",
}
GLOBALS = {
    "ITEM_PLACES": ITEM_PLACES,
    "counted": counted,
    "per_second": per_second,
    "seconds_between": seconds_between,
    "STATES": STATES,
    "KINDS": KINDS,
    "TYPES": TYPES,
    "PHASES": PHASES,
    "WHY_MISSING": WHY_MISSING,
}
