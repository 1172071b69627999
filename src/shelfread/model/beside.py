"""Which jobs go on beside others over the same files, and how a task ends that lets others go first."""

from __future__ import annotations

from shelfread.model.job import JobType

#: They change no file, and nothing that a scan writes.
BESIDE_OTHERS = frozenset({JobType.COVERS})


def collide(one: str, other: str) -> bool:
    """Whether jobs of these two types must not work on the same files at the same time."""
    return one == other or (one not in BESIDE_OTHERS and other not in BESIDE_OTHERS)


class GaveWay(Exception):
    """A task ended early because something more urgent waits; it goes on later from what was committed."""
