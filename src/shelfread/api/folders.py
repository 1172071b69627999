"""The folders of the server's machine over HTTP, for choosing the root of a library, and what kind is in one.

Stands on `app.folders`, which shows only what may be a root and what leads there. For administrators only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query

from shelfread.api.access import needs
from shelfread.api.folder_shapes import FolderKind, FolderPage
from shelfread.api.lists import After
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import PATH_LENGTH
from shelfread.app import App, folders
from shelfread.app.confine import PathRefused, checked, path_of
from shelfread.app.folders import Looks, Shown, TooManyLooks, Unlisted
from shelfread.app.guessing import likeliest
from shelfread.model.job_json import path_json
from shelfread.store.cursor import BadCursor, decoded, encoded

_QUESTION = "folders"

Path = Annotated[
    str | None, Query(min_length=1, max_length=PATH_LENGTH, examples=["/srv/music"], description="Absolute.")
]
PathBase64 = Annotated[
    str | None, Query(max_length=2 * PATH_LENGTH, description="Instead of `path`: a name that is no UTF-8.")
]


def folder_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose settings say what may be shown.
    """
    routes = ApiRoutes(prefix="/api/v1/folders", tags=["libraries"], dependencies=[needs("admin")])
    looks = Looks()

    @routes.get("", response_model=FolderPage, response_model_exclude_unset=True, operation_id="list_folders")
    async def list_folders(
        path: Path = None, path_b64: PathBase64 = None, after: After = None
    ) -> dict[str, Any]:
        """The folders below a folder, by name; without a path the places to begin with."""
        with _refusals():
            folder = _wanted(path, path_b64)
            if folder is None:
                if after is not None:
                    raise ApiProblem(422, "invalid-request", "after: this needs a path")
                return _told(await looks.look(partial(folders.starts, app.settings)))
            last = _last(after)
            return _told(await looks.look(partial(folders.below, app.settings, folder, last)))

    @routes.get("/kind", response_model=FolderKind, operation_id="guess_kind")
    async def guess_kind(path: Path = None, path_b64: PathBase64 = None) -> dict[str, Any]:
        """What kind of media is probably in a folder and below: by the names of its first files."""
        with _refusals():
            folder = _wanted(path, path_b64)
            if folder is None:
                raise ApiProblem(422, "invalid-request", "path: of which folder?")
            found = await looks.look(partial(folders.guess, app.settings, folder))
        return {
            "kind": likeliest(found.counts),
            "found": found.counts,
            "looked_at": found.looked_at,
            "more": found.more,
        }

    return routes


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except PathRefused as error:
        raise ApiProblem(422, "path-refused", str(error)) from None
    except Unlisted as error:
        raise ApiProblem(422, "unreadable", str(error)) from None
    except TooManyLooks as error:
        raise ApiProblem(503, "not-ready", str(error), headers={"Retry-After": "5"}) from None


def _wanted(path: str | None, path_b64: str | None) -> bytes | None:
    if path_b64 is None:
        return None if path is None else path_of(path)
    if path is not None:
        raise ApiProblem(422, "invalid-request", "path_b64: this or `path`, not both")
    try:
        return checked(base64.b64decode(path_b64, validate=True))
    except (binascii.Error, ValueError):
        raise PathRefused("path_b64 is no base64") from None


def _last(after: str | None) -> bytes | None:
    if after is None:
        return None
    try:
        (name,) = decoded(_QUESTION, after, [str])
        return str(name).encode("latin-1")
    except BadCursor as error:
        raise ApiProblem(422, "invalid-request", f"after: {error}") from None
    except UnicodeEncodeError:
        raise ApiProblem(422, "invalid-request", "after: this is no cursor that a page gave") from None


def _told(shown: Shown) -> dict[str, Any]:
    above = {} if shown.parent is None else path_json(shown.parent)
    return {
        "path": None,
        **({} if shown.path is None else path_json(shown.path)),
        "parent": above.get("path"),
        **({"parent_b64": above["path_b64"]} if "path_b64" in above else {}),
        "can_be_root": shown.can_be_root,
        "items": [{"name": path_json(one.name)["path"], **path_json(one.path)} for one in shown.folders],
        "next": None if shown.last is None else encoded(_QUESTION, [shown.last.decode("latin-1")]),
    }
