"""Libraries over HTTP: the list, one of them, making, changing and forgetting them.

Stands on `app.shelving`, which has the rules. The folders of a library are for administrators only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from shelfread.api.access import needs
from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import Reader, sees_paths
from shelfread.api.library_shapes import LibraryChange, LibraryList, LibraryNew, LibraryShape
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.shapes import PathBytes
from shelfread.app import App, shelving
from shelfread.app.confine import PathRefused, checked, path_of
from shelfread.app.scheduling import schedule_json
from shelfread.app.shelving import Overlap, Shelved, Unfit
from shelfread.app.watching import watch_json
from shelfread.model.account import Principal
from shelfread.model.job import AlreadyRunning
from shelfread.model.job_json import path_json, without_paths
from shelfread.model.library import Library, LibraryOptions, options_json
from shelfread.model.watching import RootWatch
from shelfread.store.libraries import NameTaken

Counted = Annotated[bool, Query(description="`false`: without how much each holds; `items` is null then.")]


def library_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose libraries they are.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["libraries"])
    admin = [needs("admin")]

    @routes.get(
        "/libraries",
        response_model=LibraryList,
        response_model_exclude_unset=True,
        operation_id="list_libraries",
    )
    async def list_libraries(who: Reader, counts: Counted = True) -> dict[str, Any]:
        """Every library, by name."""
        found = await shelving.look_at_all(app, counts=counts)
        return {"items": [_told(one, who) for one in found], "next": None}

    @routes.post(
        "/libraries",
        status_code=201,
        response_model=LibraryShape,
        response_model_exclude_unset=True,
        dependencies=admin,
        operation_id="create_library",
    )
    async def create_library(who: Reader, wanted: LibraryNew, response: Response) -> dict[str, Any]:
        """Make a library. Nothing is scanned yet."""
        with _refusals():
            library = await shelving.make(
                app,
                wanted.name,
                wanted.kind,
                paths_of(wanted.paths),
                LibraryOptions(**wanted.options.model_dump() | {"ignore": tuple(wanted.options.ignore)}),
                wanted.schedule,
            )
        response.headers["Location"] = f"/api/v1/libraries/{library.id}"
        return _told(await shelving.look(app, library), who)

    @routes.get(
        "/libraries/{library_id}",
        response_model=LibraryShape,
        response_model_exclude_unset=True,
        operation_id="get_library",
    )
    async def get_library(who: Reader, library_id: NumberText) -> dict[str, Any]:
        """One library."""
        return _told(await shelving.look(app, await library_of(app, library_id)), who)

    @routes.patch(
        "/libraries/{library_id}",
        response_model=LibraryShape,
        response_model_exclude_unset=True,
        dependencies=admin,
        operation_id="change_library",
    )
    async def change_library(who: Reader, library_id: NumberText, wanted: LibraryChange) -> dict[str, Any]:
        """Change a library: only what is given. Its kind stays."""
        library = await library_of(app, library_id)
        options = None
        if wanted.options is not None:
            given: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in wanted.options.model_dump(exclude_unset=True).items()
                # A size by scale and a time may be taken away.
                if value is not None or name in ("thumbnail_scale", "prune_days")
            }
            options = replace(library.options, **given)
        with _refusals():
            changed = await shelving.change(
                app,
                library,
                name=wanted.name,
                options=options,
                add=paths_of(wanted.add_paths),
                remove=wanted.remove_root_ids,
                empty_ok={one.id: one.empty_ok for one in wanted.roots},
                cron=wanted.schedule,
                uncron="schedule" in wanted.model_fields_set and wanted.schedule is None,
            )
        if changed is None:
            raise not_found(f"library {shown(library_id)}")
        return _told(await shelving.look(app, changed), who)

    @routes.delete(
        "/libraries/{library_id}", status_code=204, dependencies=admin, operation_id="delete_library"
    )
    async def delete_library(library_id: NumberText) -> None:
        """Forget a library and all that is catalogued of it. No file is touched."""
        library = await library_of(app, library_id)
        with _refusals():
            await shelving.remove(app, library)

    return routes


async def library_of(app: App, text: str) -> Library:
    """The library of an address.

    Raises:
        ApiProblem: there is none.
    """
    library = await app.libraries.get(number_of(text))
    if library is None:
        raise not_found(f"library {shown(text)}")
    return library


def paths_of(said: Sequence[str | PathBytes]) -> list[bytes]:
    """Paths from a request.

    Raises:
        PathRefused: one is no absolute path.
    """
    return [path_of(one) if isinstance(one, str) else checked(_bytes_of(one.path_b64)) for one in said]


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PathRefused("path_b64 is no base64") from None


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Unfit as error:
        errors = [{"where": f"body.{error.where}", "message": str(error)}]
        raise ApiProblem(422, "invalid-request", f"{error.where}: {error}", errors=errors) from None
    except PathRefused as error:
        raise ApiProblem(422, "path-refused", str(error)) from None
    except Overlap as error:
        of: dict[str, Any] = {}
        if error.library is not None:
            of = {"library": error.library.name, "library_id": error.library.id}
        raise ApiProblem(409, "conflict", str(error), **of) from None
    except (NameTaken, AlreadyRunning) as error:
        raise ApiProblem(409, "conflict", str(error)) from None


def _told(one: Shelved, who: Principal) -> dict[str, Any]:
    library, paths = one.library, sees_paths(who)
    return {
        "id": library.id,
        "name": library.name,
        "kind": library.kind,
        "options": options_json(library.options),
        "roots": [
            {
                "id": root.id,
                "state": root.state.value,
                "reason": root.reason if paths or root.reason is None else without_paths(root.reason),
                "confirmed": root.confirmed,
                "empty_ok": root.empty_ok,
                "watch": _watch_told(one.watches.get(root.id), paths),
                **(path_json(root.path) if paths else {}),
            }
            for root in library.roots
        ],
        "schedule": schedule_json(one.schedule),
        "items": one.counts,
    }


def _watch_told(watch: RootWatch | None, paths: bool) -> dict[str, Any] | None:
    told = watch_json(watch)
    if told is not None and told["reason"] is not None and not paths:
        told["reason"] = without_paths(told["reason"])
    return told
