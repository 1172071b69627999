"""MP4 and QuickTime: what MediaInfo leaves out, and where the pictures and the sound lie.

Beside `matroska`, below `streams`: the roles of tracks, Atmos, channels of Opus, and `mdat` for the
signature. Facts from ISO 14496-12 (4.2 boxes, 8.10.4 `kind`), ETSI TS 102 366 (F.6 `dec3`) and the Opus in
ISOBMFF specification (`dOps`). Sample tables are skipped: their boxes cost one header each. It knows no
other codec.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shelfread.media.trouble import MediaTrouble
from shelfread.media.window import Readable, Window
from shelfread.model.problem import ProblemCode

_PARENTS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"))
_MOST_TOP_BOXES = 20_000
_MOST_BOXES = 4096
_DEEPEST = 8
#: Bytes of a sample description that are looked at.
_MOST_ENTRY = 4096

#: What a track is for (DASH roles, ISO 23009-1, 5.8.5.5; TV-Anytime for people with hearing loss).
_FORCED = (b"forced-subtitle", b"forced_subtitle")
_DASH = b"urn:mpeg:dash:role:2011"
_TV_ANYTIME = b"urn:tva:metadata:cs:AudioPurposeCS:2007"


@dataclass(slots=True)
class Track:
    """What is said of a track; None is what is not said."""

    forced: bool | None = None
    sdh: bool | None = None
    commentary: bool | None = None
    atmos: bool = False
    channels: int | None = None
    interlaced: bool | None = None
    #: It is a track of moving pictures.
    has_pictures: bool = False


@dataclass(slots=True)
class Movie:
    """What was found in the file."""

    #: By their ids.
    tracks: dict[int, Track] = field(default_factory=dict)
    #: How many are described, whatever their ids.
    described: int = 0
    #: Where the bytes of the first and of the last `mdat` lie, and how many there are in all.
    first: tuple[int, int] = (0, 0)
    last: tuple[int, int] = (0, 0)
    payload: int = 0
    trouble: MediaTrouble | None = None
    boxes: int = 0


def read(source: Readable) -> Movie:
    """Walk one file. What is wrong with it is in `trouble`; it never raises but OSError."""
    found = Movie()
    window = Window(source)
    position, size, indexed = 0, source.size, False
    for _ in range(_MOST_TOP_BOXES):
        head = box(window.peek(position, 16), size - position)
        if head is None:
            if position < size and not (indexed and found.payload):
                found.trouble = MediaTrouble(ProblemCode.DAMAGED, "a box has an impossible length")
            break
        kind, length, lead = head
        end = position + length
        if end > size:
            shown = ascii(kind.decode("latin-1"))
            detail = (
                f"the last {end - size:,} bytes are missing: the box {shown} runs past the end of the file"
            )
            found.trouble = MediaTrouble(ProblemCode.TRUNCATED, detail)
            end = size
        if kind == b"moov":
            indexed = True
            _walk(window, position + lead, end, 0, found, Track())
        elif kind == b"mdat" and end > position + lead:
            found.last = position + lead, end
            found.first = found.first if found.payload else found.last
            found.payload += end - position - lead
        position = end
        if position >= size:
            break
    if not indexed and found.trouble is None:
        found.trouble = MediaTrouble(ProblemCode.TRUNCATED, "the file has no index (moov)")
    elif not found.payload and found.trouble is None:
        found.trouble = MediaTrouble(ProblemCode.TRUNCATED, "the file has no pictures and no sound (mdat)")
    return found


def box(head: bytes, room: int) -> tuple[bytes, int, int] | None:
    """Kind, length and own bytes of a box; None where none can be."""
    if len(head) < 8:
        return None
    length, lead = int.from_bytes(head[:4], "big"), 8
    if length == 1 and len(head) >= 16:
        length, lead = int.from_bytes(head[8:16], "big"), 16
    elif length == 0 and head[4:8] != b"\0\0\0\0":
        length = room
    return (head[4:8], length, lead) if length >= lead else None


def _walk(window: Window, position: int, end: int, depth: int, found: Movie, track: Track) -> int:
    """The boxes in [position, end) that matter. Gives the id of the track, 0 where there is none."""
    number = 0
    while position + 8 <= end and found.boxes < _MOST_BOXES:
        found.boxes += 1
        head = box(window.get(position, 16), end - position)
        if head is None:
            break
        kind, length, lead = head
        body, stop = position + lead, min(position + length, end)
        if kind in _PARENTS and depth < _DEEPEST:
            if kind == b"trak":
                inner = Track()
                found.described += 1
                found.tracks[_walk(window, body, stop, depth + 1, found, inner)] = inner
            else:
                number = _walk(window, body, stop, depth + 1, found, track) or number
        elif kind == b"tkhd":
            content = window.get(body, 24)
            at = 20 if content[:1] == b"\1" else 12
            number = int.from_bytes(content[at : at + 4], "big")
        elif kind == b"hdlr":
            track.has_pictures = track.has_pictures or window.get(body, 12)[8:] == b"vide"
        elif kind == b"kind":
            _role(window.get(body, min(stop - body, 512)), track)
        elif kind == b"stsd":
            _entry(window.get(body, min(stop - body, _MOST_ENTRY)), track)
        position = stop
    return number


def _role(content: bytes, track: Track) -> None:
    scheme, _, rest = content[4:].partition(b"\0")
    value = rest.partition(b"\0")[0]
    if scheme == _DASH:
        track.forced = track.forced or (value in _FORCED or None)
        track.commentary = track.commentary or (value == b"commentary" or None)
        track.sdh = track.sdh or (value == b"caption" or None)
    elif scheme == _TV_ANYTIME and value == b"2":
        track.sdh = True


def _entry(content: bytes, track: Track) -> None:
    """The first sample description."""
    kind = content[12:16]
    if kind == b"ec-3":
        at = content.find(b"dec3")
        # Data rate and number of streams (less one), 24 bits of the first; 8 more where others depend on it.
        body = content[at + 4 : at - 4 + int.from_bytes(content[at - 4 : at], "big")] if at > 0 else b""
        if len(body) >= 5 and body[1] & 7 == 0:
            sign = 6 if body[4] & 0x1E else 5
            track.atmos = len(body) > sign + 1 and body[sign] & 1 == 1
    elif kind == b"Opus":
        at = content.find(b"dOps")
        if at > 0 and at + 6 <= len(content):
            track.channels = content[at + 5] or None
    else:
        at = content.find(b"\0\0\0\x0afiel")
        if at > 0 and at + 10 <= len(content):
            track.interlaced = content[at + 8] == 2
