"""What `library add`, `list`, `show`, `set` and `remove` do."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shelfread.app import App
from shelfread.app.covering import follow_options
from shelfread.app.places import is_inside
from shelfread.app.watching import watches_of
from shelfread.cli.library_page import print_library
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE, USAGE, Refused
from shelfread.cli.printing import Paper, print_table
from shelfread.cli.records import job_fields, library_fields
from shelfread.cli.running import Interrupts, run
from shelfread.cli.targets import folder_of, named, refuse_unlistable, tidy_name
from shelfread.cli.texts import counted, number, shown, write_json
from shelfread.cli.timetable import (
    checked_cron,
    give,
    next_words,
    of_library,
    schedule_fields,
    take,
)
from shelfread.model.job import SCANS
from shelfread.model.library import Library, LibraryOptions
from shelfread.model.schedule import Schedule
from shelfread.scan.ignore import fault_of
from shelfread.store.problems import open_problems

_HISTORY = 5


@dataclass(frozen=True)
class Wanted:
    """What `library set` is to change; what is None or empty stays."""

    name: bytes | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    ignore: list[str] | None = None
    add_roots: Sequence[bytes] = ()
    remove_roots: Sequence[bytes] = ()
    #: Roots, and whether each may be empty though files are known in it.
    empty_ok: Mapping[bytes, bool] = field(default_factory=dict)
    schedule: str | None = None
    no_schedule: bool = False

    @property
    def nothing(self) -> bool:
        return self == Wanted(add_roots=self.add_roots[:0], remove_roots=self.remove_roots[:0])


def add(
    name: bytes,
    paths: Sequence[bytes],
    kind: str,
    flags: Mapping[str, Any],
    ignore: Sequence[str],
    cron: str | None,
    as_json: bool,
) -> int:
    """Add a library."""
    cron = checked_cron(cron)
    folders = _new_roots([], paths)
    checked = _checked_name(name)
    options = LibraryOptions(**flags, ignore=_checked_rules(ignore))

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await app.libraries.add(checked, kind, folders, options)
            schedule = await give(app, library, cron) if cron is not None else None
        if as_json:
            write_json({**library_fields(library), "schedule": schedule_fields(schedule)})
            return FINE
        paper = Paper()
        paper.line(
            ("", f"Added {named(library)}. Scan it: "), ("bold", f"shelfread library scan {library.id}")
        )
        if schedule is not None:
            paper.line(("", f"Scanned by itself: {next_words(schedule)}, by `shelfread serve`."))
        return FINE

    return run(work)


def list_all(as_json: bool) -> int:
    """List the libraries."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            libraries = await app.libraries.all()
            schedules = {library.id: await of_library(app, library) for library in libraries}
            details = [await _details(app, library, schedules[library.id]) for library in libraries]
        if as_json:
            write_json({"libraries": details})
            return FINE
        paper = Paper()
        if not libraries:
            paper.line(("", "There is no library yet. Make one: "), ("bold", "shelfread scan /path/to/music"))
            return FINE
        rows = [
            [
                str(library.id),
                shown(library.name),
                library.kind,
                number(entry["items"]["ready"] + entry["items"]["error"]),
                number(entry["items"]["missing"]),
                number(entry["open_problems"]),
                shown(library.roots[0].path)
                + (f" and {len(library.roots) - 1} more" if library.roots[1:] else ""),
            ]
            for library, entry in zip(libraries, details, strict=True)
        ]
        heads = ["id", "name", "kind", "items", "missing", "problems", "roots"]
        if any(schedules.values()):
            heads.append("next scan")
            for row, schedule in zip(rows, schedules.values(), strict=True):
                row.append(next_words(schedule) if schedule else "")
        print_table(paper, heads, rows, right=[0, 3, 4, 5])
        return FINE

    return run(work)


def show(wanted: str, as_json: bool) -> int:
    """Show one library."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            schedule = await of_library(app, library)
            entry = await _details(app, library, schedule)
            history = await app.jobs.listed(library_id=library.id, types=SCANS, limit=_HISTORY)
        if as_json:
            write_json({**entry, "scans": [job_fields(job) for job in history]})
        else:
            print_library(Paper(), library, entry, schedule, history)
        return FINE

    return run(work)


def change(wanted: str, change: Wanted, as_json: bool) -> int:
    """Change a library."""
    if change.nothing:
        raise Refused("what is to change? (see `shelfread library set --help`)")
    name = _checked_name(change.name) if change.name is not None else None
    cron = checked_cron(change.schedule)

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            options = replace(library.options, **dict[str, Any](change.flags))
            if change.ignore is not None:
                options = replace(options, ignore=_checked_rules(change.ignore))
            going = {folder_of(path) for path in change.remove_roots}
            kept = [root.path for root in library.roots if root.path not in going]
            unknown = going - {root.path for root in library.roots}
            unknown |= {folder_of(path) for path in change.empty_ok} - {root.path for root in library.roots}
            if unknown:
                raise Refused(f"{shown(min(unknown))} is no root of {named(library)}")
            fresh = _new_roots(kept, change.add_roots)
            if not kept and not fresh:
                raise Refused("a library needs a root; `shelfread library remove` forgets all of it")
            if going:
                await app.refuse_while_running(library.id)
            changed = await app.libraries.change(
                library.id,
                name=name,
                options=options,
                add_roots=fresh,
                remove_roots=[root.id for root in library.roots if root.path in going],
                empty_ok={
                    root.id: may_be
                    for path, may_be in change.empty_ok.items()
                    for root in library.roots
                    if root.path == folder_of(path)
                },
            )
            assert changed is not None
            await follow_options(app, library.options, changed)
            if cron is not None:
                await give(app, changed, cron)
            elif change.no_schedule:
                await take(app, changed)
            schedule = await of_library(app, changed)
        if as_json:
            write_json({**library_fields(changed), "schedule": schedule_fields(schedule)})
            return FINE
        paper = Paper()
        paper.line(("", f"Changed {named(changed)}. It counts from the next scan on."))
        if cron is not None and schedule is not None:
            paper.line(("", f"Scanned by itself: {next_words(schedule)}, by `shelfread serve`."))
        return FINE

    return run(work)


def remove(wanted: str, yes: bool, as_json: bool) -> int:
    """Forget a library."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            await app.refuse_while_running(library.id)
            counts = await app.libraries.counts(library.id)
            items = counts["ready"] + counts["missing"] + counts["error"]
            # Only a person can answer; a script has said what it wants.
            if not yes and sys.stdin.isatty() and not _agreed(library, items):
                return USAGE
            await app.libraries.remove(library.id)
        if as_json:
            write_json({"library_id": library.id, "removed": True})
        else:
            Paper().line(("", f"Forgot {named(library)}. Its files are where they were."))
        return FINE

    return run(work)


async def _details(app: App, library: Library, schedule: Schedule | None) -> dict[str, Any]:
    counts = await app.libraries.counts(library.id)
    problems = await open_problems(app.database, library_id=library.id, ignored=False)
    return {
        **library_fields(library, await watches_of(app)),
        "schedule": schedule_fields(schedule),
        "items": counts,
        "open_problems": len(problems),
    }


def _checked_name(name: bytes) -> str:
    tidy = tidy_name(name)
    if not tidy or tidy.encode() != name:
        raise Refused("a name is a line of text: 1 to 200 printable characters, no spaces around them")
    return tidy


def _checked_rules(rules: Sequence[str]) -> tuple[str, ...]:
    fault = fault_of(rules)
    if fault is not None:
        raise Refused(fault)
    return tuple(rules)


def _new_roots(kept: Sequence[bytes], paths: Sequence[bytes]) -> list[bytes]:
    """Roots to add, each a folder and none inside another."""
    fresh: list[bytes] = []
    for path in paths:
        folder = folder_of(path)
        for other in [*kept, *fresh]:
            if is_inside(folder, other) or is_inside(other, folder):
                raise Refused(f"{shown(folder)} and {shown(other)} overlap: roots of a library lie apart")
        refuse_unlistable(folder)
        fresh.append(folder)
    return fresh


def _agreed(library: Library, items: int) -> bool:
    print(  # noqa: T201
        f"Forget {named(library)} with {counted(items, 'item')}? No file is touched. [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")
