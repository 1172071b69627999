"""The live progress of a scan, on standard error: a bar in a terminal, a plain line now and then elsewhere.

Called ten times a second from the scan's own loop, so it must be cheap. Shows counts that are real, and a
share, a bar and a time left only once the total is known.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from shelfread.cli.targets import Target
from shelfread.cli.texts import counted, duration, number, shown
from shelfread.model.job import Phase
from shelfread.scan.progress import Progress

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

#: Seconds between two plain lines.
LINE_EVERY_S = 5.0
_WORDS = {
    Phase.DISCOVERING: "Looking",
    Phase.READING: "Reading",
    Phase.SETTLING: "Settling",
    Phase.DONE: "Done",
}


class Display(Protocol):
    """Whoever shows the progress of a scan."""

    def show(self, progress: Progress) -> None:
        """Show how far the scan is."""


class Nothing:
    """Shows nothing."""

    def show(self, progress: Progress) -> None:
        del progress


class Lines:
    """A plain line every few seconds, for logs and pipes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock() + LINE_EVERY_S

    def show(self, progress: Progress) -> None:
        if self._clock() >= self._next:
            self._next = self._clock() + LINE_EVERY_S
            print(line_of(progress), file=sys.stderr, flush=True)  # noqa: T201


class Bar:
    """One place in the terminal that is drawn again and again."""

    def __init__(self, live: Live, title: str) -> None:
        self._live = live
        self._title = title

    def show(self, progress: Progress) -> None:
        self._live.update(drawn(progress, self._title), refresh=True)


@contextmanager
def display(target: Target, *, quiet: bool) -> Iterator[Display]:
    """The display for where this process prints."""
    if quiet:
        yield Nothing()
    elif not sys.stderr.isatty() or os.environ.get("TERM") in (None, "dumb"):
        yield Lines()
    else:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield Bar(live, shown(target.library.name))


def facts_of(progress: Progress) -> list[str]:
    """What there is to say: real counts, the rate, and a time left once the total is known."""
    counters = progress.counters
    if progress.total is None:
        facts = [f"{counted(counters.found, 'file')} found"]
        if counters.processed:
            facts.append(f"{number(counters.processed)} done")
    else:
        facts = [f"{number(counters.processed)} of {counted(progress.total, 'file')}"]
    if (rate := progress.rate) is not None:
        facts.append(f"{number(round(rate))}/s")
    if progress.phase is Phase.READING and (left := progress.eta_s) is not None:
        facts.append(f"{duration(left)} left")
    return facts


def line_of(progress: Progress) -> str:
    """One plain line."""
    where = f", in {shown(progress.current_path)}" if progress.current_path else ""
    return f"{_WORDS[progress.phase].lower()}: {', '.join(facts_of(progress))}{where}"


def drawn(progress: Progress, title: str) -> RenderableType:
    """What the terminal shows: a line with the numbers, a bar once there is a total, the folder."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{_WORDS[progress.phase]:<9}", "bold")
    head.append(title)
    row = Table.grid(padding=(0, 2))
    row.add_column(no_wrap=True)
    row.add_column(no_wrap=True)
    facts = Text("  ".join(facts_of(progress)), "cyan", no_wrap=True, overflow="ellipsis")
    if progress.total:
        bar = ProgressBar(
            total=progress.total, completed=min(progress.counters.processed, progress.total), width=32
        )
        row.add_row(bar, facts)
    else:
        row.add_row(facts)
    folder = Text(shown(progress.current_path or ""), "dim", no_wrap=True, overflow="ellipsis")
    return Group(head, row, folder)
