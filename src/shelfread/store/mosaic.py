"""The newest pictures of a library, as few as its tile shows: quick however much there is.

Walks what was added last from the newest on, for so many rows and no further; statements only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.covers import Cover
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import covers, media_files, movies, releases, shows

#: Rows that are looked at of each kind, so many at a time. Behind that, where all that is new is of other
#: libraries, any picture will do.
_WALKED, _STEP = 5000, 250
#: Pictures that several items have count once, so more are looked for than wanted.
_MORE = 8
#: What is looked through, by the kind of library.
_SOURCES: dict[str, Sequence[tuple[ItemKind, FromClause]]] = {
    "music": ((ItemKind.RELEASE, releases),),
    "books": ((ItemKind.BOOK, media_files),),
    "video": ((ItemKind.MOVIE, movies), (ItemKind.SHOW, shows)),
}
_COLUMNS = (covers.c.digest, covers.c.mime, covers.c.width, covers.c.height)


async def newest_covers(
    connection: AsyncConnection, library_id: int, kind: str, limit: int = 6
) -> list[Cover]:
    """Different pictures of a library, those of what was added last first."""
    mine = (covers.c.library_id == library_id, covers.c.digest.is_not(None))
    if (await connection.execute(select(covers.c.digest).where(*mine).limit(1))).first() is None:
        return []
    found: list[tuple[int, Cover]] = []
    for item_kind, table in _SOURCES.get(kind, ()):
        found += await _of_newest(connection, library_id, item_kind, table, limit)
    found.sort(key=lambda one: -one[0])
    shown = list(dict.fromkeys(cover for _, cover in found))
    if len(shown) < limit:
        rows = await connection.execute(select(*_COLUMNS).where(*mine).limit(limit * _MORE))
        shown = list(dict.fromkeys([*shown, *(Cover(*row) for row in rows)]))
    return shown[:limit]


async def _of_newest(
    connection: AsyncConnection, library_id: int, kind: ItemKind, table: Any, limit: int
) -> list[tuple[int, Cover]]:
    """Pictures with the times of their items. As one join a planner may begin with all of the library's."""
    found: list[tuple[int, Cover]] = []
    own = table.c
    newest = select(own.added_at, own.id).order_by(own.added_at.desc(), own.id.desc()).limit(_STEP)
    query = newest
    for _ in range(_WALKED // _STEP):
        rows = [(row[0], row[1]) for row in await connection.execute(query)]
        if not rows:
            break
        of = {row_id: added_at for added_at, row_id in rows}
        pictures = await connection.execute(
            select(covers.c.library_id, covers.c.item_id, *_COLUMNS).where(
                covers.c.kind == int(kind), covers.c.item_id.in_(list(of)), covers.c.digest.is_not(None)
            )
        )
        # Of which library it is, is asked here: an index of it would be the wrong way in.
        found += [(of[row[1]], Cover(*row[2:])) for row in pictures if row[0] == library_id]
        if len({cover for _, cover in found}) >= limit:
            break
        query = newest.where(tuple_(own.added_at, own.id) < tuple_(*rows[-1]))
    return found
