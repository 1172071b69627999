"""Files that are missing: listed, counted, and forgotten for good when somebody or a policy says so.

Statements only. What is forgotten are rows and what hangs on them; nothing on disk is touched here, and an id
is never given again. Whether a root may be believed is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store import search_due, tidying
from shelfread.store.files import sliced
from shelfread.store.paths import place_of
from shelfread.store.tables import (
    books,
    episodes,
    folders,
    media_files,
    roots,
    track_credits,
    track_genres,
    tracks,
    videos,
)

#: Files that are forgotten in one transaction.
ROWS = 500


class MissingFile(NamedTuple):
    """A missing file."""

    id: int
    root_id: int
    #: Absolute.
    path: bytes
    size: int
    added_at: int
    missing_at: int
    #: A MissingReason; None when it is not known.
    reason: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which missing files of a library are meant: all of them, as long as nothing narrows it."""

    library_id: int
    #: Missing since a time before this, in microseconds.
    before: int | None = None
    #: Only these, by id.
    ids: tuple[int, ...] | None = None


class Totals(NamedTuple):
    """How many files, and their sizes in bytes when they were last there."""

    files: int
    size: int


async def page(
    connection: AsyncConnection, chosen: Chosen, limit: int, after: tuple[int, int] | None = None
) -> list[MissingFile]:
    """Missing files, those that are so for longest first; behind `after`, a (missing_at, id)."""
    query = (
        _of(chosen)
        .add_columns(
            media_files.c.id,
            folders.c.root_id,
            roots.c.path.label("root"),
            folders.c.path.label("folder"),
            media_files.c.name,
            media_files.c.size,
            media_files.c.added_at,
            media_files.c.missing_at,
            media_files.c.missing_reason,
        )
        .order_by(media_files.c.missing_at, media_files.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(media_files.c.missing_at, media_files.c.id) > after)
    return [
        MissingFile(
            row.id,
            row.root_id,
            place_of(row.root, row.folder, row.name),
            row.size,
            row.added_at,
            row.missing_at,
            row.missing_reason,
        )
        for row in await connection.execute(query)
    ]


async def totals(connection: AsyncConnection, chosen: Chosen) -> dict[int, Totals]:
    """The same counted, by root."""
    found: dict[int, Totals] = {}
    for part in _parts(chosen):
        query = (
            _of(part)
            .add_columns(folders.c.root_id, func.count(), func.coalesce(func.sum(media_files.c.size), 0))
            .group_by(folders.c.root_id)
        )
        for root_id, files, size in await connection.execute(query):
            before = found.get(root_id, Totals(0, 0))
            found[root_id] = Totals(before.files + files, before.size + int(size))
    return found


async def ids(
    connection: AsyncConnection, chosen: Chosen, root_ids: Collection[int], after: int = 0
) -> list[int]:
    """The next of them in some roots by id: at most `ROWS`."""
    query = (
        _of(chosen)
        .add_columns(media_files.c.id)
        .where(folders.c.root_id.in_(root_ids), media_files.c.id > after)
        .order_by(media_files.c.id)
        .limit(ROWS)
    )
    return list((await connection.execute(query)).scalars())


async def forget(connection: AsyncConnection, library_id: int, file_ids: Sequence[int]) -> int:
    """Delete the rows of files that are missing, and what hangs on them; gives how many there were.

    Parents that lose their last file go when the library is tidied next: they are noted.
    """
    gone = 0
    for part in sliced(file_ids):
        await tidying.note(connection, library_id, await _parents(connection, part))
        await search_due.note(connection, tracks=part, books=part)
        # Children first, in set operations: cascading row by row is far slower.
        still = select(media_files.c.id).where(media_files.c.id.in_(part), _MISSING)
        for table in (track_genres, track_credits, tracks):
            await connection.execute(delete(table).where(table.c.file_id.in_(still)))
        gone += (
            await connection.execute(delete(media_files).where(media_files.c.id.in_(part), _MISSING))
        ).rowcount
    return gone


async def _parents(connection: AsyncConnection, file_ids: Sequence[int]) -> dict[str, set[int | None]]:
    """What these files are of, by the names of tables; a few hundred files at most."""
    of_episode = videos.outerjoin(episodes, episodes.c.id == videos.c.episode_id)
    found: dict[str, set[int | None]] = {}
    for name, column, source, file_id in (
        ("artists", track_credits.c.artist_id, track_credits, track_credits.c.file_id),
        ("genres", track_genres.c.genre_id, track_genres, track_genres.c.file_id),
        ("releases", tracks.c.release_id, tracks, tracks.c.file_id),
        ("series", books.c.series_id, books, books.c.file_id),
        ("movies", videos.c.movie_id, videos, videos.c.file_id),
        ("episodes", videos.c.episode_id, videos, videos.c.file_id),
        ("seasons", episodes.c.season_id, of_episode, videos.c.file_id),
        ("shows", episodes.c.show_id, of_episode, videos.c.file_id),
    ):
        rows = await connection.execute(
            select(column).select_from(source).where(file_id.in_(file_ids)).distinct()
        )
        found[name] = set(rows.scalars())
    return found


_MISSING: ColumnElement[bool] = media_files.c.missing_at.is_not(None)


def _of(chosen: Chosen) -> Select[Any]:
    query = (
        select()
        .select_from(
            media_files.join(folders, folders.c.id == media_files.c.folder_id).join(
                roots, roots.c.id == folders.c.root_id
            )
        )
        .where(_MISSING, roots.c.library_id == chosen.library_id)
    )
    if chosen.before is not None:
        query = query.where(media_files.c.missing_at < chosen.before)
    if chosen.ids is not None:
        query = query.where(media_files.c.id.in_(chosen.ids))
    return query


def _parts(chosen: Chosen) -> list[Chosen]:
    if chosen.ids is None:
        return [chosen]
    return [Chosen(chosen.library_id, chosen.before, tuple(part)) for part in sliced(chosen.ids)]
