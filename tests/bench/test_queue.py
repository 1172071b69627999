"""The measurement of the queue runs in all its parts, and its report says what was asked of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.queue import figures
from bench.queue.__main__ import PARTS, main
from bench.queue.figures import Bar, Figure

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")


def tiny(tmp_path: Path, *more: str) -> list[str]:
    sizes = ["--tracks", "40", "--files", "60", "--rounds", "1", "--samples", "2", "--seconds", "0.05"]
    counts = ["--kills", "1", "--kills-of-workers", "1", "--stops", "0", "--cancels", "1", "--moment", "0.1"]
    waits = ["--slow-ms", "40", "--run-seconds", "0.1", "--overhead-of", "music"]
    folders = ["--corpora", str(tmp_path / "kept"), "--results", str(tmp_path / "results")]
    return [*sizes, *counts, *waits, *folders, *more]


@linux
@pytest.mark.timeout(240)
def test_a_tiny_run_measures_and_saves_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(tiny(tmp_path, "--only", "latency,cancel", "--databases", "sqlite", "--save", "try")) == 0
    page, kept = sorted(tmp_path.glob("results/*"), reverse=True)
    assert (page.suffix, kept.suffix) == (".md", ".json")
    found = json.loads(kept.read_text())
    seen = {one["what"]: one for one in found["figures"]}
    assert {one["part"] for one in seen.values()} == {"latency", "cancel"} <= set(PARTS)
    assert all(one["database"] == "sqlite" for one in seen.values())
    assert [one["what"] for one in seen.values() if not one["values"]] == []
    assert len(seen["request to running, managed"]["values"]) == 2
    assert seen["batches after"]["sum"] == 0
    # Results are read by everyone: no path of this machine gets into them.
    assert str(tmp_path) not in page.read_text() + kept.read_text()
    assert page.read_text() in capsys.readouterr().out


def test_a_percentile_is_a_sample() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [figures.percentile(values, part) for part in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert figures.percentile([7.0], 95) == 7.0
    assert figures.middle([4.0, 1.0, 3.0, 2.0]) == 2.5


def test_a_bar_is_met_or_missed_and_without_a_sample_it_is_missed() -> None:
    def met(values: list[float], bar: Bar | None) -> bool | None:
        return Figure("part", "what", "sqlite", "ms", values, bar).met

    assert met([1, 2, 50], Bar("max", 50)) is True
    assert met([1, 2, 51], Bar("max", 50)) is False
    assert met([1.8], Bar("median", 1.8, at_most=False)) is True
    assert met([1.7], Bar("median", 1.8, at_most=False)) is False
    assert met([], Bar("p99", 50)) is False
    assert met([], None) is None


def test_the_page_says_which_bars_are_missed() -> None:
    rows = [
        Figure("latency", "fine", "sqlite", "ms", [10.0, 20.0], Bar("p95", 50)),
        Figure("latency", "slow", "sqlite", "ms", [10.0, 60.0], Bar("p95", 50)),
        Figure("latency", "not judged", "sqlite", "ms", [10.0]),
    ]
    facts = {"date": "2026-01-02 03:04 UTC"}
    found = figures.summary(
        rows, facts=facts, parameters={}, meanings={"latency": "what it is"}, notes=["how"]
    )
    lines = figures.markdown(found).splitlines()
    assert "1 of 2 bars are met." in lines
    (slow,) = [line for line in lines if "slow" in line]
    assert [cell.strip() for cell in slow.split("|")][-3:-1] == ["p95 <= 50", "NO"]
    assert "* latency: what it is" in lines


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "latency,nonsense"])
    assert "nonsense" in capsys.readouterr().err
