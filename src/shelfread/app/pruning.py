"""Missing files as HTTP and the command line ask for them: which there are, and forgetting those for good.

Stands on `tasks.pruning`, which has the rules. Knows no route and no terminal.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shelfread.kinds import KINDS
from shelfread.model.library import Library
from shelfread.store.clock import now_us
from shelfread.store.ids import IdBlocks
from shelfread.store.missing import Chosen, MissingFile, page
from shelfread.store.retention import DAY_US
from shelfread.tasks.pruning import KeptBack, Prospect, forget, look_ahead

if TYPE_CHECKING:
    from shelfread.app import App

_log = logging.getLogger(__name__)


def chosen(library: Library, days: int | None = None, ids: list[int] | None = None) -> Chosen:
    """Which missing files of a library: all, those that are so for longer, or those of these ids."""
    before = None if days is None else now_us() - days * DAY_US
    return Chosen(library.id, before, None if ids is None else tuple(sorted(set(ids))))


async def missing_files(
    app: App, which: Chosen, limit: int, after: tuple[int, int] | None = None
) -> list[MissingFile]:
    """A page of them, those that are missing for longest first; `after` is a (missing_at, id)."""
    async with app.database.read() as connection:
        return await page(connection, which, limit, after)


async def preview(app: App, library: Library, which: Chosen) -> Prospect:
    """What `prune` would do. Changes nothing."""
    return await look_ahead(app.database, library, which)


async def prune(app: App, library: Library, which: Chosen) -> tuple[int, list[KeptBack]]:
    """Forget missing files; gives how many, and the roots that were left alone. Nothing on disk is touched.

    Raises:
        AlreadyRunning: a scan of the library is running.
    """
    await app.refuse_while_running(library.id)
    catalogue = KINDS[library.kind].catalogue(library, IdBlocks(app.database))
    gone, kept_back = await forget(app.database, library, which, catalogue, app.database.write)
    _log.info("library %d: %d missing files were forgotten at the wish of a person", library.id, gone)
    return gone, kept_back
