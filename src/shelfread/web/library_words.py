"""What people read of libraries: how much they hold, what is wrong with a folder, how a scan went.

Stands beside `words`. Knows no page and no route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shelfread.web.words import counted, plain

#: What a reason that a folder is away begins with, and what people read, behind the folder's name.
_AWAY = (
    ("cannot be listed: No such file", "is not there: is the disk plugged in?"),
    (
        "cannot be listed: Permission denied",
        "may not be read: the server's user is not allowed to look into it.",
    ),
    ("cannot be listed", "cannot be read: is the disk plugged in?"),
    ("is empty, but", "is empty, though files are known in it: is the disk plugged in?"),
    ("is another filesystem than before", "is another disk than before: was it swapped?"),
)
#: How files are called that are in a library of a kind.
_FILES = {"music": ("track", "tracks"), "books": ("book", "books"), "video": ("video", "videos")}
#: What else a library of a kind holds, and how it is called.
_MORE = {
    "music": (("releases", "release", "releases"), ("artists", "artist", "artists")),
    "books": (("series", "series", "series"),),
    "video": (("movies", "film", "films"), ("shows", "show", "shows"), ("episodes", "episode", "episodes")),
}
#: Why a file is missing.
MISSING = {
    "gone": "not in its folder any more",
    "folder_gone": "its folder is not there any more",
    "left_out": "it is there, and a rule leaves it out",
    None: "not known",
}
#: How the root of a watched library is watched.
WATCHING = {
    "starting": "The watch is being set up.",
    "watching": "Watched: changes are scanned within seconds.",
    "partial": "Watched in part; what is not heard is scanned now and then.",
    "sweeping": "Not watched; scanned now and then instead.",
}


def away(root: Mapping[str, Any]) -> str | None:
    """What is wrong with a folder of a library, to be read behind its name; None while it is there."""
    if root["state"] != "unavailable":
        return None
    reason = plain(root["reason"] or "cannot be read")
    return next((words for start, words in _AWAY if reason.startswith(start)), reason)


def contents(library: Mapping[str, Any]) -> str:
    """How much a library holds: "1 234 tracks · 120 releases · 40 artists"."""
    items, kind = library["items"], library["kind"]
    if items is None:
        return ""
    said = [counted(items["ready"] + items["error"], *_FILES.get(kind, ("file", "files")))]
    said += [counted(items[name], one, many) for name, one, many in _MORE.get(kind, ()) if items[name]]
    return " · ".join(said)


def outcome(job: Mapping[str, Any]) -> str:
    """How a scan went: "120 added, 3 changed, 1 missing"."""
    if job["status"] != "completed":
        return plain(job["error"] or "").strip()
    counts: Sequence[tuple[str, str]] = (
        ("added", "added"),
        ("updated", "changed"),
        ("moved", "moved"),
        ("restored", "back again"),
        ("removed", "missing"),
        ("failed", "with problems"),
    )
    said = [
        f"{job[f'items_{name}']:,} {word}".replace(",", "\u202f")
        for name, word in counts
        if job[f"items_{name}"]
    ]
    return ", ".join(said) or "nothing new"
