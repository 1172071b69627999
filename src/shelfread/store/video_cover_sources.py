"""What the cover of a film, a show, a season or an episode is made from: pictures beside files, or in one.

Beside `cover_sources`, which has music and books. What a picture shows its kind has read from its name
(`Sidecar`: a type, and in its facts the season or the video that it is of); here is whose it is. A picture
that names nobody belongs to the one item whose folder it is in, and to none of several.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.cover_files import (
    CoverSource,
    Folder,
    Picture,
    folders_of,
    media_source,
    picture_source,
    pictures_in,
)
from shelfread.store.files import sliced
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import episodes, folders, media_files, seasons, videos
from shelfread.store.video_rows import only_show_in

#: What a picture that shows the item may show, the best first: upright ones before stills.
_OF_MOVIE = ("poster", "keyart", "other", "thumb")
_OF_EPISODE = ("thumb", "other", "poster")
#: Names of the picture of a folder, the best first.
_NAMES = ("poster", "folder", "cover", "movie", "show", "default")
#: What has pictures that can be taken out (`media.video.embedded`).
_CONTAINERS = ("matroska", "webm", "mp4", "mov")

#: How a picture belongs to a film or an episode, the best first: it has the name of one of its files, no name
#: of its own in the film's folder, the name of the film without that of its version; it is inside a file; it
#: is a still of a film, which is better than nothing.
_SAME_NAME, _OF_FOLDER, _SAME_FILM, _INSIDE, _STILL = range(5)

#: A root, and a folder below it.
_Place = tuple[int, bytes]
#: What a source is sorted by, and the source.
_Ranked = tuple[tuple[Any, ...], CoverSource]


async def sources(connection: AsyncConnection, kind: int, ids: Sequence[int]) -> dict[int, list[CoverSource]]:
    """What the cover of each item can be made from, the best first; items that are gone are left out."""
    if kind == ItemKind.MOVIE:
        return await _of_files(connection, videos.c.movie_id, ids, _OF_MOVIE)
    if kind == ItemKind.EPISODE:
        return await _of_files(connection, videos.c.episode_id, ids, _OF_EPISODE)
    found: dict[int, list[CoverSource]] = {}
    if kind == ItemKind.SHOW:
        for show_id in ids:
            shelf = await _Shelf.of(connection, show_id)
            if shelf is not None:
                found[show_id] = shelf.of_show()
    elif kind == ItemKind.SEASON:
        rows = await connection.execute(
            select(seasons.c.id, seasons.c.number, seasons.c.show_id).where(seasons.c.id.in_(list(ids)))
        )
        shelves: dict[int, _Shelf | None] = {}
        for season_id, number, show_id in rows.all():
            if show_id not in shelves:
                shelves[show_id] = await _Shelf.of(connection, show_id)
            shelf = shelves[show_id]
            if shelf is not None:
                found[season_id] = shelf.of_season(season_id, number)
    return found


# Movies and episodes: what has the name of one of their files, what is alone with them, what is inside


async def _of_files(
    connection: AsyncConnection, column: Any, ids: Sequence[int], wanted: Sequence[str]
) -> dict[int, list[CoverSource]]:
    rows = await connection.execute(
        select(
            column.label("item_id"),
            videos.c.root_id,
            videos.c.base,
            videos.c.part,
            videos.c.container,
            videos.c.has_cover,
            media_files.c.folder_id,
            media_files.c.name,
            media_files.c.size,
            media_files.c.mtime_ns,
            media_files.c.status,
        )
        .join(media_files, media_files.c.id == videos.c.file_id)
        .where(column.in_(list(ids)))
    )
    files_of: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        files_of[row.item_id].append(row)
    everything = [row for own in files_of.values() for row in own]
    bases = await _folders_at(connection, {(row.root_id, bytes(row.base)) for row in everything})
    places = await folders_of(connection, {row.folder_id for row in everything} | set(bases.values()))
    pictures = await pictures_in(connection, places)
    holders = await _holders(connection, bases) if column is videos.c.movie_id else {}
    found: dict[int, list[CoverSource]] = {}
    for item_id, own in files_of.items():
        stems = {os.path.splitext(row.name)[0].decode("utf-8", "replace").casefold() for row in own}
        homes = {bases[place] for row in own if (place := (row.root_id, bytes(row.base))) in bases}
        chosen = _inside(places, own)
        for folder_id in homes | {row.folder_id for row in own}:
            alone = folder_id in homes and holders.get(folder_id) == (item_id, item_id, 0)
            for picture in pictures.get(folder_id, ()):
                rank = _rank_beside(picture, stems, wanted, alone=alone)
                if rank is not None:
                    chosen.append((rank, picture_source(places[folder_id], picture)))
        found[item_id] = _best(chosen)
    return found


def _rank_beside(
    picture: Picture, stems: set[str], wanted: Sequence[str], *, alone: bool
) -> tuple[Any, ...] | None:
    """How well a picture shows an item with files of these names; None where it does not."""
    if picture.type not in wanted or "season" in picture.facts:
        return None
    of = picture.facts.get("of")
    own = of.casefold() if isinstance(of, str) else picture.stem
    shows = wanted.index(picture.type)
    if own in stems:
        how = _SAME_NAME
    elif not alone or picture.type == "other":
        return None
    elif of is None:
        how = _OF_FOLDER
    elif any(stem.startswith(own) for stem in stems):
        how = _SAME_FILM
    else:
        return None
    if picture.type == "thumb" and wanted is _OF_MOVIE:
        how = _STILL
    return how, shows, _named(picture), -picture.pixels, picture.name


def _inside(places: dict[int, Folder], own: Sequence[Any]) -> list[_Ranked]:
    """The first of the files with a picture that can be taken out."""
    there = [row for row in own if row.has_cover and row.status != "missing" and row.container in _CONTAINERS]
    if not there:
        return []
    first = min(there, key=lambda row: (row.part or 1, row.name))
    return [((_INSIDE,), media_source(places[first.folder_id], first))]


async def _folders_at(connection: AsyncConnection, wanted: Iterable[_Place]) -> dict[_Place, int]:
    """The rows of folders by where they are."""
    found: dict[_Place, int] = {}
    for root_id, paths in _by_root(wanted):
        for part in sliced(paths):
            rows = await connection.execute(
                select(folders.c.path, folders.c.id).where(
                    folders.c.root_id == root_id, folders.c.path.in_(part)
                )
            )
            found.update({(root_id, bytes(path)): row_id for path, row_id in rows})
    return found


async def _holders(connection: AsyncConnection, bases: dict[_Place, int]) -> dict[int, tuple[int, int, int]]:
    """By folder: the least and the greatest movie in it, and how many episodes."""
    found: dict[int, tuple[int, int, int]] = {}
    for root_id, paths in _by_root(bases):
        for part in sliced(paths):
            rows = await connection.execute(
                select(
                    videos.c.base,
                    func.min(videos.c.movie_id),
                    func.max(videos.c.movie_id),
                    func.count(videos.c.episode_id),
                )
                .where(videos.c.root_id == root_id, videos.c.base.in_(part))
                .group_by(videos.c.base)
            )
            for base, least, most, others in rows:
                found[bases[root_id, bytes(base)]] = (least, most, others)
    return found


def _by_root(places: Iterable[_Place]) -> Iterator[tuple[int, list[bytes]]]:
    """A search in an index for each root; for pairs of root and path SQLite walks all of it."""
    for root_id, group in groupby(sorted(places), key=lambda place: place[0]):
        yield root_id, [path for _, path in group]


# Shows and seasons: what stands in the folders of their episodes, and in those above


class _Shelf:
    """The folders of one show with their pictures: those that hold nothing else."""

    def __init__(
        self, places: dict[int, Folder], pictures: dict[int, list[Picture]], seasons_in: dict[int, set[int]]
    ) -> None:
        self._places = places
        self._pictures = pictures
        #: Folder to the seasons whose episodes are directly in it.
        self._seasons_in = seasons_in

    @classmethod
    async def of(cls, connection: AsyncConnection, show_id: int) -> _Shelf | None:
        """The folders of a show; None where it has no episodes any more."""
        rows = await connection.execute(
            select(videos.c.root_id, videos.c.base, episodes.c.season_id)
            .join(episodes, episodes.c.id == videos.c.episode_id)
            .where(episodes.c.show_id == show_id)
            .distinct()
        )
        inside: dict[_Place, set[int]] = defaultdict(set)
        for root_id, base, season_id in rows:
            inside[root_id, bytes(base)].add(season_id)
        if not inside:
            return None
        above = {(root_id, path.rpartition(b"/")[0]) for root_id, path in inside if path}
        near = sorted(above | inside.keys())
        own = [place for place in near if await only_show_in(connection, *place, show_id)]
        ids = await _folders_at(connection, own)
        places = await folders_of(connection, ids.values())
        seasons_in = {ids[place]: inside[place] for place in own if place in ids and place in inside}
        return cls(places, await pictures_in(connection, places), seasons_in)

    def of_show(self) -> list[CoverSource]:
        """The best is in the folder above its seasons; the picture of a season is better than none."""
        return _best(
            [
                ((place in self._seasons_in, self._places[place].path, _named(picture), picture.name), source)
                for place, picture, source in self._posters()
                if "season" not in picture.facts
            ]
        )

    def of_season(self, season_id: int, number: int) -> list[CoverSource]:
        """What is named after the season, then what stands in a folder of its own."""
        return _best(
            [
                ((not named, _named(picture), -picture.pixels, picture.name), source)
                for place, picture, source in self._posters()
                if (named := picture.facts.get("season") == number)
                or ("season" not in picture.facts and self._seasons_in.get(place) == {season_id})
            ]
        )

    def _posters(self) -> Iterator[tuple[int, Picture, CoverSource]]:
        for folder_id, pictures in self._pictures.items():
            for picture in pictures:
                if picture.type == "poster" and "of" not in picture.facts:
                    yield folder_id, picture, picture_source(self._places[folder_id], picture)


def _named(picture: Picture) -> int:
    """How well the name of a folder's picture says that it is the one."""
    return _NAMES.index(picture.stem) if picture.stem in _NAMES else len(_NAMES)


def _best(found: list[_Ranked]) -> list[CoverSource]:
    """The best two: where one cannot be made into a cover another is tried, but not a whole folder."""
    return [source for _, source in sorted(found, key=lambda one: one[0])[:2]]
