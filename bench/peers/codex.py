"""codex: its poller and its importer in a running process, from the first look at the disk to the last row.

codex is a server with no command that imports and ends, so a small program in its Python calls the two as its
own librarian does (`codex_inside.py`). Covers are left out, on both sides; its search index is made in its
import and counted, as it has no other way.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measure import Measured, Step, Unavailable, watched
from bench.peers.environment import install, newest_python

REQUIREMENT = "codex==2.5.6"
_OLDEST_PYTHON = (3, 12)
_INSIDE = Path(__file__).with_name("codex_inside.py")


class Codex:
    """A database of codex in a process that stays."""

    name = "codex"
    about = (
        f"{REQUIREMENT}: its poller and its importer in a running process without a server, from the look at "
        "the disk to the end of the import; its search index included, covers not"
    )
    steps = frozenset({Step.FIRST, Step.UNCHANGED})
    slow = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "codex"

    def missing(self) -> str | None:
        python = newest_python(_OLDEST_PYTHON)
        if python is None:
            oldest = ".".join(map(str, _OLDEST_PYTHON))
            return f"{REQUIREMENT} needs Python {oldest} or newer, and none is on the PATH"
        return install(self._folder, REQUIREMENT, python)

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[CodexRun]:
        process = subprocess.Popen(
            # -P: the folder of the program has a module of the same name.
            [self._folder / "bin/python", "-P", _INSIDE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=scratch,
            env=os.environ | {"CODEX_CONFIG_DIR": os.fspath(scratch / "config"), "HOME": os.fspath(scratch)},
        )
        run = CodexRun(process)
        try:
            run.ask({"root": os.fspath(corpus)})
            yield run
        finally:
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class CodexRun:
    """One database of codex."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a line, give the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Unavailable("codex has ended by itself")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, step: Step, *, sample: bool) -> Measured:
        def poll() -> Measured:
            answer = self.ask({"force": step is Step.RESCAN})
            said = f"{answer['comics']} comics"
            if search := answer["phases"].get("full_text_search"):
                said += f"; {search:.1f} s of it the search index"
            return Measured(answer["seconds"], says=said)

        return watched(self._process.pid, poll, sample=sample)
