"""`model.change`: outcomes are exclusive and add up (PROMISES decision 2, A5)."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from shelfread.model.change import Change, Counters

_counts = st.integers(0, 10**9)
_counters = st.builds(Counters, **{item.name: _counts for item in fields(Counters)})


def test_every_outcome_has_a_counter_of_its_name() -> None:
    names = {item.name for item in fields(Counters)}
    assert {change.value for change in Change} | {"found", "removed"} == names


@given(_counters)
def test_processed_is_the_sum_of_all_outcomes(counters: Counters) -> None:
    assert counters.processed == sum(getattr(counters, change.value) for change in Change)


@given(_counters)
def test_a5_registered_is_what_the_catalogue_holds_and_leaves_out_only_skipped(counters: Counters) -> None:
    assert counters.registered == counters.processed - counters.skipped


def test_a_copy_lives_its_own_life() -> None:
    counters = Counters(found=3, added=2)
    copied = counters.copy()
    copied.added += 1
    assert (counters.added, copied.added, copied.found) == (2, 3, 3)
