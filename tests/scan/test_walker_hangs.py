"""`scan.walk` and `scan.walker` when listings do not come, or would be too much."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from shelfread.scan import walk, walker
from shelfread.scan.folder import FolderTask, walk_rules
from shelfread.scan.walk import WalkerPool
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = walk_rules([b".mp3"], [b".jpg"])


def _tasks(root: Path, count: int) -> list[FolderTask]:
    tasks = []
    for number in range(count):
        (root / f"{number:03}").mkdir()
        (root / f"{number:03}" / "a.mp3").touch()
        tasks.append(FolderTask(bytes(root / f"{number:03}"), b"%03d" % number))
    return tasks


async def test_a_walker_that_is_stopped_costs_a_wait_and_no_folder(tmp_path: Path) -> None:
    tasks = _tasks(tmp_path, 40)
    pool = WalkerPool(1, timeout_s=0.5)
    await pool.start()
    try:
        (child,) = pool._walkers
        os.kill(child.pid, signal.SIGSTOP)
        async with asyncio.timeout(20):
            listings = await pool.look(RULES, tasks)
        assert [listing.relative for listing in listings] == [task.relative for task in tasks]
        assert {(listing.problem, listing.files) for listing in listings} == {(None, 1)}
        assert not child.alive
    finally:
        await pool.close()


async def test_a_folder_that_does_not_answer_is_told_and_the_others_are_listed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        shelf.tree.add(f"Ann/{number}/a.mp3")
    shelf.tree.add("Ann/hang/a.mp3")
    assert await shelf.scan() == {"added": 31}
    monkeypatch.setattr(walk, "ROLE", "tests.scan.hanging:walker")
    pool = WalkerPool(2, timeout_s=0.5)
    await pool.start()
    try:
        monkeypatch.setattr(shelf.pools, "walkers", pool)
        shelf.tree.add("Ann/29/b.mp3")
        async with asyncio.timeout(90):
            assert await shelf.scan() == {"added": 1, "unchanged": 30}
    finally:
        monkeypatch.undo()
        await pool.close()
    assert await shelf.problems() == {("Ann/hang", "folder_unreadable")}
    assert len(await shelf.ids()) == 32
    assert "0.5 s" in (await shelf.table("problems"))[0]["detail"]
    assert await shelf.scan() == {"unchanged": 32}
    assert await shelf.problems() == set()


async def test_frames_are_small_and_a_folder_too_large_for_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = _tasks(tmp_path, 40)
    for number in range(30):
        (tmp_path / "007" / f"{number}{'x' * 100}.mp3").touch()
    monkeypatch.setattr(walker, "_SURELY_FITS", 20)
    frames = [list(frame) for frame in walker.walker(1 << 20)((RULES, tasks, False))]
    assert len(frames) < 10
    assert max(len(frame) for frame in frames) <= walker.FRAME_FOLDERS
    assert {listing.problem for frame in frames for listing in frame} == {None}
    singles = [list(frame) for frame in walker.walker(5000)((RULES, tasks, True))]
    assert [len(frame) for frame in singles] == [1] * 40
    told = {listing.relative: listing.problem for (listing,) in singles if listing.problem}
    assert told == {b"007": ("folder_unreadable", "there are 31 names in it")}
