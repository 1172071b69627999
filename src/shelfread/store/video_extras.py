"""Which extras belong to a movie or a show: decided when it is asked, by the folder that they stand in.

An extra belongs to the one movie with files in its folder; where there are several, to the one that its own
name speaks of; else to the one show that has episodes there or directly below. Everything else belongs to
nobody. Gives ids of files; `video_items` has what is shown of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import episodes, media_files, movies, videos

#: A root and a folder below it.
Place = tuple[int, bytes]
_IS_EXTRA = videos.c.type.in_(("extra", "sample"))


async def extras_of_movie(connection: AsyncConnection, movie_id: int) -> list[int]:
    """The extras of a movie that are not missing, by the names of their files."""
    found: dict[int, bytes] = {}
    places = await connection.execute(
        select(videos.c.root_id, videos.c.base)
        .where(videos.c.movie_id == movie_id, videos.c.type == "movie")
        .distinct()
    )
    key = select(movies.c.key).where(movies.c.id == movie_id).scalar_subquery()
    for root_id, base in places:
        place = (root_id, bytes(base))
        extras = _extras_in(place)
        other = select(videos.c.file_id).where(
            _in_place(place), videos.c.type == "movie", videos.c.movie_id != movie_id
        )
        if (await connection.execute(other.limit(1))).first() is not None:
            extras = extras.where(videos.c.of_key == key)
        found.update({row[0]: row[1] for row in await connection.execute(extras)})
    return sorted(found, key=lambda one: (found[one], one))


async def extras_of_show(connection: AsyncConnection, show_id: int) -> list[int]:
    """The extras of a show that are not missing, by the names of their files."""
    rows = await connection.execute(
        select(videos.c.root_id, videos.c.base)
        .join(episodes, episodes.c.id == videos.c.episode_id)
        .where(episodes.c.show_id == show_id)
        .distinct()
    )
    places = {(root_id, bytes(base)) for root_id, base in rows}
    places |= {(root_id, base.rpartition(b"/")[0]) for root_id, base in places if base}
    found: dict[int, bytes] = {}
    for place in sorted(places):
        extras = (await connection.execute(_extras_in(place))).all()
        if extras and await _is_only_show(connection, place, show_id):
            taken = await _taken_by_movies(connection, place, {row.of_key for row in extras})
            found.update({row[0]: row[1] for row in extras if taken is not None and row[2] not in taken})
    return sorted(found, key=lambda one: (found[one], one))


def _in_place(place: Place) -> Any:
    return and_(videos.c.root_id == place[0], videos.c.base == place[1])


def _extras_in(place: Place) -> Any:
    query = select(videos.c.file_id, media_files.c.name, videos.c.of_key)
    query = query.join(media_files, media_files.c.id == videos.c.file_id)
    return query.where(_in_place(place), _IS_EXTRA, media_files.c.status != "missing")


async def _is_only_show(connection: AsyncConnection, place: Place, show_id: int) -> bool:
    """Whether no other show has episodes in a folder or directly below it."""
    root_id, path = place
    below = path + b"/" if path else b""
    rest = func.substr(videos.c.base, len(below) + 1)
    if connection.dialect.name == "sqlite":
        slash = func.instr(rest, b"/")
    else:
        slash = func.position(literal(b"/").op("IN")(rest))
    inside = [videos.c.base > below, slash == 0]
    if path:
        # "0" is the byte after "/".
        inside.append(videos.c.base < path + b"0")
    other = (
        select(videos.c.file_id)
        .join(episodes, episodes.c.id == videos.c.episode_id)
        .where(videos.c.root_id == root_id, or_(videos.c.base == path, and_(*inside)))
        .where(episodes.c.show_id != show_id)
    )
    return (await connection.execute(other.limit(1))).first() is None


async def _taken_by_movies(
    connection: AsyncConnection, place: Place, of_keys: Collection[str | None]
) -> set[str | None] | None:
    """The names that movies of this folder answer to; None where there is one, which has all extras."""
    own = select(videos.c.movie_id).where(_in_place(place), videos.c.type == "movie").distinct()
    ids = list((await connection.execute(own.limit(2))).scalars())
    if len(ids) == 1:
        return None
    if not ids:
        return set()
    keys = [one for one in of_keys if one is not None]
    mine = select(movies.c.key).where(movies.c.id.in_(own), movies.c.key.in_(keys))
    return set((await connection.execute(mine)).scalars())
