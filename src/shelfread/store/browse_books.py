"""Lists of series and books: sorted, filtered, page by page.

Gives ids; `book_items` has what is shown of them. What can be sorted by stands in two tables here and nowhere
else, each with an index (`tables`). Beside `browse`, which has those of music. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.filters import Made, in_library, of_library, of_status, of_year, trouble_of
from shelfread.store.folding import sort_key
from shelfread.store.keyset import Filter, Order, Page, Walk, page
from shelfread.store.tables import book_credits, book_tags, books, media_files, problems, series
from shelfread.store.visible import any_row, series_is_there

SERIES_ORDERS = {
    "title": Order(series.c.sort_key, str),
    "year": Order(series.c.year, int, nullable=True),
    "added_at": Order(series.c.added_at, int),
}
BOOK_ORDERS = {
    "title": Order(books.c.sort_key, str),
    "year": Order(books.c.year, int, nullable=True),
    "added_at": Order(media_files.c.added_at, int),
    # Its place in its series: of one series only.
    "number": Order(books.c.place, str),
}
#: Series of what.
_OF_BOOKS = Made(series, series_is_there(series.c.id, series), books, books.c.file_id, books.c.series_id)
#: Who counts as the writer of a book; of an EPUB it is the author.
WRITERS = ("writer", "author")
#: The type of the tags that are genres; all are found by `tag`.
GENRE = "genre"


@dataclass(frozen=True, slots=True)
class WantedBooks:
    """What a list is asked for. Of series `genre`, `tag` and `writer` are those of any of its books."""

    sort: str
    descending: bool = False
    limit: int = 50
    after: str | None = None
    library_id: int | None = None
    #: Books only.
    series_id: int | None = None
    #: Series only: as written.
    publisher: str | None = None
    #: By name, in any case and with or without accents.
    genre: str | None = None
    #: Any word that a book is filed under: a genre, a character, a place...
    tag: str | None = None
    writer: str | None = None
    #: Books only: "en" also finds "en-GB".
    language: str | None = None
    #: Books only: cbz, epub, pdf...
    format: str | None = None
    year: int | None = None
    has_problem: bool | None = None
    #: ready, error, missing or any; None is what is there.
    status: str | None = None


async def series_page(connection: AsyncConnection, wanted: WantedBooks) -> Page:
    """Series. Raises BadCursor."""
    own = series.c.id
    filters = list(_OF_BOOKS.in_state(wanted.status))
    if wanted.library_id is not None:
        filters.append(of_library(series, wanted.library_id))
    if wanted.publisher is not None:
        filters.append(Filter(series.c.publisher == wanted.publisher))
    for rows in _of_words(wanted):
        belonging = select(books.c.series_id).join(rows.table, rows.table.c.file_id == books.c.file_id)
        # Asked of one series, its books come first.
        one = _books_of(own).where(any_row(rows.of(books.c.file_id), books))
        filters.append(Filter(any_row(one, series), _series_ids(belonging.where(rows.test))))
    if wanted.year is not None:
        filters.append(of_year(series, own, wanted.year))
    if wanted.has_problem is not None:
        filters.append(_OF_BOOKS.in_trouble(wanted.has_problem))
    order = SERIES_ORDERS[wanted.sort]
    walk = Walk(series, own, order, f"e{wanted.sort}", wanted.descending, filters)
    return await page(connection, walk, wanted.limit, wanted.after)


async def book_page(connection: AsyncConnection, wanted: WantedBooks) -> Page:
    """Books; by number only those of one series. Raises BadCursor."""
    own = books.c.file_id
    filters = [of_status(wanted.status)]
    if wanted.sort == "added_at":
        # Its index is that of all files: a few books among very many tracks are looked up.
        filters.append(Filter(true(), select(own)))
    if wanted.library_id is not None:
        filters.append(await in_library(connection, wanted.library_id))
    if wanted.series_id is not None:
        of_series = books.c.series_id == wanted.series_id
        filters.append(Filter(of_series, select(own).where(of_series)))
    for rows in _of_words(wanted):
        mine = select(rows.table.c.file_id).where(rows.test).distinct()
        filters.append(Filter(any_row(rows.of(own), books), mine))
    if wanted.language is not None:
        # This and the format have few values with very many books each: no index would help.
        filters.append(Filter(_in_language(wanted.language)))
    if wanted.format is not None:
        of_format = books.c.format == wanted.format
        # SQLite would take it for rare, and sort all of them.
        is_sqlite = connection.dialect.name == "sqlite"
        filters.append(Filter(func.likely(of_format) if is_sqlite else of_format))
    if wanted.year is not None:
        filters.append(of_year(books, own, wanted.year))
    if wanted.has_problem is not None:
        has = any_row(trouble_of(own), books)
        bad = select(problems.c.file_id).where(problems.c.file_id.is_not(None))
        filters.append(Filter(has, bad) if wanted.has_problem else Filter(~has))
    source = books.join(media_files, media_files.c.id == own)
    equal = (media_files.c.id,)
    walk = Walk(source, own, BOOK_ORDERS[wanted.sort], f"b{wanted.sort}", wanted.descending, filters, equal)
    return await page(connection, walk, wanted.limit, wanted.after)


def _books_of(series_id: Any) -> Select[Any]:
    return select(books.c.file_id).where(books.c.series_id == series_id)


def _series_ids(query: Select[Any]) -> Select[Any]:
    return query.where(books.c.series_id.is_not(None)).distinct()


def _in_language(language: str) -> ColumnElement[bool]:
    region = f"{language}-"
    return or_(books.c.language == language, func.substr(books.c.language, 1, len(region)) == region)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of credits or tags that are wanted."""

    table: Any
    test: ColumnElement[bool]

    def of(self, file_id: Any) -> Select[Any]:
        """Those of one book."""
        return select(self.table.c.position).where(self.table.c.file_id == file_id, self.test)


def _of_words(wanted: WantedBooks) -> Iterator[_Rows]:
    if wanted.genre is not None:
        key = book_tags.c.key == sort_key(wanted.genre)
        yield _Rows(book_tags, and_(key, book_tags.c.type == GENRE))
    if wanted.tag is not None:
        yield _Rows(book_tags, book_tags.c.key == sort_key(wanted.tag))
    if wanted.writer is not None:
        key = book_credits.c.key == sort_key(wanted.writer)
        yield _Rows(book_credits, and_(key, book_credits.c.role.in_(WRITERS)))
