"""What the cover of an item is made from: pictures beside its files, else a picture inside one.

Here are releases and books; `video_cover_sources` has films and shows. Reads only what the catalogue knows:
names, kinds and stamps. Whether a file really gives a picture turns out when it is read, in `tasks.covers`;
then the next source is tried.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store import video_cover_sources
from shelfread.store.cover_files import (
    CoverSource,
    Folder,
    Picture,
    folders_of,
    media_source,
    picture_source,
    pictures_in,
)
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import books, media_files, tracks

#: Names of pictures that are meant as the cover, the best first.
_NAMES = ("cover", "folder", "front", "poster", "albumart")
#: What a page is the first of; the cover of an EPUB or of a PDF is one picture, however wide.
_SCANNED = ("zip", "rar", "7z", "tar")


def _rank(picture: Picture) -> tuple[int, int, int, bytes]:
    """The best first: called exactly so, then by the word in its name, then the largest."""
    stem = picture.stem
    named = next((place for place, word in enumerate(_NAMES) if word in stem), len(_NAMES))
    return (0 if stem in _NAMES else 1, named, -picture.pixels, picture.name)


async def sources(connection: AsyncConnection, kind: int, ids: Sequence[int]) -> dict[int, list[CoverSource]]:
    """What the cover of each item can be made from, the best first; items that are gone are left out."""
    if kind == ItemKind.RELEASE:
        return await _of_releases(connection, ids)
    if kind == ItemKind.BOOK:
        return await _of_books(connection, ids)
    return await video_cover_sources.sources(connection, kind, ids)


# Music: beside the tracks, else inside one

_TRACK = (
    tracks.c.release_id,
    media_files.c.folder_id,
    media_files.c.name,
    media_files.c.size,
    media_files.c.mtime_ns,
    media_files.c.status,
    tracks.c.has_cover,
    tracks.c.disc,
    tracks.c.track,
)


async def _of_releases(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, list[CoverSource]]:
    rows = await connection.execute(
        select(*_TRACK)
        .join(media_files, media_files.c.id == tracks.c.file_id)
        .where(tracks.c.release_id.in_(list(ids)))
    )
    tracks_of: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        tracks_of[row.release_id].append(row)
    places = await folders_of(connection, {row.folder_id for each in tracks_of.values() for row in each})
    parents = await folders_of(
        connection, {place.parent_id for place in places.values() if place.parent_id is not None}
    )
    places |= {folder_id: place for folder_id, place in parents.items() if folder_id not in places}
    pictures = await pictures_in(connection, places)
    found: dict[int, list[CoverSource]] = {}
    for release_id, own in tracks_of.items():
        # What is missing counts for where its picture would be, and gives none itself.
        there = [row for row in own if row.status != "missing"]
        chosen = []
        for folder_id in _best_folders([row.folder_id for row in own], places):
            fronts = [picture for picture in pictures.get(folder_id, ()) if picture.type == "front"]
            if fronts:
                chosen.append(picture_source(places[folder_id], min(fronts, key=_rank), None))
                break
        with_picture = [row for row in there if row.has_cover]
        if with_picture:
            first = min(with_picture, key=lambda row: (row.disc or 1, row.track or 1 << 30, row.name))
            chosen.append(media_source(places[first.folder_id], first, None))
        found[release_id] = chosen
    return found


def _best_folders(folder_ids: Sequence[int], places: dict[int, Folder]) -> list[int]:
    """Where the picture of a release is looked for: with most of its tracks, then above its discs."""
    counted = Counter(folder_ids)
    most = min(counted, key=lambda folder_id: (-counted[folder_id], places[folder_id].path))
    found = [most]
    parent = places[most].parent_id
    if parent is not None and any(other != most and places[other].parent_id == parent for other in counted):
        found.append(parent)
    return found


# Books: a picture of its name, the picture of its folder where it is alone there, else inside

_BOOK = (
    books.c.file_id,
    books.c.container,
    books.c.format,
    books.c.direction,
    media_files.c.folder_id,
    media_files.c.name,
    media_files.c.size,
    media_files.c.mtime_ns,
    media_files.c.status,
)


async def _of_books(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, list[CoverSource]]:
    rows = (
        await connection.execute(
            select(*_BOOK)
            .join(media_files, media_files.c.id == books.c.file_id)
            .where(books.c.file_id.in_(list(ids)))
        )
    ).all()
    places = await folders_of(connection, {row.folder_id for row in rows})
    pictures = await pictures_in(connection, places)
    counted = await connection.execute(
        select(media_files.c.folder_id, func.count())
        .where(media_files.c.folder_id.in_(sorted(places)), media_files.c.status != "missing")
        .group_by(media_files.c.folder_id)
    )
    books_in = {row[0]: row[1] for row in counted}
    found: dict[int, list[CoverSource]] = {}
    for row in rows:
        front = None
        if row.container in _SCANNED and row.format != "epub":
            front = "left" if row.direction == "rtl" else "right"
        own = os.path.splitext(row.name)[0].decode("utf-8", "replace").casefold()
        alone = books_in.get(row.folder_id, 0) <= 1
        beside = pictures.get(row.folder_id, ())
        named = [picture for picture in beside if picture.stem == own]
        fronts = [picture for picture in beside if alone and picture.type == "front"]
        chosen = [
            picture_source(places[row.folder_id], min(some, key=_rank), front)
            for some in (named, fronts)
            if some
        ][:1]
        if row.status != "missing":
            chosen.append(media_source(places[row.folder_id], row, front))
        found[row.file_id] = chosen
    return found
