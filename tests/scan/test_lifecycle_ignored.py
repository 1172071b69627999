"""Ignore files that come, change and go between scans (C18, C19, C20)."""

from __future__ import annotations

import pytest

from shelfread.model.library import LibraryOptions
from tests.conftest import NewShelf, Shelf, counted

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def full(shelf: Shelf) -> dict[str, int]:
    for name in (
        "Ada/First/1.mp3",
        "Ada/First/2.mp3",
        "Ada/extras/3.mp3",
        "Ada/extras/include-me.mp3",
        "Bix/4.mp3",
    ):
        shelf.tree.add(name)
    assert await shelf.scan() == {"added": 5}
    return await shelf.ids()


@pytest.mark.parametrize("name", [".shelfignore", ".stumpignore", ".ndignore", ".ignore"])
async def test_c18_c19_an_ignored_folder_goes_missing_and_comes_back_with_its_ids(
    new_shelf: NewShelf, name: str
) -> None:
    shelf = await new_shelf()
    ids = await full(shelf)
    shelf.tree.write(f"Ada/{name}", "# not music\nextras/\n")
    assert await shelf.scan() == {"unchanged": 3, "removed": 2}
    assert await shelf.missing() == {"Ada/extras/3.mp3", "Ada/extras/include-me.mp3"}
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 3}
    assert shelf.opened == []
    shelf.tree.delete(f"Ada/{name}")
    assert await shelf.scan() == {"restored": 2, "unchanged": 3}
    assert await shelf.ids() == ids
    assert await shelf.missing() == set()
    await new_shelf.as_if_new(shelf)


async def test_c20_a_negation_brings_one_file_of_an_excluded_folder_back(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await full(shelf)
    shelf.tree.write("Ada/.shelfignore", "extras/\n")
    assert await shelf.scan() == {"unchanged": 3, "removed": 2}
    shelf.tree.write("Ada/.shelfignore", "extras/\n!extras/include-me.mp3\n")
    assert await shelf.scan() == {"restored": 1, "unchanged": 3}
    assert await shelf.missing() == {"Ada/extras/3.mp3"}
    assert (await shelf.ids())["Ada/extras/include-me.mp3"] == ids["Ada/extras/include-me.mp3"]
    await new_shelf.as_if_new(shelf)
    shelf.tree.write("Ada/.shelfignore", "extras/\n")
    assert await shelf.scan() == {"unchanged": 3, "removed": 1}
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 3}


async def test_c18_an_ignored_file_beside_others_goes_missing_and_comes_back(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await full(shelf)
    shelf.tree.write(".shelfignore", "2.mp3\n")
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    assert await shelf.missing() == {"Ada/First/2.mp3"}
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 4}
    shelf.tree.delete(".shelfignore")
    assert await shelf.scan() == {"restored": 1, "unchanged": 4}
    assert await shelf.ids() == ids
    await new_shelf.as_if_new(shelf)


async def test_c18_a_nomedia_file_hides_its_folder(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await full(shelf)
    shelf.tree.write("Bix/.nomedia", "")
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    shelf.tree.delete("Bix/.nomedia")
    assert await shelf.scan() == {"restored": 1, "unchanged": 4}
    assert await shelf.ids() == ids
    await new_shelf.as_if_new(shelf)


async def test_ignore_rules_of_the_library_hold_from_the_next_scan_on(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await full(shelf)
    await shelf.app.libraries.change(shelf.library_id, options=LibraryOptions(ignore=("Bix/", "3.mp3")))
    assert await shelf.scan() == {"unchanged": 3, "removed": 2}
    assert await shelf.missing() == {"Bix/4.mp3", "Ada/extras/3.mp3"}
    await new_shelf.as_if_new(shelf)
    await shelf.app.libraries.change(shelf.library_id, options=LibraryOptions())
    assert await shelf.scan() == {"restored": 2, "unchanged": 3}
    assert await shelf.ids() == ids
    await new_shelf.as_if_new(shelf)


async def test_many_files_that_a_rule_hides_are_no_disk_that_is_away(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    for number in range(60):
        shelf.tree.add(f"Ada/{number:02}.mpc")
    await shelf.scan()
    ids = await shelf.ids()
    shelf.tree.write(".shelfignore", "1?.mpc\n2?.mpc\n3?.mpc\n")
    outcome = await shelf.outcome()
    # They are there, as anybody can see: no person need be asked.
    assert outcome.held == 0
    assert counted(outcome.counters) == {"unchanged": 30, "removed": 30}
    await new_shelf.as_if_new(shelf)
    shelf.tree.delete(".shelfignore")
    assert await shelf.scan() == {"restored": 30, "unchanged": 30}
    assert await shelf.ids() == ids


async def test_a_copy_of_a_file_that_a_rule_hides_has_not_moved(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await full(shelf)
    shelf.tree.copy("Ada/extras/3.mp3", "Cy/3.mp3")
    shelf.tree.write("Ada/.shelfignore", "extras/\n")
    assert await shelf.scan() == {"added": 1, "unchanged": 3, "removed": 2}
    assert (await shelf.ids())["Cy/3.mp3"] not in ids.values()
    assert await shelf.table("aliases") == []
    await new_shelf.as_if_new(shelf)


async def test_a_problem_of_an_ignored_file_is_not_shown(shelf: Shelf) -> None:
    await full(shelf)
    shelf.tree.write("Bix/bad.mp3", b"")
    assert await shelf.scan() == {"failed": 1, "unchanged": 5}
    shelf.tree.write(".shelfignore", "bad.mp3\n")
    assert await shelf.scan() == {"unchanged": 5, "removed": 1}
    report = await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    assert report.problems == []
