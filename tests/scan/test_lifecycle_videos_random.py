"""Many changes of videos between many scans, drawn at random: the end is that of a first scan (A6, C8)."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from shelfread.scan.plan import Mode
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree, cover
from tests.videos_on_disk import nfo, put

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILMS = ["Harbour", "Ferry (1999)", "Harbour (2001)"]
SHOWS = ["Tides", "Tides (2010)", "Owls"]


class Watchers:
    """Those who change a folder of videos, by a seed."""

    def __init__(self, tree: Tree, rng: random.Random, *, deletes: bool) -> None:
        self.tree = tree
        self.rng = rng
        self._made = 0
        self._kept: list[tuple[str, str]] = []
        self._ways: list[Callable[[], None]] = [
            self.add, self.add, self.add, self.replace, self.move, self.move, self.move, self.move_folder,
            self.rename_folder, self.copy, self.touch, self.damage, self.tell_file, self.tell_movie,
            self.tell_show, self.tell_season, self.subtitle, self.picture, self.untell,
        ]  # fmt: skip
        if deletes:
            self._ways += [self.delete, self.put_aside, self.put_back]

    def act(self) -> None:
        self.rng.choice(self._ways)()

    def files(self) -> list[str]:
        suffixes = {".mkv", ".avi", ".mp4", ".VOB", ".strm"}
        found = (path for path in self.tree.path.rglob("*") if path.suffix in suffixes)
        return sorted(os.fspath(path.relative_to(self.tree.path)) for path in found)

    def _one(self) -> str | None:
        names = self.files()
        return self.rng.choice(names) if names else None

    def _place(self) -> str:
        """A name that means something, as often as not the one of an item that is there."""
        rng = self.rng
        film, show = rng.choice(FILMS), rng.choice(SHOWS)
        plain, season, number = show.partition(" (")[0], rng.randrange(3), rng.randrange(1, 4)
        return rng.choice(
            [
                f"{film}/{film}.mkv",
                f"{film}/{film} - {rng.choice(['1080p', '2160p', 'Final Cut'])}.mkv",
                f"{film}/{film} cd{number}.avi",
                f"{film}/CD{number}/{film}.avi",
                f"Films/{film}.mp4",
                f"Films/{film}-trailer.mp4",
                f"{film}/Trailers/One {number}.mp4",
                f"{film}/VIDEO_TS/VTS_0{number}_1.VOB",
                f"{film}.mkv",
                f"{show}/Season {season}/{plain} S0{season}E0{number}.mkv",
                f"{show}/Season {season}/{plain} S0{season}E0{number}-E0{number + 1}.mkv",
                f"{show}/Season {season}/Extras/Some {number}.mp4",
                f"{show}/{plain}.{season + 1}x0{number}.720p.x264-GRP.mkv",
                f"Downloads/{plain}.S0{season}E0{number}.mkv",
                f"Anime/{plain}/[Group] {plain} - 0{number} [720p].mkv",
                f"{show}/{plain} - 2018-03-1{number}.mkv",
                f"{show}/Specials/Some words.mkv",
                f"Films/{film}.strm",
            ]
        )

    def _new_place(self) -> str:
        for _ in range(30):
            place = self._place()
            if not os.path.lexists(self.tree / place):
                return place
        self._made += 1
        return f"Loose/Clip {self._made}.mkv"

    def _write(self, name: str) -> None:
        self._made += 1
        if name.endswith(".strm"):
            self.tree.write(name, f"http://127.0.0.1:9/{self._made}.mkv\n")
        else:
            put(self.tree.path, name, 5000 + self._made)

    def add(self) -> None:
        self._write(self._new_place())

    def replace(self) -> None:
        if name := self._one():
            self._write(name)

    def move(self) -> None:
        if name := self._one():
            new = self._new_place()
            if name.rpartition(".")[2] != new.rpartition(".")[2]:
                new = f"{new.rpartition('.')[0]}.{name.rpartition('.')[2]}"
            if not os.path.lexists(self.tree / new):
                self.tree.move(name, new)

    def _folders(self) -> list[str]:
        return sorted({os.path.dirname(name) for name in self.files()} - {""})

    def move_folder(self) -> None:
        if folders := self._folders():
            self._made += 1
            self.tree.move(self.rng.choice(folders), f"Moved {self._made}")

    def rename_folder(self) -> None:
        """The folder at the top: that of a film or of a show."""
        if folders := sorted({name.partition("/")[0] for name in self._folders()}):
            new = self.rng.choice([*FILMS, *SHOWS])
            if not os.path.lexists(self.tree / new):
                self.tree.move(self.rng.choice(folders), new)

    def copy(self) -> None:
        if name := self._one():
            new = f"{self._new_place().rpartition('.')[0]}.{name.rpartition('.')[2]}"
            if not os.path.lexists(self.tree / new):
                self.tree.copy(name, new)

    def touch(self) -> None:
        if name := self._one():
            if self.rng.random() < 0.5:
                os.utime(self.tree / name)
            else:
                (self.tree / name).chmod(0o600)

    def damage(self) -> None:
        """What `replace` may heal."""
        if (name := self._one()) and not name.endswith(".strm") and self.rng.random() < 0.5:
            self.tree.write(name, b"" if self.rng.random() < 0.5 else b"broken" * self.rng.randrange(1, 99))

    def _said(self) -> dict[str, object]:
        rng = self.rng
        said: dict[str, object] = {"title": rng.choice(["Told", "Told again", "Harbour"])}
        if rng.random() < 0.5:
            said |= {"year": rng.choice([1990, 2001]), "genre": rng.choice(["Drama", "Sea"])}
        if rng.random() < 0.5:
            said |= {"director": rng.choice(["Ann", "Bea"]), "plot": "Waves."}
        return said

    def tell_file(self) -> None:
        if name := self._one():
            kind = self.rng.choice(["movie", "episodedetails"])
            said = self._said()
            if kind == "episodedetails" and self.rng.random() < 0.4:
                said |= {"season": 1, "episode": self.rng.randrange(1, 9)}
            content = nfo(kind, said) if self.rng.random() < 0.9 else "<movie><title>"
            self.tree.write(f"{name.rpartition('.')[0]}.nfo", content)

    def tell_movie(self) -> None:
        if folders := self._folders():
            self.tree.write(f"{self.rng.choice(folders)}/movie.nfo", nfo("movie", self._said()))

    def tell_show(self) -> None:
        folder = self.rng.choice([*SHOWS, *self._folders()])
        self.tree.write(f"{folder}/tvshow.nfo", nfo("tvshow", self._said()))

    def tell_season(self) -> None:
        folder = self.rng.choice([*SHOWS, *self._folders()])
        said = {"title": self.rng.choice(["First", "Second"])}
        if self.rng.random() < 0.5:
            said["seasonnumber"] = str(self.rng.randrange(3))
        self.tree.write(f"{folder}/season.nfo", nfo("season", dict(said)))

    def subtitle(self) -> None:
        if name := self._one():
            self.tree.write(f"{name.rpartition('.')[0]}.{self.rng.choice(['en', 'de.forced'])}.srt", "1\n")

    def picture(self) -> None:
        if folders := self._folders():
            name = self.rng.choice(["poster", "fanart", "season01-poster"])
            self.tree.write(f"{self.rng.choice(folders)}/{name}.jpg", cover())

    def untell(self) -> None:
        beside = [path for path in self.tree.path.rglob("*") if path.suffix in {".nfo", ".srt", ".jpg"}]
        if beside:
            self.rng.choice(sorted(beside)).unlink()

    def delete(self) -> None:
        if name := self._one():
            self.tree.delete(name)

    def put_aside(self) -> None:
        if name := self._one():
            aside = f"../aside {len(self._kept)}"
            self.tree.move(name, aside)
            self._kept.append((aside, name))

    def put_back(self) -> None:
        for aside, place in list(self._kept):
            if not os.path.lexists(self.tree / place):
                self.tree.move(aside, place)
                self._kept.remove((aside, place))


async def lived(shelf: Shelf, rng: random.Random, *, deletes: bool, scans: int) -> None:
    people = Watchers(shelf.tree, rng, deletes=deletes)
    for _ in range(rng.randrange(4, 12)):
        people.add()
    await shelf.scan()
    for _ in range(scans):
        for _ in range(rng.randrange(1, 6)):
            people.act()
        files = set(people.files())
        before = await shelf.ids()
        outcome = await shelf.outcome(mode=rng.choice(list(Mode)), rescan=rng.random() < 0.15)
        after = await shelf.ids()
        assert outcome.counters.found == len(files)
        assert after.keys() == files
        # Every present row from before is present, missing, or another path's now; none is deleted.
        living = {row["id"] for row in await shelf.table("media_files")}
        living |= {row["old_id"] for row in await shelf.table("aliases")}
        assert set(before.values()) <= living
        again = catalogue.kept(await catalogue.rows(shelf.database))
        quiet = await shelf.outcome()
        assert (quiet.counters.found, quiet.counters.unchanged) == (len(files), len(files))
        assert shelf.opened == []
        assert catalogue.kept(await catalogue.rows(shelf.database)) == again


# Seeds that found something once.
@pytest.mark.parametrize("seed", [114, 137])
async def test_whatever_moves_and_changes_the_videos_are_those_of_a_first_scan(
    video_shelf: Shelf, new_video_shelf: NewShelf, seed: int
) -> None:
    await lived(video_shelf, random.Random(seed), deletes=False, scans=7)
    if not await video_shelf.missing():
        await new_video_shelf.as_if_new(video_shelf)


@pytest.mark.parametrize("seed", [100])
async def test_whatever_goes_and_comes_back_every_video_that_is_there_is_in_the_catalogue(
    video_shelf: Shelf, seed: int
) -> None:
    await lived(video_shelf, random.Random(seed), deletes=True, scans=4)
