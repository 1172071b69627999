"""The music catalogue: how a batch of read music becomes rows, in one order for all of them.

Fulfils `model.catalogue.Catalogue`. Called inside a batch's transaction, after the media file rows are
written. `parents` has artists and genres, `releases` the grouping, `tracks` the rows of the files.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import exists
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FolderWrite
from shelfread.model.change import Change
from shelfread.model.music import Audio
from shelfread.store import cover_due, tidying
from shelfread.store import tracks as track_rows
from shelfread.store.database import run_many
from shelfread.store.ids import IdBlocks
from shelfread.store.moves import hand_over
from shelfread.store.parents import artists_of, genres_of
from shelfread.store.release_facts import MusicRules, Placing, credited_artists
from shelfread.store.releases import Releases
from shelfread.store.search_due import note, note_removed
from shelfread.store.tables import (
    artists,
    genres,
    release_credits,
    releases,
    track_credits,
    track_genres,
    tracks,
)


class MusicCatalogue:
    """Writes the music of one library. One per scan; not shared between tasks."""

    def __init__(self, library_id: int, ids: IdBlocks, rules: MusicRules) -> None:
        self._library_id = library_id
        self._ids = ids
        self._artists = artists_of(library_id, ids)
        self._genres = genres_of(library_id, ids)
        self._releases = Releases(library_id, ids, rules, self._artists)
        #: Ids as they were before the transaction that is open.
        self._mark: dict[str, tuple[int, int]] = {}

    async def reserve(self, batch: Sequence[FolderWrite]) -> None:
        """Take the ids that `save` may need, before its transaction."""
        artist_keys: set[str] = set()
        genre_keys: set[str] = set()
        items = 0
        for folder in batch:
            for file in folder.files:
                if file.item is not None:
                    items += 1
                    artist_keys.update(credit.key for credit in file.item.credits)
                    genre_keys.update(file.item.genre_keys)
        await self._ids.reserve(
            {
                # A name that only a release shows ("Various Artists") comes on top.
                "artists": len(self._artists.unknown(artist_keys)) + 2 * len(batch) + 2,
                "genres": len(self._genres.unknown(genre_keys)),
                "releases": items + 1,
            }
        )
        self._mark = self._ids.mark("artists", "genres", "releases")

    async def save(self, connection: AsyncConnection, batch: Sequence[FolderWrite], now: int) -> None:
        """Write the tracks of a batch with everything they refer to.

        May run again from its start after a rollback; `committed` says when it counts.
        """
        self._begin()
        items: dict[int, Audio] = {
            file.id: file.item for folder in batch for file in folder.files if file.item is not None
        }
        replaced = [
            file.id for folder in batch for file in folder.files if file.item is not None and not file.fresh
        ]
        before = await track_rows.take_out(connection, replaced)
        await self._artists.make(connection, track_rows.wanted_artists(items.values()))
        await self._genres.make(connection, track_rows.wanted_genres(items.values()))
        placing = await self._releases.place(connection, batch, items, before, now)
        await track_rows.insert(connection, items, placing.of, self._artists, self._genres)
        await run_many(
            connection, "UPDATE tracks SET release_id = ? WHERE file_id = ?", placing.moved_between
        )
        await self._releases.refresh(connection, placing)
        if replaced or placing.moved_between:
            await self._lost_references(connection, before)
        await self._note(connection, placing, items)
        await self._note_covers(connection, batch)

    def committed(self) -> None:
        """The transaction of the last `save` is in: what it made may be relied on."""
        self._artists.committed()
        self._genres.committed()

    def _begin(self) -> None:
        """A transaction starts, or starts again: what it did before was rolled back."""
        self._ids.rewind(self._mark)
        self._artists.begin()
        self._genres.begin()

    # Moves and tidying, in the finishing transaction

    async def reserve_for_merge(self, count: int) -> None:
        """Take the ids that a `merge` of so many pairs may need."""
        await self._ids.reserve({"artists": 4 * count})
        self._mark = self._ids.mark("artists") if count else {}

    async def merge(self, connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
        """Hand the tracks of new rows over to the old rows they turned out to be: pairs of (new, old)."""
        self._begin()
        release_of = await track_rows.releases_of(connection, [row for pair in pairs for row in pair])
        before = await track_rows.take_out(connection, [old for _, old in pairs])
        before.release_of.update(release_of)
        before.artist_ids |= await credited_artists(
            connection, sorted({one for one in release_of.values() if one})
        )
        await hand_over(connection, tracks, (track_credits, track_genres), pairs)
        await self._releases.keep_moved(connection, pairs, release_of)
        placing = Placing()
        placing.stale = {release_id for release_id in release_of.values() if release_id is not None}
        await self._releases.refresh(connection, placing)
        await self._lost_references(connection, before)
        await self._note(connection, placing, [row for pair in pairs for row in pair])

    async def regroup(self, connection: AsyncConnection, folders: Sequence[FolderWrite], now: int) -> None:
        """Group the tracks that are left in folders anew; follows a `merge` in its transaction."""
        before = track_rows.Before()
        placing = await self._releases.place(connection, folders, {}, before, now)
        await run_many(
            connection, "UPDATE tracks SET release_id = ? WHERE file_id = ?", placing.moved_between
        )
        await self._releases.refresh(connection, placing)
        if placing.moved_between:
            await self._lost_references(connection, before)
        await self._note(connection, placing, ())

    async def _note(self, connection: AsyncConnection, placing: Placing, tracks: Collection[int]) -> None:
        """What the search has to look at again."""
        await note(
            connection,
            artists=self._artists.touched,
            releases=placing.new | placing.stale,
            tracks=tracks,
        )
        await cover_due.note(connection, self._library_id, releases=placing.new | placing.stale)

    async def _note_covers(self, connection: AsyncConnection, batch: Sequence[FolderWrite]) -> None:
        """Releases whose tracks are as they were, while what their cover is made from may not be."""
        same = [
            file.id
            for folder in batch
            for file in folder.files
            if file.item is None and file.change in (Change.UPDATED, Change.RESTORED)
        ]
        beside = [
            folder.folder_id
            for folder in batch
            if (folder.known or folder.continued) and (folder.sidecars or folder.lost_sidecars)
        ]
        if same or beside:
            found = await cover_due.releases_with(connection, same, beside)
            await cover_due.note(connection, self._library_id, releases=found)

    async def _lost_references(self, connection: AsyncConnection, before: track_rows.Before) -> None:
        """Tracks were written anew: what they referred to may show something else now, or be unused."""
        await self._artists.refresh(connection, before.artist_ids)
        await self._genres.refresh(connection, before.genre_ids)
        await tidying.note(
            connection,
            self._library_id,
            {
                "artists": before.artist_ids,
                "genres": before.genre_ids,
                "releases": set(before.release_of.values()),
            },
        )

    async def lost(self, connection: AsyncConnection, file_ids: Sequence[int], now: int) -> None:
        """Nothing: a release is what all its tracks say, also those that are missing."""

    async def tidy(self, connection: AsyncConnection) -> None:
        """Delete the parents that no row refers to any more, of those that lost one."""
        due = await tidying.due(connection, self._library_id)
        if not due:
            return
        gone = await due.childless(connection, releases, exists().where(tracks.c.release_id == releases.c.id))
        due.add("artists", await credited_artists(connection, gone))
        await tidying.drop(connection, releases, gone)
        nobody = await due.childless(
            connection,
            artists,
            exists().where(track_credits.c.artist_id == artists.c.id),
            exists().where(release_credits.c.artist_id == artists.c.id),
        )
        await tidying.drop(connection, artists, nobody)
        unused = await due.childless(
            connection, genres, exists().where(track_genres.c.genre_id == genres.c.id)
        )
        await tidying.drop(connection, genres, unused)
        if due.whole:
            await note_removed(connection, self._library_id)
        else:
            await note(connection, artists=nobody, releases=gone)
        await tidying.done(connection, self._library_id)
