"""A scan of what did not change: no row, no file opened (A6)."""

from __future__ import annotations

import os

import pytest

from shelfread.model.change import Counters
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


def fill(tree: Tree) -> int:
    """A little of everything: two discs, a compilation, genres, pictures, ignored, damaged, untagged."""
    for number in range(1, 4):
        tree.add(
            f"Ada/First/{number:02} song {number}.mp3", genre=["Rock", "Jazz"], tracknumber=f"{number}/3"
        )
        tree.add(f"Bix/Both/CD1/{number:02} one.flac", album="Both", artist="Bix", discnumber="1/2")
        tree.add(f"Bix/Both/CD2/{number:02} two.flac", album="Both", artist="Bix", discnumber="2/2")
        tree.add(f"Many/{number:02} hit.ogg", album="Hits", artist=f"Singer {number}", compilation="1")
    tree.add("loose.opus", title="")
    tree.write("Ada/First/cover.jpg", b"no picture at all")
    tree.write("Ada/First/notes.txt", "nothing")
    tree.write("broken.mp3", b"\0" * 500)
    tree.write(".shelfignore", "extras/\n")
    tree.add("extras/not wanted.mp3")
    return 14


async def test_a6_a_second_scan_changes_no_row_and_opens_no_file(shelf: Shelf) -> None:
    count = fill(shelf.tree)
    first = await shelf.outcome()
    assert first.counters == Counters(found=count, added=count - 1, failed=1)
    assert first.counters.registered == count
    assert len({path for path in shelf.opened if not path.endswith(".jpg")}) == count
    before = await catalogue.rows(shelf.database)
    for number in (2, 3):
        outcome = await shelf.outcome()
        # The bad file has not changed: it counts as unchanged, and its problem stays (decision 2).
        assert outcome.counters == Counters(found=count, unchanged=count)
        assert shelf.opened == []
        after = await catalogue.rows(shelf.database)
        assert catalogue.kept(after) == catalogue.kept(before)
        assert len(after["library_scan_jobs"]) == number
        # Nothing but the number of the job was taken.
        counters = [{row["name"]: row["next"] for row in found["id_counters"]} for found in (before, after)]
        assert {key for key in counters[1] if counters[0].get(key) != counters[1][key]} == {"jobs"}
    assert ("broken.mp3", "wrong_format") in await shelf.problems() or ("broken.mp3", "damaged") in (
        await shelf.problems()
    )


async def test_a6_a_second_scan_writes_not_even_equal_values(new_shelf: NewShelf) -> None:
    shelf = await new_shelf("postgresql")
    fill(shelf.tree)
    await shelf.outcome()
    before = await catalogue.versions(shelf.database)
    await shelf.outcome()
    assert await catalogue.versions(shelf.database) == before


async def test_a6_a_rescan_of_what_did_not_change_leaves_no_duplicate_in_any_table(shelf: Shelf) -> None:
    count = fill(shelf.tree)
    await shelf.outcome()
    before = await catalogue.rows(shelf.database)
    outcome = await shelf.outcome(rescan=True)
    # Decision 9: every file is read, and `updated` counts where something differs.
    assert outcome.counters == Counters(found=count, unchanged=count - 1, failed=1)
    assert len({path for path in shelf.opened if not path.endswith(".jpg")}) == count
    assert await catalogue.dump(shelf.database) == catalogue.dumped(before)
    after = await catalogue.rows(shelf.database)
    read = {"read_job", "changed_by", "seen_at", "found_at", "id"}
    for name, content in catalogue.kept(before).items():
        drop = read if name in ("media_files", "problems") else set()
        assert [{k: v for k, v in row.items() if k not in drop} for row in after[name]] == [
            {k: v for k, v in row.items() if k not in drop} for row in content
        ], name
    assert {row["id"] for row in after["media_files"]} == {row["id"] for row in before["media_files"]}


async def test_a6_a_scan_of_a_part_touches_no_other_part(shelf: Shelf) -> None:
    fill(shelf.tree)
    await shelf.outcome()
    before = await shelf.files()
    shelf.tree.delete("Bix/Both/CD1/01 one.flac")
    shelf.tree.delete("Many/01 hit.ogg")
    shelf.tree.add("Many/04 hit.ogg", album="Hits", artist="Singer 4")
    counters = await shelf.scan(within=[(0, "Bix")])
    assert counters == {"unchanged": 5, "removed": 1}
    assert await shelf.missing() == {"Bix/Both/CD1/01 one.flac"}
    assert {path: row for path, row in (await shelf.files()).items() if path.startswith("Many")} == {
        path: row for path, row in before.items() if path.startswith("Many")
    }
    assert await shelf.scan() == {"unchanged": 12, "added": 1, "removed": 1}


async def test_atime_is_not_touched_by_a_second_scan(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    path = shelf.tree.add("A/B/01 one.mp3")
    await shelf.scan()
    long_ago = path.stat().st_mtime_ns - 10**15
    os.utime(path, ns=(long_ago, path.stat().st_mtime_ns))
    # This changed the ctime: one more look, and from then on none.
    assert await shelf.scan() == {"unchanged": 1}
    assert shelf.opened == [str(path)]
    os.utime(path, ns=(long_ago, path.stat().st_mtime_ns))
    await shelf.scan()
    shelf.opened.clear()
    at = path.stat().st_atime_ns
    assert await shelf.scan() == {"unchanged": 1}
    assert shelf.opened == []
    assert path.stat().st_atime_ns == at
