"""Tracks, artists, releases and genres: the rows that a batch of read music brings.

Called inside a batch's transaction, after the media file rows are written. The rules of music come in as
functions (`media.music` is not known here); this module knows how to find parents that are there, make
those that are not, and keep what is derived from several tracks the same whatever the order was in which
they came.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FolderWrite
from shelfread.model.music import Audio, ReleaseKey, TrackFacts
from shelfread.store.database import insert_rows, run_many
from shelfread.store.files import sliced
from shelfread.store.ids import IdBlocks
from shelfread.store.tables import (
    artists,
    genres,
    libraries,
    media_files,
    release_credits,
    releases,
    track_credits,
    track_genres,
    tracks,
)

#: Parents kept in memory per sort. A parent that fell out is found again by its key.
CACHE_LIMIT = 20_000

_TRACK_COLUMNS = tuple(column.name for column in tracks.c)
_CREDIT_COLUMNS = tuple(column.name for column in track_credits.c)
_GENRE_COLUMNS = tuple(column.name for column in track_genres.c)
_RELEASE_COLUMNS = tuple(column.name for column in releases.c)
_FACT_COLUMNS = (
    tracks.c.file_id,
    tracks.c.album,
    tracks.c.albumartist,
    tracks.c.artist,
    tracks.c.edition,
    tracks.c.compilation,
    tracks.c.release_mbid,
)


class MusicRules(NamedTuple):
    """The rules of `media.music` that writing needs. None depends on the order of what it is given."""

    #: The tracks of one folder to the releases they form.
    arrange: Callable[[bytes, Iterable[TrackFacts]], list[ReleaseKey]]
    #: All tracks of a release to the one it is by: the text to show and the artist keys.
    album_artist: Callable[[Iterable[TrackFacts]], tuple[str | None, tuple[str, ...]]]
    #: The first of some partial dates.
    earliest: Callable[[Iterable[str | None]], str | None]
    #: The number of discs from (disc, total) pairs.
    disc_count: Callable[[Iterable[tuple[int | None, int | None]]], int | None]
    #: What a release by many is said to be by.
    various: str


class _Parent(NamedTuple):
    """What the cache knows of an artist or genre row."""

    id: int
    name: str
    sort_name: str | None = None
    mbid: str | None = None


class _Part(NamedTuple):
    """What one track adds to its release."""

    date: str | None
    original_date: str | None
    disc: int | None
    disc_total: int | None
    releasegroup: str | None


class _Derived(NamedTuple):
    """What a release derives from its tracks: seven columns in table order, and its artists' keys."""

    artist: str | None
    date: str | None
    year: int | None
    original_date: str | None
    compilation: bool
    disc_total: int | None
    releasegroup: str | None
    keys: tuple[str, ...]


def better(one: str, other: str) -> str:
    """The spelling to show of two that mean the same: mixed case before lower and upper, then by order.

    Depends on nothing but the two, so the result over many is the same in any order.
    """
    return min(one, other, key=lambda text: (text == text.upper(), text == text.lower(), text))


def _least(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


class _Before:
    """What the tracks of a batch referred to until now."""

    __slots__ = ("artist_ids", "genre_ids", "release_of")

    def __init__(self) -> None:
        self.release_of: dict[int, int | None] = {}
        self.artist_ids: set[int] = set()
        self.genre_ids: set[int] = set()


class _Placing:
    """Which release each track of a batch's folders belongs to."""

    __slots__ = (
        "facts", "keys", "moved_between", "new", "of", "parts",
        "remembered", "stale", "texts", "titles", "tracks",
    )  # fmt: skip

    def __init__(self) -> None:
        self.of: dict[int, int | None] = {}
        self.facts: dict[int, TrackFacts] = {}
        #: Tracks that this batch does not bring.
        self.remembered: set[int] = set()
        #: (release, track) of remembered tracks whose release changed.
        self.moved_between: list[tuple[int | None, int]] = []
        self.new: set[int] = set()
        #: Releases whose derived columns must be derived again.
        self.stale: set[int] = set()
        #: Spellings of titles that this batch offers to releases that were there.
        self.titles: dict[int, str] = {}
        #: What releases are derived from, and the album artists that came of it.
        self.tracks: defaultdict[int, list[TrackFacts]] = defaultdict(list)
        self.parts: defaultdict[int, list[_Part]] = defaultdict(list)
        self.keys: dict[int, tuple[str, ...]] = {}
        self.texts: dict[int, str | None] = {}

    def gather(self, release_id: int, facts: TrackFacts, item: Audio) -> None:
        """Count a track that was just read towards its release."""
        self.tracks[release_id].append(facts)
        self.parts[release_id].append(
            _Part(item.date, item.original_date, item.disc, item.disc_total, item.musicbrainz_releasegroupid)
        )


class MusicCatalogue:
    """Writes the music of one library. One per scan; not shared between tasks."""

    def __init__(self, library_id: int, ids: IdBlocks, rules: MusicRules) -> None:
        self._library_id = library_id
        self._ids = ids
        self._rules = rules
        self._artists: dict[str, _Parent] = {}
        self._genres: dict[str, _Parent] = {}
        #: Found or made in the transaction that is open; into the caches once it is committed.
        self._fresh_artists: dict[str, _Parent] = {}
        self._fresh_genres: dict[str, _Parent] = {}

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
                "artists": len(artist_keys - self._artists.keys()) + 2 * len(batch) + 2,
                "genres": len(genre_keys - self._genres.keys()),
                "releases": items + 1,
            }
        )

    async def save(self, connection: AsyncConnection, batch: Sequence[FolderWrite], now: int) -> None:
        """Write the tracks of a batch with everything they refer to.

        May run again from its start after a rollback; `committed` says when it counts.
        """
        self._fresh_artists.clear()
        self._fresh_genres.clear()
        items: dict[int, Audio] = {
            file.id: file.item for folder in batch for file in folder.files if file.item is not None
        }
        replaced = [
            file.id for folder in batch for file in folder.files if file.item is not None and not file.fresh
        ]
        before = await self._take_out(connection, replaced)
        await self._make_artists(connection, items.values())
        await self._make_genres(connection, items.values())
        placing = await self._place(connection, batch, items, before, now)
        await self._insert_tracks(connection, items, placing.of)
        await run_many(
            connection, "UPDATE tracks SET release_id = ? WHERE file_id = ?", placing.moved_between
        )
        await self._refresh_releases(connection, placing)
        if replaced:
            await self._refresh_artists(connection, before.artist_ids)
            await self._refresh_genres(connection, before.genre_ids)
            await connection.execute(
                update(libraries).where(libraries.c.id == self._library_id).values(untidy=True)
            )

    def committed(self) -> None:
        """The transaction of the last `save` is in: what it made may be relied on."""
        for cache, fresh in ((self._artists, self._fresh_artists), (self._genres, self._fresh_genres)):
            if len(cache) + len(fresh) > CACHE_LIMIT:
                cache.clear()
            cache.update(fresh)
            fresh.clear()

    # Tracks

    async def _take_out(self, connection: AsyncConnection, replaced: Sequence[int]) -> _Before:
        """Delete the old rows of tracks that are written anew, and remember their parents."""
        before = _Before()
        for part in sliced(replaced):
            for row in await connection.execute(
                select(tracks.c.file_id, tracks.c.release_id).where(tracks.c.file_id.in_(part))
            ):
                before.release_of[row[0]] = row[1]
            for table, column, into in (
                (track_credits, track_credits.c.artist_id, before.artist_ids),
                (track_genres, track_genres.c.genre_id, before.genre_ids),
            ):
                rows = await connection.execute(
                    delete(table).where(table.c.file_id.in_(part)).returning(column)
                )
                into.update(row[0] for row in rows)
            await connection.execute(delete(tracks).where(tracks.c.file_id.in_(part)))
        return before

    async def _insert_tracks(
        self, connection: AsyncConnection, items: dict[int, Audio], release_of: dict[int, int | None]
    ) -> None:
        track_rows: list[tuple[Any, ...]] = []
        credit_rows: list[tuple[Any, ...]] = []
        genre_rows: list[tuple[Any, ...]] = []
        artist_of = self._artist
        genre_of = self._genre
        for file_id, item in items.items():
            track_rows.append(_track_row(file_id, release_of[file_id], item))
            positions: dict[str, int] = {}
            for credit in item.credits:
                role = credit.role
                position = positions.get(role, 0)
                positions[role] = position + 1
                credit_rows.append(
                    (
                        file_id,
                        role,
                        position,
                        artist_of(credit.key).id,
                        credit.name,
                        credit.sort_name,
                        credit.mbid,
                    )
                )
            genre_rows += [
                (file_id, position, genre_of(key).id, name)
                for position, (key, name) in enumerate(zip(item.genre_keys, item.genres, strict=True))
            ]
        await insert_rows(connection, tracks, _TRACK_COLUMNS, track_rows)
        await insert_rows(connection, track_credits, _CREDIT_COLUMNS, credit_rows)
        await insert_rows(connection, track_genres, _GENRE_COLUMNS, genre_rows)

    # Artists and genres

    def _artist(self, key: str) -> _Parent:
        return self._fresh_artists.get(key) or self._artists[key]

    def _genre(self, key: str) -> _Parent:
        return self._fresh_genres.get(key) or self._genres[key]

    async def _make_artists(self, connection: AsyncConnection, items: Iterable[Audio]) -> None:
        """Find or insert the artists of these items, and improve what is known of them."""
        wanted: dict[str, tuple[str, str | None, str | None]] = {}
        for item in items:
            for credit in item.credits:
                known = wanted.get(credit.key)
                mine = (credit.name, credit.sort_name, credit.mbid)
                if known is None:
                    wanted[credit.key] = mine
                elif known != mine:
                    wanted[credit.key] = (
                        better(known[0], mine[0]),
                        _least(known[1], mine[1]),
                        _least(known[2], mine[2]),
                    )
        await self._upsert_artists(connection, wanted)

    async def _upsert_artists(
        self, connection: AsyncConnection, wanted: dict[str, tuple[str, str | None, str | None]]
    ) -> None:
        await self._find(connection, artists, wanted, self._artists, self._fresh_artists)
        missing = sorted(key for key in wanted if key not in self._artists and key not in self._fresh_artists)
        rows = [(self._ids.take("artists"), self._library_id, key, *wanted[key]) for key in missing]
        await self._insert_parents(
            connection, artists, ("id", "library_id", "key", "name", "sort_name", "mbid"), rows
        )
        await self._adopt(connection, artists, rows, self._fresh_artists)
        changed = []
        for key in sorted(wanted):
            name, sort_name, mbid = wanted[key]
            known = self._artist(key)
            now = _Parent(
                known.id,
                better(known.name, name),
                _least(known.sort_name, sort_name),
                _least(known.mbid, mbid),
            )
            if now != known:
                changed.append((now.name, now.sort_name, now.mbid, now.id))
                self._fresh_artists[key] = now
        await run_many(
            connection, "UPDATE artists SET name = ?, sort_name = ?, mbid = ? WHERE id = ?", changed
        )

    async def _make_genres(self, connection: AsyncConnection, items: Iterable[Audio]) -> None:
        wanted: dict[str, str] = {}
        for item in items:
            for key, name in zip(item.genre_keys, item.genres, strict=True):
                wanted[key] = better(wanted[key], name) if key in wanted else name
        await self._find(connection, genres, wanted, self._genres, self._fresh_genres)
        missing = sorted(key for key in wanted if key not in self._genres and key not in self._fresh_genres)
        rows = [(self._ids.take("genres"), self._library_id, key, wanted[key]) for key in missing]
        await self._insert_parents(connection, genres, ("id", "library_id", "key", "name"), rows)
        await self._adopt(connection, genres, rows, self._fresh_genres)
        changed = []
        for key in sorted(wanted):
            known = self._genre(key)
            name = better(known.name, wanted[key])
            if name != known.name:
                changed.append((name, known.id))
                self._fresh_genres[key] = _Parent(known.id, name)
        await run_many(connection, "UPDATE genres SET name = ? WHERE id = ?", changed)

    async def _find(
        self,
        connection: AsyncConnection,
        table: Any,
        wanted: Iterable[str],
        cache: dict[str, _Parent],
        fresh: dict[str, _Parent],
    ) -> None:
        """Load the rows of these keys that are not in a cache."""
        unknown = sorted(key for key in wanted if key not in cache and key not in fresh)
        columns = [table.c.key, table.c.id, table.c.name]
        if table is artists:
            columns += [artists.c.sort_name, artists.c.mbid]
        for part in sliced(unknown):
            for row in await connection.execute(
                select(*columns).where(table.c.library_id == self._library_id, table.c.key.in_(part))
            ):
                fresh[row[0]] = _Parent(*row[1:])

    async def _insert_parents(
        self, connection: AsyncConnection, table: Any, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
    ) -> None:
        """Insert in key order (so that two workers cannot deadlock), leaving rows that another just made."""
        if not rows:
            return
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        statement = insert(table).on_conflict_do_nothing(index_elements=["library_id", "key"])
        text = str(statement.compile(dialect=connection.dialect, column_keys=list(columns)))
        await connection.exec_driver_sql(text, rows)

    async def _adopt(
        self, connection: AsyncConnection, table: Any, rows: list[tuple[Any, ...]], fresh: dict[str, _Parent]
    ) -> None:
        """Take what was just inserted for known: by itself on SQLite, where nobody else writes meanwhile."""
        if connection.dialect.name == "sqlite":
            fresh.update({row[2]: _Parent(row[0], *row[3:]) for row in rows})
        else:
            await self._find(connection, table, [row[2] for row in rows], {}, fresh)

    async def _refresh_artists(self, connection: AsyncConnection, ids: Iterable[int]) -> None:
        """Derive anew what is shown of artists that lost a credit: its spelling may be gone with it."""
        found: dict[int, tuple[str, str | None, str | None]] = {}
        wanted = sorted(ids)
        for part in sliced(wanted):
            rows = await connection.execute(
                select(
                    track_credits.c.artist_id,
                    track_credits.c.name,
                    track_credits.c.sort_name,
                    track_credits.c.mbid,
                )
                .where(track_credits.c.artist_id.in_(part))
                .distinct()
            )
            for artist_id, name, sort_name, mbid in rows:
                known = found.get(artist_id)
                found[artist_id] = (
                    (name, sort_name, mbid)
                    if known is None
                    else (better(known[0], name), _least(known[1], sort_name), _least(known[2], mbid))
                )
        await run_many(
            connection,
            "UPDATE artists SET name = ?, sort_name = ?, mbid = ? WHERE id = ?",
            [(*values, artist_id) for artist_id, values in sorted(found.items())],
        )
        # Whatever the caches say of them may be stale now.
        for cache in (self._artists, self._fresh_artists):
            for key in [key for key, parent in cache.items() if parent.id in found]:
                del cache[key]

    async def _refresh_genres(self, connection: AsyncConnection, ids: Iterable[int]) -> None:
        found: dict[int, str] = {}
        for part in sliced(sorted(ids)):
            rows = await connection.execute(
                select(track_genres.c.genre_id, track_genres.c.name)
                .where(track_genres.c.genre_id.in_(part))
                .distinct()
            )
            for genre_id, name in rows:
                found[genre_id] = better(found[genre_id], name) if genre_id in found else name
        await run_many(
            connection,
            "UPDATE genres SET name = ? WHERE id = ?",
            [(name, genre_id) for genre_id, name in sorted(found.items())],
        )
        for cache in (self._genres, self._fresh_genres):
            for key in [key for key, parent in cache.items() if parent.id in found]:
                del cache[key]

    # Releases

    async def _place(
        self,
        connection: AsyncConnection,
        batch: Sequence[FolderWrite],
        items: dict[int, Audio],
        before: _Before,
        now: int,
    ) -> _Placing:
        """Decide which release every track of these folders belongs to, and make the releases."""
        placing = _Placing()
        settled = [folder for folder in batch if folder.last and (folder.known or folder.continued)]
        others = await self._remembered(connection, [folder.folder_id for folder in settled], items)
        groups: list[ReleaseKey] = []
        for folder in batch:
            facts = [facts_of(file.id, file.item) for file in folder.files if file.item is not None]
            remembered = others.get(folder.folder_id, []) if folder.last else []
            placing.facts.update((fact.file_id, fact) for fact in facts)
            for fact, release_id in remembered:
                before.release_of[fact.file_id] = release_id
                placing.remembered.add(fact.file_id)
            both = facts + [fact for fact, _ in remembered]
            placing.of.update((fact.file_id, None) for fact in both)
            if both:
                # The root is part of the place: two roots may have folders of the same name.
                place = b"%d/%s" % (folder.root_id, folder.path) if folder.path else b"%d" % folder.root_id
                groups += self._rules.arrange(place, both)
        by_key: dict[str, list[ReleaseKey]] = defaultdict(list)
        for group in groups:
            by_key[group.key].append(group)
        known = await self._find_releases(connection, sorted(by_key))
        new_rows: list[tuple[Any, ...]] = []
        for key in sorted(by_key):
            members = [file_id for group in by_key[key] for file_id in group.file_ids]
            release_id = known.get(key)
            first = by_key[key][0]
            title = first.title
            for group in by_key[key][1:]:
                title = better(title, group.title)
            if release_id is None:
                release_id = await self._follow(connection, members, before, set(known.values()))
                if release_id is not None:
                    await connection.execute(
                        update(releases)
                        .where(releases.c.id == release_id)
                        .values(key=key, title=title, edition=first.edition, mbid=first.mbid)
                    )
                    known[key] = release_id
                    placing.stale.add(release_id)
                else:
                    release_id = self._ids.take("releases")
                    new_rows.append((release_id, key, title, first.edition, first.mbid))
                    placing.new.add(release_id)
            else:
                placing.stale.add(release_id)
                placing.titles[release_id] = title
            for file_id in members:
                placing.of[file_id] = release_id
        await self._insert_releases(connection, new_rows, placing, items, now)
        for file_id, release_id in placing.of.items():
            old = before.release_of.get(file_id)
            if old is not None and old != release_id:
                placing.stale.add(old)
            if file_id in placing.remembered and old != release_id:
                placing.moved_between.append((release_id, file_id))
        return placing

    async def _insert_releases(
        self,
        connection: AsyncConnection,
        new_rows: list[tuple[Any, ...]],
        placing: _Placing,
        items: dict[int, Audio],
        now: int,
    ) -> None:
        """Insert new releases with what they derive from the tracks of this batch."""
        if not new_rows:
            return
        for file_id, release_id in placing.of.items():
            if release_id in placing.new:
                if file_id in items:
                    placing.gather(release_id, placing.facts[file_id], items[file_id])
                else:
                    # It takes over remembered tracks as well: derived from the rows once they are written.
                    placing.stale.add(release_id)
        rows = []
        for release_id, key, title, edition, mbid in new_rows:
            derived = self._derive(placing.tracks.get(release_id, ()), placing.parts.get(release_id, ()))
            placing.keys[release_id] = derived.keys
            placing.texts[release_id] = derived.artist
            rows.append(
                (
                    release_id,
                    self._library_id,
                    key,
                    title,
                    edition,
                    derived.artist,
                    derived.date,
                    derived.year,
                    derived.original_date,
                    derived.compilation,
                    derived.disc_total,
                    mbid,
                    derived.releasegroup,
                    now,
                )
            )
        await self._insert_parents(connection, releases, _RELEASE_COLUMNS, rows)
        if connection.dialect.name == "sqlite":
            return
        # Another worker may have made one of them between the look and now.
        there = await self._find_releases(connection, [row[2] for row in rows])
        for release_id, _, key, title, *_ in rows:
            theirs = there[key]
            if theirs != release_id:
                placing.new.discard(release_id)
                placing.stale.add(theirs)
                placing.titles[theirs] = title
                for file_id, place_id in placing.of.items():
                    if place_id == release_id:
                        placing.of[file_id] = theirs

    async def _follow(
        self, connection: AsyncConnection, members: Sequence[int], before: _Before, taken: set[int]
    ) -> int | None:
        """The release that these tracks were all of, if it has no others: it was renamed, not replaced."""
        old = {before.release_of.get(file_id) for file_id in members}
        if len(old) != 1:
            return None
        release_id = old.pop()
        if release_id is None or release_id in taken:
            return None
        count = await connection.execute(
            select(func.count())
            .select_from(tracks)
            .where(tracks.c.release_id == release_id, tracks.c.file_id.not_in(members))
        )
        return release_id if count.scalar_one() == 0 else None

    async def _find_releases(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in sliced(keys):
            for row in await connection.execute(
                select(releases.c.key, releases.c.id).where(
                    releases.c.library_id == self._library_id, releases.c.key.in_(part)
                )
            ):
                found[row[0]] = row[1]
        return found

    async def _remembered(
        self, connection: AsyncConnection, folder_ids: Sequence[int], items: dict[int, Audio]
    ) -> dict[int, list[tuple[TrackFacts, int | None]]]:
        """The tracks of these folders that this batch does not bring, with their releases."""
        found: dict[int, list[tuple[TrackFacts, int | None]]] = defaultdict(list)
        for part in sliced(folder_ids):
            rows = await connection.execute(
                select(media_files.c.folder_id, tracks.c.release_id, *_FACT_COLUMNS)
                .join(tracks, tracks.c.file_id == media_files.c.id)
                .where(media_files.c.folder_id.in_(part))
            )
            for folder_id, release_id, *fact in rows:
                if fact[0] not in items:
                    found[folder_id].append((_facts(fact), release_id))
        await self._add_keys(connection, [fact for known in found.values() for fact, _ in known])
        return found

    async def _add_keys(self, connection: AsyncConnection, facts: Sequence[TrackFacts]) -> None:
        """Fill in the artist keys of remembered facts."""
        of = {fact.file_id: fact for fact in facts}
        for part in sliced(sorted(of)):
            rows = await connection.execute(
                select(track_credits.c.file_id, track_credits.c.role, artists.c.key)
                .join(artists, artists.c.id == track_credits.c.artist_id)
                .where(track_credits.c.file_id.in_(part), track_credits.c.role.in_(("artist", "albumartist")))
                .order_by(track_credits.c.file_id, track_credits.c.role, track_credits.c.position)
            )
            for file_id, role, key in rows:
                fact = of[file_id]
                (fact.artist_keys if role == "artist" else fact.albumartist_keys).append(key)

    def _derive(self, facts: Sequence[TrackFacts], parts: Sequence[_Part]) -> _Derived:
        """What a release says of itself, from all of its tracks."""
        text, keys = self._rules.album_artist(facts)
        date = self._rules.earliest(part.date for part in parts)
        return _Derived(
            text,
            date,
            int(date[:4]) if date else None,
            self._rules.earliest(part.original_date for part in parts),
            text == self._rules.various or any(fact.compilation for fact in facts),
            self._rules.disc_count((part.disc, part.disc_total) for part in parts),
            min((part.releasegroup for part in parts if part.releasegroup), default=None),
            tuple(dict.fromkeys(keys)),
        )

    async def _refresh_releases(self, connection: AsyncConnection, placing: _Placing) -> None:
        """Set what releases derive from their tracks: anew for those that changed, credits for all."""
        stale = sorted(placing.stale)
        updates: list[tuple[Any, ...]] = []
        for part in sliced(stale):
            await self._load_members(connection, placing, part)
            for release_id in part:
                facts = placing.tracks.get(release_id)
                if facts:
                    derived = self._derive(facts, placing.parts[release_id])
                    placing.keys[release_id] = derived.keys
                    placing.texts[release_id] = derived.artist
                    updates.append((*derived[:7], release_id))
        await run_many(
            connection,
            "UPDATE releases SET artist = ?, date = ?, year = ?, original_date = ?, compilation = ?, "
            "disc_total = ?, releasegroup_mbid = ? WHERE id = ?",
            updates,
        )
        await self._improve_titles(connection, placing)
        await self._credit_releases(connection, placing)

    async def _load_members(
        self, connection: AsyncConnection, placing: _Placing, release_ids: Sequence[int]
    ) -> None:
        """Read all tracks of some releases from their rows."""
        for release_id in release_ids:
            placing.tracks.pop(release_id, None)
            placing.parts.pop(release_id, None)
        rows = await connection.execute(
            select(
                tracks.c.release_id,
                tracks.c.date,
                tracks.c.original_date,
                tracks.c.disc,
                tracks.c.disc_total,
                tracks.c.releasegroup_mbid,
                *_FACT_COLUMNS,
            ).where(tracks.c.release_id.in_(release_ids))
        )
        loaded: list[TrackFacts] = []
        for release_id, date, original, disc, disc_total, group, *fact in rows:
            facts = _facts(fact)
            loaded.append(facts)
            placing.tracks[release_id].append(facts)
            placing.parts[release_id].append(_Part(date, original, disc, disc_total, group))
        await self._add_keys(connection, loaded)

    async def _improve_titles(self, connection: AsyncConnection, placing: _Placing) -> None:
        titles: list[tuple[str, int]] = []
        for part in sliced(sorted(placing.titles)):
            for row in await connection.execute(
                select(releases.c.id, releases.c.title).where(releases.c.id.in_(part))
            ):
                title = better(row[1], placing.titles[row[0]])
                if title != row[1]:
                    titles.append((title, row[0]))
        await run_many(connection, "UPDATE releases SET title = ? WHERE id = ?", titles)

    async def _credit_releases(self, connection: AsyncConnection, placing: _Placing) -> None:
        # A key that no track is credited with ("Various Artists") is shown as the release says it.
        await self._upsert_artists(
            connection,
            {
                key: (placing.texts[release_id] or key, None, None)
                for release_id, keys in placing.keys.items()
                for key in keys
                if key not in self._artists and key not in self._fresh_artists
            },
        )
        await run_many(
            connection,
            "DELETE FROM release_credits WHERE release_id = ?",
            [(release_id,) for release_id in sorted(placing.keys) if release_id not in placing.new],
        )
        await insert_rows(
            connection,
            release_credits,
            ("release_id", "position", "artist_id"),
            [
                (release_id, position, self._artist(key).id)
                for release_id in sorted(placing.keys)
                for position, key in enumerate(placing.keys[release_id])
            ],
        )

    # Moves and tidying, in the finishing transaction

    async def reserve_for_merge(self, count: int) -> None:
        """Take the ids that a `merge` of so many pairs may need."""
        await self._ids.reserve({"artists": 2 * count})

    async def merge(self, connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
        """Hand the tracks of new rows over to the old rows they turned out to be: pairs of (new, old)."""
        old_ids = [old for _, old in pairs]
        new_ids = [new for new, _ in pairs]
        release_of: dict[int, int | None] = {}
        for part in sliced(old_ids + new_ids):
            for row in await connection.execute(
                select(tracks.c.file_id, tracks.c.release_id).where(tracks.c.file_id.in_(part))
            ):
                release_of[row[0]] = row[1]
        touched: set[int] = set()
        touched_genres: set[int] = set()
        for part in sliced(old_ids):
            for table, column, into in (
                (track_credits, track_credits.c.artist_id, touched),
                (track_genres, track_genres.c.genre_id, touched_genres),
            ):
                rows = await connection.execute(
                    delete(table).where(table.c.file_id.in_(part)).returning(column)
                )
                into.update(row[0] for row in rows)
            await connection.execute(delete(tracks).where(tracks.c.file_id.in_(part)))
        columns = ", ".join(name for name in _TRACK_COLUMNS if name != "file_id")
        values = [(old, new) for new, old in pairs]
        # The copy comes first: credits and genres refer to a track that must be there.
        await run_many(
            connection,
            # The names are those of our own tables.
            f"INSERT INTO tracks (file_id, {columns}) SELECT ?, {columns} FROM tracks WHERE file_id = ?",  # noqa: S608
            values,
        )
        await run_many(connection, "UPDATE track_credits SET file_id = ? WHERE file_id = ?", values)
        await run_many(connection, "UPDATE track_genres SET file_id = ? WHERE file_id = ?", values)
        for part in sliced(new_ids):
            await connection.execute(delete(tracks).where(tracks.c.file_id.in_(part)))
        await self._keep_releases(connection, pairs, release_of)
        placing = _Placing()
        placing.stale = {release_id for release_id in release_of.values() if release_id is not None}
        await self._refresh_releases(connection, placing)
        await self._refresh_artists(connection, touched)
        await self._refresh_genres(connection, touched_genres)
        await connection.execute(
            update(libraries).where(libraries.c.id == self._library_id).values(untidy=True)
        )

    async def _keep_releases(
        self,
        connection: AsyncConnection,
        pairs: Sequence[tuple[int, int]],
        release_of: dict[int, int | None],
    ) -> None:
        """A release that moved as a whole keeps its id: the old row takes over what the new one says."""
        into: dict[int, set[int]] = defaultdict(set)
        members: dict[int, int] = defaultdict(int)
        for new, old in pairs:
            new_release, old_release = release_of.get(new), release_of.get(old)
            if new_release is not None:
                members[new_release] += 1
                if old_release is not None:
                    into[new_release].add(old_release)
        claimed: set[int] = set()
        for new_release, old_releases in sorted(into.items()):
            if len(old_releases) != 1:
                continue
            (old_release,) = old_releases
            if old_release in claimed or old_release == new_release:
                continue
            held = await _count_tracks(connection, old_release)
            if held or await _count_tracks(connection, new_release) != members[new_release]:
                continue
            claimed.add(old_release)
            await _replace_release(connection, old_release, new_release)

    async def tidy(self, connection: AsyncConnection) -> None:
        """Delete the parents that no row refers to any more, if any could have come about."""
        untidy = await connection.execute(
            select(libraries.c.untidy).where(libraries.c.id == self._library_id)
        )
        if not untidy.scalar_one():
            return
        used = exists().where(tracks.c.release_id == releases.c.id)
        mine = releases.c.library_id == self._library_id
        await connection.execute(delete(releases).where(mine, ~used))
        await connection.execute(
            delete(artists).where(
                artists.c.library_id == self._library_id,
                ~exists().where(track_credits.c.artist_id == artists.c.id),
                ~exists().where(release_credits.c.artist_id == artists.c.id),
            )
        )
        await connection.execute(
            delete(genres).where(
                genres.c.library_id == self._library_id,
                ~exists().where(track_genres.c.genre_id == genres.c.id),
            )
        )
        await connection.execute(
            update(libraries).where(libraries.c.id == self._library_id).values(untidy=False)
        )


async def _count_tracks(connection: AsyncConnection, release_id: int) -> int:
    count = await connection.execute(
        select(func.count()).select_from(tracks).where(tracks.c.release_id == release_id)
    )
    return int(count.scalar_one())


async def _replace_release(connection: AsyncConnection, keep: int, drop: int) -> None:
    row = (await connection.execute(select(releases).where(releases.c.id == drop))).mappings().one()
    await connection.execute(update(tracks).where(tracks.c.release_id == drop).values(release_id=keep))
    await connection.execute(delete(release_credits).where(release_credits.c.release_id == keep))
    await connection.execute(
        update(release_credits).where(release_credits.c.release_id == drop).values(release_id=keep)
    )
    await connection.execute(delete(releases).where(releases.c.id == drop))
    values = {name: value for name, value in row.items() if name not in ("id", "added_at")}
    await connection.execute(update(releases).where(releases.c.id == keep).values(**values))


def facts_of(file_id: int, item: Audio) -> TrackFacts:
    """The grouping facts of a track that was just read."""
    artist_keys: list[str] = []
    albumartist_keys: list[str] = []
    for credit in item.credits:
        if credit.role == "artist":
            artist_keys.append(credit.key)
        elif credit.role == "albumartist":
            albumartist_keys.append(credit.key)
    return TrackFacts(
        file_id=file_id,
        album=item.album,
        albumartist=item.albumartist,
        albumartist_keys=albumartist_keys,
        artist=item.artist,
        artist_keys=artist_keys,
        edition=item.edition,
        compilation=item.compilation,
        musicbrainz_albumid=item.musicbrainz_albumid,
    )


def _facts(row: Sequence[Any]) -> TrackFacts:
    """The grouping facts in a row of `_FACT_COLUMNS`, still without artist keys."""
    file_id, album, albumartist, artist, edition, compilation, mbid = row
    return TrackFacts(
        file_id=file_id,
        album=album,
        albumartist=albumartist,
        albumartist_keys=[],
        artist=artist,
        artist_keys=[],
        edition=edition,
        compilation=compilation,
        musicbrainz_albumid=mbid,
    )


def _track_row(file_id: int, release_id: int | None, item: Audio) -> tuple[Any, ...]:
    pictures = None
    if item.pictures:
        pictures = json.dumps(
            [
                {
                    "type": picture.type,
                    "mime": picture.mime,
                    "width": picture.width,
                    "height": picture.height,
                    "size": picture.size,
                }
                for picture in item.pictures
            ]
        )
    return (
        file_id,
        release_id,
        item.title or "",
        item.artist,
        item.albumartist,
        item.album,
        item.edition,
        item.genre,
        item.composer,
        item.comment,
        item.lyrics,
        item.track,
        item.track_text,
        item.track_total,
        item.disc,
        item.disc_total,
        item.disc_subtitle,
        item.date,
        item.year,
        item.original_date,
        item.bpm,
        item.compilation,
        item.musicbrainz_trackid,
        item.musicbrainz_releasetrackid,
        item.musicbrainz_albumid,
        item.musicbrainz_releasegroupid,
        item.replaygain_track_gain,
        item.replaygain_track_peak,
        item.replaygain_album_gain,
        item.replaygain_album_peak,
        item.container,
        item.codec,
        item.duration_s,
        item.bitrate_kbps,
        item.sample_rate,
        item.channels,
        item.bit_depth,
        item.has_cover,
        pictures,
    )
