"""Asking for scans over HTTP, and what became of them (PROMISES A13-A20, D1, D2, decision 10).

Every request that is taken answers 202 with the job that will do it. Stands on `app`; knows no queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body

from shelfread.api.ids import NumberText, shown
from shelfread.api.jobs import Reader, Scanner, refuse_outside_for, told
from shelfread.api.libraries import library_of, paths_of
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import (
    Accepted,
    AnalyzerAccepted,
    AnalyzerRequest,
    PathBytes,
    ScanHistory,
    ScanRequest,
    ScanStatus,
)
from shelfread.app import App
from shelfread.app import analyzer as analyzing
from shelfread.app.analyzer import NewRootsRefused, NothingToScan, RootsBusy
from shelfread.app.confine import PathRefused
from shelfread.app.converting import NothingToConvert, request_conversion
from shelfread.app.places import outermost, places_of, whole
from shelfread.app.shelving import Overlap
from shelfread.model.account import Principal, Right
from shelfread.model.job import SCANS, Scope, UnknownLibrary
from shelfread.model.job_json import path_json, without_paths
from shelfread.model.library import Library

#: Rows of a history: as many where nothing is said, and at most (PROMISES D2).
USUAL, MOST = 20, 100


def scan_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose libraries are scanned.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["scans"])

    async def queued(
        who: Principal, library_id: str, rescan: bool, wanted: ScanRequest | None = None
    ) -> dict[str, Any]:
        library = await library_of(app, library_id)
        if not library.roots:
            raise ApiProblem(409, "conflict", f"the library {library.name!r} has no folder to scan")
        scopes = whole(library) if wanted is None else await _parts(library, wanted.paths)
        await refuse_outside_for(who, app, library, scopes)
        try:
            enqueued = await app.request_scan(library, scopes, rescan=rescan)
        except UnknownLibrary:
            raise not_found(f"library {shown(library_id)}") from None
        part = "a part of " if wanted is not None else ""
        what = f"a {'rescan' if rescan else 'scan'} of {part}{library.name!r}"
        message = f"{what} was queued already" if enqueued.coalesced else f"{what} is queued"
        return {
            "job_id": enqueued.job.id,
            "status": "queued",
            "message": message,
            "coalesced": enqueued.coalesced,
        }

    @routes.post(
        "/libraries/{library_id}/scan",
        status_code=202,
        response_model=Accepted,
        operation_id="scan_library",
    )
    async def scan(
        who: Scanner, library_id: NumberText, wanted: Annotated[ScanRequest | None, Body()] = None
    ) -> dict[str, Any]:
        """Have a library scanned, or some folders of it."""
        return await queued(who, library_id, rescan=False, wanted=wanted)

    @routes.post(
        "/libraries/{library_id}/rescan",
        status_code=202,
        response_model=Accepted,
        operation_id="rescan_library",
    )
    async def rescan(who: Scanner, library_id: NumberText) -> dict[str, Any]:
        """Have every file of a library read again."""
        return await queued(who, library_id, rescan=True)

    @routes.post(
        "/libraries/{library_id}/convert",
        status_code=202,
        response_model=Accepted,
        operation_id="convert_library",
    )
    async def convert(who: Scanner, library_id: NumberText) -> dict[str, Any]:
        """Have the books of a library that are in other archives become cbz."""
        library = await library_of(app, library_id)
        await refuse_outside_for(who, app, library, whole(library))
        try:
            enqueued = await request_conversion(app, library)
        except NothingToConvert as error:
            raise ApiProblem(409, "conflict", str(error)) from None
        except UnknownLibrary:
            raise not_found(f"library {shown(library_id)}") from None
        queued_is = "was queued already" if enqueued.coalesced else "is queued"
        return {
            "job_id": enqueued.job.id,
            "status": "queued",
            "message": f"a conversion of {library.name!r} {queued_is}",
            "coalesced": enqueued.coalesced,
        }

    @routes.get(
        "/libraries/{library_id}/scan-status", response_model=ScanStatus, operation_id="get_scan_status"
    )
    async def scan_status(who: Reader, library_id: NumberText) -> dict[str, Any]:
        """The newest scan of a library; null when there is none."""
        history = await listed(who, library_id, 1)
        return {"scan_status": history[0] if history else None}

    @routes.get(
        "/libraries/{library_id}/scan-history", response_model=ScanHistory, operation_id="get_scan_history"
    )
    async def scan_history(who: Reader, library_id: NumberText, limit: int = USUAL) -> dict[str, Any]:
        """The scans of a library, newest first."""
        return {"history": await listed(who, library_id, max(1, min(limit, MOST)))}

    async def listed(who: Principal, library_id: str, limit: int) -> list[dict[str, Any]]:
        library = await library_of(app, library_id)
        jobs = await app.jobs.listed(library_id=library.id, types=SCANS, limit=limit)
        workers = await app.jobs.workers_of({job.worker_id for job in jobs if job.worker_id is not None})
        return [told(job, who, workers) for job in jobs]

    @routes.post(
        "/analyzer/library/scan",
        status_code=202,
        response_model=AnalyzerAccepted,
        response_model_exclude_unset=True,
        operation_id="analyze",
    )
    async def analyze(
        who: Scanner, wanted: Annotated[AnalyzerRequest | None, Body()] = None
    ) -> dict[str, Any]:
        """Have music below paths scanned: known ones as parts, new ones as roots of the library "Music"."""
        asked = wanted or AnalyzerRequest()
        # Without paths it is about the default list, whose folders were not named by whoever asks.
        words = str if asked.paths or who.may(Right.ADMIN) else _without_paths
        try:
            enqueued = await app.analyze(
                paths_of(asked.paths or ()),
                split_paths=asked.split_paths,
                force=asked.force,
                may_add=who.may(Right.ADMIN),
            )
        except NothingToScan as error:
            raise ApiProblem(400, "nothing-to-scan", str(error)) from None
        except NewRootsRefused as error:
            raise ApiProblem(403, "forbidden", words(error), needed="admin") from None
        except Overlap as error:
            name = error.library.name if error.library else None
            raise ApiProblem(409, "conflict", words(error), library=name) from None
        except (RootsBusy, UnknownLibrary) as error:
            raise ApiProblem(409, "conflict", words(error)) from None
        except PathRefused as error:
            raise ApiProblem(422, "path-refused", words(error)) from None
        return analyzing.told(enqueued)

    return routes


async def _parts(library: Library, said: Sequence[str | PathBytes]) -> list[Scope]:
    """The parts of a library that some folders are.

    Raises:
        ApiProblem: one is no path, or lies in another place.
    """
    try:
        paths = outermost(paths_of(said))
    except PathRefused as error:
        raise ApiProblem(422, "path-refused", str(error)) from None
    found: list[Scope] = []
    for path in paths:
        places = await asyncio.to_thread(places_of, path, [library])
        if not places:
            text = path_json(path)["path"]
            raise ApiProblem(422, "path-refused", f"{text} is in no folder of the library {library.name!r}")
        found += [scope for _, scope in places]
    return found


def _without_paths(error: Exception) -> str:
    return without_paths(str(error))
