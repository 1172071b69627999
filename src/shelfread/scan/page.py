"""The role of a page reader: one page of a file is asked for, its type and its bytes come back.

Runs in a child process (`child`) under the limits of `parser`, on behalf of `app.paging`: what shows a page
of a file that anybody may have made does in its process whatever it wants. The file is the one that the
parent opened and judged, or it is not read. Knows no kind by name and no HTTP.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator
from typing import Any

from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode
from shelfread.scan.child import MISSING, Answer, resolve
from shelfread.scan.parser import limit_resources, one_line, open_trouble

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
#: Path, path below the root, (device, inode) of what the parent opened, number of the page from 0.
Request = tuple[bytes, bytes, tuple[int, int], int]
#: Code and detail of what is wrong, or type and content of the page.
Reply = tuple[str | None, str, str | None, bytes]


def pages(init: dict[str, Any]) -> Answer:
    """The role: a request in, one reply out."""
    return PageReader(init).answer


class PageReader:
    """Reads pages with one kind: its `open_pages(source)` gives what has `page(number)`."""

    def __init__(self, init: dict[str, Any]) -> None:
        self._open_pages = resolve(init["kind"]).open_pages
        #: What was looked at last stays open: who turns pages asks for the next one of it.
        self._state: tuple[int, ...] | None = None
        self._source: Source | None = None
        self._book: Any = None
        self._most = int(init["page_limit"])
        # Only for systems without a parent death signal, as in `parser`.
        self._alarm_s = 2.0 * float(init["timeout_s"]) + 5.0
        self._spoiled = False
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        MISSING.extend(limit_resources(int(init["memory_limit"])))

    def answer(self, request: Request) -> Iterator[Reply]:
        """One reply."""
        if self._spoiled:  # memory is full or in pieces: the parent asks a fresh process
            sys.exit(0)
        signal.setitimer(signal.ITIMER_REAL, self._alarm_s)
        yield self._reply(*request)
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def _reply(self, path: bytes, relative: bytes, wanted: tuple[int, int], number: int) -> Reply:
        try:
            fd = os.open(path, _FLAGS)
        except (OSError, ValueError) as error:
            return _wrong(*open_trouble(error, path))
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or (found.st_dev, found.st_ino) != tuple(wanted):
            os.close(fd)
            return _wrong(ProblemCode.VANISHED, "another file is there now")
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        if state == self._state:
            os.close(fd)
        else:
            self._forget()
            self._source = Source(fd, path, found.st_size, relative)
            self._state, self._book = state, self._open_pages(self._source)
        reply = self._read(number)
        if reply[0] is not None:
            self._forget()
        return reply

    def _forget(self) -> None:
        self._state = self._book = None
        if self._source is not None:
            os.close(self._source.fd)
            self._source = None

    def _read(self, number: int) -> Reply:
        try:
            mime, content = self._book.page(number)
            if len(content) > self._most:
                return _wrong(
                    ProblemCode.LIMIT_EXCEEDED,
                    f"the page has {len(content)} bytes, {self._most} are accepted",
                )
            return None, "", str(mime), bytes(content)
        except MemoryError:
            pass  # leave the block first: the traceback holds what filled the memory
        except OSError as error:
            if error.errno != errno.ENOMEM:
                return _wrong(ProblemCode.IO_ERROR, error.strerror or type(error).__name__)
        except BaseException as error:  # noqa: BLE001 - whatever the reader throws is trouble of this file
            code = getattr(error, "code", None)
            if isinstance(code, ProblemCode):
                return _wrong(code, str(error))
            return _wrong(ProblemCode.PARSER_CRASHED, type(error).__name__)
        self._spoiled = True
        return _wrong(ProblemCode.PARSER_OOM, "the page takes more memory than one may have")


def _wrong(code: ProblemCode, detail: str) -> Reply:
    return code.value, one_line(detail), None, b""
