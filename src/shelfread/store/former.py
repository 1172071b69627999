"""Where files were before: a row for each time that one of them turned up elsewhere.

Written by `moves` in the transaction that finds it, read with the one item that somebody looks at. Paths are
absolute, as they were then: a root may have gone since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import insert_rows
from shelfread.store.files import sliced
from shelfread.store.paths import place_of
from shelfread.store.tables import folders, former_places, media_files, roots


class FormerPlace(NamedTuple):
    """A place in which a file was."""

    #: Absolute.
    path: bytes
    #: When it was found elsewhere, or to be gone; microseconds since the epoch, UTC.
    until: int


async def note(connection: AsyncConnection, pairs: Sequence[tuple[int, int]], now: int) -> None:
    """Files moved, (new row, old row): where the old row is becomes a former place, as are those of the new.

    To be called while both rows are what they were.
    """
    new_of = {old: new for new, old in pairs}
    for part in sliced(list(new_of)):
        known = await _places(connection, [new_of[old] for old in part])
        found: dict[int, list[FormerPlace]] = {}
        for row in await connection.execute(
            select(
                media_files.c.id,
                media_files.c.missing_at,
                media_files.c.name,
                folders.c.path.label("folder"),
                roots.c.path.label("root"),
            )
            .join(folders, folders.c.id == media_files.c.folder_id)
            .join(roots, roots.c.id == folders.c.root_id)
            .where(media_files.c.id.in_(part))
        ):
            until = now if row.missing_at is None else row.missing_at
            left = FormerPlace(place_of(row.root, row.folder, row.name), until)
            found[row.id] = [*known[new_of[row.id]], left]
        await add(connection, found)


async def add(connection: AsyncConnection, told: Mapping[int, Sequence[FormerPlace]]) -> None:
    """Former places of files, beside those that are known."""
    last = await connection.execute(
        select(former_places.c.file_id, func.max(former_places.c.number))
        .where(former_places.c.file_id.in_(list(told)))
        .group_by(former_places.c.file_id)
    )
    first = {row[0]: row[1] + 1 for row in last}
    rows = [
        (file_id, number, place.path, place.until)
        for file_id, places in told.items()
        for number, place in enumerate(places, first.get(file_id, 0))
    ]
    await insert_rows(connection, former_places, ("file_id", "number", "path", "until"), rows)


async def add_places(
    connection: AsyncConnection, found: Mapping[int, dict[str, Any]], ids: Collection[int]
) -> None:
    """Put the former places of files, the newest first, with what is shown of them."""
    places = await _places(connection, ids)
    for file_id in ids:
        found[file_id]["former_places"] = [place._asdict() for place in reversed(places[file_id])]


async def places_between(
    connection: AsyncConnection, first_id: int, last_id: int
) -> defaultdict[int, list[FormerPlace]]:
    """The former places of the files with these ids and those between them, the oldest first."""
    return await _found(connection, former_places.c.file_id.between(first_id, last_id))


async def _places(
    connection: AsyncConnection, file_ids: Collection[int]
) -> defaultdict[int, list[FormerPlace]]:
    return await _found(connection, former_places.c.file_id.in_(file_ids))


async def _found(
    connection: AsyncConnection, where: ColumnElement[bool]
) -> defaultdict[int, list[FormerPlace]]:
    found: defaultdict[int, list[FormerPlace]] = defaultdict(list)
    columns = (former_places.c.file_id, former_places.c.path, former_places.c.until)
    order = (former_places.c.file_id, former_places.c.until, former_places.c.number)
    for row in await connection.execute(select(*columns).where(where).order_by(*order)):
        found[row.file_id].append(FormerPlace(row.path, row.until))
    return found
