"""What one scan is asked to do, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shelfread.model.change import Counters
from shelfread.model.hidden import HiddenBy
from shelfread.model.job import Scope
from shelfread.model.library import Library


class Mode(StrEnum):
    """How rows are written (PROMISES C8-C10). Both end in the same catalogue."""

    #: Up to 500 files in a transaction.
    BATCHED = "batched"
    #: Every file in its own, as soon as it is read.
    SYNC = "sync"


@dataclass(frozen=True, slots=True)
class Plan:
    """One scan of a library, or of parts of it."""

    library: Library
    scopes: tuple[Scope, ...]
    rescan: bool = False
    mode: Mode = Mode.BATCHED
    #: Files younger than this are catalogued and looked at again by a later scan.
    settle_ns: int = 0
    #: The scopes are hints: one that is gone, or that no scan looks into, is no reason to fail.
    hinted: bool = False
    #: A file that is gone is looked for among those found so many days before and after.
    move_days: int = 30


@dataclass(slots=True)
class Outcome:
    """How a scan ended, when it did not fail."""

    counters: Counters
    #: (path, reason) of roots that were not believed.
    unavailable: list[tuple[bytes, str]] = field(default_factory=list)
    #: Removals that wait for a person.
    held: int = 0
    #: Of what was marked missing, what is there and left out by a rule.
    hidden: list[HiddenBy] = field(default_factory=list)

    def to_json(self) -> dict[str, int]:
        """The counts of the run as a JSON object, with `registered` (PROMISES A5)."""
        return self.counters.to_json()


class RootsUnavailable(Exception):
    """No root of the scan could be believed; nothing was touched."""
