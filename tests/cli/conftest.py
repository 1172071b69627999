"""What tests of the command share: a home of its own for each, real sound files, and real processes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple
from unittest import mock

import pytest
import pytest_asyncio

from bench.corpus import make_file
from shelfread.cli import program
from tests.cli.forge import forge
from tests.cli.staying_programs import FILES, House, house, many_files, plain_environment
from tests.conftest import NewCatalogue


class Ended(NamedTuple):
    """A process that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document on standard output (everything else must be elsewhere)."""
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)


class Shelf:
    """A data folder, a music folder, and the command that uses them."""

    def __init__(self, folder: Path, sounds: dict[str, Path]) -> None:
        self.folder = folder
        self.music = folder / "Music"
        self.music.mkdir()
        self.sounds = sounds
        self.env = plain_environment() | {
            "SHELFREAD_DATA_DIR": str(folder / "home"),
            "SHELFREAD_PARSERS": "1",
            "SHELFREAD_WALKERS": "1",
            "SHELFREAD_SETTLE_SECONDS": "0",
        }

    def sound(self, name: str | bytes, fmt: str = "mp3") -> bytes:
        path = os.path.join(os.fsencode(self.music), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(os.fsencode(self.sounds[fmt]), path)
        with Path(os.fsdecode(path)).open("ab") as file:
            file.write(os.fsencode(name) + b"\0" * 8)
        return path

    def start(self, *args: str | bytes | Path, **options: Any) -> subprocess.Popen[bytes]:
        settings: dict[str, Any] = {
            "env": self.env,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": self.folder,
        }
        return subprocess.Popen([sys.executable, "-m", "shelfread", *args], **(settings | options))

    def run(self, *args: str | bytes | Path, stdin: bytes = b"", **env: str) -> Ended:
        """A process of its own, from its beginning to its end."""
        words = tuple(os.fsdecode(arg) for arg in args)
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            streams = (out.fileno(), err.fileno(), given.fileno())
            process = forge().start(words, self.env | env, self.folder, *streams)
            try:
                code = process.wait(60)
            finally:
                process.kill()
            out.seek(0)
            err.seek(0)
            text = err.read().decode("utf-8", "replace")
            assert "Traceback" not in text or "SHELFREAD_DEBUG" in env, text
            return Ended(code, out.read().decode("utf-8", "replace"), text)

    def typed(self, *args: str | bytes | Path) -> Ended:
        """The same with an interpreter of its own, as people start it."""
        process = self.start(*args)
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def call(self, *args: str | bytes | Path, **env: str) -> Ended:
        """The same in this process."""
        argv = ["shelfread", *(os.fsdecode(arg) for arg in args)]
        out, err = io.BytesIO(), io.BytesIO()
        texts = [io.TextIOWrapper(buffer, "utf-8", write_through=True) for buffer in (out, err)]
        with (
            mock.patch.dict(os.environ, self.env | env, clear=True),
            mock.patch.object(sys, "argv", argv),
            contextlib.redirect_stdout(texts[0]),
            contextlib.redirect_stderr(texts[1]),
        ):
            code = program.run()
        return Ended(code, out.getvalue().decode(), err.getvalue().decode())

    def refused(self, *args: str | bytes | Path, code: int = 2) -> str:
        """Call what must be refused with one clear line; gives the line."""
        ended = self.call(*args)
        assert ended.code == code, ended
        assert ended.out == "", ended
        assert ended.err.startswith("shelfread: "), ended
        assert ended.err.count("\n") == 1, ended
        return ended.err.strip()

    def libraries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("library", "list", "--json").json()["libraries"]
        return found


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sounds")
    tags = {"title": "Song", "artist": "Ann", "album": "One", "tracknumber": "3/12"}
    made = {}
    for fmt in ("mp3", "flac"):
        made[fmt] = folder / f"sound.{fmt}"
        make_file(made[fmt], fmt, tags=tags, seconds=0.5)
    return made


@pytest.fixture(scope="session")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its schema and nothing else: making the schema costs more than a small scan."""
    shelf = Shelf(tmp_path_factory.mktemp("empty"), {})
    assert shelf.call("library", "list").code == 0
    return shelf.folder / "home" / "shelfread.db"


@pytest.fixture
def bare_shelf(tmp_path: Path, sounds: dict[str, Path]) -> Shelf:
    """A shelf that never was used: no data folder."""
    return Shelf(tmp_path, sounds)


@pytest.fixture
def shelf(bare_shelf: Shelf, empty_catalogue: Path) -> Shelf:
    home = bare_shelf.folder / "home"
    home.mkdir(mode=0o700)
    shutil.copyfile(empty_catalogue, home / "shelfread.db")
    return bare_shelf


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


# Programs that stay


@pytest.fixture(scope="session")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is in the middle of its scan for a while."""
    return many_files(tmp_path_factory.mktemp("big") / "Music", FILES)


@pytest_asyncio.fixture(loop_scope="session")
async def at_home(tmp_path: Path, new_catalogue: NewCatalogue) -> AsyncIterator[House]:
    """On SQLite."""
    async with house(tmp_path, await new_catalogue("sqlite")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def anywhere(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """On SQLite and on PostgreSQL."""
    async with house(tmp_path, database_url) as made:
        yield made
