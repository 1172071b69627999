"""What a tree of processes costs: memory as the sum of PSS, sampled, CPU time, bytes read.

PSS counts a page that several processes share once, a part in each: the sum is what the tree really holds.
Linux only, as `/proc/PID/smaps_rollup` is; elsewhere the answer is None.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all that descend from it, as far as they are alive."""
    found = [pid]
    for parent in found:
        try:
            threads = os.listdir(_PROC / str(parent) / "task")
        except OSError:
            continue  # it has ended meanwhile
        for thread in threads:
            try:
                found += map(int, (_PROC / str(parent) / "task" / thread / "children").read_text().split())
            except OSError:
                continue
    return found


def pss(pid: int) -> int | None:
    """Bytes that a process and its descendants hold together; None when it cannot be known."""
    found = [held for member in tree(pid) if (held := own_pss(member)) is not None]
    return sum(found) if found else None


def own_pss(pid: int) -> int | None:
    """Bytes that a process holds by itself; None when it cannot be known."""
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), None)


def words_of(pid: int) -> list[str]:
    """What a process was started with; nothing when it is gone."""
    try:
        return [os.fsdecode(word) for word in (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")]
    except OSError:
        return []


def read_bytes(pid: int) -> int | None:
    """Bytes that a process has read so far by system calls, from files and pipes; None when it is unknown."""
    try:
        text = (_PROC / str(pid) / "io").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("rchar:")), None)


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and its descendants so far, ended and awaited ones included."""
    return sum(sum(_ticks(member)) for member in tree(pid)) / _TICKS


def own_cpu_seconds(pid: int) -> float:
    """CPU seconds of a process so far, all of its threads, without its children."""
    return sum(_ticks(pid)[:2]) / _TICKS


def _ticks(pid: int) -> tuple[int, ...]:
    """User and system time of a process, then of its children that ended; nothing when it is gone."""
    try:
        # The name, in brackets, may hold anything; behind it the fields are numbers.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ()
    return tuple(map(int, fields[11:15]))


def machine_busy_seconds() -> float | None:
    """CPU seconds that all processors have worked or had taken from them since the machine started."""
    try:
        fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, fields[:8])
    return (user + nice + system + irq + softirq + stolen) / _TICKS


class Peak:
    """Samples the memory of a tree of processes, or of one, in a thread while the `with` block runs."""

    def __init__(self, pid: int, every_s: float = 0.05, *, alone: bool = False) -> None:
        self.bytes: int | None = None
        #: (seconds since the start, bytes) of every look.
        self.course: list[tuple[float, int]] = []
        self._look = own_pss if alone else pss
        self._pid = pid
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        start = time.monotonic()
        while True:
            began = time.monotonic()
            if (now := self._look(self._pid)) is not None:
                self.bytes = max(self.bytes or 0, now)
                self.course.append((began - start, now))
            # Never more than a tenth of a processor, however large the tree is.
            if self._done.wait(max(self._every_s, 9 * (time.monotonic() - began))):
                return
