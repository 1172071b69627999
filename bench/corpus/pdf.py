"""Writes small PDF files: each page is one JPEG, with the information of the file beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def pdf(pictures: Sequence[tuple[bytes, int, int]], info: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a PDF 1.4.

    Args:
        pictures: JPEG, width and height in pixels of each page; a pixel is a point.
        info: Title, Author, Subject, Keywords, CreationDate ("D:20140523") and their kin.
    """
    # 1 is the catalogue, 2 the list of pages, 3 the information; each page has three objects of its own.
    kids = " ".join(f"{4 + 3 * number} 0 R" for number in range(len(pictures)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pictures)} /Kids [{kids}] >>".encode(),
        b"<< " + b" ".join(f"/{key} ".encode() + _text(text) for key, text in (info or {}).items()) + b" >>",
    ]
    for number, (jpeg, width, height) in enumerate(pictures):
        at = 4 + 3 * number
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {at + 1} 0 R "
            f"/Resources << /XObject << /P {at + 2} 0 R >> >> >>".encode()
        )
        objects.append(_stream("", f"{width} 0 0 {height} 0 0 cm /P Do".encode()))
        about = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 "
        objects.append(_stream(f"{about}/ColorSpace /DeviceRGB /Filter /DCTDecode ", jpeg))
    # The second line has bytes above 127: nobody takes the file for text.
    content = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(content)
    content += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    content += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return bytes(content + trailer.encode())


def _stream(about: str, body: bytes) -> bytes:
    return f"<< {about}/Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"


def _text(text: str) -> bytes:
    """A text string in hexadecimal UTF-16: no letter needs escaping."""
    return b"<FEFF" + text.encode("utf-16-be").hex().upper().encode() + b">"
