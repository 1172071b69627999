"""OPF package documents: the heart of every EPUB, and the `metadata.opf` that calibre leaves beside a book.

`read_opf` gives what the document says of the book; `read_package` also what `epub` needs to find its way in
the archive. In EPUB 3 a `meta` refines another element by its id, in EPUB 2 an attribute does the same; both
are read whatever version is declared, since tools mix them. Facts from EPUB Packages 3.3, OPF 2.0.1 and
calibre's habits. It opens no archive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.opf_metas import Metas
from shelfread.media.books.opf_people import take_people
from shelfread.media.books.opf_series import take_series
from shelfread.media.xml import Node, parse
from shelfread.model.books import Book, BookTag
from shelfread.model.problem import ProblemCode

#: Elements whose children have no text, and may be many.
_TEXTLESS = frozenset(("manifest", "spine", "guide"))
_EMPTY = Node("", {})
_MOST_IDENTIFIERS = 32


@dataclass(slots=True)
class Package:
    """What one package document says."""

    book: Book
    #: Of each item by its id: where it is (as written), its type, its properties.
    items: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    #: Ids of the items in reading order.
    spine: list[str] = field(default_factory=list)
    #: Where the cover may be, as written, the most believed first: a picture, or a page that shows it.
    covers: list[str] = field(default_factory=list)
    #: Every page is laid out for itself, as in comics (`rendition:layout` is `pre-paginated`).
    fixed_layout: bool = False


def read_opf(content: bytes) -> Book:
    """What a package document says of its book. The cover that it names is left out: it is no entry here.

    Raises:
        BookTrouble: LIMIT_EXCEEDED or DAMAGED: it cannot be read, or is something else.
    """
    return read_package(content).book


def read_package(content: bytes) -> Package:
    """What a package document says of its book, and of the files that it is made of. Raises as `read_opf`."""
    root = parse(content, "the package document (OPF)", textless=_TEXTLESS)
    if root.name != "package":
        raise BookTrouble(ProblemCode.DAMAGED, f"the OPF holds <{root.name[:40]}> and no <package>")
    metadata = root.first("metadata") or _EMPTY
    # OEB 1 and some EPUB 2 wrap both halves once more.
    nodes = [
        inner
        for node in metadata.children
        for inner in (node.children if node.name in ("dc-metadata", "x-metadata") else (node,))
    ]
    metas = Metas([node for node in nodes if node.name == "meta"])
    elements: dict[str, list[Node]] = {}
    for node in nodes:
        elements.setdefault(node.name, []).append(node)
    book = Book(sources=["opf"])
    book.title = _title(elements.get("title", []), metas)
    take_people(book, elements, metas)
    take_series(book, metas)
    _take_identifiers(book, elements.get("identifier", []), metas)
    book.date = _date(elements.get("date", []))
    book.year = values.year_of(book.date)
    book.language = _first(values.language(node.text) for node in elements.get("language", ()))
    book.publisher = _first(values.name(node.text) for node in elements.get("publisher", ()))
    book.summary = _first(
        values.plain(node.whole_text() if node.children else node.text)
        for node in elements.get("description", ())
    )
    # A subject has commas of its own; only semicolons part two of them.
    subjects = (one for node in elements.get("subject", ()) for one in values.names(node.text, commas=False))
    book.tags = [BookTag("genre", one) for one in values.distinct(subjects)]
    rating = values.decimal(metas.named.get("calibre:rating"), 10)
    book.rating = rating / 2 if rating else None
    package = Package(book)
    _take_files(package, root, metas)
    package.fixed_layout = metas.about("rendition:layout") == "pre-paginated" or (
        metas.named.get("fixed-layout", "").lower() == "true"
    )
    return package


def _first(found: Iterable[str | None]) -> str | None:
    return next((one for one in found if one is not None), None)


def _title(nodes: list[Node], metas: Metas) -> str | None:
    """The main title, with the subtitle behind a colon where the document tells the two apart."""
    found = [(values.name(node.text), metas.of(node, "title-type")) for node in nodes]
    main = next((title for title, kind in found if title and kind == "main"), None)
    if main is None:
        main = next((title for title, kind in found if title and kind is None), None) or next(
            (title for title, _ in found if title), None
        )
    subtitle = next((title for title, kind in found if title and kind == "subtitle"), None)
    if main is None or subtitle is None or subtitle.casefold() in main.casefold():
        return main
    return values.name(f"{main}: {subtitle}")


#: How the same thing is called elsewhere.
_SCHEMES = {"mobi-asin": "asin", "isbn-13": "isbn", "isbn-10": "isbn", "isbn13": "isbn"}
_PREFIXED = re.compile(r"(?:urn:)?([A-Za-z][A-Za-z0-9_.-]{1,30}):(?!//)(.+)", re.DOTALL)
#: ONIX code list 5, which EPUB 3 refines identifiers with.
_ONIX = {"02": "isbn", "15": "isbn", "06": "doi"}


def _take_identifiers(book: Book, nodes: list[Node], metas: Metas) -> None:
    for node in nodes[:_MOST_IDENTIFIERS]:
        written = values.name(node.text)
        if written is None:
            continue
        scheme = (node.get("scheme") or "").strip().lower() or _ONIX.get(
            metas.of(node, "identifier-type") or "", ""
        )
        match = _PREFIXED.fullmatch(written)
        if match is not None and (not scheme or scheme == match[1].lower()):
            scheme, written = match[1].lower(), match[2].strip()
        scheme = values.name(scheme) or ""
        scheme = "asin" if scheme.startswith("amazon") else _SCHEMES.get(scheme, scheme)
        if scheme in ("isbn", "") and (isbn := values.isbn(written)) is not None:
            # An ISBN of 13 digits is the same book's present one.
            if book.isbn is None or len(isbn) > len(book.isbn):
                book.isbn = isbn
        elif written:
            book.identifiers.setdefault(scheme or ("uri" if "://" in written else "id"), written)


def _date(nodes: list[Node]) -> str | None:
    """When it was published; not when somebody converted the file."""
    events: dict[str, str] = {}
    for node in nodes:
        # The year 101 is calibre's word for "unknown"; `values.date` begins later.
        found = values.date(node.text)
        if found is not None:
            events.setdefault((node.get("event") or "").strip().lower(), found)
    return _first(events.get(event) for event in ("publication", "", "original-publication"))


def _take_files(package: Package, root: Node, metas: Metas) -> None:
    properties: list[str] = []
    lookalikes: list[str] = []
    for node in (root.first("manifest") or _EMPTY).children:
        get = node.attributes.get
        href = get("href")
        if href is None:
            continue
        number, mime, said = get("id", ""), get("media-type", ""), get("properties", "")
        package.items[number] = (href, mime, said)
        if said and "cover-image" in said.split():
            properties.append(href)
        elif mime.startswith("image/") and "cover" in number.lower():
            lookalikes.append(href)
    spine = root.first("spine") or _EMPTY
    package.spine = [node.attributes.get("idref", "") for node in spine.children if node.name == "itemref"]
    direction = (spine.get("page-progression-direction") or "").lower()
    if direction not in ("ltr", "rtl"):
        # What comics for one maker's devices say instead.
        mode = metas.named.get("primary-writing-mode", "").lower()
        direction = {"horizontal-rl": "rtl", "vertical-rl": "rtl"}.get(mode, "")
    package.book.direction = direction or None
    said = metas.named.get("cover", "")
    named = package.items[said][0] if said in package.items else said
    guide = [
        node.attributes.get("href", "")
        for node in (root.first("guide") or _EMPTY).children
        if (node.get("type") or "").lower() in ("cover", "other.ms-coverimage-standard")
    ]
    package.covers = list(dict.fromkeys(href for href in (*properties, named, *guide, *lookalikes) if href))
