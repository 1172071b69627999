"""Files that books were converted from, lying beside the new ones: known, and no books (PROMISES C17).

Between `walk` and `diff`. A file is left out when the journal of conversions says that one of its name, size
and time became a file of another name, and that one lies in the same folder. So it holds wherever the two
are moved together; an original that changed, or whose new file is gone, is a book again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from shelfread.scan.folder import FolderListing
from shelfread.store import converting
from shelfread.store.database import Database


async def without_originals(database: Database, listings: Sequence[FolderListing]) -> list[FolderListing]:
    """The same listings, with originals among the names that are passed over; asks where it may matter."""
    wanted = {name for listing in listings for name in _twins(listing)}
    if not wanted:
        return list(listings)
    async with database.read() as connection:
        originals = await converting.originals(connection, sorted(wanted))
    targets: dict[tuple[bytes, int, int], set[bytes]] = {}
    for one in originals:
        targets.setdefault((one.name, one.size, one.mtime_ns), set()).add(one.target)
    return [_without(listing, targets) for listing in listings]


def _twins(listing: FolderListing) -> list[bytes]:
    """Names that differ from another one in their suffix only."""
    stems = Counter(os.path.splitext(entry.name)[0] for entry in listing.entries)
    if len(stems) == len(listing.entries):
        return []
    return [entry.name for entry in listing.entries if stems[os.path.splitext(entry.name)[0]] > 1]


def _without(listing: FolderListing, targets: dict[tuple[bytes, int, int], set[bytes]]) -> FolderListing:
    names = {entry.name for entry in listing.entries}
    hidden = {
        entry.name
        for entry in listing.entries
        if targets.get((entry.name, entry.stamp.size, entry.stamp.mtime_ns), set()) & names
    }
    if not hidden:
        return listing
    return listing._replace(
        entries=tuple(entry for entry in listing.entries if entry.name not in hidden),
        passed=(*listing.passed, *sorted(hidden)),
    )
