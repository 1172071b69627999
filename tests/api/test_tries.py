"""`api.tries`: so many tries, one back after a while, and a memory that does not grow."""

from __future__ import annotations

from shelfread.api import tries as module
from shelfread.api.tries import Tries


class Clock:
    """Seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_after_so_many_tries_one_waits_and_gets_one_back_at_a_time() -> None:
    clock = Clock()
    tries = Tries(3, 10, clock=clock)
    assert [tries.take("a") for _ in range(5)] == [0, 0, 0, 10, 10]
    assert tries.take("b") == 0
    clock.now += 4.5
    assert tries.take("a") == 6
    clock.now += 5.5
    assert [tries.take("a"), tries.take("a")] == [0, 10]
    clock.now += 1000
    assert [tries.take("a") for _ in range(4)] == [0, 0, 0, 10]


def test_a_good_try_does_not_count() -> None:
    tries = Tries(1, 10, clock=Clock())
    for _ in range(5):
        assert tries.take("a") == 0
        tries.give_back("a")
    tries.give_back("never seen")


def test_it_remembers_so_many_and_forgets_who_tried_longest_ago() -> None:
    tries = Tries(1, 10, clock=Clock())
    assert tries.take("first") == 0
    for number in range(module.MOST_KEYS - 1):
        assert tries.take(str(number)) == 0
    assert tries.take("first") > 0
    assert tries.take("one more") == 0
    assert len(tries) == module.MOST_KEYS
    assert tries.take("first") == 0
