"""EPUB 2 and 3: container, package document, first bytes of the cover; three reads for a book of any size.

Between the archive and `opf`. Names in a book are looked up in the archive's list and nowhere else: one that
leads out of it, to another place on the disk or to the web, is damage and opens nothing. The table of
contents is not read, and the length of the spine is no number of pages: how many an EPUB has is decided by
who shows it.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from shelfread.media.books.archives.base import Archive, ArchiveEntry, BookTrouble
from shelfread.media.books.opf import Package, read_package
from shelfread.media.pictures import measure
from shelfread.media.window import Memory, Window
from shelfread.media.xml import MOST_BYTES, parse
from shelfread.model.books import Book, Page
from shelfread.model.problem import ProblemCode

#: What the entry `mimetype` holds.
MIME = b"application/epub+zip"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_LICENCE = "META-INF/license.lcpl"
_PACKAGE_TYPE = "application/oebps-package+xml"
#: Obfuscated fonts are no protected content (EPUB OCF 3.3, 4.4).
_FONT_ALGORITHMS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_FONTS = (".otf", ".ttf", ".ttc", ".woff", ".woff2", ".dfont")
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".avif", ".jxl")
_PAGES = (".xhtml", ".html", ".htm", ".xml", ".svg")

#: Enough for the header of nearly every picture, and for what a JPEG may have before it.
_HEAD, _LONG_HEAD = 4 << 10, 128 << 10
_MOST_COVER_PAGE = 256 << 10
_IMAGE = re.compile(
    rb"""<(?:[a-z]{1,20}:)?(?:img|image)\b[^<>]*?\b(?:src|href)\s*=\s*["']([^"'<>]{1,1024})""", re.IGNORECASE
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class _Names:
    """The entries of an archive by name, also where a book writes its names otherwise."""

    def __init__(self, archive: Archive) -> None:
        # Of two entries with the same name the later one is the newer, as for every unpacker.
        self.entries = {entry.name: entry for entry in archive.entries}
        self._folded: dict[str, ArchiveEntry] | None = None

    def find(self, path: str) -> ArchiveEntry | None:
        """An entry by its path in the archive, in any case if need be."""
        found = self.entries.get(path)
        if found is None and path:
            if self._folded is None:
                self._folded = {name.casefold(): entry for name, entry in self.entries.items()}
            found = self._folded.get(path.casefold())
        return found

    def follow(self, folder: str, href: str) -> ArchiveEntry | None:
        """The entry that a reference leads to, from a file in `folder`."""
        found = self.entries.get(folder + href)
        if found is None:
            path = inside(folder, href)
            found = self.find(path) if path is not None else None
        return found


def inside(folder: str, href: str) -> str | None:
    """The path in the archive that a reference in `folder` ("OEBPS/", or empty) leads to.

    Percent escapes are decoded once, a fragment and a query are dropped; a leading "/" is the archive's root.
    None for what leads out of the archive.
    """
    href = href.strip().replace("\\", "/")
    if _SCHEME.match(href) or href.startswith("//"):
        return None
    path = unquote(href.partition("#")[0].partition("?")[0], errors="replace").replace("\\", "/")
    # Decoding must not bring a scheme or a NUL to light.
    if "\0" in path or _SCHEME.match(path):
        return None
    parts = [] if path.startswith("/") else folder.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def read_epub(archive: Archive) -> tuple[Book, list[BookTrouble]]:
    """What a book says of itself, and what is wrong with it that leaves the rest readable.

    Raises:
        BookTrouble: nothing can be said: there is no package document, or it cannot be read.
    """
    names = _Names(archive)
    package, folder, troubles = _opened(archive, names)
    book = package.book
    protected, named = _protected(archive, names)
    if protected is not None:
        troubles.insert(0, BookTrouble(ProblemCode.ENCRYPTED, protected))
    missing = _missing(package, names, folder)
    if missing is not None:
        troubles.append(missing)
    cover = _cover(archive, names, package, folder)
    if cover is not None:
        readable = not cover.encrypted and cover.name not in named
        book.cover = _measured(archive, cover) if readable else None
    return book, troubles


def cover_of(archive: Archive) -> bytes:
    """The picture on the cover, as it is in the book.

    Raises:
        BookTrouble: there is none, or it cannot be read.
    """
    names = _Names(archive)
    package, folder, _ = _opened(archive, names)
    cover = _cover(archive, names, package, folder)
    if cover is None:
        raise BookTrouble(ProblemCode.NO_PAGES, "the book names no cover")
    if cover.name in _protected(archive, names)[1]:
        raise BookTrouble(ProblemCode.ENCRYPTED, "the cover is protected (DRM)")
    return archive.read(cover)


def _opened(archive: Archive, names: _Names) -> tuple[Package, str, list[BookTrouble]]:
    """The package, the folder that it is in, and what was wrong on the way to it."""
    troubles: list[BookTrouble] = []
    entry = _named_package(archive, names, troubles)
    if entry is None:
        # The file that names it is gone or wrong; there is hardly ever more than one that it can be.
        found = sorted(
            (one for name, one in names.entries.items() if name.lower().endswith(".opf")),
            key=lambda one: (one.name.count("/"), one.name),
        )
        if not found:
            why = f": {troubles[0].detail}" if troubles else ""
            raise BookTrouble(ProblemCode.DAMAGED, f"the book has no package document{why}")
        entry = found[0]
    package = read_package(archive.read(entry, MOST_BYTES))
    return package, entry.name[: entry.name.rfind("/") + 1], troubles


def _named_package(archive: Archive, names: _Names, troubles: list[BookTrouble]) -> ArchiveEntry | None:
    container = names.find(_CONTAINER)
    if container is None:
        troubles.append(BookTrouble(ProblemCode.DAMAGED, f"{_CONTAINER} is missing"))
        return None
    try:
        root = parse(archive.read(container, MOST_BYTES), _CONTAINER)
    except BookTrouble as trouble:
        if trouble.code is ProblemCode.ENCRYPTED:
            raise
        troubles.append(trouble)
        return None
    files = [node for group in root.all("rootfiles") for node in group.all("rootfile")]
    files.sort(key=lambda node: node.get("media-type") != _PACKAGE_TYPE)
    written = (files[0].get("full-path") or "") if files else ""
    entry = names.follow("", written) if written else None
    if entry is None:
        leads = "names no package document"
        if written:
            out = inside("", written) is None
            leads = f"leads {'out of the book' if out else 'to nothing'}: {written[:200]!r}"
        troubles.append(BookTrouble(ProblemCode.DAMAGED, f"{_CONTAINER} {leads}"))
    return entry


def _protected(archive: Archive, names: _Names) -> tuple[str | None, set[str]]:
    """Why the content cannot be read, if so, and the names of the encrypted entries."""
    encryption = names.find(_ENCRYPTION)
    licence = names.find(_LICENCE) is not None
    encrypted: set[str] = set()
    if encryption is not None:
        try:
            root = parse(archive.read(encryption, MOST_BYTES), _ENCRYPTION)
        except BookTrouble:
            # Nobody writes one without need; what it would say is not known.
            return "the book may be protected (DRM): what is encrypted cannot be told", set()
        for node in root.all("encrypteddata"):
            method = node.first("encryptionmethod")
            algorithm = (method.get("algorithm") or "") if method is not None else ""
            where = node.first("cipherdata")
            reference = where.first("cipherreference") if where is not None else None
            path = inside("", (reference.get("uri") or "") if reference is not None else "") or ""
            if algorithm not in _FONT_ALGORITHMS and not path.lower().endswith(_FONTS):
                encrypted.add(path)
    if licence:
        return "the book is protected (Readium LCP)", encrypted
    return ("the book is protected (DRM)" if encrypted else None), encrypted


def _missing(package: Package, names: _Names, folder: str) -> BookTrouble | None:
    """Chapters that the spine names and the archive does not have."""
    gone: list[str] = []
    for number in package.spine:
        item = package.items.get(number)
        if item is None:
            gone.append(number)
        elif folder + item[0] not in names.entries and names.follow(folder, item[0]) is None:
            gone.append(item[0])
    if gone:
        some = f"{len(gone)} of {len(package.spine)} parts of the book are missing: {gone[0][:200]!r}"
        return BookTrouble(ProblemCode.DAMAGED, some + (" and others" if len(gone) > 1 else ""))
    if not package.spine:
        return BookTrouble(ProblemCode.DAMAGED, "the book has no text: its spine is empty")
    return None


def _cover(archive: Archive, names: _Names, package: Package, folder: str) -> ArchiveEntry | None:
    """The picture that is the cover: the first candidate that is in the archive."""
    for href in package.covers:
        entry = names.follow(folder, href)
        if entry is None:
            continue
        name = entry.name.lower()
        if name.endswith(_PAGES):
            shown = _shown(archive, names, entry)
            if shown is not None:
                return shown
        elif name.endswith(_PICTURES) or not name.endswith((".css", ".js", ".ncx")):
            return entry
    return None


def _shown(archive: Archive, names: _Names, page: ArchiveEntry) -> ArchiveEntry | None:
    """The first picture on a page."""
    try:
        content = archive.read(page, _MOST_COVER_PAGE)
    except BookTrouble:
        return None
    match = _IMAGE.search(content)
    if match is None:
        return None
    folder = page.name[: page.name.rfind("/") + 1]
    entry = names.follow(folder, match[1].decode("utf-8", "replace").replace("&amp;", "&"))
    return entry if entry is not None and entry.name.lower().endswith(_PICTURES) else None


def _measured(archive: Archive, entry: ArchiveEntry) -> Page | None:
    """The cover as its first bytes describe it; None when they are no picture at all."""
    for length in (_HEAD, _LONG_HEAD):
        try:
            head = archive.head(entry, length)
        except BookTrouble:
            return Page(entry.name)
        picture = measure(Window(Memory(head), head), 0, len(head), "front")
        if picture.mime is None or picture.width is not None or len(head) < length:
            break
    return Page(entry.name, None, picture.mime, picture.width, picture.height) if head else None
