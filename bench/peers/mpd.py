"""MPD: a real daemon with a database file of its own, asked over its own protocol.

It is measured inside the running daemon, from the command to the moment it says it is done, which is after
it has written its database file.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Measured, Step, Unavailable, watched

_CONFIG = """\
music_directory "{music}"
db_file "{scratch}/database"
log_file "{scratch}/log"
bind_to_address "{socket}"
auto_update "no"
zeroconf_enabled "no"
audio_output {{
    type "null"
    name "none"
}}
"""


class Mpd:
    """`update` and `rescan` in a running MPD."""

    name = "MPD"
    steps = frozenset(Step)
    slow = False

    @property
    def about(self) -> str:
        said = subprocess.run(["mpd", "--version"], capture_output=True, text=True, check=False)
        version = said.stdout.partition("\n")[0].partition(" (")[0]
        return f"{version}: update or rescan inside the running daemon, until it is done"

    def missing(self) -> str | None:
        return None if shutil.which("mpd") else "MPD is not installed (Debian: apt-get install mpd)"

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[MpdRun]:
        # Without a database MPD scans on its own as it starts. With one of an empty folder it waits.
        empty = scratch / "empty"
        empty.mkdir()
        with _daemon(empty, scratch):
            pass
        with _daemon(corpus, scratch) as run:
            yield run


class MpdRun:
    """A daemon that answers."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self._pid = pid
        self._connection = connection
        self._lines = connection.makefile("r", encoding="utf-8", newline="\n")
        if not self._lines.readline().startswith("OK MPD"):
            raise Unavailable("mpd does not speak its protocol")
        self.finish()

    def ask(self, request: str) -> dict[str, str]:
        """Send a command, give the fields of the answer."""
        self._connection.sendall(request.encode() + b"\n")
        answer: dict[str, str] = {}
        while (line := self._lines.readline().rstrip("\n")) != "OK":
            if not line or line.startswith("ACK"):
                raise Unavailable(f"mpd answered {request!r} with {line!r}")
            name, _, value = line.partition(": ")
            answer[name] = value
        return answer

    def finish(self) -> None:
        """Wait until no update is running."""
        while "updating_db" in self.ask("status"):
            self.ask("idle update")

    def do(self, step: Step, *, sample: bool) -> Measured:
        def update() -> Measured:
            began = time.perf_counter()
            self.ask("rescan" if step is Step.RESCAN else "update")
            self.finish()
            return Measured(time.perf_counter() - began)

        measured = watched(self._pid, update, sample=sample)
        measured.says = f"{self.ask('stats')['songs']} songs"
        return measured

    def close(self) -> None:
        self._lines.close()
        self._connection.close()


@contextmanager
def _daemon(music: Path, scratch: Path) -> Iterator[MpdRun]:
    # The path of a socket may have a hundred bytes only, and scratch folders are deep.
    with tempfile.TemporaryDirectory(prefix="mpd-") as short:
        address = f"{short}/socket"
        config = scratch / "mpd.conf"
        config.write_text(_CONFIG.format(music=music, scratch=scratch, socket=address))
        process = subprocess.Popen(
            ["mpd", "--no-daemon", os.fspath(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": os.fspath(scratch), "XDG_CONFIG_HOME": os.fspath(scratch)},
        )
        run = None
        try:
            run = MpdRun(process.pid, _connected(address, process))
            yield run
        finally:
            if run:
                run.close()
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _connected(address: str, process: subprocess.Popen[bytes]) -> socket.socket:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            time.sleep(0.02)
        else:
            return connection
    raise Unavailable("mpd does not start")
