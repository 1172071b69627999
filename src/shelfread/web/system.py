"""The server itself: who works off the queue; for administrators schedules, storage, versions, settings.

Workers and queue are asked for again when a job changes; the rest stands as it was when the page was opened.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs, principal_of
from shelfread.api.problems import ApiProblem, not_found
from shelfread.model.account import Right
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import form_of
from shelfread.web.frame import sentence_of
from shelfread.web.rendering import asked_for, go_to, page
from shelfread.web.setting_words import setting_told
from shelfread.web.sharing import SharedRoute

#: What can be done with a schedule, and how the page says that it was.
_ACTS = {"run": "scan", "pause": "paused", "resume": "resumed"}
#: Jobs under way that are looked through; of more than these the oldest is not known.
_MOST_JOBS = 200
#: Below this part of its disk that is free, the data folder has too little room.
_LITTLE = 0.05
_TIMEOUT = "analyzer_scan_job_timeout"
#: How refusals of it begin.
_FIELDS = (f"{_TIMEOUT}: ", "timeout: ")


def system_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False, route_class=SharedRoute)

    @routes.get("/system")
    async def system_page(request: Request) -> Response:
        """The page."""
        return await _system(request)

    @routes.post("/system", dependencies=[needs("admin")])
    async def change_settings(request: Request) -> Response:
        """Store what can be set here; an empty field takes it away."""
        form = await form_of(request)
        typed = form.text("timeout")
        try:
            await tell(request, "PUT", "/config", {_TIMEOUT: form.number("timeout")})
        except ApiProblem as problem:
            return await _system(request, typed, problem)
        return go_to("/system", "saved")

    @routes.post("/system/schedules/{library_id}/{act}", dependencies=[needs("admin")])
    async def schedule_act(library_id: str, act: str, request: Request) -> Response:
        """Have a schedule run now, rest, or go on."""
        await form_of(request)
        if act not in _ACTS:
            raise not_found("page of this name")
        await tell(request, "POST", f"/libraries/{part(library_id)}/schedule/{act}")
        return go_to("/system", _ACTS[act])

    return routes


async def _system(request: Request, typed: str | None = None, problem: ApiProblem | None = None) -> Response:
    wanted = asked_for(request)
    who = principal_of(request.scope)
    given: dict[str, Any] = {}
    if wanted is None or "work" in wanted:
        given |= await _work(request)
    if who is not None and who.may(Right.ADMIN):
        if wanted is None or "schedules" in wanted:
            libraries = (await ask(request, "/libraries", {"counts": "false"}))["items"]
            given["schedules"] = [one for one in libraries if one["schedule"]]
        if wanted is None:
            given |= _standing(await ask(request, "/system"), typed)
    return await page(
        request,
        "system.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else _sentence(problem),
        **given,
    )


def _sentence(problem: ApiProblem) -> str:
    """What is wrong with what was typed, without the names of fields."""
    text = sentence_of(problem)
    found = next((text[len(name) :] for name in _FIELDS if text.lower().startswith(name)), text)
    return found[:1].upper() + found[1:]


def is_little(free: int | None, total: int | None) -> bool:
    """Whether so much of a disk is too little; not where it does not say."""
    return free is not None and bool(total) and free < (total or 0) * _LITTLE


async def _work(request: Request) -> dict[str, Any]:
    """The processes that run jobs, and what there is for them to do."""
    counts = await ask(request, "/jobs/counts")
    query = {"status": ["queued", "running"], "limit": _MOST_JOBS}
    jobs = await ask(request, "/jobs", query)
    libraries = (await ask(request, "/libraries", {"counts": "false"}))["items"] if jobs["items"] else []
    queued = [one["queued_at"] for one in jobs["items"] if one["status"] == "queued"]
    return {
        "workers": (await ask(request, "/workers"))["items"],
        "queue": {"waiting": counts["queued"], "running": counts["running"]},
        "oldest": min(queued) if queued and not jobs["next"] else None,
        "jobs": {one["id"]: one for one in jobs["items"]},
        "names": {one["id"]: one["name"] for one in libraries},
    }


def _standing(system: dict[str, Any], typed: str | None) -> dict[str, Any]:
    """What the server stands on."""
    free, total = system["data"]["free_bytes"], system["data"]["total_bytes"]
    settings = [setting_told(one) for one in system["settings"]]
    timeout = next(one for one in settings if one["name"] == f"SHELFREAD_{_TIMEOUT.upper()}")
    kept = timeout["value"] if timeout["origin"] == "database" else ""
    return {
        "system": system,
        "has_little_room": is_little(free, total),
        "settings": settings,
        "timeout": timeout,
        "typed": str(kept) if typed is None else typed,
    }
