"""MetronInfo.xml, version 1.0: names with ids, credits with roles, one element for one thing.

One of the readers of metadata behind `reading`. It parts what ComicInfo writes with commas, and tells cover
date and store date apart; the cover date is the date here, since it is the one that other formats give. Not
taken: prices, reprints, PageCount.
"""

from __future__ import annotations

import re

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.roles import credit, role_of, show_writers
from shelfread.media.xml import Node, parse
from shelfread.model.books import Book, BookTag
from shelfread.model.problem import ProblemCode

_TAGS = {
    "genres": "genre",
    "tags": "tag",
    "universes": "tag",
    "characters": "character",
    "teams": "team",
    "locations": "location",
    "arcs": "arc",
}
_EMPTY = Node("", {})
_MOST_IDS = 32


def read_metroninfo(content: bytes) -> Book:
    """What a MetronInfo.xml says.

    Raises:
        BookTrouble: LIMIT_EXCEEDED or DAMAGED: it cannot be read, or is something else.
    """
    root = parse(content, "it")
    if root.name != "metroninfo":
        raise BookTrouble(ProblemCode.DAMAGED, f"it holds <{root.name[:40]}> and no <MetronInfo>")
    parts: dict[str, Node] = {}
    for child in root.children:
        parts.setdefault(child.name, child)
    book = Book(sources=["metroninfo"])
    _take_series(book, parts.get("series", _EMPTY))
    _take_publisher(book, parts.get("publisher", _EMPTY))
    stories = values.distinct(story.text for story in parts.get("stories", _EMPTY).children)
    book.title = values.name(_text(root, "collectiontitle")) or values.name("; ".join(stories))
    book.number = values.number(_text(root, "number"))
    book.number_sort = values.number_sort(book.number)
    book.summary = values.text(_text(root, "summary"))
    book.notes = values.text(_text(root, "notes"))
    book.date = values.date(_text(root, "coverdate")) or values.date(_text(root, "storedate"))
    book.year = values.year_of(book.date)
    rating = values.name(_text(root, "agerating"))
    book.age_rating = None if rating is None or rating.lower() == "unknown" else rating
    addresses = [values.web(url.text) for url in (*parts.get("urls", _EMPTY).all("url"), *root.all("url"))]
    book.web = values.distinct(address for found in addresses for address in found)[:20]
    _take_manga(book, values.name(_text(root, "mangavolume")))
    _take_ids(book, parts)
    for each in parts.get("credits", _EMPTY).all("credit"):
        person = values.name(_text(each, "creator"))
        roles = (each.first("roles") or _EMPTY).all("role")
        for role in dict.fromkeys(role_of(values.name(role.text)) for role in roles or [_EMPTY]):
            credit(book, role, [person] if person else [])
    show_writers(book)
    for element, kind in _TAGS.items():
        # An arc and a universe have their name inside, all others are it.
        named = [_text(one, "name") or one.text for one in parts.get(element, _EMPTY).children]
        book.tags += [BookTag(kind, one) for one in values.distinct(named)]
    return book


def _text(node: Node, name: str) -> str | None:
    found = node.first(name)
    return None if found is None else found.text


def _take_series(book: Book, series: Node) -> None:
    book.series = values.name(_text(series, "name"))
    book.series_sort = values.name(_text(series, "sortname"))
    book.language = values.language(series.get("lang"))
    book.count = values.count(_text(series, "issuecount"))
    # A series without a number is told from its namesakes by the year that it began in.
    book.volume = values.whole(_text(series, "volume")) or values.count(_text(series, "startyear"))
    book.comic_format = values.name(_text(series, "format"))
    if book.comic_format is not None and re.fullmatch(r"one.?shot", book.comic_format, re.IGNORECASE):
        book.one_shot = True


def _take_publisher(book: Book, publisher: Node) -> None:
    book.publisher = values.name(_text(publisher, "name")) or values.name(publisher.text)
    book.imprint = values.name(_text(publisher, "imprint"))


def _take_manga(book: Book, volumes: str | None) -> None:
    """The volume of a manga, or the first and last of them: "1-2"."""
    match = re.fullmatch(r"([0-9]{1,6})(?:\s*-\s*([0-9]{1,6}))?", volumes or "")
    if match is not None:
        book.manga = True
        book.volume = int(match[1])
        book.volume_end = int(match[2]) if match[2] else None


def _take_ids(book: Book, parts: dict[str, Node]) -> None:
    # "IDS" in version 1.0, "ID" with Primary and Alternative in it before that.
    for one in (*parts.get("ids", _EMPTY).children, *parts.get("id", _EMPTY).children)[:_MOST_IDS]:
        scheme = re.sub(r"[^a-z0-9]", "", (one.get("source") or "").lower())[:40]
        number = values.name(one.text)
        if scheme and number is not None:
            book.identifiers.setdefault({"grandcomicsdatabase": "gcd"}.get(scheme, scheme), number)
    codes = parts.get("gtin", _EMPTY)
    written = values.name(_text(codes, "isbn"))
    book.isbn = values.isbn(written)
    if written is not None and book.isbn is None:
        book.identifiers["isbn"] = written
    upc = values.name(_text(codes, "upc"))
    if upc is not None:
        book.identifiers["upc"] = upc
