"""Why a scan takes a path or leaves it out: which rule decides, of all those on the way from the root.

Asked for by `shelfread inspect --explain`, and at the end of a scan that tells which rules hide what it knew.
What becomes of a name is the answer of the walk's own `Look`; here only the reason for it is found. Looks at
names and ignore files, opens no media, knows no catalogue.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import NamedTuple

from shelfread.model.problem import ProblemCode
from shelfread.scan import skip
from shelfread.scan.digest import text_digest
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules, joined, root_task, subtask
from shelfread.scan.ignore import (
    EVERYTHING,
    INCLUDED,
    IgnoreSource,
    RuleBook,
    RulesError,
    patterns_text,
    read_ignore_file,
)
from shelfread.scan.listing import Look, trouble_of
from shelfread.scan.verdict import RuleText, Step, Verdict, Why

_OF_CODES = {
    ProblemCode.LINK_LOOP.value: Why.LINK_LOOP,
    ProblemCode.BROKEN_LINK.value: Why.DEAD_LINK,
    ProblemCode.NOT_A_FILE.value: Why.NOT_A_FILE,
}


#: Folders that are remembered. Whoever asks about many paths asks about neighbours one after the other.
_KEPT = 200


class _Folder(NamedTuple):
    """A folder that a scan looks into."""

    look: Look
    entries: dict[bytes, os.DirEntry[bytes]]
    steps: tuple[Step, ...]
    left_out_by: Step | None
    doubts: tuple[tuple[bytes | None, str], ...]


class Explainer:
    """Explains paths below one root. Blocking; remembers some of the folders that it looked at."""

    def __init__(self, root: bytes, rules: WalkRules) -> None:
        self._root = root
        self._rules = rules
        self._book = RuleBook()
        #: By path; a verdict for those that no scan looks into: it holds for all below.
        self._folders: dict[bytes, _Folder | Verdict] = {}
        self._lines: dict[IgnoreSource, list[bytes] | None] = {}

    def why(self, relative: bytes) -> Verdict:
        """What a scan of the root makes of a path below it; empty for the root itself."""
        names = relative.split(b"/") if relative else []
        if len(self._folders) > _KEPT:
            self._folders.clear()
        if b"" not in self._folders:
            self._folders[b""] = self._open(root_task(self._root), (), None, ())
        folder = self._folders[b""]
        path = b""
        for name in names[:-1]:
            if isinstance(folder, Verdict):
                return folder
            path = joined(path, name)
            if path not in self._folders:
                self._folders[path] = self._into(folder, *self._judge(folder, name))
            folder = self._folders[path]
        if isinstance(folder, Verdict):
            return folder
        if not names:
            return self._with_own_rules(Verdict(True, Step(b"", Why.ROOT)), 0, folder)
        verdict, listing = self._judge(folder, names[-1])
        if verdict.taken and listing is not None and listing.subfolders:
            inside = self._into(folder, verdict, listing)
            return self._with_own_rules(verdict, len(folder.look.context), inside)
        return verdict

    def _open(
        self,
        task: FolderTask,
        steps: tuple[Step, ...],
        left_out_by: Step | None,
        doubts: tuple[tuple[bytes | None, str], ...],
    ) -> _Folder | Verdict:
        try:
            look = Look(task, self._rules, self._book, os.scandir)
        except (RulesError, OSError) as error:
            return _untold(Step(task.relative, Why.UNREADABLE, detail=trouble_of(error)[1]), steps, doubts)
        if not task.relative and self._rules.patterns:
            said = self._book.compile(patterns_text(self._rules.patterns)).doubts
            doubts += ((None, said),) if said else ()
        doubts += tuple((joined(task.relative, name), detail) for name, _, detail in look.problems)
        return _Folder(look, {entry.name: entry for entry in look.found}, steps, left_out_by, doubts)

    def _into(self, folder: _Folder, verdict: Verdict, listing: FolderListing | None) -> _Folder | Verdict:
        """The folder that a verdict is about, if a scan looks into it."""
        if listing is None or not listing.subfolders:
            # Nothing is below a file.
            gone = replace(verdict.decided_by, why=Why.NOT_LISTED)
            return replace(verdict, taken=None, decided_by=gone) if verdict.taken else verdict
        (sub,) = listing.subfolders
        task = subtask(self._rules, folder.look.task, listing, sub)
        left_out_by = None if verdict.taken else verdict.decided_by
        return self._open(task, verdict.steps, left_out_by, folder.doubts)

    def _judge(self, folder: _Folder, name: bytes) -> tuple[Verdict, FolderListing | None]:
        """What becomes of one name, and the listing that says so."""
        path = joined(folder.look.task.relative, name)
        entry = folder.entries.get(name)
        if entry is None:
            return _untold(Step(path, Why.NOT_LISTED), folder.steps, folder.doubts), None
        try:
            listing = folder.look.at(entry)
            trouble = _trouble(listing, path)
            # What is in trouble may be a link that leads to itself.
            is_folder = trouble is None and entry.is_dir(follow_symlinks=self._rules.follow_symlinks)
            own, ruling = self._rules_say(folder, name, path, is_folder)
            decided = trouble or self._built_in(folder, entry, path, is_folder)
        except OSError as error:
            step = Step(path, Why.UNREADABLE, detail=trouble_of(error)[1])
            return _untold(step, folder.steps, folder.doubts), None
        steps = folder.steps if own is None else (*folder.steps, own)
        if decided is not None and decided.why in (Why.UNREADABLE, Why.NOT_LISTED):
            return _untold(decided, steps, folder.doubts), listing
        taken = bool(listing.entries or listing.sidecars)
        taken = taken or any(sub.excluded_by == INCLUDED for sub in listing.subfolders)
        decided = decided or ruling or Step(path, _what(listing))
        looked_into = bool(listing.subfolders) and not taken
        return Verdict(taken, decided, steps, looked_into, doubts=folder.doubts), listing

    def _rules_say(
        self, folder: _Folder, name: bytes, path: bytes, is_folder: bool
    ) -> tuple[Step | None, Step | None]:
        """What the last rule says that matches this very name; and what decides of it and those above."""
        active, inherited = folder.look.active, folder.look.task.excluded_by
        if active is None:
            return None, None
        rank = active.decide(name, path, is_folder, inherited)
        last = active.last_match(name, path, is_folder)
        own: Step | None = None
        if last != INCLUDED:
            negated = active.rule(last).negated
            if negated or last == rank:
                brought_back = Why.BROUGHT_BACK if rank == INCLUDED else Why.OUTRANKED
                own = Step(path, brought_back if negated else Why.EXCLUDED, self._text(folder.look, last))
        if rank == INCLUDED:
            return own, own
        return own, own if rank == last else folder.left_out_by

    def _built_in(
        self, folder: _Folder, entry: os.DirEntry[bytes], path: bytes, is_folder: bool
    ) -> Step | None:
        """What leaves a name out before any rule is asked, if anything does."""
        name = entry.name
        why: Why | None = None
        if name[0] == skip.DOT and name[:2] != b"..":
            why = Why.DOT_NAME
        elif entry.is_symlink() and not self._rules.follow_symlinks:
            why = Why.LINK
        elif is_folder:
            why = Why.SYSTEM_FOLDER if name.lower() in skip.FOLDERS else None
        elif not entry.is_file():
            why = Why.NOT_A_FILE
        elif skip.kind_of(name, folder.look.kinds) == skip.UNWANTED:
            is_system = name.lower() in skip.FILES
            why = Why.SYSTEM_FILE if is_system else Why.BACKUP if name[-1] == skip.TILDE else Why.UNFINISHED
        return Step(path, why) if why is not None else None

    def _text(self, look: Look, rank: int) -> RuleText:
        """The rule that a rank stands for, as people wrote it."""
        assert look.active is not None
        rule = look.active.rule(rank)
        patterns = self._rules.patterns
        if patterns and rule.layer == 0:
            lines = patterns_text(patterns).split(b"\n")
            return RuleText(None, rule.line, lines[rule.line - 1])
        source = look.context[rule.layer - bool(patterns)]
        if source not in self._lines:
            self._lines[source] = self._lines_of(source)
        lines_of = self._lines[source]
        text = lines_of[rule.line - 1].rstrip(b"\r") if lines_of is not None else None
        return RuleText(source.path, rule.line, text)

    def _lines_of(self, source: IgnoreSource) -> list[bytes] | None:
        """The lines of an ignore file; None when it is a rule by being there, or is another by now."""
        try:
            text = read_ignore_file(joined(self._root, source.path))
        except RulesError:
            return None
        if text is EVERYTHING or text_digest(text) != source.digest:
            return None
        return text.removeprefix(b"\xef\xbb\xbf").split(b"\n")

    def _with_own_rules(self, verdict: Verdict, above: int, inside: _Folder | Verdict) -> Verdict:
        """The verdict on a folder, with what its own ignore files mean for all it holds."""
        if isinstance(inside, Verdict):
            # It cannot be listed; whether it is taken was said by the folder above.
            return inside
        emptied_by = None
        for source in inside.look.context[above:]:
            if text_digest(EVERYTHING) == source.digest and self._lines_of(source) is None:
                emptied_by = RuleText(source.path, 1, None)
        return replace(verdict, emptied_by=emptied_by, doubts=inside.doubts)


def _what(listing: FolderListing) -> Why:
    if listing.subfolders:
        return Why.FOLDER
    return Why.MEDIA if listing.entries else Why.SIDECAR if listing.sidecars else Why.OTHER_SUFFIX


def _trouble(listing: FolderListing, path: bytes) -> Step | None:
    """Why a name is no part of the library although no rule says so: trouble that the walk has with it."""
    if listing.raced:
        return Step(path, Why.NOT_LISTED)
    if listing.dangling:
        return Step(path, Why.DEAD_LINK)
    for _, code, detail in listing.problems:
        return Step(path, _OF_CODES.get(code, Why.UNREADABLE), detail=detail)
    return None


def _untold(step: Step, steps: tuple[Step, ...], doubts: tuple[tuple[bytes | None, str], ...]) -> Verdict:
    return Verdict(None, step, steps, doubts=doubts)
