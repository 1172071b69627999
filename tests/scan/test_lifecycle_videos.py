"""What people do to their videos between two scans, and what must come of it: counters, rows, ids, items.

Beside `test_videos_scan`; what holds for files of every kind is in the lifecycle of music.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.corpus.video_library import build
from shelfread.scan.plan import Mode
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree, cover
from tests.videos_on_disk import nfo, put, put_all

pytestmark = pytest.mark.asyncio(loop_scope="session")

HD = "Harbour (2001)/Harbour (2001) - 1080p.mkv"
UHD = "Harbour (2001)/Harbour (2001) - 2160p.mkv"
TRAILER = "Harbour (2001)/Harbour (2001)-trailer.mp4"
HALVES = ["Halves (1995)/Halves (1995) cd1.avi", "Halves (1995)/Halves (1995) cd2.avi"]
TIDES = [
    f"Tides (2010)/Season {season}/Tides S0{season}E0{number}.mkv" for season in (1, 2) for number in (1, 2)
]
SPECIAL = "Tides (2010)/Specials/Tides S00E01.mkv"
ALL = [HD, UHD, TRAILER, *HALVES, *TIDES, SPECIAL]


async def scanned(shelf: Shelf) -> dict[str, int]:
    """Fill the folder, scan it, and give the ids of the files."""
    put_all(shelf.tree.path, ALL)
    assert await shelf.scan() == {"added": len(ALL)}
    return await shelf.ids()


async def items(shelf: Shelf) -> dict[str, Any]:
    """The ids and the times of all items by their names."""
    found: dict[str, Any] = {}
    for name in ("movies", "shows"):
        for row in await shelf.table(name):
            found[f"{name} {row['title']}"] = (row["id"], row["added_at"])
    for row in await shelf.table("seasons"):
        found[f"seasons {row['number']}"] = (row["id"], row["added_at"])
    for row in await shelf.table("episodes"):
        found[f"episodes {row['season']}x{row['episode']}"] = (row["id"], row["added_at"])
    return found


async def videos(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """The row of every video by its path."""
    by_id = {row["file_id"]: row for row in await shelf.table("videos")}
    return {path: by_id[row["id"]] for path, row in (await shelf.files()).items()}


async def movie(shelf: Shelf, path: str) -> dict[str, Any]:
    """The movie that a file is of."""
    row_id = (await videos(shelf))[path]["movie_id"]
    (found,) = [row for row in await shelf.table("movies") if row["id"] == row_id]
    return found


async def test_a_touched_video_is_read_and_nothing_else_of_it_changes(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    before = await catalogue.rows(video_shelf.database)
    os.utime(video_shelf.tree / HD)
    assert await video_shelf.scan() == {"updated": 1, "unchanged": len(ALL) - 1}
    assert video_shelf.opened == [str(video_shelf.tree / HD)]
    after = await catalogue.rows(video_shelf.database)
    for name in after.keys() - {"media_files", "folders", *catalogue.RECORDS}:
        assert after[name] == before[name], name
    await new_video_shelf.as_if_new(video_shelf)
    assert await video_shelf.scan(rescan=True) == {"unchanged": len(ALL)}
    rescanned = await catalogue.rows(video_shelf.database)
    for name in after.keys() - {"media_files", *catalogue.RECORDS}:
        assert rescanned[name] == after[name], name


@pytest.mark.parametrize(
    "new",
    [
        "Harbour (2001)/HARBOUR (2001) - 1080p.mkv",
        "Harbour (2001)/Harbour (2001) - Director's Cut.mkv",
        "Movies/Harbour (2001)/Harbour (2001).mkv",
        "Harbour.2001.1080p.BluRay.x264-GRP.mkv",
    ],
    ids=["case only", "another label", "to a new folder", "to the root, as a release"],
)
async def test_a_version_that_is_moved_or_renamed_stays_a_version_of_its_movie(
    video_shelf: Shelf, new_video_shelf: NewShelf, new: str
) -> None:
    ids = await scanned(video_shelf)
    before = await items(video_shelf)
    born = {row["id"]: row["added_at"] for row in await video_shelf.table("media_files")}
    video_shelf.tree.move(HD, new)
    assert await video_shelf.scan() == {"moved": 1, "unchanged": len(ALL) - 1}
    assert await video_shelf.ids() == {new: ids[HD], **{name: ids[name] for name in ALL[1:]}}
    assert {row["id"]: row["added_at"] for row in await video_shelf.table("media_files")} == born
    assert await items(video_shelf) == before
    rows = await videos(video_shelf)
    assert rows[new]["movie_id"] == rows[UHD]["movie_id"]
    await new_video_shelf.as_if_new(video_shelf)
    assert await video_shelf.scan() == {"unchanged": len(ALL)}
    assert video_shelf.opened == []


@pytest.mark.parametrize("new", ["The Harbour (2001)", "Harbour (2002)", "Films/Haven (1999) [tmdbid-5]"])
async def test_a_film_whose_folder_and_files_are_renamed_keeps_its_movie(
    video_shelf: Shelf, new_video_shelf: NewShelf, new: str
) -> None:
    ids = await scanned(video_shelf)
    before = await movie(video_shelf, HD)
    name = new.rpartition("/")[2]
    moved = {old: f"{new}/{name}{old.rpartition('(2001)')[2]}" for old in (HD, UHD, TRAILER)}
    for old, there in moved.items():
        video_shelf.tree.move(old, there)
    assert await video_shelf.scan() == {"moved": 3, "unchanged": len(ALL) - 3}
    now = await video_shelf.ids()
    assert {there: ids[old] for old, there in moved.items()}.items() <= now.items()
    after = await movie(video_shelf, moved[HD])
    assert (after["id"], after["added_at"]) == (before["id"], before["added_at"])
    assert (await movie(video_shelf, moved[UHD]))["id"] == before["id"]
    assert after["title"] == name.partition(" (")[0]
    assert len(await video_shelf.table("movies")) == 2
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_version_that_turns_out_to_be_another_film_leaves_its_movie(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    ids = await scanned(video_shelf)
    before = await movie(video_shelf, HD)
    video_shelf.tree.move(UHD, "Haven (1999)/Haven (1999).mkv")
    assert await video_shelf.scan() == {"moved": 1, "unchanged": len(ALL) - 1}
    assert (await video_shelf.ids())["Haven (1999)/Haven (1999).mkv"] == ids[UHD]
    assert (await movie(video_shelf, HD))["id"] == before["id"]
    other = await movie(video_shelf, "Haven (1999)/Haven (1999).mkv")
    assert (other["id"] != before["id"], other["title"], other["year"]) == (True, "Haven", 1999)
    await new_video_shelf.as_if_new(video_shelf)
    # And back again: into a movie that is there, so the other one is gone.
    video_shelf.tree.move("Haven (1999)", "Harbour (2001)/aside")
    video_shelf.tree.move("Harbour (2001)/aside/Haven (1999).mkv", UHD)
    assert await video_shelf.scan() == {"moved": 1, "unchanged": len(ALL) - 1}
    assert await video_shelf.ids() == ids
    assert {row["id"] for row in await video_shelf.table("movies")} >= {before["id"]}
    assert len(await video_shelf.table("movies")) == 2
    await new_video_shelf.as_if_new(video_shelf)


async def test_two_films_that_change_places_keep_their_files(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    put_all(video_shelf.tree.path, ["One (2001)/One (2001).mkv", "Two (2002)/Two (2002).mkv"])
    await video_shelf.scan()
    ids = await video_shelf.ids()
    movies = {row["title"]: row["id"] for row in await video_shelf.table("movies")}
    video_shelf.tree.move("One (2001)/One (2001).mkv", "aside.mkv")
    video_shelf.tree.move("Two (2002)/Two (2002).mkv", "One (2001)/One (2001).mkv")
    video_shelf.tree.move("aside.mkv", "Two (2002)/Two (2002).mkv")
    counted = await video_shelf.scan()
    assert sum(counted.values()) == 2
    assert set((await video_shelf.ids()).values()) == set(ids.values())
    # A name says which film it is, whatever was under it before.
    assert {row["title"]: row["id"] for row in await video_shelf.table("movies")} == movies
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_show_whose_folder_is_renamed_keeps_its_ids(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    ids = await scanned(video_shelf)
    before = await items(video_shelf)
    video_shelf.tree.move("Tides (2010)", "Shows/High Tides (2011)")
    assert await video_shelf.scan() == {"moved": 5, "unchanged": len(ALL) - 5}
    now = await video_shelf.ids()
    assert {
        name: now[name.replace("Tides (2010)", "Shows/High Tides (2011)")] for name in [*TIDES, SPECIAL]
    } == {name: ids[name] for name in [*TIDES, SPECIAL]}
    after = await items(video_shelf)
    assert after.pop("shows High Tides") == before.pop("shows Tides")
    assert after == before
    await new_video_shelf.as_if_new(video_shelf)
    assert await video_shelf.scan() == {"unchanged": len(ALL)}


async def test_a_show_whose_files_are_renamed_one_by_one_keeps_its_ids(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    """As tools for renaming do it: other folders of seasons, other names, titles in them."""
    await scanned(video_shelf)
    before = await items(video_shelf)
    for season in (1, 2):
        for number in (1, 2):
            old = f"Tides (2010)/Season {season}/Tides S0{season}E0{number}.mkv"
            new = f"Tides/Season 0{season}/Tides - {season}x0{number} - The {number}.mkv"
            video_shelf.tree.move(old, new)
    video_shelf.tree.move(SPECIAL, "Tides/Season 00/Tides - 0x01.mkv")
    assert await video_shelf.scan() == {"moved": 5, "unchanged": len(ALL) - 5}
    assert await items(video_shelf) == before
    assert {row["title"] for row in await video_shelf.table("episodes")} == {None, "The 1", "The 2"}
    await new_video_shelf.as_if_new(video_shelf)


async def test_an_episode_whose_file_becomes_a_double_episode_keeps_its_row(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    before = await items(video_shelf)
    video_shelf.tree.move(TIDES[1], "Tides (2010)/Season 1/Tides S01E02-E03.mkv")
    assert await video_shelf.scan() == {"moved": 1, "unchanged": len(ALL) - 1}
    assert await items(video_shelf) == before
    (double,) = [row for row in await video_shelf.table("episodes") if row["episode_end"] is not None]
    assert (double["season"], double["episode"], double["episode_end"]) == (1, 2, 3)
    await new_video_shelf.as_if_new(video_shelf)
    # It is replaced by two: the one that has its name again, and a new one.
    video_shelf.tree.delete("Tides (2010)/Season 1/Tides S01E02-E03.mkv")
    put_all(video_shelf.tree.path, [TIDES[1], "Tides (2010)/Season 1/Tides S01E03.mkv"])
    counted = await video_shelf.scan()
    assert counted.pop("unchanged") == len(ALL) - 1
    assert sum(counted.values()) >= 2
    assert "episodes 1x3" in await items(video_shelf)
    await new_video_shelf.as_if_new(video_shelf)


async def test_an_episode_that_moves_to_another_season_takes_its_row_along(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    before = await items(video_shelf)
    video_shelf.tree.move(TIDES[3], "Tides (2010)/Season 3/Tides S03E01.mkv")
    assert await video_shelf.scan() == {"moved": 1, "unchanged": len(ALL) - 1}
    after = await items(video_shelf)
    assert after["episodes 3x1"] == before["episodes 2x2"]
    assert after["shows Tides"] == before["shows Tides"]
    assert after["seasons 2"] == before["seasons 2"]
    await new_video_shelf.as_if_new(video_shelf)
    # The other one of that season, too: then it is no season any more.
    video_shelf.tree.move(TIDES[2], "Tides (2010)/Season 3/Tides S03E02.mkv")
    assert await video_shelf.scan() == {"moved": 1, "unchanged": len(ALL) - 1}
    assert {row["number"] for row in await video_shelf.table("seasons")} == {0, 1, 3}
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_film_and_a_show_that_go_are_missing_and_come_back_with_all_their_ids(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    ids = await scanned(video_shelf)
    before = {
        name: await video_shelf.table(name) for name in ("movies", "shows", "seasons", "episodes", "videos")
    }
    video_shelf.tree.move("Harbour (2001)", "../Harbour kept")
    video_shelf.tree.move("Tides (2010)", "../Tides kept")
    assert await video_shelf.scan() == {"unchanged": 2, "removed": 8}
    assert await video_shelf.missing() == {HD, UHD, TRAILER, *TIDES, SPECIAL}
    # What is missing is still known.
    assert {name: await video_shelf.table(name) for name in before} == before
    await new_video_shelf.as_if_new(video_shelf)
    assert await video_shelf.scan() == {"unchanged": 2}
    video_shelf.tree.move("../Harbour kept", "Harbour (2001)")
    video_shelf.tree.move("../Tides kept", "Tides (2010)")
    assert await video_shelf.scan() == {"restored": 8, "unchanged": 2}
    assert await video_shelf.ids() == ids
    assert {name: await video_shelf.table(name) for name in before} == before
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_version_comes_and_goes_and_the_movie_stays(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    before = await items(video_shelf)
    third = "UHD/Harbour (2001)/Harbour (2001) 2160p.mkv"
    put(video_shelf.tree.path, third)
    # This one knows more than the others.
    video_shelf.tree.write(f"{third[:-4]}.nfo", nfo("movie", {"title": "The Harbour", "plot": "Ships."}))
    assert await video_shelf.scan() == {"added": 1, "unchanged": len(ALL)}
    told = await movie(video_shelf, HD)
    assert (told["id"], told["title"], told["plot"]) == (before["movies Harbour"][0], "The Harbour", "Ships.")
    video_shelf.tree.move("UHD", "../UHD kept")
    assert await video_shelf.scan() == {"removed": 1, "unchanged": len(ALL)}
    assert await items(video_shelf) == before
    assert (await movie(video_shelf, HD))["plot"] is None
    video_shelf.tree.move("../UHD kept", "UHD")
    assert await video_shelf.scan() == {"restored": 1, "unchanged": len(ALL)}
    assert await movie(video_shelf, HD) == told
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_better_file_under_the_same_name_is_the_same_version(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    ids = await scanned(video_shelf)
    before = await items(video_shelf)
    put(video_shelf.tree.path, HD, seed=99)
    put(video_shelf.tree.path, TIDES[0], seed=100)
    assert await video_shelf.scan() == {"updated": 2, "unchanged": len(ALL) - 2}
    assert await video_shelf.ids() == ids
    assert await items(video_shelf) == before
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_film_is_retitled_by_an_nfo_and_has_its_own_name_again_when_that_goes(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    before = await items(video_shelf)
    said = {"title": "Der Hafen", "year": 2002, "director": "Ada", "genre": "Drama", "id": "tt0111161"}
    video_shelf.tree.write("Harbour (2001)/movie.nfo", nfo("movie", said))
    counted = await video_shelf.scan()
    assert counted["unchanged"] >= len(ALL) - 3
    # Nothing but the films beside it is opened for that.
    opened = {os.path.relpath(path, video_shelf.tree.path) for path in video_shelf.opened}
    assert opened <= {HD, UHD, TRAILER, "Harbour (2001)/movie.nfo"}
    told = await movie(video_shelf, HD)
    assert (told["id"], told["added_at"]) == before["movies Harbour"]
    assert (told["title"], told["year"]) == ("Der Hafen", 2002)
    assert json.loads(told["more"])["provider_ids"] == {"imdb": "tt0111161"}
    assert [row["name"] for row in await video_shelf.table("video_credits")] == ["Ada"]
    await new_video_shelf.as_if_new(video_shelf)
    video_shelf.tree.delete("Harbour (2001)/movie.nfo")
    await video_shelf.scan()
    assert await items(video_shelf) == before
    assert await video_shelf.table("video_credits") == await video_shelf.table("video_tags") == []
    await new_video_shelf.as_if_new(video_shelf)


async def test_what_is_told_of_a_show_a_season_and_an_episode_comes_and_goes(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    before = {name: await video_shelf.table(name) for name in ("shows", "seasons", "episodes", "video_tags")}
    beside = {
        "Tides (2010)/tvshow.nfo": nfo("tvshow", {"title": "Gezeiten", "year": 2012, "genre": "Drama"}),
        "Tides (2010)/Season 2/season.nfo": nfo("season", {"seasonnumber": 2, "title": "The flood"}),
        f"{TIDES[0][:-4]}.nfo": nfo("episodedetails", {"title": "Low", "season": 1, "episode": 1}),
    }
    for name, content in beside.items():
        video_shelf.tree.write(name, content)
    assert await video_shelf.scan() == {"updated": 1, "unchanged": len(ALL) - 1}
    (show,) = await video_shelf.table("shows")
    assert (show["id"], show["title"], show["year"]) == (before["shows"][0]["id"], "Gezeiten", 2012)
    titles = {row["number"]: row["title"] for row in await video_shelf.table("seasons")}
    assert titles == {0: None, 1: None, 2: "The flood"}
    assert {row["title"] for row in await video_shelf.table("episodes")} == {None, "Low"}
    assert [row["name"] for row in await video_shelf.table("video_tags")] == ["Drama"]
    await new_video_shelf.as_if_new(video_shelf)
    # It moves along with its show.
    video_shelf.tree.move("Tides (2010)", "Gezeiten")
    assert await video_shelf.scan() == {"moved": 5, "unchanged": len(ALL) - 5}
    assert [(row["id"], row["title"]) for row in await video_shelf.table("shows")] == [
        (show["id"], "Gezeiten")
    ]
    await new_video_shelf.as_if_new(video_shelf)
    video_shelf.tree.move("Gezeiten", "Tides (2010)")
    for name in beside:
        video_shelf.tree.delete(name)
    await video_shelf.scan()
    assert {name: await video_shelf.table(name) for name in before} == before
    await new_video_shelf.as_if_new(video_shelf)


async def test_the_disk_with_the_better_versions_is_away_and_nothing_is_missing(
    new_video_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    here, there = Tree(tmp_path / "a here"), Tree(tmp_path / "b there")
    put_all(here.path, [*ALL, "Lamp (2003)/Lamp (2003).mkv"])
    put_all(there.path, ["Lamp (2003)/Lamp (2003) 2160p.mkv", "Tides (2010)/Season 3/Tides S03E01.mkv"])
    shelf = await new_video_shelf(database_kind, trees=[here, there])
    assert await shelf.scan() == {"added": len(ALL) + 3}
    lamp = await movie(shelf, "Lamp (2003)/Lamp (2003).mkv")
    assert await movie(shelf, "Lamp (2003)/Lamp (2003) 2160p.mkv") == lamp
    before = catalogue.kept(await catalogue.rows(shelf.database))
    there.path.rename(tmp_path / "away")
    outcome = await shelf.outcome()
    assert len(outcome.unavailable) == 1
    after = catalogue.kept(await catalogue.rows(shelf.database))
    for name in after.keys() - {"roots", "problems"}:
        assert after[name] == before[name], name
    (tmp_path / "away").rename(there.path)
    assert await shelf.scan() == {"unchanged": len(ALL) + 3}
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before
    # A show and a film move from disk to disk.
    shutil.move(here / "Tides (2010)/Season 1", there / "Tides (2010)/Season 1")
    shutil.move(here / "Harbour (2001)", there / "Harbour (2001)")
    items_before = await items(shelf)
    assert await shelf.scan() == {"moved": 5, "unchanged": len(ALL) - 2}
    assert await items(shelf) == items_before
    await new_video_shelf.as_if_new(shelf)


async def test_a_disc_and_a_film_in_parts_move_as_one(video_shelf: Shelf, new_video_shelf: NewShelf) -> None:
    disc = [f"Lamp (2003)/VIDEO_TS/{name}.VOB" for name in ("VIDEO_TS", "VTS_01_1", "VTS_01_2")]
    put_all(video_shelf.tree.path, [*HALVES, *disc])
    assert await video_shelf.scan() == {"added": 5}
    before = await items(video_shelf)
    rows = await videos(video_shelf)
    assert [(rows[name]["disc"], rows[name]["part"]) for name in (*disc, *HALVES)] == [
        (True, None), (True, None), (True, None), (False, 1), (False, 2),
    ]  # fmt: skip
    video_shelf.tree.move("Lamp (2003)", "Discs/The Lamp (2003)")
    video_shelf.tree.move("Halves (1995)", "Both Halves (1995)")
    assert await video_shelf.scan() == {"moved": 5}
    after = await items(video_shelf)
    assert after["movies The Lamp"] == before["movies Lamp"]
    # Its files still say what it is.
    assert after["movies Halves"] == before["movies Halves"]
    await new_video_shelf.as_if_new(video_shelf)


async def test_an_extra_goes_where_its_film_goes(video_shelf: Shelf, new_video_shelf: NewShelf) -> None:
    ids = await scanned(video_shelf)
    put(video_shelf.tree.path, "Harbour (2001)/Featurettes/How.mp4")
    assert await video_shelf.scan() == {"added": 1, "unchanged": len(ALL)}
    video_shelf.tree.move("Harbour (2001)", "Films/Harbour (2001)")
    assert await video_shelf.scan() == {"moved": 4, "unchanged": len(ALL) - 3}
    assert (await video_shelf.ids())[f"Films/{TRAILER}"] == ids[TRAILER]
    rows = await videos(video_shelf)
    assert rows[f"Films/{TRAILER}"]["base"] == rows[f"Films/{HD}"]["base"] == b"Films/Harbour (2001)"
    assert rows["Films/Harbour (2001)/Featurettes/How.mp4"]["base"] == b"Films/Harbour (2001)"
    await new_video_shelf.as_if_new(video_shelf)


async def test_what_stands_beside_comes_and_goes_and_no_video_is_opened(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    await scanned(video_shelf)
    beside: dict[str, str | bytes] = {
        f"{HD[:-4]}.en.forced.srt": "1\n",
        "Harbour (2001)/poster.jpg": cover(),
        "Tides (2010)/season01-poster.jpg": cover(),
        "Harbour (2001)/Subs/2_German.srt": "1\n",
    }
    for name, content in beside.items():
        video_shelf.tree.write(name, content)
    assert await video_shelf.scan() == {"unchanged": len(ALL)}
    assert [path for path in video_shelf.opened if path.endswith((".mkv", ".mp4", ".avi"))] == []
    found = {
        os.fsdecode(row["name"]): (row["type"], row["facts"]) for row in await video_shelf.table("sidecars")
    }
    assert {name: kind for name, (kind, _) in found.items()} == {
        "Harbour (2001) - 1080p.en.forced.srt": "subtitle",
        "2_German.srt": "subtitle",
        "poster.jpg": "poster",
        "season01-poster.jpg": "poster",
    }
    await new_video_shelf.as_if_new(video_shelf)
    video_shelf.tree.move("Harbour (2001)", "Harbour again (2001)")
    assert await video_shelf.scan() == {"moved": 3, "unchanged": len(ALL) - 3}
    await new_video_shelf.as_if_new(video_shelf)
    video_shelf.tree.move("Harbour again (2001)", "Harbour (2001)")
    for name in beside:
        video_shelf.tree.delete(name)
    await video_shelf.scan()
    assert await video_shelf.table("sidecars") == []
    await new_video_shelf.as_if_new(video_shelf)


async def test_a_show_that_goes_all_at_once_is_held_until_somebody_decides(video_shelf: Shelf) -> None:
    put_all(video_shelf.tree.path, [f"Long/Season 1/Long S01E{number:02}.mkv" for number in range(25)])
    put(video_shelf.tree.path, "Other (2001).mkv")
    assert await video_shelf.scan() == {"added": 26}
    before = await items(video_shelf)
    video_shelf.tree.move("Long", "../Long kept")
    assert (await video_shelf.outcome()).held == 25
    assert await video_shelf.missing() == set()
    assert await items(video_shelf) == before
    video_shelf.tree.move("../Long kept", "Long")
    assert await video_shelf.scan() == {"unchanged": 26}


async def test_an_address_is_listed_and_never_followed(video_shelf: Shelf, new_video_shelf: NewShelf) -> None:
    name = "Streams/Harbour (2001).strm"
    video_shelf.tree.write(name, "file:///etc/passwd\n")
    assert await video_shelf.scan() == {"added": 1}
    row = (await videos(video_shelf))[name]
    assert (row["container"], row["duration_s"], row["video_codec"]) == ("strm", None, None)
    assert "passwd" not in row["facts"]
    assert await video_shelf.problems() == set()
    before = await movie(video_shelf, name)
    assert (before["title"], before["year"]) == ("Harbour", 2001)
    video_shelf.tree.write(name, "http://127.0.0.1:9/other.mkv\n")
    assert await video_shelf.scan() == {"updated": 1}
    assert await movie(video_shelf, name) == before
    await new_video_shelf.as_if_new(video_shelf)


async def test_c8_c9_sync_and_batched_end_in_the_same_catalogue(
    new_video_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    library = build([tmp_path / "a", tmp_path / "b"], 70, seed=3)
    trees = [Tree(tmp_path / "a"), Tree(tmp_path / "b")]
    count = len(library.videos) + len(library.extras)
    batched = await new_video_shelf(database_kind, trees=trees)
    sync = await new_video_shelf("sqlite", trees=trees)
    assert await batched.scan() == await sync.scan(mode=Mode.SYNC) == {"added": count}
    mine, theirs = await catalogue.dump(batched.database), await catalogue.dump(sync.database)
    for name in mine:
        assert mine[name] == theirs[name], name
    # Nor does it matter which of them comes second; and a rescan changes nothing.
    assert await batched.scan(mode=Mode.SYNC) == await sync.scan() == {"unchanged": count}
    assert batched.opened == sync.opened == []
    before = catalogue.kept(await catalogue.rows(sync.database))
    assert await sync.scan(rescan=True) == {"unchanged": count}
    after = catalogue.kept(await catalogue.rows(sync.database))
    for name in after.keys() - {"media_files"}:
        assert after[name] == before[name], name
