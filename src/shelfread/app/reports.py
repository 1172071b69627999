"""What `App` gives back of what it did, as plain values. Knows nothing of how it was done."""

from __future__ import annotations

from dataclasses import dataclass

from shelfread.model.library import Library
from shelfread.scan.plan import Outcome
from shelfread.store.problems import ProblemRow


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a finished scan says to people and programs."""

    job_id: str
    library: Library
    outcome: Outcome
    #: Those that nobody set aside.
    problems: list[ProblemRow]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a person's word for what looked wrong."""

    #: Items that are marked missing now.
    missing: int
    #: Items that were held as gone, and are there.
    there: int
    #: Roots and mounts that the next scan will believe.
    roots: int
    #: Of `missing`, those that are there and that a rule hides.
    left_out: int = 0
    #: Items that stay held: their root cannot be believed now.
    away: int = 0
    #: Roots that looked wrong and do so no more: the next scan looks at them as ever.
    back: int = 0
    #: Roots that cannot be listed: what they hold nobody can say.
    unlisted: int = 0
    #: Roots that look wrong in another way than the one that was noted: a scan has to look first.
    changed: int = 0
