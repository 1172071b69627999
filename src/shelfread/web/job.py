"""One job: its timeline, how far each phase is, what it changed and said, and how earlier ones went.

While it runs, its numbers come to the page from the event stream; the parts that only the server can draw are
asked for when something happens. `job_words` says what happened.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import not_found
from shelfread.web.asking import ask, may_ask, names_of_libraries, part
from shelfread.web.job_words import curve_of, entries_of, phases_of, waits_for
from shelfread.web.rendering import asked_for, page
from shelfread.web.sharing import SharedRoute
from shelfread.web.words import plain

_SCANS = ("scan", "rescan")
#: Rows of each list on the page of a job.
_LINES, _PROBLEMS, _CHANGES, _SIBLINGS = 100, 20, 50, 10
CHANGES = {
    "added": "Added",
    "updated": "Updated",
    "moved": "Moved",
    "restored": "Back again",
    "missing": "Missing",
}
LEVELS = {"info": "Everything", "warning": "Warnings and errors", "error": "Errors"}


def job_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False, route_class=SharedRoute)

    @routes.get("/jobs/{job_id}")
    async def job_page(job_id: str, request: Request) -> Response:
        """The page of a job."""
        return await _job(request, f"/jobs/{part(job_id)}")

    @routes.get("/jobs/{job_id}/log.txt")
    async def job_log(job_id: str, request: Request) -> Response:
        """Its whole log as a file."""
        address = f"/jobs/{part(job_id)}"
        job = await _job_of(request, address)
        lines: list[str] = []
        after: int | None = 0
        while after is not None:
            found = await ask(request, f"{address}/logs", {"limit": 500, "after": after})
            lines += [
                # One line for each, whatever it says: a line break in a name must not make up another.
                f"{one['at']} {one['level']:<7} {plain(one['message'])}"
                + (f"  {plain(one['path'])}" if one.get("path") else "")
                for one in found["items"]
            ]
            after = found["next"]
        headers = {"Content-Disposition": f'attachment; filename="job-{job["id"][:8]}.txt"'}
        return Response("\n".join(lines) + "\n", headers=headers, media_type="text/plain; charset=utf-8")

    return routes


async def _job_of(request: Request, address: str) -> dict[str, Any]:
    job: dict[str, Any] = await ask(request, address)
    if "id" not in job:
        # The API has something else there: "counts" is no job.
        raise not_found("job of this name")
    return job


async def _job(request: Request, address: str) -> Response:
    wanted = asked_for(request)

    def needed(*names: str) -> bool:
        return wanted is None or any(name in wanted for name in names)

    job = await _job_of(request, address)
    is_scan = job["type"] in _SCANS
    given: dict[str, Any] = {"job": job, "is_scan": is_scan, "address": address}
    names = await names_of_libraries(request) if needed("head") else {}
    of = job["library_id"]
    given["library"] = {"id": of, "name": names[of]} if of in names else None
    if needed("timeline", "head"):
        trail = await ask(request, f"{address}/trail")
        given["entries"] = entries_of(trail["items"])
        given["entries_left_out"] = trail["more"]
        given["waits"] = waits_for(job, trail["items"])
    given["phases"] = phases_of(job)
    if needed("pace"):
        batches = await ask(request, f"{address}/trail", {"batches": "true"}) if is_scan else {"items": []}
        given["curve"] = curve_of(batches["items"])
    if needed("log"):
        level = request.query_params.get("level", "info")
        level = level if level in LEVELS else "info"
        query = {"order": "desc", "limit": _LINES, "level": level}
        given |= {"level": level, "lines": await ask(request, f"{address}/logs", query)}
        given["levels"] = [(name, word, _link(request, level=name)) for name, word in LEVELS.items()]
    if needed("problems"):
        given["problems"] = await ask(request, f"{address}/problems", {"limit": _PROBLEMS})
    if needed("changes"):
        given |= await _changes(request, address, job)
    if wanted is None:
        given["folders"] = await ask(request, f"{address}/folders")
        given["siblings"] = (await ask(request, f"{address}/siblings", {"limit": _SIBLINGS}))["items"]
    if needed("others"):
        given["others"] = await _others(request, job)
    return await page(request, "job.html", **given)


async def _changes(request: Request, address: str, job: dict[str, Any]) -> dict[str, Any]:
    """What a scan changed, one kind of change at a time."""
    counts = {name: job["items_removed" if name == "missing" else f"items_{name}"] or 0 for name in CHANGES}
    asked = request.query_params.get("change", "")
    change = asked if asked in CHANGES else next((name for name, count in counts.items() if count), "")
    if not change or job["type"] not in _SCANS:
        return {"change": "", "changes": None, "tabs": [], "more_changes": None}
    query = {"change": change, "limit": _CHANGES, "after": request.query_params.get("after") or None}
    found = await may_ask(request, f"{address}/changes", query)
    tabs = [
        (name, CHANGES[name], count, _link(request, change=name, after=None))
        for name, count in counts.items()
    ]
    following = found["next"] if found else None
    more = _link(request, change=change, after=following) if following else None
    return {"change": change, "changes": found, "tabs": tabs, "more_changes": more}


def _link(request: Request, **chosen: str | None) -> str:
    """This page with something chosen anew, and all else as it is."""
    kept = {name: request.query_params.get(name) for name in ("level", "change", "after")} | chosen
    return f"?{urlencode({name: value for name, value in kept.items() if value})}"


async def _others(request: Request, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs of the same request: one for each of its paths."""
    if not job["request_id"]:
        return []
    found = await ask(request, "/jobs", {"request_id": job["request_id"], "limit": 100})
    return [one for one in found["items"] if one["id"] != job["id"]]
