"""The benchmark: `python -m bench.run`. Shelfread beside what is installed of its peers, in one run.

Contestants take turns, round by round, so that a slow minute of the machine meets all of them; what is
compared is always of the same round.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import corpora, machine, report
from bench.measure import Contestant, Measured, Run, Step, Unavailable
from bench.peers import ON_REQUEST, PEERS
from bench.report import OWN, Table
from bench.shelf import Cold, Warm

_CHECKOUT = Path(__file__).resolve().parent.parent
SCENARIOS = (*Step, "sync", "cold", "tree")
#: A step that is shorter is done three times in a round, and the middle one counts.
_SHORT_S = 1.0
_CHANGED_PART = 0.01
_NOTES = (
    "Contestants take turns; ratios are of the same round, and their median is shown. Of steps under a "
    "second the middle one of three counts in each round.",
    "Memory is the peak of the sum of PSS of all processes of a contestant, sampled in a round of its own "
    "that is not timed; what is measured once only has both at the same time.",
    "The settle time is 0 for Shelfread: nobody can set a ctime, and with 0 a file that was just restored is "
    "old. So the digest of a changed folder is stored at once, not by the first scan ten seconds later.",
    f"{_CHANGED_PART:.0%} changed: every other one of the chosen files is retagged, the rest touched.",
    "Files a second of the first tenth count from the claim, so they include the start of the scan.",
    "others: processors that were busy with anything else meanwhile.",
)


class Bench:
    """One run: the contestants that are there, and what they did so far."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.scratch_folders = 0
        self.notes: list[str] = []
        self.about: dict[str, str] = {}
        self.quiet_until = time.monotonic() + 60 * given.quiet
        self.kept: Path = given.corpora
        self.peers_folder = _CHECKOUT / ".local" / "peers"

    def run(self, scratch: Path) -> list[Table]:
        """Measure all scenarios that were asked for."""
        wanted = set(self.given.scenario or SCENARIOS)
        peers = self._installed()
        tables: list[Table] = []
        if steps := [step for step in Step if step in wanted or (step is Step.FIRST and wanted - {"tree"})]:
            tables += self._music(peers, steps, wanted, scratch)
        if "tree" in wanted:
            tables += self._tree([peer for peer in peers if peer.name == "find"], scratch)
        return tables

    def _installed(self) -> list[Contestant]:
        names = [name for name in PEERS if name in self.given.peers]
        if self.given.with_python_peers:
            names += [name for name in ON_REQUEST if name not in names]
        found = []
        for name in names:
            peer = PEERS[name](self.peers_folder)
            if why := peer.missing():
                self._say(f"Left out: {why}")
            else:
                found.append(peer)
        return found

    def _music(
        self, peers: Sequence[Contestant], steps: Sequence[Step], wanted: set[str], scratch: Path
    ) -> list[Table]:
        corpus = corpora.music_corpus(self.kept, self.given.tracks)
        self._warm(corpus)
        count = f"{self.given.tracks} tracks"
        titles = {
            Step.FIRST: f"First scan, {count}",
            Step.UNCHANGED: f"Nothing changed, {count}",
            Step.CHANGED: f"{_CHANGED_PART:.0%} changed, {count}",
            Step.RESCAN: f"Full rescan, {count}",
        }
        tables = {step: Table(step.value, titles[step]) for step in steps}
        # In this order they take turns: ours, then those that ours is compared with.
        contestants: list[Contestant] = [Warm(self.given.database)]
        contestants += [peer for peer in peers if not peer.slow]
        if "sync" in wanted:
            contestants.append(Warm(self.given.database, mode="sync"))
        if "cold" in wanted:
            contestants.append(Cold(self.given.database))
        contestants += [peer for peer in peers if peer.slow]
        for number in range(self.given.rounds + 1):
            for one in list(contestants):
                if one.slow and number != 1:
                    continue
                mine = [step for step in steps if step in one.steps]
                if not mine or (why := one.missing()):
                    if mine:
                        self._say(f"Left out: {why}")
                    contestants.remove(one)
                    continue
                try:
                    self._turn(one, mine, number, corpus, scratch, tables)
                except Unavailable as error:
                    if one.name == OWN:
                        raise
                    self._say(f"{one.name} left out: {error}")
                    contestants.remove(one)
        return list(tables.values())

    def _turn(
        self,
        one: Contestant,
        steps: Sequence[Step],
        number: int,
        corpus: Path,
        scratch: Path,
        tables: dict[Step, Table],
    ) -> None:
        """One contestant in one round: from an empty catalogue through all of its steps."""
        self.about[one.name] = one.about
        while True:
            machine.wait_for_quiet(self.quiet_until)
            turn: list[Measured] = []
            with one.start(corpus, self._new_folder(scratch)) as run:
                for step in steps:
                    with self._prepared(step, corpus):
                        measured = _do(run, step, sample=number == 0 or one.slow)
                    turn.append(measured)
                    tables[step].note(one.name, number, measured)
                    self._show(number, one.name, step.value, measured)
            if time.monotonic() >= self.quiet_until or number == 0 or not _disturbed(turn):
                return
            print("  again: something else was running", flush=True)

    @contextmanager
    def _prepared(self, step: Step, corpus: Path) -> Iterator[None]:
        if step is Step.CHANGED:
            with corpora.changed(corpus, _CHANGED_PART):
                yield
        else:
            yield

    def _tree(self, finds: Sequence[Contestant], scratch: Path) -> list[Table]:
        corpus = corpora.tree_corpus(self.kept, self.given.files)
        self._warm(corpus)
        first = Table("tree-first", f"First scan, tree of {self.given.files} small files")
        again = Table("tree-unchanged", f"Nothing changed, tree of {self.given.files} small files")
        own = Warm(self.given.database)
        self.about[own.name] = own.about
        with own.start(corpus, self._new_folder(scratch)) as run:
            machine.wait_for_quiet(self.quiet_until)
            measured = run.do(Step.FIRST, sample=True)
            first.note(own.name, 1, measured)
            self._show(1, own.name, first.key, measured)
            for number in range(self.given.rounds + 1):
                machine.wait_for_quiet(self.quiet_until)
                measured = _do(run, Step.UNCHANGED, sample=number == 0)
                again.note(own.name, number, measured)
                self._show(number, own.name, again.key, measured)
                for find in finds:
                    self.about[find.name] = find.about
                    with find.start(corpus, scratch) as finding:
                        measured = _do(finding, Step.UNCHANGED, sample=number == 0)
                    again.note(find.name, number, measured)
                    self._show(number, find.name, again.key, measured)
        return [first, again]

    def _warm(self, corpus: Path) -> None:
        size = corpora.warm_cache(corpus)
        self._say(f"{corpus.name}: {size / 1e6:.0f} MB, all of it read once before: the page cache is warm")

    def _new_folder(self, scratch: Path) -> Path:
        self.scratch_folders += 1
        folder = scratch / str(self.scratch_folders)
        folder.mkdir()
        return folder

    def _say(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
            print(note, flush=True)

    def _show(self, number: int, name: str, step: str, measured: Measured) -> None:
        which = f"round {number}" if number else "memory "
        spent = "" if measured.cpu_s is None else f"CPU {measured.cpu_s:6.2f} s"
        others = "" if measured.others is None else f"others {measured.others:4.2f}"
        seconds = f"{measured.seconds:8.3f} s  {spent:13}  {others:11}"
        print(f"  {which}  {name:16} {step:14} {seconds}  {measured.says}", flush=True)


def _do(run: Run, step: Step, *, sample: bool) -> Measured:
    done = [run.do(step, sample=sample)]
    if step is Step.UNCHANGED and not sample:
        while len(done) < 3 and done[0].seconds < _SHORT_S:
            done.append(run.do(step, sample=sample))
    return report.middle(done)


def _disturbed(turn: Sequence[Measured]) -> bool:
    """Whether something else took a tenth of a processor or more in the middle of it."""
    took = sum(one.seconds * (one.others or 0.0) for one in turn)
    return took > 0.1 * sum(one.seconds for one in turn)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.run", description="Measures Shelfread beside its peers."
    )
    parser.add_argument("--tracks", type=int, default=10_000, help="size of the music corpus")
    parser.add_argument("--files", type=int, default=200_000, help="size of the tree of small files")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds (default: 3)")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="several times; default: all")
    parser.add_argument(
        "--peers",
        type=lambda text: text.split(","),
        default=[name for name in PEERS if name not in ON_REQUEST],
        help=f"of {','.join(PEERS)}; or none",
    )
    parser.add_argument(
        "--with-python-peers",
        action="store_true",
        help="also beets and supysonic, installed into .local/peers from PyPI; one round, some minutes",
    )
    parser.add_argument(
        "--database", metavar="URL", help="a PostgreSQL server to use instead of SQLite files"
    )
    parser.add_argument(
        "--quiet",
        type=float,
        default=0,
        metavar="MINUTES",
        help="on a machine that has other work: wait for quiet moments, and do again what was disturbed",
    )
    parser.add_argument("--save", metavar="NAME", help="write bench/results/DATE-NAME.json and .md")
    parser.add_argument("--keep", action="store_true", help="keep the databases and say where they are")
    parser.add_argument(
        "--corpora", type=Path, default=_CHECKOUT / ".local" / "bench", help="where the corpora are kept"
    )
    parser.add_argument("--results", type=Path, default=_CHECKOUT / "bench" / "results", help="for --save")
    given = parser.parse_args(words)
    if unknown := set(given.peers) - {*PEERS, "none"}:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    if min(given.tracks, given.files, given.rounds) < 1:
        parser.error("--tracks, --files and --rounds are at least 1")
    given.corpora = given.corpora.absolute()
    return given


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the report, and save it when asked."""
    given = arguments(words)
    bench = Bench(given)
    load = machine.load()
    scratch = Path(tempfile.mkdtemp(prefix="shelfread-bench-"))
    try:
        tables = bench.run(scratch)
    except Unavailable as error:
        print(f"Shelfread cannot be measured: {error}", file=sys.stderr)
        return 1
    finally:
        if given.keep:
            print(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    notes = [*_NOTES, f"The load of the machine was {load:.2f} before the run.", *bench.notes]
    found = report.summary(
        tables,
        facts=machine.facts(),
        parameters={
            "tracks": given.tracks,
            "files": given.files,
            "rounds": given.rounds,
            "database": "PostgreSQL" if given.database else "SQLite",
        },
        about=bench.about,
        notes=notes,
    )
    print("\n" + report.markdown(found))
    if given.save:
        for file in report.save(found, given.results, given.save):
            print(f"saved: {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
