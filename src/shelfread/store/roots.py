"""What a scan records about roots, inside its own transactions."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.library import Root, RootState
from shelfread.model.problem import ProblemCode
from shelfread.store.clock import now_us
from shelfread.store.problems import clear_place, note_place
from shelfread.store.tables import libraries, roots


async def note_check(
    connection: AsyncConnection, root: Root, identity: str | None, reason: str | None
) -> None:
    """Record what was found at a root; writes only what differs."""
    if reason is None:
        if root.state is not RootState.AVAILABLE or root.identity != identity or root.reason is not None:
            await connection.execute(
                update(roots)
                .where(roots.c.id == root.id)
                .values(
                    state=RootState.AVAILABLE.value,
                    identity=identity,
                    reason=None,
                    confirmed=False,
                    confirmed_as=None,
                )
            )
        if root.state is RootState.UNAVAILABLE:
            await clear_place(connection, root.id, b"", [ProblemCode.ROOT_UNAVAILABLE])
        return
    if root.state is not RootState.UNAVAILABLE or root.reason != reason:
        await connection.execute(
            update(roots)
            .where(roots.c.id == root.id)
            .values(state=RootState.UNAVAILABLE.value, reason=reason, confirmed=False, confirmed_as=None)
        )
        await clear_place(connection, root.id, b"", [ProblemCode.ROOT_UNAVAILABLE])
    await note_place(connection, root.id, b"", ProblemCode.ROOT_UNAVAILABLE, f"the root {reason}", now_us())


async def set_reader_version(connection: AsyncConnection, library_id: int, version: int) -> None:
    """All files of a library were read by this version of the reader."""
    await connection.execute(
        update(libraries).where(libraries.c.id == library_id).values(reader_version=version)
    )
