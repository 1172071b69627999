"""Notes of items whose cover has to be looked at, written by the transaction that changed them.

One row an item, so that a thousand changes of one cost one look, and how much there is to do can be counted.
`covers` has what was made. The job that reads the notes takes away only those that it has seen. No file is
opened here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.clock import now_us
from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import (
    books,
    cover_due,
    episodes,
    folders,
    media_files,
    movies,
    releases,
    roots,
    seasons,
    shows,
    tracks,
)

#: The kind of the note that stands for all items of a library; its item is 0.
ALL = 0
#: A request that comes later asks for at least as much as the one that waits.
_NOTE = (
    "INSERT INTO cover_due (library_id, kind, item_id, again, noted) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (library_id, kind, item_id) DO UPDATE SET noted = excluded.noted, "
    "again = (cover_due.again OR excluded.again)"
)


#: Items whose rows name their library.
_OF_LIBRARY: Mapping[ItemKind, Table] = {
    ItemKind.RELEASE: releases,
    ItemKind.MOVIE: movies,
    ItemKind.SHOW: shows,
    ItemKind.EPISODE: episodes,
}


class Due(NamedTuple):
    """One note."""

    kind: int
    item_id: int
    #: Made again though nothing changed, and tried again though it failed.
    again: bool
    #: Which note it is: a later one of the same item has another.
    noted: int


async def note(
    connection: AsyncConnection,
    library_id: int,
    *,
    releases: Collection[int] = (),
    books: Collection[int] = (),
    movies: Collection[int] = (),
    shows: Collection[int] = (),
    episodes: Collection[int] = (),
    seasons: Collection[int] = (),
    again: bool = False,
) -> None:
    """Note items of a library that are new, or whose cover may be another now."""
    ids = {
        ItemKind.RELEASE: releases,
        ItemKind.BOOK: books,
        ItemKind.MOVIE: movies,
        ItemKind.SHOW: shows,
        ItemKind.EPISODE: episodes,
        ItemKind.SEASON: seasons,
    }
    await note_items(connection, library_id, ids, again=again)


async def note_items(
    connection: AsyncConnection,
    library_id: int,
    ids: Mapping[ItemKind, Collection[int]],
    *,
    again: bool = False,
) -> None:
    """The same, by kinds."""
    now = now_us()
    # In one order for all writers: they wait for one another, and never in a circle.
    rows = [
        (library_id, kind.value, item_id, again, now) for kind in sorted(ids) for item_id in sorted(ids[kind])
    ]
    await run_many(connection, _NOTE, rows)


async def note_all(connection: AsyncConnection, library_id: int, *, again: bool) -> None:
    """Note that every item of a library has to be looked at; with `again` every cover is made anew."""
    await run_many(connection, _NOTE, [(library_id, ALL, 0, again, now_us())])


async def any_due(connection: AsyncConnection, library_id: int) -> bool:
    """Whether there is anything to look at."""
    found = await connection.execute(
        select(cover_due.c.kind).where(cover_due.c.library_id == library_id).limit(1)
    )
    return found.first() is not None


async def wish(connection: AsyncConnection, library_id: int) -> Due | None:
    """The note that stands for all items, if there is one."""
    found = await connection.execute(_select(library_id).where(cover_due.c.kind == ALL))
    row = found.first()
    return Due(*row) if row else None


async def count(connection: AsyncConnection, library_id: int) -> int:
    """How many items are noted."""
    found = await connection.execute(
        select(func.count())
        .select_from(cover_due)
        .where(cover_due.c.library_id == library_id, cover_due.c.kind != ALL)
    )
    return int(found.scalar_one())


async def page(connection: AsyncConnection, library_id: int, after: tuple[int, int], limit: int) -> list[Due]:
    """The next notes behind the item `after` (kind, id), in order."""
    key = tuple_(cover_due.c.kind, cover_due.c.item_id)
    rows = await connection.execute(
        _select(library_id)
        .where(cover_due.c.kind != ALL, key > after)
        .order_by(cover_due.c.kind, cover_due.c.item_id)
        .limit(limit)
    )
    return [Due(*row) for row in rows]


async def done(connection: AsyncConnection, library_id: int, seen: Sequence[Due]) -> None:
    """Take away notes that were looked at; one that was written anew meanwhile stays."""
    await run_many(
        connection,
        "DELETE FROM cover_due WHERE library_id = ? AND kind = ? AND item_id = ? AND noted = ?",
        [(library_id, one.kind, one.item_id, one.noted) for one in seen],
    )


async def items_after(
    connection: AsyncConnection, library_id: int, kind: ItemKind, after: int, limit: int
) -> list[int]:
    """The next items of a kind in a library, by id."""
    query: Select[Any]
    if kind is ItemKind.BOOK:
        column: Any = books.c.file_id
        query = (
            select(column)
            .join(media_files, media_files.c.id == books.c.file_id)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .join(roots, roots.c.id == folders.c.root_id)
            .where(roots.c.library_id == library_id)
        )
    elif kind is ItemKind.SEASON:
        column = seasons.c.id
        query = select(column).join(shows, shows.c.id == seasons.c.show_id)
        query = query.where(shows.c.library_id == library_id)
    else:
        table = _OF_LIBRARY[kind]
        column = table.c.id
        query = select(column).where(table.c.library_id == library_id)
    rows = await connection.execute(query.where(column > after).order_by(column).limit(limit))
    return [row[0] for row in rows]


async def releases_with(
    connection: AsyncConnection, file_ids: Sequence[int], folder_ids: Sequence[int]
) -> set[int]:
    """The releases of these tracks, and of those in these folders or directly below them (discs)."""
    found: set[int] = set()
    for part in sliced(file_ids):
        rows = await connection.execute(select(tracks.c.release_id).where(tracks.c.file_id.in_(part)))
        found.update(row[0] for row in rows if row[0] is not None)
    for part in sliced(folder_ids):
        for place in (folders.c.id, folders.c.parent_id):
            rows = await connection.execute(
                select(tracks.c.release_id)
                .join(media_files, media_files.c.id == tracks.c.file_id)
                .join(folders, folders.c.id == media_files.c.folder_id)
                .where(place.in_(part))
                .distinct()
            )
            found.update(row[0] for row in rows if row[0] is not None)
    return found


async def books_in(connection: AsyncConnection, folder_ids: Sequence[int]) -> set[int]:
    """The books in these folders."""
    found: set[int] = set()
    for part in sliced(folder_ids):
        rows = await connection.execute(
            select(books.c.file_id)
            .join(media_files, media_files.c.id == books.c.file_id)
            .where(media_files.c.folder_id.in_(part))
        )
        found.update(row[0] for row in rows)
    return found


def _select(library_id: int) -> Select[int, int, bool, int]:
    columns = (cover_due.c.kind, cover_due.c.item_id, cover_due.c.again, cover_due.c.noted)
    return select(*columns).where(cover_due.c.library_id == library_id)
