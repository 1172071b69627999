"""From listings to work: what each changed folder needs, and which of its files must be read.

Between `walk` and `extract`. Takes folders as the walk finds them, asks the catalogue about the changed
ones a group at a time, and gives parts of folders with the files to read for each. Writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

from shelfread.model.catalogue import (
    FileWrite,
    FolderWrite,
    KnownFile,
    KnownFolder,
    KnownSidecar,
    SidecarWrite,
)
from shelfread.model.change import Change
from shelfread.model.entry import Entry
from shelfread.model.problem import ProblemCode
from shelfread.scan.diff import DiffRules, FolderDiff, SidecarDiff, compare, compare_sidecars, spoken_of
from shelfread.scan.extract import BESIDE, MEDIA, SIDECAR
from shelfread.scan.findings import Findings
from shelfread.scan.folder import FolderListing, joined
from shelfread.scan.originals import without_originals
from shelfread.scan.walk import Found
from shelfread.store import files, removals
from shelfread.store.database import Database

_T = TypeVar("_T")


class ToRead(NamedTuple):
    """One file of a part that must be read."""

    want: int
    entry: Entry
    known: KnownFile | None


class FolderState:
    """What the parts of one folder share until the last of them is written."""

    __slots__ = ("continued", "digest", "due", "lost_sidecars", "outstanding", "settles_later", "sidecars")

    def __init__(self, digest: bytes, parts: int, lost_sidecars: list[bytes]) -> None:
        self.digest = digest
        #: What stands beside the media is written with the last part: until then a scan that is cut off
        #: leaves it as changed, and what it says something of is read again.
        self.sidecars: list[SidecarWrite] = []
        self.lost_sidecars = lost_sidecars
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
    sidecars: dict[int, list[KnownSidecar]]
    folders: dict[int, list[KnownFolder]]
    #: Folders below gone ones on which another filesystem was mounted.
    mounts: dict[bytes, list[bytes]]


class Discovery:
    """Works out the parts of changed folders of one root."""

    def __init__(
        self,
        database: Database,
        root_id: int,
        rules: DiffRules,
        part_files: int,
        findings: Findings,
        fact_suffixes: Collection[bytes] = (),
        want: int = MEDIA,
    ) -> None:
        """`fact_suffixes` are those of the kind; `want` is what is wanted of every media file."""
        self._database = database
        self._findings = findings
        self._root_id = root_id
        self._rules = rules
        self._part_files = part_files
        self._facts = fact_suffixes
        self._want = want
        #: Mounts that are gone with their folder: (relative path), for the problem that says so.
        self.lost_mounts: list[bytes] = []

    async def parts(self, changed: Sequence[tuple[Found, int]]) -> tuple[list[Part], int]:
        """The parts of some changed folders, given with their row ids, and the files found unchanged."""
        known = await self._remember([(found, folder_id) for found, folder_id in changed if found.known])
        result: list[Part] = []
        unchanged = 0
        listings = await without_originals(self._database, [found.listing for found, _ in changed])
        for (seen, folder_id), shown in zip(changed, listings, strict=True):
            found = seen._replace(listing=shown)
            unchanged += len(seen.listing.entries) - len(shown.entries)
            odd = [name for name, code, _ in found.listing.problems if code == ProblemCode.IO_ERROR.value]
            listing = found.listing
            sidecars = compare_sidecars(
                listing.sidecars,
                known.sidecars.get(folder_id, ()),
                ignore_ctime=self._rules.ignore_ctime,
                every=self._rules.rescan_seq is not None,
            )
            changed_sidecars = (*(entry.name for entry in sidecars.read), *sidecars.gone)
            diff = compare(
                listing.entries,
                known.files.get(folder_id, ()),
                self._rules,
                odd,
                spoken_of(changed_sidecars, listing.entries, self._facts),
            )
            unchanged += diff.unchanged
            result += self._split(found, folder_id, diff, sidecars, known)
        return result, unchanged

    async def _remember(self, changed: Sequence[tuple[Found, int]]) -> _Remembered:
        ids = [folder_id for _, folder_id in changed]
        if not ids:
            return _Remembered({}, {}, {}, {})
        async with self._database.read() as connection:
            known = _Remembered(
                await files.known_files(connection, ids),
                await files.known_sidecars(connection, ids),
                await files.child_folders(connection, ids),
                {},
            )
            for found, folder_id in changed:
                for child in _gone(found, known.folders.get(folder_id, ())):
                    known.mounts[child] = await removals.mounted_below(connection, self._root_id, child)
        return known

    def _split(
        self, found: Found, folder_id: int, diff: FolderDiff, sidecars: SidecarDiff, known: _Remembered
    ) -> list[Part]:
        listing = found.listing
        beside = any(os.path.splitext(entry.name)[1].lower() in self._facts for entry in listing.sidecars)
        want = self._want | BESIDE if beside else self._want
        to_read = [ToRead(want, entry, row) for entry, row in diff.read]
        to_read += [ToRead(SIDECAR, entry, None) for entry in sidecars.read]
        touched = [
            FileWrite(
                row.id,
                entry.name,
                entry.stamp,
                Change.RESTORED if row.status == "missing" else Change.UNCHANGED,
                self._rules.unsettled(entry.stamp),
            )
            for entry, row in diff.touch
        ]
        slices: list[tuple[list[FileWrite], list[ToRead]]] = [(part, []) for part in self._sliced(touched)]
        slices += [([], part) for part in self._sliced(to_read)]
        state = FolderState(listing.digest, max(1, len(slices)), sidecars.gone)
        state.due = (
            diff.unsettled
            or listing.raced
            or any(self._rules.unsettled(entry.stamp) for entry in listing.sidecars)
        )
        parts = [
            Part(
                FolderWrite(
                    folder_id,
                    self._root_id,
                    listing.relative,
                    known=found.known is not None,
                    files=touches,
                    head=number == 0,
                    reads=len(reads),
                ),
                state,
                reads,
            )
            for number, (touches, reads) in enumerate(slices or [([], [])])
        ]
        # What is said of the folder as a whole goes with the first part.
        first = parts[0].write
        first.problems = [(name, ProblemCode(code), detail) for name, code, detail in listing.problems]
        if found.known is not None and found.known.mounted != listing.is_mount:
            first.mounted = listing.is_mount
        if listing.raced:
            # It changed while it was looked at: what is gone from it is for the next look to say.
            return parts
        first.gone = diff.gone
        self._note_passed(listing, diff.gone, known.files.get(folder_id, ()))
        passed = set(listing.passed)
        for child in _gone(found, known.folders.get(folder_id, ())):
            if child[len(listing.relative) :].lstrip(b"/") in passed:
                self._findings.passed.add((self._root_id, child))
            spare = known.mounts.get(child, [])
            self.lost_mounts += spare
            self._findings.spared += [(self._root_id, mount) for mount in spare]
            if child not in spare:
                first.gone_folders.append((child, tuple(spare)))
        state.settles_later = bool(first.gone or first.gone_folders)
        return parts

    def _note_passed(self, listing: FolderListing, gone: list[int], known: Sequence[KnownFile]) -> None:
        """Remember which of the gone files are there, hidden by a rule."""
        if gone and listing.passed:
            names, ids = set(listing.passed), set(gone)
            self._findings.passed.update(
                (self._root_id, joined(listing.relative, row.name))
                for row in known
                if row.id in ids and row.name in names
            )

    def _sliced(self, values: list[_T]) -> Iterator[list[_T]]:
        step = self._part_files
        return (values[start : start + step] for start in range(0, len(values), step))


def _gone(found: Found, children: Sequence[KnownFolder]) -> list[bytes]:
    """Remembered sub-folders that were not listed. A link that leads nowhere now hides its folder."""
    listing = found.listing
    there = {joined(listing.relative, sub.name) for sub in listing.subfolders}
    there.update(joined(listing.relative, name) for name in listing.dangling)
    # A name that could not be looked at may be a folder.
    there.update(
        joined(listing.relative, name)
        for name, code, _ in listing.problems
        if code == ProblemCode.IO_ERROR.value
    )
    return sorted(child.path for child in children if child.path not in there)
