"""Where a folder lies among the libraries: the part of which root of which library it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from shelfread.model.job import Scope
from shelfread.model.library import Library


def whole(library: Library) -> tuple[Scope, ...]:
    """All of a library."""
    return tuple(Scope(root.id, b"") for root in library.roots)


def is_inside(path: bytes, root: bytes) -> bool:
    """Whether a path is a root or below it."""
    return path == root or path.startswith(root.rstrip(b"/") + b"/")


def outermost(folders: Iterable[bytes]) -> list[bytes]:
    """Folders without those that are inside another of them."""
    kept: list[bytes] = []
    for folder in sorted(set(folders), key=len):
        if not any(is_inside(folder, other) for other in kept):
            kept.append(folder)
    return sorted(kept)


def places_of(folder: bytes, libraries: Sequence[Library]) -> list[tuple[Library, Scope]]:
    """The libraries that have a folder, with the part of the deepest root that it is."""
    # A folder has several names where links are; the one that was typed counts first.
    for path in dict.fromkeys((folder, os.path.realpath(folder))):
        places: list[tuple[Library, Scope]] = []
        deepest = 0
        for library in libraries:
            for root in library.roots:
                spot = root.path if path == folder else os.path.realpath(root.path)
                if not is_inside(path, spot) or len(spot) < deepest:
                    continue
                if len(spot) > deepest:
                    places, deepest = [], len(spot)
                places.append((library, Scope(root.id, path[len(spot.rstrip(b"/")) + 1 :])))
        if places:
            return places
    return []
