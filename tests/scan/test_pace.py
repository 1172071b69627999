"""The size of batches: no other writer of an SQLite file waits long."""

from __future__ import annotations

from shelfread.scan.pace import HOLD_S, LEAST, MOST, Pace


def after(batches: int, seconds_a_file: float, each: float = 0.0) -> Pace:
    pace = Pace(MOST, HOLD_S)
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
    pace = Pace(MOST, HOLD_S)
    pace.took(LEAST - 1, 10.0)
    pace.took(MOST, 0.0)
    assert pace.limit == MOST


def test_without_a_time_the_limit_stays() -> None:
    pace = Pace(1)
    pace.took(400, 10.0)
    assert pace.limit == 1
    assert Pace(MOST).limit == MOST
