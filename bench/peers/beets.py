"""beets: `import -A -C -q` (no autotagging, no copying, no questions), then `update`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Measured, Step, command
from bench.peers.environment import install, rows_of

REQUIREMENT = "beets==2.14.1"

_CONFIG = """\
directory: {music}
library: {scratch}/library.db
plugins: []
import:
    copy: no
    move: no
    write: no
"""


class Beets:
    """The whole `beet` process for each step."""

    name = "beets"
    about = f"{REQUIREMENT}: `beet import -A -C -q`, then `beet update`, the whole process"
    steps = frozenset({Step.FIRST, Step.UNCHANGED, Step.CHANGED})
    slow = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "beets"

    def missing(self) -> str | None:
        return install(self._folder, REQUIREMENT)

    @contextmanager
    def start(self, corpus: Path, scratch: Path) -> Iterator[BeetsRun]:
        (scratch / "config.yaml").write_text(_CONFIG.format(music=corpus, scratch=scratch))
        yield BeetsRun(self._folder / "bin/beet", corpus, scratch)


class BeetsRun:
    """One library of beets."""

    def __init__(self, program: Path, corpus: Path, scratch: Path) -> None:
        self._program = program
        self._corpus = corpus
        self._scratch = scratch

    def do(self, step: Step, *, sample: bool) -> Measured:
        what = ["import", "-A", "-C", "-q", os.fspath(self._corpus)] if step is Step.FIRST else ["update"]
        measured = command(
            [os.fspath(self._program), *what],
            sample=sample,
            env=os.environ | {"BEETSDIR": os.fspath(self._scratch), "HOME": os.fspath(self._scratch)},
        )
        measured.says = rows_of(self._scratch / "library.db", "items")
        return measured
