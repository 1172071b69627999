"""Makes due again what a scan leaves alone because it was in trouble and has not changed (DESIGN rule 2).

Statements only; the scan that looks is asked for elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Scope
from shelfread.store.database import run_many
from shelfread.store.problems import IS_THERE
from shelfread.store.tables import folders, media_files, problems, roots

#: Problems that are made due in one transaction.
ROWS = 500


class Due(NamedTuple):
    """What is to be scanned for a problem to be looked at again."""

    library_id: int
    scope: Scope


class Which(NamedTuple):
    """Which open problems are meant: all that nobody set aside, as long as nothing narrows it."""

    library_id: int | None = None
    code: str | None = None
    #: None that was found later than this one.
    last_id: int | None = None


async def due_of(connection: AsyncConnection, problem_id: int) -> Due | None:
    """What would be scanned for a problem; None when there is no such problem."""
    row = (await connection.execute(_ROWS.where(problems.c.id == problem_id))).first()
    return None if row is None else _due(row)


async def make_due(connection: AsyncConnection, problem_id: int) -> Due | None:
    """Have the next scan look at the file or folder of a problem; None when there is no such problem."""
    row = (await connection.execute(_ROWS.where(problems.c.id == problem_id))).first()
    if row is None:
        return None
    await _make_due(connection, [row])
    return _due(row)


async def page(connection: AsyncConnection, which: Which, after: int = 0) -> list[tuple[int, Due]]:
    """The next of the problems that are meant, by id: at most `ROWS`."""
    return [(row.id, _due(row)) for row in await connection.execute(_page(which, after))]


async def make_page_due(connection: AsyncConnection, which: Which, after: int = 0) -> int | None:
    """Have the next scan look at a page of them; gives the last one's id, None when there are no more."""
    rows = (await connection.execute(_page(which, after))).all()
    await _make_due(connection, rows)
    return int(rows[-1].id) if rows else None


async def _make_due(connection: AsyncConnection, rows: Sequence[Any]) -> None:
    files = [row.file_id for row in rows if row.file_id is not None]
    # As if an older reader had read it: that is what a scan reads again whatever its stamp says.
    await connection.execute(update(media_files).where(media_files.c.id.in_(files)).values(parser_version=0))
    places = {(row.root_id, path) for row in rows for path in (_due(row).scope.relative, row.path)}
    # In order: two that do this at once must not wait for each other.
    await run_many(
        connection, "UPDATE folders SET digest = NULL WHERE root_id = ? AND path = ?", sorted(places)
    )


def _due(row: Any) -> Due:
    # A folder that could not be listed is known by its path only, and found from the one above it.
    inside = row.path.rpartition(b"/")[0] if row.folder is None else row.folder
    return Due(row.library_id, Scope(row.root_id, inside))


_ROWS: Select[Any] = (
    select(
        problems.c.id,
        problems.c.root_id,
        problems.c.file_id,
        problems.c.path,
        roots.c.library_id,
        folders.c.path.label("folder"),
    )
    .join(roots, roots.c.id == problems.c.root_id)
    .outerjoin(folders, folders.c.id == problems.c.folder_id)
)


def _page(which: Which, after: int) -> Select[Any]:
    query = (
        _ROWS.outerjoin(media_files, media_files.c.id == problems.c.file_id)
        .where(IS_THERE, problems.c.ignored_at.is_(None), problems.c.id > after)
        .order_by(problems.c.id)
        .limit(ROWS)
    )
    if which.library_id is not None:
        query = query.where(roots.c.library_id == which.library_id)
    if which.code is not None:
        query = query.where(problems.c.code == which.code)
    if which.last_id is not None:
        query = query.where(problems.c.id <= which.last_id)
    return query
