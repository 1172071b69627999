"""What is shown of artists, releases and tracks: their rows with what belongs to them, by id.

Beside `browse` and `search`, which find the ids. Paths are bytes; who may see them is decided elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.covers import covers_of
from shelfread.store.files import sliced
from shelfread.store.former import add_places
from shelfread.store.missing_items import add_missing
from shelfread.store.paths import place_of
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import (
    aliases,
    artists,
    books,
    folders,
    libraries,
    media_files,
    problems,
    release_credits,
    releases,
    roots,
    track_credits,
    track_genres,
    tracks,
    videos,
)
from shelfread.store.visible import artist_is_there

#: Texts that may be long: only with one track, not in lists.
_LONG = ("comment", "lyrics", "pictures")
_TRACK_COLUMNS = tuple(column for column in tracks.c if column.name not in (*_LONG, "file_id", "sort_key"))
#: What is shown of a file, whatever is in it.
FILE_COLUMNS = tuple(
    media_files.c[name]
    for name in ("size", "mtime_ns", "status", "added_at", "seen_at", "missing_at", "missing_reason")
)

Shown = dict[str, Any]


async def artists_of(
    connection: AsyncConnection, ids: Sequence[int], *, missing: bool = False
) -> list[Shown]:
    """Artists in the order of their ids given; those that are not there are left out.

    Args:
        connection: reads.
        ids: which.
        missing: of some of them nothing may be there.
    """
    found = await _rows(connection, artists, ids, "id", "library_id", "name", "sort_name", "mbid")
    gone: list[int] = []
    for part in sliced(list(found)) if missing else ():
        # Asked first: of one who is there, one file is enough to know, however many there are.
        nothing = select(artists.c.id).where(artists.c.id.in_(part), ~artist_is_there(artists.c.id, artists))
        gone += (await connection.execute(nothing)).scalars()
    await add_missing(connection, found, track_credits, track_credits.c.artist_id, gone)
    return [found[row_id] for row_id in ids if row_id in found]


async def releases_of(
    connection: AsyncConnection, ids: Sequence[int], *, missing: bool = False
) -> list[Shown]:
    """Releases with the artists credited for them, in the order of the ids; `missing`: some may be so."""
    columns = [column.name for column in releases.c if column.name not in ("key", "sort_key")]
    found = await _rows(connection, releases, ids, *columns)
    for one in found.values():
        one["artists"] = []
    for part in sliced(list(found)):
        rows = await connection.execute(
            select(release_credits.c.release_id, artists.c.id, artists.c.name)
            .join(artists, artists.c.id == release_credits.c.artist_id)
            .where(release_credits.c.release_id.in_(part))
            .order_by(release_credits.c.release_id, release_credits.c.position)
        )
        for release_id, artist_id, name in rows:
            found[release_id]["artists"].append({"id": artist_id, "name": name})
    covers = await covers_of(connection, ItemKind.RELEASE, found)
    await add_missing(connection, found, tracks, tracks.c.release_id, list(found) if missing else ())
    for release_id, one in found.items():
        cover = covers.get(release_id)
        one["cover"] = None if cover is None else cover._asdict()
    return [found[row_id] for row_id in ids if row_id in found]


async def tracks_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Tracks with file, credits, genres and problems, in the order of the ids; `whole`: with long texts."""
    found: dict[int, Shown] = {}
    columns = (*_TRACK_COLUMNS, *(tracks.c[name] for name in _LONG)) if whole else _TRACK_COLUMNS
    for part in sliced(ids):
        rows = await connection.execute(
            select(
                tracks.c.file_id.label("id"),
                roots.c.library_id,
                roots.c.path.label("root"),
                folders.c.path.label("folder"),
                media_files.c.name.label("file_name"),
                *FILE_COLUMNS,
                *columns,
            )
            .join(media_files, media_files.c.id == tracks.c.file_id)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .join(roots, roots.c.id == folders.c.root_id)
            .where(tracks.c.file_id.in_(part))
        )
        for row in rows.mappings():
            one = dict(row)
            one["path"] = place_of(one.pop("root"), one.pop("folder"), one.pop("file_name"))
            one |= {"credits": [], "genres": [], "problems": []}
            if whole:
                one["pictures"] = json.loads(one["pictures"] or "[]")
            found[one["id"]] = one
        await _add_belongings(connection, found, part)
        if whole:
            await add_places(connection, found, [row_id for row_id in part if row_id in found])
    return [found[row_id] for row_id in ids if row_id in found]


async def _add_belongings(connection: AsyncConnection, found: dict[int, Shown], ids: Collection[int]) -> None:
    credit = track_credits.c
    for row in await connection.execute(
        select(credit.file_id, credit.role, credit.artist_id, credit.name)
        .where(credit.file_id.in_(ids))
        .order_by(credit.file_id, credit.role, credit.position)
    ):
        found[row.file_id]["credits"].append({"role": row.role, "id": row.artist_id, "name": row.name})
    genre = track_genres.c
    named = await connection.execute(
        select(genre.file_id, genre.name)
        .where(genre.file_id.in_(ids))
        .order_by(genre.file_id, genre.position)
    )
    for file_id, name in named:
        found[file_id]["genres"].append(name)
    await add_problems(connection, found, ids)


async def add_problems(connection: AsyncConnection, found: dict[int, Shown], ids: Collection[int]) -> None:
    """Put the open problems of files with what is shown of them."""
    trouble = await connection.execute(
        select(problems.c.file_id, problems.c.id, problems.c.code, problems.c.detail, problems.c.ignored_at)
        .where(problems.c.file_id.in_(ids))
        .order_by(problems.c.file_id, problems.c.id)
    )
    for file_id, problem_id, code, detail, ignored_at in trouble:
        found[file_id]["problems"].append(
            {"id": problem_id, "code": code, "detail": detail, "ignored_at": ignored_at}
        )


class FilePlace(NamedTuple):
    """Where a file is, as the catalogue remembers it."""

    id: int
    #: The root's absolute path, and the file's below it.
    root: bytes
    relative: bytes
    name: bytes
    status: str
    size: int
    mtime_ns: int
    #: What is in it: of a track or a video the container, of a book the format.
    format: str | None
    follow_symlinks: bool
    #: The roots of its library.
    roots: list[bytes]


#: The tables of files by the word for them in addresses, and where each has the format.
_FORMATS = {"tracks": tracks.c.container, "books": books.c.format, "videos": videos.c.container}


async def file_place(connection: AsyncConnection, kind: str, file_id: int) -> FilePlace | None:
    """The place of a file of `kind` ("tracks", "books" or "videos"); None when there is no such one."""
    table = _FORMATS[kind].table
    found = await connection.execute(
        select(
            media_files,
            folders.c.path.label("folder"),
            roots.c.path.label("root"),
            roots.c.library_id,
            _FORMATS[kind].label("format"),
            libraries.c.options,
        )
        .join(table, table.c.file_id == media_files.c.id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .join(roots, roots.c.id == folders.c.root_id)
        .join(libraries, libraries.c.id == roots.c.library_id)
        .where(media_files.c.id == file_id)
    )
    row = found.first()
    if row is None:
        return None
    others = await connection.execute(select(roots.c.path).where(roots.c.library_id == row.library_id))
    return FilePlace(
        row.id,
        row.root,
        row.folder + b"/" + row.name if row.folder else row.name,
        row.name,
        row.status,
        row.size,
        row.mtime_ns,
        row.format,
        bool(json.loads(row.options).get("follow_symlinks")),
        list(others.scalars()),
    )


async def taken_over_by(connection: AsyncConnection, file_id: int) -> int | None:
    """The row that a redundant id leads to."""
    found = await connection.execute(select(aliases.c.file_id).where(aliases.c.old_id == file_id))
    return found.scalar_one_or_none()


async def _rows(
    connection: AsyncConnection, table: Any, ids: Sequence[int], *columns: str
) -> dict[int, Shown]:
    found: dict[int, Shown] = {}
    for part in sliced(ids):
        query = select(*(table.c[name] for name in columns)).where(table.c.id.in_(part))
        found.update({row["id"]: dict(row) for row in (await connection.execute(query)).mappings()})
    return found
