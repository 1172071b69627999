"""`model.entry`: stamps that every database and wire can hold (DESIGN rule 4)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.model.entry import Stamp, fold64, stamp_of

LOW, HIGH = -(1 << 63), (1 << 63) - 1


@pytest.mark.parametrize(
    ("number", "folded"),
    [
        (0, 0),
        (-1, -1),
        (HIGH, HIGH),
        (LOW, LOW),
        (HIGH + 1, LOW),
        (LOW - 1, HIGH),
        ((1 << 64) - 1, -1),
        (1 << 64, 0),
        (3 << 64, 0),
    ],
)
def test_numbers_beyond_64_bits_wrap_around(number: int, folded: int) -> None:
    assert fold64(number) == folded


@given(st.integers())
def test_a_folded_number_always_fits_and_differs_by_whole_turns(number: int) -> None:
    folded = fold64(number)
    assert LOW <= folded <= HIGH
    assert (folded - number) % (1 << 64) == 0
    assert fold64(folded) == folded


@given(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1))
def test_different_inodes_stay_different(one: int, other: int) -> None:
    assert (fold64(one) == fold64(other)) == (one == other)


def test_a_stamp_holds_what_stat_says(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    os.utime(path, ns=(0, -1_500_000_001))
    found = path.stat()
    assert stamp_of(found) == Stamp(
        5, -1_500_000_001, found.st_ctime_ns, fold64(found.st_dev), fold64(found.st_ino)
    )


def test_extreme_facts_of_a_stat_call_fit_a_stamp() -> None:
    fields = list(range(10))
    fields[1], fields[2] = (1 << 64) - 2, (1 << 64) - 1
    far = {"st_mtime_ns": (1 << 63) + 5, "st_ctime_ns": -(1 << 63) - 1}
    stamp = stamp_of(os.stat_result(fields, far))
    assert stamp == Stamp(6, -(1 << 63) + 5, (1 << 63) - 1, -1, -2)
