"""Choosing folders of the server's machine in a form, without a script: its buttons open, take and leave.

The form asks for its own page again with all that was typed, so every step has an address and the way back
works. A name that is not UTF-8 goes through the form as base64. Knows no page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from shelfread.api.problems import ApiProblem
from shelfread.web.asking import ask, may_ask
from shelfread.web.forms import Form
from shelfread.web.frame import sentence_of
from shelfread.web.words import counted, plain

#: In front of a path in base64; every other one begins with a slash.
_CODED = "base64:"
#: Files of each kind, as a suggestion counts them.
_FILES = {"music": ("music file", "music files"), "books": ("book", "books"), "video": ("video", "videos")}


def value_of(place: Mapping[str, Any]) -> str:
    """A path of the API as a form carries it."""
    coded = place.get("path_b64")
    return f"{_CODED}{coded}" if coded else str(place["path"])


def told(value: str) -> str:
    """A path of a form, for people."""
    if not value.startswith(_CODED):
        return value
    try:
        return base64.b64decode(value.removeprefix(_CODED), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return value


def sent(value: str) -> str | dict[str, str]:
    """A path of a form, as the body of a request has it."""
    return {"path_b64": value.removeprefix(_CODED)} if value.startswith(_CODED) else value


def chosen_in(form: Form) -> list[str]:
    """The folders that were taken, with the one just taken and without the one just left."""
    wanted = [*form.all("path"), *form.all("take")]
    left = form.all("leave")
    return [one for one in dict.fromkeys(wanted) if one not in left]


def open_in(form: Form) -> str:
    """The folder that is open: by its button, else as it was typed; empty at the places to begin with."""
    if form.text("look") == "top":
        return ""
    typed, before = form.text("folder"), form.raw("at")
    # A name that is not UTF-8 cannot be typed: what was not touched stays what it was.
    return form.raw("open") or (before if before and typed == plain(told(before)) else typed)


def typed_in(form: Form) -> list[str]:
    """The folder that was typed and neither opened nor taken, if there is one."""
    typed = form.text("folder")
    return [typed] if typed and typed != plain(told(form.raw("at"))) else []


async def shelf_of(request: Request, form: Form, chosen: list[str]) -> dict[str, Any]:
    """What a template needs to show folders.

    Args:
        request: the visitor's.
        form: what was filled in.
        chosen: the folders that are taken.
    """
    folder = open_in(form)
    given: dict[str, Any] = {
        "chosen": [{"value": one, "path": told(one)} for one in chosen],
        "folder": folder,
        "folder_told": told(folder),
        "listing": None,
        "unlisted": None,
    }
    after = form.text("after") if not form.raw("open") else ""
    query = (_query(folder) if folder else {}) | ({"after": after} if after and folder else {})
    try:
        found = await may_ask(request, "/folders", query)
    except ApiProblem as problem:
        given["unlisted"] = sentence_of(problem)
        found = None
    if found is not None:
        above = {"path": found["parent"], "path_b64": found.get("parent_b64")}
        given["listing"] = {
            "value": None if found["path"] is None else value_of(found),
            "path": found["path"],
            "above": None if found["parent"] is None else value_of(above),
            "is_top": found["path"] is None,
            "can_be_root": found["can_be_root"],
            "folders": [{"name": one["name"], "value": value_of(one)} for one in found["items"]],
            "next": found["next"],
        }
    return given


async def kind_of(request: Request, value: str) -> tuple[str | None, str | None]:
    """What kind of media a folder probably holds, and why one thinks so, in words."""
    try:
        found = await ask(request, "/folders/kind", _query(value))
    except ApiProblem:
        # A suggestion only: what is wrong with the folder is said when the library is made.
        return None, None
    if not found["looked_at"]:
        return None, "There are no files in it yet."
    counts = [counted(found["found"][name], *words) for name, words in _FILES.items() if found["found"][name]]
    if found["kind"] is None:
        return None, "No music, books or videos were seen in it."
    return found["kind"], f"Seen in it: {', '.join(counts)}{' and more' if found['more'] else ''}."


def _query(value: str) -> dict[str, str]:
    return {"path_b64": value.removeprefix(_CODED)} if value.startswith(_CODED) else {"path": value}
