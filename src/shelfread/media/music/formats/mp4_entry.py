"""The sample description of an MP4 sound track: codec, rate, channels, bits, bitrate.

Stands below `mp4`, which finds it. Facts from ISO 14496-12 (8.5.2, 12.2.3), 14496-1 (7.2.6.5 esds), 14496-3
(1.6.2.1 AudioSpecificConfig), the ALAC magic cookie, and the mappings of Opus (`dOps`) and FLAC (`dfLa`).
"""

from __future__ import annotations

from struct import Struct

from shelfread.media.music.raw import Raw

_BOX = Struct(">I4s").unpack_from
_U32 = Struct(">I").unpack_from
_U64 = Struct(">Q").unpack_from
_ENTRY = Struct(">HHIHHI").unpack_from

_CODECS = {
    b"mp4a": "aac", b"alac": "alac", b"fLaC": "flac", b"Opus": "opus", b".mp3": "mp3", b"ac-3": "ac3",
    b"ec-3": "eac3", b"drms": "aac", b"enca": "aac", b"sowt": "pcm", b"twos": "pcm", b"lpcm": "pcm",
    b"ipcm": "pcm", b"samr": "amr", b"sawb": "amr",
}  # fmt: skip
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def describe(raw: Raw, entry: bytes) -> None:
    """Fill in what the first entry of `stsd` says."""
    if len(entry) < 36:
        return
    kind = entry[4:8]
    raw.codec = _CODECS.get(kind)
    version, _, _, channels, bits, rate = _ENTRY(entry, 16)
    raw.channels, raw.sample_rate = channels or None, rate >> 16 or None
    at = 36 + (16 if version == 1 else 36 if version == 2 else 0)
    while at + 8 <= len(entry):
        length, inner = _BOX(entry, at)
        if length < 8:
            break
        if inner == b"wave":  # QuickTime wraps the boxes once more
            at += 8
            continue
        body = entry[at + 8 : at + length]
        if inner == b"esds":
            _esds(raw, body)
        elif inner == b"alac" and len(body) >= 28:
            raw.bit_depth, raw.channels = body[9], body[13]
            raw.bitrate_kbps = round(_U32(body, 20)[0] / 1000) or None
            raw.sample_rate = _U32(body, 24)[0] or None
        elif inner == b"dfLa" and len(body) >= 28:
            packed = _U64(body, 18)[0]
            raw.bit_depth, raw.sample_rate = (packed >> 36 & 31) + 1, packed >> 44
        elif inner == b"dOps":
            raw.sample_rate = 48000
        at += length
    if raw.codec == "pcm":
        raw.bit_depth = bits or None


def _esds(raw: Raw, body: bytes) -> None:
    """The elementary stream descriptor (14496-1, 7.2.6.5): codec, average bitrate, decoder configuration."""
    at = body.find(b"\x04", 4 + 5)
    while at >= 0:
        inner, length = _descriptor(body, at + 1)
        if 13 <= length <= len(body) - inner:
            break
        at = body.find(b"\x04", at + 1)
    if at < 0:
        return
    kind = body[inner]
    if kind in (0x69, 0x6B):
        raw.codec = "mp3"
    elif kind == 0xA5:
        raw.codec = "ac3"
    elif kind == 0xA9:
        raw.codec = "dts"
    average = _U32(body, inner + 9)[0]
    if average:
        raw.bitrate_kbps = round(average / 1000) or None
    inner += 13
    if raw.codec == "aac" and body[inner : inner + 1] == b"\x05":
        inner, length = _descriptor(body, inner + 1)
        if length >= 2 and inner + 2 <= len(body):
            bits = int.from_bytes(body[inner : inner + 8].ljust(8, b"\0"), "big")
            kind, index = bits >> 59, bits >> 55 & 15
            channels = bits >> 51 & 15
            if kind in (5, 29) and index < 15:
                # SBR in plain sight: the rate that comes out is the extended one (14496-3, 1.6.2.1).
                index = bits >> 47 & 15
                if kind == 29:
                    channels = 2
            if index < len(_RATES):
                raw.sample_rate = _RATES[index]
            if 0 < channels < 8:
                raw.channels = 8 if channels == 7 else channels


def _descriptor(body: bytes, at: int) -> tuple[int, int]:
    """Where a descriptor's content begins, and its length of up to four bytes."""
    length = 0
    for _ in range(4):
        if at >= len(body):
            return at, 0
        byte = body[at]
        at += 1
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    return at, length
