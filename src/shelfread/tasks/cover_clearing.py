"""Clears away small pictures that nothing in the catalogue refers to; for the tasks `covers` and `prune`.

Nobody writes one meanwhile (`Shelf.clearing`): what is about to be referred to stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection

from shelfread.covers.keeping import Shelf
from shelfread.store import covers
from shelfread.store.database import Database


async def clear(database: Database, shelf: Shelf, digests: Collection[str]) -> int:
    """Remove those of some small pictures that nothing in the catalogue refers to; gives how many went."""
    with contextlib.ExitStack() as lock:
        await asyncio.to_thread(lock.enter_context, shelf.clearing())
        async with database.read() as connection:
            used = await covers.in_use(connection, digests)
        return await asyncio.to_thread(shelf.drop, set(digests) - used)


async def clear_all(database: Database, shelf: Shelf) -> int:
    """The same for every file there is: what dead jobs and removed libraries left."""
    gone = 0
    for part in await asyncio.to_thread(shelf.parts):
        digests = await asyncio.to_thread(shelf.digests_in, part)
        if digests:
            gone += await clear(database, shelf, digests)
    return gone
