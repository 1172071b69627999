"""The benchmark of a library that grows runs, leaves its corpus as it was, and undoes what was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import corpora, run
from bench.corpus import collection
from bench.report import OWN
from tests.bench.test_run import stamps, tiny

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")


@linux
def test_a_tiny_run_measures_the_same_change_in_every_way(tmp_path: Path) -> None:
    given = tiny(tmp_path, "--scenario", "growth", "--large", "100", "--peers", "none", "--save", "try")
    assert run.main(given) == 0
    (kept,) = tmp_path.glob("results/*.json")
    tables = {
        table["key"]: {row["name"]: row for row in table["rows"]}
        for table in json.loads(kept.read_text())["tables"]
    }
    assert tables["growth-first"][OWN]["says"] == "100 added"
    said = "10 added, 10 updated, 20 moved, 60 unchanged, 10 removed"
    assert tables["growth-whole"][OWN]["says"] == said
    assert tables["growth-part"][OWN]["says"] == said
    assert tables["growth-settling"][OWN]["median_s"] > 0
    assert tables["growth-own"][OWN]["median_s"] > 0


@linux
def test_a_catalogue_that_an_earlier_run_kept_is_not_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--scenario", "growth", "--large", "100", "--peers", "none", "--rounds", "1")
    assert run.main(tiny(tmp_path, *asked, "--keep")) == 0
    kept = Path(capsys.readouterr().out.rpartition("kept: ")[2].splitlines()[0])
    catalogue = sorted(kept.rglob("catalogue.db"))[-1]
    assert run.main(tiny(tmp_path, *asked, "--catalogue", str(catalogue), "--save", "try")) == 0
    (result,) = tmp_path.glob("results/*.json")
    tables = {
        table["key"]: [row["name"] for row in table["rows"]]
        for table in json.loads(result.read_text())["tables"]
    }
    assert tables["growth-whole"] == [f"{OWN}, 100 tracks", OWN]
    assert OWN not in tables["growth-first"]


def test_a_change_is_undone_also_after_the_run_that_made_it_was_killed(tmp_path: Path) -> None:
    folder = corpora.collection_corpus(tmp_path, 100)
    before = {name: content for name, (*_, content) in stamps(folder).items()}
    assert len(before) == 100
    assert collection.Change(folder, 3).do() == 2 * 25
    assert {name: content for name, (*_, content) in stamps(folder).items()} != before
    corpora.collection_corpus(tmp_path, 100)
    assert {name: content for name, (*_, content) in stamps(folder).items()} == before
