"""Programs that stand in for FFmpeg's ffprobe, which not every machine has: they say what they are told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shelfread.media.video import probing


def put_probe(folder: Path, body: str, protocols: str = "Input:\n  fd\n  file") -> Path:
    """A program `ffprobe` in a folder, which knows these protocols and runs these lines of Python."""
    folder.mkdir(exist_ok=True)
    path = folder / "ffprobe"
    path.write_text(
        f"#!{sys.executable} -IS\nimport json, os, sys, time\n"
        f"if '-protocols' in sys.argv: sys.exit(print({protocols!r}))\n{body}\n"
    )
    path.chmod(0o755)
    return path


def answering(document: object) -> str:
    """Lines that check that the file can be read by the descriptor, and print a document."""
    return (
        "fd = int(sys.argv[sys.argv.index('-fd') + 1])\n"
        "assert os.pread(fd, 4, 0) and sys.argv[-1] == 'fd:'\n"
        f"print({json.dumps(document)!r})"
    )


@contextmanager
def found_on_path(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only the programs of this folder are found meanwhile."""
    patch.setenv("PATH", str(folder))
    probing._usable.cache_clear()
    probing._Silence.times = 0
    yield
    probing._usable.cache_clear()
    probing._Silence.times = 0
