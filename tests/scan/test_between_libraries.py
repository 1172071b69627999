"""Files that go from one library to another one of their kind keep their rows (DESIGN rule 3)."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from shelfread.app.claiming import held
from shelfread.app.likenesses import confirm, open_ones
from shelfread.app.places import whole
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import AlreadyRunning, JobType, Phase
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree
from tests.scan import unplugging
from tests.scan.test_lifecycle_books import SAGA
from tests.scan.test_lifecycle_books import scanned as books_scanned
from tests.scan.test_lifecycle_changes import ALBUM, OTHER, added_at, scanned
from tests.scan.test_lifecycle_over_time import aliases, set_move_days
from tests.scan.test_lifecycle_videos import HD, TIDES
from tests.scan.test_lifecycle_videos import scanned as videos_scanned

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def second(shelf: Shelf, path: Path) -> Shelf:
    """Another library of the same kind in the same catalogue, with a file of its own."""
    tree = Tree(path)
    kind = (await shelf.library()).kind
    library = await shelf.app.libraries.add("Second", kind, [os.fsencode(tree.path)])
    return Shelf(shelf.app, library.id, [tree], shelf.pools)


async def own_files(shelf: Shelf) -> dict[str, int]:
    """The id of each file of this very library that is there, by its path below its root."""
    found = await catalogue.rows(shelf.database)
    roots = {row["id"] for row in found["roots"] if row["library_id"] == shelf.library_id}
    folders = {row["id"]: row["path"] for row in found["folders"] if row["root_id"] in roots}
    return {
        os.fsdecode(os.path.join(folders[row["folder_id"]], row["name"])): row["id"]
        for row in found["media_files"]
        if row["folder_id"] in folders and row["status"] != "missing"
    }


async def as_if_new(first: Shelf, other: Shelf, new_shelf: NewShelf) -> None:
    """Both libraries say of what is there what first scans of both would say."""
    fresh = await new_shelf(trees=first.trees)
    more = await second(fresh, other.tree.path)
    await fresh.outcome()
    await more.outcome()
    mine = await catalogue.dump(first.database, present_only=True)
    theirs = await catalogue.dump(fresh.database, present_only=True)
    for name in theirs:
        assert mine[name] == theirs[name], name


Gone = Callable[[Shelf, Shelf], Awaitable[None]]


async def _missing_first(first: Shelf, other: Shelf) -> None:
    assert await first.scan() == {"unchanged": 2, "removed": 3}
    assert (await other.outcome()).counters.moved == 3


async def _found_first(first: Shelf, other: Shelf) -> None:
    assert (await other.outcome()).counters.added == 3
    # They are counted in neither: this library has them no more, and does not miss them.
    assert await first.scan() == {"unchanged": 2}


@pytest.mark.parametrize("order", [_missing_first, _found_first])
@pytest.mark.parametrize("is_new", [True, False], ids=["a new library", "one with a past"])
async def test_an_album_that_goes_to_another_library_keeps_its_ids_and_dates(
    shelf: Shelf, new_shelf: NewShelf, tmp_path: Path, order: Gone, is_new: bool
) -> None:
    ids, added = await scanned(shelf), await added_at(shelf)
    release = (await shelf.releases())["First"]["id"]
    other = await second(shelf, tmp_path / "second")
    if not is_new:
        other.tree.add("Zoe/Past/1 past.mp3")
        await other.scan()
    shelf.tree.move("Ada/First", "../second/Ada/First")
    await order(shelf, other)
    now = await own_files(other)
    assert {name: now[name] for name in ALBUM} == {name: ids[name] for name in ALBUM}
    assert await own_files(shelf) == {name: ids[name] for name in OTHER}
    assert await shelf.missing() == set()
    assert (await added_at(shelf)).items() >= added.items()
    kept = (await shelf.releases())["First"]
    assert (kept["id"], kept["library_id"]) == (release, other.library_id)
    assert set((await aliases(shelf)).values()) == {ids[name] for name in ALBUM}
    assert await shelf.table("tidy_due") == []
    covers = {row["library_id"] for row in await shelf.table("cover_due") if row["item_id"] == release}
    assert covers == {other.library_id}
    for one in (shelf, other):
        assert "unchanged" in await one.scan()
        assert one.opened == []
    await as_if_new(shelf, other, new_shelf)


@pytest.mark.parametrize("next_one", ["the one they left", "the one they went to"])
async def test_what_a_running_scan_of_the_other_library_knows_by_heart_waits_for_the_next_scan(
    shelf: Shelf, new_shelf: NewShelf, tmp_path: Path, next_one: str
) -> None:
    ids = await scanned(shelf)
    other = await second(shelf, tmp_path / "second")
    shelf.tree.move("Ada/First", "../second/Ada/First")
    await other.scan()
    library = await other.library()
    async with held(shelf.database, library, JobType.SCAN, whole(library)) as job:
        assert await shelf.scan() == {"unchanged": 2, "removed": 3}
        (one, *_) = asked = await open_ones(shelf.app, None, 10)
        assert len(asked) == 3
        with pytest.raises(AlreadyRunning):
            await confirm(shelf.app, one.id)
        await job.finish(None, BatchReport(Counters(), Phase.DONE))
    assert set((await own_files(other)).values()).isdisjoint(ids.values())
    await (shelf if next_one == "the one they left" else other).scan()
    assert await own_files(other) == {name: ids[name] for name in ALBUM}
    assert await open_ones(shelf.app, None, 10) == []
    assert await shelf.missing() == set()
    await as_if_new(shelf, other, new_shelf)


async def test_copies_in_the_other_library_are_asked_about_and_settled_by_a_person(
    shelf: Shelf, new_shelf: NewShelf, tmp_path: Path
) -> None:
    ids = await scanned(shelf)
    other = await second(shelf, tmp_path / "second")
    shelf.tree.copy(ALBUM[0], "../second/Ada/First/one.mp3")
    shelf.tree.copy(ALBUM[0], "../second/Ada/First/two.mp3")
    await other.scan()
    shelf.tree.delete(ALBUM[0])
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    asked = await open_ones(shelf.app, None, 10)
    assert {os.path.basename(one.new_path) for one in asked} == {b"one.mp3", b"two.mp3"}
    assert {(one.old_file_id, one.why) for one in asked} == {(ids[ALBUM[0]], "content")}
    assert await confirm(shelf.app, asked[0].id) == ids[ALBUM[0]]
    assert (await own_files(other))["Ada/First/one.mp3"] == ids[ALBUM[0]]
    assert await open_ones(shelf.app, None, 10) == []
    assert await shelf.missing() == set()
    await as_if_new(shelf, other, new_shelf)


async def test_files_go_to_no_library_of_another_kind_nor_after_too_many_days_nor_from_a_disk_that_is_away(
    shelf: Shelf, tmp_path: Path
) -> None:
    ids = await scanned(shelf)
    other = await second(shelf, tmp_path / "second")
    other.tree.add("Zoe/Past/1 past.mp3")
    await other.scan()
    # The original is on a disk that is away.
    shelf.tree.copy(ALBUM[0], "../second/Ada/1.mp3")
    plug = unplugging.empty(shelf.tree.path)
    plug.pull()
    assert await other.scan() == {"added": 1, "unchanged": 1}
    plug.put_back()
    # A copy that stays with its original is a file of its own.
    await shelf.scan()
    assert (await own_files(other))["Ada/1.mp3"] not in ids.values()
    assert await shelf.ids() == ids | await own_files(other)
    # Too many days.
    set_move_days(shelf, 0)
    shelf.tree.delete(ALBUM[0])
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    set_move_days(shelf, 30)
    # Another kind.
    kinds = await shelf.app.libraries.add("Books", "books", [os.fsencode(tmp_path / "second")])
    assert (await shelf.app.scan(kinds)).outcome.counters.found == 0
    assert await aliases(shelf) == {}
    assert await open_ones(shelf.app, None, 10) == []


@pytest.mark.parametrize("found_first", [True, False])
async def test_books_and_their_series_go_to_another_library(
    book_shelf: Shelf, new_book_shelf: NewShelf, tmp_path: Path, found_first: bool
) -> None:
    ids = await books_scanned(book_shelf)
    series = {row["title"]: row["id"] for row in await book_shelf.table("series")}
    other = await second(book_shelf, tmp_path / "second")
    book_shelf.tree.move("Saga", "../second/Saga")
    for one in (other, book_shelf) if found_first else (book_shelf, other):
        await one.scan()
    assert await own_files(other) == {name: ids[name] for name in SAGA}
    now = {row["title"]: (row["id"], row["library_id"]) for row in await book_shelf.table("series")}
    assert now["Saga"] == (series["Saga"], other.library_id)
    await as_if_new(book_shelf, other, new_book_shelf)


@pytest.mark.parametrize("found_first", [True, False])
async def test_a_film_goes_to_another_library(
    video_shelf: Shelf, new_video_shelf: NewShelf, tmp_path: Path, found_first: bool
) -> None:
    ids = await videos_scanned(video_shelf)
    folder = os.path.dirname(HD)
    gone = {name: number for name, number in ids.items() if name.startswith(folder + "/")}
    movies = await video_shelf.table("movies")
    other = await second(video_shelf, tmp_path / "second")
    video_shelf.tree.move(folder, f"../second/{folder}")
    for one in (other, video_shelf) if found_first else (video_shelf, other):
        await one.scan()
    assert await own_files(other) == gone
    now: list[dict[str, Any]] = await video_shelf.table("movies")
    assert {row["id"] for row in now} == {row["id"] for row in movies}
    assert {row["library_id"] for row in now} == {video_shelf.library_id, other.library_id}
    await as_if_new(video_shelf, other, new_video_shelf)


async def test_a_series_of_which_a_missing_book_stays_behind_is_another_one_in_the_new_library(
    book_shelf: Shelf, tmp_path: Path
) -> None:
    ids = await books_scanned(book_shelf)
    (saga,) = [row["id"] for row in await book_shelf.table("series") if row["title"] == "Saga"]
    book_shelf.tree.delete(SAGA[0])
    assert (await book_shelf.scan())["removed"] == 1
    other = await second(book_shelf, tmp_path / "second")
    book_shelf.tree.move("Saga", "../second/Saga")
    for one in (book_shelf, other):
        await one.scan()
    assert await own_files(other) == {name: ids[name] for name in SAGA[1:]}
    assert await book_shelf.missing() == {SAGA[0]}
    libraries = {row["id"]: row["library_id"] for row in await book_shelf.table("series")}
    series = {row["file_id"]: row["series_id"] for row in await book_shelf.table("books")}
    assert series[ids[SAGA[0]]] == saga
    assert libraries[saga] == book_shelf.library_id
    assert {libraries[series[ids[name]]] for name in SAGA[1:]} == {other.library_id}


@pytest.mark.parametrize("found_first", [True, False])
async def test_films_and_episodes_of_which_a_missing_version_stays_behind_are_others_in_the_new_library(
    video_shelf: Shelf, new_video_shelf: NewShelf, tmp_path: Path, found_first: bool
) -> None:
    ids = await videos_scanned(video_shelf)
    before = {row["file_id"]: row for row in await video_shelf.table("videos")}
    film, show = os.path.dirname(HD), TIDES[0].partition("/")[0]
    behind = {HD, TIDES[0]}
    for name in behind:
        video_shelf.tree.delete(name)
    assert (await video_shelf.scan())["removed"] == 2
    other = await second(video_shelf, tmp_path / "second")
    for folder in (film, show):
        video_shelf.tree.move(folder, f"../second/{folder}")
    for one in (other, video_shelf) if found_first else (video_shelf, other):
        await one.scan()
    gone = {name for name in ids if name.startswith((f"{film}/", f"{show}/"))} - behind
    assert await own_files(other) == {name: ids[name] for name in gone}
    assert await video_shelf.missing() == behind
    library_of = {row["id"]: row["library_id"] for row in await video_shelf.table("movies")}
    episodes = {row["id"]: row for row in await video_shelf.table("episodes")}
    shows = {row["id"]: row["library_id"] for row in await video_shelf.table("shows")}
    seasons = {row["id"]: row["show_id"] for row in await video_shelf.table("seasons")}
    now = {row["file_id"]: row for row in await video_shelf.table("videos")}
    for name in (*behind, *gone):
        row, own = now[ids[name]], video_shelf if name in behind else other
        if row["movie_id"] is not None:
            assert library_of[row["movie_id"]] == own.library_id, name
        if row["episode_id"] is not None:
            episode = episodes[row["episode_id"]]
            assert (episode["library_id"], shows[episode["show_id"]]) == (own.library_id, own.library_id), (
                name
            )
            assert seasons[episode["season_id"]] == episode["show_id"], name
    # What is missing is still of what it was of; episodes that went as a whole are the same there.
    for name in behind:
        assert now[ids[name]]["movie_id"] == before[ids[name]]["movie_id"], name
        assert now[ids[name]]["episode_id"] == before[ids[name]]["episode_id"], name
    for name in TIDES[1:]:
        assert now[ids[name]]["episode_id"] == before[ids[name]]["episode_id"], name
    for one in (video_shelf, other):
        await one.scan()
        assert one.opened == []
    await as_if_new(video_shelf, other, new_video_shelf)
