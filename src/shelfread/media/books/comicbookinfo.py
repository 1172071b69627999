"""ComicBookInfo, version 1.0: JSON in the comment of a zip archive, as ComicBookLover left it.

One of the readers of metadata behind `reading`. A comment may be anything else; then there is nothing to say
and nothing wrong.
"""

from __future__ import annotations

import json
from typing import Any

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.roles import credit, role_of, show_writers, turned
from shelfread.model.books import Book, BookTag
from shelfread.model.problem import ProblemCode

_KEY = "ComicBookInfo/1.0"


def read_comicbookinfo(comment: bytes) -> Book | None:
    """What the comment of a zip archive says; None when it is a comment of another sort.

    Raises:
        BookTrouble: METADATA_UNREADABLE: it is ComicBookInfo by its words, and no JSON.
    """
    if _KEY.encode() not in comment:
        return None
    try:
        said = json.loads(comment.decode("utf-8", "replace").strip("\0\ufeff \r\n\t"))[_KEY]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BookTrouble(
            ProblemCode.METADATA_UNREADABLE, "the ComicBookInfo in the comment of the archive is no JSON"
        )
    return _book(said)


def _book(said: dict[str, Any]) -> Book:
    get = said.get
    book = Book(sources=["comicbookinfo"])
    book.title = values.name(get("title"))
    book.series = values.name(get("series"))
    book.number = values.number(get("issue"))
    book.number_sort = values.number_sort(book.number)
    book.count = values.count(get("numberOfIssues"))
    book.volume = values.whole(get("volume"))
    book.publisher = values.name(get("publisher"))
    book.date = values.date_of(values.count(get("publicationYear")), values.count(get("publicationMonth")))
    book.year = values.year_of(book.date)
    book.rating = values.decimal(get("rating"), 5) or None
    book.language = values.language(get("language"))
    book.summary = values.text(get("comments"))
    book.tags = [BookTag("genre", one) for one in values.names(get("genre"))]
    tags = get("tags")
    book.tags += [BookTag("tag", one) for one in values.distinct(tags if isinstance(tags, list) else ())]
    credits_ = get("credits")
    for each in credits_[: values.MOST_NAMES] if isinstance(credits_, list) else ():
        if isinstance(each, dict) and (person := values.name(each.get("person"))) is not None:
            # The format wants "Moore, Alan"; not every tool heeds it.
            shown, sort_name = turned(person)
            credit(book, role_of(values.name(each.get("role"))), [shown], sort_name)
    show_writers(book)
    return book
