"""What a real folder tells of real changes: names as bytes, moves, overflow, limits (rules 7 and 14)."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

import pytest

from shelfread.watch import source as source_module
from shelfread.watch import tree
from shelfread.watch.inotify import Inotify, NoInotify
from shelfread.watch.source import Begun, Blind, Covered
from tests import powerless
from tests.watch.watch_stand import source

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


def test_a_change_is_told_with_its_folder_whatever_bytes_its_name_has(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe odd\nname")
    (tmp_path / "Artist" / odd).mkdir(parents=True)
    with source(tmp_path) as heard:
        heard.one(Begun)
        assert heard.one(Covered).reason is None
        (tmp_path / "Artist" / odd / os.fsdecode(b"\xe9.mp3")).write_bytes(b"sound")
        assert heard.changed() == {f"Artist/{odd}"}
        os.utime(tmp_path / "Artist" / odd / os.fsdecode(b"\xe9.mp3"), (1, 1))
        assert heard.changed() - {""} == {f"Artist/{odd}"}


def test_both_sides_of_a_move_are_told_and_the_folder_is_watched_under_its_new_name(tmp_path: Path) -> None:
    (tmp_path / "A" / "Album" / "CD1").mkdir(parents=True)
    (tmp_path / "B").mkdir()
    with source(tmp_path) as heard:
        heard.one(Begun)
        (tmp_path / "A" / "Album").rename(tmp_path / "B" / "Renamed")
        assert {"A", "B"} <= heard.changed()
        (tmp_path / "B" / "Renamed" / "CD1" / "1.mp3").write_bytes(b"sound")
        assert heard.changed() == {"B/Renamed/CD1"}
        # Another folder of the old name is another folder.
        (tmp_path / "A" / "Album").mkdir()
        assert "A" in heard.changed()
        (tmp_path / "A" / "Album" / "1.mp3").write_bytes(b"sound")
        assert heard.changed() == {"A/Album"}


def test_new_folders_are_watched_at_any_depth_also_those_that_come_from_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (tmp_path / "elsewhere" / "a" / "b").mkdir(parents=True)
    with source(root) as heard:
        heard.one(Begun)
        (root / "1" / "2" / "3").mkdir(parents=True)
        (tmp_path / "elsewhere").rename(root / "from")
        assert "" in heard.changed()
        (root / "1" / "2" / "3" / "x.mp3").write_bytes(b"")
        (root / "from" / "a" / "b" / "x.mp3").write_bytes(b"")
        assert heard.changed() >= {"1/2/3", "from/a/b"}
        (root / "from").rename(tmp_path / "away")
        assert "" in heard.changed()
        (tmp_path / "away" / "a" / "y.mp3").write_bytes(b"")
        assert heard.changed() == set()


def test_names_that_no_scan_looks_at_tell_nothing_but_ignore_files_do(tmp_path: Path) -> None:
    with source(tmp_path) as heard:
        heard.one(Begun)
        for name in (".hidden.mp3", "song.mp3.part", "copy.tmp", "song.mp3~", "Thumbs.db"):
            (tmp_path / name).write_bytes(b"x")
        (tmp_path / "@eaDir").mkdir()
        (tmp_path / ".git" / "objects").mkdir(parents=True)
        assert heard.changed() == set()
        (tmp_path / ".shelfignore").write_text("*.mp3\n")
        assert heard.changed() == {""}


def test_reading_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"x")
    with source(tmp_path) as heard:
        heard.one(Begun)
        (tmp_path / "a.mp3").read_bytes()
        os.listdir(tmp_path)
        assert heard.changed() == set()


def test_when_events_are_lost_it_says_so_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's own queue, full: nobody reads it while the events come."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 200_000:
        pytest.skip("this system's queue is too long to be filled")

    class Sleepy(Inotify):
        asleep = True

        def read(self):  # type: ignore[no-untyped-def]
            if Sleepy.asleep:
                Sleepy.asleep = False
                names = [os.fsencode(tmp_path / name) for name in ("one.mp3", "two.mp3")]
                for _ in range(most // 2 + 10):
                    # Two in turn: the kernel keeps one of several events that are alike.
                    os.utime(names[0])
                    os.utime(names[1])
            return super().read()

    (tmp_path / "one.mp3").write_bytes(b"")
    (tmp_path / "two.mp3").write_bytes(b"")
    with source(tmp_path, make_queue=Sleepy) as heard:
        heard.one(Begun)
        (tmp_path / "new").mkdir()
        heard.one(Begun)
        (tmp_path / "new" / "x.mp3").write_bytes(b"")
        assert "new" in heard.changed()


class _Limited(Inotify):
    """A system that allows three watches."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 3

    def add(self, path: bytes, mask: int) -> int:
        if not self._left:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._left -= 1
        return super().add(path, mask)


def test_a_limit_of_watches_is_told_at_the_start_and_later(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / "many" / str(number)).mkdir(parents=True)
    with source(tmp_path / "many", make_queue=_Limited) as heard:
        blind = heard.one(Blind)
        assert "fs.inotify.max_user_watches" in blind.reason
        assert not blind.away
    with source(tmp_path / "few", make_queue=_Limited) as heard:
        heard.one(Begun)
        (tmp_path / "few" / "third").mkdir()
        assert heard.changed() == {""}
        (tmp_path / "few" / "fourth").mkdir()
        assert "fs.inotify.max_user_watches" in heard.one(Blind).reason


def test_a_system_that_gives_no_queue_is_told(tmp_path: Path) -> None:
    def none_left() -> Inotify:
        raise OSError(errno.EMFILE, "Too many open files")

    def none_at_all() -> Inotify:
        raise NoInotify

    with source(tmp_path, make_queue=none_left) as heard:
        assert "fs.inotify.max_user_instances" in heard.one(Blind).reason
    with source(tmp_path, make_queue=none_at_all) as heard:
        assert "no inotify" in heard.one(Blind).reason


def test_an_error_of_our_own_is_told_and_kills_nothing(tmp_path: Path) -> None:
    def broken() -> Inotify:
        raise RuntimeError("a fault")

    with source(tmp_path, make_queue=broken) as heard:
        assert "RuntimeError: a fault" in heard.one(Blind).reason


def test_a_root_on_a_network_disk_is_not_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "is_network", lambda fs_type: True)
    with source(tmp_path) as heard:
        blind = heard.one(Blind)
    assert "network filesystem" in blind.reason
    assert not blind.away


@pytest.mark.parametrize("way", ["deleted", "moved", "was never there"])
def test_a_root_that_goes_is_away(tmp_path: Path, way: str) -> None:
    root = tmp_path / "root"
    with source(root) as heard:
        heard.one(Begun)
        if way == "deleted":
            shutil.rmtree(root)
        else:
            root.rename(tmp_path / "elsewhere")
        assert heard.one(Blind).away
    if way == "was never there":
        root.symlink_to(tmp_path / "nowhere")
        made: list[source_module.News] = []
        gone = source_module.RootSource(os.fsencode(root), made.append)
        gone.start()
        gone.join(60)
        gone.stop()
        (blind,) = made
        assert isinstance(blind, Blind)
        assert blind.away


def test_another_folder_in_the_place_of_the_root_is_noticed(tmp_path: Path) -> None:
    """A disk that is mounted over a root tells nothing; a link that leads elsewhere does not either."""
    for name in ("one", "two"):
        (tmp_path / name / "marks").mkdir(parents=True)
    root = tmp_path / "root"
    root.symlink_to(tmp_path / "one")
    with source(root, look_s=0.05) as heard:
        heard.one(Begun)
        other = tmp_path / "other"
        other.symlink_to(tmp_path / "two")
        other.replace(root)
        heard.one(Begun)
        (tmp_path / "two" / "x.mp3").write_bytes(b"")
        assert heard.changed() == {""}


_UNREADABLE = """
import os, pathlib, sys
from tests.watch.watch_stand import source
from shelfread.watch.source import Begun, Covered
root = pathlib.Path(sys.argv[1])
with source(root) as heard:
    heard.one(Begun)
    print(heard.one(Covered).reason)
    (root / "open" / "x.mp3").write_bytes(b"")
    assert "open" in heard.changed()
    (root / "closed").chmod(0o700)
    print(heard.one(Covered).reason)
    (root / "closed" / "x.mp3").write_bytes(b"")
    assert "closed" in heard.changed()
"""


def test_a_folder_that_may_not_be_read_is_told_and_the_rest_is_watched(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "open").mkdir(parents=True)
    (root / "closed").mkdir(mode=0o000)
    here = os.fspath(Path(__file__).resolve().parents[2])
    done = powerless.run(f"import sys; sys.path[:0] = [{here!r}]\n" + _UNREADABLE, os.fspath(root))
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "the folder closed cannot be watched: Permission denied"
    assert second == "None"


def test_the_names_that_are_left_out_are_those_that_the_walk_leaves_out() -> None:
    assert not tree.is_unwanted(b"..and then", is_folder=True)
    assert tree.is_unwanted(b".mp3", is_folder=False)
    assert not tree.is_unwanted(b"cover.jpg", is_folder=False)
    assert not tree.is_unwanted(b"Album.part", is_folder=True)
