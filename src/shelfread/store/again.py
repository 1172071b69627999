"""Makes due again what a scan leaves alone because it was in trouble and has not changed (DESIGN rule 2).

Statements only; the scan that looks is asked for elsewhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Scope
from shelfread.store.tables import folders, media_files, problems, roots


class Due(NamedTuple):
    """What is to be scanned for a problem to be looked at again."""

    library_id: int
    scope: Scope


async def due_of(connection: AsyncConnection, problem_id: int) -> Due | None:
    """What would be scanned for a problem; None when there is no such problem."""
    row = await _row(connection, problem_id)
    return None if row is None else _due(row)


async def make_due(connection: AsyncConnection, problem_id: int) -> Due | None:
    """Have the next scan look at the file or folder of a problem; None when there is no such problem."""
    row = await _row(connection, problem_id)
    if row is None:
        return None
    due = _due(row)
    if row.file_id is not None:
        # As if an older reader had read it: that is what a scan reads again whatever its stamp says.
        await connection.execute(
            update(media_files).where(media_files.c.id == row.file_id).values(parser_version=0)
        )
    await connection.execute(
        update(folders)
        .where(folders.c.root_id == row.root_id, folders.c.path.in_({due.scope.relative, row.path}))
        .values(digest=None)
    )
    return due


def _due(row: Any) -> Due:
    # A folder that could not be listed is known by its path only, and found from the one above it.
    inside = row.path.rpartition(b"/")[0] if row.folder is None else row.folder
    return Due(row.library_id, Scope(row.root_id, inside))


async def _row(connection: AsyncConnection, problem_id: int) -> Any:
    found = await connection.execute(
        select(
            problems.c.root_id,
            problems.c.file_id,
            problems.c.folder_id,
            problems.c.path,
            roots.c.library_id,
            folders.c.path.label("folder"),
        )
        .join(roots, roots.c.id == problems.c.root_id)
        .outerjoin(folders, folders.c.id == problems.c.folder_id)
        .where(problems.c.id == problem_id)
    )
    return found.first()
