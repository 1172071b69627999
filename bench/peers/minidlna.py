"""minidlna: started for each step, in the foreground; its log says when a scan begins and ends."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import memory
from bench.measure import Measured, Step, Unavailable, watched

_CONFIG = """\
media_dir={media},{folder}
db_dir={scratch}/database
log_dir={scratch}
log_level=general=warn,artwork=off,database=warn,inotify=off,scanner=info,metadata=off,http=off
port={port}
network_interface=lo
inotify=no
album_art_names=Cover.jpg/cover.jpg/Folder.jpg/folder.jpg
"""
#: Give up on a daemon that says nothing of the kind.
_PATIENCE_S = 300.0


class Minidlna:
    """A rebuild (-R) as the first scan, a rescan (-r) afterwards."""

    name = "minidlna"
    steps = frozenset({Step.FIRST, Step.UNCHANGED, Step.CHANGED})
    slow = False

    def __init__(self, media: str = "A") -> None:
        #: A for audio, V for videos.
        self._media = media

    @property
    def about(self) -> str:
        said = subprocess.run(["minidlnad", "-V"], capture_output=True, text=True, check=False)
        version = said.stdout.strip().removeprefix("Version ")
        return (
            f"minidlna {version}: -R, then -r, from the line in its log that a scan begins to the line that "
            "it ended; its start is not counted, and it does not know opus, nor all suffixes of videos"
        )

    def missing(self) -> str | None:
        if shutil.which("minidlnad"):
            return None
        return "minidlna is not installed (Debian: apt-get install minidlna)"

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[MinidlnaRun]:
        (scratch / "database").mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = scratch / "minidlna.conf"
        config.write_text(_CONFIG.format(media=self._media, folder=corpus, scratch=scratch, port=port))
        yield MinidlnaRun(config, scratch)


class MinidlnaRun:
    """One database of minidlna."""

    def __init__(self, config: Path, scratch: Path) -> None:
        self._config = config
        self._scratch = scratch

    def do(self, step: Step, *, sample: bool) -> Measured:
        log = self._scratch / "minidlna.log"
        log.write_text("")
        first = step is Step.FIRST
        process = subprocess.Popen(
            # -S: stay in the foreground, without the flood of lines that -d makes.
            [
                *("minidlnad", "-S", "-R" if first else "-r"),
                *("-f", os.fspath(self._config), "-P", os.fspath(self._scratch / "pid")),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def wait() -> Measured:
            begin = "warn: Scanning " if first else "Starting rescan"
            _wait_for(log, begin, process)
            began = time.perf_counter()
            said = _wait_for(log, " finished (" if first else "Rescan completed", process)
            return Measured(time.perf_counter() - began, says=said.rpartition("(")[2].rstrip(")!"))

        try:
            measured = watched(process.pid, wait, sample=sample)
            # It scans in a process of its own, which marks the database as whole at its very end.
            deadline = time.monotonic() + 20
            while len(memory.tree(process.pid)) > 1 and time.monotonic() < deadline:
                time.sleep(0.01)
            return measured
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(log: Path, text: str, process: subprocess.Popen[bytes]) -> str:
    """The first line of the log with a text in it, as soon as it is there."""
    deadline = time.monotonic() + _PATIENCE_S
    rest = ""
    with log.open(errors="replace") as lines:
        while time.monotonic() < deadline:
            if not (new := lines.read()):
                if process.poll() is not None:
                    raise Unavailable("minidlnad has ended by itself")
                time.sleep(0.001)
                continue
            rest += new
            *whole, rest = rest.split("\n")
            for line in whole:
                if text in line:
                    return line
    raise Unavailable(f"minidlnad never said {text!r}")
