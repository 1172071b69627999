"""What is shown of series and books: their rows with what belongs to them, by id.

Beside `browse_books` and `search`, which find the ids; `items` has those of music. Paths are bytes; who may
see them is decided elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.browse_books import WRITERS
from shelfread.store.covers import Cover, covers_of
from shelfread.store.files import sliced
from shelfread.store.former import add_places
from shelfread.store.items import FILE_COLUMNS, Shown, add_problems
from shelfread.store.missing_items import add_missing
from shelfread.store.paths import place_of
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import book_credits, book_tags, books, folders, is_odd, media_files, roots, series

#: Texts that may be long: only with one of them, not in lists.
_LONG_OF_BOOK = ("summary", "first_page")
_LONG_OF_SERIES = ("summary",)
_NOT_SHOWN = ("file_id", "more", "place", "sort_key")
_BOOK_COLUMNS = tuple(one for one in books.c if one.name not in (*_LONG_OF_BOOK, *_NOT_SHOWN))
_SERIES_COLUMNS = tuple(
    one for one in series.c if one.name not in (*_LONG_OF_SERIES, "status", "stale", "sort_key")
)
_SERIES_TITLE = (
    select(series.c.title).where(series.c.id == books.c.series_id).scalar_subquery().label("series_title")
)
_others = books.alias("others")
_FIRST_BOOK = (
    select(_others.c.file_id)
    .where(_others.c.series_id == series.c.id)
    .order_by(_others.c.place, _others.c.file_id)
    .limit(1)
    .scalar_subquery()
    .label("first_book")
)
#: What `books.more` may hold, and what stands for it where it does not.
_MORE: dict[str, Any] = {
    "identifiers": {},
    "notes": None,
    "web": [],
    "scan_group": None,
    "sources": [],
    "guessed": [],
}
STATUSES = ("ready", "error", "missing")


async def series_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Series with how many books they have, in the order of the ids; `whole`: with long texts.

    `status` (PROMISES C3) is missing when all books are, error when one that is there has a problem, else
    ready. What the series itself says of its state, "Ended" say, is `publication_status`. The cover is that
    of its first book.
    """
    found: dict[int, Shown] = {}
    columns = (*_SERIES_COLUMNS, *(series.c[name] for name in _LONG_OF_SERIES if whole))
    for part in sliced(ids):
        counts = await _counts(connection, part)
        rows = await connection.execute(
            select(*columns, series.c.status.label("publication_status"), _FIRST_BOOK).where(
                series.c.id.in_(part)
            )
        )
        for row in rows.mappings():
            one = dict(row)
            one["counts"] = counts[one["id"]]
            one["status"] = _status(one["counts"])
            found[one["id"]] = one
    gone = [row_id for row_id, one in found.items() if one["status"] == "missing"]
    await add_missing(connection, found, books, books.c.series_id, gone)
    paths = await _root_paths(connection, {one["library_id"] for one in found.values()})
    firsts = [one["first_book"] for one in found.values() if one["first_book"] is not None]
    covers = await covers_of(connection, ItemKind.BOOK, firsts)
    for one in found.values():
        one["cover"] = _cover(covers.get(one.pop("first_book")))
        root_id, _, folder = bytes(one.pop("key")).partition(b"/")
        root = paths.get(int(root_id))
        one["path"] = None if root is None else place_of(root, b"", folder).rstrip(b"/") or b"/"
    return [found[row_id] for row_id in ids if row_id in found]


def _cover(cover: Cover | None) -> dict[str, Any] | None:
    return None if cover is None else cover._asdict()


def _status(counts: dict[str, int]) -> str:
    if counts["error"]:
        return "error"
    return "missing" if counts["missing"] and not counts["ready"] else "ready"


async def _counts(connection: AsyncConnection, ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many books of each series are ready, in trouble and missing."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATUSES, 0))
    mine = books.c.series_id.in_(ids)
    # From the index alone; no row of a file is looked at.
    for row_id, number in await connection.execute(
        select(books.c.series_id, func.count()).where(mine).group_by(books.c.series_id)
    ):
        found[row_id]["ready"] = number
    odd = select(books.c.series_id, media_files.c.status, func.count()).join(
        media_files, media_files.c.id == books.c.file_id
    )
    odd = odd.where(mine, is_odd).group_by(books.c.series_id, media_files.c.status)
    for row_id, status, number in await connection.execute(odd):
        found[row_id][status] = number
        found[row_id]["ready"] -= number
    return found


async def _root_paths(connection: AsyncConnection, library_ids: Collection[int]) -> dict[int, bytes]:
    found = await connection.execute(
        select(roots.c.id, roots.c.path).where(roots.c.library_id.in_(sorted(library_ids)))
    )
    return {row_id: bytes(path) for row_id, path in found}


async def books_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Books with file, series, writers and problems, in the order of the ids; `whole`: with all they say."""
    found: dict[int, Shown] = {}
    columns = (*_BOOK_COLUMNS, *(books.c[name] for name in (*_LONG_OF_BOOK, "more") if whole))
    for part in sliced(ids):
        rows = await connection.execute(
            select(
                books.c.file_id.label("id"),
                roots.c.library_id,
                _SERIES_TITLE,
                roots.c.path.label("root"),
                folders.c.path.label("folder"),
                media_files.c.name.label("file_name"),
                *FILE_COLUMNS,
                *columns,
            )
            .join(media_files, media_files.c.id == books.c.file_id)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .join(roots, roots.c.id == folders.c.root_id)
            .where(books.c.file_id.in_(part))
        )
        for row in rows.mappings():
            one = dict(row)
            one["path"] = place_of(one.pop("root"), one.pop("folder"), one.pop("file_name"))
            one |= {"writers": [], "problems": [], "cover": None}
            if whole:
                more = json.loads(one.pop("more"))
                one |= {name: more.get(name, usual) for name, usual in _MORE.items()}
                one |= {"cover_page": more.get("cover"), "credits": [], "tags": []}
            found[one["id"]] = one
        # Others may be files of another kind.
        mine = [row_id for row_id in part if row_id in found]
        for row_id, cover in (await covers_of(connection, ItemKind.BOOK, mine)).items():
            found[row_id]["cover"] = _cover(cover)
        await _add_credits(connection, found, mine, whole=whole)
        if whole:
            await _add_tags(connection, found, mine)
            await add_places(connection, found, mine)
        await add_problems(connection, found, mine)
    return [found[row_id] for row_id in ids if row_id in found]


async def _add_credits(
    connection: AsyncConnection, found: dict[int, Shown], ids: Collection[int], *, whole: bool
) -> None:
    credit = book_credits.c
    query = select(credit.file_id, credit.role, credit.name, credit.sort_name).where(credit.file_id.in_(ids))
    if not whole:
        query = query.where(credit.role.in_(WRITERS))
    for row in await connection.execute(query.order_by(credit.file_id, credit.role, credit.position)):
        one = found[row.file_id]
        if row.role in WRITERS and row.name not in one["writers"]:
            one["writers"].append(row.name)
        if whole:
            one["credits"].append({"role": row.role, "name": row.name, "sort_name": row.sort_name})


async def _add_tags(connection: AsyncConnection, found: dict[int, Shown], ids: Collection[int]) -> None:
    tag = book_tags.c
    query = select(tag.file_id, tag.type, tag.name).where(tag.file_id.in_(ids))
    for row in await connection.execute(query.order_by(tag.file_id, tag.type, tag.position)):
        found[row.file_id]["tags"].append({"type": row.type, "name": row.name})
