"""Makes due again what a scan leaves alone because it was in trouble and has not changed (DESIGN rule 2).

Statements only; the scan that looks is asked for elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Scope
from shelfread.store.tables import folders, media_files, problems, roots


class Due(NamedTuple):
    """What is to be scanned for a problem to be looked at again."""

    library_id: int
    scope: Scope


async def make_due(connection: AsyncConnection, problem_id: int) -> Due | None:
    """Have the next scan look at the file or folder of a problem; None when there is no such problem."""
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
    row = found.first()
    if row is None:
        return None
    if row.file_id is not None:
        # As if an older reader had read it: that is what a scan reads again whatever its stamp says.
        await connection.execute(
            update(media_files).where(media_files.c.id == row.file_id).values(parser_version=0)
        )
    # A folder that could not be listed is known by its path only, and found from the one above it.
    inside = row.path.rpartition(b"/")[0] if row.folder is None else row.folder
    await connection.execute(
        update(folders)
        .where(folders.c.root_id == row.root_id, folders.c.path.in_({inside, row.path}))
        .values(digest=None)
    )
    return Due(row.library_id, Scope(row.root_id, inside))
