"""The catalogue of books: how a batch of read books becomes rows, in one order for all of them.

Fulfils `model.catalogue.Catalogue`. Called inside a batch's transaction, after the media file rows are
written. `series` has the series and what they derive from their books, `book_rows` the rows of the files.

A series is a folder: every one that directly holds books, or every direct child of a root, as the library
has it (PROMISES C21). What it shows is derived from its books, when a folder is written to its end if they
are few, else once, at the end of the scan: a folder of a hundred thousand books costs no more for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import exists
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.books import Book
from shelfread.model.catalogue import FolderWrite
from shelfread.model.change import Change
from shelfread.model.library import Library, Pattern
from shelfread.store import book_rows, cover_due, tidying
from shelfread.store.ids import IdBlocks
from shelfread.store.moves import hand_over
from shelfread.store.search_due import note, note_removed
from shelfread.store.series import BookRules, SeriesRows
from shelfread.store.tables import book_credits, book_tags, books, series


class BookCatalogue:
    """Writes the books of one library. One per scan; not shared between tasks."""

    def __init__(self, library: Library, ids: IdBlocks, rules: BookRules) -> None:
        self._library_id = library.id
        self._pattern = library.options.pattern
        self._ids = ids
        self._rules = rules
        self._series = SeriesRows(library, ids, rules)
        self._mark: dict[str, tuple[int, int]] = {}

    async def reserve(self, batch: Sequence[FolderWrite]) -> None:
        """Take the ids that `save` may need, before its transaction."""
        await self._ids.reserve({"series": len(batch)})
        self._mark = self._ids.mark("series")

    async def save(self, connection: AsyncConnection, batch: Sequence[FolderWrite], now: int) -> None:
        """Write the books of a batch with everything they refer to.

        May run again from its start after a rollback.
        """
        self._ids.rewind(self._mark)
        items: dict[int, Book] = {
            file.id: file.item for folder in batch for file in folder.files if file.item is not None
        }
        replaced = [
            file.id for folder in batch for file in folder.files if file.item is not None and not file.fresh
        ]
        key_of = {folder.folder_id: self._key_of(folder) for folder in batch}
        bringing = {
            key_of[folder.folder_id]
            for folder in batch
            if any(file.item is not None for file in folder.files)
        }
        known = await self._series.find(connection, sorted(set(key_of.values())))
        made = await self._series.make(connection, sorted(bringing - known.keys()), now)
        ids = known | made
        before = await book_rows.take_out(connection, replaced)
        moved_from, moved = await self._regroup(connection, batch, key_of, ids, now)
        placed = {
            file.id: (ids[key_of[folder.folder_id]], file.name)
            for folder in batch
            for file in folder.files
            if file.item is not None
        }
        await book_rows.insert(connection, items, placed, self._rules)
        touched = {ids[key] for key in bringing} | moved_from | moved
        touched.update(one for one in before.values() if one is not None)
        ended = {
            ids[key_of[folder.folder_id]]
            for folder in batch
            if folder.last and key_of[folder.folder_id] in ids
        }
        touched |= {
            ids[key_of[folder.folder_id]]
            for folder in batch
            # The series of a root is named after its folder or after the library, as the pattern has it.
            if key_of[folder.folder_id] in ids and (self._series.speaks(folder) or not folder.path)
        }
        await self._series.settle(connection, touched, at_once=ended | moved_from)
        await tidying.note(connection, self._library_id, {"series": {*before.values(), *moved_from}})
        await note(connection, series=touched, books=items)
        await self._note_covers(connection, batch)

    async def _note_covers(self, connection: AsyncConnection, batch: Sequence[FolderWrite]) -> None:
        """Books that were read, and those beside which a picture changed."""
        read = {
            file.id
            for folder in batch
            for file in folder.files
            if file.item is not None or file.change in (Change.UPDATED, Change.RESTORED)
        }
        beside = [
            folder.folder_id
            for folder in batch
            if (folder.known or folder.continued) and (folder.sidecars or folder.lost_sidecars)
        ]
        if beside:
            read |= await cover_due.books_in(connection, beside)
        await cover_due.note(connection, self._library_id, books=read)

    def committed(self) -> None:
        """The transaction of the last `save` is in. Nothing is kept in memory between two."""

    def _key_of(self, folder: FolderWrite) -> bytes:
        """The key of the series that the books of a folder are in."""
        path = folder.path
        if self._pattern == Pattern.COLLECTION:
            path = path.partition(b"/")[0]
        return b"%d/%s" % (folder.root_id, path)

    async def _regroup(
        self,
        connection: AsyncConnection,
        batch: Sequence[FolderWrite],
        key_of: dict[int, bytes],
        ids: dict[bytes, int],
        now: int,
    ) -> tuple[set[int], set[int]]:
        """Give remembered books of these folders the series they belong to now: the pattern may be another.

        Gives the series that lost books, and those that got some; new ones are added to `ids`.
        """
        settled = [folder.folder_id for folder in batch if folder.last and folder.known]
        wrong: dict[int, set[int | None]] = defaultdict(set)
        for folder_id, series_id in await book_rows.series_in(connection, settled):
            if series_id != ids.get(key_of[folder_id]):
                wrong[folder_id].add(series_id)
        missing = sorted({key_of[folder_id] for folder_id in wrong} - ids.keys())
        if missing:
            ids |= await self._series.make(connection, missing, now)
        lost: set[int] = set()
        got: set[int] = set()
        for folder_id in sorted(wrong):
            await book_rows.move_folder(connection, folder_id, ids[key_of[folder_id]])
            lost.update(one for one in wrong[folder_id] if one is not None)
            got.add(ids[key_of[folder_id]])
        return lost, got

    # Moves and tidying, in the finishing transaction

    async def reserve_for_merge(self, count: int) -> None:
        """Nothing: a move makes no row of a kind."""

    async def merge(self, connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
        """Hand the books of new rows over to the old rows they turned out to be: pairs of (new, old)."""
        series_of = await book_rows.series_of(connection, [row for pair in pairs for row in pair])
        await book_rows.take_out(connection, [old for _, old in pairs])
        await hand_over(connection, books, (book_credits, book_tags), pairs)
        await self._series.keep_moved(connection, pairs, series_of)
        touched = {series_id for series_id in series_of.values() if series_id is not None}
        await self._series.settle(connection, touched, at_once=())
        await tidying.note(connection, self._library_id, {"series": touched})
        await note(connection, series=touched, books=[row for pair in pairs for row in pair])
        await cover_due.note(connection, self._library_id, books=[old for _, old in pairs])

    async def regroup(self, connection: AsyncConnection, folders: Sequence[FolderWrite], now: int) -> None:
        """What is left in folders that lost files: their series derive anew what they show."""
        keys = sorted({self._key_of(folder) for folder in folders})
        touched = set((await self._series.find(connection, keys)).values())
        await self._series.settle(connection, touched, at_once=())
        await note(connection, series=touched)

    async def lost(self, connection: AsyncConnection, file_ids: Sequence[int], now: int) -> None:
        """Nothing: a series is what all its books say, also those that are missing."""

    async def tidy(self, connection: AsyncConnection) -> None:
        """Derive what waits for it, and delete the series that hold no book any more."""
        # Whoever searched meanwhile was told what they were called before.
        await note(connection, series=await self._series.derive_stale(connection))
        due = await tidying.due(connection, self._library_id)
        if not due:
            return
        gone = await due.childless(connection, series, exists().where(books.c.series_id == series.c.id))
        await tidying.drop(connection, series, gone)
        if due.whole:
            await note_removed(connection, self._library_id)
        else:
            await note(connection, series=gone)
        await tidying.done(connection, self._library_id)
