"""Ignore files: which names of a folder do not belong to the library.

Part of the walk: `listing` asks for every name of a folder in which rules are in force, and passes on to
the sub-folders what they inherit. Rules add up from the root downwards; the last one that matches wins.
This module reads ignore files and nothing else.

The meaning is gitignore's with one addition (C20): a negation brings a file or folder back although a
folder above is excluded. So each folder carries the *rank* of the rule that excludes it, and a negation
below counts when its own rank is higher. Ranks order all rules in force: library patterns, then the root's
files, then those of each folder on the way down. Ignore files inside an excluded folder are not read.

What a folder inherits is its *context*: paths and digests of the ignore files, not their texts, so that a
task stays small. A process that has not yet seen a text reads it again, and refuses it if it has changed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from shelfread.scan.digest import text_digest
from shelfread.scan.wildmatch import BadPattern, Pattern, could_match_below, parse_line

#: The rank of what no rule excludes.
INCLUDED = -1

#: Files that hold rules, weakest first: of two in one folder the later has the last word.
IGNORE_FILES = (b".nomedia", b".ignore", b".ndignore", b".stumpignore", b".shelfignore")
#: These exclude their whole folder when they are empty, as their own programs have it.
_EMPTY_EXCLUDES = frozenset((b".ignore", b".ndignore"))
#: What lies directly in the folder; what lies deeper inherits, so that `!sub/` brings all of it back.
EVERYTHING = b"/*\n"

#: Limits of one file. Whoever exceeds them has none of its rules applied: half a list, cut before its
#: negations, would hide what it should show.
MAX_BYTES = 1 << 20
MAX_RULES = 20_000
MAX_WILDCARDS = 1_000
_MAX_WILDCARD_BYTES = 1 << 16

_RANKS_PER_FILE = 1 << 20
_KEPT = 16

_K = TypeVar("_K")
_V = TypeVar("_V")


class RulesError(Exception):
    """An ignore file that is not applied; the text says why."""


class IgnoreSource(NamedTuple):
    """One ignore file in force: where it is below the root, and which text it had."""

    path: bytes
    digest: bytes


class RuleFile:
    """The rules of one text. `doubts` says in a line what was not understood, None if all was."""

    __slots__ = ("_files", "_folders", "_wild", "doubts", "lines", "negated", "negations")

    def __init__(self, text: bytes) -> None:
        self.negated: list[bool] = []
        #: The line of each rule in its text, from 1.
        self.lines: list[int] = []
        self.negations: list[tuple[int, Pattern]] = []
        self.doubts: str | None = None
        # Literal names and paths (those with a slash in front) to the last rule that names them.
        self._files: dict[bytes, int] = {}
        self._folders: dict[bytes, int] = {}
        self._wild: list[tuple[int, bool, bool, re.Pattern[bytes]]] = []
        self._parse(text)
        self._wild.reverse()

    def _parse(self, text: bytes) -> None:
        wild_bytes = 0
        for number, line in enumerate(text.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            try:
                pattern = parse_line(line)
            except BadPattern as error:
                self.doubts = self.doubts or f"line {number} {error}"
                continue
            if pattern is None:
                continue
            rank = len(self.negated)
            self.negated.append(pattern.negated)
            self.lines.append(number)
            if pattern.negated:
                self.negations.append((rank, pattern))
            if pattern.literal is not None:
                key = pattern.literal if pattern.by_name else b"/" + pattern.literal
                self._folders[key] = rank
                if not pattern.folders_only:
                    self._files[key] = rank
            elif pattern.regex is not None:
                wild_bytes += len(line)
                self._wild.append((rank, pattern.folders_only, pattern.by_name, pattern.regex))
            if rank >= MAX_RULES:
                raise RulesError(f"has more than {MAX_RULES} rules and is not applied")
            if len(self._wild) > MAX_WILDCARDS or wild_bytes > _MAX_WILDCARD_BYTES:
                raise RulesError(f"has more than {MAX_WILDCARDS} wildcard rules or too long ones")

    def last_match(self, name: bytes, path: bytes, is_folder: bool) -> int:
        """The number of the last rule that matches this very name or path, -1 if none does."""
        literal = self._folders if is_folder else self._files
        best = max(literal.get(name, -1), literal.get(b"/" + path, -1))
        for rank, folders_only, by_name, regex in self._wild:
            if rank < best:
                break
            if (is_folder or not folders_only) and regex.fullmatch(name if by_name else path):
                return rank
        return best


class Rule(NamedTuple):
    """Where one rule stands: the number of its text among those in force (0 the weakest), and its line."""

    layer: int
    line: int
    negated: bool


class RuleSet:
    """All rules in force in one folder."""

    __slots__ = ("_layers",)

    def __init__(self, layers: list[tuple[bytes, RuleFile]]) -> None:
        """`layers`: the folder of each file (empty for the root) and its rules, from the root downwards."""
        self._layers = [
            (number * _RANKS_PER_FILE, len(folder) + 1 if folder else 0, rules)
            for number, (folder, rules) in enumerate(layers)
        ][::-1]

    def decide(self, name: bytes, path: bytes, is_folder: bool, inherited: int) -> int:
        """Whether a name is excluded.

        Args:
            name: the base name.
            path: the path below the root.
            is_folder: folders match rules that end with a slash, files do not.
            inherited: what this method said of the folder that holds it.

        Returns:
            `INCLUDED`, or the rank of the rule that excludes it.
        """
        for base, skip, rules in self._layers:
            number = rules.last_match(name, path[skip:], is_folder)
            if number >= 0:
                rank = base + number
                if not rules.negated[number]:
                    return max(rank, inherited)
                return INCLUDED if rank > inherited else inherited
        return inherited

    def last_match(self, name: bytes, path: bytes, is_folder: bool) -> int:
        """The rank of the last of all rules that matches this very name, `INCLUDED` if none does."""
        for base, skip, rules in self._layers:
            number = rules.last_match(name, path[skip:], is_folder)
            if number >= 0:
                return base + number
        return INCLUDED

    def rule(self, rank: int) -> Rule:
        """Which rule a rank from this set stands for."""
        layer, number = divmod(rank, _RANKS_PER_FILE)
        rules = self._layers[-1 - layer][2]
        return Rule(layer, rules.lines[number], rules.negated[number])

    def may_bring_back(self, folder: bytes, excluded_by: int) -> bool:
        """Whether something below an excluded folder might be brought back; errs on the side of yes."""
        return any(
            base + number > excluded_by and could_match_below(pattern, folder[skip:])
            for base, skip, rules in self._layers
            for number, pattern in rules.negations
        )


class RuleBook:
    """The rules this process has compiled, kept for the next folder. Bounded."""

    def __init__(self) -> None:
        self._files: dict[bytes, RuleFile] = {}
        self._sets: dict[tuple[tuple[str, ...], tuple[IgnoreSource, ...]], RuleSet | None] = {}

    def rule_set(
        self, root: bytes, patterns: tuple[str, ...], context: tuple[IgnoreSource, ...]
    ) -> RuleSet | None:
        """The rules of a folder, None when there are none.

        Raises:
            RulesError: an ignore file is not any more what it was when the folder above was listed.
        """
        key = (patterns, context)
        if not _recall(self._sets, key):
            layers = [(os.path.dirname(source.path), self._load(root, source)) for source in context]
            if patterns:
                layers.insert(0, (b"", self.compile(patterns_text(patterns))))
            _keep(self._sets, key, RuleSet(layers) if layers else None)
        return self._sets[key]

    def compile(self, text: bytes) -> RuleFile:
        """The rules of a text, from memory if it was seen before.

        Raises:
            RulesError: the text exceeds the limits.
        """
        digest = text_digest(text)
        if not _recall(self._files, digest):
            _keep(self._files, digest, RuleFile(text))
        return self._files[digest]

    def _load(self, root: bytes, source: IgnoreSource) -> RuleFile:
        if _recall(self._files, source.digest):
            return self._files[source.digest]
        text = read_ignore_file(os.path.join(root, source.path))
        if text_digest(text) != source.digest:
            raise RulesError("changed while the folder was walked")
        return self.compile(text)


def patterns_text(patterns: tuple[str, ...]) -> bytes:
    """The rules of a library's options as the text of an ignore file."""
    return "\n".join(patterns).encode("utf-8", "surrogateescape")


def fault_of(rules: Sequence[str]) -> str | None:
    """Why these cannot be the rules of a library's options, for people; None when they can."""
    for rule in rules:
        if not rule.isprintable() or not rule.strip():
            return f"{rule[:80]!r} is no ignore rule: it has to be one line of text"
        try:
            parse_line(rule.encode())
        except BadPattern as error:
            return f"{rule[:80]!r} is no ignore rule: it {error}"
    try:
        RuleFile(patterns_text(tuple(rules)))
    except RulesError as error:
        return f"the list of ignore rules {error}"
    return None


def read_ignore_file(path: bytes) -> bytes:
    """The rules an ignore file stands for, as text; empty for one that ignores nothing.

    An empty `.ndignore` or `.ignore` and any `.nomedia` gives one rule that excludes the folder. Never waits:
    a FIFO is not read.

    Raises:
        RulesError: it cannot be read, is not a regular file, or exceeds the size limit.
    """
    name = os.path.basename(path)
    if name == b".nomedia":
        return EVERYTHING
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise RulesError("is not a regular file")
            text = _read_up_to(handle, MAX_BYTES + 1)
        finally:
            os.close(handle)
    except OSError as error:
        raise RulesError(f"could not be read: {error.strerror}") from None
    if len(text) > MAX_BYTES:
        raise RulesError(f"is larger than {MAX_BYTES} bytes and is not applied")
    if not text.removeprefix(b"\xef\xbb\xbf").strip():
        return EVERYTHING if name in _EMPTY_EXCLUDES else b""
    return text


def _read_up_to(handle: int, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0 and (part := os.read(handle, limit)):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _recall(kept: dict[_K, _V], key: _K) -> bool:
    """Whether a key is remembered; if so it is now the newest."""
    if key not in kept:
        return False
    kept[key] = kept.pop(key)
    return True


def _keep(kept: dict[_K, _V], key: _K, value: _V) -> None:
    """Remember a value, forgetting the oldest when there are too many."""
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
