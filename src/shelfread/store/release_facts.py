"""What a release derives from all of its tracks: who it is by, its dates, its discs, its title.

Statements inside a batch's transaction, beside `releases`, which decides what belongs to a release. The
rules come in as functions, and none depends on the order of the tracks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.music import Audio, ReleaseKey, TrackFacts
from shelfread.store import tidying
from shelfread.store.database import insert_rows, run_many
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.parents import Parents, Shown
from shelfread.store.tables import release_credits, tracks
from shelfread.store.tracks import FACT_COLUMNS, add_keys, remembered_facts


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


class Part(NamedTuple):
    """What one track adds to its release."""

    date: str | None
    original_date: str | None
    disc: int | None
    disc_total: int | None
    releasegroup: str | None


class Derived(NamedTuple):
    """What a release derives from its tracks: columns in table order, and its artists' keys."""

    title: str
    edition: str | None
    artist: str | None
    date: str | None
    year: int | None
    original_date: str | None
    compilation: bool
    disc_total: int | None
    releasegroup: str | None
    keys: tuple[str, ...]


class Placing:
    """Which release each track of a batch's folders belongs to."""

    __slots__ = (
        "facts", "keys", "moved_between", "new", "of", "parts",
        "remembered", "stale", "texts", "tracks",
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
        #: What releases are derived from, and the album artists that came of it.
        self.tracks: defaultdict[int, list[TrackFacts]] = defaultdict(list)
        self.parts: defaultdict[int, list[Part]] = defaultdict(list)
        self.keys: dict[int, tuple[str, ...]] = {}
        self.texts: dict[int, str | None] = {}

    def gather(self, release_id: int, facts: TrackFacts, item: Audio) -> None:
        """Count a track that was just read towards its release."""
        self.tracks[release_id].append(facts)
        self.parts[release_id].append(
            Part(item.date, item.original_date, item.disc, item.disc_total, item.musicbrainz_releasegroupid)
        )


class ReleaseFacts:
    """Derives the facts of releases and writes them."""

    def __init__(self, library_id: int, rules: MusicRules, artists: Parents) -> None:
        self._library_id = library_id
        self._rules = rules
        self._artists = artists

    def derive(self, facts: Sequence[TrackFacts], parts: Sequence[Part]) -> Derived:
        """What a release says of itself, from all of its tracks."""
        text, keys = self._rules.album_artist(facts)
        date = self._rules.earliest(part.date for part in parts)
        return Derived(
            _most(fact.album or "" for fact in facts),
            _most(fact.edition or "" for fact in facts) or None,
            text,
            date,
            int(date[:4]) if date else None,
            self._rules.earliest(part.original_date for part in parts),
            text == self._rules.various or any(fact.compilation for fact in facts),
            self._rules.disc_count((part.disc, part.disc_total) for part in parts),
            min((part.releasegroup for part in parts if part.releasegroup), default=None),
            tuple(dict.fromkeys(keys)),
        )

    async def refresh(self, connection: AsyncConnection, placing: Placing) -> None:
        """Set what releases derive from their tracks: anew for those that changed, credits for all."""
        stale = sorted(placing.stale)
        updates: list[tuple[Any, ...]] = []
        for part in sliced(stale):
            await self._load_members(connection, placing, part)
            for release_id in part:
                facts = placing.tracks.get(release_id)
                if facts:
                    derived = self.derive(facts, placing.parts[release_id])
                    placing.keys[release_id] = derived.keys
                    placing.texts[release_id] = derived.artist
                    updates.append((*derived[:-1], sort_key(derived.title), release_id))
        await run_many(
            connection,
            "UPDATE releases SET title = ?, edition = ?, artist = ?, date = ?, year = ?, original_date = ?, "
            "compilation = ?, disc_total = ?, releasegroup_mbid = ?, sort_key = ? WHERE id = ?",
            updates,
        )
        await self._credit_releases(connection, placing)

    async def _load_members(
        self, connection: AsyncConnection, placing: Placing, release_ids: Sequence[int]
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
                *FACT_COLUMNS,
            ).where(tracks.c.release_id.in_(release_ids))
        )
        loaded: list[TrackFacts] = []
        for release_id, date, original, disc, disc_total, group, *fact in rows:
            facts = remembered_facts(fact)
            loaded.append(facts)
            placing.tracks[release_id].append(facts)
            placing.parts[release_id].append(Part(date, original, disc, disc_total, group))
        await add_keys(connection, loaded)

    async def _credit_releases(self, connection: AsyncConnection, placing: Placing) -> None:
        # A key that no track is credited with ("Various Artists") is shown as the release says it.
        credited = {
            key: Shown(placing.texts[release_id] or key)
            for release_id, keys in placing.keys.items()
            for key in keys
        }
        unknown = self._artists.unknown(credited)
        # One that is there already keeps its name: the text may be that of several artists.
        await self._artists.make(connection, {key: credited[key] for key in unknown}, improve=False)
        known = [release_id for release_id in sorted(placing.keys) if release_id not in placing.new]
        if known:
            before = await credited_artists(connection, known)
            now = {self._artists.id_of(key) for keys in placing.keys.values() for key in keys}
            # No track may credit them: a release by many is by "Various Artists".
            await tidying.note(connection, self._library_id, {"artists": before - now})
        await run_many(
            connection,
            "DELETE FROM release_credits WHERE release_id = ?",
            [(release_id,) for release_id in known],
        )
        await insert_rows(
            connection,
            release_credits,
            ("release_id", "position", "artist_id"),
            [
                (release_id, position, self._artists.id_of(key))
                for release_id in sorted(placing.keys)
                for position, key in enumerate(placing.keys[release_id])
            ],
        )


async def credited_artists(connection: AsyncConnection, release_ids: Sequence[int]) -> set[int]:
    """The artists that these releases are by."""
    found: set[int] = set()
    for part in sliced(release_ids):
        rows = await connection.execute(
            select(release_credits.c.artist_id).where(release_credits.c.release_id.in_(part))
        )
        found.update(rows.scalars())
    return found


def _most(texts: Iterable[str]) -> str:
    """The text that occurs most often, the first in order of equals; empty when there is none."""
    counts = Counter(texts)
    return min(counts, key=lambda text: (-counts[text], text), default="")
