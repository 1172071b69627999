"""The role of a parser: a chunk of files comes in, one reading per file goes out, in order.

Runs in a child process (`child`), on behalf of `extract`. The reader of a kind is not trusted: it may
crash, hang or eat memory, and the parent settles all of that. Here are the limits it runs under and the
rules of opening a file; no database, no scan, no kind by name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from shelfread.media.kind import Kind, Reading, Source
from shelfread.model.entry import Stamp, stamp_of
from shelfread.model.problem import ProblemCode
from shelfread.scan.child import MISSING, Answer, resolve

#: Added to what is wanted of a file: tell before it is opened. For files that may have killed a child.
ANNOUNCE = 2
#: Added to what is wanted of a media file: files beside it may say something of it.
BESIDE = 4
#: Added to what is wanted of a media file: its reader may ask another program about it. The library wants
#: that, and a kind that has none to ask does not mind.
PROGRAMS = 8
#: A file that changes under the reader is read this often in all.
ATTEMPTS = 3
#: One line for people needs no more.
DETAIL_LIMIT = 500
_NIL = b"\xc0"
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OPEN_TROUBLE = {
    errno.EACCES: ProblemCode.PERMISSION_DENIED,
    errno.EPERM: ProblemCode.PERMISSION_DENIED,
    errno.ENOENT: ProblemCode.VANISHED,
    errno.ENOTDIR: ProblemCode.VANISHED,
    errno.ESTALE: ProblemCode.VANISHED,
    errno.ENXIO: ProblemCode.NOT_A_FILE,
    errno.EISDIR: ProblemCode.NOT_A_FILE,
    errno.ELOOP: ProblemCode.BROKEN_LINK,
}
#: What a failing disk or server says in the middle of a file; every other OSError is the reader's own.
_DISK_TROUBLE = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENODEV, errno.EHOSTDOWN, errno.ENOTCONN}
#: The process has run out of something that only a fresh one has again.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


_encoder = msgspec.msgpack.Encoder()
#: Code, detail, signature, and the item as msgpack.
Outcome = tuple[str | None, str | None, bytes | None, bytes | bytearray]


def limit_resources(memory: int) -> list[str]:
    """Limit this process for good: `memory` bytes above what it has now, no files written, no core.

    RLIMIT_DATA counts what a reader really takes; shared mappings escape it, so that the address space
    is limited as well, at twice as much because libraries reserve more than they use.

    Returns:
        The names of the limits this system does not have.
    """
    try:
        import resource
    except ImportError:
        return ["memory", "core", "open_files", "written_files"]
    missing: list[str] = []
    wanted = [
        ("core", resource.RLIMIT_CORE, 0),
        ("open_files", resource.RLIMIT_NOFILE, 64),
        ("written_files", resource.RLIMIT_FSIZE, 0),
    ]
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - pathlib costs an import
            pages = [int(word) for word in statm.read().split()]
    except OSError:
        missing.append("memory")  # macOS accepts such limits and ignores them
    else:
        page = os.sysconf("SC_PAGESIZE")
        wanted.append(("memory", resource.RLIMIT_DATA, pages[5] * page + memory))
        wanted.append(("memory", resource.RLIMIT_AS, pages[0] * page + 2 * memory))
    for name, limit, value in wanted:
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(limit, (value, value))
        except (OSError, ValueError):
            missing.append(name)
    sys.dont_write_bytecode = True  # it could not be written any more
    return missing


def parser(init: dict[str, Any]) -> Answer:
    """The role of a parser: a chunk of files in, one frame per file out, in order."""
    return Parser(init).answer


class Parser:
    """Reads the files of a chunk with one kind, whose reader may do anything at all."""

    def __init__(self, init: dict[str, Any]) -> None:
        self.kind: Kind = resolve(init["kind"])
        self._frame_limit = int(init["frame_limit"])
        # Only for systems without a parent death signal: a hung reader must not outlive its parent.
        self._alarm_s = 2.0 * float(init["file_timeout_s"]) + 5.0
        # A file that keeps changing is read three times: a program that hangs must not use up its time.
        self._program_s = float(init["file_timeout_s"]) / 4
        self._spoiled = False
        self.flags = _FLAGS
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        MISSING.extend(limit_resources(int(init["memory_limit"])))

    def answer(self, chunk: list[tuple[int, bytes, bytes, int]]) -> Iterator[msgspec.Raw | None]:
        """One reply per file: [number, stamp, code, detail, signature, item]. None: announces the next."""
        for number, path, relative, want in chunk:
            if want & ANNOUNCE:
                yield None
            signal.setitimer(signal.ITIMER_REAL, self._alarm_s)
            reply = self._reply(number, path, relative, want & ~ANNOUNCE)
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            yield msgspec.Raw(reply)
            if self._spoiled:  # memory is full or in pieces: a fresh process is better
                sys.exit(0)

    def _reply(self, number: int, path: bytes, relative: bytes, want: int) -> bytes:
        try:
            fd = os.open(path, self.flags)
        except (OSError, ValueError) as error:
            code, detail = open_trouble(error, path)
            return pack(number, None, (code, detail, None, _NIL))
        try:
            stamp, outcome = self._read(fd, path, relative, want)
        finally:
            with contextlib.suppress(OSError):
                os.close(fd)
        length = len(outcome[3]) + len(outcome[2] or b"")
        if length > self._frame_limit:
            detail = f"the reader gave {length} bytes for one file, {self._frame_limit} are accepted"
            outcome = (ProblemCode.PARSER_OUTPUT, detail, None, _NIL)
        return pack(number, stamp, outcome)

    def _read(self, fd: int, path: bytes, relative: bytes, want: int) -> tuple[Stamp, Outcome]:
        status = os.fstat(fd)
        stamp = stamp_of(status)
        if not stat.S_ISREG(status.st_mode):
            return stamp, (ProblemCode.NOT_A_FILE, "not a regular file", None, _NIL)
        for _ in range(ATTEMPTS):
            source = Source(fd, path, stamp[0], relative, beside=bool(want & BESIDE))
            if want & PROGRAMS:
                source.program_s = self._program_s
            outcome = self._interpret(source, want)
            try:
                after = stamp_of(os.fstat(fd))
            except OSError:
                after = Stamp(0, 0, 0, -1, 0)
            if after == stamp or self._spoiled:
                return stamp, outcome
            if after[3:] != stamp[3:]:  # an open file keeps its inode: this is another one, or none
                return stamp, (ProblemCode.PARSER_CRASHED, "the reader closed its file", None, _NIL)
            stamp = after
        return stamp, (ProblemCode.CHANGED_WHILE_READ, "the file kept changing", None, _NIL)

    def make(self, source: Source, want: int) -> Outcome:
        """What the kind makes of one open file. May raise anything: that is trouble of this file."""
        if want & 1:
            return None, None, None, encode_item(self.kind.read_sidecar(source))
        reading = self.kind.read(source)
        if not isinstance(reading, Reading):
            raise TypeError(f"the reader returned {type(reading).__name__}")
        detail = None if reading.detail is None else one_line(reading.detail)
        if reading.signature is not None and not isinstance(reading.signature, bytes):
            raise TypeError(f"the reader gave a signature of type {type(reading.signature).__name__}")
        return reading.code, detail, reading.signature, encode_item(reading.item)

    def _interpret(self, source: Source, want: int) -> Outcome:
        try:
            return self.make(source, want)
        except MemoryError:
            pass  # leave the block first: the traceback holds what filled the memory
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                code = ProblemCode.IO_ERROR if error.errno in _DISK_TROUBLE else ProblemCode.PARSER_CRASHED
                return code, one_line(f"{type(error).__name__}: {error}"), None, _NIL
            if error.errno != errno.ENOMEM:
                raise  # the reader leaks descriptors: the process ends, the file is read in a fresh one
        except BaseException as error:  # noqa: BLE001 - whatever the reader throws is trouble of one file
            return ProblemCode.PARSER_CRASHED, one_line(f"{type(error).__name__}: {error}"), None, _NIL
        self._spoiled = True
        return ProblemCode.PARSER_OOM, "the reader went over its memory limit", None, _NIL


def open_trouble(error: OSError | ValueError, path: bytes) -> tuple[ProblemCode, str]:
    """What it means that `path` could not be opened."""
    if not isinstance(error, OSError):
        return ProblemCode.IO_ERROR, one_line(str(error))
    if error.errno in _EXHAUSTED:
        raise error
    code = _OPEN_TROUBLE.get(error.errno or 0, ProblemCode.IO_ERROR)
    if code is ProblemCode.VANISHED:
        with contextlib.suppress(OSError):
            if stat.S_ISLNK(os.lstat(path).st_mode):
                code = ProblemCode.BROKEN_LINK
    return code, one_line(error.strerror or str(error))


def pack(number: int, stamp: Stamp | None, outcome: Outcome) -> bytes:
    """One reply."""
    code, detail, signature, item = outcome
    return _encoder.encode((number, stamp, code, detail, signature, msgspec.Raw(item)))


def encode_item(item: Any) -> bytearray:
    """The reader's item as msgpack; lone surrogates, which no store takes, become question marks."""
    buffer = bytearray(512)  # `encode` itself (msgspec 0.22) crashes the process where memory ends
    try:
        _encoder.encode_into(item, buffer)
    except UnicodeEncodeError:
        _encoder.encode_into(_without_surrogates(msgspec.to_builtins(item, builtin_types=(bytes,))), buffer)
    return buffer


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_without_surrogates(part) for part in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(part) for key, part in value.items()}
    return value


def one_line(text: str) -> str:
    """A text of any origin as one short line that every store takes."""
    words = text[: 4 * DETAIL_LIMIT].replace("\0", "").encode("utf-8", "replace").decode().split()
    return " ".join(words)[:DETAIL_LIMIT]
