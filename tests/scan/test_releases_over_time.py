"""Artists, releases and genres while the files they follow from come, change and go (A4, A6, rule 10)."""

from __future__ import annotations

import itertools

import pytest

from tests import catalogue
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_track_with_another_album_artist_is_another_release(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    for number in range(3):
        shelf.tree.add(f"X/Hits/{number}.mp3", artist="Ada", albumartist="Ada", album="Hits")
    await shelf.scan()
    (first,) = await shelf.table("releases")
    shelf.tree.add("X/Hits/9.mp3", artist="Bix", albumartist="Bix", album="Hits")
    assert await shelf.scan() == {"added": 1, "unchanged": 3}
    releases = {row["artist"]: row for row in await shelf.table("releases")}
    assert set(releases) == {"Ada", "Bix"}
    assert releases["Ada"] == first
    await new_shelf.as_if_new(shelf)


async def test_a_second_artist_without_album_artist_makes_the_release_by_various(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    shelf.tree.add("X/Hits/1.mp3", artist="Ada", album="Hits")
    await shelf.scan()
    (first,) = await shelf.table("releases")
    assert (first["artist"], first["compilation"]) == ("Ada", False)
    shelf.tree.add("X/Hits/2.mp3", artist="Bix", album="Hits")
    assert await shelf.scan() == {"added": 1, "unchanged": 1}
    (after,) = await shelf.table("releases")
    assert (after["id"], after["artist"], after["compilation"]) == (first["id"], "Various Artists", True)
    assert await shelf.artists() == {"Ada", "Bix", "Various Artists"}
    await new_shelf.as_if_new(shelf)
    # And back: nobody refers to the various artists any more.
    shelf.tree.retag("X/Hits/2.mp3", artist="Ada", album="Hits")
    assert await shelf.scan() == {"updated": 1, "unchanged": 1}
    assert await shelf.artists() == {"Ada"}
    await new_shelf.as_if_new(shelf)


async def test_an_artist_goes_only_when_nothing_refers_to_it(shelf: Shelf, new_shelf: NewShelf) -> None:
    shelf.tree.add("X/One/1.mp3", artist="Ada", album="One", genre="Rock")
    shelf.tree.add("Y/Two/1.mp3", artist="Bix", album="Two", composer="Ada", genre="Jazz")
    await shelf.scan()
    # Missing files still refer to theirs: they come back with everything.
    shelf.tree.delete("X/One/1.mp3")
    assert await shelf.scan() == {"unchanged": 1, "removed": 1}
    assert await shelf.artists() == {"Ada", "Bix"}
    assert {row["name"] for row in await shelf.table("genres")} == {"Rock", "Jazz"}
    shelf.tree.add("X/One/1.mp3", artist="Cy", album="One", genre="Jazz")
    assert await shelf.scan() == {"restored": 1, "unchanged": 1}
    assert await shelf.artists() == {"Ada", "Bix", "Cy"}
    assert {row["name"] for row in await shelf.table("genres")} == {"Jazz"}
    shelf.tree.retag("Y/Two/1.mp3", artist="Bix", album="Two", genre="Jazz")
    assert await shelf.scan() == {"updated": 1, "unchanged": 1}
    assert await shelf.artists() == {"Bix", "Cy"}
    await new_shelf.as_if_new(shelf)


@pytest.mark.parametrize("order", list(itertools.permutations(("BEATLES", "Beatles", "beatles"))))
async def test_spellings_show_the_same_in_whatever_order_they_come(
    new_shelf: NewShelf, order: tuple[str, ...]
) -> None:
    shelf = await new_shelf()
    for number, name in enumerate(order):
        shelf.tree.add(f"{number}/A/1.mpc", artist=name, album="Help", genre=name)
        await shelf.scan()
    assert await shelf.artists() == {"Beatles"}
    assert [row["name"] for row in await shelf.table("genres")] == ["Beatles"]
    await new_shelf.as_if_new(shelf)
    # The shown one goes: another of those that are left is shown.
    shelf.tree.retag(f"{order.index('Beatles')}/A/1.mpc", artist="Other", album="Help")
    await shelf.scan()
    assert await shelf.artists() == {"BEATLES", "Other"} or await shelf.artists() == {"beatles", "Other"}
    await new_shelf.as_if_new(shelf)


async def test_discs_in_folders_are_one_release_and_a_later_disc_joins_it(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    for number in range(2):
        shelf.tree.add(
            f"Ada/Double/CD1/{number}.mp3", artist="Ada", album="Double", discnumber="1", date="1999-05"
        )
    await shelf.scan()
    (first,) = await shelf.table("releases")
    assert (first["disc_total"], first["date"]) == (1, "1999-05")
    for number in range(2):
        shelf.tree.add(
            f"Ada/Double/CD2/{number}.mp3", artist="Ada", album="Double", discnumber="2/2", date="1998"
        )
    assert await shelf.scan() == {"added": 2, "unchanged": 2}
    (after,) = await shelf.table("releases")
    assert (after["id"], after["disc_total"], after["date"]) == (first["id"], 2, "1998")
    assert len(await shelf.table("tracks")) == 4
    await new_shelf.as_if_new(shelf)
    for number in range(2):
        shelf.tree.retag(f"Ada/Double/CD2/{number}.mp3", artist="Ada", album="Triple", discnumber="3/3")
    assert await shelf.scan() == {"updated": 2, "unchanged": 2}
    assert {row["title"]: row["disc_total"] for row in await shelf.table("releases")} == {
        "Double": 1,
        "Triple": 3,
    }
    await new_shelf.as_if_new(shelf)


async def test_a_compilation_that_loses_its_flag_is_by_its_artist(shelf: Shelf, new_shelf: NewShelf) -> None:
    for number in range(2):
        shelf.tree.add(f"X/Hits/{number}.mp3", artist="Ada", album="Hits", compilation="1")
    await shelf.scan()
    (first,) = await shelf.table("releases")
    assert (first["artist"], first["compilation"]) == ("Various Artists", True)
    for number in range(2):
        shelf.tree.retag(f"X/Hits/{number}.mp3", artist="Ada", album="Hits")
    await shelf.scan()
    (after,) = await shelf.table("releases")
    assert (after["id"], after["artist"], after["compilation"]) == (first["id"], "Ada", False)
    assert await shelf.artists() == {"Ada"}
    await new_shelf.as_if_new(shelf)


async def test_a_release_id_given_later_renames_the_release_and_keeps_it(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    mbid = "11111111-2222-3333-4444-555555555555"
    for number in range(2):
        shelf.tree.add(f"X/Hits/{number}.mp3", artist="Ada", album="Hits")
    await shelf.scan()
    (first,) = await shelf.table("releases")
    shelf.tree.retag("X/Hits/0.mp3", artist="Ada", album="Hits", musicbrainz_albumid=mbid)
    assert await shelf.scan() == {"updated": 1, "unchanged": 1}
    (after,) = await shelf.table("releases")
    assert (after["id"], after["mbid"], after["key"]) == (first["id"], mbid, f"mbid:{mbid}")
    await new_shelf.as_if_new(shelf)
    # The same release in another folder is the same release.
    shelf.tree.add("Elsewhere/2.mp3", artist="Ada", album="Hits", musicbrainz_albumid=mbid)
    await shelf.scan()
    assert len(await shelf.table("releases")) == 1
    await new_shelf.as_if_new(shelf)


async def test_two_releases_that_swap_their_names_in_one_scan(shelf: Shelf, new_shelf: NewShelf) -> None:
    for title, folder in (("One", "A"), ("Two", "B")):
        for number in range(2):
            shelf.tree.add(f"X/{folder}/{number}.mp3", artist="Ada", album=title)
    await shelf.scan()
    for title, folder in (("Two", "A"), ("One", "B")):
        for number in range(2):
            shelf.tree.retag(f"X/{folder}/{number}.mp3", artist="Ada", album=title)
    assert await shelf.scan() == {"updated": 4}
    await new_shelf.as_if_new(shelf)
    # In one folder as well, where each name stands for the other one's release.
    for title, start in (("Three", 0), ("Four", 5)):
        for number in range(2):
            shelf.tree.add(f"Y/{start + number}.mp3", artist="Ada", album=title)
    await shelf.scan()
    for title, start in (("Four", 0), ("Three", 5)):
        for number in range(2):
            shelf.tree.retag(f"Y/{start + number}.mp3", artist="Ada", album=title)
    assert await shelf.scan() == {"updated": 4, "unchanged": 4}
    await new_shelf.as_if_new(shelf)


async def test_one_of_several_album_artists_is_not_called_by_the_name_of_all(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    shelf.tree.add("X/Two/1.mp3", artist="Bix", albumartist=["Bix", "ADA"], album="Two")
    shelf.tree.add("X/Two/2.mp3", artist="Bix", albumartist=["Bix", "ADA"], album="Two")
    await shelf.scan()
    assert await shelf.artists() == {"ADA", "Bix"}
    # Memory of both is lost where a track is written anew; the release is credited after that.
    shelf.tree.retag("X/Two/1.mp3", artist="Bix", albumartist=["Bix", "ADA"], album="Two", date="1999")
    shelf.tree.move("X/Two/2.mp3", "X/Two/3.mp3")
    assert await shelf.scan() == {"moved": 1, "updated": 1}
    assert await shelf.artists() == {"ADA", "Bix"}
    await new_shelf.as_if_new(shelf)


async def test_artists_keep_their_ids_through_all_of_it(shelf: Shelf) -> None:
    shelf.tree.add("X/One/1.mp3", artist=["Ada", "Bix"], album="One")
    shelf.tree.add("X/Two/1.mp3", artist="Ada", album="Two")
    await shelf.scan()
    before = {row["key"]: row["id"] for row in await shelf.table("artists")}
    shelf.tree.move("X/One", "X/Uno")
    shelf.tree.retag("X/Two/1.mp3", artist=["Bix", "Ada"], album="Two")
    assert await shelf.scan() == {"moved": 1, "updated": 1}
    assert {row["key"]: row["id"] for row in await shelf.table("artists") if row["key"] in before} == before
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []


async def test_what_stays_in_a_folder_is_grouped_anew_when_a_track_moves_away(shelf: Shelf) -> None:
    shelf.tree.add("X/1.mp3", album="Same", artist="Ada", albumartist="")
    shelf.tree.add("X/2.mp3", album="Same", artist="Bix", albumartist="Bix")
    assert await shelf.scan() == {"added": 2}
    shelf.tree.move("X/2.mp3", "Y/2.mp3")
    assert await shelf.scan() == {"moved": 1, "unchanged": 1}
    by_release = {row["id"]: row["artist"] for row in await shelf.table("releases")}
    shown = {path: by_release[row["release_id"]] for path, row in (await shelf.tracks()).items()}
    assert shown == {"X/1.mp3": "Ada", "Y/2.mp3": "Bix"}
