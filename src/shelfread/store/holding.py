"""Places that a scan would not decide about: what is known below them, and what is held there.

Statements only: such a place is an open problem of a root, a mount or a folder. What a person may say to it
is known to `app.holding`.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.problem import ProblemCode
from shelfread.store.files import below
from shelfread.store.paths import place_of
from shelfread.store.tables import folders, media_files, problems, removals, roots


class HeldPlace(NamedTuple):
    """A root, mount or folder that a scan left as it was known."""

    #: Of the open problem that says so.
    id: int
    root_id: int
    #: The root, absolute, and the place below it.
    root: bytes
    place: bytes
    code: ProblemCode
    #: For people.
    detail: str
    #: Microseconds.
    found_at: int
    #: A person said that what is there is right: the next scan believes it.
    confirmed: bool


#: A problem of a whole place. Permissions may be lacking for a file as well: only folders count.
_OF_PLACES = or_(
    problems.c.code.in_(
        [
            ProblemCode.ROOT_UNAVAILABLE.value,
            ProblemCode.MOUNT_UNAVAILABLE.value,
            ProblemCode.FOLDER_UNREADABLE.value,
            ProblemCode.MASS_REMOVAL_HELD.value,
        ]
    ),
    and_(
        problems.c.code == ProblemCode.PERMISSION_DENIED.value,
        exists().where(folders.c.root_id == problems.c.root_id, folders.c.path == problems.c.path),
    ),
)


async def places(connection: AsyncConnection, library_id: int, limit: int, after: int = 0) -> list[HeldPlace]:
    """Such places of a library by id, behind `after`."""
    query = (
        select(
            problems.c.id,
            problems.c.root_id,
            roots.c.path.label("root"),
            problems.c.path,
            problems.c.code,
            problems.c.detail,
            problems.c.found_at,
            roots.c.confirmed,
        )
        .join(roots, roots.c.id == problems.c.root_id)
        .where(
            roots.c.library_id == library_id,
            problems.c.file_id.is_(None),
            problems.c.id > after,
            _OF_PLACES,
        )
        .order_by(problems.c.id)
        .limit(limit)
    )
    found = []
    for row in await connection.execute(query):
        code = ProblemCode(row.code)
        believed = bool(row.confirmed) and code is ProblemCode.ROOT_UNAVAILABLE
        found.append(
            HeldPlace(
                row.id, row.root_id, row.root, row.path, code, row.detail, row.found_at, confirmed=believed
            )
        )
    return found


async def files_at(connection: AsyncConnection, held: HeldPlace, examples: int) -> tuple[int, list[bytes]]:
    """How many files a place is about, held or known there, and the paths of some of them, absolute."""
    file = media_files.join(folders, folders.c.id == media_files.c.folder_id)
    if held.code is ProblemCode.MASS_REMOVAL_HELD:
        file = file.join(removals, removals.c.file_id == media_files.c.id)
        which = and_(removals.c.root_id == held.root_id, removals.c.held.is_(True))
    else:
        which = and_(folders.c.root_id == held.root_id, below(held.place), media_files.c.status != "missing")
    count = (await connection.execute(select(func.count()).select_from(file).where(which))).scalar_one()
    some = (
        select(folders.c.path, media_files.c.name)
        .select_from(file)
        .where(which)
        .order_by(media_files.c.id)
        .limit(examples)
    )
    rows = await connection.execute(some) if examples else ()
    return int(count), [place_of(held.root, folder, name) for folder, name in rows]
