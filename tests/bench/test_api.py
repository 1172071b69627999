"""The measurement of the HTTP API runs, and finds clients that were told wrong; tests/api has its crowd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.api import crowd
from bench.api.__main__ import PARTS, main

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")


@linux
@pytest.mark.timeout(240)
def test_a_tiny_run_measures_and_saves_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--tracks", "40", "--only", "reads", "--seconds", "0.5", "--rate", "40"]
    folders = ["--corpora", str(tmp_path / "kept"), "--results", str(tmp_path / "results")]
    assert main([*sizes, *folders, "--databases", "sqlite", "--save", "try"]) == 0
    page, kept = sorted(tmp_path.glob("results/*"), reverse=True)
    found = json.loads(kept.read_text())
    seen = {(one["part"], one["what"]): one for one in found["figures"]}
    assert {part for part, _ in seen} == {"reads"} < set(PARTS)
    assert len(seen["reads", "all of them"]["values"]) > 5
    assert [one["what"] for one in seen.values() if not one["values"]] == []
    # Results are read by everyone: no path of this machine gets into them.
    assert str(tmp_path) not in page.read_text() + kept.read_text()
    assert page.read_text().startswith("# The HTTP API\n")
    assert page.read_text() in capsys.readouterr().out


def test_a_client_that_was_told_something_twice_or_not_at_all_is_found() -> None:
    for events, lines, snapshots, fine in (
        ([1, 2, 3], [1], 0, True),
        ([1, 3], [1], 0, False),
        ([1, 2, 2, 3], [1], 0, False),
        ([1, 2], [1], 0, False),
        ([1, 2, 3], [], 0, False),
        ([2, 3], [], 1, True),
        ([2], [], 1, False),
        ([], [], 1, True),
    ):
        client = crowd.Client("quick", everything=True, events=events, lines=lines, snapshots=snapshots)
        assert (client.fault(3, 1) is None) is fine, (events, lines, snapshots)
