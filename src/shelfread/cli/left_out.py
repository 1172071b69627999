"""What a scan's report says of files that are there and left out by a rule, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shelfread.cli.printing import Paper
from shelfread.cli.texts import counted, number, shown

#: Longer rules are cut; `--json` has all of them.
_LONGEST = 60


def print_left_out(paper: Paper, left_out: Mapping[str, Any] | None) -> None:
    """Print how many files each rule leaves out; `left_out` is what a report has under this name."""
    if not left_out:
        return
    are = "are there and count" if left_out["files"] != 1 else "is there and counts"
    paper.line(
        (
            "yellow",
            f"{counted(left_out['files'], 'file')} {are} as missing, since a rule leaves them out now:",
        )
    )
    rules = [(number(rule["files"]), *_words(rule)) for rule in left_out["rules"]]
    widths = [max((len(row[at]) for row in rules), default=0) for at in range(2)]
    for count, rule, where in rules:
        paper.line(("", f"  {count:>{widths[0]}}  {rule:<{widths[1]}}"), ("dim", f"  {where}"))
    if left_out["more_rules"]:
        paper.line(("dim", f"  and {counted(left_out['more_rules'], 'more rule')}"))
    paper.line(("dim", "  of any file it is told by  "), ("bold", "shelfread inspect --explain PATH"))


def _words(rule: Mapping[str, Any]) -> tuple[str, str]:
    """The rule, and where it stands."""
    file, line, text = rule["file"], rule["line"], rule["rule"]
    if line is None:
        return str(rule["why"]).replace("_", " "), "built in"
    if file is None:
        return _cut(shown(text)), f"rule {line} of the library's own"
    return (
        (shown(text), f"line {line} of {shown(file)}")
        if text is not None
        else ("", f"{shown(file)} is there")
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
