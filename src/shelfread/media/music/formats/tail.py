"""Tags behind the sound: ID3v1, Lyrics3 and APEv2, in whatever order programs left them.

Stands between the readers of mp3, AAC, Monkey's Audio, WavPack, Musepack and True Audio and the tag readers.
Facts from the ID3v1.1, Lyrics3 v2.00 and APEv2 descriptions. It knows nothing of sound; it says where the
sound ends.
"""

from __future__ import annotations

from shelfread.media.music.formats import ape, id3
from shelfread.media.music.formats.keys import merge
from shelfread.media.music.formats.signature import SPAN
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable
from shelfread.model.problem import ProblemCode

#: The tail that is read: what the signature wants, and room for an ID3v1 and a small APE tag behind it.
TAIL = SPAN + 1024


def strip(source: Readable, raw: Raw, start: int, trusted: bool = False) -> tuple[int, bytes, int]:
    """Read the tags behind the sound that begins at `start` into `raw`.

    APE tags fill gaps, unless `trusted` says that they are the tags of this format; ID3v1 only fills gaps.
    Gives where the sound ends, the bytes of the tail that were read, and where these begin.
    """
    size = source.size
    base = max(start, size - TAIL)
    buf = source.read_at(base, size - base) if size > base else b""
    end = size
    old: dict[str, list[str]] | None = None
    for _ in range(4):
        at = end - base
        if old is None and at >= 128 and buf[at - 128 : at - 125] == b"TAG":
            old = id3.parse_v1(buf[at - 128 : at])
            end -= 128
        elif at >= 32 and buf[at - 32 : at - 24] == ape.MAGIC:
            begin = ape.start_of(buf[at - 32 : at], end)
            if not start <= begin < end:
                break
            found: dict[str, list[str]] = {}
            detail = ape.parse(source, begin, end, found, raw.pictures, buf, base)
            if detail is not None:
                raw.trouble(ProblemCode.DAMAGED, detail)
            if trusted:
                merge(found, raw.tags)
                raw.tags = found
            else:
                merge(raw.tags, found)
            end = begin
        elif at >= 15 and buf[at - 9 : at] == b"LYRICS200" and buf[at - 15 : at - 9].isdigit():
            begin = end - 15 - int(buf[at - 15 : at - 9])
            if begin < start:
                break
            end = begin
        else:
            break
        if end < base:
            # A long tag: the tail of the sound is elsewhere, and so may be another tag before it.
            base = max(start, end - TAIL)
            buf = source.read_at(base, end - base)
    if old:
        merge(raw.tags, old)
    return end, buf, base
