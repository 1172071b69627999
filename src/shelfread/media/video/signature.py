"""The signature by which a video is known again after it was moved: it ignores tags, reads 112 KiB at most.

Below `streams`, beside the readers of containers, which know where pictures and sound lie. An equal
signature says that two files are the same work, never that a file is unchanged. It knows no container.
"""

from __future__ import annotations

from xxhash import xxh3_128

from shelfread.media.window import Readable

#: Bytes of each end.
_SPAN = 56 << 10


def of_payload(source: Readable, first: tuple[int, int], last: tuple[int, int], length: int) -> bytes:
    """Of the part that holds pictures and sound.

    Args:
        source: The file.
        first: Begin and end of the first piece; its head is read.
        last: Begin and end of the last piece, maybe the same; its tail is read.
        length: Bytes of all pieces together.
    """
    digest = xxh3_128(b"video %d " % length)
    digest.update(source.read_at(first[0], min(_SPAN, first[1] - first[0])))
    begin = max(last[0], last[1] - _SPAN)
    if last == first:
        begin = max(begin, min(first[0] + _SPAN, first[1]))
    digest.update(source.read_at(begin, last[1] - begin))
    return digest.digest()


def of_ends(source: Readable) -> bytes:
    """Of a file whose inside is not known: its size, its head and its tail."""
    return of_payload(source, (0, source.size), (0, source.size), source.size)
