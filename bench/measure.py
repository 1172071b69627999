"""One measurement: wall time, CPU time, memory, and how busy the machine was with anything else."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bench import memory


class Step(StrEnum):
    """What is measured of the music corpus, in the order in which it is done."""

    FIRST = "first"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    RESCAN = "rescan"


class Unavailable(Exception):
    """Something cannot be measured here; the message is one line that says why."""


@dataclass(slots=True)
class Measured:
    """What one step cost one contestant."""

    seconds: float
    #: CPU seconds of its processes, to a hundredth.
    cpu_s: float | None = None
    #: Peak of the sum of PSS, where memory was sampled.
    peak_bytes: int | None = None
    #: (seconds since the start, sum of PSS), where memory was sampled.
    held: list[tuple[float, int]] = field(default_factory=list)
    #: Processors that were busy with anything else meanwhile.
    others: float | None = None
    #: What it says it has or did, as it says it.
    says: str = ""
    #: Files that it looked at, where it tells.
    files: int | None = None
    #: Bytes that the processes which open files have read meanwhile, of anything.
    read_bytes: int | None = None
    #: (seconds since the start, files done) as far as it tells.
    course: list[tuple[float, int]] = field(default_factory=list)


class Run(Protocol):
    """A contestant at work on one corpus, with a catalogue of its own."""

    def do(self, step: Step, *, sample: bool) -> Measured:
        """Do a step and say what it cost; memory is looked at only when `sample` is set."""


class Contestant(Protocol):
    """A program that is measured."""

    @property
    def name(self) -> str:
        """What people call it, short."""

    @property
    def about(self) -> str:
        """What exactly is measured, with its version."""

    @property
    def steps(self) -> frozenset[Step]:
        """What it can do at all."""

    @property
    def slow(self) -> bool:
        """Too slow for more than one round."""

    def missing(self) -> str | None:
        """One line on how to install it; None when it is there."""

    def start(self, corpus: Path, scratch: Path) -> AbstractContextManager[Run]:
        """Make an empty catalogue in `scratch` and be ready for the first step."""


def watched(pid: int, work: Callable[[], Measured], *, sample: bool) -> Measured:
    """Do `work` in processes that are running already, and note what their tree spends meanwhile."""
    busy, cpu = memory.machine_busy_seconds(), memory.cpu_seconds(pid)
    began = time.perf_counter()
    with memory.Peak(pid) if sample else nullcontext() as peak:
        measured = work()
    wall = time.perf_counter() - began
    measured.cpu_s = memory.cpu_seconds(pid) - cpu
    measured.peak_bytes = peak.bytes if peak else None
    measured.held = peak.course if peak else []
    measured.others = _others(busy, measured.cpu_s, wall)
    return measured


def command(
    arguments: Sequence[str],
    *,
    sample: bool,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: Path | None = None,
    fine: Sequence[int] = (0,),
) -> Measured:
    """Run a whole process and measure it from start to end.

    Raises:
        Unavailable: it cannot be run, or ended with a code that is not `fine`.
    """
    busy = memory.machine_busy_seconds()
    with (output or Path(os.devnull)).open("wb") as sink:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(
                arguments, stdout=sink, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=env, cwd=cwd
            )
        except OSError as error:
            raise Unavailable(f"{Path(arguments[0]).name} cannot be run: {error.strerror}") from None
        try:
            with memory.Peak(process.pid, 0.02) if sample else nullcontext() as peak:
                _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in fine:
        raise Unavailable(f"{Path(arguments[0]).name} ended with code {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(wall, cpu, peak.bytes if peak else None, others=_others(busy, cpu, wall))


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without settings of Shelfread, which would bend what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHELFREAD_")}
    return kept | more


def _others(busy_before: float | None, own_cpu: float, wall: float) -> float | None:
    busy = memory.machine_busy_seconds()
    if busy is None or busy_before is None or wall <= 0:
        return None
    return max(0.0, (busy - busy_before - own_cpu) / wall)
