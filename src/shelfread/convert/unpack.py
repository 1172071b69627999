"""The child's side of a conversion: one archive in, its entries out as frames, in order, nothing written.

Runs in a confined child process (`tasks.unpacking` gives it its limits), since readers of archives are not
trusted. Every entry is followed by the hash of what was read, taken here, so that the parent can tell that
the same arrived. Knows neither the new file nor why an archive is read.
"""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Iterator

import msgspec
from xxhash import xxh3_128_digest

from shelfread.media.books.archives import open_archive
from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble
from shelfread.media.kind import Source
from shelfread.model.entry import Stamp, stamp_of
from shelfread.model.problem import ProblemCode

#: Bytes of an entry in one frame: what is on its way between two processes stays small.
PORTION = 256 << 10

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | os.O_NOFOLLOW


class Wanted(msgspec.Struct, array_like=True):
    """What is asked of the child."""

    #: Absolute.
    path: bytes
    #: The bytes as well, or their hashes only.
    content: bool = True


class Opened(msgspec.Struct, tag=0, array_like=True):
    """The archive is open."""

    container: str
    stamp: Stamp
    #: The names of its entries, in order, and their bytes in all.
    names: list[str]
    size: int


class Begun(msgspec.Struct, tag=1, array_like=True):
    """The next entry."""

    name: str
    #: As the directory says; None where it says nothing.
    crc: int | None


class Portion(msgspec.Struct, tag=2, array_like=True):
    """Bytes of the entry."""

    content: bytes


class Ended(msgspec.Struct, tag=3, array_like=True):
    """All of the entry was read."""

    size: int
    #: xxh3-128 of its bytes, and their CRC-32.
    digest: bytes
    crc: int


class Closed(msgspec.Struct, tag=4, array_like=True):
    """Every entry was read; the stamp is that of the open file at the end."""

    stamp: Stamp


class Trouble(msgspec.Struct, tag=5, array_like=True):
    """It cannot be read to its end."""

    code: str
    detail: str


Frame = Opened | Begun | Portion | Ended | Closed | Trouble


def unpacked(wanted: Wanted) -> Iterator[Frame]:
    """The frames of one archive: `Opened`, for each entry `Begun`, `Portion`s and `Ended`, at last `Closed`.

    Or `Trouble` as the last one, at any point. An archive that is readable only in part is trouble.
    """
    try:
        fd = os.open(wanted.path, _FLAGS)
    except (OSError, ValueError) as error:
        yield Trouble(_code_of(error), _line(error))
        return
    try:
        yield from _told(fd, wanted)
    except BookTrouble as error:
        yield Trouble(error.code, error.detail)
    except MemoryError:
        yield Trouble(ProblemCode.PARSER_OOM, "the reader went over its memory limit")
    except OSError as error:
        yield Trouble(_code_of(error), _line(error))
    except Exception as error:  # noqa: BLE001 - whatever a reader throws is trouble of this file
        yield Trouble(ProblemCode.PARSER_CRASHED, _line(error))
    finally:
        os.close(fd)


def _told(fd: int, wanted: Wanted) -> Iterator[Frame]:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        yield Trouble(ProblemCode.NOT_A_FILE, "not a regular file")
        return
    archive = open_archive(Source(fd, wanted.path, status.st_size))
    entries = archive.entries
    yield Opened(
        archive.container,
        stamp_of(status),
        [entry.name for entry in entries],
        sum(entry.size for entry in entries),
    )
    # Something was passed over: what is left is not all of the book.
    for warning in archive.warnings:
        yield Trouble(warning.code, warning.detail)
        return
    for entry in entries:
        yield Begun(entry.name, entry.crc)
        yield from _content(archive.read(entry), entry, wanted)
    yield Closed(stamp_of(os.fstat(fd)))


def _content(content: bytes, entry: ArchiveEntry, wanted: Wanted) -> Iterator[Frame]:
    crc = zlib.crc32(content)
    if entry.crc is not None and crc != entry.crc:
        yield Trouble(ProblemCode.DAMAGED, f"{entry.name}: the checksum is wrong")
        return
    if wanted.content:
        for start in range(0, len(content), PORTION):
            yield Portion(content[start : start + PORTION])
    yield Ended(len(content), xxh3_128_digest(content), crc)


def _code_of(error: Exception) -> str:
    if not isinstance(error, OSError):
        return ProblemCode.IO_ERROR
    if error.errno in (errno.EACCES, errno.EPERM):
        return ProblemCode.PERMISSION_DENIED
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return ProblemCode.VANISHED
    return ProblemCode.BROKEN_LINK if error.errno == errno.ELOOP else ProblemCode.IO_ERROR


def _line(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"
    return " ".join(text.encode("utf-8", "replace").decode().split())[:500]
