"""The tags of MP4 files: the items of `moov.udta.meta.ilst`.

Stands below `mp4`. Facts from Apple's QuickTime File Format (metadata, well-known types) and what iTunes
writes; keys by the Picard mapping. It knows nothing of sound.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.formats.genre_names import GENRES
from shelfread.media.music.formats.keys import LONGEST_TEXT, NAMES, put
from shelfread.media.pictures import measure
from shelfread.media.window import Window
from shelfread.model.picture import Picture

_BOX = Struct(">I4s").unpack_from
_VALUE = Struct(">I4sI").unpack_from
_MOST_ITEMS = 4096
_MOST_VALUES = 256

_TEXTS = {
    b"\xa9nam": "title", b"\xa9ART": "artist", b"aART": "albumartist", b"\xa9alb": "album",
    b"\xa9gen": "genre", b"\xa9wrt": "composer", b"\xa9cmt": "comment", b"\xa9day": "date",
    b"\xa9lyr": "lyrics", b"soar": "artistsort", b"soaa": "albumartistsort", b"sonm": "titlesort",
    b"soal": "albumsort", b"soco": "composersort", b"\xa9con": "conductor", b"\xa9dir": "director",
    b"\xa9arg": "arranger", b"\xa9prd": "producer", b"desc": "description",
}  # fmt: skip
_NUMBERS = {b"tmpo": "bpm", b"cpil": "compilation"}
_PAIRS = {b"trkn": ("tracknumber", "tracktotal"), b"disk": ("discnumber", "disctotal")}


def parse(
    window: Window, position: int, end: int, tags: dict[str, list[str]], pictures: list[Picture]
) -> str | None:
    """Read the items in [position, end); a text when they are damaged."""
    for _ in range(_MOST_ITEMS):
        if position + 8 > end:
            break
        at = position - window.base
        if at < 0 or at + 32 > len(window.buf):
            at = window.need(position, 32)
        buf = window.buf
        if len(buf) - at < 8:
            return None
        length, name = _BOX(buf, at)
        stop = position + length
        if length < 8 or stop > end:
            return None if not length else "a tag is longer than the list it is in"
        key = _TEXTS.get(name)
        if key is not None:
            if at + length > len(buf):
                at = window.need(position, min(length, 4 * LONGEST_TEXT))
                buf = window.buf
            # Nearly always one value: the data box fills the item.
            inner, kind, flags = _VALUE(buf, at + 8) if length >= 24 else (0, b"", 0)
            if inner == length - 8 and kind == b"data" and flags <= 1:
                put(tags, key, buf[at + 24 : at + length].decode("utf-8", "replace"))
            else:
                for flags, value in _values(buf, at + 8, at + length):
                    put(tags, key, _text(flags, value))
        elif name == b"covr":
            _pictures(window, position + 8, stop, pictures)
        elif name == b"----":
            _free(window.get(position, min(length, 4 * LONGEST_TEXT)), tags)
        elif name in _PAIRS:
            for _, value in _values(window.get(position, min(length, 256)), 8, length):
                if len(value) >= 4:
                    for pair_key, where in zip(_PAIRS[name], (2, 4), strict=True):
                        number = int.from_bytes(value[where : where + 2], "big")
                        if number:
                            put(tags, pair_key, str(number))
        elif name in _NUMBERS:
            for _, value in _values(window.get(position, min(length, 256)), 8, length):
                if 0 < len(value) <= 8:
                    put(tags, _NUMBERS[name], str(int.from_bytes(value, "big")))
        elif name == b"gnre" and "genre" not in tags:
            for _, value in _values(window.get(position, min(length, 256)), 8, length):
                number = int.from_bytes(value[:2], "big")
                if 0 < number <= len(GENRES):
                    put(tags, "genre", GENRES[number - 1])
        position = stop
    return None


def _values(buf: bytes, at: int, stop: int) -> list[tuple[int, bytes]]:
    """The contents of the data boxes in an item, each with its type number."""
    stop = min(stop, len(buf))
    found: list[tuple[int, bytes]] = []
    while at + 16 <= stop and len(found) < _MOST_VALUES:
        length, kind, flags = _VALUE(buf, at)
        if length < 8:
            break
        if kind == b"data" and length >= 16:
            found.append((flags & 0xFFFFFF, buf[at + 16 : min(at + length, stop)]))
        at += length
    return found


def _text(flags: int, value: bytes) -> str:
    if flags == 2:
        return value.decode("utf-16-be", "replace").lstrip("\ufeff")
    if flags in (21, 22) and len(value) <= 8:
        return str(int.from_bytes(value, "big", signed=flags == 21))
    return value.decode("utf-8", "replace")


def _free(item: bytes, tags: dict[str, list[str]]) -> None:
    """A `----` item: `mean`, `name`, then one `data` for each value."""
    at = 8
    for _ in range(4):
        if at + 12 > len(item):
            return
        length, kind, _ = _VALUE(item, at)
        if length < 12:
            return
        if kind == b"name":
            key = NAMES.get(item[at + 12 : at + length].decode("utf-8", "replace").lower())
            if key is not None:
                for flags, value in _values(item, at + length, len(item)):
                    put(tags, key, _text(flags, value))
            return
        at += length


def _pictures(window: Window, position: int, end: int, pictures: list[Picture]) -> None:
    """`covr`: one data box for each picture. MP4 has no types: the first is the front by custom."""
    while position + 16 <= end and len(pictures) < pics.MOST_PICTURES:
        head = window.peek(position, 16)
        if len(head) < 16:
            return
        length, kind, flags = _VALUE(head, 0)
        if length < 16 or position + length > end:
            return
        if kind == b"data":
            mime = {13: "image/jpeg", 14: "image/png", 27: "image/bmp"}.get(flags & 0xFFFFFF)
            kind_name = "other" if pictures else "front"
            pictures.append(measure(window, position + 16, length - 16, kind_name, mime))
        position += length
