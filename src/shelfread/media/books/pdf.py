"""PDF: pages, document information and XMP for the catalogue; one page as a picture for covers and readers.

Over `pdf_document` (pdfium), `pdf_information` and `xmp`. Runs in confined processes only. Knows no names of
files.
"""

from __future__ import annotations

import ctypes
import io
from typing import Any

from shelfread.media.books.archives.base import LIMITS, BookTrouble
from shelfread.media.books.merge import merged
from shelfread.media.books.pdf_document import document_of, has_end
from shelfread.media.books.pdf_information import information, is_title
from shelfread.media.books.xmp import read_xmp
from shelfread.media.kind import Source
from shelfread.model.books import Book, Page
from shelfread.model.problem import ProblemCode

_MOST_PAGES = LIMITS.entries
#: Points of one side; pdfium itself allows 14,400 without a user unit.
_MOST_POINTS = 200_000
#: Pixels of a page as it is drawn, and of one picture on it.
_MOST_DRAWN = 16 << 20
_MOST_PICTURE = 100_000_000
#: Drawn no finer than 300 dots an inch.
_MOST_SCALE = 300 / 72
_MOST_OBJECTS = 20_000
_QUALITY = 90

_IMAGE, _FORM = 3, 5
_BGR, _WHITE = 2, 0xFFFFFFFF
_ANNOTATIONS, _SMALL_CACHE = 0x01, 0x200


def read_pdf(source: Source) -> tuple[Book, BookTrouble | None]:
    """What a PDF says of itself, and what is wrong with it, if anything.

    The size of the first page, in points (pixels at 72 dpi), stands in `cover`.

    Raises:
        OSError: the file cannot be read.
    """
    book = Book(sources=[])
    trouble: BookTrouble | None = None
    try:
        with document_of(source) as (document, pdfium):
            stated = information(pdfium, document)
            try:
                book.pages = _pages(source, pdfium, document)
                book.cover = _first_page(pdfium, document)
                # pdfium makes the best of what is there, and says so only by this.
                if not has_end(source) and not pdfium.FPDF_DocumentHasValidCrossReferenceTable(document):
                    trouble = BookTrouble(ProblemCode.TRUNCATED, "the end is missing; what is left is shown")
            except BookTrouble as found:
                trouble = found
    except BookTrouble as found:
        return book, found
    said = [one for one in (read_xmp(source), stated) if one is not None]
    whole = merged([book, *said])
    whole.title = whole.title if is_title(whole.title) else stated.title
    return whole, trouble


def _pages(source: Source, pdfium: Any, document: Any) -> int:
    """How many pages there are: what the file says, if the last of them is there."""
    count = int(pdfium.FPDF_GetPageCount(document))
    if count <= 0:
        raise BookTrouble(ProblemCode.NO_PAGES, "it has no pages")
    if count > _MOST_PAGES:
        raise BookTrouble(
            ProblemCode.LIMIT_EXCEEDED, f"it claims to have {count:,} pages; {_MOST_PAGES:,} are accepted"
        )
    # Looking for the last page opens all before it, so that is done where it is cheap or needed.
    if (count <= 64 or count > source.size // 200) and not _has_page(pdfium, document, count - 1):
        first, last = 0, count - 1
        while first < last:
            middle = (first + last) // 2
            if _has_page(pdfium, document, middle):
                first = middle + 1
            else:
                last = middle
        if first == 0:
            raise BookTrouble(ProblemCode.NO_PAGES, f"it claims to have {count} pages, and has none")
        return first
    return count


def _has_page(pdfium: Any, document: Any, number: int) -> bool:
    return bool(pdfium.FPDF_GetPageSizeByIndexF(document, number, pdfium.FS_SIZEF()))


def _first_page(pdfium: Any, document: Any) -> Page:
    size = pdfium.FS_SIZEF()
    page = Page(number=0)
    # NaN fails the comparisons.
    if pdfium.FPDF_GetPageSizeByIndexF(document, 0, size) and _has_size(size.width, size.height):
        page.width, page.height = max(1, round(size.width)), max(1, round(size.height))
    return page


def _has_size(width: float, height: float) -> bool:
    return 0 < width <= _MOST_POINTS and 0 < height <= _MOST_POINTS


def render_pdf(source: Source, page: int, max_width: int, max_height: int) -> bytes:
    """A page as a JPEG picture that fits the given size, in pixels; white where the page has nothing.

    Small pages are not drawn finer than 300 dots an inch.

    Raises:
        BookTrouble: there is no such page, it cannot be opened, or it would take too much to draw.
        OSError: the file cannot be read.
    """
    with document_of(source) as (document, pdfium):
        count = pdfium.FPDF_GetPageCount(document)
        opened = pdfium.FPDF_LoadPage(document, page) if 0 <= page < count else None
        if not opened:
            detail = f"it has no page {page + 1}" if not 0 <= page < count else f"page {page + 1} is damaged"
            code = ProblemCode.DAMAGED if 0 <= page < count else ProblemCode.NO_PAGES
            raise BookTrouble(code, detail)
        try:
            return _drawn(pdfium, opened, max_width, max_height)
        finally:
            pdfium.FPDF_ClosePage(opened)


def _drawn(pdfium: Any, page: Any, max_width: int, max_height: int) -> bytes:
    across, down = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    if not _has_size(across, down):
        raise BookTrouble(ProblemCode.DAMAGED, "the page has no size")
    room = (_MOST_DRAWN / (across * down)) ** 0.5
    scale = min(max_width / across, max_height / down, _MOST_SCALE, room)
    width, height = max(1, int(across * scale + 0.5)), max(1, int(down * scale + 0.5))
    _measure(pdfium, page)
    stride = (width * 3 + 3) & ~3
    pixels = (ctypes.c_ubyte * (stride * height))()
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, _BGR, pixels, stride)
    if not bitmap:
        raise BookTrouble(ProblemCode.LIMIT_EXCEEDED, f"a page of {width} x {height} pixels cannot be drawn")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, _ANNOTATIONS | _SMALL_CACHE)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    from PIL import Image

    picture = Image.frombuffer("RGB", (width, height), bytes(pixels), "raw", "BGR", stride, 1)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _measure(pdfium: Any, page: Any) -> None:
    """Refuse a page with a picture that is too large, before anything is decoded."""
    left = _MOST_OBJECTS
    queue: list[tuple[Any, Any, int, int]] = [
        (pdfium.FPDFPage_GetObject, page, int(pdfium.FPDFPage_CountObjects(page)), 0)
    ]
    while queue:
        get, parent, count, depth = queue.pop()
        for number in range(min(count, left)):
            left -= 1
            thing = get(parent, number)
            kind = pdfium.FPDFPageObj_GetType(thing)
            if kind == _IMAGE:
                width, height = ctypes.c_uint(), ctypes.c_uint()
                if (
                    pdfium.FPDFImageObj_GetImagePixelSize(thing, width, height)
                    and width.value * height.value > _MOST_PICTURE
                ):
                    raise BookTrouble(
                        ProblemCode.LIMIT_EXCEEDED,
                        f"a picture of {width.value} x {height.value} pixels is too large to be drawn",
                    )
            elif kind == _FORM and depth < 16:
                inner = int(pdfium.FPDFFormObj_CountObjects(thing))
                queue.append((pdfium.FPDFFormObj_GetObject, thing, inner, depth + 1))
