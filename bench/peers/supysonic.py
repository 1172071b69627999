"""supysonic: its command line on an SQLite database, scanning in the foreground."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Measured, Step, command
from bench.peers.environment import install, rows_of

REQUIREMENT = "supysonic==0.7.9"

_CONFIG = """\
[base]
database_uri = sqlite:///{scratch}/supysonic.db

[webapp]
cache_dir = {scratch}/cache
"""


class Supysonic:
    """The whole `supysonic-cli folder scan -f` process for each step."""

    name = "supysonic"
    about = f"{REQUIREMENT}: `supysonic-cli folder scan -f`, the whole process"
    steps = frozenset(Step)
    slow = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "supysonic"

    def missing(self) -> str | None:
        return install(self._folder, REQUIREMENT)

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[SupysonicRun]:
        (scratch / "supysonic.conf").write_text(_CONFIG.format(scratch=scratch))
        run = SupysonicRun(self._folder / "bin/supysonic-cli", scratch)
        run.call("folder", "add", "music", os.fspath(corpus))
        yield run


class SupysonicRun:
    """One database of supysonic."""

    def __init__(self, program: Path, scratch: Path) -> None:
        self._program = program
        self._scratch = scratch

    def call(self, *arguments: str, sample: bool = False) -> Measured:
        # It looks for its settings in the folder it is started in.
        return command(
            [os.fspath(self._program), *arguments],
            sample=sample,
            cwd=self._scratch,
            env=os.environ | {"HOME": os.fspath(self._scratch)},
        )

    def do(self, step: Step, *, sample: bool) -> Measured:
        force = ["--force"] if step is Step.RESCAN else []
        measured = self.call("folder", "scan", "-f", *force, "music", sample=sample)
        measured.says = rows_of(self._scratch / "supysonic.db", "track")
        return measured
