"""The picture inside a video, for covers: attached to Matroska, or in the tags of MP4.

Beside `matroska` and `mp4`, which only tell that there is one: this hands its bytes out, once for an item and
not for every file of a scan. Runs in a confined process. No frame is decoded; what becomes of the picture it
does not know. Facts from RFC 9559 (21, names of covers) and the metadata boxes of QuickTime (`ilst`, `covr`).
"""

from __future__ import annotations

from shelfread.media.kind import Source
from shelfread.media.trouble import MediaTrouble
from shelfread.media.video import matroska, mp4
from shelfread.media.video.containers import HEAD, MATROSKA, MP4, container_of
from shelfread.media.window import Window
from shelfread.model.problem import ProblemCode

#: Bytes of a picture that are taken out: all of it is in memory.
MOST_BYTES = 64 << 20
#: What attached pictures are called, the best first: wide ones and small ones come after all others.
_NAMES = ("cover", "poster", "folder", "front", "movie")
_LAST = ("cover_land", "small_cover", "small_cover_land", "fanart", "backdrop", "banner", "logo", "thumb")
#: Boxes that lead to the picture. QuickTime has `meta` in `moov`, everybody else in `udta`.
_WAYS = ((b"moov", b"udta", b"meta", b"ilst", b"covr"), (b"moov", b"meta", b"ilst", b"covr"))
_MOST_BOXES = 20_000


def cover(source: Source) -> bytes:
    """The encoded picture inside a video.

    Raises:
        MediaTrouble: there is none, it is cut off, or it is too large.
    """
    container = container_of(source.read_at(0, HEAD))
    place: tuple[int, int] | None = None
    if container is MATROSKA:
        place = _of_matroska(source)
    elif container is MP4:
        place = _of_mp4(Window(source))
    if place is None:
        raise MediaTrouble(ProblemCode.DAMAGED, "no picture was found in it")
    position, length = place
    if length > MOST_BYTES:
        detail = f"the picture in it has {length >> 20} MB, up to {MOST_BYTES >> 20} MB are accepted"
        raise MediaTrouble(ProblemCode.LIMIT_EXCEEDED, detail)
    content = source.read_at(position, length)
    if len(content) < length:
        raise MediaTrouble(ProblemCode.TRUNCATED, "the file ends inside the picture in it")
    return content


def _of_matroska(source: Source) -> tuple[int, int] | None:
    """Where the best of the attached pictures lies, and its length."""
    window = Window(source)
    found = [
        one
        for begin, end in matroska.read(source).attached
        for one in matroska.pictures(window, begin, end)
        if one.length
    ]
    best = min(found, key=_rank, default=None)
    return None if best is None else (best.position, best.length)


def _rank(picture: matroska.Attached) -> int:
    stem = picture.name.rpartition(".")[0].casefold() or picture.name.casefold()
    if stem in _NAMES:
        return _NAMES.index(stem)
    return len(_NAMES) + (stem in _LAST)


def _of_mp4(window: Window) -> tuple[int, int] | None:
    """Where the picture in the tags lies, and its length."""
    for way in _WAYS:
        place: tuple[int, int] | None = (0, window.size)
        for kind in (*way, b"data"):
            if place is not None:
                place = _box(window, *place, kind)
            if place is not None and kind == b"meta":
                # A version and flags, which QuickTime leaves out.
                begin, end = place
                place = (begin, end) if window.peek(begin + 4, 4) == b"hdlr" else (begin + 4, end)
        if place is not None and place[1] - place[0] > 8:
            # Its type and language come first.
            begin, end = place
            return begin + 8, end - begin - 8
    return None


def _box(window: Window, position: int, end: int, wanted: bytes) -> tuple[int, int] | None:
    """Where the inside of the first box of a kind begins and ends, as its header says."""
    for _ in range(_MOST_BOXES):
        head = mp4.box(window.get(position, 16), end - position) if position + 8 <= end else None
        if head is None:
            return None
        kind, length, lead = head
        if kind == wanted:
            return position + lead, position + length
        position += length
    return None
