"""Books and comics: archives, EPUB and PDF in, series and books out.

`archives` reads containers, `comicinfo` and its kin what is said inside, `names` what paths say, `series`
what follows for a series. The object `KIND` is what the scan knows of all that. The readers are imported by
the process that reads: every other has the kind in hand as well, and starts sooner without them.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shelfread.media.kind import Reading, Source
from shelfread.media.pictures import measure
from shelfread.media.window import Window
from shelfread.model.books import Book
from shelfread.model.picture import Sidecar

if TYPE_CHECKING:
    from shelfread.media.books.opened import OpenBook

#: A series.json is not larger, in bytes.
_SERIES_LIMIT = 1 << 20
#: Pictures beside a book that are its cover by their name.
_FRONT = ("cover", "folder", "front", "poster")


class Books:
    """The books kind; fulfils `media.kind.Kind`."""

    name = "books"
    version = 1
    item_type: type = Book
    suffixes = frozenset(b".cbz .zip .cbr .rar .cb7 .7z .cbt .tar .epub .pdf".split())
    sidecar_suffixes = frozenset(b".jpg .jpeg .png .webp .gif .bmp .opf .json".split())
    fact_suffixes = frozenset({b".opf"})

    def read(self, source: Source) -> Reading:
        """Read one book, complete for the catalogue: what it leaves open its name fills in."""
        from shelfread.media.books import reading

        return reading.read(source)

    def inspect(self, source: Source) -> Reading:
        """Read one book as it is, with nothing taken from its name."""
        from shelfread.media.books import reading

        return reading.inspect(source)

    def unread(self, relative: bytes) -> Book:
        """What stands in the catalogue for a file that could not be read at all: its name's facts."""
        from shelfread.media.books.names import from_name

        return from_name(relative)

    def read_sidecar(self, source: Source) -> Sidecar | None:
        """A picture, an OPF or a `series.json` beside the books; None when it is none of them."""
        base = os.path.basename(source.path).lower()
        if base.endswith(b".opf"):
            # The reader of the book looks into it (`Source.read_beside`).
            return Sidecar("opf")
        if base.endswith(b".json"):
            return _series(source) if base == b"series.json" else None
        if source.size == 0:
            return None
        stem = os.path.splitext(base)[0].decode("utf-8", "replace")
        shows = "front" if stem in _FRONT else "other"
        picture = measure(Window(source), 0, source.size, shows)
        if picture.mime is None:
            return None
        return Sidecar(shows, picture.mime, picture.width, picture.height)

    def from_name(self, relative: bytes) -> dict[str, Any]:
        """What the name and folders alone say."""
        from shelfread.media.books.names import inspect_name

        return inspect_name(relative)

    def open_pages(self, source: Source) -> OpenBook:
        """A book to turn the pages of, by their numbers from 0."""
        from shelfread.media.books.opened import OpenBook

        return OpenBook(source)

    def cover(self, source: Source) -> bytes:
        """The picture that a cover is made of. Raises BookTrouble."""
        from shelfread.media.books import opened

        return opened.cover(source)


def _series(source: Source) -> Sidecar | None:
    from shelfread.media.books.archives.base import BookTrouble
    from shelfread.media.books.series_json import read_series_json

    if source.size > _SERIES_LIMIT:
        return None
    try:
        facts = read_series_json(source.read_at(0, source.size))
    except BookTrouble:
        return None
    return Sidecar("series", facts=json.dumps(asdict(facts), ensure_ascii=False))


KIND = Books()
