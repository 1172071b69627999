"""What a kind of media is to the rest of the program.

A kind is a folder in `media/` with an object that fulfils `Kind`. The scan calls it by this protocol and
knows no kind by name. `read` runs in a parser process, which may be killed at any moment; it must not
write, fetch or start anything (but what `Source.program_s` allows).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Any, Protocol

from shelfread.model.picture import Sidecar
from shelfread.model.problem import ProblemCode


class Source:
    """An open file for a reader: positioned reads only, never past the end, never more than asked.

    Lives as long as its descriptor, which the caller opens and closes. `path` is absolute bytes;
    `relative` is the path below its root, for names that carry facts.
    """

    __slots__ = ("beside", "fd", "path", "program_s", "relative", "size")

    def __init__(
        self,
        fd: int,
        path: bytes,
        size: int,
        relative: bytes | None = None,
        *,
        beside: bool = False,
        program_s: float = 0.0,
    ) -> None:
        #: Files beside it may say something of it: the kind's `fact_suffixes`.
        self.beside = beside
        self.fd = fd
        self.path = path
        self.size = size
        #: Seconds that another program may take which a reader asks about the file; 0: none is asked.
        self.program_s = program_s
        self.relative = path if relative is None else relative

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes at `offset`; shorter than `length` at the end of the file, empty past it."""
        return os.pread(self.fd, length, offset)

    def read_beside(self, name: bytes, limit: int) -> bytes | None:
        """A whole file of the same folder; None when it is not there, no plain file, or too large."""
        path = os.path.join(os.path.dirname(self.path), name)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | os.O_NOFOLLOW)
        except (OSError, ValueError):
            return None
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
                return None
            return os.pread(fd, found.st_size, 0)
        except OSError:
            return None
        finally:
            os.close(fd)


@dataclass(slots=True)
class Reading:
    """What a reader made of one file: always a result, never an exception, for any bytes whatever."""

    #: None when the file is sound; else what is wrong (with whatever could be read in `item`).
    code: ProblemCode | None
    detail: str | None
    #: The content signature: ignores tags, at most 32 bytes; None when the content gave none.
    signature: bytes | None
    #: The kind's own dataclass (for music `model.music.Audio`).
    item: Any


class Kind(Protocol):
    """One kind of media."""

    #: The word in `--kind` and in the libraries table.
    name: str
    #: Raised whenever reading or rules change: files read by a lower version are read again.
    version: int
    #: The dataclass that `read` gives.
    item_type: type
    #: Suffixes of its media files, lower case, with the dot.
    suffixes: frozenset[bytes]
    #: Suffixes of what is looked at beside them: pictures, and files that say something of the media.
    sidecar_suffixes: frozenset[bytes]
    #: Those of them that the reader of a media file looks into (`Source.read_beside`): when one changes, the
    #: media of its name are read again, or all of its folder where none has its name.
    fact_suffixes: frozenset[bytes]

    def read(self, source: Source) -> Reading:
        """Read one media file for the catalogue."""

    def inspect(self, source: Source) -> Reading:
        """Read one media file as it is, with nothing taken from its name."""

    def unread(self, relative: bytes) -> Any:
        """The item of a file that could not be read at all: what its name says."""

    def read_sidecar(self, source: Source) -> Sidecar | None:
        """Read one file beside the media; None when it says nothing."""

    def cover(self, source: Source) -> bytes:
        """The encoded picture inside a file that its cover is made from.

        Raises an exception with a `code` of `ProblemCode` where there is none.
        """

    def from_name(self, relative: bytes) -> dict[str, Any]:
        """What the name and folders alone say; `inspect --names` prints it."""
