"""Books: the rows of read book files, with their credits and tags.

Statements inside a batch's transaction, for `books`. Which series a book is in is decided there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.books import Book
from shelfread.store.clock import text_of
from shelfread.store.database import insert_rows
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.series import BookRules
from shelfread.store.tables import book_credits, book_tags, books, media_files

COLUMNS = tuple(column.name for column in books.c)
_CREDIT_COLUMNS = tuple(column.name for column in book_credits.c)
_TAG_COLUMNS = tuple(column.name for column in book_tags.c)


async def take_out(connection: AsyncConnection, replaced: Sequence[int]) -> dict[int, int | None]:
    """Delete the old rows of books that are written anew, and give the series they were in."""
    before = await series_of(connection, replaced)
    for part in sliced(replaced):
        for table in (book_credits, book_tags, books):
            await connection.execute(delete(table).where(table.c.file_id.in_(part)))
    return before


async def series_of(connection: AsyncConnection, file_ids: Sequence[int]) -> dict[int, int | None]:
    """The series of each of these books."""
    found: dict[int, int | None] = {}
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(books.c.file_id, books.c.series_id).where(books.c.file_id.in_(part))
        )
        found.update({row[0]: row[1] for row in rows})
    return found


async def series_in(connection: AsyncConnection, folder_ids: Sequence[int]) -> list[tuple[int, int | None]]:
    """The series that the books of these folders are in: (folder, series), each once."""
    found: list[tuple[int, int | None]] = []
    for part in sliced(folder_ids):
        rows = await connection.execute(
            select(media_files.c.folder_id, books.c.series_id)
            .join(books, books.c.file_id == media_files.c.id)
            .where(media_files.c.folder_id.in_(part))
            .distinct()
        )
        found += [(row[0], row[1]) for row in rows]
    return found


async def move_folder(connection: AsyncConnection, folder_id: int, series_id: int) -> None:
    """Give all books of a folder one series."""
    own = select(media_files.c.id).where(media_files.c.folder_id == folder_id)
    other = or_(books.c.series_id.is_(None), books.c.series_id != series_id)
    await connection.execute(update(books).where(books.c.file_id.in_(own), other).values(series_id=series_id))


async def insert(
    connection: AsyncConnection,
    items: Mapping[int, Book],
    placed: Mapping[int, tuple[int, bytes]],
    rules: BookRules,
) -> None:
    """Insert the books of read files; `placed` has the series of each and its file's name."""
    rows: list[tuple[Any, ...]] = []
    credited: list[tuple[Any, ...]] = []
    tags: list[tuple[Any, ...]] = []
    for file_id, item in items.items():
        series_id, name = placed[file_id]
        rows.append(_row(file_id, series_id, text_of(name), item, rules))
        for role, position, credit in _numbered((one.role, one) for one in item.credits):
            credited.append((file_id, role, position, credit.name, sort_key(credit.name), credit.sort_name))
        for kind, position, tag in _numbered((one.type, one) for one in item.tags):
            tags.append((file_id, kind, position, tag.name, sort_key(tag.name)))
    await insert_rows(connection, books, COLUMNS, rows)
    await insert_rows(connection, book_credits, _CREDIT_COLUMNS, credited)
    await insert_rows(connection, book_tags, _TAG_COLUMNS, tags)


def _numbered(pairs: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, int, Any]]:
    """Each value with its place among those of its sort."""
    counts: dict[str, int] = {}
    for sort, value in pairs:
        position = counts.get(sort, 0)
        counts[sort] = position + 1
        yield sort, position, value


def _row(file_id: int, series_id: int, name: str, item: Book, rules: BookRules) -> tuple[Any, ...]:
    title = item.title or name
    cover = item.cover
    more = {
        "identifiers": item.identifiers,
        "notes": item.notes,
        "web": item.web,
        "scan_group": item.scan_group,
        "sources": item.sources,
        "guessed": item.guessed,
        "cover": cover and {"entry": cover.entry, "number": cover.number, "mime": cover.mime,
                            "width": cover.width, "height": cover.height},
    }  # fmt: skip
    return (
        file_id,
        series_id,
        title,
        None if "series" in item.guessed else item.series,
        item.series_sort,
        item.number,
        item.number_sort,
        item.count,
        item.volume,
        item.volume_end,
        item.chapter,
        item.date,
        item.year,
        item.publisher,
        item.imprint,
        item.language,
        item.isbn,
        item.summary,
        item.comic_format,
        item.one_shot,
        item.special,
        item.manga,
        item.direction,
        item.black_and_white,
        item.age_rating,
        item.rating,
        item.container,
        item.format,
        item.pages,
        item.first_page,
        json.dumps({key: value for key, value in more.items() if value}, ensure_ascii=False),
        rules.place(item.number_sort, item.volume, name),
        sort_key(title),
    )
