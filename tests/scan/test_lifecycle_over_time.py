"""Identity over more than one scan (DESIGN rule 3): copied and then deleted, missing and then found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import NewShelf, Shelf, Tree
from tests.scan.test_lifecycle_books import SAGA
from tests.scan.test_lifecycle_books import scanned as books_scanned
from tests.scan.test_lifecycle_changes import ALBUM, OTHER, added_at, scanned
from tests.scan.test_lifecycle_videos import HD, UHD
from tests.scan.test_lifecycle_videos import scanned as videos_scanned

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def aliases(shelf: Shelf) -> dict[int, int]:
    return {row["old_id"]: row["file_id"] for row in await shelf.table("aliases")}


def set_move_days(shelf: Shelf, days: int) -> None:
    shelf.app.settings = shelf.app.settings.model_copy(update={"move_days": days})


async def test_an_album_that_was_copied_keeps_its_ids_when_the_original_goes_days_later(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    release = (await shelf.releases())["First"]["id"]
    added = await added_at(shelf)
    shutil.copytree(shelf.tree / "Ada", shelf.tree / "Ada Lovelace")
    assert await shelf.scan() == {"added": 3, "unchanged": 5}
    copies = {name: number for name, number in (await shelf.ids()).items() if name not in ids}
    await shelf.scan()
    shelf.tree.delete("Ada")
    assert await shelf.scan() == {"moved": 3, "unchanged": 2}
    now = await shelf.ids()
    assert now == {name.replace("Ada/", "Ada Lovelace/"): number for name, number in ids.items()}
    # The newer ids lead to the files as well, until they are pruned.
    assert await aliases(shelf) == {number: now[name] for name, number in copies.items()}
    assert await added_at(shelf) == added
    assert (await shelf.releases())["First"]["id"] == release
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 5}


async def test_a_file_that_turns_up_elsewhere_after_it_was_missing_has_its_id_again(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    added = await added_at(shelf)
    shelf.tree.move("Ada/First", "../First")
    assert await shelf.scan() == {"unchanged": 2, "removed": 3}
    await shelf.scan()
    shelf.tree.move("../First", "Cy/Found again")
    shelf.tree.retag("Cy/Found again/01 one.mp3", title="Another title")
    assert await shelf.scan() == {"moved": 3, "unchanged": 2}
    assert await shelf.ids() == {
        name.replace("Ada/First", "Cy/Found again"): number for name, number in ids.items()
    }
    assert (await added_at(shelf)).items() <= added.items()
    assert await shelf.missing() == set()
    # Nothing is left of the folder that it was in.
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 5}


async def test_books_keep_their_ids_and_their_series_in_both_orders(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await books_scanned(book_shelf)
    series = {row["id"] for row in await book_shelf.table("series")}
    shutil.copytree(book_shelf.tree / "Saga", book_shelf.tree / "Saga Anew")
    book_shelf.tree.move("Ann/Tides", "../Tides")
    assert await book_shelf.scan() == {"added": 3, "unchanged": 3, "removed": 2}
    book_shelf.tree.delete("Saga")
    book_shelf.tree.move("../Tides", "Bo/Tides")
    assert await book_shelf.scan() == {"moved": 5}
    assert await book_shelf.ids() == {
        name.replace("Saga/", "Saga Anew/").replace("Ann/", "Bo/"): number for name, number in ids.items()
    }
    assert {row["id"] for row in await book_shelf.table("series")} == series
    await new_book_shelf.as_if_new(book_shelf)
    assert len(SAGA) == len(await aliases(book_shelf)) - 2


async def test_a_film_keeps_its_ids_in_both_orders(video_shelf: Shelf, new_video_shelf: NewShelf) -> None:
    ids = await videos_scanned(video_shelf)
    movies = {row["id"] for row in await video_shelf.table("movies")}
    folder = os.path.dirname(HD)
    video_shelf.tree.copy(HD, HD.replace(folder, "Films/" + folder))
    video_shelf.tree.move(UHD, "../uhd")
    await video_shelf.scan()
    video_shelf.tree.delete(HD)
    video_shelf.tree.move("../uhd", UHD.replace(folder, "Films/" + folder))
    outcome = await video_shelf.outcome()
    assert (outcome.counters.moved, outcome.counters.removed) == (2, 0)
    assert set((await video_shelf.ids()).values()) == set(ids.values())
    assert {row["id"] for row in await video_shelf.table("movies")} <= movies
    await new_video_shelf.as_if_new(video_shelf)


async def test_of_two_equal_files_found_at_once_neither_is_the_other(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    shelf.tree.add("A/X/01 twin.mp3", seed=7)
    shelf.tree.copy("A/X/01 twin.mp3", "B/Y/01 twin.mp3")
    assert await shelf.scan() == {"added": 2}
    ids = await shelf.ids()
    shelf.tree.delete("A/X/01 twin.mp3")
    assert await shelf.scan() == {"unchanged": 1, "removed": 1}
    assert (await shelf.ids())["B/Y/01 twin.mp3"] == ids["B/Y/01 twin.mp3"]
    assert await aliases(shelf) == {}


async def test_an_original_that_stays_keeps_its_id_when_its_copy_goes(shelf: Shelf) -> None:
    ids = await scanned(shelf)
    shelf.tree.copy(ALBUM[0], "Copies/01 one.mp3")
    await shelf.scan()
    shelf.tree.delete("Copies/01 one.mp3")
    assert await shelf.scan() == {"unchanged": 5, "removed": 1}
    assert await shelf.ids() == ids
    assert await aliases(shelf) == {}


async def test_two_copies_of_what_goes_are_no_match(shelf: Shelf) -> None:
    ids = await scanned(shelf)
    for number in (1, 2):
        shelf.tree.copy(ALBUM[0], f"Copies/{number}.mp3")
    await shelf.scan()
    shelf.tree.delete(ALBUM[0])
    assert await shelf.scan() == {"unchanged": 6, "removed": 1}
    assert ids[ALBUM[0]] not in (await shelf.ids()).values()
    assert await aliases(shelf) == {}


async def test_two_that_are_missing_are_no_match_for_one_that_turns_up(shelf: Shelf) -> None:
    shelf.tree.add("A/X/01 twin.mp3", seed=7)
    shelf.tree.copy("A/X/01 twin.mp3", "B/Y/01 twin.mp3")
    shelf.tree.add("C/Z/01 other.mp3")
    await shelf.scan()
    shelf.tree.move("A/X/01 twin.mp3", "../kept.mp3")
    shelf.tree.delete("B/Y/01 twin.mp3")
    assert await shelf.scan() == {"unchanged": 1, "removed": 2}
    shelf.tree.move("../kept.mp3", "D/01 twin.mp3")
    assert await shelf.scan() == {"added": 1, "unchanged": 1}
    assert len(await shelf.missing()) == 2


async def test_what_a_rule_hides_since_an_earlier_scan_has_not_moved(shelf: Shelf) -> None:
    ids = await scanned(shelf)
    shelf.tree.write("Ada/First/.shelfignore", "01*\n")
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    shelf.tree.copy(ALBUM[0], "Cy/01 one.mp3")
    assert await shelf.scan() == {"added": 1, "unchanged": 4}
    shelf.tree.delete("Ada/First/.shelfignore")
    assert await shelf.scan() == {"restored": 1, "unchanged": 5}
    assert {name: number for name, number in (await shelf.ids()).items() if name in ids} == ids


async def test_scans_of_parts_in_any_order_find_what_moved_between_them(shelf: Shelf) -> None:
    ids = await scanned(shelf)
    shelf.tree.move(ALBUM[0], "Bix/Other/03 one.mp3")
    # First the folder that it left, then the one that it went to.
    await shelf.scan(within=[(0, "Ada")])
    assert await shelf.missing() == {ALBUM[0]}
    assert await shelf.scan(within=[(0, "Bix")]) == {"moved": 1, "unchanged": 2}
    # And the other way round.
    shelf.tree.move(OTHER[0], "Ada/First/04 four.ogg")
    await shelf.scan(within=[(0, "Ada")])
    await shelf.scan(within=[(0, "Bix")])
    assert await shelf.scan() == {"unchanged": 5}
    expected = dict(ids)
    expected["Bix/Other/03 one.mp3"] = expected.pop(ALBUM[0])
    expected["Ada/First/04 four.ogg"] = expected.pop(OTHER[0])
    assert await shelf.ids() == expected


async def test_what_is_missing_from_a_disk_that_is_away_has_not_moved(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    shelf = await new_shelf(database_kind, trees=[here, there])
    ids = await scanned(shelf)
    there.add("Cy/Third/01 six.mp3")
    await shelf.scan()
    here.move(ALBUM[0], "../kept.mp3")
    assert await shelf.scan() == {"unchanged": 5, "removed": 1}
    away = tmp_path / "away"
    here.path.rename(away)
    shutil.copyfile(tmp_path / "kept.mp3", there / "01 one.mp3")
    outcome = await shelf.outcome()
    assert (outcome.counters.added, outcome.counters.moved) == (1, 0)
    away.rename(here.path)
    here.move("../kept.mp3", ALBUM[0])
    assert (await shelf.outcome()).counters.restored == 1
    assert (await shelf.ids())[ALBUM[0]] == ids[ALBUM[0]]


@pytest.mark.parametrize("order", ["copy first", "missing first"])
async def test_what_is_older_than_the_days_that_are_set_is_another_file(shelf: Shelf, order: str) -> None:
    ids = await scanned(shelf)
    set_move_days(shelf, 0)
    if order == "copy first":
        shelf.tree.copy(ALBUM[0], "Cy/01 one.mp3")
        await shelf.scan()
        shelf.tree.delete(ALBUM[0])
        assert await shelf.scan() == {"unchanged": 5, "removed": 1}
    else:
        shelf.tree.move(ALBUM[0], "../kept.mp3")
        await shelf.scan()
        shelf.tree.move("../kept.mp3", "Cy/01 one.mp3")
        assert await shelf.scan() == {"added": 1, "unchanged": 4}
    assert (await shelf.ids())["Cy/01 one.mp3"] not in ids.values()
