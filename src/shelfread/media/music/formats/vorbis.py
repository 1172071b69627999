"""Vorbis comments: the tags of FLAC and of everything in Ogg.

Stands below `flac` and `ogg`, which find the block. Facts from the Vorbis I specification (5, comment field
and header) and RFC 9639 8.6 and 8.8 for pictures, which Ogg carries as Base64. It knows nothing of sound.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.formats.keys import LONGEST_TEXT, NAME_BYTES, put
from shelfread.media.pictures import measure
from shelfread.media.window import Window
from shelfread.model.picture import Picture

_U32 = Struct("<I").unpack_from
_MOST_COMMENTS = 8192
#: Longer comments than this are looked at before they are fetched: most likely a picture.
_LONG = 4096


def parse(
    window: Window, position: int, end: int, tags: dict[str, list[str]], pictures: list[Picture]
) -> str | None:
    """Read the comment block in [position, end); a text when it is damaged."""
    limit = min(end, window.size)
    at = window.need(position, 8)
    if len(window.buf) - at < 8:
        return "the comments are cut off"
    position += 4 + _U32(window.buf, at)[0]
    if position + 4 > limit:
        return "the comments are longer than their block"
    at = window.need(position, 4)
    count = _U32(window.buf, at)[0]
    position += 4
    buf, base = window.buf, window.base
    loaded = base + len(buf)
    names = NAME_BYTES
    for _ in range(min(count, _MOST_COMMENTS)):
        if position + 4 > limit:
            return "the comments are longer than their block"
        if position + 4 > loaded or position < base:
            window.need(position, 4)
            buf, base = window.buf, window.base
            loaded = base + len(buf)
        size = _U32(buf, position - base)[0]
        position += 4
        stop = position + size
        if stop > limit:
            return "a comment is longer than its block"
        if size > _LONG:
            _long(window, position, size, tags, pictures)
        else:
            if stop > loaded:
                window.need(position, size)
                buf, base = window.buf, window.base
                loaded = base + len(buf)
            name, _, value = buf[position - base : stop - base].partition(b"=")
            name = name.lower()
            key = names.get(name)
            if key is not None:
                put(tags, key, value.decode("utf-8", "replace"))
            elif name in _PICTURE_NAMES:
                _long(window, position, size, tags, pictures)
        position = stop
        if window.base != base:
            buf, base = window.buf, window.base
            loaded = base + len(buf)
    return None


_PICTURE_NAMES = frozenset((b"metadata_block_picture", b"coverart"))


def _long(
    window: Window, position: int, size: int, tags: dict[str, list[str]], pictures: list[Picture]
) -> None:
    """A comment that may be a picture: only its head is fetched before that is clear."""
    name, equals, _ = window.peek(position, min(size, 64)).partition(b"=")
    name = name.lower()
    if not equals:
        return
    skip = len(name) + 1
    key = NAME_BYTES.get(name)
    if key is not None:
        value = window.source.read_at(position + skip, min(size - skip, LONGEST_TEXT))
        put(tags, key, value.decode("utf-8", "replace"))
    elif name in _PICTURE_NAMES and len(pictures) < pics.MOST_PICTURES:
        inner = pics.Base64(window.source, position + skip, size - skip)
        start = Window(inner, inner.read_at(0, min(768, inner.size)))
        if name == b"coverart":
            pictures.append(measure(start, 0, inner.size, "front"))
            return
        picture = pics.flac_block(start, 0, inner.size)
        if picture is not None:
            pictures.append(picture)
