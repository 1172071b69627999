"""What the folders of a book say: its series, the volume they are for, the publisher above them.

For `names`. A folder that only sorts ("Comics", "A", "2018", a publisher) is no series; one that is a volume
("v01") or a sort of books ("Specials") passes the question on to the folder above. Pure, and cached, because
the books of a series share them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from shelfread.media.books.name_counts import DATE_MARK, counts_in
from shelfread.media.books.name_tags import tags_apart
from shelfread.media.books.name_words import PUBLISHERS, SHELF, key_of
from shelfread.model.books import Book

#: File systems allow 255 bytes a name; what comes from elsewhere is cut, and the searches stay cheap.
LONGEST = 255

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SORTS = re.compile(
    r"annuals?|extras?|issues|chapters|volumes|collections?|collected(?: editions?)?|tpbs?|trades"
    r"|omnibus(?:es)?|trade paperbacks?|graphic novels|single issues|main series|main|mini-?series"
    r"|one[- ]?shots?|specials?|omake",
    re.IGNORECASE,
)
_ONE_SHOTS = re.compile(r"_?one[- ]?shots?", re.IGNORECASE)
_SPECIALS = re.compile(r"specials?|omake", re.IGNORECASE)
#: calibre's folder of one book: "Title (123)".
_CALIBRE = re.compile(r"(?P<title>.+) \([0-9]{1,7}\)")


class Folder(NamedTuple):
    """What the folders of a file say."""

    series: str | None = None
    #: A number, or the year that tells two series of one name apart.
    volume: int | None = None
    #: Whether `volume` is that of a folder inside the series' own ("v01"), which is more than a year is.
    inner: bool = False
    publisher: str | None = None
    language: str | None = None
    one_shot: bool | None = None
    special: bool | None = None
    #: The last folder as calibre names them, and the author's above it.
    calibre: tuple[str, str] | None = None


@lru_cache(maxsize=1024)
def folder_of(relative_folder: bytes) -> Folder:
    """Read the folders between the root and the file; the root's own name is not known here."""
    names = [shown(part) for part in relative_folder.split(b"/") if part] if relative_folder else []
    publisher = next((name for name in names if key_of(name) in PUBLISHERS), None)
    calibre = None
    if len(names) > 1 and (match := _CALIBRE.fullmatch(names[-1])) is not None:
        calibre = match["title"], names[-2]
    volume: int | None = None
    one_shot = special = None
    for name in reversed(names):
        if _ONE_SHOTS.fullmatch(name):
            one_shot = True
        elif _SPECIALS.fullmatch(name):
            special = True
        elif _SORTS.fullmatch(name) or _YEAR.fullmatch(name):
            pass
        elif SHELF.fullmatch(name) or key_of(name) in PUBLISHERS:
            break
        else:
            book = Book()
            tags = tags_apart(name, book, comic=True)
            counts = counts_in(tags.text, None, comic=True)
            if counts is not None and counts.number is None and not key_of(counts.before):
                volume = volume or counts.volume
                continue
            return _series(name, tags.text, tags.dates, book, volume)._replace(
                publisher=publisher or book.publisher, one_shot=one_shot, special=special, calibre=calibre
            )
    return Folder(None, volume, volume is not None, publisher, None, one_shot, special, calibre)


def _series(
    name: str, text: str, dates: list[tuple[int, str | None]], book: Book, volume: int | None
) -> Folder:
    counts = counts_in(text, None, comic=True)
    inner = volume is not None
    if counts is not None and counts.volume is not None and counts.number is None:
        if volume is None and counts.volume_end is None:
            volume = counts.volume
        text = counts.before
    if volume is None and len(dates) == 1:
        volume = dates[0][0]
    series = neat(text)
    return Folder(series if key_of(series) else neat(name), volume, inner, None, book.language)


def shown(name: bytes) -> str:
    """Bytes on disk as text for people: no NUL, marks for what is not UTF-8, blanks made single."""
    text = name.decode("utf-8", "replace").replace("\0", "")[:LONGEST]
    if "_" in text and " " not in text:
        text = text.replace("_", " ")
    return " ".join("".join(char for char in text if char >= " ").split())


def neat(text: str) -> str:
    """A part of a name without what joined it to the rest."""
    text = " ".join(text.replace(DATE_MARK, " ").split())
    text = text.strip(" _,;:#–-")
    return text.removesuffix("(").rstrip(" _,;:#–-") if text.count("(") > text.count(")") else text
