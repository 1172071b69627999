"""GNU find: what it costs to look at every entry once, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Measured, Step, command


class Find:
    """`find -printf` to nowhere, a whole process each time."""

    name = "find"
    steps = frozenset({Step.UNCHANGED})
    slow = False

    @property
    def about(self) -> str:
        return f"{_version()}: `find DIR -printf '%p %s %T@ %C@'` to /dev/null, the whole process"

    def missing(self) -> str | None:
        if shutil.which("find") and "GNU" in _version():
            return None
        return "GNU find is not installed (Debian: apt-get install findutils)"

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[FindRun]:
        yield FindRun(corpus)


class FindRun:
    """find on one folder."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus

    def do(self, step: Step, *, sample: bool) -> Measured:
        return command(["find", os.fspath(self._corpus), "-printf", "%p %s %T@ %C@\n"], sample=sample)


def _version() -> str:
    said = subprocess.run(["find", "--version"], capture_output=True, text=True, check=False)
    return said.stdout.partition("\n")[0]
