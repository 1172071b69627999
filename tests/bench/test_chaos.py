"""The chaos harness in its short form: nothing is wrong with the fence, and without it something is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bench.chaos import faults, figures
from bench.chaos.blows import Line
from bench.chaos.faults import Kind
from bench.chaos.judge import Violation
from bench.chaos.session import Outcome, Wanted, run

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux only")

HANDS = (("server", "managed", 2), ("worker", "standalone", 1))
#: One to be stopped, and its successor.
TWO = (("one", "standalone", 1), ("other", "standalone", 1))
SHORT = {
    Kind.KILL_CHILD: 5.0,
    Kind.KILL_PARSER: 2.0,
    Kind.KILL_WALKER: 1.0,
    Kind.KILL_WORKER: 1.0,
    Kind.STOP_WORKER: 0.5,
    Kind.CLOCK: 0.5,
    Kind.CANCEL: 0.5,
}


def broken(tmp_path: Path, database: str, seed: int, number: int) -> Outcome:
    weights = dict(SHORT)
    if database == "postgresql":
        weights |= {Kind.END_BACKEND: 1.0, Kind.RESTART_CRASH: 0.2}
    wanted = Wanted(
        database,
        number,
        seed,
        sizes=(80, 160, 240),
        hands=HANDS,
        lease_s=2.0,
        weights=weights,
        records=tmp_path,
    )
    return asyncio.run(run(wanted, lambda _: None))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_i1_to_i11_hold_whatever_is_killed_and_stopped(tmp_path: Path, database: str) -> None:
    outcome = broken(tmp_path, database, 7, 6)
    assert outcome.violations == [], figures.violations(outcome)
    assert len(outcome.counted) >= 3
    assert outcome.record is not None
    lines = [json.loads(line) for line in outcome.record.read_text().splitlines()]
    struck = [line for line in lines if "job" in line]
    assert len(struck) >= len(outcome.counted)
    assert {"job", "attempt", "phase", "processed", "in_transaction"} <= struck[0].keys()
    assert "| all |" in figures.report(outcome)


@pytest.mark.timeout(600)
def test_without_the_fence_the_same_harness_finds_stale_writes(tmp_path: Path) -> None:
    # One that was stopped goes on while its successor is at it, unless that was done before anybody looked.
    stale: list[Violation] = []
    lines: list[Line] = []
    for seed in range(1, 7):
        wanted = Wanted(
            "sqlite",
            1,
            seed,
            sizes=(120, 120),
            hands=TWO,
            lease_s=2.0,
            fence=False,
            file_s=0.02,
            weights=faults.CONTROL,
            records=tmp_path,
        )
        outcome = asyncio.run(run(wanted, lambda _: None))
        stale = [one for one in outcome.violations if one.invariant in ("I2", "I9")]
        lines += outcome.lines
        if stale:
            break
    assert stale, lines


def test_the_plan_follows_from_the_seed_alone() -> None:
    weights = faults.weights("postgresql")
    plan = faults.plan(3, 200, weights, 3.0)
    assert plan == faults.plan(3, 200, weights, 3.0)
    assert plan != faults.plan(4, 200, weights, 3.0)
    assert {fault.kind for fault in plan} == set(weights)
