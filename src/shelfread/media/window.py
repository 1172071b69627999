"""Looking at a file through a small window that moves: the readers' way to skip what they do not need.

Stands below all readers. A picture of 5 MB between two tags costs one positioned read and no memory. It
knows nothing of formats.
"""

from __future__ import annotations

from typing import Protocol

#: Bytes fetched when the window moves.
STEP = 8192


class Readable(Protocol):
    """What a window looks at: an open file, or bytes in memory that were packed in one."""

    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes at `offset`; shorter than `length` at the end, empty past it."""


class Memory:
    """Bytes in memory as something readable."""

    __slots__ = ("content", "size")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)

    def read_at(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


class Window:
    """The bytes `buf` of `source` that begin at `base`, moved on demand."""

    __slots__ = ("base", "buf", "size", "source")

    def __init__(self, source: Readable, buf: bytes = b"", base: int = 0) -> None:
        self.source = source
        self.size = source.size
        self.buf = buf
        self.base = base

    def need(self, offset: int, length: int) -> int:
        """Index in `buf` of `offset`, with `length` bytes behind it as far as the file goes."""
        index = offset - self.base
        if index >= 0 and index + length <= len(self.buf):
            return index
        # The length may be a claim of the file: what is fetched never exceeds what is there.
        length = min(max(length, STEP), self.size - offset)
        self.buf = self.source.read_at(offset, length) if length > 0 and offset >= 0 else b""
        self.base = offset
        return 0

    def get(self, offset: int, length: int) -> bytes:
        """The bytes themselves; shorter than asked at the end of the file."""
        index = self.need(offset, length)
        return self.buf[index : index + length]

    def peek(self, offset: int, length: int) -> bytes:
        """A few bytes from elsewhere, without moving the window."""
        index = offset - self.base
        if index >= 0 and index + length <= len(self.buf):
            return self.buf[index : index + length]
        return self.source.read_at(offset, length) if 0 <= offset < self.size else b""
