"""Which rules hide what the catalogue knew: said once, by the scan that finds it so.

Used by `reconcile` for files that are there and were passed over by the walk. It asks `explain` about them
after the walk, so that the walk itself keeps no reasons. Blocking; reads names and ignore files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shelfread.model.hidden import HiddenBy
from shelfread.model.job import LogLine
from shelfread.scan.explain import Explainer
from shelfread.scan.folder import WalkRules
from shelfread.scan.verdict import RuleText, Why
from shelfread.store.removals import Candidate

#: So many rules are told of one by one, those that hide most.
TOLD = 20


class Reasons:
    """Counts files by the reason that hides them."""

    def __init__(self, roots: Mapping[int, bytes], rules: Mapping[int, WalkRules]) -> None:
        self._roots = roots
        self._explainers = {root_id: Explainer(roots[root_id], rules[root_id]) for root_id in rules}
        self._counts: Counter[tuple[int, Why, RuleText | None]] = Counter()

    def note(self, hidden: Iterable[Candidate]) -> None:
        """Find the reason for some more files."""
        for file in hidden:
            verdict = self._explainers[file.root_id].why(file.path)
            # What cannot be told, or is taken by now, is for the next scan to say.
            if verdict.taken is False:
                step = verdict.decided_by
                self._counts[file.root_id, step.why, step.rule] += 1

    def of(self, root_ids: Iterable[int]) -> list[HiddenBy]:
        """What hides files in these roots, that which hides most of them first."""
        wanted = set(root_ids)
        found = [
            HiddenBy(count, why.value, self._roots[root_id], *(rule or ()))
            for (root_id, why, rule), count in self._counts.items()
            if root_id in wanted
        ]
        return sorted(found, key=lambda each: (-each.files, each.path or b"", each.line or 0, each.why))


def hidden_json(hidden: Sequence[HiddenBy]) -> dict[str, Any] | None:
    """What the report of the job says: how many files in all, and the rules that hide most of them."""
    if not hidden:
        return None
    return {
        "files": sum(each.files for each in hidden),
        "rules": [each.to_json() for each in hidden[:TOLD]],
        "more_rules": max(0, len(hidden) - TOLD),
    }


def hidden_lines(hidden: Sequence[HiddenBy]) -> list[LogLine]:
    """What the log of the job says."""
    lines = [LogLine("info", f"{_rule(each)} leaves out {_files(each.files)}", each.path) for each in hidden]
    if len(lines) > TOLD:
        more = hidden[TOLD:]
        text = f"{len(more)} more rules leave out {_files(sum(each.files for each in more))}"
        lines = [*lines[:TOLD], LogLine("info", text)]
    return lines


def _rule(hidden: HiddenBy) -> str:
    # Without its words: they are names of files, and not all who may read a log may see those (PROMISES D12).
    if hidden.line is None:
        return f"a built-in rule ({hidden.why.replace('_', ' ')})"
    if hidden.file is None:
        return f"rule {hidden.line} of the library's own"
    return f"line {hidden.line} of this file" if hidden.rule is not None else "this file, by being there,"


def _files(count: int) -> str:
    return "1 file that was catalogued" if count == 1 else f"{count} files that were catalogued"
