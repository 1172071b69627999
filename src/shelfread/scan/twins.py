"""Files that live on in a copy: what moved over more than one scan (DESIGN rule 3).

Used by `judge` behind the moves of one scan. In one order the copy was seen before its original went, in the
other the original was missing before the file turned up elsewhere. Decides by content alone; more than one
match is no match. What no file of its own library explains may have gone to another one of its kind, or come
from there: `between` writes that. Looks at names on disk and writes nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from shelfread.model.library import Library
from shelfread.scan.folder import joined
from shelfread.scan.gone import is_gone, is_there
from shelfread.scan.roots import check
from shelfread.store import likenesses, twins
from shelfread.store.database import Database
from shelfread.store.twins import Twin

#: Pairs of one content that a person is asked about at once.
_ASKED_OF = 25


class Moved(NamedTuple):
    """What turned out to be one and the same."""

    #: (new row, old row).
    pairs: list[tuple[int, int]]
    #: (root id, path) of folders of old rows that are gone from the disk.
    folders: list[tuple[int, bytes]]
    #: (new row, old row) of which nobody can tell: a person is asked.
    unsure: list[tuple[int, int]]
    #: What went from one library to another.
    handed: list[Handover]


class Handover(NamedTuple):
    """A file that went from one library to another one of its kind."""

    new: int
    old: int
    #: Where it is now, and where it was.
    new_library: int
    old_library: int


class Known(NamedTuple):
    """What is settled before content is compared."""

    library_id: int
    job_seq: int
    #: Rows added later are new in this scan; microseconds.
    since: int
    #: What was added or went missing before it counts no more; microseconds.
    horizon: int
    #: Rows that turned out to be what moved, and those that did not move.
    taken: Collection[int]
    #: Rows that moved in this very scan: they are there, elsewhere than they say.
    moved: Collection[int]
    #: Roots that are there, by id.
    roots: Mapping[int, bytes]
    #: The other libraries of the kind.
    others: Sequence[Library] = ()


async def moved(database: Database, known: Known) -> Moved:
    """What moved over more than one scan, and from library to library."""
    others = [library.id for library in known.others]
    async with database.read() as connection:
        wanted = await twins.signatures(
            connection,
            known.library_id,
            known.job_seq,
            since=known.since,
            horizon=known.horizon,
            others=others,
        )
        if not wanted:
            return Moved([], [], [], [])
        rows = await twins.having(connection, known.library_id, known.job_seq, wanted, known.horizon, others)
        ends = {
            library_id: await twins.scan_ends(connection, library_id)
            for library_id in sorted({row.library_id for row in rows} | {known.library_id})
        }
    rows = [
        # Where it is now nobody can see here: of such a one a person is asked.
        row._replace(gone=False) if row.file_id in known.moved else row
        for row in rows
        if row.file_id not in known.taken
    ]
    roots = dict(known.roots) | await _roots_of_others(database, known, rows)
    back = await asyncio.to_thread(_not_as_known, rows, roots, known.library_id)
    rows = [row for row in rows if row.file_id not in back]
    async with database.read() as connection:
        apart = await likenesses.rejected(connection, [row.file_id for row in rows])
    unseen = await asyncio.to_thread(_unseen, rows, roots)
    groups: defaultdict[bytes, list[Twin]] = defaultdict(list)
    for row in rows:
        groups[row.signature].append(row)
    pairs: list[tuple[int, int]] = []
    unsure: list[tuple[int, int]] = []
    handed: list[Handover] = []
    for group in groups.values():
        own = [row for row in group if row.library_id == known.library_id]
        found = settle(own, ends[known.library_id], known)
        sure = len(found) == 1 and found[0] not in apart and found[0][0] not in unseen
        (pairs if sure else unsure).extend(found)
        if found:
            continue
        between = settle_between(group, ends, known)
        if len(between) == 1 and between[0][:2] not in apart and between[0].new not in unseen:
            handed += between
        else:
            unsure += [one[:2] for one in between]
    old = {pair[1] for pair in pairs}.union(one.old for one in handed)
    lost = {(row.root_id, row.folder) for row in rows if row.lost and row.file_id in old}
    folders = await asyncio.to_thread(gone_folders, lost, roots)
    return Moved(sorted(pairs, key=lambda pair: pair[1]), folders, unsure, handed)


async def _roots_of_others(database: Database, known: Known, rows: Sequence[Twin]) -> dict[int, bytes]:
    """The roots of other libraries with some of these files that are there."""
    wanted = {row.root_id for row in rows if row.library_id != known.library_id}
    found: dict[int, bytes] = {}
    for root in (root for library in known.others for root in library.roots):
        if root.id in wanted and (await check(database, root)).reason is None:
            found[root.id] = root.path
    return found


def settle(group: Sequence[Twin], ends: Sequence[int], known: Known) -> list[tuple[int, int]]:
    """What may be one and the same among files of one content: (new row, old row).

    One pair alone is sure. Of several a person can tell; those of equal names come first, and of very many
    equal files only so many are given as somebody can look through.

    Args:
        group: all files of the library with this content that are not settled.
        ends: until when completed scans added rows, in order.
        known: what is settled already.
    """
    there = [row for row in group if not row.lost and not row.gone]
    gone = [row for row in group if row.gone]
    # What a scan that did not come to its end saw in between was a stop on the way.
    before = [row for row in gone if row.added_at <= known.since]
    if len(before) == 1:
        gone = before
    if gone:
        # Only what a later scan found is a copy: of two that came together none was there first.
        copies = [
            new
            for new in there
            if new.added_at > known.horizon
            and any(twins.scanned_between(ends, old.added_at, new.added_at) for old in gone)
        ]
        return _pairs(copies, gone)
    new = [row for row in there if row.added_at > known.since]
    return _pairs(new, [row for row in group if row.lost])


def settle_between(group: Sequence[Twin], ends: Mapping[int, Sequence[int]], known: Known) -> list[Handover]:
    """What may have gone from one library to another among files of one content; one alone is sure.

    Args:
        group: all files with this content in libraries of the kind that are not settled.
        ends: until when completed scans added rows, in order, by library.
        known: what is settled already; one of the two libraries is the one that is scanned.
    """
    there = [row for row in group if not row.lost and not row.gone and row.added_at > known.horizon]
    found = (
        Handover(new.file_id, old.file_id, new.library_id, old.library_id)
        for old in group
        if old.lost or old.gone
        for new in there
        if old.library_id != new.library_id
        and known.library_id in (old.library_id, new.library_id)
        # A copy that was found before the other one was catalogued is no move.
        and twins.scanned_between(ends[old.library_id], old.added_at, new.added_at)
    )
    # Of very many equal files not every pair is looked at.
    return sorted(islice(found, _ASKED_OF))


def _pairs(new: Sequence[Twin], old: Sequence[Twin]) -> list[tuple[int, int]]:
    """Each with each."""
    # Thousands of equal files are no question for anybody.
    few = islice(((one, other) for other in old for one in new), _ASKED_OF * _ASKED_OF)
    ordered = sorted(few, key=lambda pair: (pair[0].name != pair[1].name, pair[1].file_id, pair[0].file_id))
    return [(one.file_id, other.file_id) for one, other in ordered[:_ASKED_OF]]


def _not_as_known(rows: Sequence[Twin], roots: Mapping[int, bytes], library_id: int) -> set[int]:
    """Files that are not as the catalogue has them, or of which nobody can tell: their disk is away.

    Missing ones that are there after all, passed over by a rule; and those of other libraries, which were
    not listed now, that are gone.
    """
    return {
        row.file_id
        for row in rows
        if (row.lost or row.library_id != library_id) and _is_gone(row, roots) is not row.lost
    }


def _unseen(rows: Sequence[Twin], roots: Mapping[int, bytes]) -> set[int]:
    """Present files that cannot be seen now: nothing is touched where their disk is away or a folder shut."""
    return {
        row.file_id
        for row in rows
        if not row.lost
        and not (row.root_id in roots and is_there(joined(roots[row.root_id], joined(row.folder, row.name))))
    }


def _is_gone(row: Twin, roots: Mapping[int, bytes]) -> bool | None:
    root = roots.get(row.root_id)
    return None if root is None else is_gone(joined(root, joined(row.folder, row.name)))


def gone_folders(of: Collection[tuple[int, bytes]], roots: Mapping[int, bytes]) -> list[tuple[int, bytes]]:
    """The uppermost folder that is gone above each of some (root id, folder), if it is gone itself."""
    found: set[tuple[int, bytes]] = set()
    for root_id, folder in of:
        top = b""
        while folder and is_gone(joined(roots[root_id], folder)):
            top, folder = folder, folder.rpartition(b"/")[0]
        if top:
            found.add((root_id, top))
    return sorted(found)
