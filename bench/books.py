"""The parts of the benchmark that scan books.

* `comics`: 500 of 20 pages with about 77 tags each, beside codex; nothing changed; written in mode `sync`.
* `epubs`: the metadata of 5 000 EPUBs, by a whole scan.
* `covers`: WEBP covers of 200 JPEG pages of 1200 by 1800 pixels, by the job that makes them.
* `many-comics`: 100 000 tiny ones; whether the last tenth takes as long as the first, and what memory does.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench import corpora
from bench.measure import Contestant, Step
from bench.report import Table
from bench.rounds import Rounds
from bench.shelf import Covers, Warm

#: What is asked for by name.
SCENARIOS = ("comics", "epubs", "covers", "many-comics")


def measure(rounds: Rounds, wanted: set[str], peers: Sequence[Contestant]) -> list[Table]:
    """Measure what is wanted of these scenarios."""
    tables: list[Table] = []
    if "comics" in wanted:
        tables += _comics(rounds, [peer for peer in peers if peer.name == "codex"])
    if "epubs" in wanted:
        tables += _epubs(rounds)
    if "covers" in wanted:
        tables += _covers(rounds)
    if "many-comics" in wanted:
        tables += _many(rounds, [peer for peer in peers if peer.name == "find"])
    return tables


def _comics(rounds: Rounds, peers: Sequence[Contestant]) -> list[Table]:
    corpus = corpora.book_corpus(rounds.kept, "comics", rounds.given.comics)
    rounds.warm(corpus)
    count = f"{rounds.given.comics} comics"
    steps = (Step.FIRST, Step.UNCHANGED)
    tables = {
        Step.FIRST: Table("comics-first", f"First scan, {count}"),
        Step.UNCHANGED: Table("comics-unchanged", f"Nothing changed, {count}"),
    }
    database = rounds.given.database
    ours, in_sync = Warm(database, kind="books"), Warm(database, kind="books", mode="sync")
    rounds.take_turns([ours, *peers, in_sync], steps, corpus, tables)
    return list(tables.values())


def _epubs(rounds: Rounds) -> list[Table]:
    corpus = corpora.book_corpus(rounds.kept, "epubs", rounds.given.epubs)
    rounds.warm(corpus)
    table = Table("epubs", f"First scan, {rounds.given.epubs} EPUBs")
    rounds.take_turns([Warm(rounds.given.database, kind="books")], (Step.FIRST,), corpus, {Step.FIRST: table})
    return [table]


def _covers(rounds: Rounds) -> list[Table]:
    corpus = corpora.book_corpus(rounds.kept, "covers", rounds.given.covers)
    rounds.warm(corpus)
    table = Table("covers", f"Covers of {rounds.given.covers} comics, 1200 x 1800 JPEG to WEBP")
    rounds.take_turns([Covers(rounds.given.database)], (Step.FIRST,), corpus, {Step.FIRST: table})
    return [table]


def _many(rounds: Rounds, finds: Sequence[Contestant]) -> list[Table]:
    count = rounds.given.many_comics
    corpus = corpora.book_corpus(rounds.kept, "tiny", count)
    rounds.warm(corpus)
    first = Table("many-comics-first", f"First scan, {count} tiny comics")
    again = Table("many-comics-unchanged", f"Nothing changed, {count} tiny comics")
    rounds.large(Warm(rounds.given.database, kind="books"), finds, corpus, first, again)
    return [first, again]
