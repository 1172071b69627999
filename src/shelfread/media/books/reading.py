"""One book file, opened once: its format, its pages, what it says of itself, its cover, its signature.

Between the readers of formats (`archives`, `epub`, `pdf`) and of metadata (`comicinfo` and its kin, `opf`) on
one side and the scan on the other. Whatever the bytes are, the result is a `Reading`. Knows no database; runs
in a parser process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields

from xxhash import xxh3_128

from shelfread.media.books import comet, comicbookinfo, comicinfo, epub, metroninfo, opf
from shelfread.media.books.archives import open_archive, sniff
from shelfread.media.books.archives.base import Archive, ArchiveEntry, BookTrouble
from shelfread.media.books.archives.signature import signature_of
from shelfread.media.books.merge import merged
from shelfread.media.books.names import from_name
from shelfread.media.books.pages import front_of, is_page, pages_of
from shelfread.media.kind import Reading, Source
from shelfread.media.pictures import measure
from shelfread.media.window import Memory, Window
from shelfread.model.books import Book, Page
from shelfread.model.problem import ProblemCode

#: Of a packed page so much is unpacked to measure it.
_HEAD = 32 << 10
#: A file that says something of a book is not larger.
METADATA_LIMIT = 16 << 20
#: A file that is no archive is known again by its size and so much of its two ends.
_SPAN = 64 << 10
#: Bytes that tell what an archive is.
_SNIFF = 512
#: Bytes before "%PDF-" that are tolerated (ISO 32000-1, implementation note 13).
_PDF_LEAD = 1024
#: What a comic's metadata is called, the most believed first.
_READERS: dict[str, Callable[[bytes], Book]] = {
    "metroninfo.xml": metroninfo.read_metroninfo,
    "comicinfo.xml": comicinfo.read_comicinfo,
    "comet.xml": comet.read_comet,
}
#: The name of what a zip archive is, by its content.
_FORMATS = {"zip": "cbz", "rar": "cbr", "7z": "cb7", "tar": "cbt"}
#: Fields that say nothing of what a book is about.
_NOT_SAID = {"title", "sources", "guessed", "entries", "cover", "pages", "container", "format", "first_page"}


class _Read:
    """What is gathered of one file."""

    def __init__(self) -> None:
        #: What the file says, the most believed first.
        self.said: list[Book] = []
        self.troubles: list[BookTrouble] = []
        self.container: str | None = None
        self.format: str | None = None
        self.signature: bytes | None = None
        self.pages: list[ArchiveEntry] | None = None
        self.cover: Page | None = None
        self.entries: list[str] = []

    @contextmanager
    def tolerant(self) -> Iterator[None]:
        """What goes wrong here is noted, and the rest goes on."""
        try:
            yield
        except BookTrouble as trouble:
            self.troubles.append(trouble)


def read(source: Source) -> Reading:
    """Read one book, complete for the catalogue: what it leaves open its name fills in."""
    return _reading(source, whole=False)


def inspect(source: Source) -> Reading:
    """Read one book as it is, with nothing taken from its name, and with the names of its entries."""
    return _reading(source, whole=True)


def _reading(source: Source, *, whole: bool) -> Reading:
    found = _Read()
    try:
        if source.size == 0:
            raise BookTrouble(ProblemCode.EMPTY_FILE, "the file is empty")
        if is_pdf(source):
            _read_pdf(source, found)
        else:
            _read_archive(source, found)
    except BookTrouble as trouble:
        # It is the reason for whatever else is missing.
        found.troubles.insert(0, trouble)
        if found.signature is None and source.size:
            found.signature = ends_of(source)
    if source.beside:
        _read_beside(source, found)
    said = merged(found.said)
    book = said if whole else _completed(said, from_name(source.relative))
    book.container, book.format = found.container, found.format
    if found.pages is not None:
        book.pages = len(found.pages)
        book.first_page = found.pages[0].name if found.pages else None
    book.cover = found.cover
    if whole:
        book.entries = found.entries
    if not found.troubles:
        return Reading(None, None, found.signature, book)
    worst = found.troubles[0]
    return Reading(worst.code, worst.detail, found.signature, book)


def is_pdf(source: Source) -> bool:
    """Whether the content is a PDF document, whatever its name."""
    return b"%PDF-" in source.read_at(0, _PDF_LEAD + 5)


def _completed(said: Book, named: Book) -> Book:
    """What a book says, with what its name alone says, and which fields these are."""
    book = merged([said, named])
    book.guessed = [
        one.name
        for one in fields(Book)
        if one.name not in _NOT_SAID and not _is_known(said, one.name) and _is_known(named, one.name)
    ]
    return book


def _is_known(book: Book, name: str) -> bool:
    value = getattr(book, name)
    return value is not None and value != [] and value != {}


def _read_pdf(source: Source, found: _Read) -> None:
    from shelfread.media.books import pdf

    found.container = found.format = "pdf"
    found.signature = ends_of(source)
    book, trouble = pdf.read_pdf(source)
    if trouble is not None:
        found.troubles.append(trouble)
    found.said.append(book)
    found.cover = book.cover


def ends_of(source: Source) -> bytes:
    """The signature of a file that is no archive: its size, its head and its tail."""
    digest = xxh3_128(b"%d " % source.size)
    digest.update(source.read_at(0, _SPAN))
    digest.update(source.read_at(max(_SPAN, source.size - _SPAN), _SPAN))
    return digest.digest()


def _read_archive(source: Source, found: _Read) -> None:
    # Known even where the rest cannot be read.
    found.container = sniff(source.read_at(0, _SNIFF))
    found.format = _FORMATS.get(found.container or "")
    archive = open_archive(source)
    found.container = archive.container
    found.entries = [entry.name for entry in archive.entries]
    if is_epub(archive):
        found.format = "epub"
        # The package says what the book is about, and says another thing when it is retagged.
        found.signature = signature_of(archive, lambda name: name.lower().endswith(".opf"))
        book, troubles = epub.read_epub(archive)
        found.said.append(book)
        found.cover = book.cover
        found.troubles += [*_warnings(archive), *troubles]
        return
    found.format = _FORMATS[archive.container]
    found.pages = pages_of(archive.entries)
    found.signature = signature_of(archive, lambda name: not is_page(name)) or ends_of(source)
    found.troubles += _warnings(archive)
    if not found.pages:
        found.troubles.insert(0, _without_pages(archive))
    elif all(page.encrypted for page in found.pages):
        found.troubles.insert(0, BookTrouble(ProblemCode.ENCRYPTED, "its pages are encrypted"))
    _read_metadata(archive, found)
    if found.pages:
        stated = next((one.cover for one in found.said if one.cover is not None), None)
        number = front_of(found.pages, _number_of(stated, found.pages))
        found.cover = _measured(source, archive, found.pages[number], number)


def _number_of(stated: Page | None, pages: Sequence[ArchiveEntry]) -> int | None:
    """Which page the metadata means, by its number or by the name of its entry."""
    if stated is None or stated.number is not None:
        return None if stated is None else stated.number
    return next((number for number, page in enumerate(pages) if page.name == stated.entry), None)


def _warnings(archive: Archive) -> list[BookTrouble]:
    """What is wrong with an archive whose pages can be read. Links and devices in it are nobody's loss."""
    return [one for one in archive.warnings if one.code is not ProblemCode.UNSUPPORTED]


def is_epub(archive: Archive) -> bool:
    """Whether an archive is an EPUB (EPUB OCF 3.3, 4.2.6): not every one has its `mimetype` in order."""
    if archive.container != "zip":
        return False
    return any(entry.name == "META-INF/container.xml" for entry in archive.entries) or any(
        entry.name == "mimetype"
        and entry.size < 100
        and archive.head(entry, 100).strip().startswith(epub.MIME)
        for entry in archive.entries[:1]
    )


def _without_pages(archive: Archive) -> BookTrouble:
    if any(entry.encrypted for entry in archive.entries):
        return BookTrouble(ProblemCode.ENCRYPTED, "it is encrypted")
    if not archive.entries:
        return BookTrouble(ProblemCode.NO_PAGES, f"the {archive.container} archive is empty")
    count = len(archive.entries)
    return BookTrouble(
        ProblemCode.NO_PAGES, f"no pictures among the {count} file{'s' * (count != 1)} of the archive"
    )


def _read_metadata(archive: Archive, found: _Read) -> None:
    """What the files inside say that are there for it: of each sort the one nearest to the root."""
    nearest: dict[str, ArchiveEntry] = {}
    for entry in archive.entries:
        base = entry.name.rpartition("/")[2].lower()
        if base in _READERS and "__macosx/" not in entry.name.lower():
            known = nearest.get(base)
            if known is None or entry.name.count("/") < known.name.count("/"):
                nearest[base] = entry
    for base, reader in _READERS.items():
        if base in nearest and not nearest[base].encrypted:
            with found.tolerant():
                found.said.append(_told(nearest[base].name, archive, nearest[base], reader))
    comment = getattr(archive, "comment", b"")
    if comment:
        with found.tolerant():
            book = comicbookinfo.read_comicbookinfo(comment)
            if book is not None:
                found.said.append(book)


def _told(name: str, archive: Archive, entry: ArchiveEntry, reader: Callable[[bytes], Book]) -> Book:
    try:
        return reader(archive.read(entry, METADATA_LIMIT))
    except BookTrouble as trouble:
        raise BookTrouble(ProblemCode.METADATA_UNREADABLE, f"{name}: {trouble.detail}") from None


def _measured(source: Source, archive: Archive, page: ArchiveEntry, number: int) -> Page:
    """A page as its first bytes describe it; nothing of it is known where they cannot be read."""
    try:
        if page.offset is not None:
            picture = measure(Window(source), page.offset, page.size, "front")
        else:
            head = Memory(archive.head(page, _HEAD))
            picture = measure(Window(head, head.content), 0, head.size, "front")
    except BookTrouble:
        return Page(page.name, number)
    return Page(page.name, number, picture.mime, picture.width, picture.height)


def _read_beside(source: Source, found: _Read) -> None:
    """An OPF beside the file wins over all that is in it."""
    base = os.path.basename(source.path)
    for name in (os.path.splitext(base)[0] + b".opf", b"metadata.opf"):
        content = source.read_beside(name, METADATA_LIMIT)
        if content is not None:
            try:
                found.said.insert(0, opf.read_opf(content))
            except BookTrouble as trouble:
                shown = name.decode("utf-8", "replace")
                detail = f"{shown} beside it: {trouble.detail}"
                found.troubles.append(BookTrouble(ProblemCode.METADATA_UNREADABLE, detail))
            return
