"""A new library: its folders, what is in them, its name, and how it is scanned. Goes on to its first scan.

Each step of choosing folders is the same page once more, with all that was typed; see `folder_choice`.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import ApiProblem
from shelfread.web import folder_choice, option_fields, schedule_fields
from shelfread.web.asking import part, tell
from shelfread.web.forms import Form, form_of
from shelfread.web.rendering import go_to, page
from shelfread.web.words import KINDS, plain


def library_new_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[needs("admin")], include_in_schema=False)

    @routes.get("/libraries/new")
    async def new_library(request: Request) -> Response:
        """The form, at any step."""
        return await _form(request, Form(request.query_params.multi_items()))

    @routes.post("/libraries/new")
    async def make_library(request: Request) -> Response:
        """Make it, and have it scanned."""
        form = await form_of(request)
        try:
            wanted = _wanted(form)
            made = (await tell(request, "POST", "/libraries", wanted)).document
        except ApiProblem as problem:
            return await _form(request, form, problem)
        address = f"/libraries/{part(made['id'])}"
        try:
            job = (await tell(request, "POST", f"{address}/scan")).document
        except ApiProblem:
            # It is made all the same; its page says how it is, and has a button for a scan.
            return go_to(address, "added")
        return go_to(f"/jobs/{part(job['job_id'])}" + ("?first=1" if form.text("first") else ""))

    return routes


def _paths(form: Form) -> list[str]:
    """The folders that were taken; without any, the one that was typed."""
    chosen = folder_choice.chosen_in(form)
    return chosen or [one for one in [folder_choice.open_in(form)] if one]


def _wanted(form: Form) -> dict[str, object]:
    paths = _paths(form)
    if not paths:
        raise ApiProblem(422, "invalid-request", "choose a folder: open it, and press “Take this folder”")
    name, kind = form.text("name"), form.text("kind")
    if not kind:
        raise ApiProblem(422, "invalid-request", "say what is in the folder: music, books or video")
    return {
        "name": name or _name_of(paths[0]),
        "kind": kind,
        "paths": [folder_choice.sent(one) for one in paths],
        "options": option_fields.options_of(_typed(form)),
        "schedule": schedule_fields.cron_of(schedule_fields.chosen_in(form)),
    }


def _typed(form: Form) -> dict[str, object]:
    is_typed = form.ticked(option_fields.SHOWN)
    return option_fields.typed_in(form) if is_typed else option_fields.as_typed()


def _name_of(path: str) -> str:
    """A name for a library, from its folder's: the last part."""
    return plain(folder_choice.told(path).rstrip("/").rpartition("/")[2])[:200] or "Library"


async def _form(request: Request, form: Form, problem: ApiProblem | None = None) -> Response:
    chosen = folder_choice.chosen_in(form)
    name, kind, why = form.text("name"), form.text("kind"), None
    suggested, guessed = "", ""
    if chosen:
        found, why = await folder_choice.kind_of(request, chosen[0])
        suggested, guessed = _name_of(chosen[0]), found or ""
        # What was only suggested before, and what is empty, is suggested anew.
        if not name or name == form.text("suggested"):
            name = suggested
        if not kind or kind == form.text("guessed"):
            kind = guessed
    typed = _typed(form)
    return await page(
        request,
        "library_new.html",
        status=200 if problem is None else problem.status,
        trouble=None if problem is None else option_fields.trouble_of(problem),
        first=bool(form.text("first")),
        name=name,
        kind=kind,
        kinds=KINDS,
        why=why,
        suggested=suggested,
        guessed=guessed,
        groups=option_fields.groups_of(None),
        typed=typed,
        options_open=typed != option_fields.as_typed(),
        when=schedule_fields.chosen_in(form) if form.ticked("every") else schedule_fields.as_chosen(None),
        times=schedule_fields.CHOICES,
        folders=await folder_choice.shelf_of(request, form, chosen),
    )
