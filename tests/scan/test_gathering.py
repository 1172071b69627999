"""`scan.gathering`: what waits for a batch, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from shelfread.model.catalogue import FileWrite, FolderWrite
from shelfread.model.change import Change
from shelfread.model.entry import Stamp
from shelfread.scan import gathering
from shelfread.scan.gathering import Gathering, rows_of
from shelfread.scan.pace import LEAST, LEAST_SHORT, MOST, Pace

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Longer than any test.
NEVER = 3600.0
STAMP = Stamp(1, 1, 1, 1, 1)


def _part(rows: int) -> FolderWrite:
    files = [FileWrite(number, b"%d.mp3" % number, STAMP, Change.ADDED, False) for number in range(rows)]
    return FolderWrite(1, 1, b"Ann", known=True, files=files)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    def set_to(gather_s: float, longer_s: float) -> None:
        monkeypatch.setattr(gathering, "GATHER_S", gather_s)
        monkeypatch.setattr(gathering, "LONGER_S", longer_s)

    return set_to


async def _next(gathered: Gathering) -> list[int]:
    async with asyncio.timeout(20):
        return [rows_of(part) for part in await gathered.next()]


async def test_a_few_rows_wait_until_they_are_worth_a_batch(waiting: Callable[[float, float], None]) -> None:
    waiting(0, NEVER)
    gathered = Gathering(Pace(MOST))
    await gathered.put(_part(LEAST - 2))
    batch = asyncio.create_task(_next(gathered))
    await gathered.put(_part(0))
    assert not (await asyncio.wait([batch], timeout=0.05))[0]
    await gathered.put(_part(1))
    assert await batch == [LEAST - 2, 1, 1]
    assert not gathered.done


async def test_a_few_rows_do_not_wait_for_ever(waiting: Callable[[float, float], None]) -> None:
    waiting(0, 0)
    gathered = Gathering(Pace(MOST))
    await gathered.put(_part(3))
    assert await _next(gathered) == [3]


async def test_what_is_worth_a_batch_waits_for_a_moment_only(waiting: Callable[[float, float], None]) -> None:
    waiting(0, NEVER)
    gathered = Gathering(Pace(MOST))
    await gathered.put(_part(LEAST))
    assert await _next(gathered) == [LEAST]


async def test_a_full_batch_and_the_end_do_not_wait(waiting: Callable[[float, float], None]) -> None:
    waiting(NEVER, NEVER)
    gathered = Gathering(Pace(MOST))
    for _ in range(3):
        await gathered.put(_part(MOST // 2))
    assert await _next(gathered) == [MOST // 2] * 2
    gathered.end()
    assert await _next(gathered) == [MOST // 2]
    assert gathered.done
    assert await _next(gathered) == []


@pytest.mark.parametrize("limit", [1, LEAST_SHORT])
async def test_a_short_batch_is_full_with_fewer_rows_than_are_worth_one(
    waiting: Callable[[float, float], None], limit: int
) -> None:
    waiting(NEVER, NEVER)
    gathered = Gathering(Pace(limit))
    await gathered.put(_part(limit))
    assert await _next(gathered) == [limit]


async def test_a_limit_that_fell_counts_for_what_waits_already(
    waiting: Callable[[float, float], None],
) -> None:
    waiting(NEVER, NEVER)
    pace = Pace(MOST)
    gathered = Gathering(pace)
    await gathered.put(_part(20))
    pace.limit = LEAST_SHORT
    assert await _next(gathered) == [20]
