"""What `library show` prints: roots and how they are watched, what is in it, its options, its last scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shelfread.cli.printing import Paper
from shelfread.cli.records import watch_words
from shelfread.cli.texts import aligned, counted, iso_time, number, shown
from shelfread.cli.timetable import next_words, words_of
from shelfread.model.job import Job
from shelfread.model.library import Library
from shelfread.model.schedule import Schedule

#: What the files of a kind belong to.
_OF_MUSIC = ("releases", "artists", "genres")
_HOLDS = {"music": _OF_MUSIC, "books": ("series",), "video": ("movies", "shows", "episodes")}


def print_library(
    paper: Paper,
    library: Library,
    entry: dict[str, Any],
    schedule: Schedule | None,
    history: Sequence[Job],
) -> None:
    """Print a library.

    Args:
        paper: where to.
        library: which.
        entry: the same as JSON has it.
        schedule: when it is scanned by itself.
        history: its last scans, the newest first.
    """
    paper.line(("bold", shown(library.name)), ("dim", f"  library {library.id}, {library.kind}"))
    paper.line()
    for root, fields in zip(library.roots, entry["roots"], strict=True):
        colour = "yellow" if root.reason else "dim"
        paper.line(("", f"  {shown(root.path)}"), (colour, f"  {root.state.value}"))
        if root.reason:
            said = ", believed by the next scan" if root.confirmed else ""
            paper.line((colour, f"    {shown(root.reason)}{said}"))
        if (watch := fields["watch"]) is not None:
            paper.line(("yellow" if watch["reason"] else "dim", f"    {watch_words(watch)}"))
    paper.line()
    items = entry["items"]
    rows = {word: number(items[word]) for word in ("ready", "error", "missing", *_HOLDS[library.kind])}
    if items["held"]:
        rows["held as gone"] = f"{number(items['held'])}  (shelfread library confirm {library.id}, or reject)"
    rows["problems"] = number(entry["open_problems"])
    options = [
        name.replace("_", "-")
        for name in ("follow_symlinks", "ignore_ctime", "ignore_inode", "ffprobe", "watch")
        if getattr(library.options, name)
    ]
    if options:
        rows["options"] = ", ".join(options)
    if library.options.ignore:
        rows["ignore"] = "  ".join(shown(rule) for rule in library.options.ignore)
    if schedule is not None:
        rows["schedule"] = f"{words_of(schedule)}  next: {next_words(schedule)}"
    for line in aligned(rows):
        paper.line(("", line))
    for number_of, job in enumerate(history):
        if not number_of:
            paper.line()
        at = (iso_time(job.started_at) or "")[:16].replace("T", " ")
        counters = job.counters
        what = f"{counted(counters.found, 'file')}, {number(counters.added)} added"
        what = job.reason or what if job.status.value == "failed" else what
        paper.line(("dim", f"  {at}"), ("", f"  {shown(job.type):<6}  {job.status.value:<9}  {what}"))
