"""`scan.reconcile`: what a moved file was counted as is taken back from a counter that has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shelfread.model.change import Counters
from shelfread.model.job import Scope
from shelfread.scan.reconcile import Reconciler
from shelfread.store.moves import Merged

JOB, STARTED = 7, 1_000


def counted_as(
    counters: Counters, *, status: str = "ready", added_at: int, read_job: int = JOB
) -> str | None:
    scan: Any = SimpleNamespace(
        _plan=SimpleNamespace(scopes=(Scope(1, b"a"),)),
        _batch=SimpleNamespace(seq=JOB),
        _clock=SimpleNamespace(started=STARTED),
    )
    return Reconciler._counted_as(scan, Merged(status, added_at, read_job, 1, b"a/b"), counters)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"added_at": STARTED}, "added"),
        ({"added_at": STARTED, "status": "error"}, "failed"),
        ({"added_at": STARTED, "read_job": JOB - 1}, "unchanged"),
        ({"added_at": STARTED - 1}, "updated"),
    ],
)
def test_it_is_what_the_row_tells(row: dict[str, Any], expected: str) -> None:
    assert counted_as(Counters(found=4, added=1, updated=1, unchanged=1, failed=1), **row) == expected


def test_i6_no_count_falls_below_zero_though_a_clock_was_ahead() -> None:
    """The row was added by an attempt whose clock was ahead, and this one read it again."""
    assert counted_as(Counters(found=2, updated=1, unchanged=1), added_at=STARTED + 5) == "updated"
    assert counted_as(Counters(found=1, unchanged=1), added_at=STARTED + 5) == "unchanged"
