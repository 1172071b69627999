"""Matroska and WebM: what MediaInfo leaves out, and where the pictures and the sound lie.

Beside `mp4`, below `streams`: flags of tracks, chapters, attached pictures, and the clusters for the
signature. Facts from RFC 8794 (EBML) and RFC 9559 (Matroska). The elements before the first cluster are
walked, then those that the seek head names behind it; clusters are never walked. It knows no codec.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from shelfread.media import values
from shelfread.media.trouble import MediaTrouble
from shelfread.media.window import Readable, Window
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Chapter

_SEGMENT, _SEEK_HEAD, _TRACKS, _CHAPTERS, _ATTACHMENTS, _TAGS, _CLUSTER = (
    0x18538067, 0x114D9B74, 0x1654AE6B, 0x1043A770, 0x1941A469, 0x1254C367, 0x1F43B675,
)  # fmt: skip
_WANTED = {_SEEK_HEAD, _TRACKS, _CHAPTERS, _ATTACHMENTS, _TAGS}
#: Elements of the first level that are looked at, and bytes of one of them.
_MOST_ELEMENTS = 500
_MOST_BYTES = 2 << 20
#: Elements inside of one, of one level.
_MOST_INSIDE = 10_000
_MOST_CHAPTERS = 2000
_MOST_FILES = 200
#: Lists of attached files.
_MOST_LISTS = 4

#: RFC 9559, 5.1.4.1.28.3.
STEREO_MODES = (
    "mono", "side by side (left eye first)", "top-bottom (right eye first)", "top-bottom (left eye first)",
    "checkboard (right eye first)", "checkboard (left eye first)", "row interleaved (right eye first)",
    "row interleaved (left eye first)", "column interleaved (right eye first)",
    "column interleaved (left eye first)", "anaglyph (cyan/red)", "side by side (right eye first)",
    "anaglyph (green/magenta)", "both eyes laced (left eye first)", "both eyes laced (right eye first)",
)  # fmt: skip


@dataclass(slots=True)
class Track:
    """The flags of a track; None is what is not there."""

    sdh: bool | None = None
    commentary: bool | None = None
    stereo_mode: str | None = None
    #: Bits a second, where whoever wrote the file counted them.
    bitrate: int | None = None
    uid: int | None = None


@dataclass(slots=True)
class Segment:
    """What was found in the file."""

    #: By their number.
    tracks: dict[int, Track] = field(default_factory=dict)
    #: Bits a second of tracks, by the unique numbers that tags use.
    bitrates: dict[int, int] = field(default_factory=dict)
    #: How many are described, whatever their numbers.
    described: int = 0
    chapters: list[Chapter] = field(default_factory=list)
    has_cover: bool = False
    #: Where attached files are listed: begin and end, in bytes.
    attached: list[tuple[int, int]] = field(default_factory=list)
    #: Where the clusters begin and what follows them, in bytes; None where there are none.
    clusters: tuple[int, int] | None = None
    trouble: MediaTrouble | None = None


def read(source: Readable) -> Segment:
    """Walk one file. What is wrong with it is in `trouble`; it never raises but OSError."""
    found = Segment()
    window = Window(source)
    start = _segment(window)
    if start is None:
        found.trouble = MediaTrouble(ProblemCode.DAMAGED, "the Matroska file has no segment")
        return found
    body, end = start
    if end is not None and end > source.size:
        missing = end - source.size
        found.trouble = MediaTrouble(ProblemCode.TRUNCATED, f"the last {missing:,} bytes are missing")
    end = source.size if end is None else min(end, source.size)
    _walk(window, body, end, found)
    if found.clusters is None and found.trouble is None:
        found.trouble = MediaTrouble(ProblemCode.TRUNCATED, "the file ends before its first picture")
    return found


def _segment(window: Window) -> tuple[int, int | None] | None:
    position = 0
    for _ in range(8):
        head = _header(window.get(position, 12))
        if head is None:
            return None
        name, length, lead = head
        if name == _SEGMENT:
            return position + lead, None if length is None else position + lead + length
        if length is None:
            return None
        position += lead + length
    return None


def _walk(window: Window, body: int, end: int, found: Segment) -> None:
    """The elements before the first cluster, then what the seek heads name."""
    sought: dict[int, int] = {}
    seen: set[int] = set()
    position = body
    for _ in range(_MOST_ELEMENTS):
        head = _header(window.get(position, 12)) if position < end else None
        if head is None:
            break
        name, length, lead = head
        if name == _CLUSTER:
            found.clusters = position, end
            break
        if length is None:
            break
        seen.add(position)
        _take(window, name, position + lead, min(length, end - position - lead), found, sought, body)
        position += lead + length
    for _ in range(_MOST_ELEMENTS):
        left = [place for place in sought if place not in seen and body <= place < end]
        if not left:
            break
        seen.add(left[0])
        head = _header(window.get(left[0], 12))
        if head is not None and head[0] == sought[left[0]] and head[1] is not None:
            name, length, lead = head
            _take(window, name, left[0] + lead, min(head[1], end - left[0] - lead), found, sought, body)
    if found.clusters is not None:
        first = found.clusters[0]
        behind = [place for place, name in sought.items() if first < place < end and name != _CLUSTER]
        found.clusters = first, min(behind, default=end)
    for track in found.tracks.values():
        track.bitrate = found.bitrates.get(track.uid or 0)


def _take(
    window: Window, name: int, position: int, length: int, found: Segment, sought: dict[int, int], body: int
) -> None:
    if name == _ATTACHMENTS:
        # There is one such list in an honest file.
        if len(found.attached) < _MOST_LISTS:
            found.attached.append((position, position + length))
            found.has_cover = found.has_cover or any(pictures(window, position, position + length))
        return
    if name not in _WANTED or length <= 0:
        return
    content = window.peek(position, min(length, _MOST_BYTES))
    if name == _SEEK_HEAD:
        for _, entry in _inside(content):
            parts = dict(_inside(entry))
            place = _number(parts.get(0x53AC))
            if place is not None and 0x53AB in parts and len(sought) < _MOST_ELEMENTS:
                sought.setdefault(body + place, int.from_bytes(parts[0x53AB][:4], "big"))
    elif name == _TRACKS and not found.tracks:
        for inner, entry in _inside(content):
            if inner == 0xAE:
                found.described += 1
                _track(entry, found)
    elif name == _CHAPTERS and not found.chapters:
        found.chapters = _chapters(content)
    elif name == _TAGS:
        _statistics(content, found.bitrates)


def _track(entry: bytes, found: Segment) -> None:
    parts = dict(_inside(entry))
    number = _number(parts.get(0xD7))
    if number is None or number in found.tracks:
        return
    track = found.tracks[number] = Track(_flag(parts.get(0x55AB)), _flag(parts.get(0x55AF)))
    track.uid = _number(parts.get(0x73C5))
    mode = _number(dict(_inside(parts.get(0xE0, b""))).get(0x53B8))
    if mode is not None and mode < len(STEREO_MODES):
        track.stereo_mode = STEREO_MODES[mode]


def _chapters(content: bytes) -> list[Chapter]:
    """Those of the first edition, which is the one that is played."""
    found: list[Chapter] = []
    for name, edition in _inside(content):
        if name != 0x45B9:
            continue
        for inner, atom in _inside(edition):
            if inner != 0xB6 or len(found) == _MOST_CHAPTERS:
                continue
            parts = dict(_inside(atom))
            start = _number(parts.get(0x91))
            if start is None or _flag(parts.get(0x98)):
                continue
            shown = (dict(_inside(display)).get(0x85) for key, display in _inside(atom) if key == 0x80)
            title = next((text for text in shown if text), b"")
            found.append(Chapter(round(start / 1e9, 3), values.name(title.decode("utf-8", "replace"))))
        break
    return found


def _statistics(content: bytes, bitrates: dict[int, int]) -> None:
    """What is tagged as `BPS`, of each track: mkvmerge counts what it writes."""
    for name, tag in _inside(content):
        if name != 0x7373:
            continue
        uid = _number(dict(_inside(dict(_inside(tag)).get(0x63C0, b""))).get(0x63C5))
        for inner, simple in _inside(tag):
            parts = dict(_inside(simple)) if inner == 0x67C8 else {}
            written = parts.get(0x4487, b"")
            if uid and parts.get(0x45A3) == b"BPS" and written.isdigit() and len(written) < 13:
                bitrates.setdefault(uid, int(written))


class Attached(NamedTuple):
    """A picture that is attached: what it is called, and where its bytes are."""

    name: str
    position: int
    length: int


def pictures(window: Window, position: int, end: int) -> Iterator[Attached]:
    """The pictures in a list of attached files. Their bytes are not read."""
    for _ in range(_MOST_FILES):
        head = _header(window.peek(position, 12)) if position < end else None
        if head is None or head[1] is None:
            return
        name, length, lead = head
        if name == 0x61A7:
            found = _picture(window.peek(position + lead, min(length or 0, 4096)), position + lead)
            if found is not None:
                yield found
        position += lead + (length or 0)


def _picture(content: bytes, position: int) -> Attached | None:
    """What the beginning of an attached file at `position` says; None where it is no picture."""
    parts: dict[int, bytes] = {}
    place = length = at = 0
    while (head := _header(content[at : at + 12])) is not None and head[1] is not None:
        name, size, lead = head
        at += lead
        if name == 0x465C:
            place, length = position + at, size or 0
        parts[name] = content[at : at + (size or 0)]
        at += size or 0
    if not parts.get(0x4660, b"").lower().startswith(b"image/"):
        return None
    return Attached(parts.get(0x466E, b"").rstrip(b"\0").decode("utf-8", "replace"), place, length)


def _header(content: bytes) -> tuple[int, int | None, int] | None:
    """Name, length and own bytes of an element; the length is None where its writer did not know it."""
    if not content or content[0] < 0x10:
        return None
    wide = 9 - content[0].bit_length()
    if len(content) <= wide or content[wide] == 0:
        return None
    name = int.from_bytes(content[:wide], "big")
    more = 9 - content[wide].bit_length()
    if len(content) < wide + more:
        return None
    length = int.from_bytes(content[wide : wide + more], "big") & (1 << 7 * more) - 1
    return name, None if length == (1 << 7 * more) - 1 else length, wide + more


def _inside(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements in a piece of memory; the last may be cut off."""
    position = 0
    for _ in range(_MOST_INSIDE):
        head = _header(content[position : position + 12])
        name, length, lead = head or (0, None, 0)
        if length is None:
            return
        yield name, content[position + lead : position + lead + length]
        position += lead + length


def _number(content: bytes | None) -> int | None:
    return int.from_bytes(content, "big") if content is not None and len(content) <= 8 else None


def _flag(content: bytes | None) -> bool | None:
    return None if content is None else bool(_number(content))
