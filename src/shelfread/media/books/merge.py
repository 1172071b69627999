"""What several sources say of one book, made one.

Between the readers of metadata and `reading`, which gives them in the order of trust:

1. an OPF beside the file: somebody keeps it there to correct the file;
2. MetronInfo: one element for one thing, with ids, written by tools that looked the book up;
3. ComicInfo: nearly always there, but lists are commas in a text, and volumes may be years;
4. CoMet, then ComicBookInfo: older and smaller;
5. the name of the file: what people call it, and last, since the content overrides it (PROMISES C7).

The first that knows a field wins it. What only means something together is taken together: a number and how
it sorts, a volume and its end, a date and its year, a series and how it sorts. A list is taken as a whole,
but the credits of each role and the tags of each type are lists of their own: a file that knows the
characters only should not hide the writer that another knows. Which source is more believed than another is
not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from shelfread.media.values import number_sort
from shelfread.model.books import Book

#: By what decides who is first to know: the fields that are taken together.
_TOGETHER = {
    ("number",): ("number", "number_sort"),
    ("volume",): ("volume", "volume_end"),
    ("series",): ("series", "series_sort"),
    # A name may know the year only, and then nobody else's date belongs to it.
    ("date", "year"): ("date", "year"),
}
_LISTS = {"identifiers", "credits", "tags", "sources"}
_APART = _LISTS.union(*_TOGETHER.values())
_ALONE = tuple(one.name for one in fields(Book) if one.name not in _APART)


def merged(books: Sequence[Book]) -> Book:
    """One book of what all of them say; the first that knows a field wins it. None of them is changed."""
    result = Book()
    for name in _ALONE:
        for book in books:
            value = getattr(book, name)
            if value is not None and value != []:
                setattr(result, name, list(value) if isinstance(value, list) else value)
                break
    for deciding, together in _TOGETHER.items():
        for book in books:
            if any(getattr(book, name) is not None for name in deciding):
                for name in together:
                    setattr(result, name, getattr(book, name))
                break
    if result.number_sort is None:
        result.number_sort = number_sort(result.number)
    _take_lists(result, books)
    return result


def _take_lists(result: Book, books: Sequence[Book]) -> None:
    roles: set[str] = set()
    types: set[str] = set()
    for book in books:
        for scheme, identifier in book.identifiers.items():
            result.identifiers.setdefault(scheme, identifier)
        result.credits += [one for one in book.credits if one.role not in roles]
        roles |= {one.role for one in book.credits}
        result.tags += [one for one in book.tags if one.type not in types]
        types |= {one.type for one in book.tags}
        result.sources += [source for source in book.sources if source not in result.sources]
