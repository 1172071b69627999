"""The rows of `watches`: how each root is watched, as the one process says that does it.

Statements only, each meant to be part of a caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Scope
from shelfread.model.watching import RootWatch, WatchState
from shelfread.store.files import below
from shelfread.store.tables import folders, watches


async def every(connection: AsyncConnection) -> dict[int, RootWatch]:
    """All of them, by root."""
    rows = await connection.execute(select(watches))
    return {
        row.root_id: RootWatch(row.root_id, WatchState(row.state), row.reason, row.since, row.swept_at)
        for row in rows
    }


async def put(connection: AsyncConnection, watch: RootWatch) -> None:
    """Write how a root is watched. Fails when there is no such root (any more)."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    told = {
        "state": watch.state.value,
        "reason": watch.reason,
        "since": watch.since,
        "swept_at": watch.swept_at,
    }
    await connection.execute(
        insert(watches)
        .values(root_id=watch.root_id, **told)
        .on_conflict_do_update(index_elements=["root_id"], set_=told)
    )


async def keep_only(connection: AsyncConnection, root_ids: Collection[int]) -> None:
    """Forget all other roots: nobody wants them watched any more."""
    await connection.execute(delete(watches).where(watches.c.root_id.not_in(root_ids)))


async def unsettled(connection: AsyncConnection, scopes: Sequence[Scope]) -> list[Scope]:
    """Those of some scopes with a folder that the next scan has to look at again, for whatever reason."""
    found = []
    for scope in scopes:
        inside = and_(folders.c.root_id == scope.root_id, below(scope.relative))
        query = select(folders.c.id).where(inside, folders.c.digest.is_(None)).limit(1)
        if (await connection.execute(query)).first() is not None:
            found.append(scope)
    return found
