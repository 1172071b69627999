"""Files that went to another library of their kind, or came from one: the row goes over with all it keeps.

Used by `reconcile` in the finishing transaction of the scan that finds it so, whichever of the two libraries
it is of. A scan knows the rows of its library by heart, so nothing is written of a library on which a job
works: such a pair stays an open question, and the next scan of either library looks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shelfread.model.catalogue import Catalogue
from shelfread.model.library import Library
from shelfread.scan.twins import Handover
from shelfread.store import between, moves

#: Makes the catalogue of a library.
CatalogueOf = Callable[[Library], Catalogue]
Pairs = list[tuple[int, int]]


class Between:
    """Hands rows over between the library that is scanned and others."""

    def __init__(self, library_id: int, own: Catalogue, catalogue_of: CatalogueOf, job_seq: int) -> None:
        self._library_id = library_id
        self._job_seq = job_seq
        self._own = own
        self._catalogue_of = catalogue_of
        self._others: dict[int, Catalogue] = {}

    async def reserve(self, moved: int, handed: Sequence[Handover], libraries: Mapping[int, Library]) -> None:
        """Before the transaction: take the ids that `merge` may need for so many moves of the library."""
        of: defaultdict[int, int] = defaultdict(int)
        for one in handed:
            of[one.new_library] += 1
            of[one.old_library] += 1
        await self._own.reserve_for_merge(moved + of.pop(self._library_id, 0))
        for library_id, count in sorted(of.items()):
            self._others[library_id] = self._catalogue_of(libraries[library_id])
            await self._others[library_id].reserve_for_merge(count)

    async def settled(self, connection: Any, handed: Sequence[Handover]) -> list[Handover]:
        """Those that may go over now: no job works on the other library, and all is as it was."""
        if not handed:
            return []
        wanted = {library_id for one in handed for library_id in (one.new_library, one.old_library)}
        free = await between.at_rest(connection, wanted - {self._library_id}) | {self._library_id}
        known = await between.places(connection, [row for one in handed for row in (one.new, one.old)])
        return [
            one
            for one in handed
            if free.issuperset((one.new_library, one.old_library))
            and known.get(one.new) == (one.new_library, False)
            # Of its own library a scan knows that it is gone.
            and known.get(one.old) in ((one.old_library, True), (self._library_id, False))
        ]

    async def merge(
        self, connection: Any, moved: Sequence[tuple[int, int]], handed: Sequence[Handover], now: int
    ) -> list[moves.Merged]:
        """Old rows take over what new ones are: (new, old) of this library, and what went between two."""
        into: defaultdict[int, Pairs] = defaultdict(list, {self._library_id: list(moved)})
        left: defaultdict[int, list[int]] = defaultdict(list, {self._library_id: [old for _, old in moved]})
        for one in handed:
            into[one.new_library].append((one.new, one.old))
            left[one.old_library].append(one.old)
        left_behind = {
            library_id: await moves.folders_of(connection, files) for library_id, files in left.items()
        }
        for library_id, pairs in sorted(into.items()):
            if pairs:
                await self._of(library_id).merge(connection, pairs)
        merged = await moves.merge_rows(
            connection, [pair for pairs in into.values() for pair in pairs], now, self._job_seq
        )
        # What stayed in their folders may belong together in another way now.
        for library_id, folders in sorted(left_behind.items()):
            if folders:
                await self._of(library_id).regroup(connection, folders, now)
        for ways in sorted({(one.new_library, one.old_library) for one in handed}):
            await between.sort_out(connection, *ways)
        return merged

    async def tidy(self, connection: Any) -> None:
        """Parents of other libraries that lost their last file go."""
        for _, catalogue in sorted(self._others.items()):
            await catalogue.tidy(connection)

    def _of(self, library_id: int) -> Catalogue:
        return self._own if library_id == self._library_id else self._others[library_id]
