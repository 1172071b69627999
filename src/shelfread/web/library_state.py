"""How libraries are at the moment, for their cards and pages: what is under way, what was last, what waits.

Asks the API, as its visitor. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from shelfread.web.asking import ask, jobs_under_way, part
from shelfread.web.library_words import away, contents, outcome

#: Scans that are looked through for the last that has ended: behind one that waits and one that runs.
_SCANS = 3


async def under_way(
    request: Request, library_id: int | None = None
) -> dict[int | None, list[dict[str, Any]]]:
    """The jobs that run and wait, by library.

    Args:
        request: the visitor's.
        library_id: only those of this one.
    """
    found: dict[int | None, list[dict[str, Any]]] = {}
    for job in await jobs_under_way(request, library_id):
        found.setdefault(job["library_id"], []).append(job)
    return found


async def state_of(
    request: Request, library: Mapping[str, Any], jobs: list[dict[str, Any]]
) -> dict[str, Any]:
    """A library with what people read of it.

    Args:
        request: the visitor's.
        library: as the API gives it.
        jobs: those of it that are under way.
    """
    history = await ask(request, f"/libraries/{part(library['id'])}/scan-history", {"limit": _SCANS})
    last = next((job for job in history["history"] if job["completed_at"] and not _goes_on(job)), None)
    roots = [{"path": None} | root | {"away": away(root)} for root in library["roots"]]
    return {
        **library,
        "roots": roots,
        "contents": contents(library),
        # What runs stands above what waits.
        "jobs": sorted(jobs, key=lambda job: job["status"] != "running"),
        "last": None if last is None else last | {"outcome": outcome(last)},
        "state": _state(roots, last),
    }


def _goes_on(job: Mapping[str, Any]) -> bool:
    return job["status"] in ("running", "queued")


def _state(roots: list[dict[str, Any]], last: Mapping[str, Any] | None) -> tuple[str, str]:
    """A class of `.state`, and a word or two."""
    gone = sum(root["away"] is not None for root in roots)
    if gone:
        return "bad", "unavailable" if gone == len(roots) else "partly unavailable"
    if last is None:
        return "", "never scanned"
    return ("warn", "last scan failed") if last["status"] == "failed" else ("good", "idle")
