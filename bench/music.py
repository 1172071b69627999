"""The parts of the benchmark that scan music: the corpus of tracks, and the tree of very many small files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from bench import corpora
from bench.measure import Contestant, Step
from bench.report import Table
from bench.rounds import Rounds
from bench.shelf import Cold, Warm

#: What is asked for by name.
SCENARIOS = (*Step, "sync", "cold", "tree")
CHANGED_PART = 0.01


def measure(rounds: Rounds, wanted: set[str], peers: Sequence[Contestant]) -> list[Table]:
    """Measure what is wanted of these scenarios."""
    tables: list[Table] = []
    tracks = wanted & set(SCENARIOS) - {"tree"}
    if steps := [step for step in Step if step in tracks or (step is Step.FIRST and tracks)]:
        tables += _tracks(rounds, peers, steps, wanted)
    if "tree" in wanted:
        files = rounds.given.files
        corpus = corpora.tree_corpus(rounds.kept, files)
        rounds.warm(corpus)
        first = Table("tree-first", f"First scan, tree of {files} small files")
        again = Table("tree-unchanged", f"Nothing changed, tree of {files} small files")
        finds = [peer for peer in peers if peer.name == "find"]
        rounds.large(Warm(rounds.given.database), finds, corpus, first, again)
        tables += [first, again]
    return tables


def _tracks(
    rounds: Rounds, peers: Sequence[Contestant], steps: Sequence[Step], wanted: set[str]
) -> list[Table]:
    corpus = corpora.music_corpus(rounds.kept, rounds.given.tracks)
    rounds.warm(corpus)
    count = f"{rounds.given.tracks} tracks"
    titles = {
        Step.FIRST: f"First scan, {count}",
        Step.UNCHANGED: f"Nothing changed, {count}",
        Step.CHANGED: f"{CHANGED_PART:.0%} changed, {count}",
        Step.RESCAN: f"Full rescan, {count}",
    }
    tables = {step: Table(step.value, titles[step]) for step in steps}
    database = rounds.given.database
    # In this order they take turns: ours, then those that ours is compared with.
    contestants: list[Contestant] = [Warm(database)]
    contestants += [peer for peer in peers if not peer.slow]
    if "sync" in wanted:
        contestants.append(Warm(database, mode="sync"))
    if "cold" in wanted:
        contestants.append(Cold(database))
    contestants += [peer for peer in peers if peer.slow]

    def prepared(step: Step) -> AbstractContextManager[object]:
        return corpora.changed(corpus, CHANGED_PART) if step is Step.CHANGED else nullcontext()

    rounds.take_turns(contestants, steps, corpus, tables, prepared)
    return list(tables.values())
