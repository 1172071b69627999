"""PDF files that mean harm or are torn, and the means to write any PDF: made here, read by `test_pdf`."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping

EMPTY_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] >>"
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def written(objects: Mapping[int, bytes], trailer: bytes = b"", *, version: bytes = b"1.4") -> bytes:
    """A PDF of these objects by number, 1 being the catalogue; `trailer` is added to its dictionary."""
    content = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(content)
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(content)
    size = max(objects) + 1
    content += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        content += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
    content += b"trailer\n<< /Size %d /Root 1 0 R %b >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(content)


def stream(body: bytes, about: bytes = b"", *, packed: bool = False) -> bytes:
    """A stream object; `packed` deflates it."""
    if packed:
        body, about = zlib.compress(body, 9), about + b" /Filter /FlateDecode"
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (about, len(body), body)


def text(words: str) -> bytes:
    """A text string of any script."""
    return b"<FEFF" + words.encode("utf-16-be").hex().encode() + b">"


def simple(
    information: Mapping[str, str] | None = None,
    *,
    pages: int = 1,
    page: bytes = EMPTY_PAGE,
    catalogue: bytes = b"",
    more: Mapping[int, bytes] | None = None,
) -> bytes:
    """A sound PDF: `pages` times the same page, `catalogue` added to that, `more` objects from 5 on."""
    kids = b"4 0 R " * pages
    said = b" ".join(b"/%b %b" % (key.encode(), text(words)) for key, words in (information or {}).items())
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalogue,
        2: b"<< /Type /Pages /Count %d /Kids [%b] >>" % (pages, kids),
        3: b"<< %b >>" % said,
        4: page,
        **(more or {}),
    }
    return written(objects, b"/Info 3 0 R")


def xmp(inside: str, *, top: str = "") -> bytes:
    """An XMP packet with these elements in its description."""
    spaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
        'xmlns:calibre="http://calibre-ebook.com/xmp-namespace" '
        'xmlns:calibreSI="http://calibre-ebook.com/xmp-namespace-series-index" '
        'xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'{top}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def with_xmp(packet: bytes, information: Mapping[str, str] | None = None, *, packed: bool = False) -> bytes:
    """A PDF whose catalogue refers to this packet."""
    metadata = stream(packet, b"/Type /Metadata /Subtype /XML", packed=packed)
    return simple(information, catalogue=b"/Metadata 5 0 R", more={5: metadata})


def encrypted(user: bytes, owner: bytes = b"owner") -> bytes:
    """A PDF encrypted with RC4 of 40 bits (ISO 32000-1, 7.6.3, revision 2)."""
    identifier = b"0123456789abcdef"
    key = hashlib.md5(_padded(owner)).digest()[:5]
    hidden = _rc4(key, _padded(user))
    rights = b"\xfc\xff\xff\xff"
    key = hashlib.md5(_padded(user) + hidden + rights + identifier).digest()[:5]
    dictionary = b"<< /Filter /Standard /V 1 /R 2 /O <%b> /U <%b> /P -4 >>" % (
        hidden.hex().encode(),
        _rc4(key, _PADDING).hex().encode(),
    )
    title = _rc4(hashlib.md5(key + b"\x03\0\0\0\0").digest()[:10], b"Under lock")
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
        3: b"<< /Title <%b> >>" % title.hex().encode(),
        4: EMPTY_PAGE,
        5: dictionary,
    }
    name = identifier.hex().encode()
    return written(objects, b"/Info 3 0 R /Encrypt 5 0 R /ID [<%b> <%b>]" % (name, name))


def _padded(password: bytes) -> bytes:
    return (password + _PADDING)[:32]


def _rc4(key: bytes, content: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


# --- Hostile ones.


def _image(about: bytes, body: bytes) -> bytes:
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 5 0 R "
        b"/Resources << /XObject << /P 6 0 R >> >> >>"
    )
    picture = stream(body, b"/Type /XObject /Subtype /Image " + about)
    return simple(page=page, more={5: stream(b"200 0 0 300 0 0 cm /P Do"), 6: picture})


def _jbig2_bomb() -> bytes:
    """A few bytes that claim to be a bitmap of 65,000 by 65,000."""
    side = (65_000).to_bytes(4, "big")
    page = b"\0\0\0\0\x30\0\x01\0\0\0\x13" + side + side + bytes(11)
    about = b"/Width 65000 /Height 65000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode"
    return _image(about, page)


def _false_jbig2() -> bytes:
    """As above, but the dictionary lies: 10 by 10."""
    side = (65_000).to_bytes(4, "big")
    page = b"\0\0\0\0\x30\0\x01\0\0\0\x13" + side + side + bytes(11)
    region = (
        b"\0\0\0\x01\x26\0\x01\0\0\0\x1a"
        + side
        + side
        + bytes(8)
        + b"\0\0"
        + b"\x03\xff\xfd\xff\x02\xfe\xfe\xfe"
    )
    about = b"/Width 10 /Height 10 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode"
    return _image(about, page + region)


def _million_pages(real: bool) -> bytes:
    kids = b"4 0 R " * (1_000_000 if real else 1)
    return written(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1000000 /Kids [%b] >>" % kids,
            4: EMPTY_PAGE,
        }
    )


def _object_stream_bomb() -> bytes:
    """The catalogue is in an object stream that unpacks to a gigabyte."""
    pack = zlib.compressobj(9)
    head = b"1 0 2 40 4 90 "
    objects = b"<< /Type /Catalog /Pages 2 0 R >>".ljust(40)
    objects += b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>".ljust(50) + EMPTY_PAGE
    body = pack.compress(head + objects) + pack.flush(zlib.Z_FULL_FLUSH)
    # Behind a full flush nothing refers back, so that a block can be repeated.
    body += 1024 * (pack.compress(b" " * (1 << 20)) + pack.flush(zlib.Z_FULL_FLUSH))
    content = bytearray(b"%PDF-1.5\n")
    place = len(content)
    about = b"<< /Type /ObjStm /N 3 /First %d /Filter /FlateDecode /Length %d >>" % (len(head), len(body))
    content += b"5 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (about, body)
    start = len(content)
    rows = b"\0\0\0\0" + b"\2\0\5\0" + b"\2\0\5\1" + b"\0\0\0\0" + b"\2\0\5\2"
    rows += b"\1" + place.to_bytes(2, "big") + b"\0" + b"\1" + (start % 65536).to_bytes(2, "big") + b"\0"
    about = b"<< /Type /XRef /Size 7 /Root 1 0 R /W [1 2 1] /Length %d >>" % len(rows)
    content += b"6 0 obj\n%b\nstream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (about, rows, start)
    return bytes(content)


def _xref_loop() -> bytes:
    content = simple()
    start = content.rindex(b"startxref")
    place = content[start + 10 :].split(b"\n", 1)[0]
    return content.replace(b"/Root 1 0 R", b"/Prev %b /Root 1 0 R" % place)


def _tree(kids: Mapping[int, bytes], count: int) -> bytes:
    return written(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count %d /Kids [5 0 R] >>" % count,
            4: EMPTY_PAGE,
            **kids,
        }
    )


def _deep_tree() -> bytes:
    links = {
        number: b"<< /Type /Pages /Count 1 /Parent %d 0 R /Kids [%d 0 R] >>" % (number - 1, number + 1)
        for number in range(5, 30_000)
    }
    return _tree({**links, 30_000: EMPTY_PAGE}, 1)


def _sized(box: bytes) -> bytes:
    return simple(page=b"<< /Type /Page /Parent 2 0 R /MediaBox [%b] >>" % box)


def _drawing(content: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 5 0 R /Resources << >> >>"
    return simple(page=page, more={5: stream(content, packed=True)})


def _form_loop() -> bytes:
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 5 0 R "
        b"/Resources << /XObject << /F 6 0 R >> >> >>"
    )
    form = stream(
        b"/F Do /F Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 6 0 R >> >>",
    )
    return simple(page=page, more={5: stream(b"/F Do"), 6: form})


#: What it is, and how it is made. Each is to be read and drawn without harm, in time and in bounds.
HOSTILE: dict[str, Callable[[], bytes]] = {
    "no bytes": lambda: b"",
    "only the mark": lambda: b"%PDF-1.7\n",
    "the mark and noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400,
    "a web page": lambda: b"<html><body>%PDF</body></html>",
    "torn in the middle": lambda: simple(pages=50)[:-100],
    "torn behind the trailer": lambda: simple(pages=50)[:-20],
    "no cross references": lambda: simple().replace(b"xref", b"xxxx"),
    "cross references that refer to themselves": _xref_loop,
    "a start far outside": lambda: simple().replace(b"startxref\n", b"startxref\n99999999999"),
    "count is a million, one page": lambda: _million_pages(False),
    "a million pages": lambda: _million_pages(True),
    "count is 60, one page": lambda: simple().replace(b"/Count 1 ", b"/Count 60 "),
    "count is below zero": lambda: simple().replace(b"/Count 1 ", b"/Count -9 "),
    "count is no number": lambda: simple().replace(b"/Count 1 ", b"/Count /Many "),
    "a page tree without pages": lambda: written(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 0 /Kids [] >>"}
    ),
    "a page tree that is its own child": lambda: simple().replace(b"/Kids [4 0 R ]", b"/Kids [2 0 R ]"),
    "a page tree in a ring": lambda: _tree(
        {5: b"<< /Type /Pages /Count 9 /Kids [6 0 R] >>", 6: b"<< /Type /Pages /Count 9 /Kids [5 0 R] >>"}, 9
    ),
    "a page tree 30,000 deep": _deep_tree,
    "arrays 100,000 deep": lambda: simple(catalogue=b"/X " + b"[" * 100_000 + b"]" * 100_000),
    "a page of a billion points": lambda: _sized(b"0 0 1000000000 1000000000"),
    "a page of no size": lambda: _sized(b"0 0 0 0"),
    "a page long and thin": lambda: _sized(b"0 0 1 190000"),
    "a JBIG2 picture of four billion pixels": _jbig2_bomb,
    "a JBIG2 picture that hides its size": _false_jbig2,
    "a picture of four billion pixels": lambda: _image(
        b"/Width 65500 /Height 65500 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode",
        zlib.compress(bytes(1 << 20), 9),
    ),
    "a drawing 200,000 deep": lambda: _drawing(b"q " * 200_000),
    "a password": lambda: encrypted(b"secret"),
}

#: What ends the process that it is read in, since pdfium unpacks as much as it finds. That process is there
#: to be ended: the scan says `parser_crashed` and goes on.
BOMBS: dict[str, Callable[[], bytes]] = {
    "an object stream of a gigabyte": _object_stream_bomb,
    "a form that draws itself": _form_loop,
}
