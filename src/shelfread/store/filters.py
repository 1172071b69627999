"""Filters that lists of every kind have in common: what is there, in which state, of which library and year.

Parts of the statements of `browse` and `browse_books`. Knows no kind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.keyset import Filter
from shelfread.store.tables import folders, is_odd, media_files, roots
from shelfread.store.visible import any_row


def there(shown: ColumnElement[bool], status: str | None) -> Filter:
    """What is made of files: what is there, or only what is missing as a whole, or both."""
    return Filter(true() if status == "any" else ~shown if status == "missing" else shown)


def of_status(status: str | None) -> Filter:
    """Files in a state; None: all but what is missing."""
    column = media_files.c.status
    if status is None:
        return Filter(column != "missing")
    if status == "any":
        return Filter(true())
    if status == "ready":
        return Filter(column == status)
    return Filter(column == status, select(media_files.c.id).where(is_odd, column == status))


def of_library(table: Any, library_id: int) -> Filter:
    """Rows of a table that has a `library_id`."""
    mine = table.c.library_id == library_id
    return Filter(mine, select(table.c.id).where(mine))


def of_year(table: Any, row_id: Any, year: int) -> Filter:
    """Rows of a table that has a `year`."""
    of_year = table.c.year == year
    return Filter(of_year, select(row_id).where(of_year))


async def in_library(connection: AsyncConnection, library_id: int) -> Filter:
    """Files below the roots of a library."""
    found = await connection.execute(select(roots.c.id).where(roots.c.library_id == library_id))
    mine = list(found.scalars())
    folder = select(folders.c.id).where(folders.c.id == media_files.c.folder_id, folders.c.root_id.in_(mine))
    ids = select(media_files.c.id).join(folders, folders.c.id == media_files.c.folder_id)
    return Filter(any_row(folder, media_files), ids.where(folders.c.root_id.in_(mine)))
