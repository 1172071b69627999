"""Parents that an import told of: artists, releases, series, shows and the like, until a scan meets them.

A new row whose key is remembered gets the id and the date that its row had before the catalogue was lost.
Asked through `ids`, inside the transaction that makes the row; knows tables by their names only.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.files import sliced
from shelfread.store.tables import remembered


class Remembered(NamedTuple):
    """What a row was before."""

    id: int
    #: Microseconds.
    added_at: int


async def any_left(connection: AsyncConnection, library_id: int) -> bool:
    """Whether a library has parents that no scan has met yet."""
    found = select(remembered.c.row_id).where(remembered.c.library_id == library_id).limit(1)
    return (await connection.execute(found)).first() is not None


async def take(
    connection: AsyncConnection, library_id: int, subject: str, keys: Collection[bytes]
) -> dict[bytes, Remembered]:
    """What is remembered of these keys, for the caller alone: taken once, an id is given to no other row."""
    found: dict[bytes, Remembered] = {}
    for part in sliced(sorted(keys)):
        taken = await connection.execute(
            delete(remembered)
            .where(
                remembered.c.library_id == library_id,
                remembered.c.subject == subject,
                remembered.c.key.in_(part),
            )
            .returning(remembered.c.key, remembered.c.row_id, remembered.c.added_at)
        )
        found.update({bytes(key): Remembered(row_id, added_at) for key, row_id, added_at in taken})
    return found


def season_key(show_id: int, number: int) -> bytes:
    """What a season is remembered by: it has no key of its own."""
    return b"%d/%d" % (show_id, number)
