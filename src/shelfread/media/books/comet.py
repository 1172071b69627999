"""CoMet.xml, version 1.1: comics described in the manner of Dublin Core, one element for each name.

One of the readers of metadata behind `reading`. Not taken: price, rights, lastMark, and pages, since the
archive has the pages themselves.
"""

from __future__ import annotations

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.roles import credit, show_writers
from shelfread.media.xml import parse
from shelfread.model.books import Book, BookTag, Page
from shelfread.model.problem import ProblemCode

_ROLES = {
    "writer": "writer",
    "penciller": "penciller",
    "inker": "inker",
    "colorist": "colorist",
    "letterer": "letterer",
    "coverdesigner": "cover",
    "editor": "editor",
    "creator": "contributor",
}


def read_comet(content: bytes) -> Book:
    """What a CoMet.xml says.

    Raises:
        BookTrouble: LIMIT_EXCEEDED or DAMAGED: it cannot be read, or is something else.
    """
    root = parse(content, "it")
    if root.name != "comet":
        raise BookTrouble(ProblemCode.DAMAGED, f"it holds <{root.name[:40]}> and no <comet>")
    said: dict[str, list[str]] = {}
    for child in root.children:
        said.setdefault(child.name, []).append(child.text)

    def one(element: str) -> str | None:
        return next((text for text in said.get(element, ()) if text and not text.isspace()), None)

    book = Book(sources=["comet"])
    book.title = values.name(one("title"))
    book.series = values.name(one("series"))
    book.number = values.number(one("issue"))
    book.number_sort = values.number_sort(book.number)
    book.volume = values.whole(one("volume"))
    book.summary = values.text(one("description"))
    book.publisher = values.name(one("publisher"))
    book.date = values.date(one("date"))
    book.year = values.year_of(book.date)
    book.language = values.language(one("language"))
    book.comic_format = values.name(one("format"))
    book.age_rating = values.name(one("rating"))
    direction = (one("readingdirection") or "").strip().lower()
    book.direction = direction if direction in ("ltr", "rtl") else None
    cover = values.name(one("coverimage"))
    book.cover = Page(entry=cover) if cover is not None else None
    identifier = values.name(one("identifier"))
    if identifier is not None:
        book.isbn = values.isbn(identifier.upper().removeprefix("URN:").removeprefix("ISBN").lstrip(": "))
        if book.isbn is None:
            book.identifiers["comet"] = identifier
    for element, role in _ROLES.items():
        credit(book, role, values.distinct(said.get(element, ())))
    show_writers(book)
    for kind in ("genre", "character"):
        book.tags += [BookTag(kind, tag) for tag in values.distinct(said.get(kind, ()))]
    return book
