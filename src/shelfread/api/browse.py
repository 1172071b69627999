"""The catalogue of music over HTTP: lists of artists, releases and tracks, and one of each.

Stands on the store's `browse` and `items`. What is missing is shown only when asked for. Paths are for
administrators only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse

from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.item_shapes import (
    ArtistPage,
    ReleasePage,
    TrackPage,
    TrackShape,
    WholeArtist,
    WholeRelease,
)
from shelfread.api.jobs import USUAL, Limit, Reader
from shelfread.api.lists import (
    BELONGING,
    After,
    Direction,
    FileStatus,
    Genre,
    RowId,
    WholeStatus,
    Year,
    checked,
    file_told,
    text,
)
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.app import App
from shelfread.model.account import Principal
from shelfread.model.job_json import iso_us
from shelfread.store import browse, items
from shelfread.store.browse import Wanted


def browse_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose catalogue it is.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["catalogue"])
    _list_routes(routes, app)
    _item_routes(routes, app)
    return routes


def _list_routes(routes: APIRouter, app: App) -> None:
    @routes.get("/artists", response_model=ArtistPage, operation_id="list_artists")
    async def list_artists(
        _who: Reader,
        sort: Literal["name"] = "name",
        order: Direction = "asc",
        library_id: RowId = None,
        status: WholeStatus = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Artists, by what they are sorted by."""
        wanted = Wanted(sort, order == "desc", limit, after, library_id, status=status)
        async with app.database.read() as connection:
            return await _artist_page(connection, wanted)

    @routes.get("/releases", response_model=ReleasePage, operation_id="list_releases")
    async def list_releases(
        _who: Reader,
        sort: Literal["title", "year", "added_at"] = "title",
        order: Direction = "asc",
        library_id: RowId = None,
        artist_id: RowId = None,
        appearance_of: RowId = None,
        genre: Genre = None,
        year: Year = None,
        has_problem: bool | None = None,
        status: WholeStatus = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Releases."""
        wanted = Wanted(
            sort,
            order == "desc",
            limit,
            after,
            library_id,
            artist_id,
            appearance_of,
            genre=text(genre),
            year=year,
            has_problem=has_problem,
            status=status,
        )
        async with app.database.read() as connection:
            return await _release_page(connection, wanted)

    @routes.get(
        "/tracks",
        response_model=TrackPage,
        response_model_exclude_unset=True,
        operation_id="list_tracks",
    )
    async def list_tracks(
        who: Reader,
        sort: Annotated[
            Literal["title", "year", "added_at", "number"],
            Query(description="`number`, by disc and number, only with a `release_id`."),
        ] = "title",
        order: Direction = "asc",
        library_id: RowId = None,
        artist_id: RowId = None,
        release_id: RowId = None,
        genre: Genre = None,
        year: Year = None,
        has_problem: bool | None = None,
        status: FileStatus = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """Tracks."""
        if sort == "number" and release_id is None:
            raise ApiProblem(422, "invalid-request", "sort=number needs a release_id")
        wanted = Wanted(
            sort,
            order == "desc",
            limit,
            after,
            library_id,
            artist_id,
            release_id=release_id,
            genre=text(genre),
            year=year,
            has_problem=has_problem,
            status=status,
        )
        async with app.database.read() as connection:
            return await _track_page(connection, wanted, who)


def _item_routes(routes: APIRouter, app: App) -> None:
    @routes.get("/artists/{artist_id}", response_model=WholeArtist, operation_id="get_artist")
    async def get_artist(_who: Reader, artist_id: NumberText) -> dict[str, Any]:
        """One artist, with what is theirs."""
        row_id = number_of(artist_id)
        async with app.database.read() as connection:
            found = await items.artists_of(connection, [row_id], missing=True)
            if not found:
                raise not_found(f"artist {shown(artist_id)}")
            own = Wanted("year", limit=BELONGING, artist_id=row_id)
            heard = Wanted("year", limit=BELONGING, appearance_of=row_id)
            return artist_told(found[0]) | {
                "releases": await _release_page(connection, own),
                "appearances": await _release_page(connection, heard),
            }

    @routes.get(
        "/releases/{release_id}",
        response_model=WholeRelease,
        response_model_exclude_unset=True,
        operation_id="get_release",
    )
    async def get_release(who: Reader, release_id: NumberText) -> dict[str, Any]:
        """One release, with its tracks."""
        row_id = number_of(release_id)
        async with app.database.read() as connection:
            found = await items.releases_of(connection, [row_id], missing=True)
            if not found:
                raise not_found(f"release {shown(release_id)}")
            inside = Wanted("number", limit=BELONGING, release_id=row_id)
            return release_told(found[0]) | {"tracks": await _track_page(connection, inside, who)}

    @routes.get(
        "/tracks/{track_id}",
        response_model=TrackShape,
        response_model_exclude_unset=True,
        operation_id="get_track",
        responses={308: {"description": "Its file was moved, and another id is its own."}},
    )
    async def get_track(who: Reader, track_id: NumberText) -> Any:
        """One track, missing ones too."""
        row_id = number_of(track_id)
        async with app.database.read() as connection:
            found = await items.tracks_of(connection, [row_id], whole=True)
            other = None if found else await items.taken_over_by(connection, row_id)
        if other is not None:
            return RedirectResponse(f"/api/v1/tracks/{other}", 308)
        if not found:
            raise not_found(f"track {shown(track_id)}")
        return track_told(found[0], who)


async def _artist_page(connection: Any, wanted: Wanted) -> dict[str, Any]:
    page = await checked(browse.artist_page(connection, wanted))
    rows = await items.artists_of(connection, page.ids, missing=wanted.status is not None)
    return {"items": [artist_told(row) for row in rows], "next": page.next}


async def _release_page(connection: Any, wanted: Wanted) -> dict[str, Any]:
    page = await checked(browse.release_page(connection, wanted))
    rows = await items.releases_of(connection, page.ids, missing=wanted.status is not None)
    return {"items": [release_told(row) for row in rows], "next": page.next}


async def _track_page(connection: Any, wanted: Wanted, who: Principal) -> dict[str, Any]:
    page = await checked(browse.track_page(connection, wanted))
    rows = await items.tracks_of(connection, page.ids)
    return {"items": [track_told(row, who) for row in rows], "next": page.next}


def artist_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """An artist."""
    return {"kind": "artist", **row, "missing_since": iso_us(row["missing_since"])}


def release_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A release."""
    return {
        "kind": "release",
        **row,
        "added_at": iso_us(row["added_at"]),
        "missing_since": iso_us(row["missing_since"]),
    }


def track_told(row: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """A track as somebody may see it."""
    return {"kind": "track", **file_told(row, who)}
