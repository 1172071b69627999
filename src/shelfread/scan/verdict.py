"""The words of an explanation: what a scan makes of a path, and which rule decided.

`explain` makes them; the command line shows them, and the end of a scan counts by them. Plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Why(StrEnum):
    """What is said of one name on the way to a path; JSON has these words."""

    MEDIA = "media"
    SIDECAR = "sidecar"
    FOLDER = "folder"
    ROOT = "root"
    #: By a rule of an ignore file or of the library's options.
    EXCLUDED = "excluded"
    BROUGHT_BACK = "brought_back"
    #: A negation that does not count: the rule that excludes a folder above stands after it.
    OUTRANKED = "outranked"
    DOT_NAME = "dot_name"
    SYSTEM_FOLDER = "system_folder"
    SYSTEM_FILE = "system_file"
    BACKUP = "backup"
    UNFINISHED = "unfinished"
    OTHER_SUFFIX = "other_suffix"
    LINK = "link"
    DEAD_LINK = "dead_link"
    LINK_LOOP = "link_loop"
    NOT_A_FILE = "not_a_file"
    #: It cannot be told: it is gone; there is trouble with it; or its folder does not list it like this.
    NOT_THERE = "not_there"
    UNREADABLE = "unreadable"
    NOT_LISTED = "not_listed"


class RuleText(NamedTuple):
    """A rule as people wrote it."""

    #: The ignore file, relative to the root; None for the library's own options.
    file: bytes | None
    #: The line, from 1; of the options the how-manieth.
    line: int
    #: What stands there; None when the file is the rule by being there (`.nomedia`, an empty `.ignore`).
    text: bytes | None


@dataclass(frozen=True, slots=True)
class Step:
    """What is said of one file or folder on the way, its path relative to the root."""

    path: bytes
    why: Why
    rule: RuleText | None = None
    #: Trouble in words, when there is some.
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scan makes of a path."""

    #: None when it cannot be told.
    taken: bool | None
    decided_by: Step
    #: All that rules say on the way from the root down.
    steps: tuple[Step, ...] = ()
    #: A folder that is left out, and looked into all the same: something in it may be brought back.
    looked_into: bool = False
    #: A folder that is taken, with all it holds left out by a file that need only be there.
    emptied_by: RuleText | None = None
    #: Rules on the way that are not applied: their ignore file (None for the library's options), and why.
    doubts: tuple[tuple[bytes | None, str], ...] = ()
