"""`store.turns`: writers of an SQLite file take turns, fairly, and nobody is kept out for ever."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
from pathlib import Path

import pytest

from shelfread.store import turns
from shelfread.store.turns import Line, somebody_waits, turn

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path, inside, most = tmp_path / "shelf.db", 0, 0

    async def write() -> None:
        nonlocal inside, most
        for _ in range(20):
            async with turn(path):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

    await asyncio.gather(*(write() for _ in range(6)))
    assert (inside, most) == (0, 1)


async def test_one_who_waits_comes_before_one_who_has_just_written(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    order: list[str] = []
    first = asyncio.Event()

    async def greedy() -> None:
        for _ in range(5):
            async with turn(path):
                order.append("greedy")
                first.set()
                # Long enough that the other one stands in the door.
                await asyncio.sleep(0.02)

    async def modest() -> None:
        await first.wait()
        async with turn(path):
            order.append("modest")

    await asyncio.gather(greedy(), modest())
    assert order.index("modest") <= 2


async def test_nobody_passes_another_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    order: list[str] = []
    left = dict.fromkeys("abcd", 10)

    async def write(name: str) -> None:
        while left[name]:
            async with turn(path):
                order.append(name)
                left[name] -= 1
                # Until the others have come as far as they can.
                await _stand_in_line(path, sum(count > 0 for other, count in left.items() if other != name))

    await asyncio.gather(*(write(name) for name in left))
    rounds = [set(order[at : at + 4]) for at in range(4, 36, 4)]
    assert rounds == [set("abcd")] * 8


async def _stand_in_line(path: Path, count: int) -> None:
    """Wait until so many stand behind the one who writes."""
    folder = path.with_name(path.name + ".locks")
    for name in turns.PLACES[-2 : -2 - count : -1]:
        while not _is_taken(folder / name):
            await asyncio.sleep(0.001)


def _is_taken(place: Path) -> bool:
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


async def test_whoever_writes_can_tell_that_somebody_waits(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    async with turn(path):
        assert not somebody_waits(path)
        other = asyncio.create_task(_write(path))
        async with asyncio.timeout(10):
            while not somebody_waits(path):
                await asyncio.sleep(0)
    await other
    async with turn(path):
        assert not somebody_waits(path)
    assert not somebody_waits(None)
    assert not somebody_waits(tmp_path / "nowhere" / "shelf.db")


async def test_what_writes_for_the_same_purpose_is_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    ours, theirs = Line(path), Line(path)
    done: list[Line] = []

    async def write(line: Line) -> None:
        async with line.turn():
            done.append(line)

    async with ours.turn():
        own = asyncio.create_task(write(ours))
        async with asyncio.timeout(10):
            while not somebody_waits(path):
                await asyncio.sleep(0)
        assert not ours.others_wait()
    await own
    async with ours.turn():
        other = asyncio.create_task(write(theirs))
        async with asyncio.timeout(10):
            while not ours.others_wait():
                await asyncio.sleep(0)
    await other
    assert done == [ours, theirs]


async def _write(path: Path) -> None:
    async with turn(path):
        pass


async def test_a_turn_ends_with_a_cancellation_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    before = len(os.listdir("/proc/self/fd"))
    for number in range(40):

        async def hold() -> None:
            async with turn(path):
                await asyncio.sleep(60)

        async with turn(path):
            waiting = asyncio.create_task(hold())
            for _ in range(number % 8):
                await asyncio.sleep(0.001)
            waiting.cancel()
            await asyncio.wait([waiting])
    async with turn(path):
        pass
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_writer_that_sleeps_keeps_nobody_out_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)
    path = tmp_path / "shelf.db"
    folder = tmp_path / "shelf.db.locks"
    folder.mkdir()
    held = os.open(folder / "writer", os.O_CREAT | os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    async with turn(path):
        pass
    os.close(held)


async def test_without_a_place_for_the_locks_writing_goes_on(tmp_path: Path) -> None:
    (tmp_path / "shelf.db.locks").write_text("a file in the way")
    async with turn(tmp_path / "shelf.db"):
        pass
    async with turn(tmp_path / "nowhere" / "shelf.db"):
        pass
    assert not (tmp_path / "nowhere").exists()
    async with turn(None):
        pass


async def test_the_locks_are_private(tmp_path: Path) -> None:
    async with turn(tmp_path / "shelf.db"):
        pass
    folder = tmp_path / "shelf.db.locks"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
