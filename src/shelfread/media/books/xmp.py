"""The XMP packet of a PDF: where it is, and what it says of the book (ISO 16684-1, ISO 32000-1, 14.3.2).

Beside `pdf`, which has no way to ask pdfium for it. Packets are meant to be found by looking for their marks,
so that is done, in both ends of the file only. Pictures have packets as well: one is the document's if the
catalogue refers to it, or if nothing else is possible. Knows no page.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.roles import credit, show_writers
from shelfread.media.window import Readable
from shelfread.media.xml import Node, parse
from shelfread.model.books import Book, BookTag

#: So much of each end is looked through.
_SPAN = 512 << 10
#: Longer packets carry the history of a picture.
_MOST_PACKET = 256 << 10
_MOST_PACKETS = 16

_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})\s+[0-9]{1,5}\s+obj\b")
_CATALOGUE = re.compile(rb"/Type\s*/Catalog\b")
_REFERENCE = re.compile(rb"/Metadata\s+([0-9]{1,10})\s+[0-9]{1,5}\s+R\b")
_METADATA = re.compile(rb"/Type\s*/Metadata\b")
_STREAM = re.compile(rb"stream\r?\n")
#: Only documents say what made the PDF.
_OF_PDF = b"http://ns.adobe.com/pdf/1.3/"


class _Packet(NamedTuple):
    #: The number of its object; None where it could not be told.
    number: int | None
    content: bytes


def read_xmp(source: Readable) -> Book | None:
    """What the document's packet says; None where it has none that can be found and read."""
    content = packet_of(source)
    if content is None:
        return None
    try:
        root = parse(content, "the XMP packet")
    except BookTrouble:
        return None
    book = Book(sources=["xmp"])
    rdf = root if root.name == "rdf" else root.first("rdf")
    nodes: dict[str, Node] = {}
    for description in rdf.all("description") if rdf is not None else ():
        for node in description.children:
            nodes.setdefault(node.name, node)
        for written, value in description.attributes.items():
            # Plain facts may be written as attributes.
            node = Node(written.rpartition(":")[2].lower(), {})
            node.text = value
            nodes.setdefault(node.name, node)
    _fill(book, nodes)
    return book


def _fill(book: Book, nodes: dict[str, Node]) -> None:
    book.title = values.name(_one(nodes.get("title")))
    credit(book, "author", values.distinct(_items(nodes.get("creator"))))
    show_writers(book)
    book.summary = values.plain(_one(nodes.get("description")))
    book.language = next(
        (found for one in _items(nodes.get("language")) if (found := values.language(one))), None
    )
    book.publisher = values.name(_one(nodes.get("publisher")))
    book.tags = [BookTag("tag", one) for one in values.distinct(_items(nodes.get("subject")))]
    for name in ("isbn", "eisbn", "identifier"):
        for one in _items(nodes.get(name)):
            book.isbn = book.isbn or values.isbn(re.sub(r"(?i)^(?:urn:)?isbn[:\s]*", "", one.strip()))
    # Not when the file was made or changed: `xmp:CreateDate` is about the file.
    for name in ("date", "publicationdate", "coverdate"):
        book.date = book.date or values.date(_one(nodes.get(name)))
    book.year = values.year_of(book.date)
    series = nodes.get("series")
    if series is not None:  # calibre's
        book.series = values.name(_one(series.first("value") or series))
        place = next((node for node in _below(series) if node.name == "series_index"), None)
        number = values.decimal(place.text, 1e6) if place is not None and book.series else None
        if number is not None:
            book.number, book.number_sort = f"{number:g}", number


def _items(node: Node | None) -> list[str]:
    """The values of a property: those of its list, or its own."""
    if node is None:
        return []
    items = [one for one in _below(node) if one.name == "li"]
    found = [(one.first("value") or one).text for one in items] if items else [node.text]
    return [one for one in found if one.strip()][:500]


def _one(node: Node | None) -> str | None:
    """The value of a property that is written once in several languages: the default one."""
    if node is None:
        return None
    for one in _below(node):
        if one.name == "li" and one.get("lang") == "x-default" and one.text.strip():
            return one.text
    return next(iter(_items(node)), None)


def _below(node: Node) -> list[Node]:
    """What stands in a node, two levels deep: a list and its items."""
    return [*node.children, *(inner for child in node.children for inner in child.children)]


def packet_of(source: Readable) -> bytes | None:
    """The XMP packet of the document itself, if it lies in the first or the last 512 KiB."""
    parts = [source.read_at(0, _SPAN)]
    if source.size > _SPAN:
        parts.append(source.read_at(max(_SPAN, source.size - _SPAN), _SPAN))
    packets = [packet for part in parts for packet in (*_plain(part), *_deflated(part))]
    if not packets:
        return None
    wanted = _from_catalogue(parts)
    if wanted is not None:
        # A later object of the same number replaces the earlier one.
        return next((one.content for one in reversed(packets) if one.number == wanted), None)
    if any(_CATALOGUE.search(part) for part in parts):
        return None  # the catalogue is there, and has none
    of_pdf = [one.content for one in packets if _OF_PDF in one.content] or [one.content for one in packets]
    return of_pdf[0] if len(set(of_pdf)) == 1 else None


def _from_catalogue(parts: list[bytes]) -> int | None:
    """The number of the object that the newest catalogue in sight calls its metadata."""
    for part in reversed(parts):
        for match in reversed(list(_CATALOGUE.finditer(part))[-_MOST_PACKETS:]):
            start = part.rfind(b"obj", max(0, match.start() - 4096), match.start())
            end = part.find(b"endobj", match.end(), match.end() + 4096)
            found = _REFERENCE.search(part, max(start, 0), end if end > 0 else match.end() + 4096)
            return int(found[1]) if found is not None else None
    return None


def _plain(part: bytes) -> list[_Packet]:
    found: list[_Packet] = []
    place = part.find(b"<?xpacket begin")
    while place >= 0 and len(found) < _MOST_PACKETS:
        start = part.find(b"?>", place, place + 256)
        end = part.find(b"<?xpacket end", place, place + _MOST_PACKET)
        if start >= 0 and end > start:
            found.append(_Packet(_number_before(part, place), part[start + 2 : end].strip()))
        place = part.find(b"<?xpacket begin", place + 1)
    return found


def _deflated(part: bytes) -> list[_Packet]:
    """Packets in metadata streams that were compressed, although the standard advises against it."""
    found: list[_Packet] = []
    for match in _METADATA.finditer(part):
        stream = _STREAM.search(part, match.end(), match.end() + 512)
        start = part.rfind(b"obj", max(0, match.start() - 512), match.start())
        if stream is None or start < 0 or b"/FlateDecode" not in part[start : stream.start()]:
            continue
        try:
            content = zlib.decompressobj().decompress(part[stream.end() :], _MOST_PACKET)
        except zlib.error:
            continue
        begin, end = content.find(b"?>") + 2, content.rfind(b"<?xpacket end")
        if content.lstrip()[:15] == b"<?xpacket begin" and end > begin:
            content = content[begin:end].strip()
        found.append(_Packet(_number_before(part, stream.start()), content))
        if len(found) == _MOST_PACKETS:
            break
    return found


def _number_before(part: bytes, place: int) -> int | None:
    last = None
    for match in _OBJECT.finditer(part, max(0, place - 512), place):
        last = int(match[1])
    return last
