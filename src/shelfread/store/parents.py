"""Artists and genres: rows that tracks refer to, found or made by key, and what is shown of them.

One `Parents` per table. What is shown (spelling, sort name, id) is derived from all references in a way
that does not depend on their order, so that any way of scanning the same files ends in the same rows.
Knows keys and rows; which names a file credits is the business of `tracks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.ids import IdBlocks
from shelfread.store.tables import artists, genres, track_credits, track_genres

#: Rows kept in memory per table. One that fell out is found again by its key.
CACHE_LIMIT = 20_000


class Shown(NamedTuple):
    """What people see of an artist or genre; a genre has a name only."""

    name: str
    sort_name: str | None = None
    mbid: str | None = None

    def joined(self, other: Shown) -> Shown:
        """The best of both, whichever came first."""
        if self == other:
            return self
        return Shown(
            better(self.name, other.name),
            _least(self.sort_name, other.sort_name),
            _least(self.mbid, other.mbid),
        )


def better(one: str, other: str) -> str:
    """The spelling to show of two that mean the same: mixed case before lower and upper, then by order.

    Depends on nothing but the two, so the result over many is the same in any order.
    """
    return min(one, other, key=lambda text: (text == text.upper(), text == text.lower(), text))


def _least(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


class Parents:
    """The rows of one table of one library, by key. Used inside write transactions."""

    def __init__(self, table: sa.Table, references: sa.Table, library_id: int, ids: IdBlocks) -> None:
        self._table = table
        self._references = references
        self._library_id = library_id
        self._ids = ids
        #: The columns of `Shown` that the table has, and the column that refers to it.
        self._columns = tuple(name for name in Shown._fields if name in table.c)
        #: Those that are written: with what artists are sorted by.
        self._written = (*self._columns, "sort_key") if "sort_key" in table.c else self._columns
        self._reference = references.c[table.name.removesuffix("s") + "_id"]
        self._known: dict[str, tuple[int, Shown]] = {}
        #: Found or made in the transaction that is open; known once it is committed.
        self._fresh: dict[str, tuple[int, Shown]] = {}
        #: Rows made or changed in that transaction.
        self.touched: set[int] = set()

    def begin(self) -> None:
        """A transaction starts, or starts again: what the last one made does not count."""
        self._fresh.clear()
        self.touched.clear()

    def committed(self) -> None:
        """The transaction is in: what it made may be relied on."""
        if len(self._known) + len(self._fresh) > CACHE_LIMIT:
            self._known.clear()
        self._known.update(self._fresh)
        self._fresh.clear()

    def unknown(self, keys: Iterable[str]) -> set[str]:
        """The keys of which nothing is in memory."""
        return {key for key in keys if key not in self._known and key not in self._fresh}

    def id_of(self, key: str) -> int:
        """The row of a key that was made."""
        return (self._fresh.get(key) or self._known[key])[0]

    async def make(
        self, connection: AsyncConnection, wanted: Mapping[str, Shown], *, improve: bool = True
    ) -> None:
        """Find or insert the rows of these keys, and improve what is shown of them unless told otherwise.

        New rows go in key order, so that two workers cannot wait for one another. The ids must have been
        reserved.
        """
        await self._find(connection, self.unknown(wanted))
        missing = sorted(self.unknown(wanted))
        told = await self._ids.remembered(
            connection, self._library_id, self._table.name, [key.encode() for key in missing]
        )
        made = {
            key: told[key.encode()].id if key.encode() in told else self._ids.take(self._table.name)
            for key in missing
        }
        rows = [(row_id, self._library_id, key, *self._values(wanted[key])) for key, row_id in made.items()]
        await insert_by_key(connection, self._table, ("id", "library_id", "key", *self._written), rows)
        self.touched.update(made.values())
        if connection.dialect.name == "sqlite":
            # Nobody else writes meanwhile: what was not there is ours.
            self._fresh.update({key: (row_id, wanted[key]) for key, row_id in made.items()})
        else:
            await self._find(connection, missing)
        changed: list[tuple[Any, ...]] = []
        for key in sorted(wanted) if improve else ():
            row_id, shown = self._fresh.get(key) or self._known[key]
            best = shown.joined(wanted[key])
            if best != shown:
                changed.append((*self._values(best), row_id))
                self._fresh[key] = (row_id, best)
        await self._update(connection, changed)

    async def refresh(self, connection: AsyncConnection, ids: Iterable[int]) -> None:
        """Derive anew what is shown of rows that lost a reference: its spelling may be gone with it.

        Where each part of what is shown is still referred to, it is the best of what is left as well: a genre
        of half the library is not read as a whole.
        """
        found: dict[int, Shown] = {}
        columns = [self._references.c[name] for name in self._columns]
        still_shown = [
            sa.exists().where(
                self._reference == self._table.c.id, column.is_not_distinct_from(self._table.c[column.name])
            )
            for column in columns
        ]
        lost = set(ids)
        for part in sliced(sorted(lost)):
            kept = select(self._table.c.id).where(self._table.c.id.in_(part), *still_shown)
            lost.difference_update((await connection.execute(kept)).scalars())
        for part in sliced(sorted(lost)):
            rows = await connection.execute(
                select(self._reference, *columns).where(self._reference.in_(part)).distinct()
            )
            for row_id, *values in rows:
                shown = Shown(*values)
                found[row_id] = found[row_id].joined(shown) if row_id in found else shown
        await self._update(
            connection, [(*self._values(shown), row_id) for row_id, shown in sorted(found.items())]
        )
        # Whatever memory says of them may be stale now.
        for cache in (self._known, self._fresh):
            for key in [key for key, (row_id, _) in cache.items() if row_id in found]:
                del cache[key]

    async def _find(self, connection: AsyncConnection, keys: Iterable[str]) -> None:
        columns = [self._table.c[name] for name in self._columns]
        for part in sliced(sorted(keys)):
            rows = await connection.execute(
                select(self._table.c.key, self._table.c.id, *columns).where(
                    self._table.c.library_id == self._library_id, self._table.c.key.in_(part)
                )
            )
            for key, row_id, *values in rows:
                self._fresh[key] = (row_id, Shown(*values))

    def _values(self, shown: Shown) -> tuple[str | None, ...]:
        """What is written of a row, in the order of `_written`."""
        if self._written is self._columns:
            return shown[: len(self._columns)]
        return (*shown, sort_key(shown.sort_name or shown.name))

    async def _update(self, connection: AsyncConnection, rows: list[tuple[Any, ...]]) -> None:
        self.touched.update(row[-1] for row in rows)
        places = ", ".join(f"{name} = ?" for name in self._written)
        statement = f"UPDATE {self._table.name} SET {places} WHERE id = ?"  # noqa: S608 - our own names
        await run_many(connection, statement, rows)


def artists_of(library_id: int, ids: IdBlocks) -> Parents:
    """The artists of a library."""
    return Parents(artists, track_credits, library_id, ids)


def genres_of(library_id: int, ids: IdBlocks) -> Parents:
    """The genres of a library."""
    return Parents(genres, track_genres, library_id, ids)


async def insert_by_key(
    connection: AsyncConnection, table: sa.Table, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> None:
    """Insert rows of a table that is unique by (library, key), leaving those that another just made."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing(index_elements=["library_id", "key"])
    text = str(statement.compile(dialect=connection.dialect, column_keys=list(columns)))
    await connection.exec_driver_sql(text, rows)
