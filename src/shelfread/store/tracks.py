"""Tracks: the rows of read sound files, with their credits and genres.

Statements inside a batch's transaction, for `music`. Turns what a file says into rows and back into the
few facts that grouping needs; which release a track is in is decided in `releases`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.music import Audio, TrackFacts
from shelfread.store.database import insert_rows
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.parents import Parents, Shown
from shelfread.store.tables import artists, media_files, track_credits, track_genres, tracks

_TRACK_COLUMNS = tuple(column.name for column in tracks.c)
_CREDIT_COLUMNS = tuple(column.name for column in track_credits.c)
_GENRE_COLUMNS = tuple(column.name for column in track_genres.c)

#: The columns of `remembered_facts`.
FACT_COLUMNS = (
    tracks.c.file_id,
    tracks.c.album,
    tracks.c.albumartist,
    tracks.c.artist,
    tracks.c.edition,
    tracks.c.compilation,
    tracks.c.release_mbid,
)


class Before:
    """What the tracks of a batch referred to until now."""

    __slots__ = ("artist_ids", "genre_ids", "release_of")

    def __init__(self) -> None:
        self.release_of: dict[int, int | None] = {}
        self.artist_ids: set[int] = set()
        self.genre_ids: set[int] = set()


async def take_out(connection: AsyncConnection, replaced: Sequence[int]) -> Before:
    """Delete the old rows of tracks that are written anew, and remember their parents."""
    before = Before()
    for part in sliced(replaced):
        for row in await connection.execute(
            select(tracks.c.file_id, tracks.c.release_id).where(tracks.c.file_id.in_(part))
        ):
            before.release_of[row[0]] = row[1]
        for table, column, into in (
            (track_credits, track_credits.c.artist_id, before.artist_ids),
            (track_genres, track_genres.c.genre_id, before.genre_ids),
        ):
            rows = await connection.execute(delete(table).where(table.c.file_id.in_(part)).returning(column))
            into.update(row[0] for row in rows)
        await connection.execute(delete(tracks).where(tracks.c.file_id.in_(part)))
    return before


async def insert(
    connection: AsyncConnection,
    items: Mapping[int, Audio],
    release_of: Mapping[int, int | None],
    artists_known: Parents,
    genres_known: Parents,
) -> None:
    """Insert the tracks of read files; their artists, genres and releases are there."""
    track_rows: list[tuple[Any, ...]] = []
    credit_rows: list[tuple[Any, ...]] = []
    genre_rows: list[tuple[Any, ...]] = []
    artist_of, genre_of = artists_known.id_of, genres_known.id_of
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
                    artist_of(credit.key),
                    credit.name,
                    credit.sort_name,
                    credit.mbid,
                )
            )
        genre_rows += [
            (file_id, position, genre_of(key), name)
            for position, (key, name) in enumerate(zip(item.genre_keys, item.genres, strict=True))
        ]
    await insert_rows(connection, tracks, _TRACK_COLUMNS, track_rows)
    await insert_rows(connection, track_credits, _CREDIT_COLUMNS, credit_rows)
    await insert_rows(connection, track_genres, _GENRE_COLUMNS, genre_rows)


def wanted_artists(items: Iterable[Audio]) -> dict[str, Shown]:
    """The artists that these files credit, by key."""
    wanted: dict[str, Shown] = {}
    for item in items:
        for credit in item.credits:
            shown = Shown(credit.name, credit.sort_name, credit.mbid)
            known = wanted.get(credit.key)
            wanted[credit.key] = shown if known is None else known.joined(shown)
    return wanted


def wanted_genres(items: Iterable[Audio]) -> dict[str, Shown]:
    """The genres that these files name, by key."""
    wanted: dict[str, Shown] = {}
    for item in items:
        for key, name in zip(item.genre_keys, item.genres, strict=True):
            known = wanted.get(key)
            wanted[key] = Shown(name) if known is None else known.joined(Shown(name))
    return wanted


async def remembered(
    connection: AsyncConnection, folder_ids: Sequence[int], items: Mapping[int, Audio]
) -> dict[int, list[tuple[TrackFacts, int | None]]]:
    """The tracks of these folders that this batch does not bring, with their releases."""
    found: dict[int, list[tuple[TrackFacts, int | None]]] = defaultdict(list)
    for part in sliced(folder_ids):
        rows = await connection.execute(
            select(media_files.c.folder_id, tracks.c.release_id, *FACT_COLUMNS)
            .join(tracks, tracks.c.file_id == media_files.c.id)
            .where(media_files.c.folder_id.in_(part))
        )
        for folder_id, release_id, *fact in rows:
            if fact[0] not in items:
                found[folder_id].append((remembered_facts(fact), release_id))
    await add_keys(connection, [fact for known in found.values() for fact, _ in known])
    return found


async def add_keys(connection: AsyncConnection, facts: Sequence[TrackFacts]) -> None:
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


async def releases_of(connection: AsyncConnection, file_ids: Sequence[int]) -> dict[int, int | None]:
    """The release of each of these tracks."""
    found: dict[int, int | None] = {}
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(tracks.c.file_id, tracks.c.release_id).where(tracks.c.file_id.in_(part))
        )
        found.update({row[0]: row[1] for row in rows})
    return found


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


def remembered_facts(row: Sequence[Any]) -> TrackFacts:
    """The grouping facts in a row of `FACT_COLUMNS`, still without artist keys."""
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
        sort_key(item.title or ""),
    )
