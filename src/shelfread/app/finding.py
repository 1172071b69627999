"""Searching, and bringing up to date what is searched: a scan only notes what it changed.

Whoever searches has the notes made searchable behind the answer, and waits for that only a moment: beside a
scan it would wait for the scan. Stands on the store. Knows no HTTP.
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
from shelfread.store.search_index import bring_up_to_date, is_due

#: How long an answer may wait for what has just been catalogued, in seconds.
PATIENCE_S = 0.02
#: How long notes are settled in one stretch; behind it is a pause so many times as long as it took, in which
#: others have the processor and the database.
_STRETCH_S, _PAUSES = 0.05, 2.0

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
        # What has been at it for a while has much to do: to wait for it would not make the answer complete.
        patient = self._behind is None or self._behind.done()
        while True:
            async with self._database.read() as connection:
                # In one view with the search: it says of these hits whether they are all.
                complete = not await is_due(connection)
                if complete or not patient:
                    hits = await search(
                        connection, text, kinds=kinds, library_id=library_id, limit=limit, after=after
                    )
                    return Found(hits, complete)
            patient = False
            if self._behind is None or self._behind.done():
                self._behind = asyncio.create_task(self._catch_up())
            await asyncio.wait([self._behind], timeout=PATIENCE_S)

    async def _catch_up(self) -> None:
        try:
            while True:
                begun = time.monotonic()
                if await bring_up_to_date(self._database, _STRETCH_S):
                    return
                await asyncio.sleep(_PAUSES * (time.monotonic() - begun))
        except Exception as error:  # noqa: BLE001 - what takes no writes can be searched all the same
            # The next search tries again.
            _log.warning("search: not brought up to date: %s: %s", type(error).__name__, error)
