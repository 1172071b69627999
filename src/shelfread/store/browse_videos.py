"""Lists of movies, shows and episodes: sorted, filtered, page by page.

Gives ids; `video_items` has what is shown of them. What can be sorted by stands in three tables here and
nowhere else, each with an index (`tables`). Beside `browse` and `browse_books`. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.filters import Made, of_library, of_year
from shelfread.store.folding import sort_key
from shelfread.store.keyset import Filter, Order, Page, Walk, page
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import episodes, movies, seasons, shows, video_credits, video_tags, videos
from shelfread.store.visible import any_row, episode_is_there, movie_is_there, show_is_there

MOVIE_ORDERS = {
    "title": Order(movies.c.sort_key, str),
    "year": Order(movies.c.year, int, nullable=True),
    "added_at": Order(movies.c.added_at, int),
}
SHOW_ORDERS = {
    "title": Order(shows.c.sort_key, str),
    "year": Order(shows.c.year, int, nullable=True),
    "added_at": Order(shows.c.added_at, int),
}
EPISODE_ORDERS = {
    "title": Order(episodes.c.sort_key, str),
    "air_date": Order(episodes.c.air_date, str, nullable=True),
    "added_at": Order(episodes.c.added_at, int),
    # Its place among the episodes of its show: of one show only.
    "number": Order(episodes.c.place, str),
}
#: The type of the tags that are genres; all are found by `tag`.
GENRE = "genre"


class _Listed(NamedTuple):
    """One list: what is in it."""

    kind: ItemKind
    made: Made
    orders: dict[str, Order]
    #: What its cursors begin with.
    letter: str


_MOVIES = _Listed(
    ItemKind.MOVIE,
    Made(
        movies,
        movie_is_there(movies.c.id, movies),
        videos,
        videos.c.file_id,
        videos.c.movie_id,
        videos.c.type == "movie",
    ),
    MOVIE_ORDERS,
    "m",
)
_of_shows = episodes.alias("of_shows")
_SHOWS = _Listed(
    ItemKind.SHOW,
    Made(
        shows,
        show_is_there(shows.c.id, shows),
        videos.join(_of_shows, _of_shows.c.id == videos.c.episode_id),
        videos.c.file_id,
        _of_shows.c.show_id,
    ),
    SHOW_ORDERS,
    "w",
)
_EPISODES = _Listed(
    ItemKind.EPISODE,
    Made(
        episodes,
        episode_is_there(episodes.c.id, episodes),
        videos,
        videos.c.file_id,
        videos.c.episode_id,
    ),
    EPISODE_ORDERS,
    "p",
)


@dataclass(frozen=True, slots=True)
class WantedVideos:
    """What a list is asked for."""

    sort: str
    descending: bool = False
    limit: int = 50
    after: str | None = None
    library_id: int | None = None
    #: Episodes only.
    show_id: int | None = None
    #: Episodes of a show only: its number; 0 has the specials.
    season: int | None = None
    #: By name, in any case and with or without accents.
    genre: str | None = None
    #: Any word that an item is filed under: a genre, a tag, a studio, a country.
    tag: str | None = None
    #: Whoever had any part in it.
    person: str | None = None
    #: Of episodes that of the day they were sent.
    year: int | None = None
    has_problem: bool | None = None
    #: ready, error, missing or any; None is what is there.
    status: str | None = None


async def movie_page(connection: AsyncConnection, wanted: WantedVideos) -> Page:
    """Movies. Raises BadCursor."""
    filters = [] if wanted.year is None else [of_year(movies, movies.c.id, wanted.year)]
    return await _page(connection, _MOVIES, wanted, filters)


async def show_page(connection: AsyncConnection, wanted: WantedVideos) -> Page:
    """Shows; genre, tag and person are those of the show itself. Raises BadCursor."""
    filters = [] if wanted.year is None else [of_year(shows, shows.c.id, wanted.year)]
    return await _page(connection, _SHOWS, wanted, filters)


async def episode_page(connection: AsyncConnection, wanted: WantedVideos) -> Page:
    """Episodes; by number only those of one show. Raises BadCursor."""
    own, filters = episodes.c.id, []
    if wanted.show_id is not None:
        of_show = episodes.c.show_id == wanted.show_id
        filters.append(Filter(of_show, select(own).where(of_show)))
    if wanted.season is not None:
        mine = (seasons.c.show_id == wanted.show_id, seasons.c.number == wanted.season)
        found = await connection.execute(select(seasons.c.id).where(*mine))
        # No row has the id 0.
        of_season = episodes.c.season_id == (found.scalar_one_or_none() or 0)
        filters.append(Filter(of_season, select(own).where(of_season)))
    if wanted.year is not None:
        # A day begins with its year, and nothing of a day is above a 9.
        year = f"{wanted.year:04}"
        sent = and_(episodes.c.air_date >= year, episodes.c.air_date <= f"{year}-99")
        filters.append(Filter(sent, select(own).where(sent)))
    return await _page(connection, _EPISODES, wanted, filters)


async def _page(
    connection: AsyncConnection, listed: _Listed, wanted: WantedVideos, filters: list[Filter]
) -> Page:
    """A page of one list, with the filters that all have beside its own."""
    table = listed.made.table
    filters = [*listed.made.in_state(wanted.status), *filters]
    if wanted.library_id is not None:
        filters.append(of_library(table, wanted.library_id))
    filters += _of_words(listed, wanted)
    if wanted.has_problem is not None:
        filters.append(listed.made.in_trouble(wanted.has_problem))
    question = f"{listed.letter}{wanted.sort}"
    walk = Walk(table, table.c.id, listed.orders[wanted.sort], question, wanted.descending, filters)
    return await page(connection, walk, wanted.limit, wanted.after)


def _of_words(listed: _Listed, wanted: WantedVideos) -> Iterator[Filter]:
    """Those that are filed under a word, or that somebody had a part in."""
    if wanted.genre is not None:
        named = video_tags.c.key == sort_key(wanted.genre)
        yield _with_rows(listed, video_tags, and_(named, video_tags.c.type == GENRE))
    if wanted.tag is not None:
        yield _with_rows(listed, video_tags, video_tags.c.key == sort_key(wanted.tag))
    if wanted.person is not None:
        yield _with_rows(listed, video_credits, video_credits.c.key == sort_key(wanted.person))


def _with_rows(listed: _Listed, rows: Any, wanted: Any) -> Filter:
    """Those that have such a row of credits or tags."""
    of_kind = and_(rows.c.kind == int(listed.kind), wanted)
    one = select(rows.c.position).where(of_kind, rows.c.item_id == listed.made.table.c.id)
    ids = select(rows.c.item_id).where(of_kind).distinct()
    return Filter(any_row(one, listed.made.table), ids)
