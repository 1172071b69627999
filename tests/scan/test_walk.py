"""`scan.walk` and whole scans of trees that nobody would build on purpose."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shelfread.model.catalogue import KnownFolder
from shelfread.model.library import LibraryOptions
from shelfread.scan.folder import FolderTask, root_task, walk_rules
from shelfread.scan.walk import Walk, WalkerPool
from tests import catalogue, powerless
from tests.conftest import NewShelf, Shelf, Tree
from tests.scan.hostile import children

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = walk_rules([b".mp3"], [b".jpg"])
FOLLOWING = LibraryOptions(follow_symlinks=True)
SECOND = 10**9


def _content(tree: Tree) -> bytes:
    content = tree.add("template.mp3", title="").read_bytes()
    tree.delete("template.mp3")
    return content


async def _quiet(shelf: Shelf, count: int) -> None:
    """A second scan opens nothing and changes nothing."""
    before = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == ({"unchanged": count} if count else {})
    assert shelf.opened == []
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before


# The walk alone


class _Placed:
    """A walk whose folders get numbers, as rows would be."""

    def __init__(self, pool: WalkerPool, known: dict[bytes, KnownFolder] | None = None) -> None:
        self.known = known or {}
        self.walk = Walk(RULES, pool, self, trust_digests=True)
        self.parents: dict[bytes, int | None] = {}
        self.numbers: dict[bytes, int] = {}
        self.files = 0
        self.unchanged = 0

    async def at(self, paths: Sequence[bytes]) -> dict[bytes, KnownFolder]:
        return {path: self.known[path] for path in paths if path in self.known}

    async def below(self, rows: Sequence[int]) -> dict[bytes, KnownFolder]:
        above = {known.path for known in self.known.values() if known.id in rows}
        return {path: known for path, known in self.known.items() if path and os.path.dirname(path) in above}

    async def run(self, top: FolderTask) -> _Placed:
        numbers = itertools.count(1)
        async for found in self.walk.run(top, None):
            path = found.listing.relative
            assert path not in self.numbers, "twice"
            self.numbers[path] = next(numbers)
            self.parents[path] = found.parent_id
            self.files += found.listing.files
            self.unchanged += found.listing.unchanged
            if found.listing.problem is None:
                self.known[path] = KnownFolder(self.numbers[path], path, found.listing.digest, False)
                self.walk.place(found, self.numbers[path])
        return self


def _make(root: Path, folders: int) -> None:
    for number in range(folders):
        folder = root / f"{number % 7}" / f"{number}" / "deep" / "er"
        folder.mkdir(parents=True)
        (folder / "a.mp3").touch()


@pytest.mark.parametrize("size", [1, 3])
async def test_every_folder_is_found_once_and_after_the_one_it_lies_in(tmp_path: Path, size: int) -> None:
    _make(tmp_path, 150)
    expected = {os.path.relpath(path, tmp_path).encode() for path, _, _ in os.walk(tmp_path)}
    expected = expected - {b"."} | {b""}
    pool = WalkerPool(size)
    await pool.start()
    try:
        placed = await _Placed(pool).run(root_task(bytes(tmp_path)))
        assert set(placed.numbers) == expected
        assert placed.files == 150
        for path, parent in placed.parents.items():
            assert parent == (placed.numbers[os.path.dirname(path)] if path else None)
        again = await _Placed(pool, placed.known).run(root_task(bytes(tmp_path)))
        assert (again.unchanged, again.files) == (len(expected), 150)
    finally:
        await pool.close()


async def test_walkers_that_are_killed_are_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    _make(tmp_path, 60)
    pool = WalkerPool(2)
    await pool.start()
    try:
        whole = (await _Placed(pool).run(root_task(bytes(tmp_path)))).numbers.keys()
        for _ in range(3):
            for child in list(pool._walkers):
                os.kill(child.pid, signal.SIGKILL)
            assert (await _Placed(pool).run(root_task(bytes(tmp_path)))).numbers.keys() == whole
    finally:
        pids = {child.pid for child in pool._walkers}
        await pool.close()
    assert not children() & pids


async def test_a_cancelled_look_spoils_no_later_one(tmp_path: Path) -> None:
    _make(tmp_path, 20)
    pool = WalkerPool(1)
    await pool.start()
    try:
        tasks = [root_task(bytes(tmp_path / f"{number}")) for number in range(7)]
        for _ in range(5):
            look = asyncio.create_task(pool.look(RULES, tasks))
            await asyncio.sleep(0)
            look.cancel()
            with pytest.raises(asyncio.CancelledError):
                await look
        (listing,) = await pool.look(RULES, [root_task(bytes(tmp_path))])
        assert sorted(sub.name for sub in listing.subfolders) == [b"%d" % number for number in range(7)]
    finally:
        await pool.close()


# What is no file


async def test_what_is_no_regular_file_is_told_and_never_opened(shelf: Shelf) -> None:
    shelf.tree.add("Ann/First/good.mp3")
    folder = shelf.tree / "Ann/First"
    os.mkfifo(folder / "fifo.mp3")
    os.mkfifo(folder / "fifo.txt")
    expected = {("Ann/First/fifo.mp3", "not_a_file"), ("Ann/First/socket.mp3", "not_a_file")}
    try:
        os.mknod(folder / "device.mp3", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pass
    else:
        expected.add(("Ann/First/device.mp3", "not_a_file"))
    (folder / "folder.mp3").mkdir()
    (folder / "broken link.mp3").symlink_to("nowhere")
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder)  # the path of a socket may be 107 bytes long
        listener.bind("socket.mp3")
        os.chdir(here)
        assert await shelf.scan() == {"added": 1}
        assert await shelf.problems() == expected
        await _quiet(shelf, 1)
        assert await shelf.problems() == expected
        (folder / "fifo.mp3").unlink()
        assert await shelf.scan() == {"unchanged": 1}
        assert await shelf.problems() == expected - {("Ann/First/fifo.mp3", "not_a_file")}
        shelf.tree.add("Ann/First/socket 2.mp3")
        shelf.tree.add("Ann/First/fifo.mp3")
        assert await shelf.scan() == {"added": 2, "unchanged": 1}


async def test_names_of_devices_of_another_system_are_names_like_any(shelf: Shelf) -> None:
    for name in ("nul.mp3", "con.mp3", "aux.mp3", "com1.mp3", "null.mp3"):
        shelf.tree.add(f"Ann/First/{name}")
    assert await shelf.scan() == {"added": 5}
    await _quiet(shelf, 5)


# Links


async def test_links_are_left_alone_unless_the_library_follows_them(shelf: Shelf, tmp_path: Path) -> None:
    outside = Tree(tmp_path / "outside")
    outside.add("Far/Away/b.mp3")
    shelf.tree.add("Ann/First/a.mp3")
    (shelf.tree / "out").symlink_to(outside.path)
    (shelf.tree / "Ann/First/link.mp3").symlink_to(outside / "Far/Away/b.mp3")
    (shelf.tree / "loop").symlink_to(".")
    (shelf.tree / "broken.mp3").symlink_to("nowhere")
    assert await shelf.scan() == {"added": 1}
    assert set(await shelf.files()) == {"Ann/First/a.mp3"}
    assert await shelf.problems() == set()
    await _quiet(shelf, 1)


async def test_followed_links_lead_to_files_and_folders_wherever_they_are(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    shelf = await new_shelf(database_kind, options=FOLLOWING)
    outside = Tree(tmp_path / "outside")
    outside.add("Far/Away/b.mp3")
    outside.add("Far/Away/c.mp3")
    shelf.tree.add("Ann/First/a.mp3")
    (shelf.tree / "out").symlink_to(outside.path)
    (shelf.tree / "Ann/First/link.mp3").symlink_to(outside / "Far/Away/b.mp3")
    files = {"Ann/First/a.mp3", "Ann/First/link.mp3", "out/Far/Away/b.mp3", "out/Far/Away/c.mp3"}
    assert await shelf.scan() == {"added": 4}
    assert set(await shelf.files()) == files
    await _quiet(shelf, 4)
    outside.retag("Far/Away/b.mp3", title="changed")
    assert await shelf.scan() == {"updated": 2, "unchanged": 2}
    # The disk behind a link is away: what is known of it stays as it was.
    outside.path.rename(tmp_path / "away")
    counters = await shelf.scan()
    assert not counters.get("removed") or await shelf.missing() == {"Ann/First/link.mp3"}
    assert not any(path.startswith("out/") for path in await shelf.missing())
    (tmp_path / "away").rename(outside.path)
    await shelf.scan()
    assert await shelf.missing() == set()
    assert set(await shelf.ids()) == files


async def test_circles_of_links_end_and_are_told(new_shelf: NewShelf, database_kind: str) -> None:
    shelf = await new_shelf(database_kind, options=FOLLOWING)
    shelf.tree.add("Ann/First/a.mp3")
    shelf.tree.add("Bob/Second/b.mp3")
    (shelf.tree / "self").symlink_to(".")
    (shelf.tree / "Ann/First/up").symlink_to("../..")
    (shelf.tree / "Ann/Bob").symlink_to("../Bob")
    (shelf.tree / "Bob/Ann").symlink_to("../Ann")
    (shelf.tree / "to itself").symlink_to("to itself")
    (shelf.tree / "song.mp3").symlink_to("song.mp3")
    await shelf.outcome()
    problems = await shelf.problems()
    assert {code for _, code in problems} == {"link_loop", "broken_link"}
    assert ("song.mp3", "broken_link") in problems
    assert ("self", "link_loop") in problems
    assert ("Ann/First/up", "link_loop") in problems
    files = set(await shelf.files())
    assert {"Ann/First/a.mp3", "Bob/Second/b.mp3", "Ann/Bob/Second/b.mp3", "Bob/Ann/First/a.mp3"} <= files
    await _quiet(shelf, len(files))
    assert await shelf.problems() == problems


async def test_a_farm_of_links_ends(new_shelf: NewShelf) -> None:
    shelf = await new_shelf(options=FOLLOWING)
    for number in range(4):
        shelf.tree.add(f"shelf {number}/album/a.mp3")
    for one, other in itertools.permutations(range(4), 2):
        (shelf.tree / f"shelf {one}/to {other}").symlink_to(f"../shelf {other}")
    outcome = await shelf.outcome()
    # Every way through four shelves that meets none twice.
    assert outcome.counters.found == 4 + 4 * 3 + 4 * 3 * 2 + 4 * 3 * 2 * 1
    assert {code for _, code in await shelf.problems()} == {"link_loop"}
    await _quiet(shelf, outcome.counters.found)


# Times


def _times() -> dict[str, int]:
    return {
        "epoch": 0,
        "before the epoch": -1,
        "1901": -(2**31) * SECOND,
        "one nanosecond": 1,
        "2038": 2**31 * SECOND,
        "2262": 2**63 - 1,
        "2500": 16_725_225_600 * SECOND,
    }


async def test_times_of_every_sort_are_remembered_exactly(shelf: Shelf) -> None:
    stamps = {}
    for name, at in _times().items():
        path = shelf.tree.add(f"Ann/First/{name}.mp3")
        os.utime(path, ns=(0, at))
        stamps[f"Ann/First/{name}.mp3"] = path.stat().st_mtime_ns
    count = len(stamps)
    assert await shelf.scan() == {"added": count}
    for name, row in (await shelf.files()).items():
        if abs(stamps[name]) < 2**63:
            assert row["mtime_ns"] == stamps[name]
    await _quiet(shelf, count)
    # An older time is another time, even the oldest.
    os.utime(shelf.tree / "Ann/First/2038.mp3", ns=(0, -5))
    assert await shelf.scan() == {"updated": 1, "unchanged": count - 1}
    await _quiet(shelf, count)


async def test_times_beyond_64_bits_of_nanoseconds_are_no_trouble(new_shelf: NewShelf) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        pytest.skip("needs a filesystem with 64-bit seconds")
    folder = Path(tempfile.mkdtemp(prefix="shelfread-test-", dir=memory))
    try:
        tree = Tree(folder)
        for number, at in enumerate((2**50, -(2**50), 2**34)):
            os.utime(tree.add(f"Ann/First/{number}.mp3"), (0, at))
        shelf = await new_shelf(trees=[tree])
        assert await shelf.scan() == {"added": 3}
        await _quiet(shelf, 3)
        os.utime(tree / "Ann/First/0.mp3", (0, 2**50 + 1))
        assert await shelf.scan() == {"updated": 1, "unchanged": 2}
    finally:
        shutil.rmtree(folder)


async def test_young_files_are_settled_by_a_later_scan_that_opens_none(
    new_shelf: NewShelf, database_kind: str
) -> None:
    shelf = await new_shelf(database_kind, settle_seconds=1000)
    shelf.tree.add("Ann/First/a.mp3")
    future = shelf.tree.add("Bob/Second/future.mp3")
    os.utime(future, ns=(0, 2**62))
    await shelf.scan()
    assert {row["unsettled"] for row in (await shelf.files()).values()} == {True}
    assert await shelf.scan() == {"unchanged": 2}
    assert shelf.opened == []
    shelf.app.settings.settle_seconds = 0
    assert await shelf.scan() == {"unchanged": 2}
    assert shelf.opened == []
    assert {row["unsettled"] for row in (await shelf.files()).values()} == {False}
    await _quiet(shelf, 2)


# Shapes


async def test_two_hundred_folders_deep(shelf: Shelf) -> None:
    content = _content(shelf.tree)
    path = shelf.tree.path
    for number in range(200):
        path = path / f"{number:03}"
        path.mkdir()
    (path / "deep.mp3").write_bytes(content)
    assert await shelf.scan() == {"added": 1}
    assert len(await shelf.table("folders")) == 201
    await _quiet(shelf, 1)
    path.rename(shelf.tree / "up")
    assert await shelf.scan() == {"moved": 1}
    await _quiet(shelf, 1)


async def test_a_path_longer_than_the_system_takes_is_told_and_costs_nothing_else(shelf: Shelf) -> None:
    shelf.tree.add("Ann/First/a.mp3")
    folder = os.open(shelf.tree.path, os.O_RDONLY)
    name = "x" * 250
    for _ in range(20):
        os.mkdir(name, dir_fd=folder)
        deeper = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    try:
        assert await shelf.scan() == {"added": 1}
        ((path, code),) = await shelf.problems()
        assert code == "folder_unreadable"
        assert set(path) == {"x", "/"}
        await _quiet(shelf, 1)
    finally:
        subprocess.run(["rm", "-rf", str(shelf.tree / name)], check=True)
    # What is told of a folder goes when the folder goes.
    assert await shelf.scan() == {"unchanged": 1}
    assert await shelf.problems() == set()


async def test_three_thousand_files_in_one_folder(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    content = _content(shelf.tree)
    folder = shelf.tree / "Ann/All of it"
    folder.mkdir(parents=True)
    for number in range(3000):
        (folder / f"{number:04}.mp3").write_bytes(content + b"%d" % number)
    assert await shelf.scan() == {"added": 3000}
    await _quiet(shelf, 3000)
    (folder / "0007.mp3").write_bytes(content)
    (folder / "0008.mp3").unlink()
    assert await shelf.scan() == {"updated": 1, "removed": 1, "unchanged": 2998}
    assert len(shelf.opened) == 1
    await _quiet(shelf, 2999)


async def test_empty_folders_are_no_trouble(shelf: Shelf) -> None:
    for name in ("a/b/c", "a/d", "e"):
        (shelf.tree / name).mkdir(parents=True)
    assert await shelf.scan() == {}
    assert len(await shelf.table("folders")) == 6
    await _quiet(shelf, 0)
    shelf.tree.add("a/b/c/song.mp3")
    assert await shelf.scan() == {"added": 1}
    shelf.tree.delete("e")
    assert await shelf.scan() == {"unchanged": 1}
    await _quiet(shelf, 1)


# What may not be read


_SCAN = """
import asyncio, json, os, sys
from shelfread.app import open_app
from shelfread.settings import Settings
from shelfread.tasks.library_scan import PoolSizes

async def main():
    settings = Settings(data_dir=sys.argv[1] + "/data", settle_seconds=0, parsers=1, walkers=1)
    async with open_app(settings) as app:
        found = await app.libraries.all()
        library = found[0] if found else await app.libraries.add("M", "music", [os.fsencode(sys.argv[2])])
        report = await app.scan(library)
        names = report.outcome.counters.__slots__
        counters = {name: getattr(report.outcome.counters, name) for name in names}
        print(json.dumps({
            "counters": {name: count for name, count in counters.items() if count and name != "found"},
            "problems": sorted(
                [os.path.relpath(p.path.decode(), sys.argv[2]), p.code] for p in report.problems
            ),
        }))

asyncio.run(main())
"""


def _scan_powerless(place: Path, music: Path) -> Any:
    done = powerless.run(_SCAN, str(place), str(music))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_what_may_not_be_read_is_told_kept_and_read_when_it_may_be(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "music")
    for name in ("Ann/First/a.mp3", "Ann/First/closed.mp3", "Bob/Second/b.mp3", "Bob/Second/c.mp3"):
        tree.add(name)
    closed, folder = tree / "Ann/First/closed.mp3", tree / "Bob/Second"
    closed.chmod(0)
    assert _scan_powerless(tmp_path, tree.path) == {
        "counters": {"added": 3, "failed": 1},
        "problems": [["Ann/First/closed.mp3", "permission_denied"]],
    }
    # A folder that is closed later: everything in it stays as it was known.
    folder.chmod(0)
    in_trouble = [["Ann/First/closed.mp3", "permission_denied"], ["Bob/Second", "permission_denied"]]
    for _ in range(2):
        assert _scan_powerless(tmp_path, tree.path) == {
            "counters": {"unchanged": 2},
            "problems": in_trouble,
        }
    folder.chmod(0o755)
    assert _scan_powerless(tmp_path, tree.path) == {
        "counters": {"unchanged": 4},
        "problems": [["Ann/First/closed.mp3", "permission_denied"]],
    }
    # Listing without looking: names are known, stamps are not.
    folder.chmod(0o444)
    found = _scan_powerless(tmp_path, tree.path)
    assert found["counters"] == {"unchanged": 2}
    assert ["Bob/Second", "permission_denied"] in found["problems"]
    folder.chmod(0o755)
    closed.chmod(0o644)
    assert _scan_powerless(tmp_path, tree.path) == {
        "counters": {"updated": 1, "unchanged": 3},
        "problems": [],
    }


async def test_a_folder_that_was_never_listed_is_told_until_it_goes(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "music")
    tree.add("Ann/First/a.mp3")
    tree.add("Bob/Second/b.mp3")
    (tree / "Bob").chmod(0)
    for _ in range(2):
        found = _scan_powerless(tmp_path, tree.path)
        assert found["problems"] == [["Bob", "permission_denied"]]
    (tree / "Bob").chmod(0o755)
    shutil.rmtree(tree / "Bob")
    assert _scan_powerless(tmp_path, tree.path) == {"counters": {"unchanged": 1}, "problems": []}


async def test_a_root_that_may_not_be_listed_is_not_believed(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "music")
    tree.add("Ann/First/a.mp3")
    assert _scan_powerless(tmp_path, tree.path)["counters"] == {"added": 1}
    tree.path.chmod(0)
    done = powerless.run(_SCAN, str(tmp_path), str(tree.path))
    assert done.returncode != 0
    assert "RootsUnavailable" in done.stderr
    assert "Permission denied" in done.stderr
    tree.path.chmod(0o755)
    assert _scan_powerless(tmp_path, tree.path) == {"counters": {"unchanged": 1}, "problems": []}


@pytest.mark.parametrize("sort", ["folder", "fifo", "hidden"])
async def test_a_file_in_whose_place_something_else_is_now_is_missing(shelf: Shelf, sort: str) -> None:
    shelf.tree.add("Ann/First/stays.mp3")
    path = shelf.tree.add("Ann/First/goes.mp3")
    assert await shelf.scan() == {"added": 2}
    if sort == "hidden":
        shelf.tree.write("Ann/First/.shelfignore", "goes.mp3\n")
    else:
        path.unlink()
        if sort == "folder":
            path.mkdir()
        else:
            os.mkfifo(path)
    assert await shelf.scan() == {"unchanged": 1, "removed": 1}
    assert await shelf.missing() == {"Ann/First/goes.mp3"}
    await _quiet(shelf, 1)
