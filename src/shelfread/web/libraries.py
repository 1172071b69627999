"""Everything about one library, and what can be done with it by a button.

Stands on `library_state`. What changes a library itself is in `library_edit`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import form_of, own_address
from shelfread.web.frame import sentence_of
from shelfread.web.library_state import state_of, under_way
from shelfread.web.library_words import WATCHING, outcome
from shelfread.web.rendering import asked_for, go_to, page
from shelfread.web.sharing import SharedRoute

#: Jobs that the page of a library shows.
_JOBS = 8


def library_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False, route_class=SharedRoute)
    read, scan, admin = [needs("read")], [needs("scan")], [needs("admin")]

    @routes.get("/libraries/{library_id}", dependencies=read)
    async def library(request: Request, library_id: str) -> Response:
        """One library."""
        return await _library(request, library_id)

    async def have(request: Request, library_id: str, what: str, done: str) -> Response:
        form = await form_of(request)
        address = f"/libraries/{part(library_id)}"
        await tell(request, "POST", f"{address}/{what}")
        return go_to(own_address(form.text("next"), address), done)

    @routes.post("/libraries/{library_id}/scan", dependencies=scan)
    async def scan_library(request: Request, library_id: str) -> Response:
        """Have a library scanned."""
        return await have(request, library_id, "scan", "scan")

    @routes.post("/libraries/{library_id}/rescan", dependencies=scan)
    async def rescan_library(request: Request, library_id: str) -> Response:
        """Have every file of a library read again."""
        return await have(request, library_id, "rescan", "rescan")

    @routes.post("/libraries/{library_id}/covers", dependencies=scan)
    async def make_covers(request: Request, library_id: str) -> Response:
        """Have the missing covers made."""
        return await have(request, library_id, "covers", "covers")

    @routes.post("/libraries/{library_id}/convert", dependencies=scan)
    async def convert_library(request: Request, library_id: str) -> Response:
        """Have books in other archives become cbz."""
        return await have(request, library_id, "convert", "convert")

    @routes.post("/libraries/{library_id}/schedule/run", dependencies=scan)
    async def run_schedule(request: Request, library_id: str) -> Response:
        """Do now what the schedule does."""
        return await have(request, library_id, "schedule/run", "scan")

    @routes.post("/libraries/{library_id}/schedule/pause", dependencies=admin)
    async def pause_schedule(request: Request, library_id: str) -> Response:
        """Let the schedule rest."""
        return await have(request, library_id, "schedule/pause", "paused")

    @routes.post("/libraries/{library_id}/schedule/resume", dependencies=admin)
    async def resume_schedule(request: Request, library_id: str) -> Response:
        """Let the schedule go on."""
        return await have(request, library_id, "schedule/resume", "resumed")

    @routes.post("/libraries/{library_id}/scan-folder", dependencies=admin)
    async def scan_folder(request: Request, library_id: str) -> Response:
        """Have one folder of a library scanned."""
        form = await form_of(request)
        folder = form.text("folder")
        address = f"/libraries/{part(library_id)}"
        try:
            await tell(request, "POST", f"{address}/scan", {"paths": [folder]})
        except ApiProblem as problem:
            if problem.status != 422:
                raise
            return await _library(request, library_id, folder, problem)
        return go_to(address, "scan")

    return routes


async def _library(
    request: Request, library_id: str, folder: str = "", problem: ApiProblem | None = None
) -> Response:
    address = f"/libraries/{part(library_id)}"
    wanted = asked_for(request)
    given: dict[str, Any] = {"folder": folder, "WATCHING": WATCHING}
    if wanted is None or "library" in wanted:
        found = await ask(request, address)
        jobs = (await under_way(request, found["id"])).get(found["id"], [])
        given["library"] = await state_of(request, found, jobs)
        recent = await ask(request, "/jobs", {"library_id": found["id"], "limit": _JOBS})
        given["recent"] = [job | {"outcome": outcome(job)} for job in recent["items"]]
        given["problems"] = (await ask(request, "/problems/counts", {"library_id": found["id"]}))["total"]
        given["held"] = bool((await ask(request, f"{address}/held", {"limit": 1}))["items"])
        alike = await ask(request, "/likenesses", {"library_id": found["id"], "limit": 1})
        given["alike"] = bool(alike["items"])
    return await page(
        request,
        "library.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else sentence_of(problem),
        **given,
    )
