"""DSF: DSD sound in one file.

Stands beside the other readers; the ID3 tag at its end is read by `id3`. Facts from the DSF File Format
Specification 1.01 of Sony. It knows nothing of DSDIFF.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import id3, signature
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable
from shelfread.model.problem import ProblemCode

_HEAD = Struct("<QQQ").unpack_from
_FORMAT = Struct("<IIIIIIQI").unpack_from
_CHUNK = Struct("<4sQ").unpack_from
#: The DSD chunk is 28 bytes, the fmt chunk behind it usually 52.
_FMT_AT = 28


def read(source: Readable, raw: Raw, head: bytes) -> None:
    """Read the file whose first bytes are `head`."""
    raw.container, raw.codec = "dsf", "dsd"
    size = source.size
    if len(head) < 92 or head[_FMT_AT : _FMT_AT + 4] != b"fmt ":
        raw.trouble(
            ProblemCode.TRUNCATED if size < 92 else ProblemCode.DAMAGED, "the format chunk is missing"
        )
        return
    _, whole, tag = _HEAD(head, 4)
    length = _HEAD(head, _FMT_AT + 4)[0]
    _, _, _, channels, rate, bits, samples, _ = _FORMAT(head, _FMT_AT + 12)
    raw.channels, raw.sample_rate, raw.bit_depth = channels or None, rate or None, bits or None
    if rate:
        raw.duration_s = samples / rate
        raw.bitrate_kbps = round(rate * bits * channels / 1000)
    start = _FMT_AT + length
    chunk = source.read_at(start, 12) if start < size else b""
    if len(chunk) < 12 or chunk[:4] != b"data":
        raw.trouble(ProblemCode.DAMAGED, "the sound chunk is missing")
        return
    end = start + _CHUNK(chunk)[1]
    if end > size or whole > size:
        raw.trouble(ProblemCode.TRUNCATED, "the file is shorter than its header says")
    if tag and tag < size:
        detail = id3.parse(source, b"", 0, tag, raw.tags, raw.pictures)
        if detail is not None:
            raw.trouble(ProblemCode.DAMAGED, detail)
    raw.signature = signature.of_range(source, b"D", start + 12, min(end, size))
