"""Puts into the boxes of an MP4 what FFmpeg cannot write: Dolby Vision and Dolby Atmos.

Stands behind `video`. `moov` is the last box of such a file, so nothing but its own lengths changes. Facts
from the Dolby Vision streams within the ISO base media file format specification (2.1.2) and ETSI TS 103 420
(8.3.2: the extension of `dec3`).
"""

from __future__ import annotations

_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
#: Fields before the boxes inside: `stsd` counts its entries, video and audio entries describe themselves.
_LEAD = {b"stsd": 8, b"hvc1": 78, b"hev1": 78, b"avc1": 78, b"ec-3": 28}


def with_dolby_vision(content: bytes, profile: int, level: int, compatible: int) -> bytes:
    """With the configuration of Dolby Vision in the first video entry."""
    flags = profile << 9 | level << 3 | 0b101  # metadata and base layer, no enhancement layer
    record = bytes([1, 0]) + flags.to_bytes(2, "big") + bytes([compatible << 4]) + bytes(19)
    name = b"dvcC" if profile <= 7 else b"dvvC"
    return _changed(content, (b"hvc1", b"hev1", b"avc1"), lambda entry: entry + _box(name, record))


def with_atmos(content: bytes) -> bytes:
    """With the sign of joint object coding in the first E-AC-3 entry."""

    def mark(entry: bytes) -> bytes:
        at = entry.index(b"dec3") - 4
        length = int.from_bytes(entry[at : at + 4], "big")
        body = entry[at + 8 : at + length]
        return entry[:at] + _box(b"dec3", body[:5] + bytes([1, 16])) + entry[at + length :]

    return _changed(content, (b"ec-3",), mark)


def _box(name: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + name + body


def _changed(content: bytes, entries: tuple[bytes, ...], change: object) -> bytes:
    assert callable(change)
    done = False

    def walk(part: bytes) -> bytes:
        nonlocal done
        kept, position = b"", 0
        while position + 8 <= len(part):
            length = int.from_bytes(part[position : position + 4], "big")
            name = part[position + 4 : position + 8]
            body = part[position + 8 : position + length]
            if name in entries and not done:
                done = True
                body = change(body)
            elif name in _PARENTS and not done:
                lead = _LEAD.get(name, 0)
                body = body[:lead] + walk(body[lead:])
            kept += _box(name, body)
            position += length
        return kept

    changed = walk(content)
    if not done:
        raise ValueError(f"no {entries} in this file")
    return changed
