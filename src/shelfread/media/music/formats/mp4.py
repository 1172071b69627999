"""MP4 (m4a, m4b, m4p, mp4): facts of the first sound track, and where the sound lies.

Stands beside the other readers; the tags of `ilst` are read by `mp4_tags`, the sample description by
`mp4_entry`. Facts from ISO 14496-12 (4.2 boxes, 8.3-8.8) and 14496-14. Sample tables are skipped: their
boxes cost one header each. It knows nothing of chapters.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import mp4_entry, mp4_tags, signature
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable, Window
from shelfread.model.problem import ProblemCode

_BOX = Struct(">I4s").unpack_from
_U32 = Struct(">I").unpack_from
_U64 = Struct(">Q").unpack_from

_CONTAINERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"mvex"))
_MOST_BOXES = 4096
_MOST_TOP_BOXES = 100_000
_DEEPEST = 10


class _Track:
    """What is known of the track whose boxes are being read."""

    __slots__ = ("duration", "entry", "sound", "timescale")

    def __init__(self) -> None:
        self.sound = False
        self.timescale = 0
        self.duration = 0
        #: The sample description: its bytes, as far as they matter.
        self.entry = b""


class _Movie:
    """What the walk through `moov` collects."""

    __slots__ = ("boxes", "raw", "sound", "track", "window")

    def __init__(self, window: Window, raw: Raw) -> None:
        self.window = window
        self.raw = raw
        self.track = _Track()
        self.sound: _Track | None = None
        self.boxes = 0


def read(source: Readable, raw: Raw, head: bytes) -> None:
    """Read the file whose first bytes are `head`."""
    raw.container = "mp4"
    size = source.size
    window = Window(source, head)
    movie = _Movie(window, raw)
    position = 0
    found = False
    first = last = (0, 0)
    payload = 0
    last_fragment = (0, 0)
    for _ in range(_MOST_TOP_BOXES):
        if position + 8 > size:
            if position < size:
                raw.trouble(ProblemCode.TRUNCATED, "the file ends inside a box")
            break
        at = window.need(position, 16)
        buf = window.buf
        length, kind = _BOX(buf, at)
        body = position + 8
        if length == 1 and len(buf) - at >= 16:
            length, body = _U64(buf, at + 8)[0], position + 16
        elif length == 0:
            length = size - position
        if length < body - position:
            if kind != b"\0\0\0\0" or not found:  # zeros behind the last box are padding
                raw.trouble(ProblemCode.DAMAGED, "a box has an impossible length")
            break
        end = position + length
        if end > size:
            raw.trouble(ProblemCode.TRUNCATED, f"the box {_shown(kind)} runs past the end of the file")
            end = size
        if kind == b"moov":
            found = True
            _walk(movie, body, end, 0)
        elif kind == b"mdat" and end > body:
            last = (body, end)
            if not payload:
                first = last
            payload += end - body
        elif kind == b"moof":
            last_fragment = (body, end)
        position = end
    if not found:
        raw.trouble(ProblemCode.TRUNCATED, "the file has no index (moov)")
    elif movie.sound is None:
        raw.trouble(ProblemCode.WRONG_FORMAT, "the file has no sound track")
    else:
        if last_fragment[1] and movie.sound.timescale:
            ticks = _fragment_end(window, *last_fragment)
            movie.sound.duration = max(movie.sound.duration, ticks)
        _facts(raw, movie.sound, payload)
    if payload:
        raw.signature = _sign(source, first, last, payload)
    elif found and raw.code is None:
        raw.trouble(ProblemCode.TRUNCATED, "the file has no sound data (mdat)")


def _shown(kind: bytes) -> str:
    return ascii(kind.decode("latin-1"))


def _walk(movie: _Movie, position: int, end: int, depth: int) -> None:
    """Read the boxes in [position, end) that matter; the others cost their header."""
    window = movie.window
    while position + 8 <= end:
        movie.boxes += 1
        if movie.boxes > _MOST_BOXES:
            return
        at = position - window.base
        if at < 0 or at + 64 > len(window.buf):
            at = window.need(position, 64)
        buf = window.buf
        if len(buf) - at < 8:
            return
        length, kind = _BOX(buf, at)
        body = position + 8
        if length == 1 and len(buf) - at >= 16:
            length, body = _U64(buf, at + 8)[0], position + 16
        elif length == 0:
            length = end - position
        if length < body - position or position + length > end:
            if kind != b"\0\0\0\0" and length:
                movie.raw.trouble(ProblemCode.DAMAGED, f"the box {_shown(kind)} has an impossible length")
            length = end - position
            if length < body - position or kind not in _CONTAINERS:
                return
        stop = position + length
        if kind in _CONTAINERS:
            if depth < _DEEPEST:
                if kind == b"trak":
                    movie.track = _Track()
                _walk(movie, body, stop, depth + 1)
                if kind == b"trak" and movie.track.sound and movie.sound is None:
                    movie.sound = movie.track
        elif kind == b"mdhd":
            _media_header(movie.track, buf, at + 8)
        elif kind == b"hdlr":
            if depth == 2 and buf[at + 16 : at + 20] == b"soun":
                movie.track.sound = True
        elif kind == b"stsd":
            movie.track.entry = window.get(body + 8, min(stop - body - 8, 512))
        elif kind == b"meta" and depth == 1:
            # A full box for Apple and ISO, a plain one for QuickTime: told apart by what follows.
            inner = body + 4 if buf[at + 12 : at + 16] != b"hdlr" else body
            _meta(movie, inner, stop)
        position = stop


def _meta(movie: _Movie, position: int, end: int) -> None:
    """Find `ilst` among the boxes of `meta`."""
    window = movie.window
    for _ in range(64):
        if position + 8 > end:
            return
        at = window.need(position, 16)
        if len(window.buf) - at < 8:
            return
        length, kind = _BOX(window.buf, at)
        if length < 8 or position + length > end:
            if kind != b"ilst":
                return
            length = end - position
        if kind == b"ilst":
            detail = mp4_tags.parse(
                window, position + 8, position + length, movie.raw.tags, movie.raw.pictures
            )
            if detail is not None:
                movie.raw.trouble(ProblemCode.DAMAGED, detail)
            return
        position += length


def _media_header(track: _Track, buf: bytes, at: int) -> None:
    """`mdhd` (14496-12, 8.4.2): time scale and duration, in 32 or 64 bits."""
    if at + 36 > len(buf):
        return
    if buf[at] == 1:
        track.timescale, track.duration = _U32(buf, at + 20)[0], _U64(buf, at + 24)[0]
        unknown = 0xFFFFFFFFFFFFFFFF
    else:
        track.timescale, track.duration = _U32(buf, at + 12)[0], _U32(buf, at + 16)[0]
        unknown = 0xFFFFFFFF
    if track.duration == unknown:
        track.duration = 0


def _facts(raw: Raw, track: _Track, payload: int) -> None:
    """The sample description (14496-12, 8.5.2 and 12.2.3) in numbers."""
    if track.timescale and track.duration:
        raw.duration_s = track.duration / track.timescale
    mp4_entry.describe(raw, track.entry)
    if not raw.bitrate_kbps and raw.duration_s:
        raw.bitrate_kbps = round(payload * 8 / raw.duration_s / 1000) or None


def _fragment_end(window: Window, position: int, end: int) -> int:
    """Decode time behind the last fragment (14496-12, 8.8): `tfdt` plus the durations in `trun`."""
    data = window.get(position, min(end - position, 1 << 20))
    ticks = 0
    at, default = 0, 0
    for _ in range(_MOST_BOXES):
        if at + 16 > len(data):
            break
        length, kind = _BOX(data, at)
        if length < 8:
            break
        flags = _U32(data, at + 8)[0] & 0xFFFFFF
        if kind == b"traf":
            at += 8
            continue
        if kind == b"tfhd":
            offset = at + 16 + 8 * (flags & 1) + 2 * (flags & 2)
            if flags & 8 and offset + 4 <= len(data):
                default = _U32(data, offset)[0]
        elif kind == b"tfdt" and at + 20 <= len(data):
            ticks = _U64(data, at + 12)[0] if data[at + 8] else _U32(data, at + 12)[0]
        elif kind == b"trun":
            count = _U32(data, at + 12)[0]
            if flags & 0x100:
                step = 4 * (flags >> 8 & 0xF).bit_count()
                offset = at + 16 + 4 * (flags & 1) + (flags & 4)
                for _ in range(max(0, min(count, (min(at + length, len(data)) - offset) // step))):
                    ticks += _U32(data, offset)[0]
                    offset += step
            else:
                ticks += count * default
        at += length
    return ticks


def _sign(source: Readable, first: tuple[int, int], last: tuple[int, int], payload: int) -> bytes | None:
    """The signature of the sound data, which does not move when `moov` does."""
    if first == last:
        return signature.of_range(source, b"4", *first)
    span = signature.SPAN
    start, end = first
    head = source.read_at(start, min(span, end - start))
    start, end = last
    tail = source.read_at(max(start, end - span), min(span, end - start))
    return signature.digest(b"4", payload, head, tail)
