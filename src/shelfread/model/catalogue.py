"""What the catalogue remembers of files, and what a scan asks it to write.

The words between `scan` and `store`. They know files and folders, and carry a kind's own items without
looking into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from shelfread.model.change import Change
from shelfread.model.entry import Stamp
from shelfread.model.problem import ProblemCode


class KnownFolder(NamedTuple):
    """A folder as the catalogue has it."""

    id: int
    path: bytes
    digest: bytes | None
    mounted: bool


class KnownFile(NamedTuple):
    """A media file as the catalogue has it."""

    id: int
    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    status: str
    unsettled: bool
    parser_version: int
    reading_hash: int | None
    read_job: int


class KnownSidecar(NamedTuple):
    """A picture beside the media as the catalogue has it."""

    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int


class NewFolder(NamedTuple):
    """A folder row to insert; parents come before their children."""

    id: int
    root_id: int
    parent_id: int | None
    path: bytes
    mounted: bool


@dataclass(slots=True)
class FileWrite:
    """One media file to insert or update."""

    #: The row's id; a new row's id is taken before it is written.
    id: int
    name: bytes
    stamp: Stamp
    change: Change
    unsettled: bool
    #: A row to insert; else one to update.
    fresh: bool = False
    #: What was read, for the kind's own tables; None when only the row itself changes.
    item: Any = None
    #: Whether the file was read for this write: then hash, signature and problem are replaced.
    was_read: bool = False
    #: Its size and time are those that its row has.
    as_known: bool = False
    signature: bytes | None = None
    reading_hash: int | None = None
    code: ProblemCode | None = None
    detail: str | None = None


@dataclass(slots=True)
class SidecarWrite:
    """One picture beside the media to insert or replace; `item` is None when it could not be measured."""

    name: bytes
    stamp: Stamp
    item: Any = None


@dataclass(slots=True)
class FolderWrite:
    """What one folder, or one part of a large one, brings to a batch."""

    folder_id: int
    root_id: int
    #: Relative to the root.
    path: bytes
    #: The catalogue had this folder before this scan, so rows of it may be there.
    known: bool
    files: list[FileWrite] = field(default_factory=list)
    sidecars: list[SidecarWrite] = field(default_factory=list)
    #: Names of sidecars that are gone; these and `sidecars` come with the last write of a folder.
    lost_sidecars: list[bytes] = field(default_factory=list)
    #: Trouble with names in this folder that are no readable media files: (name, code, detail).
    problems: list[tuple[bytes, ProblemCode, str]] = field(default_factory=list)
    #: Rows whose file was not listed: candidates for moved or missing, settled at the end.
    gone: list[int] = field(default_factory=list)
    #: Sub-folders that were not listed, each with the parts below it that must be left alone.
    gone_folders: list[tuple[bytes, tuple[bytes, ...]]] = field(default_factory=list)
    #: To be stored with this write; None leaves the folder due for another look.
    digest: bytes | None = None
    #: Carries what is said of the folder as a whole: odd names, what is gone.
    head: bool = True
    #: How many files were read for this write.
    reads: int = 0
    #: Nothing of this folder follows in a later write.
    last: bool = True
    #: An earlier write of this scan brought another part of this folder.
    continued: bool = False
    #: A changed mount flag, or None to leave it.
    mounted: bool | None = None


class Catalogue(Protocol):
    """How a kind's own rows are written: `store` has one for each kind. Used by one task at a time."""

    async def reserve(self, batch: Sequence[FolderWrite]) -> None:
        """Before a transaction: take the ids that `save` may need."""

    async def save(self, connection: Any, batch: Sequence[FolderWrite], now: int) -> None:
        """In a transaction, behind the media file rows: write the items of a batch. May be run again."""

    def committed(self) -> None:
        """The transaction of the last `save` is in."""

    async def reserve_for_merge(self, count: int) -> None:
        """Before a transaction: take the ids that a merge of so many pairs may need."""

    async def merge(self, connection: Any, pairs: Sequence[tuple[int, int]]) -> None:
        """Hand the items of new rows over to the old rows they turned out to be: (new id, old id)."""

    async def regroup(self, connection: Any, folders: Sequence[FolderWrite], now: int) -> None:
        """Group what is left in folders that lost files; the folder writes bring no files."""

    async def lost(self, connection: Any, file_ids: Sequence[int], now: int) -> None:
        """In a transaction: files were marked missing, and what their items show may be another now."""

    async def tidy(self, connection: Any) -> None:
        """Delete parents that nothing refers to any more."""
