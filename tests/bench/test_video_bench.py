"""The parts of the benchmark that read names and scan videos run, and open nothing where nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import run, video
from bench.report import OWN
from tests.bench.test_run import tiny

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")


@linux
def test_a_tiny_run_of_videos_counts_names_and_headers_and_opens_nothing_twice(tmp_path: Path) -> None:
    scenarios = [word for one in video.SCENARIOS for word in ("--scenario", one)]
    assert run.main(tiny(tmp_path, *scenarios, "--peers", "none", "--save", "try")) == 0
    (kept,) = tmp_path.glob("results/*.json")
    found = json.loads(kept.read_text())
    tables = {table["key"]: {row["name"]: row for row in table["rows"]} for table in found["tables"]}
    added = int(tables["videos-first"][OWN]["says"].removesuffix(" added"))
    assert added >= 20
    assert tables["videos-first"][OWN]["rate"] > 0
    assert tables["videos-unchanged"][OWN]["says"] == f"{added} unchanged; readers read 0 bytes"
    assert tables["names"][OWN]["rate"] > 0
    assert int(tables["names"][OWN]["says"].removesuffix(" names")) >= added
    targets = {target["what"]: target for target in found["targets"]}
    assert targets["bytes read where nothing changed, videos"]["met"]
    assert {"names of videos a second", "videos a second, headers and all"} <= targets.keys()
