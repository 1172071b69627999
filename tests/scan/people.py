"""Two folders of music, what people do to them and what happens to their disks: for `test_over_time_model`.

Everything is done on the real disk and noted beside it: which sound is where, which folders there are, which
are closed (mode 000), which disk is out. What happens is told as the watch would hear of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Tree
from tests.scan import unplugging
from tests.scan.reference_shelf import Place, Seen
from tests.scan.unplugging import Plug

FOLDERS = ("", "Ada", "Ada/One", "Ada/Two", "Bix/Three")
SUFFIXES = ("mp3", "flac")
#: The ways in which a disk is out.
OUT: dict[str, Callable[[Path], Plug]] = {
    "missing": unplugging.missing,
    "empty": unplugging.empty,
    "another": lambda path: unplugging.another(path, "other/letter.txt"),
}


@dataclass
class Thing:
    """A file: its sound (two files of one sound have the same content), and its tags."""

    sound: int
    tags: dict[str, str]


@dataclass
class People:
    """Those who keep music in some folders.

    Args:
        folders: where; each is a disk of its own.
        told: hears of each change: a root and a folder in it.
    """

    folders: list[Path]
    told: Callable[[int, str], None]
    files: dict[Place, Thing] = field(default_factory=dict)
    dirs: set[Place] = field(default_factory=set)
    closed: set[Place] = field(default_factory=set)
    #: How a disk is out.
    out: dict[int, str] = field(default_factory=dict)
    #: What was taken away and may be put back: the file, where it lies meanwhile, where it was.
    aside: list[tuple[Thing, Path, Place]] = field(default_factory=list)
    _plugs: dict[int, Plug] = field(default_factory=dict)
    _made: int = 0

    def __post_init__(self) -> None:
        self.trees = [Tree(folder) for folder in self.folders]
        self.dirs = {(root, "") for root in range(len(self.trees))}
        self.kept = self.folders[0].parent / "kept"
        self.kept.mkdir()

    # What there is

    def reachable(self, place: Place) -> bool:
        """Whether its disk is in and no folder above it is closed."""
        return place[0] not in self.out and not any(
            (place[0], above) in self.closed for above in _above(place[1])
        )

    def there(self) -> list[Place]:
        return sorted(place for place in self.files if self.reachable(place))

    def open_dirs(self) -> list[Place]:
        return sorted(place for place in self.dirs if self.reachable(place) and place not in self.closed)

    def seen(self, place: Place) -> Seen:
        found = self.path(place).stat()
        return Seen(
            f"{self.files[place].sound}{Path(place[1]).suffix}",
            (found.st_ino, found.st_size, found.st_mtime_ns),
        )

    def path(self, place: Place) -> Path:
        return self.trees[place[0]] / place[1]

    def is_empty(self, root: int) -> bool:
        """Whether nothing at all is in the folder of a root that is in."""
        return not any(place[0] == root and place[1] for place in [*self.files, *self.dirs])

    # Files

    def add(self, folder: Place, suffix: str, *, sound: int | None = None) -> None:
        self._made += 1
        place = _in(folder, f"{self._made:03} song.{suffix}")
        tags = {"artist": "Ada", "album": f"Album {self._made % 3}", "title": f"Song {self._made}"}
        self._write(place, Thing(self._made if sound is None else sound, tags))

    def box_set(self, folder: Place, count: int) -> None:
        self._made += 1
        box = _in(folder, f"Box {self._made}")
        for _ in range(count):
            self.add(box, "mp3")

    def retag(self, place: Place) -> None:
        self._made += 1
        thing = self.files[place]
        thing.tags = {**thing.tags, "title": f"Song {self._made}", "comment": "x" * (self._made % 7)}
        self.trees[place[0]].retag(place[1], tags=thing.tags)
        self._tell(place)

    def copy(self, place: Place, folder: Place, *, with_times: bool) -> None:
        self._made += 1
        new = _in(folder, f"{self._made:03} copy{Path(place[1]).suffix}")
        self._parents(new)
        (shutil.copy2 if with_times else shutil.copyfile)(self.path(place), self.path(new))
        thing = self.files[place]
        self.files[new] = Thing(thing.sound, dict(thing.tags))

    def overwrite(self, place: Place, other: Place) -> None:
        """Write the content of one over another, in its place."""
        self.path(place).write_bytes(self.path(other).read_bytes())
        thing = self.files[other]
        self.files[place] = Thing(thing.sound, dict(thing.tags))
        self._tell(place)

    def move(self, place: Place, new: Place) -> None:
        """Rename a file; what was there is no more."""
        self._tell(place)
        self._parents(new)
        self.path(place).rename(self.path(new))
        self.files[new] = self.files.pop(place)

    def replace(self, place: Place) -> None:
        """The same track in another format."""
        other = SUFFIXES[1 - SUFFIXES.index(Path(place[1]).suffix[1:])]
        new = (place[0], f"{place[1].rpartition('.')[0]}.{other}")
        if new in self.files:
            return
        self._made += 1
        thing = self.files.pop(place)
        self._write(new, Thing(self._made, dict(thing.tags)))
        self.path(place).unlink()

    def delete(self, place: Place) -> None:
        """Take a file away, so that it can be put back."""
        self._made += 1
        aside = self.kept / f"{self._made}"
        self.path(place).rename(aside)
        self._tell(place)
        self.aside.append((self.files.pop(place), aside, place))

    def restore(self, number: int, *, moved: bool, folder: Place | None) -> None:
        """Put back the same bytes, where they were or in another folder; the same inode, or a new one."""
        thing, aside, place = self.aside.pop(number)
        if folder is not None:
            place = _in(folder, place[1].rpartition("/")[2])
        if place in self.files or place in self.dirs or not self.reachable(place):
            self.aside.append((thing, aside, place))
            return
        self._parents(place)
        if moved:
            aside.rename(self.path(place))
        else:
            shutil.copyfile(aside, self.path(place))
            aside.unlink()
        self.files[place] = thing

    # Folders

    def move_folder(self, place: Place, new: Place) -> None:
        if new in self.dirs or new in self.files or (new[0] == place[0] and _is_below(new[1], place[1])):
            return
        self._tell(place)
        self._parents(new)
        self.path(place).rename(self.path(new))
        self.files = {_moved(one, place, new): thing for one, thing in self.files.items()}
        self.dirs = {_moved(one, place, new) for one in self.dirs}
        self.closed = {_moved(one, place, new) for one in self.closed}

    def delete_folder(self, place: Place) -> None:
        if any(one[0] == place[0] and _is_below(one[1], place[1]) for one in self.closed):
            return
        for one in [one for one in sorted(self.files) if one[0] == place[0] and _is_below(one[1], place[1])]:
            self.delete(one)
        shutil.rmtree(self.path(place))
        self.dirs = {one for one in self.dirs if not (one[0] == place[0] and _is_below(one[1], place[1]))}
        self._tell(place)

    def close(self, place: Place) -> None:
        self.path(place).chmod(0)
        self.closed.add(place)
        self._tell(place)

    def open(self, place: Place) -> None:
        self.closed.remove(place)
        self.path(place).chmod(0o755)
        self._tell(place)
        self.told(*place)

    # Disks

    def pull(self, root: int, how: str) -> None:
        self._plugs[root] = OUT[how](self.folders[root])
        self._plugs[root].pull()
        self.out[root] = how
        self.told(root, "")

    def plug_in(self, root: int) -> None:
        self._plugs.pop(root).put_back()
        if self.out.pop(root) == "another":
            shutil.rmtree(self.folders[root].with_name(f"{self.folders[root].name} other"))
        self.told(root, "")

    # Notes

    def _write(self, place: Place, thing: Thing) -> None:
        self._parents(place)
        self.trees[place[0]].add(place[1], seed=thing.sound, tags=thing.tags)
        self.files[place] = thing

    def _parents(self, place: Place) -> None:
        """Make the folders above a place that are not there, and tell where something appears."""
        missing = [above for above in _above(place[1])[:-1] if (place[0], above) not in self.dirs]
        # The uppermost new thing is what a watch hears of.
        self._tell((place[0], missing[0] if missing else place[1]))
        self.path(place).parent.mkdir(parents=True, exist_ok=True)
        self.dirs |= {(place[0], above) for above in missing}

    def _tell(self, place: Place) -> None:
        self.told(place[0], place[1].rpartition("/")[0])


def _above(path: str) -> list[str]:
    """The path and every folder above it, the root (an empty path) first."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _in(folder: Place, name: str) -> Place:
    return folder[0], f"{folder[1]}/{name}" if folder[1] else name


def _moved(place: Place, old: Place, new: Place) -> Place:
    if place[0] != old[0] or not _is_below(place[1], old[1]):
        return place
    return new[0], new[1] + place[1][len(old[1]) :]
