"""Lists of artists, releases and tracks: sorted, filtered, page by page.

Gives ids; `items` has what is shown of them. What can be sorted by stands in three tables here and nowhere
else, each with an index (`tables`). Knows nothing of HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.filters import in_library, of_library, of_status, of_year, there
from shelfread.store.keyset import Filter, Order, Page, Walk, page
from shelfread.store.tables import (
    artists,
    genres,
    is_odd,
    media_files,
    problems,
    release_credits,
    releases,
    track_credits,
    track_genres,
    tracks,
)
from shelfread.store.visible import any_row, artist_is_there, release_is_there

#: Discs and tracks that do not say their number come last; no number is so high.
_LAST = 999_999
_DISC: ColumnElement[int] = func.coalesce(tracks.c.disc, 1)
_NUMBER: ColumnElement[int] = func.coalesce(tracks.c.track, _LAST)

ARTIST_ORDERS = {"name": Order(artists.c.sort_key, str)}
RELEASE_ORDERS = {
    "title": Order(releases.c.sort_key, str),
    "year": Order(releases.c.year, int, nullable=True),
    "added_at": Order(releases.c.added_at, int),
}
TRACK_ORDERS = {
    "title": Order(tracks.c.sort_key, str),
    "year": Order(tracks.c.year, int, nullable=True),
    "added_at": Order(media_files.c.added_at, int),
    # By disc and number: of one release only, no index has it.
    "number": Order(_DISC * (_LAST + 1) + case((_NUMBER < _LAST, _NUMBER), else_=_LAST), int),
}
#: What files can be asked for; releases and artists only `missing` and `any`.
STATUSES = ("ready", "error", "missing", "any")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. What a list does not know is not looked at."""

    sort: str
    descending: bool = False
    limit: int = 50
    after: str | None = None
    library_id: int | None = None
    #: Credited on the release; of tracks in any role.
    artist_id: int | None = None
    #: Releases on which this artist appears without being credited for them.
    appearance_of: int | None = None
    release_id: int | None = None
    genre: str | None = None
    year: int | None = None
    has_problem: bool | None = None
    #: One of `STATUSES`; None is what is there.
    status: str | None = None


async def artist_page(connection: AsyncConnection, wanted: Wanted) -> Page:
    """Artists, by name. Raises BadCursor."""
    filters = [there(artist_is_there(artists.c.id, artists), wanted.status)]
    if wanted.library_id is not None:
        filters.append(of_library(artists, wanted.library_id))
    return await page(
        connection,
        Walk(
            artists, artists.c.id, ARTIST_ORDERS[wanted.sort], f"a{wanted.sort}", wanted.descending, filters
        ),
        wanted.limit,
        wanted.after,
    )


async def release_page(connection: AsyncConnection, wanted: Wanted) -> Page:
    """Releases. Raises BadCursor."""
    own = releases.c.id
    filters = [there(release_is_there(own, releases), wanted.status)]
    if wanted.status == "missing":
        gone = select(tracks.c.release_id).join(media_files, media_files.c.id == tracks.c.file_id)
        gone = gone.where(is_odd, media_files.c.status == "missing", tracks.c.release_id.is_not(None))
        # Some of these have other tracks that are there: the condition stays.
        filters.append(Filter(true(), gone))
    if wanted.library_id is not None:
        filters.append(of_library(releases, wanted.library_id))
    if wanted.artist_id is not None:
        filters.append(_credited(wanted.artist_id))
    if wanted.appearance_of is not None:
        of = track_credits.c.artist_id == wanted.appearance_of
        on = select(tracks.c.release_id).join(track_credits, track_credits.c.file_id == tracks.c.file_id)
        heard = any_row(on.where(of, tracks.c.release_id == own), releases)
        filters.append(Filter(heard, on.where(of, tracks.c.release_id.is_not(None)).distinct()))
        filters.append(Filter(~_credited(wanted.appearance_of).test))
    if wanted.genre is not None:
        chosen = await _genres_named(connection, wanted.genre)
        of_genre = select(tracks.c.release_id).join(track_genres, track_genres.c.file_id == tracks.c.file_id)
        of_genre = of_genre.where(track_genres.c.genre_id.in_(chosen))
        # Asked of one release, its tracks come first.
        one = select(tracks.c.file_id).where(
            tracks.c.release_id == own, any_row(_genre_of(tracks.c.file_id, chosen), tracks)
        )
        filters.append(Filter(any_row(one, releases), of_genre.where(tracks.c.release_id.is_not(None))))
    if wanted.year is not None:
        filters.append(of_year(releases, own, wanted.year))
    if wanted.has_problem is not None:
        bad = select(tracks.c.release_id).join(problems, problems.c.file_id == tracks.c.file_id)
        has = any_row(
            select(tracks.c.file_id).where(tracks.c.release_id == own, any_row(_trouble_of(tracks), tracks)),
            releases,
        )
        ids = bad.where(tracks.c.release_id.is_not(None)) if wanted.has_problem else None
        filters.append(Filter(has if wanted.has_problem else ~has, ids))
    return await page(
        connection,
        Walk(releases, own, RELEASE_ORDERS[wanted.sort], f"r{wanted.sort}", wanted.descending, filters),
        wanted.limit,
        wanted.after,
    )


async def track_page(connection: AsyncConnection, wanted: Wanted) -> Page:
    """Tracks; by number only those of one release. Raises BadCursor."""
    own = tracks.c.file_id
    filters = [of_status(wanted.status)]
    if wanted.library_id is not None:
        filters.append(await in_library(connection, wanted.library_id))
    if wanted.artist_id is not None:
        mine = select(track_credits.c.file_id).where(track_credits.c.artist_id == wanted.artist_id)
        filters.append(Filter(any_row(mine.where(track_credits.c.file_id == own), tracks), mine.distinct()))
    if wanted.release_id is not None:
        of_release = tracks.c.release_id == wanted.release_id
        filters.append(Filter(of_release, select(own).where(of_release)))
    if wanted.genre is not None:
        chosen = await _genres_named(connection, wanted.genre)
        ids = select(track_genres.c.file_id).where(track_genres.c.genre_id.in_(chosen))
        filters.append(Filter(any_row(_genre_of(own, chosen), tracks), ids))
    if wanted.year is not None:
        filters.append(of_year(tracks, own, wanted.year))
    if wanted.has_problem is not None:
        has = any_row(_trouble_of(tracks), tracks)
        bad = select(problems.c.file_id).where(problems.c.file_id.is_not(None))
        filters.append(Filter(has, bad) if wanted.has_problem else Filter(~has))
    source = tracks.join(media_files, media_files.c.id == own)
    return await page(
        connection,
        Walk(
            source,
            own,
            TRACK_ORDERS[wanted.sort],
            f"t{wanted.sort}",
            wanted.descending,
            filters,
            (media_files.c.id,),
        ),
        wanted.limit,
        wanted.after,
    )


def _credited(artist_id: int) -> Filter:
    mine = select(release_credits.c.release_id).where(release_credits.c.artist_id == artist_id)
    return Filter(any_row(mine.where(release_credits.c.release_id == releases.c.id), releases), mine)


def _genre_of(file_id: Any, chosen: list[int]) -> Any:
    return (
        select(literal(1))
        .select_from(track_genres)
        .where(track_genres.c.file_id == file_id, track_genres.c.genre_id.in_(chosen))
    )


def _trouble_of(table: Any) -> Any:
    return select(problems.c.id).where(problems.c.file_id == table.c.file_id)


async def _genres_named(connection: AsyncConnection, name: str) -> list[int]:
    """The genres of all libraries that a name means; there are few of them."""
    key = " ".join(name.lower().split())
    found = await connection.execute(
        select(genres.c.id).where(or_(genres.c.name == name, genres.c.key == key, genres.c.key == name))
    )
    return list(found.scalars())
