"""Pictures inside and beside media files: measured from their first bytes, never decoded, never copied whole.

Stands beside the readers of all kinds, which know where a picture begins. Facts from the PNG specification
(IHDR), ITU-T T.81 (JPEG markers), GIF89a, the WebP container specification and the BMP and icon headers of
Windows. It does not know which picture is the cover.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.window import Memory, Readable, Window
from shelfread.model.picture import Picture

#: Enough for all headers except a JPEG's, which is walked from mark to mark.
_HEADER = 512
_MOST_JPEG_MARKS = 64

_BE_HH = Struct(">HH").unpack_from
_BE_H = Struct(">H").unpack_from
_BE_II = Struct(">II").unpack_from
_LE_HH = Struct("<HH").unpack_from
_LE_II = Struct("<ii").unpack_from

_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"heix": "image/heic",
    b"mif1": "image/heif",
}  # fmt: skip
_STARTS = (
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
)
_MIMES = {"jpg": "image/jpeg", "image/jpg": "image/jpeg", "png": "image/png"}


def mime_of(content: bytes) -> str | None:
    """What an encoded picture is by its first bytes; None when it is none that is known.

    Beside what `measure` knows: TIFF, AVIF and HEIC (ISO/IEC 23008-12, the brand in `ftyp`), JPEG XL (ISO/IEC
    18181-2).
    """
    found, _, _ = _measured(Memory(content), 0, len(content), content[:_HEADER])
    if found is not None:
        return found
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12])
    return next((mime for start, mime in _STARTS if content.startswith(start)), None)


def measure(window: Window, offset: int, size: int, kind: str, mime: str | None = None) -> Picture:
    """The picture of `size` bytes at `offset`; `mime` is what the tag claims."""
    length = min(size, _HEADER)
    index = offset - window.base
    start = window.buf[index : index + length] if 0 <= index <= len(window.buf) - length else b""
    if not start and length > 0:
        start = window.source.read_at(offset, length)
    found, width, height = _measured(window.source, offset, size, start)
    if found is None and mime:
        mime = mime.partition("\0")[0].strip().lower()[:64]
        found = _MIMES.get(mime) or (mime if "/" in mime and mime.isascii() and mime.isprintable() else None)
    if width is not None and (width <= 0 or height is None or height <= 0):
        width = height = None
    return Picture(kind, found, width, height, size)


def _measured(
    source: Readable, offset: int, size: int, start: bytes
) -> tuple[str | None, int | None, int | None]:
    """Mime type, width and height as the first bytes say."""
    if start[:3] == b"\xff\xd8\xff":
        return ("image/jpeg", *_jpeg(source, offset, size, start))
    long_enough = len(start) >= 30
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        width, height = _BE_II(start, 16) if long_enough else (None, None)
        return "image/png", width, height
    if start[:4] == b"GIF8":
        width, height = _LE_HH(start, 6) if len(start) >= 10 else (None, None)
        return "image/gif", width, height
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ("image/webp", *(_webp(start) if long_enough else (None, None)))
    if start[:2] == b"BM" and long_enough:
        width, height = _LE_II(start, 18)
        return "image/bmp", width, abs(height)
    if start[:4] == b"\0\0\1\0" and len(start) >= 8:
        # The first picture of an icon; a size of 256 is written as 0.
        return "image/vnd.microsoft.icon", start[6] or 256, start[7] or 256
    return None, None, None


def _jpeg(source: Readable, offset: int, size: int, start: bytes) -> tuple[int | None, int | None]:
    """Walk the segments of a JPEG to its frame header (SOF0 to SOF15 without DHT, JPG and DAC)."""
    base, index = 0, 2
    for _ in range(_MOST_JPEG_MARKS):
        if index + 9 > len(start):
            # A long Exif block stands before the frame header: look where the next mark must be.
            base += index
            if base >= size:
                break
            start, index = source.read_at(offset + base, min(64, size - base)), 0
            if len(start) < 9:
                break
        if start[index] != 0xFF:
            break
        mark = start[index + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = _BE_HH(start, index + 5)
            return width, height
        if mark == 0xFF:
            index += 1
        elif mark == 0x01 or 0xD0 <= mark <= 0xD8:
            index += 2
        elif mark in (0xD9, 0xDA):
            break
        else:
            index += 2 + _BE_H(start, index + 2)[0]
    return None, None


def _webp(start: bytes) -> tuple[int | None, int | None]:
    form = start[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(start[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = _LE_HH(start, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None, None
