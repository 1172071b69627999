"""What the commands of `shelfread schedule` do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from shelfread.app import App
from shelfread.app.scheduling import run_now as run_by_schedule
from shelfread.cli.opening import catalogue, library_of
from shelfread.cli.outcome import FINE, Refused
from shelfread.cli.printing import Paper, print_table
from shelfread.cli.running import Interrupts, run
from shelfread.cli.targets import named
from shelfread.cli.texts import aligned, shown, write_json
from shelfread.cli.timetable import last_words, next_words, of_library, schedule_fields, words_of
from shelfread.model.library import Library
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.queue.schedule import Schedules


def list_all(as_json: bool) -> int:
    """List the schedules of all libraries that have one."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            names = {library.id: library.name for library in await app.libraries.all()}
            found = [one for one in await Schedules(app.database).every() if one.library_id in names]
        if as_json:
            told = [_fields(one.library_id, names[one.library_id], one) for one in found]
            write_json({"schedules": told})
            return FINE
        paper = Paper()
        if not found:
            paper.line(("", "No library is scanned by itself. Have one: "), ("bold", _HOW))
            return FINE
        rows = [
            [
                str(one.library_id),
                shown(names[one.library_id]),
                words_of(one),
                next_words(one),
                last_words(one),
            ]
            for one in found
        ]
        print_table(paper, ["id", "library", "scanned", "next", "last"], rows, right=[0])
        return FINE

    return run(work)


def show(wanted: str, as_json: bool) -> int:
    """Show the schedule of a library."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            schedule = await of_library(app, library)
        if as_json:
            write_json(_fields(library.id, library.name, schedule))
        elif schedule is None:
            Paper().line(("", f"Library {library.id}, {shown(library.name)}, is not scanned by itself."))
        else:
            _print(library, schedule)
        return FINE

    return run(work)


def put(wanted: str, cron: str, zone: str | None, as_json: bool) -> int:
    """Give a library a schedule."""

    async def act(app: App, library: Library) -> Schedule:
        try:
            return await Schedules(app.database).put(library.id, cron, zone or app.settings.timezone)
        except ScheduleProblem as problem:
            raise Refused(str(problem)) from None

    return _changed(wanted, act, as_json)


def pause(wanted: str, as_json: bool) -> int:
    """Let the schedule of a library rest."""
    return _changed(wanted, lambda app, library: Schedules(app.database).pause(library.id), as_json)


def resume(wanted: str, as_json: bool) -> int:
    """Let it go on."""
    return _changed(wanted, lambda app, library: Schedules(app.database).resume(library.id), as_json)


def remove(wanted: str, as_json: bool) -> int:
    """Take it away."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            was_there = await Schedules(app.database).remove(library.id)
        if as_json:
            write_json({"library_id": library.id, "removed": was_there})
        else:
            words = "is not scanned by itself any more" if was_there else "had no schedule"
            Paper().line(("", f"Library {library.id}, {shown(library.name)}, {words}."))
        return FINE

    return run(work)


def run_now(wanted: str, as_json: bool) -> int:
    """Queue what it does."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            try:
                enqueued = await run_by_schedule(app, library)
            except ScheduleProblem as problem:
                raise Refused(str(problem)) from None
        if enqueued is None:
            raise _without(library)
        job = enqueued.job
        if as_json:
            write_json({"library_id": library.id, "job_id": job.id, "coalesced": enqueued.coalesced})
            return FINE
        queued_is = "was queued already" if enqueued.coalesced else "is queued"
        paper = Paper()
        paper.line(("", f"A scan of {named(library)} {queued_is}. Follow it: "))
        paper.line(("bold", f"  shelfread jobs show {job.id}"))
        return FINE

    return run(work)


_HOW = "shelfread schedule set ID '0 3 * * *'"


def _changed(wanted: str, act: Callable[[App, Library], Awaitable[Schedule | None]], as_json: bool) -> int:
    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            library = await library_of(app, wanted)
            schedule = await act(app, library)
        if schedule is None:
            raise _without(library)
        if as_json:
            write_json(_fields(library.id, library.name, schedule))
        else:
            _print(library, schedule)
        return FINE

    return run(work)


def _without(library: Library) -> Refused:
    return Refused(f"{named(library)} has no schedule; `{_HOW}` gives it one")


def _fields(library_id: int, name: str, schedule: Schedule | None) -> dict[str, Any]:
    return {"library_id": library_id, "library": name, "schedule": schedule_fields(schedule)}


def _print(library: Library, schedule: Schedule) -> None:
    paper = Paper()
    paper.line(("bold", shown(library.name)), ("dim", f"  library {library.id}, {library.kind}"))
    rows = {"scanned": words_of(schedule), "next": next_words(schedule), "last": last_words(schedule)}
    for line in aligned(rows):
        paper.line(("", line))
