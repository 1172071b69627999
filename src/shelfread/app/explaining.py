"""Why a path is in the catalogue or is not: in which libraries it lies, and which rule of each decides.

Offers `scan.explain` to whoever asks about a path of the disk. Changes nothing, reads no media and no table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shelfread.app.places import is_inside
from shelfread.kinds import KINDS
from shelfread.model.library import Library, LibraryOptions, Root
from shelfread.scan.explain import Explainer
from shelfread.scan.folder import library_rules
from shelfread.scan.gone import is_gone
from shelfread.scan.ignore import IGNORE_FILES
from shelfread.scan.verdict import Step, Verdict, Why


class Explained(NamedTuple):
    """What a scan makes of one path."""

    #: None when it lies in no library.
    library: Library | None
    kind: str
    #: The folder that a scan begins with, as it is named; paths of the verdict are relative to it.
    root: bytes
    #: The path below it, as a scan would come to it.
    relative: bytes
    verdict: Verdict


class Explanations:
    """Explains any number of paths. Blocking."""

    def __init__(self, libraries: Sequence[Library]) -> None:
        self._libraries = libraries
        self._explainers: dict[tuple[int | str, bytes], Explainer] = {}

    def of(self, path: bytes, kind: str) -> list[Explained]:
        """One explanation for each library that a path lies in; or one as if its top were a library.

        Args:
            path: absolute, as `app.absolute` gives it.
            kind: what it is taken for when it lies in no library.
        """
        found = [
            self._explained(library, library.kind, library.options, root.path, relative)
            for library, root, relative in self._places(path)
        ]
        if found:
            return found
        top = top_of(path)
        return [self._explained(None, kind, LibraryOptions(), top, _below(path, top))]

    def _places(self, path: bytes) -> Iterator[tuple[Library, Root, bytes]]:
        """Libraries with the root that has a path, and the path below it."""
        folder, name = os.path.split(path)
        # A folder has several names where links are; the one that was typed counts first.
        real = os.path.join(os.path.realpath(folder), name)
        for library in self._libraries:
            for root in library.roots:
                for spelling, top in ((path, root.path), (real, os.path.realpath(root.path))):
                    if is_inside(spelling, top):
                        yield library, root, _below(spelling, top)
                        break

    def _explained(
        self, library: Library | None, kind: str, options: LibraryOptions, root: bytes, relative: bytes
    ) -> Explained:
        key = (library.id if library else kind, root)
        if key not in self._explainers:
            self._explainers[key] = Explainer(root, library_rules(KINDS[kind].kind, options))
        if is_gone(os.path.join(root, relative)):
            verdict = Verdict(None, Step(relative, Why.NOT_THERE))
        else:
            verdict = self._explainers[key].why(relative)
        return Explained(library, kind, root, relative, verdict)


def _below(path: bytes, top: bytes) -> bytes:
    return path[len(top.rstrip(b"/")) + 1 :]


def top_of(path: bytes) -> bytes:
    """Where a scan of a path outside of all libraries would begin to heed its rules.

    The topmost folder above it that holds an ignore file; the folder that it lies in, when none does.
    """
    above = os.path.dirname(path)
    top = folder = above
    while True:
        if any(os.path.lexists(os.path.join(folder, name)) for name in IGNORE_FILES):
            top = folder
        if folder == os.path.dirname(folder):
            return top
        folder = os.path.dirname(folder)
