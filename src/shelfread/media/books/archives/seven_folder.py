"""A block of packed bytes in a 7z archive, and the steps that unpack it.

Stands below the header, which fills these in, and `seven`, which takes from the stream. 7z calls the block a
folder. Methods from Methods.txt of the LZMA SDK (public domain).
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shelfread.media.books.archives import unpack
from shelfread.media.books.archives.base import BookTrouble, Limits
from shelfread.media.books.archives.bounds import Garbled, amount
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_AES = b"\x06\xf1\x07\x01"
_STORED, _LZMA2, _LZMA = b"\0", b"\x21", b"\3\1\1"
_DECODERS: dict[bytes, Callable[[], unpack.Decoder]] = {
    _STORED: unpack.Stored,
    b"\4\1\x08": unpack.Inflate,
    b"\4\2\2": unpack.bzip2,
}
_DELTA = b"\3"
#: Filters for machine code, by the number in short method ids and by the long ones.
_BRANCHES = {
    b"\4": lzma.FILTER_X86, b"\3\3\1\3": lzma.FILTER_X86,
    b"\5": lzma.FILTER_POWERPC, b"\3\3\2\5": lzma.FILTER_POWERPC,
    b"\6": lzma.FILTER_IA64, b"\3\3\4\1": lzma.FILTER_IA64,
    b"\7": lzma.FILTER_ARM, b"\3\3\5\1": lzma.FILTER_ARM,
    b"\x08": lzma.FILTER_ARMTHUMB, b"\3\3\7\1": lzma.FILTER_ARMTHUMB,
    b"\x09": lzma.FILTER_SPARC, b"\3\3\x08\5": lzma.FILTER_SPARC,
}  # fmt: skip
_NAMES = {
    b"\3\4\1": "PPMd", b"\4\1\x09": "Deflate64", b"\3\3\1\x1b": "BCJ2", b"\x0a": "the ARM64 filter",
    b"\x0b": "the RISC-V filter", b"\4\xf7\x11\1": "Zstandard", b"\4\xf7\x11\2": "Brotli",
    b"\4\xf7\x11\4": "LZ4",
}  # fmt: skip


@dataclass(slots=True)
class Coder:
    """One step of unpacking."""

    method: bytes
    properties: bytes
    #: Streams in and out; one each in all coders that are read.
    inputs: int
    outputs: int


@dataclass(slots=True)
class Folder:
    """A block of packed bytes, and the steps that unpack it."""

    coders: list[Coder]
    #: (input, output) of coders that are joined, counted over all coders.
    bonds: list[tuple[int, int]]
    packed_streams: int
    #: What each output gives.
    sizes: list[int] = field(default_factory=list)
    crc: int | None = None
    #: Where its packed bytes begin in the file, and how many they are.
    offset: int = 0
    packed: int = 0
    #: Sizes and checksums of the entries in it.
    streams: list[tuple[int, int | None]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Unpacked bytes: those of the output that no other coder takes."""
        taken = {output for _, output in self.bonds}
        return next((size for number, size in enumerate(self.sizes) if number not in taken), 0)

    @property
    def encrypted(self) -> bool:
        return any(coder.method == _AES for coder in self.coders)


def unpacked(source: Source, folder: Folder, limits: Limits) -> Iterator[bytes]:
    """The bytes of a block in pieces, as far as they are asked for; never more than announced.

    Raises:
        BookTrouble: before the first piece: ENCRYPTED, UNSUPPORTED or LIMIT_EXCEEDED; there, too.
        Garbled: from the iterator, where the packed bytes are wrong.
    """
    if folder.encrypted:
        raise BookTrouble(ProblemCode.ENCRYPTED, "the archive is encrypted")
    pieces = unpack.fetched(source, folder.offset, folder.packed)
    for number in _in_order(folder):
        pieces = _step(folder.coders[number], folder.sizes[number], pieces, limits)
    return pieces


def _in_order(folder: Folder) -> list[int]:
    """The numbers of the coders, that of the packed bytes first."""
    for coder in folder.coders:
        if coder.inputs != 1 or coder.outputs != 1:
            raise _unsupported(coder)
    # With one stream each, the input of a coder has its number. Bonds: input n takes what output m gives.
    takes = dict(folder.bonds)
    given = set(takes.values())
    number = next((number for number in range(len(folder.coders)) if number not in given), 0)
    order = [number]
    while number in takes and len(order) <= len(folder.coders):
        number = takes[number]
        order.append(number)
    if sorted(order) != list(range(len(folder.coders))):
        raise BookTrouble(ProblemCode.DAMAGED, "the steps of unpacking do not fit together")
    return order[::-1]


def _step(coder: Coder, size: int, pieces: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    method, properties = coder.method, coder.properties
    if method in _DECODERS:
        return unpack.decoded(_DECODERS[method], pieces, size)
    if method in (_LZMA, _LZMA2):
        about, dictionary = _lzma(method, properties, size)
        if dictionary > limits.dictionary_size:
            raise BookTrouble(
                ProblemCode.LIMIT_EXCEEDED,
                f"unpacking needs a dictionary of {amount(dictionary)}, "
                f"{amount(limits.dictionary_size)} are accepted",
            )
        return unpack.decoded(lambda: unpack.raw_lzma(about), pieces, size)
    if method == _DELTA and len(properties) == 1:
        return unpack.filtered({"id": lzma.FILTER_DELTA, "dist": properties[0] + 1}, pieces)
    if method in _BRANCHES and not properties:
        return unpack.filtered({"id": _BRANCHES[method]}, pieces)
    raise _unsupported(coder)


def _lzma(method: bytes, properties: bytes, size: int) -> tuple[dict[str, Any], int]:
    try:
        if method == _LZMA:
            return unpack.lzma1(properties, size)
    except Garbled as trouble:
        raise BookTrouble(ProblemCode.DAMAGED, str(trouble)) from None
    bits = properties[0] if len(properties) == 1 else 99
    if bits > 40:
        raise BookTrouble(ProblemCode.DAMAGED, "the properties of an LZMA2 stream are wrong")
    dictionary = 0xFFFFFFFF if bits == 40 else (2 | bits & 1) << (bits // 2 + 11)
    # No more is reserved than there are bytes to look back to.
    dictionary = min(dictionary, max(size, 1))
    return unpack.lzma2(dictionary), dictionary


def _unsupported(coder: Coder) -> BookTrouble:
    name = _NAMES.get(coder.method, f"method {coder.method.hex()}")
    return BookTrouble(ProblemCode.UNSUPPORTED, f"the archive is packed with {name}, which is not read")
