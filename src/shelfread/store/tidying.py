"""Parents that lost a child, and may have none any more: noted when it happens, looked at when a scan ends.

Artists, releases, genres, series, movies, shows, seasons and episodes. The notes are rows, written with what
takes children away, so that a scan that was killed leaves them to the next one, and no scan looks at all of a
library. Only `libraries.untidy` makes one do that: rows went in a way that says nothing of parents, as with a
root that was taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.tables import libraries, tidy_due


async def note(
    connection: AsyncConnection, library_id: int, parents: Mapping[str, Collection[int | None]]
) -> None:
    """Note rows, by the names of their tables, that lost a child."""
    await run_many(
        connection,
        "INSERT INTO tidy_due (library_id, parent, item_id) VALUES (?, ?, ?) "
        "ON CONFLICT (library_id, parent, item_id) DO NOTHING",
        # In one order, so that two workers cannot wait for one another.
        [
            (library_id, name, row_id)
            for name in sorted(parents)
            for row_id in sorted({one for one in parents[name] if one is not None})
        ],
    )


class Due:
    """What one library has to be looked at for."""

    def __init__(self, library_id: int, *, whole: bool, noted: Mapping[str, set[int]]) -> None:
        self._library_id = library_id
        #: Every row of the library may be one without a child.
        self.whole = whole
        self._noted = {name: set(ids) for name, ids in noted.items()}

    def __bool__(self) -> bool:
        return self.whole or any(self._noted.values())

    def add(self, name: str, ids: Collection[int | None]) -> None:
        """More rows of a table that lost a child, since others went."""
        self._noted.setdefault(name, set()).update(one for one in ids if one is not None)

    async def childless(
        self,
        connection: AsyncConnection,
        table: Table,
        *used: ColumnElement[bool],
        own: ColumnElement[Any] | None = None,
    ) -> list[int]:
        """The rows of a table that nothing refers to, of those that are to be looked at.

        Args:
            connection: in a finishing transaction.
            table: the rows, by `id`.
            used: conditions that something refers to a row.
            own: the condition that a row is of the library; the table has its column when there is none.
        """
        query = select(table.c.id).where(*(~one for one in used))
        if self.whole:
            own = own if own is not None else table.c.library_id == self._library_id
            return sorted((await connection.execute(query.where(own))).scalars())
        found: list[int] = []
        for part in sliced(sorted(self._noted.get(table.name, ()))):
            found += (await connection.execute(query.where(table.c.id.in_(part)))).scalars()
        return sorted(found)


async def due(connection: AsyncConnection, library_id: int) -> Due:
    """What is noted of a library."""
    untidy = await connection.execute(select(libraries.c.untidy).where(libraries.c.id == library_id))
    rows = await connection.execute(
        select(tidy_due.c.parent, tidy_due.c.item_id).where(tidy_due.c.library_id == library_id)
    )
    noted: dict[str, set[int]] = {}
    for name, row_id in rows:
        noted.setdefault(name, set()).add(row_id)
    return Due(library_id, whole=bool(untidy.scalar_one()), noted=noted)


async def drop(connection: AsyncConnection, table: Table, ids: Sequence[int]) -> None:
    """Delete rows."""
    for part in sliced(ids):
        await connection.execute(delete(table).where(table.c.id.in_(part)))


async def done(connection: AsyncConnection, library_id: int) -> None:
    """All that was noted has been looked at."""
    await connection.execute(delete(tidy_due).where(tidy_due.c.library_id == library_id))
    await connection.execute(
        update(libraries).where(libraries.c.id == library_id, libraries.c.untidy).values(untidy=False)
    )
