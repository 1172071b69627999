"""An open PDF document: pdfium over a descriptor, without the file in memory.

Below `pdf`. pdfium (pypdfium2) is imported when the first PDF turns up and asks for what it needs through a
callback. It is not to be trusted more than any other parser of hostile bytes, so all of this runs in confined
processes only, and in one thread of them. Knows neither pages nor facts.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

#: The mark of a PDF stands in the first KiB (ISO 32000-1, implementation note 13).
_LEAD = 1024
#: Bytes fetched at once: pdfium asks for 512.
_BLOCK = 32 << 10
#: Bytes that may be read of one file. A sound one needs a few hundred KiB, a torn one is looked through.
MOST_READ = 96 << 20
#: Bytes that reading or drawing one file may take.
MEMORY = 192 << 20
_PASSWORD, _SECURITY = 4, 5


class _Reader:
    """The callback through which pdfium reads; what goes wrong is kept, since nothing may pass through C."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._base = 0
        self._block = b""
        self._left = MOST_READ
        self.error: OSError | None = None
        self.exhausted = False

    def __call__(self, _parameter: Any, offset: int, target: Any, length: int) -> int:
        """Copy `length` bytes at `offset` to `target`; 0 if they are not there."""
        try:
            index = offset - self._base
            if not 0 <= index <= len(self._block) - length:
                self._left -= length
                if self._left < 0:
                    self.exhausted = True
                    return 0
                self._block = self._source.read_at(offset, max(length, _BLOCK))
                self._base, index = offset, 0
            if len(self._block) - index < length:
                return 0
            ctypes.memmove(target, self._block[index : index + length], length)
        except OSError as error:
            self.error = error
            return 0
        return 1


@contextmanager
def document_of(source: Source) -> Iterator[tuple[Any, Any]]:
    """An open document and pdfium's functions.

    Raises:
        BookTrouble: it cannot be opened.
        OSError: the file cannot be read.
    """
    with _little_memory():
        yield from _document_of(source)


@contextmanager
def _little_memory() -> Iterator[None]:
    """Less memory than the process may have, meanwhile: a small file may unpack to what fills all of it.

    pdfium ends its process where memory ends, which is then trouble of this one file.
    """
    try:
        import resource

        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - once for every file
            used = int(statm.read().split()[5]) * os.sysconf("SC_PAGESIZE")
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used + MEMORY
    if soft != resource.RLIM_INFINITY and soft <= wanted:
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _document_of(source: Source) -> Iterator[tuple[Any, Any]]:
    if source.size == 0:
        raise BookTrouble(ProblemCode.EMPTY_FILE, "the file is empty")
    if b"%PDF-" not in source.read_at(0, _LEAD + 5):
        raise BookTrouble(ProblemCode.WRONG_FORMAT, "it is no PDF document")
    import pypdfium2.raw as pdfium

    reader = _Reader(source)
    access = pdfium.FPDF_FILEACCESS()
    access.m_FileLen = source.size
    access.m_GetBlock = type(access.m_GetBlock)(reader)
    document = pdfium.FPDF_LoadCustomDocument(access, None)
    try:
        if not document:
            raise reader.error or _not_opened(source, reader, pdfium.FPDF_GetLastError())
        yield document, pdfium
        if reader.error is not None:
            raise reader.error
    finally:
        if document:
            pdfium.FPDF_CloseDocument(document)


def has_end(source: Source) -> bool:
    """Whether the mark that ends a PDF is near the end of the file."""
    return b"%%EOF" in source.read_at(max(0, source.size - 2048), 2048)


def _not_opened(source: Source, reader: _Reader, code: int) -> BookTrouble:
    if code == _PASSWORD:
        return BookTrouble(ProblemCode.ENCRYPTED, "it opens with a password only")
    if code == _SECURITY:
        return BookTrouble(ProblemCode.ENCRYPTED, "it is encrypted in a way that cannot be read")
    if reader.exhausted:
        return BookTrouble(
            ProblemCode.LIMIT_EXCEEDED, f"{MOST_READ >> 20} MiB of it say nothing of its pages"
        )
    if not has_end(source):
        return BookTrouble(ProblemCode.TRUNCATED, "the end of the document is missing")
    return BookTrouble(ProblemCode.DAMAGED, "the document cannot be opened: its structure is damaged")
