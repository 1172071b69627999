"""Python peers live each in a virtual environment of its own, inside the checkout's ignored folder."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path


def newest_python(oldest: tuple[int, int]) -> str | None:
    """This Python, or another one on the PATH where this one is older than a peer needs; None without one."""
    if sys.version_info >= oldest:
        return sys.executable
    for minor in range(oldest[1] + 3, oldest[1] - 1, -1):
        version = f"3.{minor}"
        try:
            done = subprocess.run(
                [f"python{version}", "-c", "import sys; print(sys.executable)"],
                capture_output=True,
                text=True,
                check=False,
                # Where pyenv stands behind the names, they work only for versions that were chosen.
                env=os.environ | {"PYENV_VERSION": version},
            )
        except OSError:
            continue
        if done.returncode == 0:
            return done.stdout.strip()
    return None


def install(folder: Path, requirement: str, python: str = sys.executable) -> str | None:
    """Make an environment with one requirement in it, unless it is there; gives why not, in one line."""
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text() == requirement:
        return None
    for arguments in (
        [python, "-m", "venv", "--clear", str(folder)],
        [str(folder / "bin/python"), "-m", "pip", "install", "-q", requirement],
    ):
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            return f"{requirement} could not be installed: {lines[-1]}"
    stamp.write_text(requirement)
    return None


def rows_of(database: Path, table: str) -> str:
    """What a peer that says nothing has in its SQLite catalogue."""
    with closing(sqlite3.connect(database)) as connection:
        count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return f"{count} tracks"
