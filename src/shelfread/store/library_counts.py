"""How much libraries hold, in one statement for all that are asked for.

Counts of what is there, never estimates. What is not as usual (missing, in error) is few and has an index.
Files stand in folders and not in libraries, so that those of the largest library are what is left of all
files, which a database counts quickly; only of the others the folders are gone through. Knows no job.
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


async def counts(connection: AsyncConnection) -> dict[int, dict[str, int]]:
    """The counts of all libraries, by `NAMES`; a library that is not named holds nothing."""
    mine: Any = roots.c.library_id
    placed = roots.join(folders, folders.c.root_id == roots.c.id)
    by_size = select(mine).select_from(placed).group_by(mine).order_by(func.count().desc(), mine).limit(1)
    largest = (await connection.execute(by_size)).scalar()
    # A question for each folder: else SQLite goes through all files and asks where each is.
    inside = (
        select(func.count())
        .where(media_files.c.folder_id == folders.c.id)
        .correlate(folders)
        .scalar_subquery()
    )
    # One statement: on PostgreSQL two would see two moments.
    parts = union_all(
        select(literal(largest, Integer), literal("every"), func.count()).select_from(media_files),
        select(mine, literal("files"), func.sum(inside))
        .select_from(placed)
        .where(mine != largest)
        .group_by(mine),
        select(mine, media_files.c.status, func.count())
        .select_from(placed.join(media_files, media_files.c.folder_id == folders.c.id))
        .where(is_odd)
        .group_by(mine, media_files.c.status),
        select(mine, literal("held"), func.count())
        .select_from(removals.join(roots, roots.c.id == removals.c.root_id))
        .where(removals.c.held.is_(True))
        .group_by(mine),
        *(
            select(table.c.library_id, literal(table.name), func.count()).group_by(table.c.library_id)
            for table in _PARENTS
        ),
    )
    found: dict[int, dict[str, int]] = {}
    every = 0
    for one, name, number in await connection.execute(parts):
        if name == "every":
            every = number
        else:
            found.setdefault(one, {"files": 0, **dict.fromkeys(NAMES, 0)})[name] = int(number)
    if largest is not None:
        of_others = sum(held["files"] for held in found.values())
        found.setdefault(largest, {"files": 0, **dict.fromkeys(NAMES, 0)})["files"] = every - of_others
    for held in found.values():
        held["ready"] = held.pop("files") - held["missing"] - held["error"]
    return found


def of(found: dict[int, dict[str, int]], library_id: int) -> dict[str, int]:
    """The counts of a library among those that were found."""
    return found.get(library_id) or dict.fromkeys(NAMES, 0)
