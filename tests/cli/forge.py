"""`shelfread` programs without the second that an interpreter takes to import all of it.

One process of a test run imports the command once, and forks a process for every program that is wanted. What
runs in there is the command as typed: its own arguments, environment, folder, standard streams and exit code.
Run as a script it is that process; imported, it is the way to it. Programs whose start itself is the matter
of a test are started as people start them.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: What a program that stays imports before it listens, and what most of the others do.
IMPORTS = (
    "shelfread.cli.program",
    "shelfread.cli.scan",
    "shelfread.cli.shelves",
    "shelfread.cli.serve",
    "shelfread.cli.staying",
    "shelfread.cli.worker",
    "aiosqlite",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "uvicorn.protocols.http.h11_impl",
)
_MOST = 1 << 16


class Forked:
    """A program that was forked; used like a `Popen`."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self._status = status
        self._code: int | None = None
        self._turn = threading.Lock()

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("shelfread", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self._code is None:
            ready, _, _ = select.select([self._status], [], [], timeout)
            with self._turn:
                if ready and self._code is None:
                    self._code = int(os.read(self._status, 16))
                    os.close(self._status)
        return self._code


class Forge:
    """The process that forks."""

    def __init__(self) -> None:
        self._asking, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def start(
        self, args: tuple[str, ...], env: dict[str, str], folder: Path, out: int, err: int, given: int
    ) -> Forked:
        """Start a program; `out`, `err` and `given`, its standard input, are descriptors."""
        status, told = os.pipe()
        try:
            asked = json.dumps({"args": args, "env": env, "folder": str(folder)}) + "\n"
            socket.send_fds(self._asking, [asked.encode()], [given, out, err, told])
            pid = int(self._asking.recv(16))
        finally:
            os.close(told)
        return Forked(pid, status)

    def end(self) -> None:
        """End it; programs that it has forked are not its business."""
        self._asking.close()
        self._process.kill()
        self._process.wait()


_forges: list[Forge] = []


def forge() -> Forge:
    """That of this process."""
    if not _forges:
        _forges.append(Forge())
    return _forges[0]


def end() -> None:
    """End it, if there is one."""
    while _forges:
        _forges.pop().end()


def _serve(asked: socket.socket) -> None:
    """Fork, and tell of the ends, until nobody asks any more. In a program that was forked it returns."""
    for name in IMPORTS:
        __import__(name)
    rung, ringing = os.pipe()
    os.set_blocking(ringing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ringing)
    telling: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([asked.fileno(), rung], [], [])
        if rung in ready:
            os.read(rung, _MOST)
            with contextlib.suppress(ChildProcessError):
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    told = telling.pop(ended[0])
                    with contextlib.suppress(BrokenPipeError):
                        os.write(told, b"%d" % os.waitstatus_to_exitcode(ended[1]))
                    os.close(told)
        if asked.fileno() in ready:
            words, descriptors, _, _ = socket.recv_fds(asked, _MOST, 4)
            while words and not words.endswith(b"\n"):
                words += asked.recv(_MOST)
            if not words:
                os._exit(0)
            *streams, told = descriptors
            pid = os.fork()
            if pid == 0:
                _become(json.loads(words), streams)
                return
            telling[pid] = told
            for one in streams:
                os.close(one)
            asked.send(b"%d" % pid)


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be a process like one that was started with this."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for own, one in enumerate(streams):
        os.dup2(one, own)
    os.closerange(3, 1024)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    sys.argv = ["shelfread", *asked["args"]]


if __name__ == "__main__":
    # What is imported is the program's, not what lies beside this file.
    del sys.path[0]
    end_of_line = socket.socket(fileno=int(sys.argv[1]))
    _serve(end_of_line)
    # Its descriptor is another's now.
    end_of_line.detach()
    from shelfread.cli import main

    main()
