"""The time as the store writes it."""

from __future__ import annotations

import time


def now_us() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def text_of(path: bytes) -> str:
    """A path or name for people: UTF-8, with a mark where it is not. NUL never occurs in a path."""
    return path.decode("utf-8", "replace")
