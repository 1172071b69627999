"""From listings to work: what each changed folder needs, and which of its files must be read.

Between `walk` and `extract`. Takes folders as the walk finds them, asks the catalogue about the changed
ones a group at a time, and gives parts of folders with the files to read for each. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shelfread.model.catalogue import FileWrite, FolderWrite, KnownFile, KnownFolder, KnownPicture
from shelfread.model.change import Change
from shelfread.model.entry import Entry
from shelfread.model.problem import ProblemCode
from shelfread.scan.diff import DiffRules, FolderDiff, compare, compare_pictures
from shelfread.scan.extract import MEDIA, PICTURE
from shelfread.scan.folder import joined
from shelfread.scan.walk import Found
from shelfread.store import files, removals
from shelfread.store.database import Database


class ToRead(NamedTuple):
    """One file of a part that must be read."""

    want: int
    entry: Entry
    known: KnownFile | None


class FolderState:
    """What the parts of one folder share until the last of them is written."""

    __slots__ = ("continued", "digest", "due", "outstanding", "settles_later")

    def __init__(self, digest: bytes, parts: int) -> None:
        self.digest = digest
        #: Parts that are not completely read.
        self.outstanding = parts
        #: A part was handed to the writer already.
        self.continued = False
        #: Something here must be looked at again: the digest is not stored.
        self.due = False
        #: Something here is gone: the digest is stored by the finishing transaction.
        self.settles_later = False


class Part:
    """A part of a folder: what is read together and written together."""

    __slots__ = ("pending", "state", "to_read", "write")

    def __init__(self, write: FolderWrite, state: FolderState, to_read: list[ToRead]) -> None:
        self.write = write
        self.state = state
        self.to_read = to_read
        self.pending = len(to_read)


class _Remembered(NamedTuple):
    files: dict[int, list[KnownFile]]
    pictures: dict[int, list[KnownPicture]]
    folders: dict[int, list[KnownFolder]]
    #: Folders below gone ones on which another filesystem was mounted.
    mounts: dict[bytes, list[bytes]]


class Discovery:
    """Works out the parts of changed folders of one root."""

    def __init__(self, database: Database, root_id: int, rules: DiffRules, part_files: int) -> None:
        self._database = database
        self._root_id = root_id
        self._rules = rules
        self._part_files = part_files
        #: Mounts that are gone with their folder: (relative path), for the problem that says so.
        self.lost_mounts: list[bytes] = []

    async def parts(self, changed: Sequence[tuple[Found, int]]) -> tuple[list[Part], int]:
        """The parts of some changed folders, given with their row ids, and the files found unchanged."""
        known = await self._remember([(found, folder_id) for found, folder_id in changed if found.known])
        result: list[Part] = []
        unchanged = 0
        for found, folder_id in changed:
            odd = [name for name, code, _ in found.listing.problems if code == ProblemCode.IO_ERROR.value]
            diff = compare(found.listing.entries, known.files.get(folder_id, ()), self._rules, odd)
            unchanged += diff.unchanged
            result += self._split(found, folder_id, diff, known)
        return result, unchanged

    async def _remember(self, changed: Sequence[tuple[Found, int]]) -> _Remembered:
        ids = [folder_id for _, folder_id in changed]
        if not ids:
            return _Remembered({}, {}, {}, {})
        async with self._database.read() as connection:
            known = _Remembered(
                await files.known_files(connection, ids),
                await files.known_pictures(connection, ids),
                await files.child_folders(connection, ids),
                {},
            )
            for found, folder_id in changed:
                for child in _gone(found, known.folders.get(folder_id, ())):
                    known.mounts[child] = await removals.mounted_below(connection, self._root_id, child)
        return known

    def _split(self, found: Found, folder_id: int, diff: FolderDiff, known: _Remembered) -> list[Part]:
        listing = found.listing
        pictures = compare_pictures(
            listing.pictures,
            known.pictures.get(folder_id, ()),
            ignore_ctime=self._rules.ignore_ctime,
            every=self._rules.rescan_seq is not None,
        )
        to_read = [ToRead(MEDIA, entry, row) for entry, row in diff.read]
        to_read += [ToRead(PICTURE, entry, None) for entry in pictures.read]
        slices = [
            to_read[start : start + self._part_files] for start in range(0, len(to_read), self._part_files)
        ] or [[]]
        state = FolderState(listing.digest, len(slices))
        state.due = diff.unsettled or listing.raced
        parts = [
            Part(
                FolderWrite(
                    folder_id,
                    self._root_id,
                    listing.relative,
                    known=found.known is not None,
                    head=number == 0,
                    reads=len(part),
                ),
                state,
                part,
            )
            for number, part in enumerate(slices)
        ]
        # What needs no reading goes with the first part.
        first = parts[0].write
        first.lost_pictures = pictures.gone
        first.problems = [(name, ProblemCode(code), detail) for name, code, detail in listing.problems]
        first.gone = diff.gone
        first.files = [
            FileWrite(
                row.id,
                entry.name,
                entry.stamp,
                Change.RESTORED if row.status == "missing" else Change.UNCHANGED,
                self._rules.unsettled(entry.stamp),
            )
            for entry, row in diff.touch
        ]
        if found.known is not None and found.known.mounted != listing.is_mount:
            first.mounted = listing.is_mount
        for child in _gone(found, known.folders.get(folder_id, ())):
            spare = known.mounts.get(child, [])
            self.lost_mounts += spare
            if child not in spare:
                first.gone_folders.append((child, tuple(spare)))
        state.settles_later = bool(first.gone or first.gone_folders)
        return parts


def _gone(found: Found, children: Sequence[KnownFolder]) -> list[bytes]:
    """Remembered sub-folders that were not listed. A link that leads nowhere now hides its folder."""
    listing = found.listing
    there = {joined(listing.relative, sub.name) for sub in listing.subfolders}
    there.update(joined(listing.relative, name) for name in listing.dangling)
    return sorted(child.path for child in children if child.path not in there)
