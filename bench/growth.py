"""What a change costs in a small and in a large library: the same change, a thousand files, in both.

Of each change the whole library is scanned once, and of another one only the folders in which it took place,
as the watch and `shelfread scan PATH` do. The walk looks at every folder of what is scanned, so it is left
out of the first: what a scan took in which nothing changed is taken away. In the second it is the same.

A walk of a million takes ten seconds and more, and never the same: what is left of its time is mostly what
the walks differ by. So the processor time of the process that compares, decides and writes is taken, too;
walkers and readers are others. On a busy machine that differs as well, by more than the change takes.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import corpora, machine, shelf
from bench.corpus import collection
from bench.measure import Measured
from bench.report import OWN, Table
from bench.rounds import Rounds
from bench.shelf import Scanned, Warm, Worker

#: What is asked for by name.
SCENARIOS = ("growth",)
_SMALL = 10_000


def measure(rounds: Rounds, wanted: set[str]) -> list[Table]:
    """Measure it if it is wanted."""
    if "growth" not in wanted:
        return []
    large = rounds.given.large
    small = min(_SMALL, large)
    tables = {
        "first": Table("growth-first", "First scan of a collection"),
        "unchanged": Table("growth-unchanged", "Nothing changed in a collection"),
        "whole": Table("growth-whole", "The same change, whole library, less the time of the walk"),
        "own": Table(
            "growth-own",
            "The same change, whole library, less the walk: processor time of the process that writes",
        ),
        "part": Table("growth-part", "The same change, only its folders"),
        "settling": Table("growth-settling", "The same change, whole library, the end of the scan alone"),
    }
    about = {f"{OWN}, {small} tracks": small, OWN: large}
    rounds.say(
        f"growth: {OWN} is a collection of {large} tracks, beside one of {small}; up to {collection.CHANGES} "
        "files are changed: a fifth each retagged, deleted and added, the others moved with their folder; "
        "each round changes other artists."
    )
    for name, tracks in about.items():
        rounds.about[OWN] = "from claim to completed in a warm worker with a migrated database"
        corpus = corpora.collection_corpus(rounds.kept, tracks)
        contestant = Warm(rounds.given.database)
        folder = rounds.new_folder()
        made = rounds.given.catalogue if name == OWN else None
        if made is not None:
            shutil.copyfile(made, folder / shelf.CATALOGUE)
        with contestant.start(corpus, folder) as worker:
            machine.wait_for_quiet(rounds.quiet_until)
            first = worker.scan(sample=True)
            if made is None:
                _note(rounds, tables["first"], name, 1, first.measured)
            # Round 0 warms what is warm in a server that runs for weeks, and is sampled.
            for number in range(rounds.given.rounds + 1):
                machine.wait_for_quiet(rounds.quiet_until)
                _round(rounds, tables, name, number, worker, corpus)
    return list(tables.values())


def _round(
    rounds: Rounds, tables: dict[str, Table], name: str, number: int, worker: Worker, corpus: Path
) -> None:
    walks = sorted(
        (_warm(worker, sample=number == 0) for _ in range(3)), key=lambda one: one.measured.seconds
    )
    unchanged, own_cpu_s = walks[1].measured, sorted(one.own_cpu_s for one in walks)[1]
    _note(rounds, tables["unchanged"], name, number, unchanged)
    if number:
        took = ", ".join(f"{walk.measured.seconds:.3f}" for walk in walks)
        rounds.say(f"{name}, round {number}: scans in which nothing changed took {took} s")
    with corpora.collection_changed(corpus, 2 * number):
        whole, settling_s, spent_s = _warm(worker, sample=number == 0)
        _note(rounds, tables["settling"], name, number, replace(whole, seconds=settling_s, cpu_s=None))
        less = max(0.001, whole.seconds - unchanged.seconds)
        spent = max(0.0, (whole.cpu_s or 0) - (unchanged.cpu_s or 0))
        _note(rounds, tables["whole"], name, number, replace(whole, seconds=less, cpu_s=spent))
        own = max(0.001, spent_s - own_cpu_s)
        _note(rounds, tables["own"], name, number, replace(whole, seconds=own, cpu_s=own))
    worker.scan()
    with corpora.collection_changed(corpus, 2 * number + 1) as change:
        part = _warm(worker, change.folders, sample=number == 0)
        _note(rounds, tables["part"], name, number, part.measured)
    worker.scan()


def _warm(worker: Worker, parts: Sequence[Path] = (), *, sample: bool) -> Scanned:
    """A scan that finds its catalogue in memory, as it finds its corpus."""
    worker.read_catalogue()
    return worker.scan(parts, sample=sample)


def _note(rounds: Rounds, table: Table, name: str, number: int, measured: Measured) -> None:
    table.note(name, number, measured)
    rounds.show(number, name, table.key, measured)
