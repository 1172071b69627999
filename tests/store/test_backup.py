"""A copy of the catalogue is of one moment, also while a scan writes, and is checked before it is named."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shelfread.app import open_app
from shelfread.scan.extract import FileReading, FileRef
from shelfread.scan.plan import Mode
from shelfread.settings import Settings
from shelfread.store import backup
from shelfread.store.backup import BackupFailed, Copy, back_up
from tests import catalogue
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _source(shelf: Shelf) -> Path:
    path = shelf.database.path
    assert path is not None
    return path


class _Turns:
    """The parsers of a shelf, which read one chunk of files for each turn that they are given."""

    def __init__(self, parsers: Any) -> None:
        self._parsers = parsers
        self._turns = asyncio.Semaphore(0)
        self.workers: int = parsers.workers

    def give(self, turns: int = 1) -> None:
        for _ in range(turns):
            self._turns.release()

    async def read(self, chunk: list[FileRef]) -> list[FileReading]:
        await self._turns.acquire()
        readings: list[FileReading] = await self._parsers.read(chunk)
        return readings


class _Between(threading.Event):
    """Asked between two portions of pages whether to stop; twice it has the scan commit something first."""

    def __init__(self, source: Path, turns: _Turns) -> None:
        super().__init__()
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._turns = turns
        #: What the job said at most when the copy had begun.
        self.at_first: int | None = None
        self._left = 2

    def is_set(self) -> bool:
        before = _added(self._source)
        if self.at_first is None:
            self.at_first = before
        if self._left:
            self._left -= 1
            self._loop.call_soon_threadsafe(self._turns.give)
            deadline = time.monotonic() + 60
            while _added(self._source) == before:
                assert time.monotonic() < deadline, "the scan does not go on beside a copy"
                time.sleep(0.005)
        return super().is_set()


def _added(catalogue: Path) -> int:
    with closing(sqlite3.connect(catalogue)) as connection:
        (added,) = connection.execute("SELECT max(items_added) FROM library_scan_jobs").fetchone()
    return added or 0


async def test_copies_made_while_a_scan_writes_are_each_of_one_moment_and_can_be_gone_on_with(
    new_shelf: NewShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The scan commits while pages are copied: as much as it gets turns for, and so it is never at its end.
    monkeypatch.setattr(backup, "_PAGES", 4)
    shelf = await new_shelf("sqlite")
    turns = _Turns(shelf.pools.parsers)
    monkeypatch.setattr(shelf.pools, "parsers", turns)
    for number in range(100):
        shelf.tree.add(f"Artist {number % 7}/Album {number % 20}/{number}.mp3")
    scan = asyncio.ensure_future(shelf.outcome(mode=Mode.SYNC))
    turns.give()
    async with asyncio.timeout(60):
        while not _added(_source(shelf)):
            await asyncio.sleep(0.005)
    copies: list[Copy] = []
    for number in range(3):
        between = _Between(_source(shelf), turns)
        target = tmp_path / f"{number}.backup"
        copies.append(await asyncio.to_thread(backup._back_up, _source(shelf), target, between))
        assert between.at_first is not None
        assert 0 < copies[-1].files <= between.at_first < 100, "what was committed later is not in it"
        assert between.at_first < _added(_source(shelf)), "the scan went on meanwhile"
        assert _added(target) == copies[-1].files, "what the job says is in the transaction of its rows"
    assert not scan.done()
    turns.give(100)
    assert (await scan).counters.added == 100
    url = f"sqlite:///{copies[0].path}"
    async with open_app(Settings(database_url=url, settle_seconds=0, data_dir=tmp_path / "data")) as app:
        library = await app.libraries.get(shelf.library_id)
        assert library is not None
        await app.scan(library, pools=shelf.pools)
        mine, theirs = await catalogue.dump(app.database), await catalogue.dump(shelf.database)
        assert mine == theirs


async def test_a_copy_is_one_file_for_its_owner_alone_and_nothing_is_left_beside_it(
    new_shelf: NewShelf, tmp_path: Path
) -> None:
    shelf = await new_shelf("sqlite")
    folder = tmp_path / "a folder? with #odd %20 signs"
    folder.mkdir()
    copy = await back_up(_source(shelf), folder / "copy")
    assert [path.name for path in folder.iterdir()] == ["copy"]
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600
    assert (copy.libraries, copy.files, copy.size) == (1, 0, copy.path.stat().st_size)


async def test_a_backup_replaces_nothing_and_makes_nothing_of_nothing(
    new_shelf: NewShelf, tmp_path: Path
) -> None:
    shelf = await new_shelf("sqlite")
    target = tmp_path / "copy"
    target.write_bytes(b"mine")
    with pytest.raises(BackupFailed, match="is there already"):
        await back_up(_source(shelf), target)
    assert target.read_bytes() == b"mine"
    with pytest.raises(BackupFailed, match="there is no catalogue yet"):
        await back_up(tmp_path / "none.db", tmp_path / "other")
    with pytest.raises(BackupFailed, match="cannot be written"):
        await back_up(_source(shelf), tmp_path / "no" / "folder")
    stranger = tmp_path / "stranger.db"
    with closing(sqlite3.connect(stranger)) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(BackupFailed, match="no catalogue of Shelfread's"):
        await back_up(stranger, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert not list(tmp_path.glob("*.unfinished"))


async def test_a_damaged_catalogue_gives_no_copy(new_shelf: NewShelf, tmp_path: Path) -> None:
    shelf = await new_shelf("sqlite")
    damaged = tmp_path / "damaged.db"
    await back_up(_source(shelf), damaged)
    content = bytearray(damaged.read_bytes())
    for page in range(20, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = os.urandom(64)
    damaged.write_bytes(content)
    with pytest.raises(BackupFailed, match=r"damaged|cannot be copied"):
        await back_up(damaged, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_a_backup_that_is_cut_off_leaves_nothing(
    new_shelf: NewShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = await new_shelf("sqlite")
    monkeypatch.setattr(backup, "_PAGES", 1)
    work = asyncio.ensure_future(back_up(_source(shelf), tmp_path / "copy"))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")]
