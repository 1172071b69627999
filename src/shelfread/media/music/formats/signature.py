"""The content signature: what a file sounds like, whatever its tags say.

Stands beside the readers, each of which knows where its sound begins and ends. The signature is one byte
for the format and a 16-byte xxh3 of the size of the sound, its head and its tail. It reads at most 32 KiB.
It does not know what the bytes mean.
"""

from __future__ import annotations

from struct import Struct

from xxhash import xxh3_128_digest

from shelfread.media.window import Readable

#: Bytes taken from each end of the sound.
SPAN = 16384

_SIZE = Struct("<Q").pack


def digest(mark: bytes, size: int, head: bytes, tail: bytes = b"") -> bytes:
    """The signature of sound of `size` bytes with this head and tail; `mark` is one byte."""
    return mark + xxh3_128_digest(b"".join((_SIZE(size), head, tail)))


def of_range(
    source: Readable, mark: bytes, start: int, end: int, head: bytes = b"", size: int | None = None
) -> bytes | None:
    """The signature of the sound in [start, end); `head` are bytes at `start` that were read already."""
    length = end - start
    if length <= 0:
        return None
    if length <= SPAN:
        if len(head) < length:
            head = source.read_at(start, length)
        return digest(mark, size or length, head[:length])
    if len(head) < SPAN:
        head = source.read_at(start, SPAN)
    tail = source.read_at(max(start + SPAN, end - SPAN), min(SPAN, length - SPAN))
    return digest(mark, size or length, head[:SPAN], tail)
