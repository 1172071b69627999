"""Pictures as sound files hold them: what their type numbers mean, FLAC blocks, Base64.

Stands beside the tag readers, which know where a picture begins; `media.pictures` measures.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from struct import Struct

from shelfread.media.pictures import measure
from shelfread.media.window import Readable, Window
from shelfread.model.picture import Picture

#: More pictures than this in one file are noise or an attack.
MOST_PICTURES = 100

_BE_II = Struct(">II").unpack_from

#: The picture types of ID3v2 `APIC` (4.14), which FLAC, Vorbis and ASF share.
_TYPES = {
    1: "icon", 2: "icon", 3: "front", 4: "back", 5: "leaflet", 6: "disc",
    7: "artist", 8: "artist", 9: "artist", 10: "artist",
}  # fmt: skip


def type_name(number: int) -> str:
    """The word for a picture type number."""
    return _TYPES.get(number, "other")


def flac_block(window: Window, offset: int, size: int) -> Picture | None:
    """The picture in a FLAC PICTURE block (RFC 9639, 8.8) of `size` bytes at `offset`."""
    head = window.peek(offset, min(size, 256))
    if len(head) < 32:
        return None
    number, mime_length = _BE_II(head, 0)
    if mime_length > size - 32:
        return None
    if 8 + mime_length + 24 > len(head):
        head = window.source.read_at(offset, min(size, 2048))
        if 8 + mime_length + 24 > len(head):
            return None
    mime = head[8 : 8 + mime_length].decode("latin-1")
    at = 8 + mime_length
    description = _BE_II(head, at)[0]
    at += 4 + description
    if at + 20 > size:
        return None
    rest = head[at : at + 20] if at + 20 <= len(head) else window.source.read_at(offset + at, 20)
    if len(rest) < 20 or mime == "-->":
        return None
    length = _BE_II(rest, 12)[1]
    at += 20
    picture = measure(window, offset + at, max(0, min(length, size - at)), type_name(number), mime)
    if picture.width is None:
        width, height = _BE_II(rest, 0)
        if 0 < width < 1 << 20 and 0 < height < 1 << 20:
            picture.width, picture.height = width, height
    return picture


class Base64:
    """A Base64 text of `length` characters at `offset` of another source, as the bytes it stands for."""

    __slots__ = ("offset", "size", "source")

    def __init__(self, source: Readable, offset: int, length: int) -> None:
        self.source = source
        self.offset = offset
        padding = source.read_at(offset + length - 2, 2).count(b"=") if length >= 2 else 0
        self.size = max(0, length // 4 * 3 - padding)

    def read_at(self, offset: int, length: int) -> bytes:
        first = offset // 3
        groups = (offset + length + 2) // 3 - first
        try:
            data = a2b_base64(self.source.read_at(self.offset + first * 4, groups * 4))
        except Base64Error:
            return b""
        skip = offset - first * 3
        return data[skip : skip + min(length, max(0, self.size - offset))]
