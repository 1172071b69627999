"""The size of batches: no other writer of an SQLite file waits long."""

from __future__ import annotations

from shelfread.scan.pace import HOLD_S, LEAST, LEAST_SHORT, MOST, SHORT_FOR, SHORT_HOLD_S, Pace


def after(batches: int, seconds_a_file: float, each: float = 0.0) -> Pace:
    pace = Pace(MOST, shared=True)
    for _ in range(batches):
        pace.took(pace.limit, each + pace.limit * seconds_a_file)
    return pace


def test_a_batch_takes_as_many_files_as_are_written_in_its_time() -> None:
    pace = after(12, HOLD_S / 200)
    assert 190 <= pace.limit <= 210


def test_what_every_batch_costs_counts_too() -> None:
    # A third of the time is gone before the first file.
    pace = after(30, HOLD_S / 300, HOLD_S / 3)
    assert 190 <= pace.limit <= 210


def test_there_is_a_least_and_a_most() -> None:
    assert after(20, HOLD_S).limit == LEAST
    assert after(20, HOLD_S / 10_000).limit == MOST


def test_it_grows_again_when_the_machine_is_quiet() -> None:
    pace = after(20, HOLD_S)
    for _ in range(40):
        pace.took(pace.limit, pace.limit * HOLD_S / 400)
    assert pace.limit > 350


def test_a_small_batch_and_one_that_took_no_time_say_nothing() -> None:
    pace = Pace(MOST, shared=True)
    pace.took(LEAST - 1, 10.0)
    pace.took(MOST, 0.0)
    assert pace.limit == MOST


def test_without_a_time_the_limit_stays() -> None:
    pace = Pace(1)
    pace.took(400, 10.0)
    assert pace.limit == 1
    assert Pace(MOST).limit == MOST


def test_batches_are_short_at_once_when_somebody_waits_and_for_a_while_after() -> None:
    pace = after(12, HOLD_S / 400)
    seen = [pace.short]
    pace.took(pace.limit, HOLD_S, awaited=True)
    seen.append(pace.short)
    assert pace.limit == LEAST_SHORT
    for _ in range(SHORT_FOR - 1):
        pace.took(pace.limit, pace.limit * SHORT_HOLD_S / 50)
    seen.append(pace.short)
    assert 45 <= pace.limit <= 50
    for _ in range(12):
        pace.took(pace.limit, pace.limit * HOLD_S / 400)
    seen.append(pace.short)
    assert pace.limit > 350
    assert seen == [False, True, True, False]


def test_where_nobody_waits_for_another_nothing_is_short() -> None:
    pace = Pace(MOST)
    pace.took(400, 10.0, awaited=True)
    assert (pace.limit, pace.short) == (MOST, False)
