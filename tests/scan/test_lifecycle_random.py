"""Many changes between many scans, drawn at random: the end is that of a first scan (A4, A6, rule 3)."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from shelfread.scan.plan import Mode
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

ARTISTS = ["Ada", "ADA", "Bix", "Cy & Dee", "Various Artists"]
ALBUMS = ["One", "one", "Two", "Three"]
FOLDERS = ["", "Ada/One", "Ada/Two/CD1", "Ada/Two/CD2", "Bix", "Bix/Deep/Er", "Mixed"]
SUFFIXES = ["mpc", "mp3", "flac"]


def _one_each(names: list[str]) -> list[str | list[str]]:
    return [*names]


class People:
    """Those who change a folder of music, by a seed."""

    def __init__(self, tree: Tree, rng: random.Random, *, deletes: bool) -> None:
        self.tree = tree
        self.rng = rng
        self._made = 0
        self._kept: list[tuple[str, str]] = []
        self._ways: list[Callable[[], None]] = [
            self.add, self.add, self.retag, self.retag, self.rename, self.move, self.move_retagged,
            self.move_folder, self.copy, self.touch, self.swap, self.damage,
        ]  # fmt: skip
        if deletes:
            self._ways += [self.delete, self.put_aside, self.put_aside, self.put_back, self.put_back]

    def act(self) -> None:
        self.rng.choice(self._ways)()

    def _tags(self) -> dict[str, str | list[str]]:
        rng = self.rng
        return {
            "title": f"Title {rng.randrange(50)}",
            "artist": rng.choice([*_one_each(ARTISTS), ["Ada", "Bix"]]),
            "album": rng.choice(ALBUMS),
            "albumartist": rng.choice(["", "", *ARTISTS]),
            "genre": rng.choice([*_one_each(["Rock", "rock", ""]), ["Jazz", "Dub"]]),
            "date": rng.choice(["", "1999", "2001-02"]),
            "discnumber": rng.choice(["", "1/2", "2"]),
            "compilation": rng.choice(["", "", "1"]),
        }

    def _one(self) -> str | None:
        return self.rng.choice(names) if (names := sorted(self.tree.files())) else None

    def _place(self, suffix: str) -> str:
        self._made += 1
        return os.path.join(self.rng.choice(FOLDERS), f"{self._made:03} song{suffix}")

    def add(self) -> None:
        name = self._place("." + self.rng.choice(SUFFIXES))
        self.tree.add(name, seed=self._made, tags=self._tags())

    def retag(self) -> None:
        if (name := self._one()) and self._whole(name):
            self.tree.retag(name, stay=self.rng.random() < 0.3, tags=self._tags())

    def _whole(self, name: str) -> bool:
        return (self.tree / name).stat().st_size > 100 and b"broken" not in (self.tree / name).read_bytes()[
            :10
        ]

    def rename(self) -> None:
        if name := self._one():
            self._made += 1
            stem = os.path.join(os.path.dirname(name), f"{self._made:03} renamed")
            self.tree.move(name, stem + os.path.splitext(name)[1])

    def move(self) -> None:
        if name := self._one():
            self.tree.move(name, self._place(os.path.splitext(name)[1]))

    def move_retagged(self) -> None:
        if (name := self._one()) and self._whole(name):
            new = self._place(os.path.splitext(name)[1])
            self.tree.move(name, new)
            self.tree.retag(new, tags=self._tags())

    def move_folder(self) -> None:
        folders = sorted({os.path.dirname(name) for name in self.tree.files()} - {""})
        if folders:
            self._made += 1
            self.tree.move(self.rng.choice(folders), f"Moved {self._made}/Album")

    def copy(self) -> None:
        if name := self._one():
            self.tree.copy(name, self._place(os.path.splitext(name)[1]))

    def touch(self) -> None:
        if name := self._one():
            if self.rng.random() < 0.5:
                os.utime(self.tree / name)
            else:
                (self.tree / name).chmod(0o600)

    def swap(self) -> None:
        one, other = self._one(), self._one()
        if one and other and one != other and os.path.splitext(one)[1] == os.path.splitext(other)[1]:
            self.tree.move(one, "aside")
            self.tree.move(other, one)
            self.tree.move("aside", other)

    def damage(self) -> None:
        if (name := self._one()) and self.rng.random() < 0.3:
            self.tree.write(name, b"" if self.rng.random() < 0.5 else b"broken" * self.rng.randrange(1, 99))

    def delete(self) -> None:
        if name := self._one():
            self.tree.delete(name)

    def put_aside(self) -> None:
        places = sorted({os.path.dirname(name) for name in self.tree.files()} - {""} | self.tree.files())
        if places:
            place = self.rng.choice(places)
            aside = f"../aside {len(self._kept)}"
            self.tree.move(place, aside)
            self._kept.append((aside, place))

    def put_back(self) -> None:
        for aside, place in list(self._kept):
            if (self.tree / aside).exists() and not (self.tree / place).exists():
                self.tree.move(aside, place)
                self._kept.remove((aside, place))


async def lived(shelf: Shelf, rng: random.Random, *, deletes: bool, scans: int) -> None:
    people = People(shelf.tree, rng, deletes=deletes)
    for _ in range(rng.randrange(4, 12)):
        people.add()
    await shelf.scan()
    for _ in range(scans):
        for _ in range(rng.randrange(1, 6)):
            people.act()
        files = shelf.tree.files()
        before = await shelf.ids()
        outcome = await shelf.outcome(mode=rng.choice(list(Mode)), rescan=rng.random() < 0.15)
        after = await shelf.ids()
        assert outcome.counters.found == len(files)
        assert after.keys() == files
        # Every present row from before is present, missing, another path's now, or an alias; none is deleted.
        living = {row["id"] for row in await shelf.table("media_files")}
        living |= {row["old_id"] for row in await shelf.table("aliases")}
        assert set(before.values()) <= living
        if not deletes:
            assert len(after) >= len(before)
        again = catalogue.kept(await catalogue.rows(shelf.database))
        quiet = await shelf.outcome()
        assert (quiet.counters.found, quiet.counters.unchanged) == (len(files), len(files))
        assert shelf.opened == []
        assert catalogue.kept(await catalogue.rows(shelf.database)) == again


# Seeds that found something once, and some more.
@pytest.mark.parametrize("seed", [9, 14, 20, 36, 44, 56])
async def test_whatever_moves_and_changes_the_catalogue_is_that_of_a_first_scan(
    shelf: Shelf, new_shelf: NewShelf, seed: int
) -> None:
    await lived(shelf, random.Random(seed), deletes=False, scans=4)
    # A folder is grouped when something in it changes (rule 10).
    for name in shelf.tree.files():
        os.utime(shelf.tree / name)
    await shelf.outcome()
    if not await shelf.missing():
        await new_shelf.as_if_new(shelf)


@pytest.mark.parametrize("seed", range(100, 103))
async def test_whatever_goes_and_comes_back_every_file_that_is_there_is_in_the_catalogue(
    shelf: Shelf, seed: int
) -> None:
    await lived(shelf, random.Random(seed), deletes=True, scans=4)
