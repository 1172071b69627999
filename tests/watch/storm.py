"""Random storms of changes in a folder of music, by a seed: what people and programs do, many at once."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

#: A folder that storms leave alone.
MARK = "Marks"
_NAMES = ["One", "two", "Drei", os.fsdecode(b"\xe9t\xe9"), "a b", "CD1"]
_SUFFIXES = ["mp3", "flac", "txt", "jpg", "mp3.part"]


class Storm:
    """Changes below a folder.

    Args:
        root: the folder.
        sounds: whole music files by their suffix, to be copied.
        rng: what chance is drawn from.
    """

    def __init__(self, root: Path, sounds: dict[str, bytes], rng: random.Random) -> None:
        self._root = root
        self._sounds = sounds
        self._rng = rng
        # Names of this storm: others blew here before.
        self._made = rng.getrandbits(40)
        self._aside = root.parent / "aside"
        self._aside.mkdir(exist_ok=True)
        self._ways: list[Callable[[], None]] = [
            self.add, self.add, self.add, self.grow, self.rewrite, self.touch, self.rename_file, self.copy,
            self.delete, self.add_folder, self.move_folder, self.move_folder, self.delete_folder,
            self.take_out, self.put_back, self.swap, self.ignore, self.finish_download,
        ]  # fmt: skip

    def blow(self, changes: int) -> None:
        """Make so many changes, as quickly as the disk takes them."""
        for _ in range(changes):
            self._rng.choice(self._ways)()

    def _folders(self) -> list[Path]:
        return [Path(where) for where, _, _ in sorted(os.walk(self._root)) if MARK not in Path(where).parts]

    def _folder(self) -> Path:
        return self._rng.choice(self._folders())

    def _below(self) -> Path | None:
        folders = self._folders()[1:]
        return self._rng.choice(folders) if folders else None

    def _file(self) -> Path | None:
        files = sorted(path for path in self._root.rglob("*") if path.is_file() and MARK not in path.parts)
        return self._rng.choice(files) if files else None

    def _new(self, suffix: str) -> Path:
        self._made += 1
        return self._folder() / f"{self._made:03}.{suffix}"

    def _content(self, suffix: str) -> bytes:
        self._made += 1
        return self._sounds.get(suffix, b"text") + b"%08d" % self._made

    def add(self) -> None:
        suffix = self._rng.choice(_SUFFIXES)
        self._new(suffix).write_bytes(self._content(suffix))

    def grow(self) -> None:
        """A copy that comes piece by piece."""
        content = self._content("mp3")
        with self._new("mp3").open("wb", buffering=0) as file:
            for at in range(0, len(content), max(1, len(content) // 5)):
                file.write(content[at : at + max(1, len(content) // 5)])

    def rewrite(self) -> None:
        if path := self._file():
            path.write_bytes(self._content(path.suffix[1:]))

    def touch(self) -> None:
        if path := self._file():
            os.utime(path, (1, self._rng.randrange(10**9)))

    def rename_file(self) -> None:
        if path := self._file():
            path.rename(self._new(path.suffix[1:] or "mp3"))

    def copy(self) -> None:
        if path := self._file():
            shutil.copy2(path, self._new(path.suffix[1:] or "mp3"))

    def delete(self) -> None:
        if path := self._file():
            path.unlink()

    def add_folder(self) -> None:
        path = self._folder().joinpath(*self._rng.choices(_NAMES, k=self._rng.randrange(1, 4)))
        path.mkdir(parents=True, exist_ok=True)
        (path / "song.mp3").write_bytes(self._content("mp3"))

    def move_folder(self) -> None:
        here, there = self._below(), self._folder()
        if here and here not in (there, *there.parents):
            self._made += 1
            here.rename(there / f"{self._rng.choice(_NAMES)} {self._made}")

    def delete_folder(self) -> None:
        if (path := self._below()) and self._rng.random() < 0.5:
            shutil.rmtree(path)

    def take_out(self) -> None:
        if path := self._below():
            self._made += 1
            path.rename(self._aside / str(self._made))

    def put_back(self) -> None:
        for path in sorted(self._aside.iterdir()):
            self._made += 1
            path.rename(self._folder() / f"back {self._made}")

    def swap(self) -> None:
        one, other = self._below(), self._below()
        if one and other and one != other and one not in other.parents and other not in one.parents:
            one.rename(self._aside / "swap")
            other.rename(one)
            (self._aside / "swap").rename(other)

    def ignore(self) -> None:
        path = self._folder() / ".shelfignore"
        if path.exists():
            path.unlink()
        elif self._rng.random() < 0.5:
            path.write_text(self._rng.choice(["*.flac\n", "One/\n", "00*\n"]))

    def finish_download(self) -> None:
        if (path := self._file()) and path.suffix == ".part":
            path.rename(path.with_suffix(""))
