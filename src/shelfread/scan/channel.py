"""What lies between a parent and its children: frames cut from a stream, and the environment handed down.

Used by `children`. Knows no files, no kinds, and not when a child has to die.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

#: What a child may know of the parent's environment: nothing with a password in it.
KEPT_VARIABLES = {
    "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SYSTEMROOT", "PYTHONHOME",
    "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH", "LD_PRELOAD",
    "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
}  # fmt: skip


class Receives(Protocol):
    """Whoever takes what a `Receiver` cuts."""

    #: The longest frame that is accepted.
    frame_limit: int

    def connected(self, transport: asyncio.Transport) -> None:
        """The channel is there."""

    def frames(self, frames: list[memoryview]) -> None:
        """Frames of one read, in order."""

    def broken(self, why: str) -> None:
        """What came cannot be a frame."""

    def disconnected(self) -> None:
        """End of the channel."""


class Receiver(asyncio.Protocol):
    """Cuts what comes from a child into frames: no copy, and no step per frame that is not needed."""

    def __init__(self, child: Receives) -> None:
        self._child = child
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 4

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._child.connected(transport)

    def data_received(self, received: bytes) -> None:
        self._have += len(received)
        if self._parts:
            self._parts.append(received)
            if self._have < self._need:
                return
            received = b"".join(self._parts)
        view = memoryview(received)
        frames: list[memoryview] = []
        at, end, self._need = 0, len(received), 4
        while end - at >= 4:
            length = int.from_bytes(view[at : at + 4], "little")
            if length > self._child.frame_limit:
                self._child.broken(f"a frame of {length} bytes, {self._child.frame_limit} are accepted")
                break
            if at + 4 + length > end:
                self._need = 4 + length
                break
            frames.append(view[at + 4 : at + 4 + length])
            at += 4 + length
        self._have = end - at
        self._parts = [received[at:]] if at < end else []
        if frames:
            self._child.frames(frames)

    def connection_lost(self, exc: Exception | None) -> None:
        self._child.disconnected()


def environment() -> dict[str, str]:
    """The environment of a child: what finds the same modules as here, and little else."""
    kept = {k: v for k, v in os.environ.items() if k in KEPT_VARIABLES or k.startswith("LC_")}
    own = str(Path(__file__).resolve().parents[2])
    # The empty entry (the current folder) is left out: it may be a folder of media.
    paths = dict.fromkeys([*(str(Path(entry).absolute()) for entry in sys.path if entry), own])
    kept["PYTHONPATH"] = os.pathsep.join(path for path in paths if os.pathsep not in path)
    return kept


def database_variables() -> dict[str, str]:
    """What PostgreSQL's library reads from the environment, a password perhaps: for a child that needs it."""
    return {name: value for name, value in os.environ.items() if name.startswith("PG")}


def take_variables(told: Mapping[str, str]) -> None:
    """Put variables that came over the channel where a library looks for them; no child gets them."""
    os.environ.update(told)
