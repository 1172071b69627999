"""What a library of films and episodes holds, as plain data, and the hand that writes its files.

Between `video_library`, whose layouts decide what there is and how it is called, and `video_files`, which
has the films. Whoever writes a file says in the same breath what it is: nothing here reads a name, so what is
expected of a scan owes nothing to the program that scans.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from bench.corpus.pictures import picture
from bench.corpus.video_files import clip, disc_index
from bench.corpus.video_titles import titles

#: 2015 to 2023: no file looks as if it were still being written.
_YEARS = (1_420_070_400, 1_704_067_199)


class Place(NamedTuple):
    """A file: the number of its root, and its path below it."""

    root: int
    path: str


@dataclass(slots=True)
class Movie:
    """A film with all its files."""

    title: str
    year: int | None
    ids: dict[str, str] = field(default_factory=dict)
    #: Of each version its parts, in order; of a disc those of its main title.
    versions: list[list[Place]] = field(default_factory=list)
    #: What else is on a disc: menus, and what is shorter.
    others: list[Place] = field(default_factory=list)

    @property
    def files(self) -> frozenset[Place]:
        """All its files."""
        return frozenset(place for version in (*self.versions, self.others) for place in version)


@dataclass(slots=True)
class Episode:
    """An episode, or several in one file."""

    season: int | None
    episode: int | None = None
    last: int | None = None
    absolute: int | None = None
    absolute_last: int | None = None
    date: str | None = None
    title: str | None = None
    versions: list[list[Place]] = field(default_factory=list)

    @property
    def files(self) -> frozenset[Place]:
        """The files of all versions."""
        return frozenset(place for version in self.versions for place in version)


@dataclass(slots=True)
class Show:
    """A show with its episodes."""

    title: str
    year: int | None
    ids: dict[str, str] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    #: What season.nfo calls them.
    season_titles: dict[int, str] = field(default_factory=dict)

    @property
    def seasons(self) -> set[int]:
        """The numbers of its seasons; 0 holds the specials."""
        return {one.season for one in self.episodes if one.season is not None}


@dataclass(slots=True)
class Extra:
    """A trailer, a featurette, a sample: `of` is the film or the show that it belongs to."""

    place: Place
    sort: str
    of: Movie | Show | None


@dataclass(slots=True)
class Beside:
    """A subtitle or audio file: `of` are the files of which any may be the one it is for."""

    place: Place
    of: frozenset[Place]
    language: str | None = None
    forced: bool = False
    sdh: bool = False
    default: bool = False
    title: str | None = None


@dataclass(slots=True)
class VideoLibrary:
    """Everything that a scan has to find, no more and no less."""

    movies: list[Movie] = field(default_factory=list)
    shows: list[Show] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    subtitles: list[Beside] = field(default_factory=list)
    sounds: list[Beside] = field(default_factory=list)
    #: What pictures show: poster, fanart...
    pictures: dict[Place, str] = field(default_factory=dict)

    @property
    def videos(self) -> set[Place]:
        """All files of films and episodes."""
        items: list[Movie | Episode] = [
            *self.movies,
            *(one for show in self.shows for one in show.episodes),
        ]
        return {place for item in items for place in item.files}


@cache
def _poster(shape: tuple[int, int]) -> bytes:
    return picture("jpeg", *shape, 7)


class Making:
    """Writes the files of one library below its roots, and notes what they are."""

    def __init__(self, roots: Sequence[Path], seed: int, length: float = 1.0) -> None:
        self.library = VideoLibrary()
        self.rng = random.Random(f"video library {seed}")
        self._roots = [os.fspath(root) for root in roots]
        self._folders: set[str] = set()
        self._number = seed * 1_000_000
        self._length = length
        self._titles = titles(random.Random(f"titles {seed}"))
        #: How many files of films and episodes there are.
        self.count = 0

    def title(self, *, plain: bool = False) -> str:
        """A title that nothing else has; a plain one is words in ASCII with blanks between them."""
        while True:
            title = next(self._titles)
            if not plain or (title.isascii() and title.replace(" ", "").isalpha()):
                return title

    def year(self) -> int:
        """A year of a film."""
        return self.rng.randrange(1930, 2024)

    def movie(self, title: str, year: int | None, **ids: str) -> Movie:
        """Note a film."""
        movie = Movie(title, year, ids)
        self.library.movies.append(movie)
        return movie

    def show(self, title: str, year: int | None = None, **ids: str) -> Show:
        """Note a show."""
        show = Show(title, year, ids)
        self.library.shows.append(show)
        return show

    def version(self, item: Movie | Episode, *paths: str, root: int = 0, seconds: float = 0.2) -> list[Place]:
        """Write one version of an item: its file, or its parts."""
        places = [self.video(path, root=root, seconds=seconds) for path in paths]
        item.versions.append(places)
        return places

    def video(self, path: str, *, root: int = 0, seconds: float = 0.2) -> Place:
        """Write a file of a film or an episode."""
        self.count += 1
        return self._clip(path, root, seconds)

    def extra(self, path: str, sort: str, of: Movie | Show | None, *, root: int = 0) -> Place:
        """Write an extra or a sample."""
        place = self._clip(path, root, 0.2)
        self.library.extras.append(Extra(place, sort, of))
        return place

    def index(self, path: str) -> None:
        """Write an index of a DVD, which is no item itself."""
        self._number += 1
        self.file(path, disc_index(self._number))

    def subtitle(
        self,
        path: str,
        of: Iterable[Place],
        language: str | None = None,
        *,
        forced: bool = False,
        sdh: bool = False,
        default: bool = False,
        title: str | None = None,
    ) -> None:
        """Write a subtitle file for one of these files."""
        among = frozenset(of)
        place = self.file(path, "1\n00:00:00,100 --> 00:00:00,150\nHello\n", root=next(iter(among)).root)
        self.library.subtitles.append(Beside(place, among, language, forced, sdh, default, title))

    def sound(self, path: str, of: Iterable[Place], language: str, title: str | None = None) -> None:
        """Write a sound file for one of these files."""
        among = frozenset(of)
        place = self.file(path, b"\x0b\x77" + bytes(500), root=next(iter(among)).root)
        self.library.sounds.append(Beside(place, among, language, title=title))

    def picture(self, path: str, shows: str, *, root: int = 0) -> None:
        """Write a picture."""
        shape = (80, 120) if shows == "poster" else (120, 68)
        self.library.pictures[self.file(path, _poster(shape), root=root)] = shows

    def nfo(self, path: str, kind: str, *more: Sequence[tuple[str, object]], root: int = 0) -> None:
        """Write an NFO with one root element of that kind for each list of fields."""
        made = "\n".join(
            f"<{kind}>{''.join(_element(name, value) for name, value in fields)}</{kind}>" for fields in more
        )
        self.file(path, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{made}\n', root=root)

    def file(self, path: str, content: str | bytes, *, root: int = 0) -> Place:
        """Write any file, with a time of long ago."""
        whole = f"{self._roots[root]}/{path}"
        folder = whole.rpartition("/")[0]
        if folder not in self._folders:
            os.makedirs(folder, exist_ok=True)
            self._folders.add(folder)
        fd = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.write(fd, content.encode() if isinstance(content, str) else content)
            moment = self.rng.randrange(*_YEARS)
            os.utime(fd, (moment, moment))
        finally:
            os.close(fd)
        return Place(root, path)

    def _clip(self, path: str, root: int, seconds: float) -> Place:
        self._number += 1
        suffix = path.rpartition(".")[2].lower()
        what = "hevc.mkv" if suffix == "mkv" and ("2160p" in path or "4K" in path) else suffix
        return self.file(path, clip(what, self._number, seconds=seconds * self._length), root=root)


#: A layout writes some items in one of the ways in which people keep them.
Layout = Callable[[Making], None]


def _element(name: str, value: object) -> str:
    if isinstance(value, dict):
        attributes = "".join(f' {key}="{one}"' for key, one in value.items() if key != "")
        return f"<{name}{attributes}>{escape(str(value['']))}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"
