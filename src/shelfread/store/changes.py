"""Which files a job changed, as far as their rows still say so: each names the last job that changed it.

So the list of an older job grows shorter as later ones change the same files; its counters stay. Statements
only, along the index that the rows have for it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.paths import place_of
from shelfread.store.tables import books, episodes, folders, media_files, movies, roots, tracks, videos


class ChangedFile(NamedTuple):
    """A file that a job changed, and what it is a file of."""

    file_id: int
    #: A Change, or "missing".
    change: str
    #: track, book, movie, episode or video; None where nothing is known of it.
    item_kind: str | None
    item_id: int | None
    title: str | None
    #: Absolute.
    path: bytes


async def page(
    connection: AsyncConnection,
    job_seq: int,
    limit: int,
    *,
    change: str | None = None,
    after: tuple[str, int] | None = None,
) -> list[ChangedFile]:
    """The files that a job changed, by change and id; behind `after`, a (change, id).

    With `change` only those; then `after` is one of them.
    """
    query = (
        select(
            media_files.c.id,
            media_files.c.change,
            media_files.c.name,
            folders.c.path.label("folder"),
            roots.c.path.label("root"),
            tracks.c.file_id.label("track_id"),
            tracks.c.title.label("track_title"),
            books.c.file_id.label("book_id"),
            books.c.title.label("book_title"),
            videos.c.file_id.label("video_id"),
            videos.c.title.label("video_title"),
            movies.c.id.label("movie_id"),
            movies.c.title.label("movie_title"),
            episodes.c.id.label("episode_id"),
            episodes.c.title.label("episode_title"),
        )
        .join(folders, folders.c.id == media_files.c.folder_id)
        .join(roots, roots.c.id == folders.c.root_id)
        .outerjoin(tracks, tracks.c.file_id == media_files.c.id)
        .outerjoin(books, books.c.file_id == media_files.c.id)
        .outerjoin(videos, videos.c.file_id == media_files.c.id)
        .outerjoin(movies, (movies.c.id == videos.c.movie_id) & (videos.c.type == "movie"))
        .outerjoin(episodes, (episodes.c.id == videos.c.episode_id) & (videos.c.type == "episode"))
        .where(media_files.c.changed_by == job_seq)
        .order_by(media_files.c.change, media_files.c.id)
        .limit(limit)
    )
    if change is not None:
        query = query.where(media_files.c.change == change)
    if after is not None and change is not None:
        # The index ends with the id: no range over both.
        query = query.where(media_files.c.id > after[1])
    elif after is not None:
        query = query.where(tuple_(media_files.c.change, media_files.c.id) > after)
    return [_of(row) for row in await connection.execute(query)]


async def counts(connection: AsyncConnection, job_seq: int) -> dict[str, int]:
    """How many files there are of each change that a job made."""
    rows = await connection.execute(
        select(media_files.c.change, func.count())
        .where(media_files.c.changed_by == job_seq)
        .group_by(media_files.c.change)
    )
    return {row[0]: row[1] for row in rows}


def _of(row: Any) -> ChangedFile:
    # A video is one of a movie or an episode first; else it is an extra, or a sample.
    for kind in ("track", "book", "movie", "episode", "video"):
        item_id = getattr(row, f"{kind}_id")
        if item_id is not None:
            title = getattr(row, f"{kind}_title")
            return ChangedFile(row.id, row.change, kind, item_id, title, _path(row))
    return ChangedFile(row.id, row.change, None, None, None, _path(row))


def _path(row: Any) -> bytes:
    return place_of(row.root, row.folder, row.name)
