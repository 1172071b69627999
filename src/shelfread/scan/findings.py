"""What a scan finds besides files: new folders, trouble with places, what is gone. Filled by the walk.

The writer takes the first few along with its next batch; the reconciler settles the rest at the end.
"""

from __future__ import annotations

from typing import NamedTuple

from shelfread.model.catalogue import NewFolder
from shelfread.model.job import LogLine
from shelfread.model.problem import ProblemCode
from shelfread.scan.folder import WalkRules


class Place(NamedTuple):
    """Trouble with a root or folder itself; `detail` None says that it is over."""

    root_id: int
    path: bytes
    code: ProblemCode
    detail: str | None


class Findings:
    """Shared by the stages of one scan, all in one event loop."""

    __slots__ = (
        "forgotten",
        "gone",
        "later",
        "logs",
        "mounted",
        "new_folders",
        "passed",
        "places",
        "rules",
        "spared",
    )

    def __init__(self) -> None:
        #: Rows for folders that were just discovered, parents first.
        self.new_folders: list[NewFolder] = []
        self.places: list[Place] = []
        #: Mount flags of unchanged folders that changed: (flag, folder row).
        self.mounted: list[tuple[bool, int]] = []
        #: Folder rows whose digest is forgotten, so that the next scan of them looks into them.
        self.forgotten: list[int] = []
        self.logs: list[LogLine] = []
        #: Folders that were not listed any more: (root id, path).
        self.gone: list[tuple[int, bytes]] = []
        #: Known files and folders that are there and were passed over by a rule: (root id, path).
        self.passed: set[tuple[int, bytes]] = set()
        #: What the walk went by, by root.
        self.rules: dict[int, WalkRules] = {}
        #: Mounts that are gone with the folders they were in: (root id, path).
        self.spared: list[tuple[int, bytes]] = []
        #: Digests by folder row that are stored only when what is gone from the folder is settled.
        self.later: dict[int, bytes] = {}

    @property
    def waiting(self) -> bool:
        """Whether a batch has something to take along."""
        return bool(self.new_folders or self.places or self.mounted or self.forgotten or self.logs)
