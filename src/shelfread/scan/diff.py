"""What is on disk against what the catalogue remembers, for one folder.

Second stage of a scan, after `walk`. Pure: takes a listing and rows, touches nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from shelfread.model.catalogue import KnownFile, KnownSidecar
from shelfread.model.entry import Entry, Stamp


class DiffRules(NamedTuple):
    """What decides whether a file is read, the same for one root in one scan."""

    ignore_ctime: bool
    #: The library's option, or a filesystem whose inodes are not stable.
    ignore_inode: bool
    #: The version of the reader now.
    version: int
    #: Set in a rescan: every file that this job has not read yet is read.
    rescan_seq: int | None
    #: Now, and how old a file must be to count as settled; nanoseconds.
    now_ns: int
    settle_ns: int

    def unsettled(self, stamp: Stamp) -> bool:
        """Whether a file is younger than the settle time. Times in the future count as settled."""
        times = (stamp.mtime_ns,) if self.ignore_ctime else (stamp.mtime_ns, stamp.ctime_ns)
        youngest = max((at for at in times if at <= self.now_ns), default=None)
        return youngest is not None and self.now_ns - youngest < self.settle_ns


class FolderDiff(NamedTuple):
    """Every listed file is in exactly one of the first three, every remembered one in none or in `gone`."""

    #: To be read: the entry, and its row if there is one.
    read: list[tuple[Entry, KnownFile | None]]
    #: Same file as remembered, but its row needs a touch: settled now, back again, inode renumbered.
    touch: list[tuple[Entry, KnownFile]]
    unchanged: int
    #: Rows of present files that were not listed.
    gone: list[int]
    #: Something here is too young to be believed: the digest must not be stored.
    unsettled: bool


def compare(
    entries: Iterable[Entry],
    known: Sequence[KnownFile],
    rules: DiffRules,
    odd: Iterable[bytes] = (),
    spoken_of: Callable[[bytes], bool] | None = None,
) -> FolderDiff:
    """Compare the media files of one folder with their rows.

    Args:
        entries: what is there.
        known: its rows.
        rules: when a difference counts.
        odd: names that are there but could not be looked at: nothing is said of them.
        spoken_of: whether a changed file beside it says something of a name: then that is read again.
    """
    rows = {row.name: row for row in known}
    diff = FolderDiff([], [], 0, [], unsettled=False)
    unchanged = 0
    unsettled = False
    for entry in entries:
        row = rows.pop(entry.name, None)
        young = rules.unsettled(entry.stamp)
        unsettled = unsettled or young
        told = spoken_of is not None and spoken_of(entry.name)
        if row is None or told or _must_be_read(entry.stamp, row, rules):
            diff.read.append((entry, row))
        elif row.status == "missing" or row.unsettled != young or row.inode != entry.stamp.inode:
            diff.touch.append((entry, row))
        else:
            unchanged += 1
    spared = set(odd)
    gone = [row.id for row in rows.values() if row.status != "missing" and row.name not in spared]
    return diff._replace(unchanged=unchanged, gone=gone, unsettled=unsettled)


def _must_be_read(stamp: Stamp, row: KnownFile, rules: DiffRules) -> bool:
    return (
        stamp.size != row.size
        or stamp.mtime_ns != row.mtime_ns
        or (stamp.ctime_ns != row.ctime_ns and not rules.ignore_ctime)
        or (stamp.inode != row.inode and not rules.ignore_inode)
        or row.parser_version < rules.version
        or (rules.rescan_seq is not None and row.read_job != rules.rescan_seq)
    )


def content_may_differ(stamp: Stamp, row: KnownFile) -> bool:
    """Whether a file's size or time says more than that its inode was touched (DESIGN rule 4)."""
    return stamp.size != row.size or stamp.mtime_ns != row.mtime_ns


class SidecarDiff(NamedTuple):
    """Sidecars to measure, and names of those that are gone."""

    read: list[Entry]
    gone: list[bytes]


def compare_sidecars(
    entries: Iterable[Entry], known: Sequence[KnownSidecar], *, ignore_ctime: bool, every: bool
) -> SidecarDiff:
    """Compare the sidecars beside the media with their rows; `every` measures all of them."""
    rows = {row.name: row for row in known}
    diff = SidecarDiff([], [])
    for entry in entries:
        row = rows.pop(entry.name, None)
        if (
            every
            or row is None
            or entry.stamp.size != row.size
            or entry.stamp.mtime_ns != row.mtime_ns
            or (entry.stamp.ctime_ns != row.ctime_ns and not ignore_ctime)
        ):
            diff.read.append(entry)
    diff.gone.extend(rows)
    return diff


def spoken_of(
    changed: Iterable[bytes], entries: Sequence[Entry], fact_suffixes: Collection[bytes]
) -> Callable[[bytes], bool] | None:
    """Of which media files the sidecars that changed say something (`Kind.fact_suffixes`); None: of none.

    One that bears the name of a file is about that file, any other about all of the folder.
    """
    stems = {_stem(name) for name in changed if os.path.splitext(name)[1].lower() in fact_suffixes}
    if not stems:
        return None
    if stems <= {_stem(entry.name) for entry in entries}:
        return lambda name: _stem(name) in stems
    return lambda _: True


def _stem(name: bytes) -> bytes:
    return os.path.splitext(name)[0]
