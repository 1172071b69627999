"""Ids for new rows, taken in blocks so that bulk rows know theirs before they are written.

The same on both databases. Ids are never used twice, not even after their rows are pruned; a block that a
process did not use up is a harmless gap.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store import remembered
from shelfread.store.database import Database
from shelfread.store.remembered import Remembered
from shelfread.store.tables import id_counters

#: Large enough that a first scan asks once in many batches.
BLOCK = 4096


async def next_id(connection: AsyncConnection, name: str, count: int = 1) -> int:
    """The first of `count` fresh ids, inside the caller's write transaction."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    taken = await connection.execute(
        insert(id_counters)
        .values(name=name, next=1 + count)
        .on_conflict_do_update(index_elements=["name"], set_={"next": id_counters.c.next + count})
        .returning(id_counters.c.next)
    )
    return int(taken.scalar_one()) - count


class IdBlocks:
    """Ids in stock, per table. Reserve outside a write transaction, then take without waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stock: dict[str, tuple[int, int]] = {}
        #: Libraries of which an import has told nothing that is left.
        self._plain: set[int] = set()

    async def reserve(self, wanted: Mapping[str, int]) -> None:
        """Make sure that `take` can give this many ids of each table."""
        short = {}
        for name, count in wanted.items():
            first, end = self._stock.get(name, (0, 0))
            if end - first < count:
                short[name] = max(count, BLOCK)
        if not short:
            return

        async def take(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
            blocks = {}
            for name in sorted(short):
                first = await next_id(connection, name, short[name])
                blocks[name] = (first, first + short[name])
            return blocks

        self._stock.update(await self._database.write(take))

    def mark(self, *names: str) -> dict[str, tuple[int, int]]:
        """The stock of some tables as it is now, for `rewind`."""
        return {name: self._stock[name] for name in names if name in self._stock}

    def rewind(self, mark: Mapping[str, tuple[int, int]]) -> None:
        """What was taken since the mark was rolled back, and is taken again."""
        self._stock.update(mark)

    def take(self, name: str) -> int:
        """One reserved id."""
        first, end = self._stock[name]
        if first >= end:
            raise RuntimeError(f"no id of {name} was reserved")
        self._stock[name] = (first + 1, end)
        return first

    async def get(self, connection: AsyncConnection, name: str) -> int:
        """One id: a reserved one, or one taken inside the caller's transaction when none is left."""
        first, end = self._stock.get(name, (0, 0))
        return self.take(name) if first < end else await next_id(connection, name)

    async def remembered(
        self, connection: AsyncConnection, library_id: int, name: str, keys: Collection[bytes]
    ) -> dict[bytes, Remembered]:
        """Of keys whose rows are about to be made: the ids and dates that an import told, if there was one.

        Where there was none it costs one question in the life of this object.
        """
        if library_id in self._plain or not keys:
            return {}
        if not await remembered.any_left(connection, library_id):
            self._plain.add(library_id)
            return {}
        return await remembered.take(connection, library_id, name, keys)
