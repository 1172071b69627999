"""The processes of a run: a server and standalone workers, started again whenever they are gone.

Each has a folder of its own with `inside` in it, so that each has a clock of its own. What a scan's process
does is read from its slate. Signals go to processes by a descriptor, after a look at whose child it is, so
that a number that came back hits nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.chaos import inside

#: Seconds that listing a folder takes.
FOLDER_S = 0.01


@dataclass(frozen=True)
class Terms:
    """What all workers of a run are told."""

    url: str
    lease_s: float
    fence: bool
    #: Seconds that reading a file takes.
    file_s: float


class Scan(NamedTuple):
    """A process that does a job at the moment, as its slate says."""

    hand: Hand
    pid: int
    job_id: str
    fence: int
    inside: bool
    backend: int


class Hand:
    """A server or a standalone worker."""

    def __init__(self, folder: Path, name: str, kind: str, count: int, terms: Terms) -> None:
        self.name = name
        self.kind = kind
        self.count = count
        self._terms = terms
        self._folder = folder / name
        self._folder.mkdir()
        self.site = self._folder / "site"
        self.site.mkdir()
        self.clock = self._folder / "clock"
        self.clock.write_bytes(bytes(8))
        self.at = folder / "at"
        self.at.mkdir(exist_ok=True)
        shutil.copyfile(inside.__file__, self.site / "sitecustomize.py")
        told = {
            "clock": str(self.clock),
            "at": str(self.at),
            "fence": terms.fence,
            "file_s": terms.file_s,
            "folder_s": FOLDER_S,
        }
        (self.site / "chaos.json").write_text(json.dumps(told))
        self.log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        #: Something is done to it that takes a while.
        self.busy = False
        #: Starts that were needed, and how long it took to leave when told to.
        self.starts = 0
        self.leaving_s: list[float] = []
        #: Exit codes of those that ended by themselves.
        self.odd_ends: list[int] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; it dies with this process."""
        command = ["serve", "--port", "0"] if self.kind == "managed" else ["worker"]
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "PYTHONPATH": str(self.site),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SHELFREAD_DATABASE_URL": self._terms.url,
            "SHELFREAD_DATA_DIR": str(self._folder),
            "SHELFREAD_SETTLE_SECONDS": "0",
            "SHELFREAD_PARSERS": "1",
            "SHELFREAD_WALKERS": "1",
            "SHELFREAD_WORKER_COUNT": str(self.count),
            "SHELFREAD_WORKER_POLL_SECONDS": "1",
            "SHELFREAD_WORKER_LEASE_SECONDS": str(self._terms.lease_s),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shelfread", *command],
                env=environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                start_new_session=True,
            )
        self.starts += 1

    def signal(self, number: int) -> None:
        """Send it a signal; nothing happens when it is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    async def gone(self, timeout_s: float = 15.0) -> bool:
        """Wait until it has ended."""
        deadline = time.monotonic() + timeout_s
        while self.alive:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.005)
        return True

    async def leave(self) -> bool:
        """Tell it to leave, and wait; whether it did within ten seconds."""
        if not self.alive:
            return True
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        left = await self.gone(12.0)
        self.leaving_s.append(time.monotonic() - began)
        if not left:
            self.kill()
            await self.gone()
        return left

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def jump(self, hours: float) -> None:
        """Set its clock so many hours off."""
        with self.clock.open("r+b") as file:
            file.write(struct.pack("<q", int(hours * 3600e9)))

    def scans(self) -> Iterator[Scan]:
        """The processes of this worker that do a job at this moment."""
        if not self.alive:
            return
        for pid in children(self.pid):
            slate = read_slate(self.at, pid)
            if slate is not None and slate[inside.STATE : inside.STATE + 1] == b"R":
                with contextlib.suppress(ValueError):
                    yield Scan(
                        self,
                        pid,
                        slate[inside.JOB].decode(),
                        int(slate[inside.FENCE]),
                        slate[inside.INSIDE : inside.INSIDE + 1] == b"W",
                        int(slate[inside.BACKEND].strip(b" \0") or 0),
                    )

    def residents(self) -> list[int]:
        """The processes that scan, or are ready to."""
        return [pid for pid in children(self.pid) if b"resident" in cmdline(pid)] if self.alive else []


class Crew:
    """All of them."""

    def __init__(self, folder: Path, terms: Terms, hands: list[tuple[str, str, int]]) -> None:
        self.at = folder / "at"
        self.hands = [Hand(folder, name, kind, count, terms) for name, kind, count in hands]
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        for hand in self.hands:
            hand.start()
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Start again whatever ended by itself."""
        while True:
            await asyncio.sleep(0.1)
            for hand in self.hands:
                if not hand.busy and not hand.alive:
                    assert hand._process is not None
                    hand.odd_ends.append(hand._process.returncode or 0)
                    hand.start()

    async def stop(self) -> None:
        """Tell all to leave; nobody is left after this."""
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        for hand in self.hands:
            go_on(hand)
        try:
            await asyncio.gather(*(hand.leave() for hand in self.hands))
        finally:
            self.kill()

    def kill(self) -> None:
        """End all at once, for a run that is given up."""
        if self._keeping is not None:
            self._keeping.cancel()
        for hand in self.hands:
            hand.kill()
            if hand._process is not None:
                hand._process.wait()

    def scans(self) -> list[Scan]:
        """What is being done."""
        return [scan for hand in self.hands if not hand.busy for scan in hand.scans()]

    def sweep(self) -> None:
        """Forget the slates of processes that are gone."""
        for path in self.at.iterdir():
            if not Path(f"/proc/{path.name}").exists():
                path.unlink(missing_ok=True)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


def children(pid: int) -> list[int]:
    """The children of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def cmdline(pid: int) -> bytes:
    """What a process was started with; empty when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def state_of(pid: int) -> str:
    """The letter of a process's state; empty when it is gone."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return ""


def read_slate(at: Path, pid: int) -> bytes | None:
    """What a process says of itself."""
    with contextlib.suppress(OSError):
        slate = (at / str(pid)).read_bytes()
        if len(slate) == inside.SIZE:
            return slate
    return None


def order(at: Path, pid: int, what: bytes) -> bool:
    """Order a process to do something in its next transaction; a null byte takes that back."""
    with contextlib.suppress(OSError), (at / str(pid)).open("r+b") as file:
        file.seek(inside.ORDER)
        file.write(what)
        return True
    return False


def strike(pid: int, number: int, parent: int) -> bool:
    """Send a signal to a process if it is the child of this parent; whether it was."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if pid not in children(parent):
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def go_on(hand: Hand) -> None:
    """Let a worker and its children go on, if they were stopped."""
    if hand.alive:
        for pid in hand.residents():
            strike(pid, signal.SIGCONT, hand.pid)
        hand.signal(signal.SIGCONT)
