"""Broken and hostile videos: a problem, no crash, two seconds and 300 MB at most, and nothing else is opened.

Every file is read in a confined process (issue 6, 4). That nothing is opened is not taken from the reader's
word: the kernel reports who opens the files that are referred to, and a server counts who calls.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shelfread.model.problem import ProblemCode
from tests.media.video import hostile_videos as made_here
from tests.media.video.films_on_disk import made

ROOT = Path(__file__).resolve().parents[3]
MOST_MEMORY = 300 << 20
#: Codes that a reader may give a broken file.
CODES = {
    None,
    ProblemCode.EMPTY_FILE,
    ProblemCode.WRONG_FORMAT,
    ProblemCode.TRUNCATED,
    ProblemCode.DAMAGED,
    ProblemCode.UNSUPPORTED,
    ProblemCode.LIMIT_EXCEEDED,
}
_IN_OPEN = 0x20


def _read(folder: Path, files: Iterable[tuple[str, bytes]], suffix: str = ".mp4") -> dict[str, Any]:
    """What a confined process makes of them, by their names."""
    names: dict[str, str] = {}
    for number, (what, content) in enumerate(files):
        path = folder / f"{number:04}{'.strm' if what.startswith('strm') else suffix}"
        path.write_bytes(content)
        names[str(path)] = what
    done = subprocess.run(
        [sys.executable, "-m", "tests.media.video.hostile_video_reader", str(MOST_MEMORY), *names],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    lines = done.stdout.splitlines()
    last = list(names.values())[min(len(lines), len(names) - 1)]
    assert (done.returncode, done.stderr) == (0, ""), f"reading {last!r}: {done.stderr[-2000:]}"
    return dict(zip(names.values(), map(json.loads, lines), strict=True))


def _judge(found: dict[str, Any]) -> None:
    for what, one in found.items():
        assert one["code"] in CODES, (what, one)
        assert one["seconds"] < 2, (what, one)
        assert one["memory"] < MOST_MEMORY, (what, one)
        assert one["bytes"] < 1 << 20, (what, one)
        assert (one["detail"] is None) == (one["code"] is None), (what, one)
    assert len({one["descriptors"] for one in found.values()}) <= 2, "descriptors are left open"


def test_every_structure_that_makes_readers_run_is_a_problem_and_quick(tmp_path: Path) -> None:
    found = _read(tmp_path, [*made_here.bombs(), *made_here.slow()])
    _judge(found)
    assert len(found) >= 35


def test_cut_and_torn_files_are_a_problem_or_read(tmp_path: Path) -> None:
    found = _read(tmp_path, made_here.broken())
    _judge(found)
    for name in made_here.SOUND:
        assert found[f"{name} twice"]["streams"] >= 2
        assert found[f"{name} of 4 bytes"]["code"] is not None
    for name in made_here.SIZED:
        for eighths in range(2, 8):
            one = found[f"{name} cut off at {eighths} eighths"]
            assert one["code"] == ProblemCode.TRUNCATED, (name, eighths, one)


@contextmanager
def _watched(paths: Iterable[Path]) -> Iterator[list[str]]:
    """The files among these that anybody opened meanwhile, as the kernel tells it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        pytest.skip("this system tells nobody who opens what")
    fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    names = {libc.inotify_add_watch(fd, os.fsencode(path), _IN_OPEN): str(path) for path in paths}
    assert -1 not in names
    seen: list[str] = []
    try:
        yield seen
        while select.select([fd], [], [], 0)[0]:
            content = os.read(fd, 65536)
            while content:
                seen.append(names[int.from_bytes(content[:4], sys.byteorder, signed=True)])
                content = content[16 + int.from_bytes(content[12:16], sys.byteorder) :]
    finally:
        os.close(fd)


def test_what_a_file_refers_to_is_neither_opened_nor_asked_for(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(made(made_here.SOUND["mpegts"]))
    folder = tmp_path / "videos"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server, _watched([secret]) as opened:
        files = list(made_here.playlists(str(secret), server.getsockname()[1]))
        found = _read(folder, files)
        assert not select.select([server], [], [], 0)[0], "somebody called"
    assert opened == []
    _judge(found)
    assert found["HLS to a file"]["code"] == ProblemCode.WRONG_FORMAT
    assert found["strm to a file"]["code"] is None


def test_the_watch_sees_an_open_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"")
    with _watched([path]) as opened:
        path.read_bytes()
    assert opened == [str(path)]
