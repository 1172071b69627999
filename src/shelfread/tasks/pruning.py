"""Forgets missing files of a library: what a person chose, or what its policy says.

Nothing is forgotten where the catalogue cannot be sure that it will stay gone: under a root that is away, and
where removals are held. Used by the task `prune` and by `app.pruning`. Touches nothing on disk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from shelfread.model.beside import BESIDE_OTHERS
from shelfread.model.catalogue import Catalogue
from shelfread.model.job import AlreadyRunning
from shelfread.model.library import Library, Root, RootState
from shelfread.scan.roots import check
from shelfread.store import jobs, missing, moves, removals
from shelfread.store.clock import now_us
from shelfread.store.database import Database
from shelfread.store.missing import Chosen, Totals

#: Writes one part of the work in a transaction.
Commit = Callable[[Callable[[Any], Awaitable[None]]], Awaitable[object]]

_NONE = Totals(0, 0)


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A root of which nothing is forgotten now."""

    root: Root
    #: One line for people.
    why: str
    files: int


@dataclass(slots=True)
class Prospect:
    """What would be forgotten now, and what would not."""

    files: int = 0
    size: int = 0
    root_ids: list[int] = field(default_factory=list)
    kept_back: list[KeptBack] = field(default_factory=list)


async def look_ahead(database: Database, library: Library, chosen: Chosen) -> Prospect:
    """What `forget` would do. Changes nothing."""
    async with database.read() as connection:
        totals = await missing.totals(connection, chosen)
    found = Prospect()
    for root in library.roots:
        here = totals.get(root.id, _NONE)
        if not here.files:
            continue
        why = await _why_not(database, root)
        if why is not None:
            found.kept_back.append(KeptBack(root, why, here.files))
            continue
        found.root_ids.append(root.id)
        found.files += here.files
        found.size += here.size
    return found


async def forget(
    database: Database, library: Library, chosen: Chosen, catalogue: Catalogue, commit: Commit
) -> tuple[int, list[KeptBack]]:
    """Forget missing files in short transactions.

    Returns:
        How many there were, and the roots that were left alone.

    Raises:
        AlreadyRunning: a scan of the library began; what was forgotten so far stays forgotten.
    """
    prospect = await look_ahead(database, library, chosen)
    gone = after = 0
    while prospect.root_ids:
        async with database.read() as connection:
            portion = await missing.ids(connection, chosen, prospect.root_ids, after)
        if not portion:
            break
        after = portion[-1]
        await catalogue.reserve_for_merge(len(portion))
        count = 0

        async def work(connection: Any, portion: list[int] = portion) -> None:
            nonlocal count  # set, not added to: the database may ask for the whole of it again
            await refuse_beside_scans(connection, library.id)
            left_behind = await moves.folders_of(connection, portion)
            count = await missing.forget(connection, library.id, portion)
            await catalogue.regroup(connection, left_behind, now_us())

        await commit(work)
        gone += count
    if gone:

        async def tidy(connection: Any) -> None:
            await refuse_beside_scans(connection, library.id)
            await catalogue.tidy(connection)

        await commit(tidy)
    return gone, prospect.kept_back


async def _why_not(database: Database, root: Root) -> str | None:
    if root.state is RootState.UNAVAILABLE:
        return root.reason or "was away when it was last scanned"
    found = await check(database, root)
    if found.reason is not None:
        return found.reason
    async with database.read() as connection:
        if await removals.any_held(connection, root.id):
            return "holds removals that wait for you to confirm or reject them"
    return None


async def refuse_beside_scans(connection: Any, library_id: int, dead: Collection[str] = ()) -> None:
    """In a transaction that changes rows: no scan of the library runs, and none begins before its end.

    Jobs in `dead` are known to run no more, whatever their rows say.

    Raises:
        AlreadyRunning: one does.
    """
    # Whoever claims a job for the library waits here: none begins in between. A scan knows rows by heart.
    await jobs.lock_library(connection, library_id)
    for job in await jobs.running(connection, library_id):
        if job.type not in BESIDE_OTHERS and job.id not in dead:
            raise AlreadyRunning(f"a scan of this library is running now (job {job.id}); wait for it")
