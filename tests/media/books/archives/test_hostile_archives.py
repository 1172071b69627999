"""Archives that mean harm: B6 1 to 4. One process reads them all, and may not take more than is promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.media.books.hostile_archives import HOSTILE, Hostile, write_all

#: Promised is 2 s for each; a machine that tests run on may be slow and busy.
MOST_SECONDS = 20.0
MOST_CPU = 6.0
MOST_MEMORY = 300 << 20
ROOT = Path(__file__).resolve().parents[4]


def _read_all(folder: Path, inside: Path) -> dict[str, dict[str, Any]]:
    """What came of each in a process of its own; `inside` is where that ran."""
    command = [sys.executable, "-m", "tests.media.books.archives.hostile_reader", str(MOST_MEMORY)]
    done = subprocess.run(
        [*command, *(str(folder / name) for name in HOSTILE)],
        cwd=inside,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return dict(zip(HOSTILE, map(json.loads, done.stdout.splitlines()), strict=True))


def _wrong(hostile: Hostile, found: dict[str, Any]) -> list[str]:
    """What is not as it must be."""
    wrong = []
    if found["refused"] != hostile.refused:
        wrong.append("refused")
    if hostile.refused is None and found["warnings"] != list(hostile.warnings):
        wrong.append("warnings")
    if hostile.refused is None and found["reading"] != hostile.reading:
        wrong.append("reading")
    if hostile.names is not None and found["names"] != list(hostile.names):
        wrong.append("names")
    if (found["refused"] or found["reading"]) and len(found["detail"]) < 12:
        wrong.append("detail")
    if found["cpu"] > MOST_CPU or found["seconds"] > MOST_SECONDS:
        wrong.append("time")
    if found["most_memory"] > MOST_MEMORY:
        wrong.append("memory")
    return wrong


def test_b6_hostile_archives_are_refused_or_read_as_far_as_they_are_sound_within_time_and_memory(
    tmp_path: Path,
) -> None:
    folder, inside = tmp_path / "hostile", tmp_path / "inside"
    folder.mkdir()
    inside.mkdir()
    write_all(folder)
    came_of_it = _read_all(folder, inside)
    wrong = {name: (_wrong(HOSTILE[name], found), found) for name, found in came_of_it.items()}
    assert {name: both for name, both in wrong.items() if both[0]} == {}
    # Nothing was written anywhere.
    assert sorted(path.name for path in folder.iterdir()) == sorted(HOSTILE)
    assert not list(inside.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile", "inside"]
