"""What a scan found for each file, and the counters of it.

Outcomes are exclusive per file, so `processed = added + updated + moved + restored + unchanged + failed +
skipped` always holds (PROMISES decision 2).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class Change(StrEnum):
    """What happened to one file since the catalogue last saw it."""

    ADDED = "added"
    UPDATED = "updated"
    MOVED = "moved"
    RESTORED = "restored"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Counters:
    """Real counts of one scan; `found` is what the walk saw, `removed` what was marked missing."""

    found: int = 0
    added: int = 0
    updated: int = 0
    moved: int = 0
    restored: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    removed: int = 0

    @property
    def processed(self) -> int:
        """Files that have their outcome."""
        return (
            self.added
            + self.updated
            + self.moved
            + self.restored
            + self.unchanged
            + self.failed
            + self.skipped
        )

    @property
    def registered(self) -> int:
        """Files of this scan that the catalogue holds (PROMISES A5)."""
        return self.added + self.updated + self.moved + self.restored + self.unchanged + self.failed

    def to_json(self) -> dict[str, int]:
        """The counts under the names that commands and the API print."""
        return {
            "registered": self.registered,
            "items_found": self.found,
            "items_added": self.added,
            "items_updated": self.updated,
            "items_moved": self.moved,
            "items_restored": self.restored,
            "items_unchanged": self.unchanged,
            "items_removed": self.removed,
            "items_failed": self.failed,
            "items_skipped": self.skipped,
        }

    def become(self, other: Counters) -> None:
        """Take the counts of another, in place."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))

    def copy(self) -> Counters:
        return Counters(**{item.name: getattr(self, item.name) for item in fields(self)})

    def after(self, carried: Counters) -> Counters:
        """These counts together with those of earlier attempts of the same job.

        A file that an earlier attempt had brought in is found unchanged by the one that went on. Its outcome
        is what it was then; the sum stays what this attempt has processed.
        """
        whole = self.copy()
        for name in ("added", "updated", "moved", "restored", "failed"):
            taken = min(getattr(carried, name), whole.unchanged)
            setattr(whole, name, getattr(whole, name) + taken)
            whole.unchanged -= taken
        whole.removed += carried.removed
        return whole
