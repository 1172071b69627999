"""How much libraries hold, in one statement for all that are asked for.

Counts of what is there, never estimates. What is not as usual (missing, in error) is few and has an index; of
the rest only an index is walked, and no row of a file is looked at. Knows no job.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import (
    artists,
    episodes,
    folders,
    genres,
    is_odd,
    media_files,
    movies,
    releases,
    removals,
    roots,
    series,
    shows,
)

#: What they belong to.
_PARENTS = (artists, releases, genres, series, movies, shows, episodes)
#: What is counted: files by status (tracks, books or videos), what they belong to, held removals.
NAMES = ("ready", "missing", "error", *(table.name for table in _PARENTS), "held")


async def counts(connection: AsyncConnection, library_id: int | None = None) -> dict[int, dict[str, int]]:
    """The counts of one library, or of all, by `NAMES`; a library that is not named holds nothing."""
    placed = roots.join(folders, folders.c.root_id == roots.c.id).join(
        media_files, media_files.c.folder_id == folders.c.id
    )
    mine: Any = roots.c.library_id
    parts = [
        select(mine, literal("files"), func.count()).select_from(placed).group_by(mine),
        select(mine, media_files.c.status, func.count())
        .select_from(placed)
        .where(is_odd)
        .group_by(mine, media_files.c.status),
        select(mine, literal("held"), func.count())
        .select_from(removals.join(roots, roots.c.id == removals.c.root_id))
        .where(removals.c.held.is_(True))
        .group_by(mine),
    ]
    columns = [mine] * len(parts)
    for table in _PARENTS:
        columns.append(table.c.library_id)
        parts.append(
            select(table.c.library_id, literal(table.name), func.count()).group_by(table.c.library_id)
        )
    if library_id is not None:
        parts = [part.where(column == library_id) for part, column in zip(parts, columns, strict=True)]
    found: dict[int, dict[str, int]] = {}
    for one, name, number in await connection.execute(union_all(*parts)):
        found.setdefault(one, {"files": 0, **dict.fromkeys(NAMES, 0)})[name] = number
    for held in found.values():
        held["ready"] = held.pop("files") - held["missing"] - held["error"]
    return found


def of(found: dict[int, dict[str, int]], library_id: int) -> dict[str, int]:
    """The counts of a library among those that were found."""
    return found.get(library_id) or dict.fromkeys(NAMES, 0)
