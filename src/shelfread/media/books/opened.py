"""A book opened to be looked at: its pages, the bytes of one of them, the picture to make a cover from.

For covers, conversion and those who read while a scan runs (PROMISES C12). Like a reader of the scan it runs
in a confined process; unlike one it raises what goes wrong, `BookTrouble`. Pages count from 0.
"""

from __future__ import annotations

from shelfread.media.books import epub
from shelfread.media.books.archives import open_archive
from shelfread.media.books.archives.base import Archive, ArchiveEntry, BookTrouble
from shelfread.media.books.pages import front_of, pages_of
from shelfread.media.books.reading import is_epub, is_pdf, read
from shelfread.media.kind import Source
from shelfread.media.pictures import mime_of
from shelfread.model.problem import ProblemCode

#: Pixels of a page of a PDF: enough for a large screen.
_PDF_WIDTH, _PDF_HEIGHT = 1600, 2400


class OpenBook:
    """A book that somebody turns the pages of: an archive that is one stream is not begun anew for each.

    Lives as long as its source.
    """

    def __init__(self, source: Source) -> None:
        """Nothing is read yet."""
        self._source = source
        self._is_pdf: bool | None = None
        self._archive: Archive | None = None
        self._pages: list[ArchiveEntry] = []

    def page(self, number: int) -> tuple[str, bytes]:
        """One page: its type as its bytes say, and the bytes as they are in the book; of a PDF a picture.

        Raises:
            BookTrouble: there is no such page, or it cannot be read.
        """
        if self._is_pdf is None:
            self._is_pdf = is_pdf(self._source)
        if self._is_pdf:
            from shelfread.media.books import pdf

            content = pdf.render_pdf(self._source, number, _PDF_WIDTH, _PDF_HEIGHT)
        else:
            archive = self._opened()
            if not 0 <= number < len(self._pages):
                raise BookTrouble(ProblemCode.NO_PAGES, f"it has {len(self._pages)} pages")
            content = archive.read(self._pages[number])
        mime = mime_of(content)
        if mime is None:
            raise BookTrouble(ProblemCode.WRONG_FORMAT, "the page is no picture of a known format")
        return mime, content

    def _opened(self) -> Archive:
        if self._archive is None:
            archive = open_archive(self._source)
            if is_epub(archive):
                raise BookTrouble(
                    ProblemCode.NO_PAGES, "an EPUB has no pages: it is laid out by whoever shows it"
                )
            self._pages = pages_of(archive.entries)
            self._archive = archive
        return self._archive


def cover(source: Source) -> bytes:
    """The encoded picture that a cover is made of.

    Raises:
        BookTrouble: there is none, or it cannot be read.
    """
    if is_pdf(source):
        from shelfread.media.books import pdf

        return pdf.render_pdf(source, 0, _PDF_WIDTH, _PDF_HEIGHT)
    archive = open_archive(source)
    if is_epub(archive):
        return epub.cover_of(archive)
    pages = pages_of(archive.entries)
    if not pages:
        raise BookTrouble(ProblemCode.NO_PAGES, "it has no page to show")
    chosen = read(source).item.cover
    number = chosen.number if chosen is not None and chosen.number is not None else front_of(pages, None)
    return archive.read(pages[number])
