"""The parts of the benchmark that scan videos.

* `names`: what the names of a library of films and episodes say, name by name.
* `videos`: 2 000 films and episodes of twenty seconds in the layouts people use, with what stands beside
  them: headers, names and NFOs read and written, beside minidlna; nothing changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench import corpora
from bench.measure import Contestant, Step
from bench.peers.minidlna import Minidlna
from bench.report import Table
from bench.rounds import Rounds
from bench.shelf import Names, Warm

#: What is asked for by name.
SCENARIOS = ("names", "videos")


def measure(rounds: Rounds, wanted: set[str], peers: Sequence[Contestant]) -> list[Table]:
    """Measure what is wanted of these scenarios."""
    tables: list[Table] = []
    if not wanted & set(SCENARIOS):
        return tables
    corpus = corpora.video_corpus(rounds.kept, rounds.given.videos)
    if "names" in wanted:
        table = Table("names", "Names of films and episodes, one process")
        rounds.take_turns([Names()], (Step.FIRST,), corpus, {Step.FIRST: table})
        tables.append(table)
    if "videos" in wanted:
        rounds.warm(corpus)
        count = f"{rounds.given.videos} films and episodes"
        both = {
            Step.FIRST: Table("videos-first", f"First scan, {count}"),
            Step.UNCHANGED: Table("videos-unchanged", f"Nothing changed, {count}"),
        }
        ours = Warm(rounds.given.database, kind="video")
        contestants: list[Contestant] = [ours]
        if any(peer.name == "minidlna" for peer in peers):
            contestants.append(Minidlna("V"))
        rounds.take_turns(contestants, tuple(both), corpus, both)
        tables += both.values()
    return tables
