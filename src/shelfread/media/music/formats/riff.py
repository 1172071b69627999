"""WAV (RIFF, RF64, BW64) and AIFF/AIFC: chunks.

Stands beside the other readers; ID3 chunks are read by `id3`. Facts from the RIFF and WAVE documents of
Microsoft (fmt, WAVE_FORMAT_EXTENSIBLE, LIST INFO), EBU Tech 3306 (RF64 ds64) and AIFF-C of Apple (COMM,
SSND, NAME, AUTH, ANNO). It decodes nothing.
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.formats import id3, signature
from shelfread.media.music.formats.keys import lenient, merge, put
from shelfread.media.music.raw import Raw
from shelfread.media.window import Readable, Window
from shelfread.model.problem import ProblemCode

_LE_CHUNK = Struct("<4sI").unpack_from
_BE_CHUNK = Struct(">4sI").unpack_from
_FMT = Struct("<HHIIHH").unpack_from
_COMM = Struct(">hIhHQ").unpack_from
_DS64 = Struct("<QQ").unpack_from
_MOST_CHUNKS = 4096
_LONGEST_TEXT = 1 << 20

_CODECS = {
    0x0001: "pcm", 0x0003: "pcm", 0x0002: "adpcm", 0x0011: "adpcm", 0x0006: "alaw", 0x0007: "mulaw",
    0x0050: "mp2", 0x0055: "mp3", 0x0160: "wma", 0x0161: "wma", 0x00FF: "aac", 0x1610: "aac",
    0x2000: "ac3", 0x2001: "dts", 0xF1AC: "flac",
}  # fmt: skip
_AIFC_CODECS = {
    b"NONE": "pcm", b"sowt": "pcm", b"twos": "pcm", b"fl32": "pcm", b"FL32": "pcm", b"fl64": "pcm",
    b"in24": "pcm", b"in32": "pcm", b"raw ": "pcm", b"alaw": "alaw", b"ulaw": "mulaw", b"ima4": "adpcm",
}  # fmt: skip
_WAV_TEXTS = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"IGNR": "genre", b"ICRD": "date",
    b"ICMT": "comment", b"ITRK": "tracknumber", b"IPRT": "tracknumber", b"IMUS": "composer",
    b"IENG": "engineer", b"IPRO": "producer", b"IWRI": "lyricist",
}  # fmt: skip
_AIFF_TEXTS = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment"}


def read_wav(source: Readable, raw: Raw, head: bytes) -> None:
    """Read a RIFF, RF64 or BW64 file of form WAVE."""
    raw.container = "wav"
    size = source.size
    window = Window(source, head)
    listed: dict[str, list[str]] = {}
    start = end = claimed = wide = byte_rate = 0
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > size:
            break
        at = window.need(position, 48)
        buf = window.buf
        name, length = _LE_CHUNK(buf, at)
        body = position + 8
        if name == b"data" and not end:
            if length == 0xFFFFFFFF:
                # RF64 keeps the size elsewhere; writers to a pipe do not know it.
                length = wide or size - body
            elif length == 0 and not wide and body < size and not _is_chunk(window.peek(body, 4)):
                length = size - body
            claimed, start, end = length, body, min(body + length, size)
        if body + length > size:
            detail = f"the chunk {name.decode('latin-1')!a} runs past the end of the file"
            raw.trouble(ProblemCode.TRUNCATED, detail)
        if name == b"fmt " and len(buf) - at >= 24 and length >= 16:
            code, raw.channels, raw.sample_rate, byte_rate, _, bits = _FMT(buf, at + 8)
            if code == 0xFFFE and length >= 40 and len(buf) - at >= 34:
                code = int.from_bytes(buf[at + 32 : at + 34], "little")
            raw.codec = _CODECS.get(code)
            raw.bit_depth = bits or None if raw.codec == "pcm" else None
        elif name == b"ds64" and len(buf) - at >= 24:
            wide = _DS64(buf, at + 8)[1]
        elif name == b"LIST" and buf[at + 8 : at + 12] == b"INFO":
            _list(window, body + 4, min(body + length, size), listed)
        elif name in (b"id3 ", b"ID3 "):
            _id3(source, raw, window, body)
        position = body + length + (length & 1)
    merge(raw.tags, listed)
    if raw.sample_rate is None:
        raw.trouble(ProblemCode.DAMAGED, "the format chunk is missing")
    if not end:
        raw.trouble(ProblemCode.TRUNCATED, "the sound chunk is missing")
        return
    if byte_rate:
        raw.duration_s = claimed / byte_rate
        raw.bitrate_kbps = round(byte_rate * 8 / 1000)
    raw.signature = signature.of_range(source, b"W", start, end)


def _is_chunk(name: bytes) -> bool:
    return len(name) == 4 and name.isascii() and name.decode("ascii").isprintable()


def _list(window: Window, position: int, end: int, tags: dict[str, list[str]]) -> None:
    """LIST INFO: small chunks of text in no declared encoding."""
    for _ in range(_MOST_CHUNKS):
        if position + 8 > end:
            break
        at = window.need(position, 8)
        if len(window.buf) - at < 8:
            break
        name, length = _LE_CHUNK(window.buf, at)
        position += 8
        key = _WAV_TEXTS.get(name)
        if key is not None and key not in tags:
            length = min(length, end - position)
            put(tags, key, lenient(window.get(position, min(length, _LONGEST_TEXT)).rstrip(b"\0")))
        position += length + (length & 1)


def _id3(source: Readable, raw: Raw, window: Window, body: int) -> None:
    start = window.peek(body, 10)
    if start[:3] == b"ID3":
        detail = id3.parse(source, window.buf, window.base, body, raw.tags, raw.pictures)
        if detail is not None:
            raw.trouble(ProblemCode.DAMAGED, detail)


def read_aiff(source: Readable, raw: Raw, head: bytes) -> None:
    """Read a FORM file of type AIFF or AIFC."""
    raw.container = "aiff"
    size = source.size
    window = Window(source, head)
    texts: dict[str, list[str]] = {}
    frames = 0
    start = end = claimed = 0
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > size:
            break
        at = window.need(position, 48)
        buf = window.buf
        name, length = _BE_CHUNK(buf, at)
        body = position + 8
        if body + length > size:
            detail = f"the chunk {name.decode('latin-1')!a} runs past the end of the file"
            raw.trouble(ProblemCode.TRUNCATED, detail)
        if name == b"COMM" and len(buf) - at >= 26 and length >= 18:
            raw.channels, frames, raw.bit_depth, exponent, mantissa = _COMM(buf, at + 8)
            # An 80-bit float of the 68881: no sampling rate needs more than its integer part.
            shift = 16446 - (exponent & 0x7FFF)
            raw.sample_rate = (mantissa >> shift if 0 < shift < 64 else 0) or None
            code = buf[at + 26 : at + 30] if length >= 22 else b"NONE"
            raw.codec = _AIFC_CODECS.get(code) if head[8:12] == b"AIFC" else "pcm"
        elif name == b"SSND":
            claimed, start, end = length, body, min(body + length, size)
        elif name in _AIFF_TEXTS:
            text = lenient(window.get(body, min(length, _LONGEST_TEXT)).rstrip(b"\0 "))
            put(texts, _AIFF_TEXTS[name], text)
        elif name in (b"ID3 ", b"id3 "):
            _id3(source, raw, window, body)
        position = body + length + (length & 1)
    merge(raw.tags, texts)
    if raw.sample_rate is None:
        raw.trouble(ProblemCode.DAMAGED, "the format chunk is missing")
    elif frames:
        raw.duration_s = frames / raw.sample_rate
        raw.bitrate_kbps = round(claimed * 8 / raw.duration_s / 1000) or None
    if not end:
        raw.trouble(ProblemCode.TRUNCATED, "the sound chunk is missing")
        return
    raw.signature = signature.of_range(source, b"A", start, end)
