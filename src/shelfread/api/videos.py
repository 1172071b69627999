"""The catalogue of videos over HTTP: lists of movies, shows and episodes, one of each, and single files.

Stands on the store's `browse_videos` and `video_items`. What is missing is shown only when asked for. Paths
are for administrators only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import RedirectResponse

from shelfread.api.ids import NumberText, number_of, shown
from shelfread.api.jobs import USUAL, Limit, Reader
from shelfread.api.lists import After, Direction, FileStatus, Genre, RowId, Word, Year, checked, text
from shelfread.api.problems import ApiProblem, not_found
from shelfread.api.routes import ApiRoutes
from shelfread.api.video_file_shapes import WholeVideo
from shelfread.api.video_shapes import (
    EpisodePage,
    MoviePage,
    ShowPage,
    WholeEpisode,
    WholeMovie,
    WholeShow,
)
from shelfread.api.video_told import episode_told, movie_told, show_told, video_told
from shelfread.app import App
from shelfread.app.video_beside import beside_of
from shelfread.store import browse_videos, items, video_items
from shelfread.store.browse_videos import WantedVideos
from shelfread.store.search_due import ItemKind

#: Whoever had any part in it, by name.
Person = Annotated[str | None, Query(max_length=500, examples=["ridley scott"])]
Season = Annotated[int | None, Query(ge=0, le=9999, description="Only with a `show_id`.")]
Sort = Literal["title", "year", "added_at"]
_MOVED: dict[int | str, dict[str, Any]] = {
    308: {"description": "The file was moved, and another id is its own."}
}


def video_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose catalogue it is.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["catalogue"])
    _list_routes(routes, app)
    _item_routes(routes, app)
    return routes


def _wanted(
    order: Direction = "asc",
    library_id: RowId = None,
    genre: Genre = None,
    tag: Word = None,
    person: Person = None,
    year: Year = None,
    has_problem: bool | None = None,
    status: FileStatus = None,
    after: After = None,
    limit: Limit = USUAL,
) -> WantedVideos:
    """What all three lists can be asked for."""
    return WantedVideos(
        "title",
        order == "desc",
        limit,
        after,
        library_id,
        genre=text(genre),
        tag=text(tag),
        person=text(person),
        year=year,
        has_problem=has_problem,
        status=status,
    )


Wanted = Annotated[WantedVideos, Depends(_wanted)]


def _list_routes(routes: APIRouter, app: App) -> None:
    @routes.get(
        "/movies", response_model=MoviePage, response_model_exclude_unset=True, operation_id="list_movies"
    )
    async def list_movies(who: Reader, wanted: Wanted, sort: Sort = "title") -> dict[str, Any]:
        """Movies."""
        async with app.database.read() as connection:
            page = await checked(browse_videos.movie_page(connection, replace(wanted, sort=sort)))
            rows = await video_items.movies_of(connection, page.ids)
        return {"items": [movie_told(row, who) for row in rows], "next": page.next}

    @routes.get(
        "/shows", response_model=ShowPage, response_model_exclude_unset=True, operation_id="list_shows"
    )
    async def list_shows(who: Reader, wanted: Wanted, sort: Sort = "title") -> dict[str, Any]:
        """Shows; `genre`, `tag` and `person` are what is said of the show itself."""
        async with app.database.read() as connection:
            page = await checked(browse_videos.show_page(connection, replace(wanted, sort=sort)))
            rows = await video_items.shows_of(connection, page.ids)
        return {"items": [show_told(row, who) for row in rows], "next": page.next}

    @routes.get(
        "/episodes",
        response_model=EpisodePage,
        response_model_exclude_unset=True,
        operation_id="list_episodes",
    )
    async def list_episodes(
        who: Reader,
        wanted: Wanted,
        sort: Annotated[
            Literal["title", "air_date", "added_at", "number"],
            Query(description="`number`, its place in its show, only with a `show_id`."),
        ] = "title",
        show_id: RowId = None,
        season: Season = None,
    ) -> dict[str, Any]:
        """Episodes; `year` is that of the day they were sent."""
        if show_id is None and (sort == "number" or season is not None):
            what = "season" if season is not None else "sort=number"
            raise ApiProblem(422, "invalid-request", f"{what} needs a show_id")
        wanted = replace(wanted, sort=sort, show_id=show_id, season=season)
        async with app.database.read() as connection:
            page = await checked(browse_videos.episode_page(connection, wanted))
            rows = await video_items.episodes_of(connection, page.ids)
        return {"items": [episode_told(row, who) for row in rows], "next": page.next}


def _item_routes(routes: APIRouter, app: App) -> None:
    @routes.get(
        "/movies/{movie_id}",
        response_model=WholeMovie,
        response_model_exclude_unset=True,
        operation_id="get_movie",
    )
    async def get_movie(who: Reader, movie_id: NumberText) -> dict[str, Any]:
        """One movie with its versions, its extras and the subtitles beside it, missing ones too."""
        row_id = number_of(movie_id)
        async with app.database.read() as connection:
            found = await video_items.movies_of(connection, [row_id], whole=True)
            if not found:
                raise not_found(f"movie {shown(movie_id)}")
            return movie_told(found[0], who, await beside_of(connection, ItemKind.MOVIE, row_id))

    @routes.get(
        "/shows/{show_id}",
        response_model=WholeShow,
        response_model_exclude_unset=True,
        operation_id="get_show",
    )
    async def get_show(who: Reader, show_id: NumberText) -> dict[str, Any]:
        """One show with its seasons and its extras."""
        row_id = number_of(show_id)
        async with app.database.read() as connection:
            found = await video_items.shows_of(connection, [row_id], whole=True)
        if not found:
            raise not_found(f"show {shown(show_id)}")
        return show_told(found[0], who)

    @routes.get(
        "/episodes/{episode_id}",
        response_model=WholeEpisode,
        response_model_exclude_unset=True,
        operation_id="get_episode",
    )
    async def get_episode(who: Reader, episode_id: NumberText) -> dict[str, Any]:
        """One episode with its versions and the subtitles beside it, missing ones too."""
        row_id = number_of(episode_id)
        async with app.database.read() as connection:
            found = await video_items.episodes_of(connection, [row_id], whole=True)
            if not found:
                raise not_found(f"episode {shown(episode_id)}")
            return episode_told(found[0], who, await beside_of(connection, ItemKind.EPISODE, row_id))

    @routes.get(
        "/videos/{video_id}",
        response_model=WholeVideo,
        response_model_exclude_unset=True,
        operation_id="get_video",
        responses=_MOVED,
    )
    async def get_video(who: Reader, video_id: NumberText) -> Any:
        """One video file with all its streams and chapters, missing ones too."""
        row_id = number_of(video_id)
        async with app.database.read() as connection:
            found = await video_items.videos_of(connection, [row_id], whole=True)
            other = None if found else await items.taken_over_by(connection, row_id)
        if other is not None:
            return RedirectResponse(f"/api/v1/videos/{other}", 308)
        if not found:
            raise not_found(f"video {shown(video_id)}")
        return video_told(found[0], who)
