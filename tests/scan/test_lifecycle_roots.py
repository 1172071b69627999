"""A disk that is away removes nothing (DESIGN rule 1): roots, mounts, and many files gone at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shelfread.model.job import JobStatus
from shelfread.scan.plan import RootsUnavailable
from shelfread.store import jobs, removals
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree, counted

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def two_roots(new_shelf: NewShelf, kind: str, tmp_path: Path) -> Shelf:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    shelf = await new_shelf(kind, trees=[here, there])
    for number in range(3):
        here.add(f"Ada/First/{number} one.mp3")
        there.add(f"Bix/Other/{number} two.flac")
    assert await shelf.scan() == {"added": 6}
    return shelf


async def one_root(shelf: Shelf, count: int = 4) -> dict[str, int]:
    for number in range(count):
        shelf.tree.add(f"Ada/First/{number:02} one.mpc")
    assert await shelf.scan() == {"added": count}
    return await shelf.ids()


#: What a scan may write that finds roots unavailable.
OF_ROOTS = {"roots", "problems", *catalogue.RECORDS}


async def assert_untouched(shelf: Shelf, before: catalogue.Rows) -> None:
    after = await catalogue.rows(shelf.database)
    for name in before.keys() - OF_ROOTS:
        assert after[name] == before[name], name


async def refused(shelf: Shelf) -> str:
    """A scan that must fail because no root can be believed; gives its reason."""
    with pytest.raises(RootsUnavailable) as error:
        await shelf.outcome()
    async with shelf.database.read() as connection:
        (job, *_) = await jobs.history(connection, shelf.library_id)
    # Decision 7.
    assert (job.status, job.reason) == (JobStatus.FAILED, "root_unavailable")
    assert job.counters.processed == 0
    assert job.error == str(error.value)
    assert ("", "root_unavailable") in await shelf.problems()
    assert {row["state"] for row in await shelf.table("roots")} == {"unavailable"}
    return str(error.value)


async def test_the_only_root_is_an_empty_folder_now_and_then_is_back(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    await one_root(shelf)
    before = await catalogue.rows(shelf.database)
    away = shelf.tree.path.with_name("away")
    shelf.tree.path.rename(away)
    shelf.tree.path.mkdir()
    for _ in range(2):
        assert "is empty" in await refused(shelf)
        await assert_untouched(shelf, before)
    shelf.tree.path.rmdir()
    away.rename(shelf.tree.path)
    assert await shelf.scan() == {"unchanged": 4}
    assert shelf.opened == []
    assert catalogue.kept(await catalogue.rows(shelf.database)) == catalogue.kept(before)


async def test_the_only_root_is_gone(shelf: Shelf) -> None:
    await one_root(shelf)
    before = await catalogue.rows(shelf.database)
    away = shelf.tree.path.with_name("away")
    shelf.tree.path.rename(away)
    assert "cannot be listed" in await refused(shelf)
    await assert_untouched(shelf, before)
    shelf.tree.path.write_text("a file now")
    assert "cannot be listed" in await refused(shelf)
    await assert_untouched(shelf, before)
    shelf.tree.path.unlink()
    away.rename(shelf.tree.path)
    assert await shelf.scan() == {"unchanged": 4}
    assert catalogue.kept(await catalogue.rows(shelf.database)) == catalogue.kept(before)


async def test_the_only_root_is_another_disk_and_a_person_is_believed_once(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await one_root(shelf, 30)
    before = await catalogue.rows(shelf.database)
    away, other = shelf.tree.path.with_name("away"), shelf.tree.path.with_name("other")
    shelf.tree.path.rename(away)
    Tree(shelf.tree.path).add("Cy/Third/01 new.mpc")
    assert "another filesystem" in await refused(shelf)
    await assert_untouched(shelf, before)
    assert (await shelf.app.confirm(await shelf.library())).roots == 1
    # All thirty at once: that is what was confirmed.
    assert await shelf.scan() == {"added": 1, "removed": 30}
    assert await shelf.problems() == set()
    # Believed once: the old disk is an odd one now.
    shelf.tree.path.rename(other)
    away.rename(shelf.tree.path)
    assert "another filesystem" in await refused(shelf)
    assert (await shelf.app.confirm(await shelf.library())).roots == 1
    assert await shelf.scan() == {"restored": 30, "removed": 1}
    assert await shelf.ids() == ids
    await new_shelf.as_if_new(shelf)


async def test_a_confirmed_root_is_not_confirmed_for_ever(shelf: Shelf) -> None:
    await one_root(shelf, 30)
    away = shelf.tree.path.with_name("away")
    shelf.tree.path.rename(away)
    shelf.tree.path.mkdir()
    assert "is empty" in await refused(shelf)
    assert (await shelf.app.confirm(await shelf.library())).roots == 1
    shelf.tree.path.rmdir()
    away.rename(shelf.tree.path)
    assert await shelf.scan() == {"unchanged": 30}
    assert [row["confirmed"] for row in await shelf.table("roots")] == [False]
    for number in range(25):
        shelf.tree.delete(f"Ada/First/{number:02} one.mpc")
    assert (await shelf.outcome()).held == 25


async def test_the_same_files_on_another_disk_are_the_same_library(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await one_root(shelf, 20)
    away = shelf.tree.path.with_name("away")
    shelf.tree.path.rename(away)
    shutil.copytree(away, shelf.tree.path)
    # Two of twenty did not come along: 90 % are enough.
    for number in (3, 4):
        shelf.tree.delete(f"Ada/First/{number:02} one.mpc")
    identity = (await shelf.table("roots"))[0]["identity"]
    assert await shelf.scan() == {"unchanged": 18, "removed": 2}
    assert (await shelf.table("roots"))[0]["identity"] != identity
    assert (await shelf.ids()).items() <= ids.items()
    await new_shelf.as_if_new(shelf)


async def test_a_root_that_is_away_leaves_the_other_one_alone(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    shelf = await two_roots(new_shelf, database_kind, tmp_path)
    before = await shelf.files()
    here, there = shelf.trees
    away = tmp_path / "away"
    here.path.rename(away)
    here.path.mkdir()
    there.delete("Bix/Other/0 two.flac")
    there.add("Bix/Other/3 two.flac")
    outcome = await shelf.outcome()
    assert counted(outcome.counters) == {"added": 1, "unchanged": 2, "removed": 1}
    assert outcome.unavailable == [(os.fsencode(here.path), "is empty, but the catalogue knows files in it")]
    assert await shelf.problems() == {("", "root_unavailable")}
    after = await shelf.files()
    for name in before:
        if name.startswith("Ada"):
            assert after[name] == before[name]
    here.path.rmdir()
    away.rename(here.path)
    assert await shelf.scan() == {"unchanged": 6}
    assert await shelf.problems() == set()


async def test_what_an_attempt_noted_of_a_root_that_is_away_by_now_removes_nothing(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    shelf = await two_roots(new_shelf, database_kind, tmp_path)
    (job, *_) = await shelf.app.jobs.history(shelf.library_id, 1)
    root = (await shelf.library()).roots[1]
    gone = [row["id"] for path, row in (await shelf.files()).items() if path.startswith("Bix/")]

    # As an attempt of the next job leaves it that was killed while the disk went away under it.
    async def note(connection: Any) -> None:
        await removals.add(connection, job.seq + 1, [(file_id, root.id) for file_id in gone])

    await shelf.database.write(note)
    shelf.trees[1].path.rename(tmp_path / "away")
    outcome = await shelf.outcome()
    (job_after, *_) = await shelf.app.jobs.history(shelf.library_id, 1)
    assert job_after.seq == job.seq + 1
    assert len(outcome.unavailable) == 1
    assert (outcome.counters.removed, outcome.held) == (0, 0)
    assert await shelf.missing() == set()


async def test_files_on_a_root_that_is_away_are_not_taken_for_moved(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    shelf = await two_roots(new_shelf, database_kind, tmp_path)
    ids = await shelf.ids()
    here, there = shelf.trees
    # Copies on the disk that is there: the originals are away, not gone.
    shutil.copytree(here / "Ada", there / "Ada copy")
    here.path.rename(tmp_path / "away")
    here.path.mkdir()
    outcome = await shelf.outcome()
    assert counted(outcome.counters) == {"added": 3, "unchanged": 3}
    assert ids.items() <= (await shelf.ids()).items()
    here.path.rmdir()
    (tmp_path / "away").rename(here.path)
    assert await shelf.scan() == {"unchanged": 9}
    assert await shelf.table("aliases") == []


# Mounts inside a root


class Mounts:
    """Small filesystems that are mounted for a test."""

    def __init__(self, path: Path) -> None:
        self._disk = path / "disk"
        self._disk.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", str(self._disk)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: {done.stderr.decode().strip()}")
        self._points: list[Path] = []

    def mount(self, point: Path) -> None:
        point.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", str(self._disk), str(point)], check=True)
        self._points.append(point)

    def unmount(self, point: Path) -> None:
        subprocess.run(["umount", str(point)], check=True)
        self._points.remove(point)

    def close(self) -> None:
        for point in [*self._points, self._disk]:
            subprocess.run(["umount", "-l", str(point)], check=False)


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount")
    found = Mounts(tmp_path)
    with contextlib.closing(found):
        yield found


@pytest.mark.parametrize("left", ["the empty mount point", "no mount point", "no folder above it"])
async def test_a_mount_inside_a_root_that_is_gone_removes_nothing(
    shelf: Shelf, new_shelf: NewShelf, mounts: Mounts, left: str
) -> None:
    point = shelf.tree.path / "outer" / "usb"
    mounts.mount(point)
    for number in range(3):
        shelf.tree.add(f"outer/usb/Ada/First/{number} one.mp3")
        shelf.tree.add(f"Bix/Other/{number} two.mp3")
    shelf.tree.add("outer/loose.mp3")
    assert await shelf.scan() == {"added": 7}
    ids = await shelf.ids()
    before = await shelf.files()
    mounts.unmount(point)
    present = 4
    if left != "the empty mount point":
        point.rmdir()
    if left == "no folder above it":
        shelf.tree.delete("outer")
        present = 3
    for _ in range(2):
        counters = await shelf.scan()
        assert counters.pop("removed", 0) == 4 - present or _ == 1
        assert counters == {"unchanged": present}
        after = await shelf.files()
        assert {name: row for name, row in after.items() if "usb" in name} == {
            name: row for name, row in before.items() if "usb" in name
        }
        assert ("outer/usb", "mount_unavailable") in await shelf.problems()
    mounts.mount(point)
    if left == "no folder above it":
        shelf.tree.add("outer/loose.mp3")
        assert await shelf.scan() == {"unchanged": 6, "restored": 1}
    else:
        assert await shelf.scan() == {"unchanged": 7}
    assert await shelf.problems() == set()
    assert await shelf.ids() == ids
    mounts.unmount(point)


async def test_another_disk_at_the_mount_point_with_the_same_files_is_believed(
    shelf: Shelf, new_shelf: NewShelf, mounts: Mounts
) -> None:
    point = shelf.tree.path / "usb"
    mounts.mount(point)
    for number in range(3):
        shelf.tree.add(f"usb/Ada/First/{number} one.mp3")
    shelf.tree.add("loose.mp3")
    assert await shelf.scan() == {"added": 4}
    ids = await shelf.ids()
    shutil.copytree(point, shelf.tree.path.with_name("copy"))
    mounts.unmount(point)
    point.rmdir()
    shelf.tree.move("../copy", "usb")
    assert await shelf.scan() == {"unchanged": 4}
    assert await shelf.ids() == ids
    assert await shelf.problems() == set()
    await new_shelf.as_if_new(shelf)
    shelf.tree.delete("usb/Ada/First/0 one.mp3")
    assert await shelf.scan() == {"unchanged": 3, "removed": 1}


# Many files gone at once


async def test_a_mass_removal_is_held_until_a_person_confirms_it(shelf: Shelf, new_shelf: NewShelf) -> None:
    await one_root(shelf, 60)
    before = await catalogue.rows(shelf.database)
    gone = [f"Ada/First/{number:02} one.mpc" for number in range(25)]
    for name in gone:
        shelf.tree.delete(name)
    for _ in range(2):
        # The second scan finds the same and says the same.
        outcome = await shelf.outcome()
        assert outcome.held == 25
        assert counted(outcome.counters) == {"unchanged": 35}
        after = await catalogue.rows(shelf.database)
        for name in before.keys() - OF_ROOTS - {"removals", "folders"}:
            assert after[name] == before[name], name
        assert await shelf.problems() == {("", "mass_removal_held")}
        assert (await shelf.app.libraries.counts(shelf.library_id))["held"] == 25
    async with shelf.database.read() as connection:
        held = await removals.held(connection, shelf.library_id)
    assert {os.fsdecode(candidate.path) for candidate in held} == set(gone)

    assert (await shelf.app.confirm(await shelf.library())).missing == 25
    assert await shelf.missing() == set(gone)
    assert await shelf.problems() == set()
    assert await shelf.table("removals") == []
    assert await shelf.scan() == {"unchanged": 35}
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 35}
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []


async def test_a_held_folder_that_is_confirmed_comes_back_with_its_ids(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await one_root(shelf, 25)
    for number in range(5):
        shelf.tree.add(f"Bix/Other/{number} two.mpc")
    assert await shelf.scan() == {"added": 5, "unchanged": 25}
    shelf.tree.move("Ada", "../Ada kept")
    assert (await shelf.outcome()).held == 25
    assert (await shelf.app.confirm(await shelf.library())).missing == 25
    shelf.tree.move("../Ada kept", "Ada")
    assert await shelf.scan() == {"restored": 25, "unchanged": 5}
    assert ids.items() <= (await shelf.ids()).items()
    await new_shelf.as_if_new(shelf)


async def test_a_held_removal_is_over_when_the_files_are_back(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await one_root(shelf, 30)
    shelf.tree.move("Ada", "../Ada kept")
    shelf.tree.add("loose.mpc")
    assert (await shelf.outcome()).held == 30
    shelf.tree.move("../Ada kept", "Ada")
    assert await shelf.scan() == {"unchanged": 31}
    assert await shelf.table("removals") == []
    assert await shelf.problems() == set()
    assert ids.items() <= (await shelf.ids()).items()
    await new_shelf.as_if_new(shelf)


async def test_a_rejected_mass_removal_leaves_everything_and_is_asked_again(shelf: Shelf) -> None:
    await one_root(shelf, 30)
    before = await shelf.files()
    shelf.tree.delete("Ada")
    shelf.tree.add("loose.mpc")
    assert (await shelf.outcome()).held == 30
    assert await shelf.app.reject(await shelf.library()) == 30
    assert await shelf.problems() == set()
    assert before.items() <= (await shelf.files()).items()
    assert (await shelf.outcome()).held == 30


@pytest.mark.parametrize(
    ("count", "gone", "held"),
    [(60, 20, False), (60, 21, True), (150, 30, False), (150, 31, True)],
    ids=["20 of 60", "21 of 60", "30 of 150", "31 of 150"],
)
async def test_twenty_files_or_a_fifth_of_them_may_go_without_a_question(
    new_shelf: NewShelf, count: int, gone: int, held: bool
) -> None:
    shelf = await new_shelf()
    for number in range(count):
        shelf.tree.add(f"{number % 7}/{number // 7}/{number:03}.mpc")
    assert await shelf.scan() == {"added": count}
    for number in range(gone):
        shelf.tree.delete(f"{number % 7}/{number // 7}/{number:03}.mpc")
    outcome = await shelf.outcome()
    assert outcome.held == (gone if held else 0)
    assert counted(outcome.counters) == {"unchanged": count - gone} | ({} if held else {"removed": gone})


async def test_moved_files_do_not_count_towards_a_mass_removal(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await one_root(shelf, 40)
    shelf.tree.move("Ada/First", "Ada/Second")
    for number in range(20):
        shelf.tree.delete(f"Ada/Second/{number:02} one.mpc")
    assert await shelf.scan() == {"moved": 20, "removed": 20}
    assert {name.replace("Second", "First"): number for name, number in (await shelf.ids()).items()} == {
        name: ids[name] for name in sorted(ids)[20:]
    }
    await new_shelf.as_if_new(shelf)


async def test_moves_are_settled_though_other_removals_are_held(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await one_root(shelf, 40)
    shelf.tree.move("Ada/First", "Ada/Second")
    for number in range(30):
        shelf.tree.delete(f"Ada/Second/{number:02} one.mpc")
    outcome = await shelf.outcome()
    assert outcome.held == 30
    assert counted(outcome.counters) == {"moved": 10}
    now = await shelf.ids()
    assert {name.replace("Second", "First"): now[name] for name in now if "Second" in name} == {
        name: ids[name] for name in sorted(ids)[30:]
    }
    # The others stand where they were; and the folder may come back as it was.
    assert len(now) == 40
    shelf.tree.move("Ada/Second", "Ada/First")
    outcome = await shelf.outcome()
    assert counted(outcome.counters) == {"moved": 10}
    assert outcome.held == 30


async def test_a_hold_in_one_root_holds_nothing_in_another(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    shelf = await two_roots(new_shelf, database_kind, tmp_path)
    here, there = shelf.trees
    for number in range(30):
        here.add(f"Many/Files/{number}.mpc")
    assert await shelf.scan() == {"added": 30, "unchanged": 6}
    here.delete("Many")
    there.delete("Bix/Other/0 two.flac")
    outcome = await shelf.outcome()
    assert outcome.held == 30
    assert counted(outcome.counters) == {"unchanged": 5, "removed": 1}
    # What is held is found again, and what was settled is not.
    outcome = await shelf.outcome()
    assert outcome.held == 30
    assert counted(outcome.counters) == {"unchanged": 5}
