"""Changing a library and forgetting it: name, folders, options, schedule.

One form has all of it; what was typed stays when something of it is refused. Stands on `option_fields`,
`schedule_fields` and `folder_choice`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.web import folder_choice, option_fields, schedule_fields
from shelfread.web.asking import ask, part, tell
from shelfread.web.forms import Form, form_of
from shelfread.web.library_words import away, contents
from shelfread.web.rendering import go_to, page


def library_edit_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("admin")], include_in_schema=False)

    @routes.get("/libraries/{library_id}/edit")
    async def edit_library(request: Request, library_id: str) -> Response:
        """The form; at any step of choosing more folders."""
        return await _form(request, library_id, Form(request.query_params.multi_items()))

    @routes.post("/libraries/{library_id}/edit")
    async def change_library(request: Request, library_id: str) -> Response:
        """Change what the form says."""
        form = await form_of(request)
        address = f"/libraries/{part(library_id)}"
        library = await ask(request, address)
        try:
            await tell(request, "PATCH", address, _wanted(form, library))
        except ApiProblem as problem:
            return await _form(request, library_id, form, problem)
        try:
            await _plan(request, address, form, library["schedule"])
        except ApiProblem as problem:
            # The folders that were added are there now.
            left = Form([pair for pair in form.pairs if pair[0] not in ("path", "folder", "remove_root")])
            return await _form(request, library_id, left, problem, "All but the schedule is saved. ")
        return go_to(address, "saved")

    @routes.post("/libraries/{library_id}/remove")
    async def remove_library(request: Request, library_id: str) -> Response:
        """Forget it, when its name was typed."""
        form = await form_of(request)
        address = f"/libraries/{part(library_id)}"
        library = await ask(request, address)
        try:
            if form.text("really") != library["name"].strip():
                raise ApiProblem(422, "invalid-request", "type the name of the library to forget it")
            await tell(request, "DELETE", address)
        except ApiProblem as problem:
            return await _form(request, library_id, Form([]), problem)
        return go_to("/", "removed")

    return routes


def _wanted(form: Form, library: dict[str, Any]) -> dict[str, Any]:
    """The change that a form says; the schedule is changed by itself."""
    typed = option_fields.typed_in(form, library["kind"])
    chosen = dict.fromkeys([*folder_choice.chosen_in(form), *folder_choice.typed_in(form)])
    empty_ok = form.all("empty_ok")
    leaving = form.all("remove_root")
    name = form.text("name")
    if not name:
        raise ApiProblem(422, "invalid-request", "give the library a name")
    if not chosen and all(str(root["id"]) in leaving for root in library["roots"]):
        raise ApiProblem(
            422, "invalid-request", "a library needs a folder; below it can be forgotten as a whole"
        )
    return {
        "name": name,
        "options": option_fields.options_of(typed, library["kind"]),
        "add_paths": [folder_choice.sent(one) for one in chosen],
        "remove_root_ids": [root["id"] for root in library["roots"] if str(root["id"]) in leaving],
        "roots": [
            {"id": root["id"], "empty_ok": str(root["id"]) in empty_ok}
            for root in library["roots"]
            if str(root["id"]) not in leaving
        ],
    }


async def _plan(request: Request, address: str, form: Form, before: dict[str, Any] | None) -> None:
    """Set, change or take away the schedule, when the form says another one than there is."""
    cron = schedule_fields.cron_of(schedule_fields.chosen_in(form))
    zone = form.text("zone") or None
    if cron is None:
        if before is not None:
            await tell(request, "DELETE", f"{address}/schedule")
    elif before is None or (cron, zone or before["zone"]) != (before["cron"], before["zone"]):
        await tell(request, "PUT", f"{address}/schedule", {"cron": cron, "zone": zone})


async def _form(
    request: Request, library_id: str, form: Form, problem: ApiProblem | None = None, note: str = ""
) -> Response:
    library = await ask(request, f"/libraries/{part(library_id)}")
    plan = library["schedule"]
    is_typed = form.ticked(option_fields.SHOWN)
    chosen = folder_choice.chosen_in(form)
    kept = [str(root["id"]) for root in library["roots"] if root["empty_ok"]]
    return await page(
        request,
        "library_edit.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else note + option_fields.trouble_of(problem),
        library=library,
        contents=contents(library),
        roots=[{"path": None} | root | {"away": away(root)} for root in library["roots"]],
        name=form.raw("name") if is_typed else library["name"],
        empty_ok=form.all("empty_ok") if is_typed else kept,
        leaving=form.all("remove_root"),
        groups=option_fields.groups_of(library["kind"]),
        typed=option_fields.as_typed(library["options"])
        | (option_fields.typed_in(form, library["kind"]) if is_typed else {}),
        when=schedule_fields.chosen_in(form)
        if is_typed
        else schedule_fields.as_chosen(plan and plan["cron"]),
        zone=form.raw("zone") if is_typed else (plan["zone"] if plan else ""),
        times=schedule_fields.CHOICES,
        folders=await folder_choice.shelf_of(request, form, chosen),
        adding=bool(chosen) or form.ticked("folder"),
    )
