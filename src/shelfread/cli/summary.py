"""What a scan says at its end: a short summary for people, one JSON document for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shelfread.cli.left_out import print_left_out
from shelfread.cli.outcome import FINE, WITH_PROBLEMS
from shelfread.cli.printing import Paper, print_problems
from shelfread.cli.targets import Target
from shelfread.cli.texts import counted, duration, number, path_fields, shown
from shelfread.model.change import Counters
from shelfread.model.hidden import HiddenBy
from shelfread.scan.hidden import hidden_json
from shelfread.store.problems import ProblemRow

#: Problems in the summary; `shelfread problems` shows all.
FIRST = 10
#: Files from which on a rate is worth a word.
WORTH_A_RATE = 100


@dataclass(slots=True)
class Result:
    """How a scan ended, whichever way."""

    target: Target
    status: str = "failed"
    job_id: str | None = None
    counters: Counters = field(default_factory=Counters)
    problems: list[ProblemRow] = field(default_factory=list)
    #: Roots that were not believed, with the reason.
    unavailable: list[tuple[bytes, str]] = field(default_factory=list)
    held: int = 0
    #: Files that are there, marked missing since a rule leaves them out now.
    hidden: list[HiddenBy] = field(default_factory=list)
    duration_s: float = 0.0
    #: The line for people when it did not complete, and the word for programs.
    error: str | None = None
    reason: str | None = None
    #: The exit code, when it did not complete.
    code: int = FINE

    @property
    def exit_code(self) -> int:
        """The exit code of the command (PROMISES decision 7)."""
        if self.error is None and (self.problems or self.unavailable or self.held):
            return WITH_PROBLEMS
        return self.code


def result_fields(result: Result) -> dict[str, Any]:
    """The document of `scan --json` (DESIGN section 5)."""
    document: dict[str, Any] = {
        "job_id": result.job_id,
        "library_id": result.target.library.id,
        "status": result.status,
        **result.counters.to_json(),
        "duration_s": round(result.duration_s, 3),
        "problems": [
            {**path_fields(row.path), "code": row.code, "detail": row.detail} for row in result.problems
        ],
    }
    if result.hidden:
        document["left_out"] = hidden_json(result.hidden)
    if result.error is not None:
        document["error"] = result.error
        document["reason"] = result.reason
    return document


def print_summary(result: Result) -> None:
    """The summary for people, on standard output."""
    paper = Paper()
    library = result.target.library
    title = [("bold", shown(library.name)), ("dim", f"  library {library.id}")]
    if result.target.created:
        title.append(("dim", ", new"))
    paper.line(*title)
    counters = result.counters
    if result.error is None:
        took = [f"{counted(counters.found, 'file')} in {duration(result.duration_s)}"]
        # A rate of a few files says nothing but how long a start takes.
        if result.duration_s > 0 and counters.found >= WORTH_A_RATE:
            took.append(f"{number(round(counters.found / result.duration_s))} files/s")
        paper.line(("", ", ".join(took)))
    paper.line()
    _print_counters(paper, counters)
    if result.hidden:
        paper.line()
        print_left_out(paper, hidden_json(result.hidden))
    # Two codes have a paragraph of their own below.
    files = [row for row in result.problems if row.code not in ("root_unavailable", "mass_removal_held")]
    if files:
        paper.line()
        print_problems(paper, files[:FIRST])
        more = len(files) - FIRST
        said = f"  {counted(more, 'more problem')}; all of them: " if more > 0 else "  all problems: "
        paper.line(("dim", said), ("bold", f"shelfread problems --library {library.id}"))
    for path, reason in result.unavailable:
        paper.line()
        paper.line(("yellow", f"{shown(path)} {shown(reason)}."))
        paper.line(
            (
                "",
                "  Nothing under it was touched. When the disk is back, scan again. If it is right as it is:",
            )
        )
        paper.line(("bold", f"  shelfread library confirm {library.id}"), ("dim", "  and scan again"))
    if result.held:
        paper.line()
        paper.line(("yellow", f"{counted(result.held, 'item')} disappeared at once: held until you decide."))
        paper.line(
            ("bold", f"  shelfread library confirm {library.id}"),
            ("dim", "  they are gone: mark them missing"),
        )
        paper.line(("bold", f"  shelfread library reject {library.id}"), ("dim", "   keep them as they are"))


def _print_counters(paper: Paper, counters: Counters) -> None:
    columns = {
        "added": counters.added,
        "updated": counters.updated,
        "moved": counters.moved,
        "restored": counters.restored,
        "unchanged": counters.unchanged,
        "missing": counters.removed,
        "failed": counters.failed,
    }
    if counters.skipped:
        columns["skipped"] = counters.skipped
    widths = {word: max(len(word), len(number(count))) for word, count in columns.items()}
    paper.line(*(("dim", f"  {word:>{widths[word]}}") for word in columns))
    colours = {"missing": "yellow", "failed": "red"}
    paper.line(
        *(
            (colours.get(word, "bold") if count else "dim", f"  {number(count):>{widths[word]}}")
            for word, count in columns.items()
        )
    )
