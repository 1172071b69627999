"""Filters that lists of every kind have in common: what is there, in which state, of which library and year.

Parts of the statements of `browse`, `browse_books` and `browse_videos`. Knows no kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, FromClause, Select, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.keyset import Filter
from shelfread.store.tables import folders, is_odd, media_files, problems, roots
from shelfread.store.visible import any_row


class Made(NamedTuple):
    """Rows that are made of files: a series of its books, a movie of its versions and parts."""

    table: Any
    #: Whether one of them has a file that is not missing.
    is_there: ColumnElement[bool]
    #: Which files are whose: the table, or tables, of the files, with these two columns.
    files: FromClause
    file_id: Column[int]
    row_id: ColumnElement[int | None]
    #: Which of these files count.
    counted: ColumnElement[bool] = true()

    def in_state(self, status: str | None) -> Iterator[Filter]:
        """A row is there with one of its files; it is missing when all are, in trouble when one has some."""
        if status in (None, "missing", "any"):
            yield there(self.is_there, status)
            if status == "missing":
                # Some of these have other files that are there: the condition above stays.
                yield Filter(true(), self._with_files("missing"))
            return
        placed = self.files.join(media_files, media_files.c.id == self.file_id)
        bad = any_row(self._own(placed).where(media_files.c.status == "error"), self.table)
        yield there(self.is_there, None)
        yield Filter(bad, self._with_files("error")) if status == "error" else Filter(~bad)

    def in_trouble(self, has_problem: bool) -> Filter:
        """Those with a file that has an open problem, or those without."""
        trouble = any_row(trouble_of(self.file_id), self.file_id.table)
        has = any_row(self._own(self.files).where(trouble), self.table)
        if not has_problem:
            return Filter(~has)
        return Filter(has, self._ids(self.files.join(problems, problems.c.file_id == self.file_id)))

    def _own(self, source: FromClause) -> Select[Any]:
        """The files of one row."""
        mine = self.row_id == self.table.c.id
        return select(self.file_id).select_from(source).where(mine, self.counted)

    def _with_files(self, status: str) -> Select[Any]:
        placed = self.files.join(media_files, media_files.c.id == self.file_id)
        return self._ids(placed).where(is_odd, media_files.c.status == status)

    def _ids(self, source: FromClause) -> Select[Any]:
        found = select(self.row_id).select_from(source).where(self.row_id.is_not(None), self.counted)
        return found.distinct()


def trouble_of(file_id: Any) -> Select[Any]:
    """The open problems of one file."""
    return select(problems.c.id).where(problems.c.file_id == file_id)


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
