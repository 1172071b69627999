"""Searching over HTTP: one question, everything that answers it. Stands on `app.finding`."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from shelfread.api.book_shapes import BookShape, SeriesShape
from shelfread.api.books import book_told, series_told
from shelfread.api.browse import artist_told, release_told, track_told
from shelfread.api.item_shapes import ArtistShape, ReleaseShape, TrackShape
from shelfread.api.jobs import USUAL, Limit, Reader
from shelfread.api.lists import After, RowId
from shelfread.api.problems import ApiProblem
from shelfread.api.routes import ApiRoutes
from shelfread.api.video_shapes import EpisodeShape, MovieShape, ShowShape
from shelfread.api.video_told import episode_told, movie_told, show_told
from shelfread.app import App
from shelfread.app.finding import Finder
from shelfread.store import book_items, items, video_items
from shelfread.store.cursor import BadCursor
from shelfread.store.search_due import ItemKind

KINDS = {
    "artist": ItemKind.ARTIST,
    "release": ItemKind.RELEASE,
    "track": ItemKind.TRACK,
    "series": ItemKind.SERIES,
    "book": ItemKind.BOOK,
    "movie": ItemKind.MOVIE,
    "show": ItemKind.SHOW,
    "episode": ItemKind.EPISODE,
}
KindWord = Literal["artist", "release", "track", "series", "book", "movie", "show", "episode"]
Kinds = Annotated[list[KindWord], Query(max_length=len(KINDS))]
Found = (
    ArtistShape | ReleaseShape | TrackShape | SeriesShape | BookShape | MovieShape | ShowShape | EpisodeShape
)
#: Of a longer question only the beginning is looked at; one that is longer still is refused.
LONGEST = 10_000


class SearchPage(BaseModel):
    """What was found, best first. `next` is the cursor of the page behind this one, null on the last."""

    items: list[Found]
    next: str | None
    complete: bool = Field(
        description="False while something that was catalogued just now is not looked through."
    )


def search_routes(app: App) -> APIRouter:
    """The routes.

    Args:
        app: whose catalogue is searched.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["catalogue"])
    finder = Finder(app.database)

    @routes.get(
        "/search",
        response_model=SearchPage,
        response_model_exclude_unset=True,
        operation_id="search",
    )
    async def search(
        who: Reader,
        q: Annotated[str, Query(max_length=LONGEST, examples=["bjork joga"])],
        kind: Kinds = [],  # noqa: B006
        library_id: RowId = None,
        after: After = None,
        limit: Limit = USUAL,
    ) -> dict[str, Any]:
        """What has all these words, the last of them perhaps only begun; without case and accents."""
        try:
            found = await finder.find(
                q,
                kinds=[KINDS[one] for one in kind],
                library_id=library_id,
                limit=limit,
                after=after,
            )
        except BadCursor as error:
            raise ApiProblem(422, "invalid-request", f"after: {error}") from None
        ids: defaultdict[ItemKind, list[int]] = defaultdict(list)
        for hit in found.hits.hits:
            ids[hit.kind].append(hit.id)
        async with app.database.read() as connection:
            told = {
                (ItemKind.ARTIST, row["id"]): artist_told(row)
                for row in await items.artists_of(connection, ids[ItemKind.ARTIST])
            }
            for row in await items.releases_of(connection, ids[ItemKind.RELEASE]):
                told[ItemKind.RELEASE, row["id"]] = release_told(row)
            for row in await items.tracks_of(connection, ids[ItemKind.TRACK]):
                told[ItemKind.TRACK, row["id"]] = track_told(row, who)
            for row in await book_items.series_of(connection, ids[ItemKind.SERIES]):
                told[ItemKind.SERIES, row["id"]] = series_told(row, who)
            for row in await book_items.books_of(connection, ids[ItemKind.BOOK]):
                told[ItemKind.BOOK, row["id"]] = book_told(row, who)
            for row in await video_items.movies_of(connection, ids[ItemKind.MOVIE]):
                told[ItemKind.MOVIE, row["id"]] = movie_told(row, who)
            for row in await video_items.shows_of(connection, ids[ItemKind.SHOW]):
                told[ItemKind.SHOW, row["id"]] = show_told(row, who)
            for row in await video_items.episodes_of(connection, ids[ItemKind.EPISODE]):
                told[ItemKind.EPISODE, row["id"]] = episode_told(row, who)
        # What went between the two questions is left out.
        shown = [told[hit] for hit in found.hits.hits if hit in told]
        return {"items": shown, "next": found.hits.next, "complete": found.complete}

    return routes
