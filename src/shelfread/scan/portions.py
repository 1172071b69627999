"""The words of the parser pool: files to read, readings, and who has which files just now.

Used by `extract`, which decides; nothing here waits, starts or kills anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

import msgspec

from shelfread.model.entry import Stamp
from shelfread.model.problem import ProblemCode
from shelfread.scan.children import Child
from shelfread.scan.parser import ANNOUNCE

MEDIA = 0
SIDECAR = 1

#: A child has at most so many chunks: one in work, one waiting so that it never idles.
DEPTH = 2


class FileRef(NamedTuple):
    """One file to read: its absolute path, the path below its root, and what is wanted of it."""

    path: bytes
    relative: bytes
    #: MEDIA or SIDECAR.
    want: int = MEDIA


class FileReading(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What came of one file: decoded from the child's frame as it is, the item left encoded.

    `item` is msgpack of the kind's dataclass, or of None: give it to a decoder of `Audio | None`. It is
    a view of the bytes received with it, so it is for the next batch and not for keeping.
    """

    #: Position in the chunk.
    index: int
    #: The stamp under which the content was read; None if the file could not be opened or killed its reader.
    stamp: Stamp | None
    code: ProblemCode | None
    detail: str | None
    signature: bytes | None
    item: msgspec.Raw


class Chunk:
    """One call of `read`."""

    __slots__ = ("deaths", "done", "files", "left", "readings")

    def __init__(self, files: list[FileRef], done: asyncio.Future[None]) -> None:
        self.files = files
        self.readings: list[FileReading | None] = [None] * len(files)
        self.left = len(files)
        self.deaths: dict[int, int] = {}
        self.done = done

    def put(self, reading: FileReading) -> None:
        self.readings[reading.index] = reading
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class Portion:
    """Files of one chunk that travel to a child together: all of it, or what a dead child left."""

    __slots__ = ("alone", "answered", "chunk", "indexes")

    def __init__(self, chunk: Chunk, indexes: list[int], *, alone: bool = False) -> None:
        self.chunk = chunk
        self.indexes = indexes
        self.answered = 0
        self.alone = alone

    def message(self) -> list[tuple[int, bytes, bytes, int]]:
        files = self.chunk.files
        if self.alone:
            path, relative, want = files[self.indexes[0]]
            return [(self.indexes[0], path, relative, want | ANNOUNCE)]
        return [(index, *files[index]) for index in self.indexes]


class Seat:
    """A place for one child; when the child dies the next one takes it."""

    __slots__ = ("begun", "child", "excused", "filling", "heard", "out", "verdict")

    def __init__(self) -> None:
        self.child: Child | None = None
        self.filling: asyncio.Task[None] | None = None
        self.out: deque[Portion] = deque()
        self.heard = 0.0
        #: Set when the child is being killed (or leaves) for a known reason.
        self.verdict: tuple[ProblemCode, str] | None = None
        #: The child has told that it opens the file it was given alone.
        self.begun = False
        #: Its end is nobody's fault.
        self.excused = False

    def takes(self, portion: Portion) -> bool:
        if self.child is None or self.verdict is not None or self.excused:
            return False
        return not self.out or (len(self.out) < DEPTH and not portion.alone and not self.out[0].alone)

    def load(self) -> int:
        return sum(len(portion.indexes) - portion.answered for portion in self.out)
