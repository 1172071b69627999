"""Kinds whose readers do what no reader should, and the roles of the walker tests.

Each misbehaves only on files whose name contains `bad`; every other file is read properly: its item is
{"size": ..., "head": ...}. What it needs to know it takes from the path.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from shelfread.media.kind import Reading, Source
from shelfread.model.picture import Sidecar
from shelfread.model.problem import ProblemCode


class HostileKind:
    name = "hostile"
    version = 1
    suffixes = frozenset({b".x"})
    sidecar_suffixes = frozenset({b".p"})
    fact_suffixes: frozenset[bytes] = frozenset()

    def __init__(self, deed: Callable[[Source], Any]) -> None:
        self._deed = deed

    def read(self, source: Source) -> Any:
        if b"bad" in os.path.basename(source.path):
            answer = self._deed(source)
            if answer is not None:
                return answer
        head = source.read_at(0, 16)
        return Reading(None, None, head, {"size": source.size, "head": head, "name": source.relative})

    def read_sidecar(self, source: Source) -> Any:
        return Sidecar("front", width=source.size) if source.size else None

    def from_name(self, relative: bytes) -> dict[str, Any]:
        return {}


def _hang(_: Source) -> None:
    while True:
        pass


def _sleep(_: Source) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1000)


def _eat_memory(_: Source) -> None:
    eaten = []
    while True:
        eaten.append(b"x" * (1 << 20))


def _eat_small_objects(_: Source) -> None:
    eaten: list[Any] = []
    while True:
        eaten = [eaten, list(range(1000))]


def _map_memory(_: Source) -> None:
    mmap.mmap(-1, 64 << 30)


def _recurse(source: Source) -> Any:
    return _recurse(source)


def _raise(_: Source) -> None:
    raise KeyError("no\nsuch \x00\ud800 tag")


def _leave(_: Source) -> None:
    sys.exit(7)


def _nothing(_: Source) -> object:
    return "not a reading"


def _huge(_: Source) -> Reading:
    return Reading(None, None, None, {"lyrics": "x" * (50 << 20)})


def _unknown_object(_: Source) -> Reading:
    return Reading(None, None, None, object())


def _surrogates(_: Source) -> Reading:
    return Reading(None, "detail \ud800", None, {"title": "a\ud800b", "raw": b"\xff", "list": ["\udfff"]})


def _channels() -> Iterator[int]:
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield fd
        except OSError:
            continue


def _write_garbage(_: Source) -> None:
    for fd in _channels():
        os.write(fd, b"\x05\x00\x00\x00\xc1\xc1\xc1\xc1\xc1")


def _write_long_frame(_: Source) -> None:
    for fd in _channels():
        os.write(fd, b"\xff\xff\xff\x7f" + b"x" * 100)


def _answer_for_others(_: Source) -> None:
    frame = b"\x96\x63\xc0\xc0\xc0\xc0\xc0"
    for fd in _channels():
        os.write(fd, len(frame).to_bytes(4, "little") + frame)


def _close_everything(_: Source) -> None:
    os.closerange(0, 64)


def _close_file(source: Source) -> None:
    os.close(source.fd)


def _leak_descriptors(source: Source) -> None:
    for _ in range(1000):
        try:
            os.dup(source.fd)
        except OSError:
            return


def _fork_and_die(_: Source) -> None:
    if os.fork() == 0:
        while True:  # holds the channel open after its parent is gone
            time.sleep(1000)
    os.abort()


def _shrug(_: Source) -> None:
    os.write(2, b"y" * (1 << 16) + b"\nthe last line\n")
    os._exit(9)


def _talk(_: Source) -> None:
    print("on standard output")
    for _line in range(300):
        sys.stderr.write("z" * 1000 + "\n")


def _disk(_: Source) -> None:
    raise OSError(errno.EIO, "Input/output error")


def _write(source: Source) -> None:
    with Path(os.fsdecode(source.path)).open("ab") as file:
        file.write(b"y")


def _touch_always(source: Source) -> None:
    now = time.time_ns()
    os.utime(source.fd, ns=(now, now))


def _touch_once(source: Source) -> None:
    if os.fstat(source.fd).st_mtime_ns != 1_000:
        os.utime(source.fd, ns=(0, 1_000))


def _wait_for_growth(source: Source) -> None:
    """Reads until somebody else has appended to the file, as a recording in progress does."""
    deadline = time.monotonic() + 40
    while os.fstat(source.fd).st_size == source.size and time.monotonic() < deadline:
        time.sleep(0.0002)


def _thread(_: Source) -> None:
    threading.Thread(target=time.sleep, args=(1000,)).start()


def _segfault(_: Source) -> None:
    ctypes.string_at(0)


def _busy(_: Source) -> None:
    end = time.perf_counter() + 0.002
    while time.perf_counter() < end:
        pass


def _refuse(_: Source) -> Reading:
    return Reading(ProblemCode.TRUNCATED, "ends early", b"s", {"size": 1})


ABORTS = HostileKind(lambda _: os.abort())
SEGFAULTS = HostileKind(_segfault)
KILLS = HostileKind(lambda _: os.kill(os.getpid(), signal.SIGKILL))
EXITS = HostileKind(_shrug)
LEAVES = HostileKind(_leave)
HANGS = HostileKind(_hang)
SLEEPS = HostileKind(_sleep)
EATS = HostileKind(_eat_memory)
EATS_SMALL = HostileKind(_eat_small_objects)
MAPS = HostileKind(_map_memory)
RECURSES = HostileKind(_recurse)
RAISES = HostileKind(_raise)
NOTHING = HostileKind(_nothing)
HUGE = HostileKind(_huge)
UNKNOWN_OBJECT = HostileKind(_unknown_object)
SURROGATES = HostileKind(_surrogates)
GARBAGE = HostileKind(_write_garbage)
LONG_FRAME = HostileKind(_write_long_frame)
ANSWERS_FOR_OTHERS = HostileKind(_answer_for_others)
CLOSES_ALL = HostileKind(_close_everything)
CLOSES_FILE = HostileKind(_close_file)
LEAKS = HostileKind(_leak_descriptors)
FORKS = HostileKind(_fork_and_die)
TALKS = HostileKind(_talk)
DISK = HostileKind(_disk)
WRITES = HostileKind(_write)
TOUCHES_ALWAYS = HostileKind(_touch_always)
TOUCHES_ONCE = HostileKind(_touch_once)
GROWS = HostileKind(_wait_for_growth)
THREADS = HostileKind(_thread)
BUSY = HostileKind(_busy)
REFUSES = HostileKind(_refuse)


# Roles, for the tests of `Child`.


def echo(init: Any) -> Callable[[Any], Iterator[Any]]:
    """Replies with init and request; a list is answered element by element, some words have a meaning."""

    def answer(request: Any) -> Iterator[Any]:
        if isinstance(request, list):
            yield from request
        elif request == "die":
            sys.stderr.write("first line\nlast words\n")
            os._exit(4)
        elif request == "environment":
            yield [dict(os.environ), sys.path, Path.cwd().as_posix(), os.getsid(0), sys.stdin.read()]
        elif request == "modules":
            yield sorted(sys.modules)
        elif request == "hang":
            time.sleep(1000)
        elif request == "many":
            for number in range(20_000):
                yield [number, "x" * 100]
        else:
            yield [init, request]

    return answer


def broken(_: Any) -> Callable[[Any], Iterator[Any]]:
    raise RuntimeError("no such thing as a role")


# What the tests ask the system about processes.


def gone(pid: int) -> bool:
    """No process of that number, and no zombie either."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children() -> set[int]:
    """The processes this one has started and not yet buried."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(word) for task in tasks for word in task.read_text().split()}


def processor_time(pid: int) -> float:
    """Seconds of processor a process has used, in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
