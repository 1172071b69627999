"""Decoders as streams of bounded pieces: deflate, bzip2, LZMA, and the filters of 7z.

Stands below the readers of zip and 7z; all of it is in the standard library. Nothing here gives a piece
larger than a megabyte or runs ahead of whoever takes the pieces, so a bomb is stopped by not asking for
more. Knows no archive and no names.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from shelfread.media.books.archives.bounds import Garbled
from shelfread.media.window import Readable

#: Packed bytes that are fetched and handed to a decoder at once.
_FETCH = 128 << 10
_PIECE = 1 << 20
#: A stored chunk of LZMA2 holds so much.
_CHUNK = 1 << 16
_SMALLEST_DICTIONARY = 4096


class Decoder(Protocol):
    """What `bz2` and `lzma` give, and `Inflate`."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Inflate:
    """Raw deflate with the interface of the other decoders."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-15)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        rest = self._inflate.unconsumed_tail
        found = self._inflate.decompress(rest + data if rest else data, max_length)
        # A full piece may leave bytes inside the decoder that need no input to come out.
        self.needs_input = len(found) < max_length
        return found


class Stored:
    """Bytes that are what they are."""

    def __init__(self) -> None:
        self.eof = False
        self.needs_input = True
        self._rest = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        content = self._rest + data if self._rest else data
        self._rest = content[max_length:]
        self.needs_input = not self._rest
        return content[:max_length]


def fetched(source: Readable, offset: int, length: int) -> Iterator[bytes]:
    """The bytes of the file from `offset` on, in pieces; ends early where the file does."""
    end = offset + length
    while offset < end:
        piece = source.read_at(offset, min(_FETCH, end - offset))
        if not piece:
            return
        offset += len(piece)
        yield piece


def decoded(make: Callable[[], Decoder], pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """What a decoder makes of `pieces`: `length` bytes at most, fewer where it ends or they do.

    Raises:
        Garbled: it cannot make anything of them.
    """
    decoder = _tried(make)
    packed = iter(pieces)
    missing = length
    while missing > 0 and not decoder.eof:
        content = b""
        if decoder.needs_input:
            content = next(packed, b"")
            if not content:
                return
        piece = _tried(decoder.decompress, content, min(_PIECE, missing))
        if piece:
            missing -= len(piece)
            yield piece


def filtered(properties: dict[str, Any], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What a filter (delta, or one for machine code) makes of `pieces`, to its last byte.

    The library runs filters in front of a decoder only, and keeps the last bytes back unless that one says
    that it is at its end. LZMA2 with stored chunks does, and unpacks nothing.
    """
    decoder = _tried(lzma.LZMADecompressor, lzma.FORMAT_RAW, None, [properties, lzma2(_CHUNK)])
    control = b"\x01"
    for piece in pieces:
        for at in range(0, len(piece), _CHUNK):
            chunk = piece[at : at + _CHUNK]
            found = _tried(decoder.decompress, control + (len(chunk) - 1).to_bytes(2, "big") + chunk)
            control = b"\x02"
            if found:
                yield found
    found = _tried(decoder.decompress, b"\0")
    if found:
        yield found


def bzip2() -> Decoder:
    """A decoder of one bzip2 stream."""
    return bz2.BZ2Decompressor()


def raw_lzma(properties: dict[str, Any]) -> Decoder:
    """A decoder of LZMA or LZMA2 without a header, from what `lzma1` or `lzma2` gives."""
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, None, [properties])


def lzma1(properties: bytes, length: int) -> tuple[dict[str, Any], int]:
    """The five bytes before an LZMA stream that gives `length` bytes, and the dictionary they ask for.

    No more dictionary is reserved than there are bytes to look back to.

    Raises:
        Garbled: they are no such properties.
    """
    if len(properties) < 5 or properties[0] >= 9 * 5 * 5:
        raise Garbled("the properties of its LZMA stream are wrong")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    if lc + lp > 4:
        raise Garbled("the properties of its LZMA stream are wrong")
    dictionary = min(int.from_bytes(properties[1:5], "little"), max(length, 1))
    size = max(dictionary, _SMALLEST_DICTIONARY)
    return {"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}, size


def lzma2(dictionary: int) -> dict[str, Any]:
    """An LZMA2 stream with so large a dictionary."""
    return {"id": lzma.FILTER_LZMA2, "dict_size": max(dictionary, _SMALLEST_DICTIONARY)}


def _tried(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except (zlib.error, lzma.LZMAError, EOFError, ValueError) as trouble:
        raise Garbled(str(trouble)) from None
    except OSError as trouble:  # what bz2 says of bad bytes; nothing is read from a disk in here
        raise Garbled(str(trouble)) from None
