"""Films and episodes in all the layouts that people use: a real scan finds exactly what there is.

What is expected comes from the generator (`bench.corpus.video_library`), which asked nobody what a name says.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.corpus.video_library import ALL_LAYOUTS, build
from bench.corpus.video_making import Beside, Episode, Extra, Movie, Place, Show, VideoLibrary
from shelfread.app.video_beside import beside_of
from shelfread.store.search_due import ItemKind
from shelfread.store.video_items import episodes_of, movies_of, shows_of
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

Facts = dict[str, Any]


@dataclass
class Said:
    """A library as plain values that can be compared: each thing by the files that it has."""

    movies: dict[frozenset[Place], Facts] = field(default_factory=dict)
    shows: dict[frozenset[Place], Facts] = field(default_factory=dict)
    episodes: dict[frozenset[Place], Facts] = field(default_factory=dict)
    #: What sort each is, and the first file of what it belongs to.
    extras: dict[Place, tuple[str, Place | None]] = field(default_factory=dict)
    subtitles: dict[Place, Facts] = field(default_factory=dict)
    sounds: dict[Place, Facts] = field(default_factory=dict)
    pictures: dict[Place, str] = field(default_factory=dict)


def expected(library: VideoLibrary) -> Said:
    """What the generator wrote."""
    said = Said(pictures=library.pictures)
    for movie in library.movies:
        said.movies[movie.files] = _movie(movie)
    for show in library.shows:
        said.shows[_files(show)] = {
            "title": show.title,
            "year": show.year,
            "ids": show.ids,
            "seasons": {number: show.season_titles.get(number) for number in sorted(show.seasons)},
        }
        for episode in show.episodes:
            said.episodes[episode.files] = _episode(episode)
    said.extras = {one.place: (one.sort, _first(one)) for one in library.extras}
    said.subtitles = {one.place: _beside(one) for one in library.subtitles}
    said.sounds = {one.place: _beside(one) for one in library.sounds}
    return said


def _files(show: Show) -> frozenset[Place]:
    return frozenset(place for one in show.episodes for place in one.files)


def _first(extra: Extra) -> Place | None:
    if extra.of is None:
        return None
    return min(extra.of.files if isinstance(extra.of, Movie) else _files(extra.of))


def _movie(movie: Movie) -> Facts:
    return {
        "title": movie.title,
        "year": movie.year,
        "ids": movie.ids,
        "versions": {tuple(version) for version in movie.versions},
    }


def _episode(one: Episode) -> Facts:
    return {
        "season": one.season,
        "episode": one.episode,
        "episode_end": one.last,
        "absolute": one.absolute,
        "absolute_end": one.absolute_last,
        "air_date": one.date,
        "title": one.title,
        "versions": {tuple(version) for version in one.versions},
    }


def _beside(one: Beside) -> Facts:
    flags = {"forced": one.forced, "sdh": one.sdh, "default": one.default}
    return {"of": one.of, "language": one.language, "title": one.title, **flags}


class Catalogued:
    """What the catalogue of a library has, in the same values."""

    def __init__(self, shelf: Shelf, rows: catalogue.Rows, every: int) -> None:
        self._shelf = shelf
        #: Of very many items not all are asked what stands beside them: those that have something, and one
        #: in so many of the others.
        self._every = every
        trees = [os.fsencode(tree.path) for tree in shelf.trees]
        roots = {row["id"]: trees.index(row["path"]) for row in rows["roots"]}
        self._folders = {row["id"]: (roots[row["root_id"]], row["path"]) for row in rows["folders"]}
        self._at = {row["id"]: self._place(row["folder_id"], row["name"]) for row in rows["media_files"]}
        self._rows = rows
        self.said = Said()

    def _place(self, folder_id: int, name: bytes) -> Place:
        root, path = self._folders[folder_id]
        return Place(root, os.fsdecode(os.path.join(path, name)))

    async def read(self, wanted: Said) -> Said:
        """Everything, by the questions that the API asks."""
        told = {place for one in (*wanted.subtitles.values(), *wanted.sounds.values()) for place in one["of"]}
        async with self._shelf.database.read() as connection:
            movies = await movies_of(connection, self._ids("movies"), whole=True)
            episodes = await episodes_of(connection, self._ids("episodes"), whole=True)
            shows = await shows_of(connection, self._ids("shows"), whole=True)
            for kind, items in ((ItemKind.MOVIE, movies), (ItemKind.EPISODE, episodes)):
                for number, one in enumerate(items):
                    files = {self._at[part["id"]] for each in one["versions"] for part in each["parts"]}
                    asked = number % self._every == 0 or not told.isdisjoint(files)
                    one["beside"] = await beside_of(connection, kind, one["id"]) if asked else []
        self._note_items(movies, episodes, shows)
        for row in self._rows["sidecars"]:
            if row["mime"] is not None:
                self.said.pictures[self._place(row["folder_id"], row["name"])] = row["type"]
        return self.said

    def _ids(self, table: str) -> list[int]:
        return [row["id"] for row in self._rows[table]]

    def _note_items(self, movies: list[Facts], episodes: list[Facts], shows: list[Facts]) -> None:
        of_movies: dict[int, set[Place]] = {row["id"]: set() for row in movies}
        of_episodes: dict[int, set[Place]] = {row["id"]: set() for row in episodes}
        for row in self._rows["videos"]:
            place = self._at[row["file_id"]]
            if row["type"] == "movie":
                of_movies[row["movie_id"]].add(place)
            elif row["type"] == "episode":
                of_episodes[row["episode_id"]].add(place)
            else:
                self.said.extras[place] = (row["extra"], None)
        for one in movies:
            files = frozenset(of_movies[one["id"]])
            self.said.movies[files] = {
                "title": one["title"],
                "year": one["year"],
                "ids": one["provider_ids"],
                "versions": self._versions(one),
            }
            self._note_extras(one, files)
            self._note_beside(one, files)
        of_shows: dict[int, set[Place]] = {row["id"]: set() for row in shows}
        for one in episodes:
            files = frozenset(of_episodes[one["id"]])
            of_shows[one["show_id"]] |= files
            told = ("season", "episode", "episode_end", "absolute", "absolute_end", "air_date", "title")
            self.said.episodes[files] = {name: one[name] for name in told} | {"versions": self._versions(one)}
            self._note_beside(one, files)
        for one in shows:
            files = frozenset(of_shows[one["id"]])
            self.said.shows[files] = {
                "title": one["title"],
                "year": one["year"],
                "ids": one["provider_ids"],
                "seasons": {
                    row["number"]: row["title"] for row in one["seasons"] if row["number"] is not None
                },
            }
            self._note_extras(one, files)

    def _versions(self, item: Facts) -> set[tuple[Place, ...]]:
        return {tuple(self._at[part["id"]] for part in version["parts"]) for version in item["versions"]}

    def _note_extras(self, item: Facts, files: frozenset[Place]) -> None:
        for extra in item["extras"]:
            place = self._at[extra["id"]]
            sort, of = self.said.extras[place]
            assert of is None, f"{place.path} belongs to two"
            self.said.extras[place] = (sort, min(files))

    def _note_beside(self, item: Facts, files: frozenset[Place]) -> None:
        trees = [os.fsencode(tree.path) for tree in self._shelf.trees]
        for one in item["beside"]:
            (root,) = [number for number, path in enumerate(trees) if one.path.startswith(path + b"/")]
            place = Place(root, os.fsdecode(one.path[len(trees[root]) + 1 :]))
            said = self.said.subtitles if one.type == "subtitle" else self.said.sounds
            assert place not in said, f"{place.path} belongs to two"
            of = files if one.video_id is None else frozenset({self._at[one.video_id]})
            flags = {name: bool(getattr(one, name)) for name in ("forced", "sdh", "default")}
            said[place] = {"of": of, "language": one.language, "title": one.title, **flags}


def assert_equal(found: Any, wanted: Any, what: str) -> None:
    """Compare two dicts, and show only where they differ."""
    differing = {
        key: (found.get(key), wanted.get(key))
        for key in found.keys() | wanted.keys()
        if found.get(key) != wanted.get(key)
    }
    shown = "\n".join(
        f"{key}\n    is     {is_}\n    wanted {want}" for key, (is_, want) in list(differing.items())[:8]
    )
    assert not differing, f"{len(differing)} {what} differ:\n{shown}"


@pytest.mark.parametrize(("kind", "count"), [("sqlite", 2000), ("postgresql", ALL_LAYOUTS)])
async def test_a_scan_finds_exactly_the_movies_shows_episodes_versions_extras_and_subtitles(
    new_video_shelf: NewShelf, tmp_path: Path, kind: str, count: int
) -> None:
    library = build([tmp_path / "first disk", tmp_path / "second disk"], count)
    trees = [Tree(tmp_path / "first disk"), Tree(tmp_path / "second disk")]
    shelf = await new_video_shelf(kind, trees=trees)
    files = len(library.videos) + len(library.extras)
    assert await shelf.scan() == {"added": files}
    assert await shelf.problems() == set()
    wanted = expected(library)
    catalogued = Catalogued(shelf, await catalogue.rows(shelf.database), 1 if count == ALL_LAYOUTS else 5)
    found = await catalogued.read(wanted)
    for what in Said.__dataclass_fields__:
        assert_equal(getattr(found, what), getattr(wanted, what), what)
    # And once more: nothing has changed, so nothing is opened.
    assert await shelf.scan() == {"unchanged": files}
    assert shelf.opened == []
