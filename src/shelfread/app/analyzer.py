"""What a request to the analyzer means: paths become jobs (PROMISES A13-A20, decision 10).

A path inside a root of a music library is a scan of that part. One that no library knows becomes a root of
the library "Music". Knows how to find and to ask; `queue` decides what joins which job.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from shelfread.app.places import is_inside, outermost, places_of
from shelfread.model.job import Enqueued, JobRequest, JobType, Scope, united
from shelfread.model.library import Library
from shelfread.store.clock import text_of
from shelfread.store.libraries import LibraryRepository, NameTaken, RootsChanged

#: The library that takes in what none has, and its kind.
NAME, KIND = "Music", "music"


class NothingToScan(Exception):
    """No path is in the request, and none is set as the default (PROMISES A16)."""


class PathRefused(Exception):
    """A path that cannot be scanned; the text says why."""


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
    for path in chosen:
        if not path.startswith(b"/") or b"\0" in path:
            raise PathRefused(f"{text_of(path)!r} is no absolute path")
    return outermost(os.path.normpath(path) for path in chosen)


async def parts_of(libraries: LibraryRepository, paths: Sequence[bytes]) -> list[Part]:
    """What the paths are in the catalogue. Those that no library knows become roots, all of them or none.

    Raises:
        PathRefused: a new path is no folder that can be listed, or lies above a root.
    """
    while True:
        there = await libraries.all()
        known = [library for library in there if library.kind == KIND]
        places = {path: await asyncio.to_thread(places_of, path, known) for path in paths}
        fresh = [path for path in paths if not places[path]]
        if not fresh:
            return [Part(library.id, scope) for path in paths for library, scope in places[path]]
        for path in fresh:
            await asyncio.to_thread(_refuse_unfit, path, known)
        # Another request may take in the same paths, or some inside one another: then this one looks again.
        with contextlib.suppress(NameTaken, RootsChanged):
            await _take_in(libraries, there, fresh)


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


def _refuse_unfit(path: bytes, libraries: Sequence[Library]) -> None:
    for library in libraries:
        for root in library.roots:
            if is_inside(root.path, path):
                raise PathRefused(
                    f"{text_of(path)} is above {text_of(root.path)}, a root of the library "
                    f"{library.name!r}: scan that library, or paths inside its roots"
                )
    try:
        with os.scandir(path):
            return
    except OSError as error:
        raise PathRefused(f"{text_of(path)} is no folder to scan: {error.strerror}") from None


async def _take_in(libraries: LibraryRepository, there: Sequence[Library], fresh: Sequence[bytes]) -> None:
    seen = [root.id for library in there for root in library.roots]
    music = next((library for library in there if library.name == NAME), None)
    if music is None:
        await libraries.add(NAME, KIND, fresh, seen=seen)
    elif music.kind == KIND:
        await libraries.change(music.id, add_roots=fresh, seen=seen)
    else:
        raise PathRefused(
            f"a library named {NAME!r} is there and holds no music: add {text_of(fresh[0])} to a "
            "music library first"
        )
