"""Since when items are missing that are made of files, and why: since the last of their files is.

For `items` and its kin, which show them. A statement for those that are asked for only; what is there costs
nothing. Files themselves have both in their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.files import sliced
from shelfread.store.tables import media_files

NOT_MISSING: dict[str, Any] = {"missing_since": None, "missing_reason": None}


async def add_missing(
    connection: AsyncConnection,
    found: dict[int, dict[str, Any]],
    source: FromClause,
    item: Any,
    ids: Sequence[int],
    file_id: Any = None,
) -> None:
    """Put `missing_since` and `missing_reason` with items; the reason where all of their files have one.

    Args:
        connection: reads.
        found: the items by id.
        source: what says which files are theirs.
        item: its column with the id of the item.
        ids: of those that may be missing.
        file_id: its column with the id of the file, where that is not `file_id`.
    """
    for one in found.values():
        one |= NOT_MISSING
    file, reason = media_files.c, media_files.c.missing_reason
    joined = source.join(media_files, file.id == (source.c.file_id if file_id is None else file_id))
    for part in sliced(ids):
        rows = await connection.execute(
            select(
                item,
                func.max(file.missing_at),
                func.min(reason),
                func.max(reason),
                func.count(reason) == func.count(),
            )
            .select_from(joined)
            .where(item.in_(part))
            .group_by(item)
            .having(func.count(file.missing_at) == func.count())
        )
        for row_id, since, first, last, all_said in rows:
            same = first if all_said and first == last else None
            found[row_id] |= {"missing_since": since, "missing_reason": same}
