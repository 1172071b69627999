"""The parts of the benchmark that scan books run, and say what was read where nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import books, run
from bench.report import OWN
from tests.bench.test_run import tiny

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")


@linux
def test_a_tiny_run_of_books_opens_no_archive_where_nothing_changed(tmp_path: Path) -> None:
    scenarios = [word for one in books.SCENARIOS for word in ("--scenario", one)]
    assert run.main(tiny(tmp_path, *scenarios, "--peers", "find", "--save", "try")) == 0
    (kept,) = tmp_path.glob("results/*.json")
    found = json.loads(kept.read_text())
    tables = {table["key"]: {row["name"]: row for row in table["rows"]} for table in found["tables"]}
    assert tables["comics-first"][OWN]["says"] == "3 added"
    assert tables["comics-first"]["Shelfread, sync"]["says"] == "3 added"
    assert tables["comics-unchanged"][OWN]["says"] == "3 unchanged; readers read 0 bytes"
    assert tables["epubs"][OWN]["says"] == "4 added"
    assert tables["epubs"][OWN]["rate"] > 0
    assert tables["covers"][OWN]["says"] == "2 made"
    assert tables["many-comics-first"][OWN]["says"] == "60 added"
    assert tables["many-comics-unchanged"][OWN]["read_bytes"] == 0
    targets = {target["what"]: target for target in found["targets"]}
    assert targets["bytes read where nothing changed, tiny comics"]["met"]
    # C11: it says by how much.
    assert "sync against batched, comics (times as long)" in targets
