"""What people do to files between two scans, and what must come of it: counters, rows, ids (DESIGN 3, 4)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree, cover

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALBUM = ["Ada/First/01 one.mp3", "Ada/First/02 two.mp3", "Ada/First/03 three.flac"]
OTHER = ["Bix/Other/01 four.ogg", "Bix/Other/02 five.m4a"]
ALL = ALBUM + OTHER


def fill(tree: Tree) -> None:
    for name in ALL:
        tree.add(name, tracknumber=name.split("/")[2][:2], genre="Rock")


async def scanned(shelf: Shelf) -> dict[str, int]:
    """Fill the folder, scan it, and give the ids."""
    fill(shelf.tree)
    assert await shelf.scan() == {"added": 5}
    return await shelf.ids()


async def added_at(shelf: Shelf) -> dict[int, int]:
    return {row["id"]: row["added_at"] for row in await shelf.table("media_files")}


async def test_a_touched_file_is_read_and_nothing_else_of_it_changes(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    before = await catalogue.rows(shelf.database)
    os.utime(shelf.tree / ALBUM[0])
    assert await shelf.scan() == {"updated": 1, "unchanged": 4}
    assert shelf.opened == [str(shelf.tree / ALBUM[0])]
    after = await catalogue.rows(shelf.database)
    for name in after.keys() - {"media_files", "folders", *catalogue.RECORDS}:
        assert after[name] == before[name], name
    assert [row for row in after["media_files"] if row["id"] != ids[ALBUM[0]]] == [
        row for row in before["media_files"] if row["id"] != ids[ALBUM[0]]
    ]
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 5}
    assert shelf.opened == []


async def test_a_difference_in_ctime_alone_rereads_the_tags_and_counts_unchanged(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    await scanned(shelf)
    before = await catalogue.rows(shelf.database)
    (shelf.tree / ALBUM[1]).chmod(0o600)
    assert await shelf.scan() == {"unchanged": 5}
    assert shelf.opened == [str(shelf.tree / ALBUM[1])]
    after = await catalogue.rows(shelf.database)
    for name in after.keys() - {"media_files", "folders", *catalogue.RECORDS}:
        assert after[name] == before[name], name
    old, new = (
        {
            row["id"]: {k: v for k, v in row.items() if k not in ("ctime_ns", "seen_at", "read_job")}
            for row in found
        }
        for found in (before["media_files"], after["media_files"])
    )
    assert old == new
    await new_shelf.as_if_new(shelf)


async def test_edited_tags_update_the_track_and_keep_the_file(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await scanned(shelf)
    shelf.tree.retag(ALBUM[0], title="Anew", artist="Ada", album="First", genre="Jazz", tracknumber="1")
    assert await shelf.scan() == {"updated": 1, "unchanged": 4}
    assert await shelf.ids() == ids
    assert (await shelf.tracks())[ALBUM[0]]["title"] == "Anew"
    assert {row["name"] for row in await shelf.table("genres")} == {"Rock", "Jazz"}
    await new_shelf.as_if_new(shelf)


async def test_edited_tags_are_seen_though_size_and_mtime_stay(shelf: Shelf, new_shelf: NewShelf) -> None:
    await scanned(shelf)
    size = (shelf.tree / ALBUM[2]).stat().st_size
    shelf.tree.retag(
        ALBUM[2], title="03 thrEE", artist="Ada", album="First", genre="Rock", tracknumber="03", stay=True
    )
    assert (shelf.tree / ALBUM[2]).stat().st_size == size
    assert await shelf.scan() == {"updated": 1, "unchanged": 4}
    assert (await shelf.tracks())[ALBUM[2]]["title"] == "03 thrEE"
    await new_shelf.as_if_new(shelf)


async def test_a_release_whose_tracks_are_all_renamed_keeps_its_id(shelf: Shelf, new_shelf: NewShelf) -> None:
    await scanned(shelf)
    before = (await shelf.releases())["First"]
    for name in ALBUM:
        shelf.tree.retag(name, artist="Adelaide", album="Premier", genre="Rock")
    assert await shelf.scan() == {"updated": 3, "unchanged": 2}
    after = (await shelf.releases())["Premier"]
    assert (after["id"], after["added_at"]) == (before["id"], before["added_at"])
    assert set(await shelf.releases()) == {"Premier", "Other"}
    # No row refers to the artist of before: it went in the finishing transaction (DESIGN rule 10).
    assert await shelf.artists() == {"Adelaide", "Bix"}
    await new_shelf.as_if_new(shelf)


async def test_a_release_that_loses_some_tracks_to_another_name_keeps_its_id_and_name(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    await scanned(shelf)
    before = (await shelf.releases())["First"]
    shelf.tree.retag(ALBUM[0], artist="Ada", album="Premier", genre="Rock")
    assert await shelf.scan() == {"updated": 1, "unchanged": 4}
    after = await shelf.releases()
    assert after["First"]["id"] == before["id"]
    assert after["Premier"]["id"] != before["id"]
    await new_shelf.as_if_new(shelf)
    for name in ALBUM[1:]:
        shelf.tree.retag(name, artist="Ada", album="Premier", genre="Rock")
    assert await shelf.scan() == {"updated": 2, "unchanged": 3}
    assert set(await shelf.releases()) == {"Premier", "Other"}
    await new_shelf.as_if_new(shelf)


@pytest.mark.parametrize(
    "new",
    [
        "Ada/First/01 renamed.mp3",
        "Bix/Other/one.mp3",
        "one.mp3",
        "New/Place/01 one.mp3",
        "Ada/First/01 ONE.mp3",
    ],
    ids=["renamed", "to another album's folder", "to the root", "to a new folder", "case only"],
)
async def test_a_moved_file_keeps_its_row(shelf: Shelf, new_shelf: NewShelf, new: str) -> None:
    ids = await scanned(shelf)
    born = await added_at(shelf)
    shelf.tree.move(ALBUM[0], new)
    assert await shelf.scan() == {"moved": 1, "unchanged": 4}
    now = await shelf.ids()
    assert now == {new: ids[ALBUM[0]], **{name: ids[name] for name in ALL[1:]}}
    assert await added_at(shelf) == born
    (alias,) = await shelf.table("aliases")
    assert alias["file_id"] == ids[ALBUM[0]]
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 5}
    assert shelf.opened == []


@pytest.mark.parametrize("number", range(4), ids=["mp3", "flac", "ogg", "m4a"])
async def test_a_file_that_is_moved_and_retagged_at_once_keeps_its_row(
    shelf: Shelf, new_shelf: NewShelf, number: int
) -> None:
    old = [ALBUM[0], ALBUM[2], *OTHER][number]
    ids = await scanned(shelf)
    born = await added_at(shelf)
    new = "Cy/Third/09 moved" + os.path.splitext(old)[1]
    shelf.tree.move(old, new)
    shelf.tree.retag(new, title="Moved", artist="Cy", album="Third")
    assert await shelf.scan() == {"moved": 1, "unchanged": 4}
    assert (await shelf.ids())[new] == ids[old]
    assert await added_at(shelf) == born
    assert (await shelf.tracks())[new]["title"] == "Moved"
    await new_shelf.as_if_new(shelf)


async def test_a_renamed_album_folder_keeps_release_tracks_and_added_dates(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    shelf.tree.write("Ada/First/cover.jpg", b"\xff\xd8\xff")
    ids = await scanned(shelf)
    born = await added_at(shelf)
    release = (await shelf.releases())["First"]
    shelf.tree.move("Ada/First", "Ada/1999 - First")
    assert await shelf.scan() == {"moved": 3, "unchanged": 2}
    assert await shelf.ids() == {name.replace("Ada/First", "Ada/1999 - First"): ids[name] for name in ALL}
    assert await added_at(shelf) == born
    after = (await shelf.releases())["First"]
    assert (after["id"], after["added_at"]) == (release["id"], release["added_at"])
    assert len(await shelf.table("aliases")) == 3
    await new_shelf.as_if_new(shelf)


async def test_a_renamed_artist_folder_with_new_tags_keeps_all_ids(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await scanned(shelf)
    release = (await shelf.releases())["First"]["id"]
    shelf.tree.move("Ada", "Ada Lovelace")
    for name in ALBUM:
        shelf.tree.retag(
            name.replace("Ada", "Ada Lovelace"), artist="Ada Lovelace", album="First", genre="Rock"
        )
    assert await shelf.scan() == {"moved": 3, "unchanged": 2}
    assert await shelf.ids() == {name.replace("Ada/", "Ada Lovelace/"): ids[name] for name in ALL}
    assert (await shelf.releases())["First"]["id"] == release
    assert await shelf.artists() == {"Ada Lovelace", "Bix"}
    await new_shelf.as_if_new(shelf)


async def test_albums_that_move_round_in_a_circle_end_the_scan_well(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    folders = ["A", "B", "C"]
    for folder in folders:
        for number in range(2):
            shelf.tree.add(f"X/{folder}/{folder}{number}.mp3", artist="Ada", album=folder)
    assert await shelf.scan() == {"added": 6}
    ids = sorted((await shelf.ids()).values())
    for old, new in zip(folders, [*folders[1:], *folders[:1]], strict=True):
        for number in range(2):
            shelf.tree.move(f"X/{old}/{old}{number}.mp3", f"X/{new}/moved {old}{number}.mp3")
            shelf.tree.retag(f"X/{new}/moved {old}{number}.mp3", artist="Ada", album=new)
    assert await shelf.scan() == {"moved": 6}
    assert sorted((await shelf.ids()).values()) == ids
    await new_shelf.as_if_new(shelf)


async def test_files_that_move_between_the_roots_of_a_library_keep_their_rows(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    shelf = await new_shelf(database_kind, trees=[here, there])
    ids = await scanned(shelf)
    there.add("Cy/Third/01 six.mp3")
    assert await shelf.scan() == {"added": 1, "unchanged": 5}
    release = (await shelf.releases())["First"]["id"]
    shutil.move(here / "Ada", there / "Ada")
    assert await shelf.scan() == {"moved": 3, "unchanged": 3}
    assert {name: number for name, number in (await shelf.ids()).items() if name in ids} == ids
    assert (await shelf.releases())["First"]["id"] == release
    await new_shelf.as_if_new(shelf)


async def test_of_two_equal_files_the_one_that_moves_keeps_its_own_row(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    shelf.tree.add("A/X/01 twin.mp3", seed=7)
    shelf.tree.copy("A/X/01 twin.mp3", "B/Y/01 twin.mp3")
    assert await shelf.scan() == {"added": 2}
    ids = await shelf.ids()
    shelf.tree.move("B/Y/01 twin.mp3", "C/Z/01 twin.mp3")
    assert await shelf.scan() == {"moved": 1, "unchanged": 1}
    assert await shelf.ids() == {
        "A/X/01 twin.mp3": ids["A/X/01 twin.mp3"],
        "C/Z/01 twin.mp3": ids["B/Y/01 twin.mp3"],
    }
    await new_shelf.as_if_new(shelf)


async def test_two_equal_files_that_both_move_are_told_apart_by_their_inodes(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    shelf.tree.add("A/X/01 twin.mp3", seed=7)
    shelf.tree.copy("A/X/01 twin.mp3", "B/Y/01 twin.mp3")
    await shelf.scan()
    ids = await shelf.ids()
    shelf.tree.move("A/X/01 twin.mp3", "D/X/01 twin.mp3")
    shelf.tree.move("B/Y/01 twin.mp3", "C/Z/01 twin.mp3")
    assert await shelf.scan() == {"moved": 2}
    assert await shelf.ids() == {
        "D/X/01 twin.mp3": ids["A/X/01 twin.mp3"],
        "C/Z/01 twin.mp3": ids["B/Y/01 twin.mp3"],
    }
    await new_shelf.as_if_new(shelf)


async def test_more_than_one_match_is_no_match(shelf: Shelf) -> None:
    shelf.tree.add("A/X/01 twin.mp3", seed=7)
    shelf.tree.copy("A/X/01 twin.mp3", "B/Y/01 twin.mp3")
    await shelf.scan()
    ids = await shelf.ids()
    # Copied and deleted, as a move between disks is: the inodes are new.
    for old, new in (("A/X/01 twin.mp3", "D/X/01 twin.mp3"), ("B/Y/01 twin.mp3", "C/Z/01 twin.mp3")):
        shelf.tree.copy(old, new)
    shelf.tree.delete("A")
    shelf.tree.delete("B")
    assert await shelf.scan() == {"added": 2, "removed": 2}
    assert await shelf.missing() == {"A/X/01 twin.mp3", "B/Y/01 twin.mp3"}
    assert not set((await shelf.ids()).values()) & set(ids.values())


async def test_two_files_that_swap_their_names_stay_where_they_are(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await scanned(shelf)
    titles = {name: row["title"] for name, row in (await shelf.tracks()).items()}
    one, two = ALBUM[:2]
    shelf.tree.move(one, "aside")
    shelf.tree.move(two, one)
    shelf.tree.move("aside", two)
    assert await shelf.scan() == {"updated": 2, "unchanged": 3}
    assert await shelf.ids() == ids
    assert (await shelf.tracks())[one]["title"] == titles[two]
    assert await shelf.table("aliases") == []
    await new_shelf.as_if_new(shelf)


async def test_a_chain_of_renames_loses_nothing(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await scanned(shelf)
    # 2 -> 3', 1 -> 2: the name of the second is the first file's now, its own file has a new name.
    shelf.tree.move(ALBUM[1], "Ada/First/02 moved.mp3")
    shelf.tree.move(ALBUM[0], ALBUM[1])
    counters = await shelf.scan()
    assert sum(counters.values()) - counters.get("removed", 0) == 5
    assert len(await shelf.ids()) == 5
    assert set((await shelf.ids()).values()) <= set(ids.values()) | set(range(6, 10_000))
    await new_shelf.as_if_new(shelf)


async def test_a_deleted_file_is_missing_and_comes_back_with_its_id(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    born = await added_at(shelf)
    track = (await shelf.tracks())[ALBUM[0]]
    shelf.tree.move(ALBUM[0], "../kept.mp3")
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    assert shelf.opened == []
    row = (await shelf.files())[ALBUM[0]]
    assert (row["id"], row["status"]) == (ids[ALBUM[0]], "missing")
    assert row["missing_at"] is not None
    # Marked, never deleted.
    assert (await shelf.tracks())[ALBUM[0]] == track
    await new_shelf.as_if_new(shelf)
    assert await shelf.scan() == {"unchanged": 4}
    shelf.tree.move("../kept.mp3", ALBUM[0])
    assert await shelf.scan() == {"restored": 1, "unchanged": 4}
    assert await shelf.ids() == ids
    assert await added_at(shelf) == born
    await new_shelf.as_if_new(shelf)


async def test_a_deleted_folder_is_missing_and_comes_back_with_all_its_ids(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    release = (await shelf.releases())["First"]
    shelf.tree.move("Ada", "../Ada kept")
    assert await shelf.scan() == {"unchanged": 2, "removed": 3}
    assert await shelf.missing() == set(ALBUM)
    assert await shelf.scan() == {"unchanged": 2}
    assert await shelf.missing() == set(ALBUM)
    shelf.tree.move("../Ada kept", "Ada")
    assert await shelf.scan() == {"restored": 3, "unchanged": 2}
    assert await shelf.ids() == ids
    assert (await shelf.releases())["First"] == release
    await new_shelf.as_if_new(shelf)


async def test_a_file_that_comes_back_changed_keeps_its_id_and_says_what_it_says_now(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    shelf.tree.delete(ALBUM[0])
    assert await shelf.scan() == {"unchanged": 4, "removed": 1}
    shelf.tree.add(ALBUM[0], seed=99, title="Another", artist="Ada", album="First", genre="Funk")
    assert await shelf.scan() == {"restored": 1, "unchanged": 4}
    assert await shelf.ids() == ids
    assert (await shelf.tracks())[ALBUM[0]]["title"] == "Another"
    await new_shelf.as_if_new(shelf)


async def test_a_new_copy_is_a_new_file(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await scanned(shelf)
    shelf.tree.copy(ALBUM[0], "Copies/01 one.mp3")
    assert await shelf.scan() == {"added": 1, "unchanged": 5}
    now = await shelf.ids()
    assert {name: now[name] for name in ids} == ids
    assert now["Copies/01 one.mp3"] not in ids.values()
    assert await shelf.table("aliases") == []
    await new_shelf.as_if_new(shelf)


async def test_another_file_of_the_same_size_and_mtime_is_seen(shelf: Shelf, new_shelf: NewShelf) -> None:
    ids = await scanned(shelf)
    old = (shelf.tree / OTHER[0]).stat()
    shelf.tree.add(
        "new.ogg",
        seed=5,
        tags={"title": "02 four", "artist": "Bix", "album": "Other"},
        tracknumber="01",
        genre="Rock",
    )
    content = (shelf.tree / "new.ogg").read_bytes()
    (shelf.tree / "new.ogg").write_bytes(content.ljust(old.st_size, b"\0")[: old.st_size])
    os.utime(shelf.tree / "new.ogg", ns=(old.st_atime_ns, old.st_mtime_ns))
    shelf.tree.move("new.ogg", OTHER[0])
    new = (shelf.tree / OTHER[0]).stat()
    assert (new.st_size, new.st_mtime_ns) == (old.st_size, old.st_mtime_ns)
    counters = await shelf.scan()
    assert shelf.opened == [str(shelf.tree / OTHER[0])]
    assert counters in ({"updated": 1, "unchanged": 4}, {"failed": 1, "unchanged": 4})
    assert await shelf.ids() == ids
    assert (await shelf.tracks())[OTHER[0]]["title"] == "02 four"


async def test_a_file_that_goes_bad_keeps_its_row_and_gets_well_again(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    ids = await scanned(shelf)
    good = (shelf.tree / ALBUM[2]).read_bytes()
    shelf.tree.write(ALBUM[2], b"")
    assert await shelf.scan() == {"failed": 1, "unchanged": 4}
    assert await shelf.problems() == {(ALBUM[2], "empty_file")}
    assert (await shelf.files())[ALBUM[2]]["status"] == "error"
    await new_shelf.as_if_new(shelf)
    # Rule 2: not tried again until the file changes, and no news.
    assert await shelf.scan() == {"unchanged": 5}
    assert shelf.opened == []
    assert await shelf.problems() == {(ALBUM[2], "empty_file")}
    # It may move as it is: an empty file has no signature, its inode tells.
    shelf.tree.write(ALBUM[2], good)
    assert await shelf.scan() == {"updated": 1, "unchanged": 4}
    assert await shelf.problems() == set()
    assert await shelf.ids() == ids
    await new_shelf.as_if_new(shelf)


async def test_a_bad_file_that_moves_takes_its_problem_along(shelf: Shelf, new_shelf: NewShelf) -> None:
    await scanned(shelf)
    shelf.tree.write("Ada/First/bad.mp3", b"no sound at all" * 40)
    assert await shelf.scan() == {"failed": 1, "unchanged": 5}
    ((_, code),) = await shelf.problems()
    ids = await shelf.ids()
    shelf.tree.move("Ada/First/bad.mp3", "Bix/bad.mp3")
    assert await shelf.scan() == {"moved": 1, "unchanged": 5}
    assert await shelf.problems() == {("Bix/bad.mp3", code)}
    assert (await shelf.ids())["Bix/bad.mp3"] == ids["Ada/First/bad.mp3"]
    await new_shelf.as_if_new(shelf)
    shelf.tree.delete("Bix/bad.mp3")
    assert await shelf.scan() == {"unchanged": 5, "removed": 1}
    report = await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    assert report.problems == []


async def test_pictures_beside_the_music_come_change_and_go(shelf: Shelf, new_shelf: NewShelf) -> None:
    await scanned(shelf)
    shelf.tree.write("Ada/First/cover.jpg", cover())
    assert await shelf.scan() == {"unchanged": 5}
    (row,) = await shelf.table("sidecars")
    assert (row["type"], row["width"], row["height"]) == ("front", 64, 64)
    shelf.tree.move("Ada/First/cover.jpg", "Ada/First/back.jpg")
    assert await shelf.scan() == {"unchanged": 5}
    assert [row["type"] for row in await shelf.table("sidecars")] == ["back"]
    await new_shelf.as_if_new(shelf)
    shelf.tree.delete("Ada/First/back.jpg")
    assert await shelf.scan() == {"unchanged": 5}
    assert await shelf.table("sidecars") == []
    await new_shelf.as_if_new(shelf)


async def test_a_folder_in_the_place_of_a_file_and_the_reverse(shelf: Shelf, new_shelf: NewShelf) -> None:
    await scanned(shelf)
    shelf.tree.delete(ALBUM[0])
    shelf.tree.add(f"{ALBUM[0]}/01 inside.mp3")
    assert await shelf.scan() == {"added": 1, "unchanged": 4, "removed": 1}
    await new_shelf.as_if_new(shelf)
    shelf.tree.delete(ALBUM[0])
    shelf.tree.add(ALBUM[0], artist="Ada", album="First")
    assert await shelf.scan() == {"restored": 1, "unchanged": 4, "removed": 1}
    await new_shelf.as_if_new(shelf)
