"""The benchmark runs, leaves its corpus as it was, and says what is missing instead of failing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import corpora, memory, report, run
from bench.measure import Measured, Step, Unavailable, command
from bench.peers.environment import newest_python
from bench.peers.mpd import Mpd
from bench.report import OWN, Table

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")


def tiny(tmp_path: Path, *more: str) -> list[str]:
    sizes = ["--tracks", "6", "--files", "60", "--comics", "3", "--epubs", "4", "--many-comics", "60"]
    sizes += ["--covers", "2", "--videos", "20", "--rounds", "1"]
    return [*sizes, "--corpora", str(tmp_path / "kept"), "--results", str(tmp_path / "results"), *more]


def stamps(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        os.fspath(path.relative_to(folder)): (stat.st_size, stat.st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
        for stat in [path.stat()]
    }


@linux
def test_a_tiny_run_measures_all_and_saves_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenarios = [word for one in (*Step, "sync", "tree") for word in ("--scenario", one)]
    assert run.main(tiny(tmp_path, *scenarios, "--peers", "find", "--save", "try")) == 0
    page, kept = sorted(tmp_path.glob("results/*"), reverse=True)
    assert (page.suffix, kept.suffix) == (".md", ".json")
    found = json.loads(kept.read_text())
    tables = {table["key"]: {row["name"]: row for row in table["rows"]} for table in found["tables"]}
    assert list(tables) == [*Step, "tree-first", "tree-unchanged"]
    assert tables["first"][OWN]["says"] == "6 added"
    assert tables["unchanged"][OWN]["says"] == "6 unchanged; readers read 0 bytes"
    assert tables["changed"][OWN]["says"] == "1 updated, 5 unchanged"
    assert tables["first"]["Shelfread, sync"]["says"] == "6 added"
    assert all(len(row["seconds"]) == 1 for rows in tables.values() for row in rows.values())
    assert tables["rescan"][OWN]["peak_bytes"] > 10_000_000
    assert tables["tree-unchanged"]["find"]["ratio"] > 0
    assert "tree, nothing changed, against find" in page.read_text()
    # C11: it says by how much.
    assert "sync against batched (times as long)" in page.read_text()
    # Results are read by everyone: no path of this machine gets into them.
    assert str(tmp_path) not in page.read_text() + kept.read_text()
    assert "| find " in capsys.readouterr().out


@pytest.mark.parametrize(("version", "there"), [((3, 11), True), ((3, 99), False)])
def test_a_peer_that_needs_a_newer_python_gets_one_or_none(version: tuple[int, int], there: bool) -> None:
    assert (newest_python(version) is not None) is there


@linux
@pytest.mark.skipif(not shutil.which("mpd"), reason="MPD is not installed")
def test_mpd_is_measured(tmp_path: Path) -> None:
    corpus = corpora.music_corpus(tmp_path / "kept", 3)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with Mpd().start(corpus, scratch) as daemon:
        for step in Step:
            measured = daemon.do(step, sample=True)
            assert measured.says == "3 songs"
            assert measured.seconds > 0
            assert (measured.peak_bytes or 0) > 1_000_000


def test_a_missing_peer_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    words = tiny(tmp_path, "--scenario", "first", "--peers", "find,mpd,minidlna", "--save", "bare")
    assert run.main(words) == 0
    said = capsys.readouterr().out
    for line in (
        "Left out: MPD is not installed (Debian: apt-get install mpd)",
        "Left out: minidlna is not installed (Debian: apt-get install minidlna)",
        "Left out: GNU find is not installed (Debian: apt-get install findutils)",
    ):
        assert said.splitlines().count(line) == 1
        assert f"* {line}" in said


def test_a_corpus_is_made_once_and_restored_after_changes(tmp_path: Path) -> None:
    corpus = corpora.music_corpus(tmp_path, 6)
    before = stamps(corpus)
    with corpora.changed(corpus, 0.5) as count:
        now = stamps(corpus)
        different = [name for name in before if now[name] != before[name]]
        retagged = [name for name in different if now[name][2] != before[name][2]]
        assert (count, len(different), len(retagged)) == (3, 3, 2)
    assert stamps(corpus) == before
    marker = corpus / "marker"
    marker.touch()
    assert corpora.music_corpus(tmp_path, 6) == corpus
    assert marker.exists()
    (tmp_path / "music-6.json").write_text("{}")
    corpora.music_corpus(tmp_path, 6)
    assert not marker.exists()


def test_a_run_that_was_killed_is_repaired_by_the_next(tmp_path: Path) -> None:
    corpus = corpora.music_corpus(tmp_path, 6)
    before = stamps(corpus)
    program = "import os, sys; from pathlib import Path; from bench import corpora\n"
    program += "with corpora.changed(Path(sys.argv[1]), 0.5): os._exit(0)"
    subprocess.run([sys.executable, "-c", program, str(corpus)], check=True)
    assert stamps(corpus) != before
    corpora.music_corpus(tmp_path, 6)
    assert stamps(corpus) == before


@linux
def test_memory_and_time_are_of_the_whole_tree() -> None:
    child = "import subprocess, sys; x = bytearray(b'x' * 60_000_000); subprocess.run(['sleep', '60'])"
    process = subprocess.Popen([sys.executable, "-c", child])
    try:
        deadline = time.monotonic() + 20
        while len(memory.tree(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(memory.tree(process.pid)) == 2
        with memory.Peak(process.pid) as peak:
            pass
        assert peak.bytes is not None
        assert peak.bytes > 60_000_000
        assert memory.cpu_seconds(process.pid) > 0
    finally:
        for member in reversed(memory.tree(process.pid)):
            os.kill(member, 9)
        process.wait()


def test_a_command_that_fails_is_unavailable() -> None:
    assert command([sys.executable, "-c", ""], sample=False).seconds > 0
    with pytest.raises(Unavailable, match="ended with code 7"):
        command([sys.executable, "-c", "raise SystemExit(7)"], sample=False)
    with pytest.raises(Unavailable, match="cannot be run"):
        command(["/nowhere/program"], sample=False)


def test_ratios_are_of_the_same_round_and_the_memory_round_is_not_timed() -> None:
    table = Table("first", "First")
    for number, (own, peer) in enumerate([(99.0, 1.0), (1.0, 2.0), (4.0, 4.0), (9.0, 10.0)]):
        table.note(OWN, number, Measured(own, peak_bytes=5_000_000 if number == 0 else None))
        table.note("MPD", number, Measured(peer))
    found = report.summary(
        [table], facts={"date": "2020-01-01 00:00"}, parameters={}, about={}, notes=["a note"]
    )
    own, peer = found["tables"][0]["rows"]
    assert (own["min_s"], own["median_s"], own["max_s"], own["peak_bytes"]) == (1.0, 4.0, 9.0, 5_000_000)
    assert peer["ratios"] == [0.5, 1.0, 0.9]
    assert peer["ratio"] == 0.9
    assert [(one["is"], one["met"]) for one in found["targets"]] == [(0.9, False), (5.0, True)]
    assert "0.90 x" in report.markdown(found)


def test_tenths_come_from_when_files_were_done() -> None:
    steady = [(at / 10, at * 10) for at in range(1, 101)]
    assert report.tenths(steady) == pytest.approx((100.0, 100.0))
    slower = [(at / 10 if at <= 90 else 9 + (at - 90), at * 10) for at in range(1, 101)]
    assert report.tenths(slower) == pytest.approx((100.0, 10.0))
    assert report.tenths(steady[:5]) is None
    assert report.tenths([]) is None


def test_memory_is_flat_when_the_end_takes_no_more_than_the_middle() -> None:
    flat = [(at / 10, 100 + min(at, 40)) for at in range(101)]
    assert report.end_to_half(flat) == 1.0
    growing = [(at / 10, 100 + at) for at in range(101)]
    assert report.end_to_half(growing) == pytest.approx(200 / 155)
    assert report.end_to_half(flat[:50]) is None


@pytest.mark.parametrize("words", [["--peers", "nobody"], ["--tracks", "0"], ["--scenario", "all"]])
def test_wrong_usage_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.arguments(words)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err
