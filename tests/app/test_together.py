"""`app.together`: one reading for all who ask at the same moment, none that is older than a question."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shelfread.app import together
from shelfread.app.together import CROWD, Together

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Readings:
    """What is read: how many readings there were, each as long as the test says."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = asyncio.Event()

    async def read(self, _key: str) -> int:
        self.begun += 1
        number = self.begun
        await self.go_on.wait()
        return number


async def _turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_asks_while_a_reading_runs_gets_one_that_began_after_the_question() -> None:
    readings = Readings()
    asked = Together(readings.read)
    first = asyncio.ensure_future(asked.ask("a"))
    await _turns()
    later = [asyncio.ensure_future(asked.ask("a")) for _ in range(3)]
    await _turns()
    assert readings.begun == 1
    readings.go_on.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2, 2, 2]


async def _crowd(asked: Together[str, int], readings: Readings, count: int) -> list[asyncio.Future[int]]:
    """So many who ask while a reading runs, which ends then."""
    first = asyncio.ensure_future(asked.ask("a"))
    await _turns()
    crowd: list[asyncio.Future[int]] = [asyncio.ensure_future(asked.ask("a")) for _ in range(count)]
    await _turns()
    readings.go_on.set()
    await first
    return crowd


async def test_the_rest_of_a_crowd_is_waited_for_and_a_few_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def gathering(seconds: float) -> None:
        await (gathered if seconds == together.GATHER_S else sleep(seconds))

    monkeypatch.setattr(asyncio, "sleep", gathering)
    few, any_way = Readings(), Readings()
    asked = Together(few.read, gathers=True)
    assert await asyncio.gather(*await _crowd(asked, few, CROWD - 1)) == [2] * (CROWD - 1)
    # Who wants no crowd is not kept waiting by one.
    assert await asyncio.gather(*await _crowd(Together(any_way.read), any_way, CROWD)) == [2] * CROWD
    many = Readings()
    asked = Together(many.read, gathers=True)
    crowd = await _crowd(asked, many, CROWD)
    await _turns()
    assert many.begun == 1
    late = asyncio.ensure_future(asked.ask("a"))
    await _turns()
    gathered.set_result(None)
    assert await asyncio.gather(*crowd, late) == [2] * (CROWD + 1)


async def test_a_reading_that_fails_fails_for_all_who_asked_and_the_next_one_begins_anew() -> None:
    begun = 0

    async def read(_key: str) -> int:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise OSError("the disk")
        return begun

    asked = Together(read)
    answers = await asyncio.gather(asked.ask("a"), asked.ask("a"), return_exceptions=True)
    assert [type(one) for one in answers] == [OSError, OSError]
    assert await asked.ask("a") == 2
