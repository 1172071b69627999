"""What the cover of a release or a book is made from: pictures beside its files, else a picture inside one.

Reads only what the catalogue knows: names, kinds and stamps. Whether a file really gives a picture turns out
when it is read, in `tasks.covers`; then the next source is tried.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.search_due import ItemKind
from shelfread.store.tables import books, folders, media_files, sidecars, tracks

#: Names of pictures that are meant as the cover, the best first.
_NAMES = ("cover", "folder", "front", "poster", "albumart")
#: What a page is the first of; the cover of an EPUB or of a PDF is one picture, however wide.
_SCANNED = ("zip", "rar", "7z", "tar")


@dataclass(frozen=True, slots=True)
class CoverSource:
    """One file that a cover can be made from, as the catalogue knows it."""

    #: A picture file, and not media with a picture inside.
    is_picture: bool
    root_id: int
    #: Below its root.
    relative: bytes
    size: int
    mtime_ns: int
    #: The half of a double page that is the front, right or left; None where it is no page.
    front: str | None = None

    @property
    def key(self) -> str:
        """The same as long as it gives the same cover. A file that was moved is the same file."""
        role = "picture" if self.is_picture else "file"
        return f"{role} {self.size} {self.mtime_ns}" + (f" {self.front}" if self.front else "")


class _Folder(NamedTuple):
    root_id: int
    parent_id: int | None
    path: bytes


class _Picture(NamedTuple):
    name: bytes
    size: int
    mtime_ns: int
    type: str
    pixels: int

    @property
    def stem(self) -> str:
        return os.path.splitext(self.name)[0].decode("utf-8", "replace").casefold()

    def rank(self) -> tuple[int, int, int, bytes]:
        """The best first: called exactly so, then by the word in its name, then the largest."""
        stem = self.stem
        named = next((place for place, word in enumerate(_NAMES) if word in stem), len(_NAMES))
        return (0 if stem in _NAMES else 1, named, -self.pixels, self.name)


async def sources(connection: AsyncConnection, kind: int, ids: Sequence[int]) -> dict[int, list[CoverSource]]:
    """What the cover of each item can be made from, the best first; items that are gone are left out."""
    if kind == ItemKind.RELEASE:
        return await _of_releases(connection, ids)
    if kind == ItemKind.BOOK:
        return await _of_books(connection, ids)
    return {}


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
    places = await _folders(connection, {row.folder_id for each in tracks_of.values() for row in each})
    parents = await _folders(
        connection, {place.parent_id for place in places.values() if place.parent_id is not None}
    )
    places |= {folder_id: place for folder_id, place in parents.items() if folder_id not in places}
    pictures = await _pictures(connection, places)
    found: dict[int, list[CoverSource]] = {}
    for release_id, own in tracks_of.items():
        # What is missing counts for where its picture would be, and gives none itself.
        there = [row for row in own if row.status != "missing"]
        chosen = []
        for folder_id in _best_folders([row.folder_id for row in own], places):
            fronts = [picture for picture in pictures.get(folder_id, ()) if picture.type == "front"]
            if fronts:
                chosen.append(_beside(places[folder_id], min(fronts, key=_Picture.rank), None))
                break
        with_picture = [row for row in there if row.has_cover]
        if with_picture:
            first = min(with_picture, key=lambda row: (row.disc or 1, row.track or 1 << 30, row.name))
            chosen.append(_inside(places[first.folder_id], first, None))
        found[release_id] = chosen
    return found


def _best_folders(folder_ids: Sequence[int], places: dict[int, _Folder]) -> list[int]:
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
    places = await _folders(connection, {row.folder_id for row in rows})
    pictures = await _pictures(connection, places)
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
            _beside(places[row.folder_id], min(some, key=_Picture.rank), front)
            for some in (named, fronts)
            if some
        ][:1]
        if row.status != "missing":
            chosen.append(_inside(places[row.folder_id], row, front))
        found[row.file_id] = chosen
    return found


# What both ask for


async def _folders(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, _Folder]:
    rows = await connection.execute(
        select(folders.c.id, folders.c.root_id, folders.c.parent_id, folders.c.path).where(
            folders.c.id.in_(sorted(ids))
        )
    )
    return {row[0]: _Folder(*row[1:]) for row in rows}


async def _pictures(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, list[_Picture]]:
    rows = await connection.execute(
        select(
            sidecars.c.folder_id,
            sidecars.c.name,
            sidecars.c.size,
            sidecars.c.mtime_ns,
            sidecars.c.type,
            sidecars.c.width,
            sidecars.c.height,
        ).where(sidecars.c.folder_id.in_(sorted(ids)), sidecars.c.mime.is_not(None))
    )
    found: dict[int, list[_Picture]] = defaultdict(list)
    for folder_id, name, size, mtime_ns, shows, width, height in rows:
        found[folder_id].append(_Picture(name, size, mtime_ns, shows, (width or 0) * (height or 0)))
    return found


def _beside(place: _Folder, picture: _Picture, front: str | None) -> CoverSource:
    relative = os.path.join(place.path, picture.name)
    return CoverSource(True, place.root_id, relative, picture.size, picture.mtime_ns, front)


def _inside(place: _Folder, row: Any, front: str | None) -> CoverSource:
    relative = os.path.join(place.path, row.name)
    return CoverSource(False, place.root_id, relative, row.size, row.mtime_ns, front)
