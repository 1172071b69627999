"""Many changes of books between many scans, drawn at random: the end is that of a first scan (A6, C8)."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.corpus.containers import archive as packed
from shelfread.model.library import Pattern
from shelfread.scan.plan import Mode
from tests import catalogue
from tests.books_on_disk import comicinfo, epub, opf, page
from tests.conftest import NewShelf, Shelf, Tree, cover

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDERS = ["", "Saga", "Saga/Annuals", "Ann", "Ann/Tides", "Ann/Tides/Deep", "Mixed (2012)"]
SUFFIXES = ["cbz", "cbz", "cbr", "cb7", "cbt", "epub"]
SERIES = ["Saga", "SAGA", "Tides", ""]


class Readers:
    """Those who change a folder of books, by a seed."""

    def __init__(self, tree: Tree, rng: random.Random, *, deletes: bool) -> None:
        self.tree = tree
        self.rng = rng
        self._made = 0
        #: The pages of each comic, by its path: so that it can be retagged and packed anew.
        self._pages: dict[str, list[tuple[str, bytes]]] = {}
        self._kept: list[tuple[str, str]] = []
        self._ways: list[Callable[[], None]] = [
            self.add, self.add, self.retag, self.retag, self.repack, self.move, self.move, self.move_folder,
            self.copy, self.touch, self.damage, self.tell_series, self.tell_book, self.picture, self.untell,
        ]  # fmt: skip
        if deletes:
            self._ways += [self.delete, self.put_aside, self.put_back]

    def act(self) -> None:
        self.rng.choice(self._ways)()

    def files(self) -> list[str]:
        suffixes = {f".{suffix}" for suffix in SUFFIXES}
        found = (path for path in self.tree.path.rglob("*") if path.suffix in suffixes)
        return sorted(os.fspath(path.relative_to(self.tree.path)) for path in found)

    def _one(self, *suffixes: str) -> str | None:
        names = [name for name in self.files() if not suffixes or name.endswith(suffixes)]
        return self.rng.choice(names) if names else None

    def _place(self, suffix: str) -> str:
        self._made += 1
        return os.path.join(self.rng.choice(FOLDERS), f"Book {self._made:03}.{suffix}")

    def _facts(self) -> dict[str, object]:
        rng = self.rng
        facts = {
            "Series": rng.choice(SERIES),
            "Number": rng.choice(["1", "2", "10", "1.5", ""]),
            "Year": rng.choice(["", "1999", "2012"]),
            "Writer": rng.choice(["Ann", "Ann, Bea", ""]),
            "Genre": rng.choice(["Fantasy", "fantasy, Sea", ""]),
            "LanguageISO": rng.choice(["en", "de", ""]),
        }
        return {name: value for name, value in facts.items() if value}

    def _write(self, name: str, pages: list[tuple[str, bytes]]) -> None:
        self._pages[name] = pages
        told = [("ComicInfo.xml", comicinfo(self._facts()))] if self.rng.random() < 0.7 else []
        self.tree.write(name, packed(name.rpartition(".")[2], [*told, *pages]))

    def add(self) -> None:
        name = self._place(self.rng.choice(SUFFIXES))
        if name.endswith("epub"):
            epub(self.tree / name, f"Title {self._made}", creators=["Ann"])
        else:
            self._write(name, [(f"{number}.jpg", page(self._made * 10 + number)) for number in range(2)])

    def retag(self) -> None:
        if (name := self._one()) and name in self._pages:
            self._write(name, self._pages[name])

    def repack(self) -> None:
        """Another container with the same pages, as those who convert by themselves do it."""
        if (name := self._one("cbr", "cb7", "cbt")) and name in self._pages:
            new = f"{name.rpartition('.')[0]}.cbz"
            if not (self.tree / new).exists():
                self.tree.delete(name)
                self._write(new, self._pages.pop(name))

    def _moved(self, old: str, new: str) -> None:
        self.tree.move(old, new)
        for name in list(self._pages):
            if name == old or name.startswith(f"{old}/"):
                self._pages[new + name[len(old) :]] = self._pages.pop(name)

    def move(self) -> None:
        if name := self._one():
            self._moved(name, self._place(name.rpartition(".")[2]))

    def move_folder(self) -> None:
        if folders := sorted({os.path.dirname(name) for name in self.files()} - {""}):
            self._made += 1
            self._moved(self.rng.choice(folders), f"Moved {self._made}/Series")

    def copy(self) -> None:
        if name := self._one():
            new = self._place(name.rpartition(".")[2])
            self.tree.copy(name, new)
            if name in self._pages:
                self._pages[new] = self._pages[name]

    def touch(self) -> None:
        if name := self._one():
            if self.rng.random() < 0.5:
                os.utime(self.tree / name)
            else:
                (self.tree / name).chmod(0o600)

    def damage(self) -> None:
        """What `retag` may heal."""
        if (name := self._one()) and self.rng.random() < 0.5:
            self.tree.write(name, b"" if self.rng.random() < 0.5 else b"broken" * self.rng.randrange(1, 99))

    def tell_series(self) -> None:
        facts = {"name": self.rng.choice(["Told", "Told again"]), "year": self.rng.choice([1990, 1991])}
        folder = self.rng.choice(FOLDERS)
        self.tree.write(os.path.join(folder, "series.json"), json.dumps({"metadata": facts}))

    def tell_book(self) -> None:
        if name := self._one("epub"):
            self.tree.write(f"{name.rpartition('.')[0]}.opf", opf(f"Told {self._made}", creators=["Bea"]))

    def picture(self) -> None:
        self.tree.write(os.path.join(self.rng.choice(FOLDERS), "cover.jpg"), cover())

    def untell(self) -> None:
        beside = [path for path in self.tree.path.rglob("*") if path.suffix in {".json", ".opf", ".jpg"}]
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
            if not (self.tree / place).exists():
                self.tree.move(aside, place)
                self._kept.remove((aside, place))


async def lived(shelf: Shelf, rng: random.Random, *, deletes: bool, scans: int) -> None:
    people = Readers(shelf.tree, rng, deletes=deletes)
    for _ in range(rng.randrange(4, 12)):
        people.add()
    await shelf.scan()
    for _ in range(scans):
        for _ in range(rng.randrange(1, 6)):
            people.act()
        if rng.random() < 0.2:
            options = (await shelf.library()).options
            other = replace(options, pattern=rng.choice(list(Pattern)))
            await shelf.app.libraries.change(shelf.library_id, options=other)
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


# Seeds that found something once, and another one.
@pytest.mark.parametrize("seed", [5, 33, 53])
async def test_whatever_moves_and_changes_the_books_are_those_of_a_first_scan(
    book_shelf: Shelf, new_book_shelf: NewShelf, seed: int
) -> None:
    await lived(book_shelf, random.Random(seed), deletes=False, scans=4)
    if not await book_shelf.missing():
        await new_book_shelf.as_if_new(book_shelf)


@pytest.mark.parametrize("seed", [100])
async def test_whatever_goes_and_comes_back_every_book_that_is_there_is_in_the_catalogue(
    book_shelf: Shelf, seed: int
) -> None:
    await lived(book_shelf, random.Random(seed), deletes=True, scans=4)
