"""What the information dictionary of a PDF says of its book, and which of it is only noise of programs.

Beside `pdf`. Nobody writes these fields with care: half of the titles are names of files, many authors are
names of computers, and the producer is a program and never the publisher.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

from shelfread.media import values
from shelfread.media.books.roles import credit, show_writers, turned
from shelfread.model.books import Book, BookTag

#: Bytes of one text.
_MOST_TEXT = 256 << 10

#: Titles that programs give.
_NO_TITLE = re.compile(
    r"untitled.{0,12}|title|no title|document\s?\d*|(?:power ?point )?presentation\s?\d*|none|null|print"
    r"|unknown|layout\s?\d*|page\s?\d*|cover|scan(?:ned document)?[\s_-]?\d*|full page (?:photo|fax print)"
    r"|book|microsoft (?:word|power ?point|excel|publisher) - .*|(?:https?|file)://.*|\W*"
    r"|.*\.(?:docx?|rtf|odt|pdf|indd|inx|tex|dvi|ps|eps|qxd|qxp|xlsx?|pptx?|html?|txt|pages|fm|p65|pmd|pub|ai"
    r"|psd|jpe?g|png|tiff?|cb[rz7t])",
    re.IGNORECASE | re.DOTALL,
)
_NOBODY = re.compile(
    r"unknown(?: author)?|n/?a|none|null|anonymous|admin(?:istrator)?|user|owner|author|default|pc|scanner"
    r"|\W*|microsoft office user|https?://.*|www\..*|.*\bversion [0-9].*",
    re.IGNORECASE | re.DOTALL,
)
_DATE = re.compile(r"(?:D:)?\s*(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?")
_AND = re.compile(r"\s+(?:and|&|und|et|y)\s+")


def is_title(title: str | None) -> bool:
    """Whether a title is one, and not what a program made up."""
    return title is not None and _NO_TITLE.fullmatch(title) is None


def information(pdfium: Any, document: Any) -> Book:
    """The facts in the document information and the language of the document."""
    book = Book(sources=["pdf"])
    found = {key: _meta(pdfium, document, key) for key in ("Title", "Author", "Subject", "Keywords")}
    title = values.name(found["Title"])
    book.title = title if is_title(title) else None
    programs = {values.name(_meta(pdfium, document, key)) for key in ("Creator", "Producer")}
    author = values.name(found["Author"])
    if author is not None and author not in programs and not _NOBODY.fullmatch(author):
        for name, sort_name in _authors(author):
            credit(book, "author", [name], sort_name)
        show_writers(book)
        # What somebody signed is dated; what a program made of pictures has the day that it ran.
        match = _DATE.match(_meta(pdfium, document, "CreationDate") or "")
        if match is not None:
            book.date = values.date_of(*(int(part) if part else None for part in match.groups()))
            book.year = values.year_of(book.date)
    book.summary = values.text(found["Subject"])
    book.tags = [BookTag("tag", one) for one in values.names(found["Keywords"])]
    book.language = values.language(_text(pdfium.FPDFCatalog_GetLanguage, document))
    return book


def _authors(said: str) -> list[tuple[str, str | None]]:
    """The people in "A; B", "A and B", "A B, C D" and "B, A"."""
    parts = [part for half in said.split(";") for part in _AND.split(half) if part.strip()]
    found: list[tuple[str, str | None]] = []
    for part in parts:
        names = [one.strip() for one in part.split(",") if one.strip()]
        if len(names) > 1 and all(" " in one or values.stays_behind_comma(one) for one in names):
            found += [(one, None) for one in values.names(part)]
        elif names:
            found.append(turned(part.strip(" ,")))
    return found


def _meta(pdfium: Any, document: Any, key: str) -> str | None:
    return _text(lambda *rest: pdfium.FPDF_GetMetaText(rest[0], key.encode(), *rest[1:]), document)


def _text(ask: Any, document: Any) -> str | None:
    """What a function of pdfium gives as UTF-16, asked twice as it wants."""
    length = int(ask(document, None, 0))
    if not 2 < length <= _MOST_TEXT:
        return None
    buffer = ctypes.create_string_buffer(length)
    ask(document, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    return buffer.raw[: length - 2].decode("utf-16-le", "replace").replace("\0", "").strip() or None
