"""Lines on standard output, coloured in a terminal, and never wrapped or interpreted.

Rich is imported for a terminal only. Text that came from files must have gone through `texts.shown`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import groupby

from shelfread.cli.texts import shown
from shelfread.store.problems import ProblemRow

#: A piece of a line: its style, and its text.
Piece = tuple[str, str]


class Paper:
    """Prints lines of styled pieces."""

    def __init__(self) -> None:
        self._console = None
        if sys.stdout.isatty() and os.environ.get("TERM") not in (None, "dumb"):
            from rich.console import Console

            self._console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)

    def line(self, *pieces: Piece) -> None:
        """Print one line."""
        if self._console is None:
            print("".join(text for _, text in pieces).rstrip())  # noqa: T201
            return
        from rich.text import Text

        # Pieces and not markup: a title may well be "[red]".
        self._console.print(Text.assemble(*((text, style) for style, text in pieces)))


def print_table(
    paper: Paper, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """Print aligned columns; those in `right` hold numbers."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def cells(row: Sequence[str]) -> str:
        return "  ".join(
            text.rjust(widths[at]) if at in right else text.ljust(widths[at]) for at, text in enumerate(row)
        )

    paper.line(("dim", cells(heads).rstrip()))
    for row in rows:
        paper.line(("", cells(row).rstrip()))


def print_problems(paper: Paper, problems: Sequence[ProblemRow]) -> None:
    """Print problems: the path, and below it what is wrong."""
    for path, rows in groupby(problems, key=lambda row: row.path):
        paper.line(("", f"  {shown(path)}"))
        for row in rows:
            words = row.detail or row.code.replace("_", " ")
            paper.line(("red", f"    {row.code}"), ("dim", f"  {shown(words)}"))
