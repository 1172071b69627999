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


async def left_out(shelf: Shelf) -> list[tuple[int, str, bytes | None, int | None, bytes | None]]:
    outcome = await shelf.outcome()
    return [(each.files, each.why, each.file, each.line, each.rule) for each in outcome.hidden]


async def test_c18_a_scan_says_which_rules_hide_how_many_files_from_now_on(shelf: Shelf) -> None:
    await full(shelf)
    assert await left_out(shelf) == []
    shelf.tree.write("Ada/.shelfignore", "# not music\nextras/\n")
    shelf.tree.write("Bix/.nomedia", "")
    await shelf.app.libraries.change(shelf.library_id, options=LibraryOptions(ignore=("x", "2.mp3")))
    assert await left_out(shelf) == [
        (2, "excluded", b"Ada/.shelfignore", 2, b"extras/"),
        (1, "excluded", None, 2, b"2.mp3"),
        (1, "excluded", b"Bix/.nomedia", 1, None),
    ]
    (job, *_) = await shelf.app.jobs.history(shelf.library_id, 1)
    assert job.report is not None
    assert job.report["left_out"]["files"] == 4
    assert job.report["left_out"]["rules"][0] == {
        "files": 2,
        "why": "excluded",
        "rule": "extras/",
        "file": f"{shelf.tree.path}/Ada/.shelfignore",
        "line": 2,
    }
    log = {(line["level"], line["message"]): line["path"] for line in await shelf.table("job_logs")}
    message = "line 2 of this file leaves out 2 files that were catalogued"
    assert log["info", message] == f"{shelf.tree.path}/Ada/.shelfignore".encode()
    assert ("info", "rule 2 of the library's own leaves out 1 file that was catalogued") in log
    assert ("info", "this file, by being there, leaves out 1 file that was catalogued") in log
    # Said once: the next scan finds nothing that it did not know.
    assert await left_out(shelf) == []


async def test_files_that_are_gone_are_not_counted_as_left_out(shelf: Shelf) -> None:
    await full(shelf)
    shelf.tree.write("Ada/.shelfignore", "extras/\n")
    shelf.tree.delete("Ada/extras/3.mp3")
    shelf.tree.delete("Bix/4.mp3")
    outcome = await shelf.outcome()
    assert counted(outcome.counters) == {"unchanged": 2, "removed": 3}
    assert [(each.files, each.rule) for each in outcome.hidden] == [(1, b"extras/")]


async def test_a_link_that_is_not_followed_any_more_is_told_as_the_reason(new_shelf: NewShelf) -> None:
    shelf = await new_shelf(options=LibraryOptions(follow_symlinks=True))
    shelf.tree.add("Ada/1.mp3")
    (shelf.tree.path / "Ada" / "other.mp3").symlink_to("1.mp3")
    assert await shelf.scan() == {"added": 2}
    await shelf.app.libraries.change(shelf.library_id, options=LibraryOptions())
    outcome = await shelf.outcome()
    assert [(each.files, each.why, each.line) for each in outcome.hidden] == [(1, "link", None)]


async def test_of_very_many_rules_those_that_hide_most_are_told(shelf: Shelf) -> None:
    for number in range(30):
        shelf.tree.add(f"{number:02}/a.mpc")
    shelf.tree.add("00/b.mpc")
    await shelf.scan()
    shelf.tree.write(".shelfignore", "".join(f"{number:02}/\n" for number in range(25)))
    outcome = await shelf.outcome()
    assert (outcome.hidden[0].files, outcome.hidden[0].rule, len(outcome.hidden)) == (2, b"00/", 25)
    (job, *_) = await shelf.app.jobs.history(shelf.library_id, 1)
    assert job.report is not None
    assert (job.report["left_out"]["files"], job.report["left_out"]["more_rules"]) == (26, 5)
    messages = [line["message"] for line in await shelf.table("job_logs")]
    assert len([text for text in messages if "leaves out" in text]) == 20
    assert "5 more rules leave out 5 files that were catalogued" in messages


async def test_of_files_that_are_held_nothing_is_said_to_be_left_out(shelf: Shelf) -> None:
    for number in range(60):
        shelf.tree.add(f"Ada/{number:02}.mpc")
    await shelf.scan()
    shelf.tree.write(".shelfignore", "0?.mpc\n")
    for number in range(20, 60):
        shelf.tree.delete(f"Ada/{number:02}.mpc")
    outcome = await shelf.outcome()
    assert (outcome.held, outcome.counters.removed, outcome.hidden) == (50, 0, [])
