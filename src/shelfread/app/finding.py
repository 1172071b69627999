"""Searching, and bringing up to date what is searched: a scan only notes what it changed.

Whoever searches first makes a part of it searchable, for a moment; what is left is done behind the answer.
Stands on the store. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from typing import NamedTuple

from shelfread.store.database import Database
from shelfread.store.search import Hits, search
from shelfread.store.search_due import ItemKind
from shelfread.store.search_index import bring_up_to_date

#: How long an answer may wait for what has just been catalogued, in seconds.
PATIENCE_S = 0.1
#: How long one stretch behind an answer may take; between two of them others write.
_STRETCH_S = 0.5

_log = logging.getLogger(__name__)


class Found(NamedTuple):
    """What a search gave, and whether it looked through everything."""

    hits: Hits
    complete: bool


class Finder:
    """Searches one catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._behind: asyncio.Task[None] | None = None

    async def find(
        self,
        text: str,
        *,
        kinds: Collection[ItemKind],
        library_id: int | None,
        limit: int,
        after: str | None,
    ) -> Found:
        """Search; see `store.search`. Raises BadCursor."""
        complete = await self._bring_up_to_date(PATIENCE_S)
        if not complete and (self._behind is None or self._behind.done()):
            self._behind = asyncio.create_task(self._catch_up())
        async with self._database.read() as connection:
            hits = await search(
                connection, text, kinds=kinds, library_id=library_id, limit=limit, after=after
            )
        return Found(hits, complete)

    async def _catch_up(self) -> None:
        # Where another process is at it, or the database away, the next search tries again.
        begun = time.monotonic()
        while not await self._bring_up_to_date(_STRETCH_S):
            # A stretch that ended early did so because nothing could be done.
            if time.monotonic() - begun < _STRETCH_S:
                return
            begun = time.monotonic()

    async def _bring_up_to_date(self, seconds: float) -> bool:
        try:
            return await bring_up_to_date(self._database, seconds)
        except Exception as error:  # noqa: BLE001 - what takes no writes can be searched all the same
            _log.warning("search: not brought up to date: %s: %s", type(error).__name__, error)
            return False
