"""What a request to the analyzer means: paths become jobs (PROMISES A13-A20, decision 10).

A path inside a root of a music library is a scan of that part. One that no library knows becomes a root of
the library "Music", and takes in those of its roots that lie below. Knows how to find and to ask; `queue`
decides what joins which job.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from shelfread.app.confine import PathRefused, checked, refuse_outside
from shelfread.app.places import is_inside, outermost, places_of
from shelfread.app.shelving import Overlap
from shelfread.model.job import Enqueued, JobRequest, JobType, Scope, united
from shelfread.model.library import Library, Root, RootState
from shelfread.settings import Settings
from shelfread.store.absorbing import Inner, RootsInUse, absorb
from shelfread.store.clock import text_of
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository, NameTaken, RootsChanged

#: The library that takes in what none has, and its kind.
NAME, KIND = "Music", "music"


class NothingToScan(Exception):
    """No path is in the request, and none is set as the default (PROMISES A16)."""


class NewRootsRefused(Exception):
    """A path would become a root, and whoever asks may not add any."""


class RootsBusy(Exception):
    """A path is above roots that cannot be taken in now; the text says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One path as what it is in the catalogue."""

    library_id: int
    scope: Scope


def wanted(paths: Sequence[bytes] | None, default: Sequence[bytes]) -> list[bytes]:
    """The paths that a request is about: its own, else the default list (PROMISES A16, A17).

    An empty list means that the request names none. What lies inside another path is left out.

    Raises:
        NothingToScan: there is none.
        PathRefused: one is not absolute.
    """
    chosen = list(paths or default)
    if not chosen:
        raise NothingToScan("no path to scan: name one in the request, or set SHELFREAD_ANALYZER_PATHS")
    return outermost(checked(path) for path in chosen)


async def parts_of(
    libraries: LibraryRepository,
    database: Database,
    settings: Settings,
    paths: Sequence[bytes],
    *,
    may_add: bool = True,
) -> list[Part]:
    """What the paths are in the catalogue. Those that no library knows become roots, all of them or none.

    Raises:
        PathRefused: a path may not be scanned, or a new one is no folder that can be listed.
        NewRootsRefused: one would become a root, and `may_add` is false.
        RootsBusy: one is above roots that cannot be taken in now.
        Overlap: one is above roots of a music library that is not "Music".
    """
    while True:
        there = await libraries.all()
        known = [library for library in there if library.kind == KIND]
        for path in paths:
            await asyncio.to_thread(refuse_outside, path, settings)
        places = {path: await asyncio.to_thread(places_of, path, known) for path in paths}
        fresh = [path for path in paths if not places[path]]
        if not fresh:
            return [Part(library.id, scope) for path in paths for library, scope in places[path]]
        if not may_add:
            raise NewRootsRefused(f"{text_of(fresh[0])} is in no library: an administrator may add it")
        inner = {path: await asyncio.to_thread(_inner_of, path, known) for path in fresh}
        # Another request may take in the same paths, or some inside one another: then this one looks again.
        with contextlib.suppress(NameTaken, RootsChanged):
            await _take_in(libraries, database, there, inner)


async def are_there(libraries: LibraryRepository, parts: Sequence[Part]) -> bool:
    """Whether the roots of some parts are still roots: another may have taken them in meanwhile."""
    roots = {root.id for library in await libraries.all() for root in library.roots}
    return all(part.scope.root_id in roots for part in parts)


def requests_for(
    parts: Sequence[Part], *, split: bool, rescan: bool, timeout_s: int, request_id: str
) -> list[JobRequest]:
    """The jobs of one request: one for all paths (A14), or siblings, one for each (A15).

    A job belongs to one library, so paths of two libraries are two jobs in any case.
    """
    job_type = JobType.RESCAN if rescan else JobType.SCAN
    groups: list[tuple[int, tuple[Scope, ...]]]
    if split:
        groups = [(part.library_id, (part.scope,)) for part in parts]
    else:
        ids = dict.fromkeys(part.library_id for part in parts)
        groups = [(one, united(tuple(part.scope for part in parts if part.library_id == one))) for one in ids]
    return [
        JobRequest(job_type, library_id, scopes, request_id=request_id, timeout_s=timeout_s)
        for library_id, scopes in groups
    ]


def told(enqueued: Sequence[Enqueued]) -> dict[str, object]:
    """The answer to a request, as the API gives it (PROMISES decision 10)."""
    ids = list(dict.fromkeys(one.job.id for one in enqueued))
    answer: dict[str, object] = {
        "job_ids": ids,
        "queued": True,
        "coalesced": any(one.coalesced for one in enqueued),
    }
    if len(ids) == 1:
        answer["job_id"] = ids[0]
    return answer


def _inner_of(path: bytes, libraries: Sequence[Library]) -> list[Inner]:
    """The roots below a new one, after a look whether it can be one. Blocking."""
    try:
        with os.scandir(path):
            pass
    except OSError as error:
        raise PathRefused(f"{text_of(path)} is no folder to scan: {error.strerror}") from None
    found: list[Inner] = []
    real = os.path.realpath(path)
    for library in libraries:
        for root in library.roots:
            spot = os.path.realpath(root.path)
            if not is_inside(root.path, path) and not is_inside(spot, real):
                continue
            if library.name != NAME:
                raise Overlap(
                    f"{text_of(path)} is above {text_of(root.path)}, a root of the library "
                    f"{library.name!r}: scan that library, or paths inside its roots",
                    library,
                )
            found.append(_inner(path, real, root, spot))
    return found


def _inner(path: bytes, real: bytes, root: Root, spot: bytes) -> Inner:
    below = spot[len(real.rstrip(b"/")) + 1 :]
    if not is_inside(spot, real) or (is_inside(root.path, path) and not root.path.endswith(b"/" + below)):
        raise RootsBusy(
            f"{text_of(root.path)} is reached over a link and cannot become a part of {text_of(path)}"
        )
    try:
        # A disk that is away would look like a folder that was emptied.
        with os.scandir(root.path):
            away = root.state is RootState.UNAVAILABLE
    except OSError:
        away = True
    if away:
        raise RootsBusy(f"{text_of(root.path)} is away now, and could not become a part of {text_of(path)}")
    parts = below.split(b"/")
    inside = [b"/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return Inner(root.id, below, frozenset(one for one in inside if os.path.ismount(os.path.join(real, one))))


async def _take_in(
    libraries: LibraryRepository,
    database: Database,
    there: Sequence[Library],
    fresh: dict[bytes, list[Inner]],
) -> None:
    seen = [root.id for library in there for root in library.roots]
    music = next((library for library in there if library.name == NAME), None)
    paths = list(fresh)
    if music is None:
        await libraries.add(NAME, KIND, paths, seen=seen)
    elif music.kind != KIND:
        raise PathRefused(
            f"a library named {NAME!r} is there and holds no music: add {text_of(paths[0])} to a "
            "music library first"
        )
    elif above := next((path for path in paths if fresh[path]), None):
        # One at a time; the others are looked at anew.
        try:
            await absorb(database, music.id, above, fresh[above], seen)
        except RootsInUse as error:
            raise RootsBusy(str(error)) from None
    else:
        await libraries.change(music.id, add_roots=paths, seen=seen)


__all__ = [
    "NewRootsRefused",
    "NothingToScan",
    "Part",
    "PathRefused",
    "RootsBusy",
    "are_there",
    "parts_of",
    "requests_for",
    "told",
    "wanted",
]
