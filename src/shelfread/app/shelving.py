"""Making, changing and removing libraries at the wish of others: what is checked before anything is stored.

Roots of one kind lie apart, in all libraries: a folder that two of them had would be catalogued twice. What
the command line allows itself (a folder in two libraries) is not refused afterwards. Stands on the store;
knows no HTTP.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shelfread.app.confine import PathRefused, refuse_outside
from shelfread.app.covering import follow_options
from shelfread.app.places import is_inside
from shelfread.app.watching import watches_of
from shelfread.kinds import KINDS
from shelfread.model.job import UnknownLibrary
from shelfread.model.library import Library, LibraryOptions
from shelfread.model.schedule import Schedule, ScheduleProblem
from shelfread.model.watching import RootWatch
from shelfread.queue.cron import checked as checked_cron
from shelfread.queue.schedule import Schedules
from shelfread.scan.ignore import fault_of
from shelfread.store import schedules
from shelfread.store.clock import text_of
from shelfread.store.libraries import Also, RootsChanged

if TYPE_CHECKING:
    from shelfread.app import App

_NAME_LIMIT = 200


class Unfit(ValueError):
    """What was asked for cannot be; `where` says which part of it."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(text)
        self.where = where


class Overlap(Exception):
    """A folder lies in a library of the same kind, or above one of its roots."""

    def __init__(self, text: str, library: Library | None) -> None:
        super().__init__(text)
        self.library = library


@dataclass(frozen=True, slots=True)
class Shelved:
    """A library, and what is known of it."""

    library: Library
    schedule: Schedule | None
    #: None when nobody asked for them.
    counts: dict[str, int] | None
    #: How its roots are watched, by their ids.
    watches: dict[int, RootWatch]


async def look(app: App, library: Library) -> Shelved:
    """A library with its schedule and its counts."""
    found = await Schedules(app.database).every(library.id)
    counts = await app.libraries.counts(library.id)
    return Shelved(library, found[0] if found else None, counts, await watches_of(app))


async def look_at_all(app: App, *, counts: bool = True) -> list[Shelved]:
    """Every library, by name. Costs the same number of questions however many there are.

    Args:
        app: whose libraries they are.
        counts: also how much each holds, which goes through an entry of an index for every file.
    """
    found = await app.libraries.all()
    schedules = {one.library_id: one for one in reversed(await Schedules(app.database).every())}
    watches = await watches_of(app)
    if not counts:
        return [Shelved(one, schedules.get(one.id), None, watches) for one in found]
    held = await app.libraries.every_count()
    # One that went between the questions is left out.
    return [Shelved(one, schedules.get(one.id), held[one.id], watches) for one in found if one.id in held]


async def make(
    app: App, name: str, kind: str, paths: Sequence[bytes], options: LibraryOptions, cron: str | None
) -> Library:
    """Make a library.

    Raises:
        Unfit: a part of it cannot be.
        PathRefused: a path cannot be scanned.
        Overlap: a path belongs to another library of the kind.
        NameTaken: another library has the name.
    """
    _refuse_name(name)
    _refuse_rules(options)
    _refuse_cron(cron)
    _refuse_ways_out(app, options)
    if kind not in KINDS:
        raise Unfit("kind", f"there is no kind {kind[:20]!r}; there is {', '.join(KINDS)}")
    while True:
        there = await app.libraries.all()
        await asyncio.to_thread(_refuse_unfit, app, kind, paths, there, None, set())
        try:
            return await app.libraries.add(
                name, kind, paths, options, seen=_ids(there), also=_schedule(app, cron)
            )
        except RootsChanged:
            continue


async def change(
    app: App,
    library: Library,
    *,
    name: str | None,
    options: LibraryOptions | None,
    add: Sequence[bytes],
    remove: Sequence[int],
    cron: str | None,
    uncron: bool,
    empty_ok: Mapping[int, bool] | None = None,
) -> Library | None:
    """Change a library; None when it is gone. Raises as `make`, and AlreadyRunning where roots go."""
    if name is not None:
        _refuse_name(name)
    if options is not None:
        _refuse_rules(options)
        if not library.options.follow_symlinks:
            _refuse_ways_out(app, options)
    _refuse_cron(cron)
    own = {root.id for root in library.roots}
    if unknown := set(remove) - own:
        raise Unfit("remove_root_ids", f"{min(unknown)} is no root of this library")
    if unknown := (empty_ok or {}).keys() - own:
        raise Unfit("roots", f"{min(unknown)} is no root of this library")
    if own == set(remove) and not add:
        raise Unfit("remove_root_ids", "a library needs a root; DELETE forgets all of it")
    if remove:
        await app.refuse_while_running(library.id)
    while True:
        there = await app.libraries.all()
        if add:
            await asyncio.to_thread(_refuse_unfit, app, library.kind, add, there, library.id, set(remove))
        try:
            changed = await app.libraries.change(
                library.id,
                name=name,
                options=options,
                add_roots=add,
                remove_roots=sorted(set(remove)),
                empty_ok=empty_ok,
                seen=_ids(there) if add else None,
                also=schedules.remove if uncron else _schedule(app, cron),
            )
            if changed is not None:
                await follow_options(app, library.options, changed)
            return changed
        except RootsChanged:
            continue
        except UnknownLibrary:
            return None


async def remove(app: App, library: Library) -> bool:
    """Forget a library; no file is touched. Raises AlreadyRunning while it is scanned."""
    await app.refuse_while_running(library.id)
    return await app.libraries.remove(library.id)


def _schedule(app: App, cron: str | None) -> Also | None:
    """Gives a library this schedule in the transaction that makes or changes it."""
    return None if cron is None else Schedules(app.database).putting(cron, app.settings.timezone)


def _ids(libraries: Sequence[Library]) -> list[int]:
    return [root.id for library in libraries for root in library.roots]


def _refuse_unfit(
    app: App,
    kind: str,
    paths: Sequence[bytes],
    libraries: Sequence[Library],
    own: int | None,
    going: set[int],
) -> None:
    taken: list[tuple[bytes, Library | None]] = [
        (os.path.realpath(root.path), library)
        for library in libraries
        if library.kind == kind
        for root in library.roots
        if root.id not in going
    ]
    for path in paths:
        refuse_outside(path, app.settings)
        real = os.path.realpath(path)
        for other, library in taken:
            if is_inside(real, other) or is_inside(other, real):
                raise _overlap(path, other, library, own)
        taken.append((real, None))
        try:
            with os.scandir(path):
                pass
        except OSError as error:
            raise PathRefused(f"{text_of(path)} is no folder to scan: {error.strerror}") from None


def _overlap(path: bytes, other: bytes, library: Library | None, own: int | None) -> Overlap:
    if library is None:
        return Overlap(f"{text_of(path)} and {text_of(other)} overlap: roots of a library lie apart", None)
    whose = "this library" if library.id == own else f"the library {library.name!r}"
    how = "is" if path == other else "overlaps"
    return Overlap(f"{text_of(path)} {how} {text_of(other)}, a root of {whose}", library)


def _refuse_name(name: str) -> None:
    tidy = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    if not tidy or tidy != name or len(name) > _NAME_LIMIT or not _is_text(name):
        raise Unfit("name", "a name is a line of text: 1 to 200 printable characters, no spaces around them")


def _refuse_rules(options: LibraryOptions) -> None:
    fault = fault_of(options.ignore)
    if fault is not None:
        raise Unfit("options.ignore", fault)


def _refuse_ways_out(app: App, options: LibraryOptions) -> None:
    if options.follow_symlinks and app.settings.allowed_roots:
        raise Unfit(
            "options.follow_symlinks",
            "links may lead out of SHELFREAD_ALLOWED_ROOTS: `shelfread library set` can have them followed",
        )


def _refuse_cron(cron: str | None) -> None:
    if cron is not None:
        try:
            checked_cron(cron)
        except ScheduleProblem as problem:
            raise Unfit("schedule", str(problem)) from None


def _is_text(text: str) -> bool:
    """Whether a database takes it: half of a character is none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
