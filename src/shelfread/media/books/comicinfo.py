"""ComicInfo.xml, versions 1.0 to 2.1 (draft): what ComicRack began and nearly every comic has.

One of the readers of metadata behind `reading`; `merge` puts what they say together. Empty elements and -1
are this format's way to say "unknown". Not taken: PageCount, since the archive has the pages themselves;
Review and StoryArcNumber, for which a book has no place.
"""

from __future__ import annotations

import re

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.roles import credit, show_writers
from shelfread.media.xml import Node, parse
from shelfread.model.books import Book, BookTag, Page
from shelfread.model.problem import ProblemCode

_ROLES = {
    "writer": "writer",
    "penciller": "penciller",
    "inker": "inker",
    "colorist": "colorist",
    "letterer": "letterer",
    "coverartist": "cover",
    "editor": "editor",
    "translator": "translator",
}
#: A series that the book also belongs to is told like an arc: that is what crossovers are written in.
_TAGS = {
    "genre": "genre",
    "tags": "tag",
    "seriesgroup": "tag",
    "characters": "character",
    "teams": "team",
    "locations": "location",
    "storyarc": "arc",
    "alternateseries": "arc",
}
_YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_MANGA = {"yes": True, "yesandrighttoleft": True, "no": False}


def read_comicinfo(content: bytes) -> Book:
    """What a ComicInfo.xml says.

    Raises:
        BookTrouble: LIMIT_EXCEEDED or DAMAGED: it cannot be read, or is something else.
    """
    root = parse(content, "it", textless=frozenset(("pages",)))
    if root.name != "comicinfo":
        raise BookTrouble(ProblemCode.DAMAGED, f"it holds <{root.name[:40]}> and no <ComicInfo>")
    said = {}
    for child in root.children:
        # The first that says something: some tools write an element again, empty.
        if child.text and child.name not in said and not child.text.isspace():
            said[child.name] = child.text
    book = Book(sources=["comicinfo"])
    get = said.get
    book.title = values.name(get("title"))
    book.series = values.name(get("series"))
    book.number = values.number(get("number"))
    book.number_sort = values.number_sort(book.number)
    book.count = values.count(get("count"))
    book.volume = values.whole(get("volume"))
    book.summary = values.text(get("summary"))
    book.notes = values.text(get("notes"))
    book.date = values.date_of(
        values.count(get("year")), values.count(get("month")), values.count(get("day"))
    )
    book.year = values.year_of(book.date)
    book.publisher = values.name(get("publisher"))
    book.imprint = values.name(get("imprint"))
    book.language = values.language(get("languageiso"))
    book.web = values.web(get("web"))
    book.scan_group = values.name(get("scaninformation"))
    book.rating = values.decimal(get("communityrating"), 5)
    book.black_and_white = _YES_NO.get(get("blackandwhite", "").strip().lower())
    manga = get("manga", "").strip().lower()
    book.manga = _MANGA.get(manga)
    if manga == "yesandrighttoleft":
        book.direction = "rtl"
    rating = values.name(get("agerating"))
    book.age_rating = None if rating is None or rating.lower() == "unknown" else rating
    _take_format(book, values.name(get("format")))
    _take_gtin(book, values.name(get("gtin")))
    for element, role in _ROLES.items():
        credit(book, role, values.names(get(element)))
    show_writers(book)
    _take_tags(book, said)
    book.cover = _cover(root)
    return book


def _take_format(book: Book, comic_format: str | None) -> None:
    book.comic_format = comic_format
    plain = re.sub(r"[^a-z0-9]", "", (comic_format or "").lower())
    if plain in ("oneshot", "1shot"):
        book.one_shot = True
    elif plain == "special" and book.number is None:
        book.special = True


def _take_gtin(book: Book, written: str | None) -> None:
    book.isbn = values.isbn(written)
    # A barcode of another sort, or one with a slip of the pen: kept, but as no ISBN.
    if written is not None and book.isbn is None:
        book.identifiers["gtin"] = written


def _take_tags(book: Book, said: dict[str, str]) -> None:
    known: set[tuple[str, str]] = set()
    for element, kind in _TAGS.items():
        for one in values.names(said.get(element)):
            if (kind, one.casefold()) not in known:
                known.add((kind, one.casefold()))
                book.tags.append(BookTag(kind, one))
    # It does not say which of the two it is, but the lists above mostly do.
    main = values.name(said.get("maincharacterorteam"))
    if main is not None and not {("character", main.casefold()), ("team", main.casefold())} & known:
        book.tags.append(BookTag("character", main))


def _cover(root: Node) -> Page | None:
    """The page that is called the front cover, when there is one."""
    pages = root.first("pages")
    for page in pages.children if pages is not None else ():
        if (page.get("type") or "").strip().lower() == "frontcover":
            number = values.whole(page.get("image"))
            return None if number is None else Page(number=number)
    return None
