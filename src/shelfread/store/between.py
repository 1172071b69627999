"""Rows that go from one library to another with a file: whether they still may, and what is noted of them.

Statements for the finishing transaction of a scan, for `scan.between`, and for a person who confirms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Table, delete, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.beside import BESIDE_OTHERS
from shelfread.store import cover_due, jobs, tidying
from shelfread.store.files import sliced
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import (
    artists,
    covers,
    episodes,
    folders,
    genres,
    media_files,
    movies,
    releases,
    roots,
    seasons,
    series,
    shows,
    tidy_due,
)
from shelfread.store.tables import cover_due as cover_notes

#: The tables of parents, with the column that says whose a row is.
_PARENTS: tuple[tuple[Table, ColumnElement[int]], ...] = (
    *((table, table.c.library_id) for table in (artists, genres, releases, series, movies, shows, episodes)),
    (seasons, shows.c.library_id),
)
#: Those that have covers.
_COVERED: Mapping[str, ItemKind] = {
    "releases": ItemKind.RELEASE,
    "movies": ItemKind.MOVIE,
    "shows": ItemKind.SHOW,
    "seasons": ItemKind.SEASON,
    "episodes": ItemKind.EPISODE,
}


async def at_rest(connection: AsyncConnection, library_ids: Collection[int]) -> set[int]:
    """Those of some libraries that no job works on; none begins there before the transaction ends.

    A scan knows rows by heart: nobody else may take them away. Whoever is to be left alone is not waited for,
    so that two scans that end at once cannot wait for one another.
    """
    found = set()
    for library_id in sorted(library_ids):
        if await is_busy(connection, library_id) or not await jobs.lock_library(connection, library_id):
            continue
        # A job may have been claimed before the lock was ours.
        if not await is_busy(connection, library_id):
            found.add(library_id)
    return found


async def is_busy(connection: AsyncConnection, library_id: int) -> bool:
    """Whether a job says that it is running that may know rows of a library by heart."""
    return any(job.type not in BESIDE_OTHERS for job in await jobs.running(connection, library_id))


async def places(connection: AsyncConnection, file_ids: Sequence[int]) -> dict[int, tuple[int, bool]]:
    """The library of each of some files, and whether it is missing."""
    found: dict[int, tuple[int, bool]] = {}
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(media_files.c.id, roots.c.library_id, media_files.c.status)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .join(roots, roots.c.id == folders.c.root_id)
            .where(media_files.c.id.in_(part))
        )
        found.update({row[0]: (row[1], row[2] == "missing") for row in rows})
    return found


async def sort_out(connection: AsyncConnection, new_library: int, old_library: int) -> None:
    """Notes that a merge made for the library that got files, each to the library whose row it is about.

    Covers of what went over are then those of the library that it is in.
    """
    for table, own in _PARENTS:
        source = seasons.join(shows, shows.c.id == seasons.c.show_id) if table is seasons else table
        rows = await connection.execute(
            select(table.c.id)
            .select_from(source.join(tidy_due, tidy_due.c.item_id == table.c.id))
            .where(tidy_due.c.library_id == new_library, tidy_due.c.parent == table.name, own == old_library)
        )
        left = sorted(rows.scalars())
        await tidying.note(connection, old_library, {table.name: left})
        for part in sliced(left):
            await connection.execute(
                delete(tidy_due).where(
                    tidy_due.c.library_id == new_library,
                    tidy_due.c.parent == table.name,
                    tidy_due.c.item_id.in_(part),
                )
            )
        kind = _COVERED.get(table.name)
        if kind is None:
            continue
        rows = await connection.execute(
            select(table.c.id)
            .select_from(source.join(cover_notes, cover_notes.c.item_id == table.c.id))
            .where(
                cover_notes.c.library_id == new_library,
                cover_notes.c.kind == kind.value,
                own == old_library,
            )
        )
        left = sorted(rows.scalars())
        await cover_due.note_items(connection, old_library, {kind: set(left)})
        for part in sliced(left):
            await connection.execute(
                delete(cover_notes).where(
                    cover_notes.c.library_id == new_library,
                    cover_notes.c.kind == kind.value,
                    cover_notes.c.item_id.in_(part),
                )
            )
    theirs = cover_notes.alias()
    await connection.execute(
        delete(cover_notes).where(
            cover_notes.c.library_id == old_library,
            cover_notes.c.kind != cover_due.ALL,
            exists().where(
                theirs.c.library_id == new_library,
                theirs.c.kind == cover_notes.c.kind,
                theirs.c.item_id == cover_notes.c.item_id,
            ),
        )
    )
    rows = await connection.execute(
        select(covers.c.kind, covers.c.item_id)
        .join(
            cover_notes,
            (cover_notes.c.kind == covers.c.kind) & (cover_notes.c.item_id == covers.c.item_id),
        )
        .where(cover_notes.c.library_id == new_library, covers.c.library_id == old_library)
    )
    for items in sliced([tuple(row) for row in rows]):
        await connection.execute(
            update(covers)
            .where(tuple_(covers.c.kind, covers.c.item_id).in_(items))
            .values(library_id=new_library)
        )
