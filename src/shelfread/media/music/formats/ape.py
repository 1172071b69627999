"""APEv2 tags at the end of a file.

Stands below the readers of mp3, Monkey's Audio, WavPack, Musepack and the like. Facts from the APEv2
specification (header/footer, item, flags); keys by the Picard mapping. It knows nothing of sound.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.formats.keys import LONGEST_TEXT, NAME_BYTES, put
from shelfread.media.pictures import measure
from shelfread.media.window import Readable, Window
from shelfread.model.picture import Picture

MAGIC = b"APETAGEX"
_FOOTER = Struct("<8sIIII").unpack_from
_ITEM = Struct("<II").unpack_from
_MOST_ITEMS = 4096
_LONGEST_KEY = 256

_PICTURES = {
    b"front": "front", b"back": "back", b"media": "disc", b"leaflet": "leaflet", b"artist": "artist",
    b"lead artist": "artist", b"band": "artist", b"icon": "icon", b"other icon": "icon",
}  # fmt: skip


def start_of(footer: bytes, end: int) -> int:
    """Where the tag begins whose 32-byte footer ends at `end`; `end` itself when there is none."""
    if footer[:8] != MAGIC or len(footer) < 32:
        return end
    _, version, size, _, flags = _FOOTER(footer)
    if flags & 0x20000000 or size < 32 or version not in (1000, 2000):
        return end
    start = end - size - (32 if flags & 0x80000000 else 0)
    return start if start >= 0 else end


def parse(
    source: Readable,
    start: int,
    end: int,
    tags: dict[str, list[str]],
    pictures: list[Picture],
    buf: bytes = b"",
    base: int = 0,
) -> str | None:
    """Read the tag in [start, end), `buf` being the bytes from `base`; a text when it is damaged."""
    window = Window(source, buf, base)
    position = start
    limit = end - 32
    if window.peek(start, 8) == MAGIC:
        position += 32
    for _ in range(_MOST_ITEMS):
        if position + 11 > limit:
            break
        at = window.need(position, min(_LONGEST_KEY + 8, limit - position))
        buf = window.buf
        if len(buf) - at < 8:
            break
        size, flags = _ITEM(buf, at)
        stop = buf.find(b"\0", at + 8, at + 8 + _LONGEST_KEY)
        if stop < 0 or size > limit - position:
            return "an item of the APE tag is longer than the tag"
        name = buf[at + 8 : stop].lower()
        position += 9 + len(name)
        if flags & 6 == 0:
            key = NAME_BYTES.get(name)
            if key is not None:
                put(tags, key, window.get(position, min(size, LONGEST_TEXT)).decode("utf-8", "replace"))
        elif flags & 6 == 2 and name.startswith(b"cover art (") and len(pictures) < pics.MOST_PICTURES:
            skip = window.peek(position, min(size, 256)).find(b"\0") + 1
            kind = _PICTURES.get(name[11:-1], "other")
            pictures.append(measure(window, position + skip, size - skip, kind))
        position += size
    return None
