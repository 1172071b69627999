"""Ogg: Vorbis, Opus, Speex and FLAC streams in pages.

Stands beside the other readers; comments are read by `vorbis`. Facts from RFC 3533 (6, page format), the
Vorbis I specification (4.2), RFC 7845 (3, 4, 5.1 Opus, pre-skip), the Speex manual (header) and the FLAC to
Ogg mapping (RFC 9639, 10.1). Only the pages of the headers and of the very end are looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct

from shelfread.media.music.formats import flac, signature, vorbis
from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable, Window
from shelfread.model.problem import ProblemCode

_PAGE = Struct("<4sBBqIIIB").unpack_from
_VORBIS = Struct("<IBIiii").unpack_from
_OPUS = Struct("<BBHIh").unpack_from
_SPEEX = Struct("<IIIIIii").unpack_from

_HOP = 65536
_MOST_PAGES = 20000
_MOST_STREAMS = 16
#: How far from the end the last page of the stream is looked for.
_SEARCH = 1 << 20


class _Pieces:
    """One packet, spread over pages, as something readable."""

    __slots__ = ("lengths", "offsets", "size", "source", "starts")

    def __init__(self, source: Readable) -> None:
        self.source = source
        self.starts: list[int] = []
        self.offsets: list[int] = []
        self.lengths: list[int] = []
        self.size = 0

    def add(self, offset: int, length: int) -> None:
        self.starts.append(self.size)
        self.offsets.append(offset)
        self.lengths.append(length)
        self.size += length

    def read_at(self, offset: int, length: int) -> bytes:
        found: list[bytes] = []
        index = bisect_right(self.starts, offset) - 1
        while length > 0 and 0 <= index < len(self.starts):
            skip = offset - self.starts[index]
            take = min(length, self.lengths[index] - skip)
            if take > 0:
                found.append(self.source.read_at(self.offsets[index] + skip, take))
                offset += take
                length -= take
            index += 1
        return found[0] if len(found) == 1 else b"".join(found)


def read(source: Readable, raw: Raw, start: int, head: bytes) -> None:
    """Read the Ogg file whose first page is at `start`, `head` being the bytes from there."""
    raw.container = "ogg"
    window = Window(source, head, start)
    size = source.size
    position = start
    for _ in range(_MOST_STREAMS):
        at = window.need(position, 512)
        buf = window.buf
        if len(buf) - at < 28 or buf[at : at + 4] != b"OggS":
            break
        _, _, flags, _, serial, _, _, count = _PAGE(buf, at)
        body = at + 27 + count
        length = sum(buf[at + 27 : body])
        packet = buf[body : body + min(length, 128)]
        if not flags & 2:
            break
        position += 27 + count + length
        headers = _stream(raw, packet)
        if headers:
            break
    else:
        headers = 0
    if raw.codec is None:
        if size < 512:
            raw.trouble(ProblemCode.TRUNCATED, "the file ends inside its first page")
        else:
            raw.trouble(ProblemCode.UNSUPPORTED, "an Ogg file without Vorbis, Opus, Speex or FLAC")
        return
    sound, packets = _headers(window, position, serial, headers)
    if packets:
        _comments(raw, window, packets[0])
    if sound is None:
        raw.trouble(ProblemCode.TRUNCATED, "the file ends inside its headers")
        return
    _end(source, raw, serial, sound, _pre_skip(raw, packet))


def _stream(raw: Raw, packet: bytes) -> int:
    """Facts from the identification packet; how many header packets follow, 0 when it is not sound."""
    if packet[:7] == b"\x01vorbis" and len(packet) >= 28:
        _, raw.channels, rate, _, _, _ = _VORBIS(packet, 7)
        raw.codec, raw.sample_rate = "vorbis", rate or None
        return 2
    if packet[:8] == b"OpusHead" and len(packet) >= 19:
        # Opus always decodes at 48 kHz; the rate in the header is only that of the input (RFC 7845, 5.1).
        raw.codec, raw.sample_rate, raw.channels = "opus", 48000, packet[9]
        return 1
    if packet[:8] == b"Speex   " and len(packet) >= 80:
        rate, _, _, channels, _, _, _ = _SPEEX(packet, 36)
        raw.codec, raw.sample_rate, raw.channels = "speex", rate or None, channels if channels < 256 else None
        return 1 + min(int.from_bytes(packet[68:72], "little"), 16)
    if packet[:5] == b"\x7fFLAC" and len(packet) >= 51:
        raw.codec = "flac"
        _, _, total, md5 = flac.stream_facts(raw, packet, 17)
        if total == 0:
            raw.duration_s = None
        raw.signature = b"F" + md5 if any(md5) else None
        return min(int.from_bytes(packet[7:9], "big"), 256) or 1
    return 0


def _pre_skip(raw: Raw, packet: bytes) -> int:
    return int.from_bytes(packet[10:12], "little") if raw.codec == "opus" else 0


def _headers(window: Window, position: int, serial: int, wanted: int) -> tuple[int | None, list[_Pieces]]:
    """Collect `wanted` header packets; where the sound begins (None: cut off) and the packets."""
    packets: list[_Pieces] = []
    current = _Pieces(window.source)
    hop = _HOP
    size = window.size
    for _ in range(_MOST_PAGES):
        index = position - window.base
        if index < 0 or index + 282 > len(window.buf):
            index = window.need(position, min(hop, max(size - position, 0)))
        buf = window.buf
        if len(buf) - index < 27:
            break
        magic, _, _, _, stream, _, _, count = _PAGE(buf, index)
        if magic != b"OggS":
            break
        table = buf[index + 27 : index + 27 + count]
        length = sum(table)
        body = position + 27 + count
        position = body + length
        if length > _HOP // 2:
            hop = 512  # long pages: only their headers are worth a read
        if stream != serial:
            continue
        if length == 255 * count:
            current.add(body, length)
            if position > size:
                break
            continue
        run = 0
        for lacing in table:
            run += lacing
            if lacing < 255:
                current.add(body, run)
                packets.append(current)
                if len(packets) == wanted:
                    return (position if position <= size else None), packets
                current = _Pieces(window.source)
                body += run
                run = 0
        if run:
            current.add(body, run)
        if position > size:
            break
    if current.size:
        packets.append(current)
    return None, packets


def _comments(raw: Raw, window: Window, packet: _Pieces) -> None:
    """The second packet: a magic word, then Vorbis comments."""
    if len(packet.offsets) == 1:
        # In one piece, most likely in the window already: no detour.
        inner, base, size = window, packet.offsets[0], packet.size
    else:
        inner, base, size = Window(packet), 0, packet.size
    start = inner.get(base, min(size, 8))
    skip = {"vorbis": 7, "opus": 8, "flac": 4}.get(raw.codec or "", 0)
    if raw.codec == "flac" and start[:1] and start[0] & 0x7F != 4:
        return
    detail = vorbis.parse(inner, base + skip, base + size, raw.tags, raw.pictures)
    if detail is not None:
        raw.trouble(ProblemCode.DAMAGED, detail)
    del raw.pictures[pics.MOST_PICTURES :]


def _end(source: Readable, raw: Raw, serial: int, sound: int, pre_skip: int) -> None:
    """Length, completeness and signature from the sound's first and last pages."""
    size = source.size
    span = signature.SPAN
    base = max(sound, size - span)
    tail = source.read_at(base, size - base) if size > base else b""
    last = _last_page(source, serial, tail, base, sound)
    payload = size - sound
    if last is None:
        raw.trouble(ProblemCode.TRUNCATED, "the file has no whole page of sound")
    else:
        granule, flags, stop = last
        if stop > size:
            raw.trouble(ProblemCode.TRUNCATED, "the last page is cut off")
        elif not flags & 4:
            raw.trouble(ProblemCode.TRUNCATED, "the last page of the stream is missing")
        rate = raw.sample_rate
        if raw.duration_s is None and rate and granule > pre_skip:
            raw.duration_s = (granule - pre_skip) / rate
    if raw.duration_s:
        raw.bitrate_kbps = round(payload * 8 / raw.duration_s / 1000)
    if raw.signature is not None and raw.code is None:
        return
    if payload <= 0:
        raw.signature = None
    elif payload <= span:
        raw.signature = signature.digest(b"O", payload, _sound_of(tail))
    else:
        raw.signature = signature.digest(
            b"O", payload, _sound_of(source.read_at(sound, span)), _sound_of(tail)
        )


def _last_page(
    source: Readable, serial: int, tail: bytes, base: int, sound: int
) -> tuple[int, int, int] | None:
    """Granule position, flags and end of the last page of the stream that ends a packet."""
    size = source.size
    cut: int | None = None
    while True:
        at = len(tail)
        while (at := tail.rfind(b"OggS", 0, at)) >= 0:
            if at + 27 > len(tail) or tail[at + 4]:
                if at + 27 > len(tail):
                    cut = size + 1
                continue
            _, _, flags, granule, stream, _, _, count = _PAGE(tail, at)
            if stream != serial:
                continue
            stop = base + at + 27 + count + sum(tail[at + 27 : at + 27 + count])
            if stop > size:
                # Its end is not there: remember that, and take the length from the page before.
                cut = stop
            elif granule >= 0:
                return granule, flags, cut or stop
        if base <= sound or size - base >= _SEARCH:
            return None
        base = max(sound, size - 4 * (size - base))
        tail = source.read_at(base, size - base)


def _sound_of(buf: bytes) -> bytes:
    """What the pages in `buf` carry, without their headers: those change when tags grow."""
    found: list[bytes] = []
    at = buf.find(b"OggS")
    if at < 0:
        return buf
    while at + 27 <= len(buf) and buf[at : at + 4] == b"OggS":
        count = buf[at + 26]
        body = at + 27 + count
        at = body + sum(buf[at + 27 : body])
        found.append(buf[body:at])
    return b"".join(found)
