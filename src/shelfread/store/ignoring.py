"""Problems that a person does not want to see: set aside, taken up again, kept aside while nothing changes.

Beside `problems`, which writes the rows. A file that is read anew has its problems written anew; one that was
set aside stays so while size and time of the file are what they were and it has the same code.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.tables import problems

#: Root, path and code of a problem, and when it was set aside.
Ignored = dict[tuple[int, bytes, str], int]


async def ignore(connection: AsyncConnection, problem_id: int, now: int | None) -> None:
    """Set a problem aside from now on; with None take it up again. One that is aside keeps its time."""
    at = func.coalesce(problems.c.ignored_at, now) if now is not None else None
    await connection.execute(update(problems).where(problems.c.id == problem_id).values(ignored_at=at))


async def kept(connection: AsyncConnection, file_ids: Sequence[int], folder_ids: Sequence[int]) -> Ignored:
    """What is set aside of these files, and of names in these folders that are no files."""
    columns = (problems.c.root_id, problems.c.path, problems.c.code, problems.c.ignored_at)
    query = select(*columns).where(problems.c.ignored_at.is_not(None))
    found: Ignored = {}
    for part in sliced(file_ids):
        rows = await connection.execute(query.where(problems.c.file_id.in_(part)))
        found.update({(row[0], row[1], row[2]): row[3] for row in rows})
    for part in sliced(folder_ids):
        rows = await connection.execute(
            query.where(problems.c.folder_id.in_(part), problems.c.file_id.is_(None))
        )
        found.update({(row[0], row[1], row[2]): row[3] for row in rows})
    return found


async def follow(connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
    """Files moved, (new row, old row): what is set aside of the old is so of the new, where it has it too."""
    new_of = {old: new for new, old in pairs}
    aside: list[tuple[int, int, str]] = []
    for part in sliced(list(new_of)):
        rows = await connection.execute(
            select(problems.c.ignored_at, problems.c.file_id, problems.c.code).where(
                problems.c.ignored_at.is_not(None), problems.c.file_id.in_(part)
            )
        )
        aside += [(at, new_of[old], code) for at, old, code in rows]
    await run_many(connection, "UPDATE problems SET ignored_at = ? WHERE file_id = ? AND code = ?", aside)
