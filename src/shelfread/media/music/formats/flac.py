"""Native FLAC: stream facts, Vorbis comments, pictures, and whether the last frame is there.

Stands beside the other readers. Facts from RFC 9639 (8 metadata blocks, 9.1 frame header, 9.1.8 CRC-8). It
decodes no sound. The signature is the MD5 of the decoded sound that the encoder left in STREAMINFO.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.formats import signature, vorbis
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable, Window
from shelfread.model.problem import ProblemCode

_U32 = Struct(">I").unpack_from
_STREAMINFO = Struct(">HH3s3sQ16s").unpack_from
_MOST_BLOCKS = 1024
_NO_MD5 = bytes(16)
#: The end that is searched for the last frame, at most.
_SEARCH = 65536


def _crc_table() -> bytes:
    table = bytearray(256)
    for number in range(256):
        value = number
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
        table[number] = value
    return bytes(table)


_CRC8 = _crc_table()


def read(source: Readable, raw: Raw, start: int, head: bytes) -> None:
    """Read the FLAC stream at `start`, of which `head` holds the first bytes."""
    raw.container = raw.codec = "flac"
    size = source.size
    window = Window(source, head, start)
    position = start + 4
    block = largest = total = 0
    md5 = _NO_MD5
    for _ in range(_MOST_BLOCKS):
        at = window.need(position, 42)
        buf = window.buf
        if len(buf) - at < 4:
            raw.trouble(ProblemCode.TRUNCATED, "the file ends inside its metadata")
            return
        word = _U32(buf, at)[0]
        kind, length = word >> 24 & 0x7F, word & 0xFFFFFF
        position += 4
        if kind == 0 and length >= 34 and len(buf) - at >= 38:
            block, largest, total, md5 = stream_facts(raw, buf, at + 4)
        elif kind == 4:
            detail = vorbis.parse(window, position, position + length, raw.tags, raw.pictures)
            if detail is not None and position + length <= size:
                raw.trouble(ProblemCode.DAMAGED, detail)
        elif kind == 6 and len(raw.pictures) < pics.MOST_PICTURES:
            picture = pics.flac_block(window, position, min(length, size - position))
            if picture is not None:
                raw.pictures.append(picture)
        position += length
        if position > size:
            raw.trouble(ProblemCode.TRUNCATED, "the file ends inside its metadata")
            return
        if word & 0x80000000:
            break
    if raw.sample_rate is None:
        raw.trouble(ProblemCode.DAMAGED, "the FLAC stream has no STREAMINFO")
    payload = size - position
    if raw.duration_s:
        raw.bitrate_kbps = round(payload * 8 / raw.duration_s / 1000)
    whole = True
    if total:
        whole = _whole(source, raw, position, total, largest, block)
    if md5 != _NO_MD5 and whole:
        raw.signature = b"F" + md5
    else:
        raw.signature = signature.of_range(source, b"f", position, size)


def stream_facts(raw: Raw, buf: bytes, at: int) -> tuple[int, int, int, bytes]:
    """Fill in what STREAMINFO (8.2) at `at` says; block size, largest frame, total samples, MD5."""
    _, block, _, largest, packed, md5 = _STREAMINFO(buf, at)
    rate = packed >> 44
    total = packed & 0xFFFFFFFFF
    if rate:
        raw.sample_rate = rate
        raw.channels = (packed >> 41 & 7) + 1
        raw.bit_depth = (packed >> 36 & 31) + 1
        if total:
            raw.duration_s = total / rate
    return block, int.from_bytes(largest, "big"), total, md5


def _whole(source: Readable, raw: Raw, start: int, total: int, largest: int, block: int) -> bool:
    """Whether the last frame holds the last sample; says so when it does not."""
    size = source.size
    if start >= size:
        raw.trouble(ProblemCode.TRUNCATED, "the file ends before its sound")
        return False
    # The last frame is no longer than the largest one; what tags may stand behind it is extra.
    span = min(_SEARCH, max(largest + 256, 2048) if largest else 16384)
    last = _last_sample(source, block, max(start, size - span), size)
    if last is None and span < _SEARCH and size - start > span:
        last = _last_sample(source, block, max(start, size - _SEARCH), size)
    if last is None:
        if size - start <= _SEARCH:
            raw.trouble(ProblemCode.DAMAGED, "no FLAC frame was found")
            return False
        return True
    if last < total:
        raw.trouble(ProblemCode.TRUNCATED, f"the sound ends at sample {last} of {total}")
        return False
    return True


def _last_sample(source: Readable, fixed: int, base: int, end: int) -> int | None:
    """The number of samples up to the end of the last frame whose header is found behind `base`."""
    tail = source.read_at(base, end - base)
    stop = len(tail)
    while stop > 0:
        at = tail.rfind(b"\xff", 0, stop)
        if at < 0:
            return None
        stop = at
        if at + 6 > len(tail) or tail[at + 1] & 0xFE != 0xF8:
            continue
        found = _frame_end(fixed, tail, at)
        if found is not None:
            return found
    return None


def _frame_end(fixed: int, tail: bytes, at: int) -> int | None:
    """The sample number behind the frame at `at`, if its header is valid (9.1)."""
    size_code, rate_code = tail[at + 2] >> 4, tail[at + 2] & 15
    if size_code == 0 or rate_code == 15 or tail[at + 3] >> 4 > 10 or tail[at + 3] & 1:
        return None
    number = tail[at + 4]
    position = at + 5
    if number >= 0x80:
        # Coded like UTF-8, but up to 36 bits long (9.1.5).
        extra = 0
        while number << extra & 0x80 and extra < 8:
            extra += 1
        if not 2 <= extra <= 7:
            return None
        number &= 0x7F >> extra
        for byte in tail[position : position + extra - 1]:
            if byte & 0xC0 != 0x80:
                return None
            number = number << 6 | byte & 0x3F
        position += extra - 1
    block = 0
    if size_code == 1:
        block = 192
    elif size_code <= 5:
        block = 576 << size_code - 2
    elif size_code >= 8:
        block = 256 << size_code - 8
    else:
        width = size_code - 5
        block = int.from_bytes(tail[position : position + width], "big") + 1
        position += width
    position += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if position >= len(tail):
        return None
    check = 0
    for byte in tail[at:position]:
        check = _CRC8[check ^ byte]
    if check != tail[position]:
        return None
    if tail[at + 1] & 1:
        return number + block
    # Fixed blocks are counted in frames of the size STREAMINFO tells; the last one may be shorter.
    return number * fixed + block
