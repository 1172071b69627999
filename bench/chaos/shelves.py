"""The libraries of a run on disk: made from a seed, changed as people change theirs, every path remembered.

A name that was used once stands for the same file for ever, so that for each path one can say at which
times it was there: what I10 is judged by.
"""

from __future__ import annotations

import io
import os
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from bench.corpus.sound import audio
from bench.corpus.tags import tag_stream

_GENRES = ("Rock", "Jazz", "Folk", "Dub", "rock", "Ambient")
#: Files gone that no scan has seen yet, at most: more might be held as a mass removal.
UNSEEN = 10


@dataclass
class Item:
    """A file, whatever its name is at the moment."""

    key: int
    path: str
    album: int
    title: str
    there: bool = True
    content: bytes = b""


@dataclass
class Shelf:
    """One library on disk."""

    name: str
    root: Path
    rng: random.Random
    items: dict[int, Item] = field(default_factory=dict)
    #: The times at which a path was not there: from, until (None: still). Seconds since the epoch.
    away: dict[str, list[tuple[float, float | None]]] = field(default_factory=lambda: defaultdict(list))
    #: The scan's id of each file that had one, by key.
    ids: dict[int, int] = field(default_factory=dict)
    #: Under which path the catalogue last had each file, by key; and which came back since then.
    known: dict[int, str] = field(default_factory=dict)
    back: set[int] = field(default_factory=set)
    #: What was done: when (seconds since the epoch), what, to which file, its path then.
    log: list[tuple[float, str, int, str]] = field(default_factory=list)
    #: When each file was moved, by key: from, until. Seconds since the epoch.
    moved: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    _names: int = 0

    def fill(self, files: int) -> None:
        """Make so many files in artists' and albums' folders."""
        self.root.mkdir(parents=True)
        album = 0
        while len(self.items) < files:
            folder = f"{self._artist()}/Album {album}"
            for _ in range(min(self.rng.randint(5, 16), files - len(self.items))):
                self.add(folder, album)
            album += 1

    def tops(self) -> list[str]:
        """The folders below the root: scopes of their own."""
        return sorted(entry.name for entry in self.root.iterdir() if entry.is_dir())

    def present(self) -> dict[str, Item]:
        """The files that are there, by path below the root."""
        return {item.path: item for item in self.items.values() if item.there}

    def was_there(self, path: str, since: float, until: float) -> bool:
        """Whether a path was there all the time between two moments."""
        return not any(
            gone <= until and (back is None or back >= since) for gone, back in self.away.get(path, ())
        ) and any(item.path == path for item in self.items.values())

    def id_of(self, item: Item) -> int | None:
        """The id that a file must have; None when nobody can say.

        One that came back under another name than the catalogue knew is a new file: between two scans it was
        moved and deleted, or brought back and moved.
        """
        if item.key in self.back and self.known.get(item.key) != item.path:
            return None
        return self.ids.get(item.key)

    def note_ids(self, rows: dict[str, int]) -> None:
        """Remember what the catalogue says: the first id that each file is seen with, and where it is."""
        for path, item in self.present().items():
            if path in rows:
                if self.id_of(item) is None:
                    self.ids[item.key] = rows[path]
                self.back.discard(item.key)
                self.known[item.key] = path

    # What people do

    def change(self, unseen: int) -> str:
        """Some changes; gives what they were. `unseen` are the files gone that no scan has noticed."""
        rng = self.rng
        done = []
        if rng.random() < 0.6:
            some = self._some(rng.randint(1, max(2, len(self.items) // 6)))
            for item in some:
                self.retag(item)
            done.append(f"{len(some)} retagged")
        if rng.random() < 0.5:
            album = rng.randrange(1000, 9999)
            folder = f"{self._artist()}/Album {album}"
            count = rng.randint(1, 8)
            for _ in range(count):
                self.add(folder, album)
            done.append(f"{count} added")
        if rng.random() < 0.4:
            some = self._some(rng.randint(1, 4))
            for item in some:
                self.move(item, f"{_top(item.path)}/Moved {rng.randrange(20)}/{self._name()}")
            done.append(f"{len(some)} moved")
        if rng.random() < 0.2 and (one := self._some(1)):
            done.append(f"a folder of {self.move_folder(os.path.dirname(one[0].path))} renamed")
        if rng.random() < 0.4 and unseen < UNSEEN:
            some = self._some(rng.randint(1, min(3, UNSEEN - unseen)))
            for item in some:
                self.delete(item)
            done.append(f"{len(some)} deleted")
        gone = [item for item in self.items.values() if not item.there]
        if rng.random() < 0.3 and gone:
            self.restore(rng.choice(gone))
            done.append("1 brought back")
        return ", ".join(done)

    def add(self, folder: str, album: int) -> None:
        key = len(self.items) + 1
        item = Item(key, f"{folder}/{self._name()}", album, f"Song {key}")
        self.items[key] = item
        seed = self.rng.getrandbits(40)
        item.content = audio("mpc" if key % 5 else "ape", seed, 0.6)
        item.path = item.path if key % 5 else item.path.removesuffix(".mpc") + ".ape"
        self._write(item, in_place=False)

    def retag(self, item: Item) -> None:
        item.title = f"Song {item.key} take {self.rng.randrange(1000)}"
        if self.rng.random() < 0.2:
            item.album = self.rng.randrange(20)
        self._write(item, in_place=self.rng.random() < 0.5)
        self._note("retag", item)

    def move(self, item: Item, path: str) -> None:
        new = self.root / (path.removesuffix(".mpc") + Path(item.path).suffix)
        new.parent.mkdir(parents=True, exist_ok=True)
        began = time.time()
        (self.root / item.path).rename(new)
        self.away[item.path].append((began, None))
        self.moved[item.key].append((began, time.time()))
        item.path = str(new.relative_to(self.root))
        self._note("move", item)

    def move_folder(self, folder: str) -> int:
        new = f"{_top(folder)}/Renamed {self._names}"
        self._names += 1
        within = [item for item in self.items.values() if os.path.dirname(item.path) == folder]
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        began = time.time()
        (self.root / folder).rename(self.root / new)
        ended = time.time()
        for item in within:
            # Those that were gone come back, if they do, where they were.
            if item.there:
                self.away[item.path].append((began, None))
                self.moved[item.key].append((began, ended))
                item.path = f"{new}/{os.path.basename(item.path)}"
                self._note("move", item)
        return len(within)

    def delete(self, item: Item) -> None:
        path = self.root / item.path
        item.content = path.read_bytes()
        began = time.time()
        path.unlink()
        item.there = False
        self.away[item.path].append((began, None))
        self._note("delete", item)

    def restore(self, item: Item) -> None:
        path = self.root / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(item.content)
        part.rename(path)
        began, _ = self.away[item.path].pop()
        self.away[item.path].append((began, time.time()))
        item.there = True
        self._note("restore", item)
        self.back.add(item.key)

    # Inside

    def _note(self, what: str, item: Item) -> None:
        self.log.append((time.time(), what, item.key, item.path))

    def _artist(self) -> str:
        return f"Artist {self.rng.randrange(6)}"

    def _name(self) -> str:
        self._names += 1
        return f"{self._names:05} song.mpc"

    def _some(self, count: int) -> list[Item]:
        there = [item for item in self.items.values() if item.there]
        return self.rng.sample(there, min(count, len(there)))

    def _write(self, item: Item, *, in_place: bool) -> None:
        path = self.root / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        artist = item.path.split("/")[0]
        stream = io.BytesIO(item.content)
        tags = {
            "title": item.title,
            "artist": artist if item.key % 7 else f"{artist} & Guest",
            "albumartist": artist,
            "album": f"Album {item.album}",
            "genre": _GENRES[item.key % len(_GENRES)],
            "tracknumber": str(item.key % 20 + 1),
            "date": str(1960 + item.album % 60),
        }
        tag_stream(stream, path.suffix, tags)
        if in_place:
            path.write_bytes(stream.getvalue())
        else:
            part = path.with_suffix(".part")
            part.write_bytes(stream.getvalue())
            part.rename(path)


def _top(path: str) -> str:
    """The folder below the root in which a path lies.

    Files are moved inside it only: it may be scanned by itself, and a scan that sees a file go but not come
    takes it for gone.
    """
    return path.split("/")[0]


def make(folder: Path, seed: int, sizes: list[int]) -> list[Shelf]:
    """Libraries of these sizes."""
    shelves = []
    for number, size in enumerate(sizes):
        shelf = Shelf(
            f"Library {number}", folder / f"library-{number}", random.Random(f"shelf {seed} {number}")
        )
        shelf.fill(size)
        shelves.append(shelf)
    return shelves
