"""All jobs: by state with live counts, by kind and library, and stopping or repeating many at once.

`job` shows one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import back_of, form_of
from shelfread.web.frame import sentence_of
from shelfread.web.rendering import go_to, page
from shelfread.web.sharing import SharedRoute
from shelfread.web.words import STATES

#: Jobs of one page, and at most so many are stopped or repeated by one form.
_ROWS, _MOST = 50, 200
#: What can be done with several jobs.
_ACTS = {"cancel": "cancelled", "retry": "retried"}


def jobs_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("read")], include_in_schema=False, route_class=SharedRoute)

    @routes.get("/jobs")
    async def jobs_page(request: Request) -> Response:
        """The list."""
        return await _jobs(request)

    @routes.post("/jobs", dependencies=[needs("scan")])
    async def many_jobs(request: Request) -> Response:
        """Stop or repeat those that were ticked."""
        form = await form_of(request)
        act = form.text("act")
        chosen = form.all("job")
        if act not in _ACTS or not chosen or len(chosen) > _MOST:
            trouble = ApiProblem(422, "invalid-request", f"Tick the jobs first, {_MOST} at most.")
            return await _jobs(request, trouble)
        refused = []
        for job_id in chosen:
            try:
                await tell(request, "POST", f"/jobs/{part(job_id)}/{act}")
            except ApiProblem as problem:
                # The others go on: one that ended meanwhile must not stop them.
                refused.append(problem)
        if refused:
            return await _jobs(request, _of_many(refused, len(chosen)))
        return go_to(back_of(form, "/jobs"), _ACTS[act])

    @routes.post("/jobs/{job_id}/cancel", dependencies=[needs("scan")])
    async def cancel_job(job_id: str, request: Request) -> Response:
        """Stop one."""
        form = await form_of(request)
        answer = await tell(request, "POST", f"/jobs/{part(job_id)}/cancel")
        done = {"running": "cancel", "cancelled": "stopped"}.get(answer.document["status"], "over")
        return go_to(back_of(form, "/jobs"), done)

    @routes.post("/jobs/{job_id}/retry", dependencies=[needs("scan")])
    async def retry_job(job_id: str, request: Request) -> Response:
        """Do again what one was to do; the new job is shown."""
        await form_of(request)
        answer = await tell(request, "POST", f"/jobs/{part(job_id)}/retry")
        return go_to(f"/jobs/{part(answer.document['job_id'])}", "retry")

    return routes


def _of_many(refused: Sequence[ApiProblem], chosen: int) -> ApiProblem:
    """What is said when something could not be done with some of the chosen jobs."""
    last = refused[-1]
    if chosen == 1:
        return last
    others = chosen - len(refused)
    words = f"{others} of {chosen} are done" if others else "none of them is done"
    return ApiProblem(last.status, last.slug, f"{words}; the last of the others: {last.detail or last.title}")


async def _jobs(request: Request, trouble: ApiProblem | None = None) -> Response:
    asked = request.query_params
    chosen = {name: asked[name] for name in ("type", "library_id") if asked.get(name)}
    status = asked.get("status", "")
    query: dict[str, Any] = {**chosen, "limit": _ROWS, "after": asked.get("after") or None}
    found = await ask(request, "/jobs", query | ({"status": status} if status else {}))
    libraries = (await ask(request, "/libraries", {"counts": "false"}))["items"]
    counts = await ask(request, "/jobs/counts", chosen)
    tabs = [("", "All", sum(counts.values()))]
    tabs += [(name, word[:1].upper() + word[1:], counts[name]) for name, word in STATES.items()]
    more = urlencode(chosen | ({"status": status} if status else {}) | {"after": found["next"]})
    return await page(
        request,
        "jobs.html",
        status=trouble.status if trouble is not None else 200,
        jobs=found["items"],
        more=f"/jobs?{more}" if found["next"] else None,
        tabs=[
            (name, word, count, f"/jobs?{urlencode(chosen | {'status': name})}") for name, word, count in tabs
        ],
        chosen={"status": status, "type": "", "library_id": ""} | chosen,
        libraries=libraries,
        names={one["id"]: one["name"] for one in libraries},
        # Of a list that is under way somewhere behind its beginning nothing moves.
        is_first=not asked.get("after"),
        trouble=None if trouble is None else sentence_of(trouble),
    )
