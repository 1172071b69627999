"""What stands in the folders of a movie or an episode: its files and others, subtitles and sound beside them.

Plain rows, for `app.video_beside`, which says what belongs together by the rules of names. Knows none of
these rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.files import sliced
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import folders, media_files, roots, sidecars, videos

#: The types of sidecars that are played with a video.
TYPES = ("subtitle", "audio")


class Folder(NamedTuple):
    """A folder: the root's absolute path, and its own below that."""

    id: int
    parent_id: int | None
    root: bytes
    path: bytes


class Beside(NamedTuple):
    """A subtitle or audio file; `facts` is the JSON of what its name alone says."""

    folder_id: int
    name: bytes
    type: str
    facts: str | None
    size: int


class Neighbour(NamedTuple):
    """A video that is not missing, and what it is of."""

    file_id: int
    folder_id: int
    name: bytes
    movie_id: int | None
    episode_id: int | None
    type: str


async def folders_of_item(connection: AsyncConnection, kind: ItemKind, row_id: int) -> list[Folder]:
    """The folders that the files of a movie or an episode lie in, and those that are the item's own."""
    column = videos.c.movie_id if kind is ItemKind.MOVIE else videos.c.episode_id
    rows = await connection.execute(
        select(videos.c.root_id, videos.c.base, media_files.c.folder_id)
        .join(media_files, media_files.c.id == videos.c.file_id)
        .where(column == row_id, videos.c.type.in_(("movie", "episode")))
        .distinct()
    )
    found = [tuple(row) for row in rows]
    lying = sorted({folder_id for _, _, folder_id in found})
    own = {(root_id, bytes(base)) for root_id, base, _ in found}
    conditions = [and_(folders.c.root_id == root_id, folders.c.path == base) for root_id, base in sorted(own)]
    conditions += [folders.c.id.in_(part) for part in sliced(lying)]
    every = [folder for part in sliced(conditions) for folder in await _folders(connection, or_(*part))]
    return sorted({one.id: one for one in every}.values())


async def folders_in(connection: AsyncConnection, folder_ids: Collection[int]) -> list[Folder]:
    """The folders directly in some."""
    return [
        folder
        for part in sliced(sorted(folder_ids))
        for folder in await _folders(connection, folders.c.parent_id.in_(part))
    ]


async def _folders(connection: AsyncConnection, condition: Any) -> Iterable[Folder]:
    rows = await connection.execute(
        select(folders.c.id, folders.c.parent_id, roots.c.path, folders.c.path)
        .join(roots, roots.c.id == folders.c.root_id)
        .where(condition)
    )
    return [Folder(row[0], row[1], bytes(row[2]), bytes(row[3])) for row in rows]


async def videos_in(connection: AsyncConnection, folder_ids: Collection[int]) -> list[Neighbour]:
    """The videos in some folders that are not missing."""
    found: list[Neighbour] = []
    for part in sliced(sorted(folder_ids)):
        rows = await connection.execute(
            select(
                videos.c.file_id,
                media_files.c.folder_id,
                media_files.c.name,
                videos.c.movie_id,
                videos.c.episode_id,
                videos.c.type,
            )
            .join(videos, videos.c.file_id == media_files.c.id)
            .where(media_files.c.folder_id.in_(part), media_files.c.status != "missing")
        )
        found += [Neighbour(row[0], row[1], bytes(row[2]), *row[3:]) for row in rows]
    return found


async def files_beside(connection: AsyncConnection, folder_ids: Collection[int]) -> list[Beside]:
    """The subtitle and audio files in some folders, by their names."""
    found: list[Beside] = []
    for part in sliced(sorted(folder_ids)):
        rows = await connection.execute(
            select(
                sidecars.c.folder_id, sidecars.c.name, sidecars.c.type, sidecars.c.facts, sidecars.c.size
            ).where(sidecars.c.folder_id.in_(part), sidecars.c.type.in_(TYPES))
        )
        found += [Beside(row[0], bytes(row[1]), *row[2:]) for row in rows]
    return sorted(found, key=lambda one: (one.name, one.folder_id))
