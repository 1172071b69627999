"""What a change costs in a small and in a large library: the same change, a thousand files, in both.

Of each change the whole library is scanned once, and of another one only the folders in which it took place,
as the watch and `shelfread scan PATH` do. The walk looks at every folder of what is scanned, so it is left
out of the first: the time of a scan in which nothing changed is taken away. In the second it is the same.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench import corpora, machine
from bench.corpus import collection
from bench.measure import Measured
from bench.report import OWN, Table
from bench.rounds import Rounds
from bench.shelf import Warm, Worker

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
        with contestant.start(corpus, rounds.new_folder()) as worker:
            machine.wait_for_quiet(rounds.quiet_until)
            measured, _ = worker.scan(sample=True)
            _note(rounds, tables["first"], name, 1, measured)
            # Round 0 warms what is warm in a server that runs for weeks, and is sampled.
            for number in range(rounds.given.rounds + 1):
                machine.wait_for_quiet(rounds.quiet_until)
                _round(rounds, tables, name, number, worker, corpus)
    return list(tables.values())


def _round(
    rounds: Rounds, tables: dict[str, Table], name: str, number: int, worker: Worker, corpus: Path
) -> None:
    walks = [worker.scan(sample=number == 0)[0] for _ in range(3)]
    unchanged = sorted(walks, key=lambda one: one.seconds)[1]
    _note(rounds, tables["unchanged"], name, number, unchanged)
    with corpora.collection_changed(corpus, 2 * number):
        whole, settling = worker.scan(sample=number == 0)
        _note(rounds, tables["settling"], name, number, replace(whole, seconds=settling, cpu_s=None))
        less = max(0.001, whole.seconds - unchanged.seconds)
        spent = max(0.0, (whole.cpu_s or 0) - (unchanged.cpu_s or 0))
        _note(rounds, tables["whole"], name, number, replace(whole, seconds=less, cpu_s=spent))
    worker.scan()
    with corpora.collection_changed(corpus, 2 * number + 1) as change:
        part, _ = worker.scan(change.folders, sample=number == 0)
        _note(rounds, tables["part"], name, number, part)
    worker.scan()


def _note(rounds: Rounds, table: Table, name: str, number: int, measured: Measured) -> None:
    table.note(name, number, measured)
    rounds.show(number, name, table.key, measured)
