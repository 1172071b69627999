"""Identity when scans do not see everything: scans of parts, disks that are away, folders that are closed.

What `test_over_time_model` found, each as a story of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfread.app.likenesses import confirm, open_ones
from tests.conftest import NewShelf, Shelf, Tree
from tests.scan.test_lifecycle_over_time import aliases
from tests.scan.test_likenesses import asked

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_file_keeps_its_id_when_its_newer_copy_goes_after_scans_of_parts(shelf: Shelf) -> None:
    shelf.tree.add("Cy/01 other.mp3")
    await shelf.scan()
    shelf.tree.add("Ada/01 one.mp3", seed=7)
    await shelf.scan(within=[(0, "Ada")])
    shelf.tree.copy("Ada/01 one.mp3", "Bix/01 copy.mp3")
    await shelf.scan(within=[(0, "Bix")])
    ids = await shelf.ids()
    shelf.tree.delete("Bix/01 copy.mp3")
    # No full scan has seen either: to this one both are new.
    assert await shelf.scan() == {"unchanged": 2, "removed": 1}
    assert (await shelf.ids())["Ada/01 one.mp3"] == ids["Ada/01 one.mp3"]
    assert await aliases(shelf) == {}


async def test_of_two_equal_files_that_a_scan_of_a_part_found_neither_is_the_other(shelf: Shelf) -> None:
    shelf.tree.add("Cy/01 other.mp3")
    await shelf.scan()
    shelf.tree.add("Ada/01 one.mp3", seed=7)
    shelf.tree.copy("Ada/01 one.mp3", "Ada/02 one.mp3")
    await shelf.scan(within=[(0, "Ada")])
    ids = await shelf.ids()
    shelf.tree.delete("Ada/01 one.mp3")
    assert await shelf.scan() == {"unchanged": 2, "removed": 1}
    assert (await shelf.ids())["Ada/02 one.mp3"] == ids["Ada/02 one.mp3"]
    assert await aliases(shelf) == {}


async def test_what_a_scan_of_a_part_found_is_missed_though_the_folder_above_is_as_before_it_came(
    shelf: Shelf,
) -> None:
    shelf.tree.add("Ada/01 one.mp3")
    await shelf.scan()
    shelf.tree.add("Ada/New/02 two.mp3")
    shelf.tree.add("Ada/New/Deep/03 three.mp3")
    assert await shelf.scan(within=[(0, "Ada/New/Deep")]) == {"added": 1}
    assert await shelf.scan(within=[(0, "Ada/New")]) == {"added": 1, "unchanged": 1}
    shelf.tree.delete("Ada/New")
    assert await shelf.scan() == {"unchanged": 1, "removed": 2}
    assert await shelf.scan() == {"unchanged": 1}


async def test_what_came_back_for_a_scan_of_a_part_and_went_again_is_missed(shelf: Shelf) -> None:
    shelf.tree.add("Ada/01 one.mp3")
    shelf.tree.add("Ada/Old/02 two.mp3")
    await shelf.scan()
    shelf.tree.move("Ada/Old", "../Old")
    assert await shelf.scan() == {"unchanged": 1, "removed": 1}
    shelf.tree.move("../Old", "Ada/Old")
    assert await shelf.scan(within=[(0, "Ada/Old")]) == {"restored": 1}
    shelf.tree.move("Ada/Old", "../Old")
    assert await shelf.scan() == {"unchanged": 1, "removed": 1}


async def test_a_copy_on_a_disk_that_is_away_stays_as_it_is_and_is_asked_about(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    shelf = await new_shelf(database_kind, trees=[here, there])
    here.add("Ada/01 one.mp3", seed=7)
    here.add("Ada/02 two.mp3")
    await shelf.scan()
    there.write("Cy/01 one.mp3", (here / "Ada/01 one.mp3").read_bytes())
    await shelf.scan()
    ids = await shelf.ids()
    there.path.rename(tmp_path / "away")
    here.delete("Ada/01 one.mp3")
    outcome = await shelf.outcome()
    assert (outcome.counters.moved, outcome.counters.removed) == (0, 1)
    assert (await shelf.ids())["Cy/01 one.mp3"] == ids["Cy/01 one.mp3"]
    assert await aliases(shelf) == {}
    assert len(await asked(shelf)) == 1
    (tmp_path / "away").rename(there.path)
    assert await shelf.scan() == {"unchanged": 2}


async def test_what_went_while_its_disk_was_away_is_asked_about_though_it_moved_once_more(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    shelf = await new_shelf(database_kind, trees=[here, there])
    here.add("Ada/01 one.mp3", seed=7)
    here.add("Ada/02 two.mp3")
    there.add("Cy/03 three.mp3")
    await shelf.scan()
    ids = await shelf.ids()
    (here / "Ada/01 one.mp3").rename(there / "Cy/01 one.mp3")
    here.path.rename(tmp_path / "away")
    # It may be a copy: its place of before cannot be looked at.
    assert (await shelf.outcome()).counters.added == 1
    newer = (await shelf.files())["Cy/01 one.mp3"]["id"]
    there.move("Cy/01 one.mp3", "Cy/One again.mp3")
    (tmp_path / "away").rename(here.path)
    assert await shelf.scan() == {"moved": 1, "unchanged": 2, "removed": 1}
    assert (await shelf.ids())["Cy/One again.mp3"] == newer
    (one,) = await open_ones(shelf.app, None, 100)
    assert (one.old_file_id, one.new_file_id) == (ids["Ada/01 one.mp3"], newer)
    await confirm(shelf.app, one.id)
    assert (await shelf.ids())["Cy/One again.mp3"] == ids["Ada/01 one.mp3"]
    assert await shelf.scan() == {"unchanged": 3}
