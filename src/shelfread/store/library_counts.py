"""How much libraries hold, in one statement for all that are asked for.

Counts of what is there, never estimates. What is not as usual (missing, in error) is few and has an index.
All rows of a table are counted far more quickly than those of one library, files above all, which stand in
folders and not in libraries. So what the largest library holds is what is left of all rows without those of
the others; which is taken for the largest changes nothing but the time that takes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import (
    artists,
    episodes,
    folders,
    genres,
    is_odd,
    libraries,
    library_scan_jobs,
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
#: Where a scan found most.
_LARGEST = (
    select(libraries.c.id)
    .outerjoin(library_scan_jobs, library_scan_jobs.c.library_id == libraries.c.id)
    .group_by(libraries.c.id)
    .order_by(func.coalesce(func.max(library_scan_jobs.c.items_found), 0).desc(), libraries.c.id)
    .limit(1)
)
#: What is counted: files by status (tracks, books or videos), what they belong to, held removals.
NAMES = ("ready", "missing", "error", *(table.name for table in _PARENTS), "held")


async def counts(connection: AsyncConnection) -> dict[int, dict[str, int]]:
    """The counts of all libraries, by `NAMES`; a library that is not named holds nothing."""
    largest = (await connection.execute(_LARGEST)).scalar()
    every_other = libraries.c.id != largest
    others = (await connection.execute(select(libraries.c.id).where(every_other))).scalars().all()
    mine: Any = roots.c.library_id
    placed = roots.join(folders, folders.c.root_id == roots.c.id)
    # A question for each folder: else SQLite goes through all files and asks where each is.
    inside = (
        select(func.count())
        .where(media_files.c.folder_id == folders.c.id)
        .correlate(folders)
        .scalar_subquery()
    )
    parts = [
        select(literal(None, Integer), literal("files"), func.count()).select_from(media_files),
        select(mine, media_files.c.status, func.count())
        .select_from(placed.join(media_files, media_files.c.folder_id == folders.c.id))
        .where(is_odd)
        .group_by(mine, media_files.c.status),
        select(mine, literal("held"), func.count())
        .select_from(removals.join(roots, roots.c.id == removals.c.root_id))
        .where(removals.c.held.is_(True))
        .group_by(mine),
    ]
    for table in _PARENTS:
        named = literal(table.name)
        parts.append(select(literal(None, Integer), named, func.count()).select_from(table))
    if others:
        parts.append(
            select(mine, literal("files"), func.sum(inside))
            .select_from(placed)
            .where(mine.in_(others))
            .group_by(mine)
        )
        for table in _PARENTS:
            own = table.c.library_id
            parts.append(select(own, literal(table.name), func.count()).where(own.in_(others)).group_by(own))
    found = {one: {"files": 0, **dict.fromkeys(NAMES, 0)} for one in (largest, *others) if one is not None}
    rest: dict[str, int] = {}
    # One statement: on PostgreSQL two would see two moments.
    for one, name, number in await connection.execute(union_all(*parts)):
        if one is None:
            rest[name] = number
        elif one in found:
            found[one][name] = int(number)
    if largest is not None:
        for name, number in rest.items():
            found[largest][name] = number - sum(found[other][name] for other in others)
    for held in found.values():
        held["ready"] = held.pop("files") - held["missing"] - held["error"]
    return found


def of(found: dict[int, dict[str, int]], library_id: int) -> dict[str, int]:
    """The counts of a library among those that were found."""
    return found.get(library_id) or dict.fromkeys(NAMES, 0)
