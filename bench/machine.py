"""What a figure has to be read with: the machine, the versions, the day."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import shelfread
from bench import memory


def facts() -> dict[str, str]:
    """Facts of this machine, without its name or any path."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "shelfread": shelfread.__version__,
        "processor": f"{_after('/proc/cpuinfo', 'model name') or platform.machine()}, {_cores()} cores",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def load() -> float:
    """The machine's load of the last minute."""
    return os.getloadavg()[0]


def wait_for_quiet(deadline: float) -> None:
    """Wait until nothing else runs, or until `time.monotonic()` is at the deadline."""
    while time.monotonic() < deadline:
        before = memory.machine_busy_seconds()
        time.sleep(0.5)
        after = memory.machine_busy_seconds()
        if before is None or after is None or after - before < 0.05:
            return


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> str:
    kilobytes = _after("/proc/meminfo", "MemTotal").split()
    return f"{int(kilobytes[0]) / 2**20:.0f} GiB" if kilobytes else "unknown"


def _after(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
