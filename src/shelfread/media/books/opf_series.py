"""Which series a book belongs to, as an OPF says it: EPUB 3's collections, else calibre's words.

Part of `opf`. A collection of the type `set` is an edition sold together and no series.
"""

from __future__ import annotations

from shelfread.media import values
from shelfread.media.books.opf_metas import Metas
from shelfread.model.books import Book


def take_series(book: Book, metas: Metas) -> None:
    """Fill the series and the number in it."""
    collections = metas.own.get("belongs-to-collection", [])
    kinds = [metas.of(node, "collection-type") for node in collections]
    for wanted in ("series", None):
        for node, kind in zip(collections, kinds, strict=True):
            if kind == wanted and (series := values.name(node.text)) is not None:
                book.series = series
                book.series_sort = values.name(metas.of(node, "file-as"))
                book.number = values.number(metas.of(node, "group-position"))
                book.number_sort = values.number_sort(book.number)
                return
    series = values.name(metas.named.get("calibre:series") or metas.about("calibre:series"))
    if series is not None:
        book.series = series
        index = metas.named.get("calibre:series_index") or metas.about("calibre:series_index")
        book.number = values.number(index)
        book.number_sort = values.number_sort(book.number)
