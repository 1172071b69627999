"""MPEG audio, layers I to III: the frame headers, Xing/Info and VBRI.

Stands beside the other readers; tags come from `id3` and `tail`. Facts from ISO 11172-3 2.4.1.3 and ISO
13818-3 (headers), the MPEG 2.5 extension, and the descriptions of the Xing, LAME and VBRI headers. It reads
the first frames and the last ones and trusts nothing in between.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from shelfread.media.music.formats import signature
from shelfread.media.music.formats.tail import strip
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable
from shelfread.model.problem import ProblemCode

_U32 = Struct(">I").unpack_from
_VBRI = Struct(">4sHHHII").unpack_from
_XING = Struct(">4sIII").unpack_from

#: How far a first frame is looked for.
RESYNC = 65536
#: The end that is walked to see whether the last frame is whole; more than two frames of any kind.
_LAST = 3200

_BITRATES = {
    # (MPEG 1, layer) -> kbit/s by index
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
#: The bits of a header that all frames of a stream share: sync, version, layer, sampling rate.
_SAME = 0xFFFE0C00


class Frame(NamedTuple):
    """What the header of one frame says."""

    length: int
    rate: int
    channels: int
    samples: int
    kbps: int
    layer: int
    #: Where a Xing header begins inside of the frame.
    xing: int


_known: dict[int, Frame | None] = {}


def frame(header: int) -> Frame | None:
    """The frame behind a 32-bit header; None when it is none."""
    key = header & 0xFFFFFEC0
    try:
        return _known[key]
    except KeyError:
        found = _frame(header)
        if len(_known) < 4096:
            _known[key] = found
        return found


def _frame(header: int) -> Frame | None:
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    index, rate_index = header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer == 4 or index in (0, 15) or rate_index == 3:
        return None
    first = version == 3
    kbps = _BITRATES[first, layer][index]
    rate = _RATES[version][rate_index]
    padding = header >> 9 & 1
    if layer == 1:
        samples, length = 384, (12000 * kbps // rate + padding) * 4
    else:
        samples = 1152 if first or layer == 2 else 576
        length = samples * 125 * kbps // rate + padding
    channels = 1 if header >> 6 & 3 == 3 else 2
    side = (17 if channels == 1 else 32) if first else (9 if channels == 1 else 17)
    return Frame(length, rate, channels, samples, kbps, layer, 4 + side)


def find(buf: bytes, wanted: int, at_end: bool) -> int:
    """Index of the first frame in `buf` that `wanted` more follow, or the end of the file; -1 if none."""
    size = len(buf)
    at = -1
    while True:
        at = buf.find(b"\xff", at + 1)
        if at < 0 or at + 4 > size:
            return -1
        if buf[at + 1] < 0xE0:
            continue
        header = _U32(buf, at)[0]
        first = frame(header)
        if first is None:
            continue
        position, seen = at + first.length, 0
        while seen < wanted:
            if position + 4 > size:
                if at_end and seen:
                    seen = wanted
                break
            following = _U32(buf, position)[0]
            then = frame(following)
            if then is None or (following ^ header) & _SAME:
                break
            seen += 1
            position += then.length
        if seen >= wanted:
            return at


def read(source: Readable, raw: Raw, start: int, head: bytes, strict: bool) -> bool:
    """Read the stream that begins at `start` (behind an ID3v2 tag); False when it holds no frames.

    `head` are bytes at `start`; `strict` asks for more evidence, for names that promise no mp3.
    """
    end, tail, base = strip(source, raw, start)
    buf = head if len(head) >= signature.SPAN or start + len(head) >= end else b""
    if not buf:
        buf = source.read_at(start, min(signature.SPAN, end - start)) if end > start else b""
    elif start + len(buf) > end:
        buf = buf[: end - start]
    at = _first(buf, start + len(buf) >= end, 4 if strict else 2)
    if at < 0 and end - start > len(buf):
        buf = source.read_at(start, min(RESYNC, end - start))
        at = find(buf, 4 if strict else 3, start + len(buf) >= end)
    if at < 0:
        return False
    header = _U32(buf, at)[0]
    first = frame(header)
    assert first is not None
    raw.container, raw.codec = "mp3", f"mp{first.layer}"
    raw.sample_rate, raw.channels = first.rate, first.channels
    start += at
    payload = end - start
    missing = _from_tables(raw, buf, at, first, payload)
    if missing is None:
        _estimate(raw, buf, at, first, payload)
    if first.length > payload:
        raw.trouble(ProblemCode.TRUNCATED, "the only frame is cut off")
    # Counts that are off by a little prove nothing: then the last frame decides.
    if (missing is None or missing > 0) and not _whole(tail, end - base, header):
        raw.trouble(ProblemCode.TRUNCATED, "the last frame is cut off")
    raw.signature = _sign(source, start, end, buf[at:] if at else buf, tail, base)
    return True


def _first(buf: bytes, at_end: bool, wanted: int) -> int:
    """The fast way: a frame right at the start with another behind it."""
    if len(buf) >= 4 and buf[0] == 0xFF:
        header = _U32(buf)[0]
        first = frame(header)
        if first is not None:
            after = first.length
            if after + 4 > len(buf):
                return 0 if at_end else -1
            following = _U32(buf, after)[0]
            if frame(following) is not None and not (following ^ header) & _SAME:
                return 0
    return find(buf, wanted, at_end)


def _from_tables(raw: Raw, buf: bytes, at: int, first: Frame, payload: int) -> int | None:
    """Length and bitrate as a Xing, Info or VBRI header tells them; how many bytes it misses, if it says."""
    tag = at + first.xing
    frames = claimed = 0
    if buf[tag : tag + 4] in (b"Xing", b"Info") and len(buf) >= tag + 16:
        _, flags, number, other = _XING(buf, tag)
        frames = number if flags & 1 else 0
        if flags & 2:
            claimed = other if flags & 1 else number
    elif buf[at + 36 : at + 40] == b"VBRI" and len(buf) >= at + 54:
        _, _, _, _, claimed, frames = _VBRI(buf, at + 36)
    if not frames:
        return None
    raw.duration_s = duration = frames * first.samples / first.rate
    missing = claimed - payload
    if claimed and missing > max(2 * first.length, 4096, claimed // 100):
        raw.trouble(ProblemCode.TRUNCATED, f"{missing} of {claimed} bytes of sound are missing")
        payload = claimed
    raw.bitrate_kbps = round(payload * 8 / duration / 1000)
    return missing if claimed else None


def _estimate(raw: Raw, buf: bytes, at: int, first: Frame, payload: int) -> None:
    """Length and bitrate of a stream without a header, from the bitrates of its first frames."""
    total = samples = 0
    position, size = at, len(buf)
    same = True
    while position + 4 <= size:
        now = frame(_U32(buf, position)[0])
        if now is None:
            break
        total += now.length
        samples += now.samples
        same = same and now.kbps == first.kbps
        position += now.length
        if same and samples >= 8 * first.samples:
            break  # constant as far as one may believe
    kbps = first.kbps if same or not samples else total * 8 * first.rate / samples / 1000
    raw.bitrate_kbps = round(kbps)
    raw.duration_s = payload / (kbps * 125)


def _whole(tail: bytes, stop: int, header: int) -> bool:
    """Whether the last frame before `stop` is complete; padding and what is no frame at all is fine."""
    sync = bytes(((header >> 24) & 0xFF, (header >> 16) & 0xFF))
    at = max(0, stop - _LAST) - 1
    while True:
        at = tail.find(sync, at + 1, stop)
        if at < 0 or at + 4 > stop:
            return True
        position, seen = at, 0
        while position + 4 <= stop:
            following = _U32(tail, position)[0]
            now = frame(following)
            if now is None or (following ^ header) & _SAME:
                break
            seen += 1
            position += now.length
        if position > stop and seen > 1:
            return False
        if seen > 1:
            return True


def _sign(source: Readable, start: int, end: int, head: bytes, tail: bytes, base: int) -> bytes | None:
    """The signature, from what was read already where that is enough."""
    span = signature.SPAN
    length = end - start
    if length < 2 * span or len(head) < span or end - span < base:
        return signature.of_range(source, b"M", start, end, head)
    stop = end - base
    return signature.digest(b"M", length, head[:span], tail[stop - span : stop])
