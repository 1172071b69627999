"""From the folders that a person names to the library they belong to, and the parts of it to scan.

`scan PATH...` finds the library whose root is the path or above it, or makes one. Nothing is made unless
every path is a folder that can be listed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from shelfread.app import App, absolute
from shelfread.app.places import is_inside, outermost, places_of
from shelfread.cli.outcome import Refused
from shelfread.cli.texts import shown
from shelfread.model.job import Scope
from shelfread.model.library import Library, Root
from shelfread.store.libraries import NameTaken

NAME_LIMIT = 200


class Target(NamedTuple):
    """What a scan is to cover."""

    library: Library
    scopes: tuple[Scope, ...]
    created: bool


async def find_or_make(app: App, paths: Sequence[bytes], kind: str) -> Target:
    """The library of these paths; a new one when no root is above any of them.

    Raises:
        Refused: a path is no folder, or the paths belong to more than one library.
    """
    folders = list(dict.fromkeys(folder_of(path) for path in paths))
    while True:
        libraries = [library for library in await app.libraries.all() if library.kind == kind]
        known = {folder: places_of(folder, libraries) for folder in folders}
        fresh = [folder for folder, places in known.items() if not places]
        for folder in fresh:
            _refuse_above(folder, libraries)
        if fresh and len(fresh) < len(folders):
            inside = next(folder for folder in folders if folder not in fresh)
            other = known[inside][0][0]
            raise Refused(
                f"{shown(inside)} is in {named(other)} and {shown(fresh[0])} is in none: scan them one at a "
                f"time, or add the folder with `shelfread library set {other.id} --add-root`"
            )
        if not fresh:
            library, scopes = _one_library(known)
            _refuse_missing(library, scopes)
            return Target(library, scopes, created=False)
        for folder in fresh:
            refuse_unlistable(folder)
        made = await _make(
            app, outermost(fresh), kind, {library.name for library in await app.libraries.all()}
        )
        if made is not None:
            return Target(made, tuple(Scope(root.id, b"") for root in made.roots), created=True)
        # The name was taken meanwhile, perhaps for the same folders: look again.


def folder_of(path: bytes) -> bytes:
    """A path from the command line as the catalogue stores it."""
    if not path:
        raise Refused("an empty path is no folder")
    return absolute(path)


def refuse_unlistable(folder: bytes) -> None:
    """Raises Refused when something is no folder that can be listed."""
    try:
        with os.scandir(folder):
            return
    except OSError as error:
        raise Refused(f"{shown(folder)} is no folder to scan: {error.strerror}") from None


def named(library: Library) -> str:
    """A library in a sentence."""
    return f"library {library.id} ({shown(library.name)})"


def name_for(folder: bytes) -> str:
    """A library's name after its folder."""
    return tidy_name(os.path.basename(folder)) or "Library"


def tidy_name(text: bytes) -> str:
    """A name that every database and page can show."""
    kept = (char if char.isprintable() else " " for char in text.decode("utf-8", "replace"))
    return " ".join("".join(kept).split())[:NAME_LIMIT].strip()


def _refuse_above(folder: bytes, libraries: Sequence[Library]) -> None:
    for library in libraries:
        for root in library.roots:
            if is_inside(root.path, folder):
                raise Refused(
                    f"{shown(folder)} is above {shown(root.path)}, a root of {named(library)}: "
                    f"scan that with `shelfread library scan {library.id}`, or add other folders to it with "
                    f"`shelfread library set {library.id} --add-root`"
                )


def _one_library(known: dict[bytes, list[tuple[Library, Scope]]]) -> tuple[Library, tuple[Scope, ...]]:
    common: dict[int, Library] = {}
    for number, places in enumerate(known.values()):
        here = {library.id: library for library, _ in places}
        common = here if not number else {key: common[key] for key in common if key in here}
    if not common:
        names = " and ".join(dict.fromkeys(named(places[0][0]) for places in known.values()))
        raise Refused(f"the folders belong to {names}: scan them one at a time")
    if len(common) > 1:
        names = " and ".join(named(library) for library in common.values())
        raise Refused(f"{shown(next(iter(known)))} is in {names}: use `shelfread library scan ID`")
    (library,) = common.values()
    scopes = [scope for places in known.values() for owner, scope in places if owner.id == library.id]
    kept: list[Scope] = []
    for scope in sorted(set(scopes), key=lambda scope: (scope.root_id, len(scope.relative))):
        if not any(scope.overlaps(other) for other in kept):
            kept.append(scope)
    return library, tuple(kept)


def _refuse_missing(library: Library, scopes: Sequence[Scope]) -> None:
    """A part of a root must be there; a root itself may be away: that is the scan's to judge."""
    roots: dict[int, Root] = {root.id: root for root in library.roots}
    for scope in scopes:
        path = os.path.join(roots[scope.root_id].path, scope.relative)
        if scope.relative and not os.path.isdir(path):
            refuse_unlistable(path)


async def _make(app: App, folders: Sequence[bytes], kind: str, taken: set[str]) -> Library | None:
    base = name_for(folders[0])
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base} ({number})"
    try:
        return await app.libraries.add(name, kind, folders)
    except NameTaken:
        return None
