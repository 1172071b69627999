"""Very many small films that are no two the same: a few are encoded, and each copy has its number inside.

Above `video`, which encodes, and below `video_library`, which gives them names. The number is written into
bytes of a picture: every copy is as sound as the first, and no reader takes one for another, moved.
"""

from __future__ import annotations

import io
from functools import cache

import av

from bench.corpus.video import Film, Picture, Sound, film

#: Suffixes to films.
_FILMS = {
    "mkv": Film(),
    "hevc.mkv": Film(pictures=(Picture("hevc"),), sounds=(Sound("ac3", "5.1"),)),
    "mp4": Film("mp4"),
    "m4v": Film("mp4", (Picture(width=96, height=40),)),
    "avi": Film("avi", (Picture("mpeg4"),), (Sound("mp3", rate=44_100),)),
    "ts": Film("mpegts"),
    "m2ts": Film("mpegts", muxing=(("mpegts_m2ts_mode", "1"),)),
    "mpg": Film("mpegps", (Picture("mpeg2"),), (Sound("ac3"),)),
    "vob": Film("mpegps", (Picture("mpeg2"),), (Sound("ac3"),)),
    "webm": Film("webm", (Picture("vp9"),), (Sound("opus"),)),
}
_DIGITS = 8
#: The head of an index of a DVD.
_IFO = b"DVDVIDEO-VMG" + bytes(2036)


def clip(what: str, number: int, *, seconds: float = 0.2) -> bytes:
    """A real film, another one for each number.

    Args:
        what: a suffix without its dot (mkv, mp4, m4v, avi, ts, m2ts, mpg, vob, webm), or "hevc.mkv".
        number: below 16**8.
        seconds: its length; each length is encoded once.
    """
    content, place = _template(what, seconds)
    return b"%s%0*x%s" % (content[:place], _DIGITS, number, content[place + _DIGITS :])


def disc_index(number: int) -> bytes:
    """An index of a DVD (IFO) with nothing in it but its number."""
    return _IFO + b"%0*x" % (_DIGITS, number)


@cache
def _template(what: str, seconds: float) -> tuple[bytes, int]:
    made = _FILMS[what]
    content = film(Film(made.container, made.pictures, made.sounds, seconds=seconds, muxing=made.muxing))
    return content, _inside_a_picture(content)


def _inside_a_picture(content: bytes) -> int:
    """Where bytes of some picture stand, behind its head, which no header and no checksum covers."""
    length = _DIGITS + 4
    with av.open(io.BytesIO(content), "r") as opened:
        for packet in opened.demux(video=0):
            picture = bytes(packet)
            for end in range(len(picture), max(length, len(picture) // 2), -1):
                part = picture[end - length : end]
                if content.count(part) == 1:
                    return content.index(part) + 2
    raise ValueError("no picture is found in the film")
