"""Contestants take turns, round by round, so that a slow minute of the machine meets all of them.

What every part of the benchmark shares: scratch folders, notes, what is shown while it runs. Knows neither
what is scanned nor what the tables mean.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bench import corpora, machine, report
from bench.measure import Contestant, Measured, Run, Step, Unavailable
from bench.report import OWN, Table

#: A step that is shorter is done three times in a round, and the middle one counts.
_SHORT_S = 1.0


class Rounds:
    """One run of the benchmark: what was asked for, and what it did so far."""

    def __init__(self, given: argparse.Namespace, scratch: Path) -> None:
        self.given = given
        self.notes: list[str] = []
        self.about: dict[str, str] = {}
        self.quiet_until = time.monotonic() + 60 * given.quiet
        self.kept: Path = given.corpora
        self._scratch = scratch
        self._scratch_folders = 0

    def take_turns(
        self,
        contestants: Sequence[Contestant],
        steps: Sequence[Step],
        corpus: Path,
        tables: Mapping[Step, Table],
        prepared: Callable[[Step], AbstractContextManager[object]] = lambda _: nullcontext(),
    ) -> None:
        """All rounds of all contestants; round 0 is the one in which memory is sampled.

        Args:
            contestants: in the order in which they take turns; who cannot go on is left out, with a note.
            steps: what each is to do in a round, as far as it can.
            corpus: what they scan.
            tables: where what they did is noted.
            prepared: what has to be so while a step is done.

        Raises:
            Unavailable: ours cannot be measured.
        """
        remaining = list(contestants)
        for number in range(self.given.rounds + 1):
            for one in list(remaining):
                if one.slow and number != 1:
                    continue
                mine = [step for step in steps if step in one.steps]
                if not mine or (why := one.missing()):
                    if mine:
                        self.say(f"Left out: {why}")
                    remaining.remove(one)
                    continue
                try:
                    self._turn(one, mine, number, corpus, tables, prepared)
                except Unavailable as error:
                    if one.name == OWN:
                        raise
                    self.say(f"{one.name} left out: {error}")
                    remaining.remove(one)

    def _turn(
        self,
        one: Contestant,
        steps: Sequence[Step],
        number: int,
        corpus: Path,
        tables: Mapping[Step, Table],
        prepared: Callable[[Step], AbstractContextManager[object]],
    ) -> None:
        """One contestant in one round: from an empty catalogue through all of its steps."""
        self.about[one.name] = one.about
        while True:
            machine.wait_for_quiet(self.quiet_until)
            turn: list[Measured] = []
            with one.start(corpus, self.new_folder()) as run:
                for step in steps:
                    with prepared(step):
                        measured = do(run, step, sample=number == 0 or one.slow)
                    turn.append(measured)
                    tables[step].note(one.name, number, measured)
                    self.show(number, one.name, tables[step].key, measured)
            if time.monotonic() >= self.quiet_until or number == 0 or not _disturbed(turn):
                return
            print("  again: something else was running", flush=True)

    def large(
        self, own: Contestant, finds: Sequence[Contestant], corpus: Path, first: Table, again: Table
    ) -> None:
        """A corpus so large that it is scanned once from nothing, and then again in every round."""
        self.about[own.name] = own.about
        with own.start(corpus, self.new_folder()) as run:
            machine.wait_for_quiet(self.quiet_until)
            measured = run.do(Step.FIRST, sample=True)
            first.note(own.name, 1, measured)
            self.show(1, own.name, first.key, measured)
            for number in range(self.given.rounds + 1):
                machine.wait_for_quiet(self.quiet_until)
                measured = do(run, Step.UNCHANGED, sample=number == 0)
                again.note(own.name, number, measured)
                self.show(number, own.name, again.key, measured)
                for find in finds:
                    self.about[find.name] = find.about
                    with find.start(corpus, self._scratch) as finding:
                        measured = do(finding, Step.UNCHANGED, sample=number == 0)
                    again.note(find.name, number, measured)
                    self.show(number, find.name, again.key, measured)

    def warm(self, corpus: Path) -> None:
        """Read every file of a corpus once."""
        size = corpora.warm_cache(corpus)
        self.say(f"{corpus.name}: {size / 1e6:.0f} MB, all of it read once before: the page cache is warm")

    def new_folder(self) -> Path:
        """An empty folder for one catalogue."""
        self._scratch_folders += 1
        folder = self._scratch / str(self._scratch_folders)
        folder.mkdir()
        return folder

    def say(self, note: str) -> None:
        """Note something for the report, and print it now."""
        if note not in self.notes:
            self.notes.append(note)
            print(note, flush=True)

    def show(self, number: int, name: str, step: str, measured: Measured) -> None:
        """Print what one contestant did in one round."""
        which = f"round {number}" if number else "memory "
        spent = "" if measured.cpu_s is None else f"CPU {measured.cpu_s:6.2f} s"
        others = "" if measured.others is None else f"others {measured.others:4.2f}"
        seconds = f"{measured.seconds:8.3f} s  {spent:13}  {others:11}"
        print(f"  {which}  {name:16} {step:21} {seconds}  {measured.says}", flush=True)


def do(run: Run, step: Step, *, sample: bool) -> Measured:
    """Do a step, a short one several times; gives the middle one."""
    done = [run.do(step, sample=sample)]
    if step is Step.UNCHANGED and not sample:
        while len(done) < 3 and done[0].seconds < _SHORT_S:
            done.append(run.do(step, sample=sample))
    return report.middle(done)


def _disturbed(turn: Sequence[Measured]) -> bool:
    """Whether something else took a tenth of a processor or more in the middle of it."""
    took = sum(one.seconds * (one.others or 0.0) for one in turn)
    return took > 0.1 * sum(one.seconds for one in turn)
