"""How many open problems there are of each code. Beside `problems`, which has the rows; statements only."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.problems import IS_THERE
from shelfread.store.tables import media_files, problems, roots


class CodeCount(NamedTuple):
    """The problems of one code."""

    code: str
    open: int
    #: Those that a person does not want to see; they are not among the others.
    ignored: int


async def counts(connection: AsyncConnection, library_id: int | None = None) -> list[CodeCount]:
    """Open problems by code, the most frequent first; of a library or of all."""
    aside = func.count(problems.c.ignored_at)
    open_ones = func.count() - aside
    query = (
        select(problems.c.code, open_ones, aside)
        .join(roots, roots.c.id == problems.c.root_id)
        .outerjoin(media_files, media_files.c.id == problems.c.file_id)
        .where(IS_THERE)
        .group_by(problems.c.code)
        .order_by(open_ones.desc(), problems.c.code)
    )
    if library_id is not None:
        query = query.where(roots.c.library_id == library_id)
    return [CodeCount(*row) for row in await connection.execute(query)]
