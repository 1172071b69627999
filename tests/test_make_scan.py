"""`make scan`: what a newcomer types first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _scan(local: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHELFREAD_")}
    environment |= {
        "LOCAL": str(local),
        "VENV": str(Path(sys.executable).parents[1]),
        "NO_COLOR": "1",
        **more,
    }
    return subprocess.run(
        ["sh", "tools/scan.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_sample_books_are_made_once_and_scanned_and_a_folder_of_them_is_known_as_books(
    tmp_path: Path,
) -> None:
    done = _scan(tmp_path, KIND="books")
    assert done.returncode == 0, done.stderr
    assert "generating a small library in" in done.stderr
    assert "sample-books  library 1, new" in done.stdout
    assert "Broken Download.cbz" in done.stdout
    assert "some files have problems" in done.stderr
    again = _scan(tmp_path, DIR=str(tmp_path / "sample-books"))
    assert again.returncode == 0, again.stderr
    assert "generating" not in again.stderr
    # The kind was guessed: else there would be a library of music.
    assert "sample-books  library 1\n" in again.stdout


def test_the_sample_videos_are_made_and_scanned_and_a_folder_of_them_is_known_as_videos(
    tmp_path: Path,
) -> None:
    done = _scan(tmp_path, KIND="video")
    assert done.returncode == 0, done.stderr
    assert "sample-videos  library 1, new\n24 files" in done.stdout
    assert "Broken Download (2003).mkv" in done.stdout
    assert done.stdout.count("  truncated  ") == 1
    again = _scan(tmp_path, DIR=str(tmp_path / "sample-videos"))
    assert again.returncode == 0, again.stderr
    assert "sample-videos  library 1\n" in again.stdout


def test_an_unknown_kind_of_sample_is_refused(tmp_path: Path) -> None:
    done = _scan(tmp_path, KIND="films")
    assert done.returncode == 2
    assert "KIND is music, books or video" in done.stderr
