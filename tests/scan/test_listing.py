"""One folder looked at (rules 1, 2, 4, 5, 14; C18-C20), on real folders."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from shelfread.model.problem import ProblemCode
from shelfread.scan.folder import FolderListing, WalkRules, joined, root_task, subtask, walk_rules
from shelfread.scan.ignore import INCLUDED, RuleBook
from shelfread.scan.listing import list_folder

RULES = walk_rules([b".mp3", b".cbz"], [b".jpg"])
FOLLOWING = walk_rules([b".mp3", b".cbz"], [b".jpg"], follow_symlinks=True)


def _write(root: Path, *names: str | bytes, text: bytes = b"x") -> None:
    for name in names:
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def _look(root: Path, rules: WalkRules = RULES, known: bytes | None = None, **more: Any) -> FolderListing:
    return list_folder(root_task(bytes(root), known), rules, **more)


def _walk(root: Path, rules: WalkRules = RULES) -> dict[bytes, FolderListing]:
    """All listings by folder, each made by a process that has seen nothing before."""
    todo, seen = [root_task(bytes(root))], {}
    while todo:
        task = todo.pop()
        listing = seen[task.relative] = list_folder(task, rules, book=RuleBook())
        todo += [subtask(rules, task, listing, sub) for sub in listing.subfolders]
        assert len(seen) < 200, "the walk goes round in circles"
    return seen


def _media(root: Path, rules: WalkRules = RULES) -> list[bytes]:
    listings = _walk(root, rules).values()
    return sorted(joined(each.relative, entry.name) for each in listings for entry in each.entries)


def _names(listing: FolderListing) -> list[bytes]:
    return [entry.name for entry in listing.entries]


def test_a_folder_gives_its_media_its_pictures_and_its_sub_folders(tmp_path: Path) -> None:
    _write(tmp_path, "b.mp3", "A.MP3", "cover.JPG", "notes.txt", "sub/x.mp3", "mp3", text=b"four")
    listing = _look(tmp_path)
    assert _names(listing) == [b"A.MP3", b"b.mp3"]
    assert [entry.name for entry in listing.sidecars] == [b"cover.JPG"]
    assert [(sub.name, sub.is_link, sub.excluded_by) for sub in listing.subfolders] == [
        (b"sub", False, INCLUDED)
    ]
    assert (listing.files, listing.problem, listing.problems, listing.is_mount) == (2, None, (), False)
    found = (tmp_path / "b.mp3").stat()
    stamp = listing.entries[1].stamp
    assert stamp == (4, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)
    assert (listing.device, listing.inode) == (found.st_dev, tmp_path.stat().st_ino)


def test_a_folder_whose_place_another_one_takes_while_it_is_listed_is_listed_anew(tmp_path: Path) -> None:
    """What is left of a disk that is pulled then is an empty folder, which must not pass for the disk."""
    folder, away, times = tmp_path / "disk", tmp_path / "away", iter(range(9))
    _write(folder, "a.mp3")

    def swapped(path: bytes) -> Any:
        number = next(times)
        if number < swaps:
            folder.rename(tmp_path / f"{away}{number}")
            folder.mkdir()
        return os.scandir(path)

    swaps = 1
    listing = _look(folder, scandir=swapped)
    assert (listing.inode, listing.files, listing.problem) == (folder.stat().st_ino, 0, None)
    times, swaps = iter(range(10, 19)), 99
    listing = _look(folder, scandir=swapped)
    assert listing.problem is not None
    assert listing.problem[0] == ProblemCode.FOLDER_UNREADABLE.value


def test_an_unchanged_folder_gives_counts_and_sub_folders_only(tmp_path: Path) -> None:
    _write(tmp_path, "b.mp3", "cover.jpg", "sub/x.mp3")
    first = _look(tmp_path)
    again = _look(tmp_path, known=first.digest)
    assert again.unchanged
    assert again.digest == first.digest
    assert again.files == 1
    assert [sub.name for sub in again.subfolders] == [b"sub"]
    assert (again.entries, again.sidecars) == ((), ())


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


CHANGES: dict[str, Callable[[Path], object]] = {
    "size": lambda root: _write(root, "b.mp3", text=b"longer"),
    "mtime": lambda root: _touch(root / "b.mp3"),
    "sidecar": lambda root: _touch(root / "notes.txt"),
    "picture": lambda root: _touch(root / "cover.jpg"),
    "name": lambda root: (root / "b.mp3").rename(root / "c.mp3"),
    "new": lambda root: _write(root, "new.txt"),
    "gone": lambda root: (root / "notes.txt").unlink(),
    "new folder": lambda root: (root / "other").mkdir(),
    "folder name": lambda root: (root / "sub").rename(root / "other"),
    "ignore file": lambda root: _write(root, ".shelfignore", text=b"*.xyz"),
    "ctime": lambda root: (root / "b.mp3").chmod(0o600),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_in_a_folder_changes_its_digest(tmp_path: Path, change: str) -> None:
    _write(tmp_path, "b.mp3", "cover.jpg", "notes.txt", "sub/x.mp3")
    for name in ("b.mp3", "cover.jpg", "notes.txt"):
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    before = _look(tmp_path)
    # Time on the clock of the filesystem may stand still for milliseconds: wait for ctime to have moved.
    probe = tmp_path.parent / "probe"
    probe.touch()
    while probe.stat().st_ctime_ns <= (tmp_path / "b.mp3").stat().st_ctime_ns:
        probe.touch()
    CHANGES[change](tmp_path)
    after = _look(tmp_path, known=before.digest)
    assert after.digest != before.digest
    assert not after.unchanged
    assert after.files == 1


def test_what_lies_deeper_or_is_hidden_is_not_part_of_the_digest(tmp_path: Path) -> None:
    _write(tmp_path, "b.mp3", "sub/x.mp3")
    before = _look(tmp_path).digest
    _write(tmp_path, "sub/y.mp3", ".hidden", "._b.mp3", "b.mp3.part", "Thumbs.db", "@eaDir/x.mp3")
    assert _look(tmp_path).digest == before


def test_a_new_inode_counts_only_where_inodes_are_stable(tmp_path: Path) -> None:
    _write(tmp_path, "b.mp3")
    os.utime(tmp_path / "b.mp3", ns=(5, 5))
    loose = walk_rules([b".mp3"], [], ignore_ctime=True, ignore_inode=True)
    inode_counts = walk_rules([b".mp3"], [], ignore_ctime=True)
    before, counted = _look(tmp_path, loose).digest, _look(tmp_path, inode_counts).digest
    _write(tmp_path, "other.mp3")
    os.utime(tmp_path / "other.mp3", ns=(5, 5))
    (tmp_path / "other.mp3").replace(tmp_path / "b.mp3")
    assert _look(tmp_path, loose).digest == before
    assert _look(tmp_path, inode_counts).digest != counted


def _shuffled(path: bytes) -> AbstractContextManager[Iterator[os.DirEntry[bytes]]]:
    return _opened(path, lambda entries: iter(random.sample(entries, len(entries))))


@contextmanager
def _opened(
    path: bytes, change: Callable[[list[os.DirEntry[bytes]]], Iterator[os.DirEntry[bytes]]]
) -> Iterator[Iterator[os.DirEntry[bytes]]]:
    with os.scandir(path) as found:
        yield change(list(found))


def test_the_order_of_the_system_is_irrelevant(tmp_path: Path) -> None:
    _write(tmp_path, *(f"{number}.mp3" for number in range(30)), "s/x", "t/x")
    listing = _look(tmp_path)
    for _ in range(5):
        other = _look(tmp_path, scandir=_shuffled)
        assert (other.digest, other.entries) == (listing.digest, listing.entries)


def test_names_that_are_never_part_of_a_library_are_skipped(tmp_path: Path) -> None:
    folders = ["@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", ".@__thumb", ".snapshots"]
    folders += ["$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX", ".git", ".Trash-1000"]
    files = [
        "._a.mp3",
        ".a.mp3",
        "a.mp3.part",
        "a.mp3.tmp",
        "a.mp3~",
        ".syncthing.a.mp3.tmp",
        ".a.mp3.Xy12Zw",
    ]
    files += ["a.crdownload", "a.mp3.bak", "Thumbs.db", "desktop.ini", "a.mp3.!qB"]
    _write(tmp_path, "good.mp3", *files, *(f"{folder}/x.mp3" for folder in folders))
    before = _look(tmp_path)
    assert _media(tmp_path) == [b"good.mp3"]
    for name in files:
        (tmp_path / name).unlink()
    assert _look(tmp_path).digest == before.digest


def test_names_that_begin_with_two_or_more_dots_are_real_albums(tmp_path: Path) -> None:
    _write(tmp_path, "...And You Will Know Us/...intro.mp3", "..b.mp3")
    assert _media(tmp_path) == [b"...And You Will Know Us/...intro.mp3", b"..b.mp3"]


def test_names_are_bytes_of_any_kind(tmp_path: Path) -> None:
    odd = [
        b"new\nline.mp3",
        b"\xff\xfe.mp3",
        b"n" * 251 + b".mp3",
        "é.mp3".encode(),
        "e\u0301.mp3".encode(),
        b"  .mp3",
    ]
    _write(tmp_path, *odd)
    assert _names(_look(tmp_path)) == sorted(odd)


@pytest.mark.parametrize("when", [0, -1, -(10**9), 2**62])
def test_times_at_the_epoch_before_it_and_far_ahead_are_times(tmp_path: Path, when: int) -> None:
    _write(tmp_path, "a.mp3")
    os.utime(tmp_path / "a.mp3", ns=(when, when))
    listing = _look(tmp_path)
    assert listing.entries[0].stamp.mtime_ns == (tmp_path / "a.mp3").stat().st_mtime_ns
    assert _look(tmp_path, known=listing.digest).unchanged


def test_links_are_nothing_unless_they_are_followed(tmp_path: Path) -> None:
    _write(tmp_path, "root/a.mp3", "far/b.mp3")
    root = tmp_path / "root"
    plain = _look(root).digest
    (root / "file.mp3").symlink_to("a.mp3")
    (root / "dead.mp3").symlink_to("nowhere")
    (root / "folder").symlink_to(tmp_path / "far")
    listing = _look(root)
    assert (listing.digest, _names(listing), listing.problems, listing.subfolders) == (
        plain,
        [b"a.mp3"],
        (),
        (),
    )
    assert _media(root, FOLLOWING) == [b"a.mp3", b"file.mp3", b"folder/b.mp3"]
    followed = _look(root, FOLLOWING)
    assert [(name, code) for name, code, _ in followed.problems] == [(b"dead.mp3", "broken_link")]
    assert followed.subfolders[0].is_link
    assert followed.entries[1].stamp == followed.entries[0].stamp


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    _write(tmp_path, "real/a.mp3")
    (tmp_path / "link").symlink_to("real")
    assert _media(tmp_path / "link") == [b"a.mp3"]


def test_a_link_to_a_folder_above_is_a_problem_and_not_a_circle(tmp_path: Path) -> None:
    _write(tmp_path, "a/b/x.mp3")
    (tmp_path / "a" / "b" / "up").symlink_to("..")
    (tmp_path / "a" / "b" / "self").symlink_to(".")
    (tmp_path / "a" / "b" / "itself.mp3").symlink_to("itself.mp3")
    listings = _walk(tmp_path, FOLLOWING)
    assert [(name, code) for name, code, _ in listings[b"a/b"].problems] == [
        (b"itself.mp3", "broken_link"),
        (b"self", "link_loop"),
        (b"up", "link_loop"),
    ]
    assert sorted(listings) == [b"", b"a", b"a/b"]


def test_a_dead_link_that_may_have_been_a_folder_is_named_so_that_nothing_below_is_lost(
    tmp_path: Path,
) -> None:
    _write(tmp_path, "far/b.mp3", "root/a.mp3")
    (tmp_path / "root" / "Disk 2").symlink_to(tmp_path / "far")
    before = _look(tmp_path / "root", FOLLOWING)
    (tmp_path / "far").rename(tmp_path / "away")
    after = _look(tmp_path / "root", FOLLOWING, before.digest)
    assert (after.dangling, after.unchanged, after.problems) == ((b"Disk 2",), False, ())


def test_what_is_no_file_is_never_opened_and_named_when_it_looks_like_media(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / ".shelfignore")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s.cbz"))
        listing = _look(tmp_path)
    assert [(name, code) for name, code, _ in listing.problems] == [
        (b".shelfignore", "ignore_file"),
        (b"pipe.mp3", "not_a_file"),
        (b"s.cbz", "not_a_file"),
    ]
    assert _look(tmp_path, known=listing.digest).problems == listing.problems


class _Entry:
    """A directory entry whose stat fails."""

    def __init__(self, entry: os.DirEntry[bytes], number: int) -> None:
        self.name = entry.name
        self._entry = entry
        self._number = number

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._entry.is_file(follow_symlinks=follow_symlinks)

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise OSError(self._number, os.strerror(self._number))


def _failing_stat(name: bytes, number: int) -> Any:
    def change(entries: list[os.DirEntry[bytes]]) -> Iterator[Any]:
        return iter([_Entry(entry, number) if entry.name == name else entry for entry in entries])

    return lambda path: _opened(path, change)


def test_a_listing_that_fails_half_way_is_a_failed_listing_and_never_a_short_one(tmp_path: Path) -> None:
    _write(tmp_path, "a.mp3", "b.mp3", "c.mp3")

    def broken(entries: list[os.DirEntry[bytes]]) -> Iterator[os.DirEntry[bytes]]:
        yield entries[0]
        raise OSError(errno.EIO, "Input/output error")

    listing = _look(tmp_path, scandir=lambda path: _opened(path, broken))
    assert listing.problem == (ProblemCode.FOLDER_UNREADABLE, "Input/output error")
    assert (listing.digest, listing.entries, listing.subfolders, listing.unchanged) == (b"", (), (), False)


def test_one_file_that_cannot_be_looked_at_stops_no_other(tmp_path: Path) -> None:
    _write(tmp_path, "a.mp3", "b.mp3")
    listing = _look(tmp_path, scandir=_failing_stat(b"a.mp3", errno.EIO))
    assert [(name, code) for name, code, _ in listing.problems] == [(b"a.mp3", "io_error")]
    assert _names(listing) == [b"b.mp3"]
    assert listing.digest != _look(tmp_path).digest


@pytest.mark.parametrize("number", [errno.ENOTCONN, errno.ESTALE, errno.ETIMEDOUT])
def test_a_server_that_goes_away_between_list_and_stat_fails_the_folder(tmp_path: Path, number: int) -> None:
    _write(tmp_path, "a.mp3", "b.mp3")
    listing = _look(tmp_path, scandir=_failing_stat(b"a.mp3", number))
    assert listing.problem is not None
    assert listing.problem[0] == "folder_unreadable"


def test_a_file_that_vanishes_meanwhile_is_left_out_and_the_digest_marked(tmp_path: Path) -> None:
    _write(tmp_path, "a.mp3", "b.mp3")
    listing = _look(tmp_path, scandir=_failing_stat(b"a.mp3", errno.ENOENT))
    assert (listing.raced, _names(listing), listing.problem) == (True, [b"b.mp3"], None)


def test_a_folder_that_is_gone_or_became_a_file_or_a_link_is_a_problem(tmp_path: Path) -> None:
    _write(tmp_path, "a/x.mp3", "b")
    task = root_task(bytes(tmp_path))
    listing = list_folder(task, RULES)
    below = subtask(RULES, task, listing, listing.subfolders[0])
    (tmp_path / "a").rename(tmp_path / "real")
    for now in ("nothing", "file", "link"):
        if now == "file":
            _write(tmp_path, "a")
        elif now == "link":
            (tmp_path / "a").unlink()
            (tmp_path / "a").symlink_to("real")
        found = list_folder(below, RULES).problem
        assert found is not None
        assert found[0] == "vanished"


def _as_nobody(path: bytes, answer: Any) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    answer.send([list_folder(root_task(path + below), RULES).problem for below in (b"", b"/deaf", b"/blind")])


def test_folders_that_may_not_be_read_are_problems_and_not_empty(tmp_path: Path) -> None:
    _write(tmp_path, "deaf/a.mp3", "blind/a.mp3")
    above = tmp_path
    while above != above.parent and above.owner() == tmp_path.owner() and above.name:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o055)
        above = above.parent
    (tmp_path / "deaf").chmod(0o000)
    (tmp_path / "blind").chmod(0o444)
    receive, send = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_as_nobody, args=(bytes(tmp_path), send))
    child.start()
    send.close()
    try:
        top, deaf, blind = receive.recv()
    finally:
        child.join(10)
        (tmp_path / "deaf").chmod(0o755)
        (tmp_path / "blind").chmod(0o755)
    assert top is None
    assert deaf == ("permission_denied", "Permission denied")
    assert blind == ("permission_denied", "Permission denied")


def test_c18_c19_c20_ignore_files_decide_on_real_folders(tmp_path: Path) -> None:
    _write(
        tmp_path, "extras/one.cbz", "extras/include-me.cbz", "extras/deep/two.cbz", "main.cbz", "skip/x.cbz"
    )
    _write(tmp_path, ".shelfignore", text=b"# beside\nextras/\n!extras/include-me.cbz\nskip/\n")
    assert _media(tmp_path) == [b"extras/include-me.cbz", b"main.cbz"]
    listings = _walk(tmp_path)
    assert sorted(listings) == [b"", b"extras"]


@pytest.mark.parametrize("name", [".ndignore", ".ignore", ".nomedia"])
def test_c18_an_empty_file_of_these_names_ignores_its_folder_and_below(tmp_path: Path, name: str) -> None:
    _write(tmp_path, "a/x.mp3", "a/b/y.mp3", "z.mp3")
    _write(tmp_path, f"a/{name}", text=b"")
    assert _media(tmp_path) == [b"z.mp3"]
    _write(tmp_path, "a/.shelfignore", text=b"!b/\n")
    assert _media(tmp_path) == [b"a/b/y.mp3", b"z.mp3"]


def test_c18_rules_add_up_from_the_root_and_from_the_library(tmp_path: Path) -> None:
    _write(tmp_path, "a/1.mp3", "a/2.mp3", "a/b/1.mp3", "a/b/3.mp3", "c/2.mp3")
    _write(tmp_path, ".stumpignore", text=b"1.mp3\n")
    _write(tmp_path, "a/.ndignore", text=b"/2.mp3\n")
    _write(tmp_path, "a/b/.shelfignore", text=b"!1.mp3\n")
    assert _media(tmp_path) == [b"a/b/1.mp3", b"a/b/3.mp3", b"c/2.mp3"]
    rules = walk_rules([b".mp3"], [], patterns=("c/", "3.mp3"))
    assert _media(tmp_path, rules) == [b"a/b/1.mp3"]


def test_c18_a_changed_ignore_file_changes_the_digests_of_all_folders_below(tmp_path: Path) -> None:
    _write(tmp_path, "a/b/x.mp3", "c/y.mp3")
    _write(tmp_path, "a/.shelfignore", text=b"*.txt\n")
    before = {name: listing.digest for name, listing in _walk(tmp_path).items()}
    _write(tmp_path, "a/.shelfignore", text=b"*.text\n")
    after = {name: listing.digest for name, listing in _walk(tmp_path).items()}
    assert {name for name in before if before[name] != after[name]} == {b"a", b"a/b"}


def test_what_is_ignored_does_not_disturb_the_digest(tmp_path: Path) -> None:
    _write(tmp_path, "a.mp3")
    _write(tmp_path, ".shelfignore", text=b"*.txt\nbuild/\n")
    before = _look(tmp_path).digest
    _write(tmp_path, "new.txt", "build/x.mp3")
    assert _look(tmp_path).digest == before


def test_a_hostile_ignore_file_is_a_problem_with_its_name_and_stops_nothing(tmp_path: Path) -> None:
    _write(tmp_path, "a.mp3")
    for text in (b"x\n" * 5_000_000, os.urandom(500) + b"\0\n", b"name\n" * 100_000, b"*a" * 2_000):
        _write(tmp_path, ".shelfignore", text=text)
        listing = _look(tmp_path)
        assert listing.problem is None
        assert _names(listing) == [b"a.mp3"]
        named = [(name, code) for name, code, _ in listing.problems]
        assert named == ([] if text.startswith(b"*") else [(b".shelfignore", "ignore_file")])


def test_rules_that_change_during_the_walk_freeze_what_lies_below(tmp_path: Path) -> None:
    _write(tmp_path, "a/x.mp3")
    _write(tmp_path, ".shelfignore", text=b"*.txt\n")
    task = root_task(bytes(tmp_path))
    listing = list_folder(task, RULES)
    _write(tmp_path, ".shelfignore", text=b"*.mp3\n")
    below = list_folder(subtask(RULES, task, listing, listing.subfolders[0]), RULES, book=RuleBook())
    assert below.problem is not None
    assert below.problem[0] == "ignore_file"
