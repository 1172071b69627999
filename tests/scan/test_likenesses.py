"""What only a person can tell to be the same: asked at the end of a scan, never assumed (DESIGN rule 3)."""

from __future__ import annotations

import os
from typing import Any

import pytest

from shelfread.app.likenesses import NotSettled, confirm, open_ones, reject
from tests.books_on_disk import cbz, epub
from tests.conftest import NewShelf, Shelf
from tests.scan.test_lifecycle_books import SAGA
from tests.scan.test_lifecycle_books import scanned as books_scanned
from tests.scan.test_lifecycle_changes import ALBUM, added_at, scanned
from tests.scan.test_lifecycle_over_time import aliases, set_move_days
from tests.scan.test_lifecycle_videos import TIDES
from tests.scan.test_lifecycle_videos import scanned as videos_scanned
from tests.videos_on_disk import put

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def asked(shelf: Shelf) -> list[tuple[str, str, str]]:
    """(why, name of the old file, name of the new one) of every question."""
    base = len(str(shelf.tree.path)) + 1
    return [
        (one.why, os.fsdecode(one.old_path)[base:], os.fsdecode(one.new_path)[base:])
        for one in await open_ones(shelf.app, None, 100)
    ]


async def first(shelf: Shelf) -> Any:
    return (await open_ones(shelf.app, None, 100))[0]


async def test_of_two_copies_a_person_says_which_is_the_one_that_went(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    added = await added_at(shelf)
    for number in (1, 2):
        shelf.tree.copy(ALBUM[0], f"Copies/{number}.mp3")
    await shelf.scan()
    assert await asked(shelf) == []
    shelf.tree.delete(ALBUM[0])
    await shelf.scan()
    expected = [("content", ALBUM[0], "Copies/1.mp3"), ("content", ALBUM[0], "Copies/2.mp3")]
    assert await asked(shelf) == expected
    await shelf.scan()
    assert await asked(shelf) == expected
    one = await first(shelf)
    assert await confirm(shelf.app, one.id) == ids[ALBUM[0]]
    now = await shelf.ids()
    assert now["Copies/1.mp3"] == ids[ALBUM[0]]
    assert await aliases(shelf) == {one.new_file_id: ids[ALBUM[0]]}
    assert (await added_at(shelf))[ids[ALBUM[0]]] == added[ids[ALBUM[0]]]
    assert await asked(shelf) == []
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 6}


async def test_what_a_person_rejected_is_not_asked_again_and_not_assumed(shelf: Shelf) -> None:
    ids = await scanned(shelf)
    for number in (1, 2):
        shelf.tree.copy(ALBUM[0], f"Copies/{number}.mp3")
    await shelf.scan()
    shelf.tree.move(ALBUM[0], "../kept.mp3")
    await shelf.scan()
    for one in await open_ones(shelf.app, None, 100):
        await reject(shelf.app, one.id)
    with pytest.raises(NotSettled, match="not the same"):
        await confirm(shelf.app, one.id)
    shelf.tree.move("../kept.mp3", ALBUM[0])
    await shelf.scan()
    shelf.tree.delete("Copies/1.mp3")
    await shelf.scan()
    shelf.tree.delete(ALBUM[0])
    # One copy is left, which would be a match had nobody said otherwise.
    assert await shelf.scan() == {"unchanged": 5, "removed": 1}
    assert await asked(shelf) == []
    assert ids[ALBUM[0]] not in (await shelf.ids()).values()


async def test_another_format_of_a_track_is_offered_and_takes_its_id_when_confirmed(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    release = (await shelf.releases())["First"]["id"]
    shelf.tree.delete(ALBUM[0])
    shelf.tree.add("Ada/First/one.flac", title="01 one", tracknumber="01", genre="Rock", seed=77)
    shelf.tree.delete(ALBUM[1])
    shelf.tree.add("Ada/First/02 two.ogg", title="Second", tracknumber="02", genre="Rock", seed=78)
    assert await shelf.scan() == {"added": 2, "removed": 2, "unchanged": 3}
    assert await asked(shelf) == [
        ("tags", ALBUM[0], "Ada/First/one.flac"), ("name", ALBUM[1], "Ada/First/02 two.ogg"),
    ]  # fmt: skip
    for one in await open_ones(shelf.app, None, 100):
        await confirm(shelf.app, one.id)
    now = await shelf.ids()
    assert (now["Ada/First/one.flac"], now["Ada/First/02 two.ogg"]) == (ids[ALBUM[0]], ids[ALBUM[1]])
    assert (await shelf.releases())["First"]["id"] == release
    assert await shelf.missing() == set()
    await new_shelf.as_if_new(shelf)


async def test_the_other_format_may_have_come_first_or_long_after(shelf: Shelf) -> None:
    await scanned(shelf)
    shelf.tree.add("Ada/First/one.flac", title="01 one", tracknumber="01", genre="Rock", seed=77)
    shelf.tree.move(ALBUM[1], "../two.mp3")
    await shelf.scan()
    assert await asked(shelf) == []
    shelf.tree.delete(ALBUM[0])
    shelf.tree.add("Ada/First/two.ogg", title="02 two", tracknumber="02", genre="Rock", seed=78)
    await shelf.scan()
    expected = [("tags", ALBUM[0], "Ada/First/one.flac"), ("tags", ALBUM[1], "Ada/First/two.ogg")]
    assert await asked(shelf) == expected
    # One is there again, and that question is none any more; the other is one while its file is there.
    shelf.tree.move("../two.mp3", ALBUM[1])
    shelf.tree.move("Ada/First/one.flac", "../one.flac")
    await shelf.scan()
    assert await asked(shelf) == []
    shelf.tree.move("../one.flac", "Ada/First/one.flac")
    await shelf.scan()
    assert await asked(shelf) == expected[:1]
    set_move_days(shelf, 0)
    await shelf.scan()
    assert await asked(shelf) == []


async def test_another_format_of_a_book_or_an_episode_is_offered(
    book_shelf: Shelf, video_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await books_scanned(book_shelf)
    book_shelf.tree.delete(SAGA[0])
    epub(book_shelf.tree / "Saga/Saga 001.epub", "Another title")
    await book_shelf.scan()
    assert await asked(book_shelf) == [("name", SAGA[0], "Saga/Saga 001.epub")]
    assert await confirm(book_shelf.app, (await first(book_shelf)).id) == ids[SAGA[0]]
    await new_book_shelf.as_if_new(book_shelf)
    cbz(book_shelf.tree / SAGA[0], seed=1)
    ids = await videos_scanned(video_shelf)
    episodes = {row["id"] for row in await video_shelf.table("episodes")}
    video_shelf.tree.delete(TIDES[0])
    other = "Tides (2010)/Season 1/1x01 Another name.mp4"
    put(video_shelf.tree.path, other)
    await video_shelf.scan()
    assert await asked(video_shelf) == [("tags", TIDES[0], other)]
    assert await confirm(video_shelf.app, (await first(video_shelf)).id) == ids[TIDES[0]]
    assert {row["id"] for row in await video_shelf.table("episodes")} == episodes


async def test_a_copy_that_a_rebuilt_catalogue_found_first_has_its_originals_id_when_that_goes(
    shelf: Shelf,
) -> None:
    ids = await scanned(shelf)

    async def forget(connection: Any) -> None:
        # As an import leaves it: rows, and no scan that anybody knows of.
        await connection.exec_driver_sql("DELETE FROM library_scan_jobs")
        await connection.exec_driver_sql(
            "UPDATE libraries SET known_until = (SELECT max(added_at) + 1 FROM media_files)"
        )

    await shelf.database.write(forget)
    shelf.tree.copy(ALBUM[0], "Cy/01 one.mp3")
    await shelf.scan()
    shelf.tree.delete(ALBUM[0])
    assert await shelf.scan() == {"moved": 1, "unchanged": 4}
    assert (await shelf.ids())["Cy/01 one.mp3"] == ids[ALBUM[0]]
