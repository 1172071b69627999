"""Covers of films, shows, seasons and episodes: whose picture is whose, and when one is looked at again."""

from __future__ import annotations

import os
from typing import Any

import pytest

from bench.corpus.video import Film
from shelfread.app.covering import make_covers_here
from shelfread.app.workers import shelf_of
from shelfread.store.covers import COVERED, covers_of
from shelfread.store.search_due import ItemKind
from tests.conftest import Shelf, counted
from tests.covers.pictures import colour_at, picture
from tests.media.video.films_on_disk import made
from tests.tasks.test_covers import work

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLAIN = made(Film())


def film(shelf: Shelf, name: str, colour: str | None = None) -> None:
    """A film, with a picture of one colour attached; the trailing bytes make each another file."""
    whole = PLAIN if colour is None else made(Film(cover=picture((60, 90), colour)))
    shelf.tree.write(name, whole + b"\xec" + (len(name) | 0x80).to_bytes(1, "big") + name.encode())


def paint(shelf: Shelf, name: str, colour: str) -> None:
    shelf.tree.write(name, picture((60, 90), colour))


def _season_name(row: dict[str, Any], shows: dict[int, str]) -> str:
    return f"{shows[row['show_id']]} {row['number']}"


async def colours(shelf: Shelf) -> dict[str, str]:
    """What is seen in each cover, by what the item is called."""
    shows = {row["id"]: row["title"] for row in await shelf.table("shows")}
    named = {
        ItemKind.MOVIE: {row["id"]: row["title"] for row in await shelf.table("movies")},
        ItemKind.SHOW: shows,
        ItemKind.SEASON: {row["id"]: _season_name(row, shows) for row in await shelf.table("seasons")},
        ItemKind.EPISODE: {
            row["id"]: f"{shows[row['show_id']]} {row['season']}x{row['episode']}"
            for row in await shelf.table("episodes")
        },
    }
    kept = shelf_of(shelf.app.settings)
    found = {}
    async with shelf.database.read() as connection:
        for kind, names in named.items():
            for item_id, cover in (await covers_of(connection, kind, names)).items():
                descriptor = kept.open(cover.digest, cover.mime)
                assert descriptor is not None
                with os.fdopen(descriptor, "rb") as file:
                    found[names[item_id]] = colour_at(file.read())
    return found


async def test_c5_a_film_gets_the_picture_of_its_name_that_of_its_folder_or_the_one_inside(
    video_shelf: Shelf,
) -> None:
    for name, colour in (("Own", None), ("Folder", "red"), ("Inside", "green"), ("Still", None)):
        film(video_shelf, f"{name} (2001)/{name} (2001) - 1080p.mkv", colour)
    paint(video_shelf, "Own (2001)/Own (2001) - 1080p-poster.jpg", "blue")
    paint(video_shelf, "Own (2001)/folder.jpg", "red")
    paint(video_shelf, "Folder (2001)/poster.jpg", "yellow")
    paint(video_shelf, "Folder (2001)/fanart.jpg", "black")
    paint(video_shelf, "Inside (2001)/landscape.jpg", "black")
    paint(video_shelf, "Still (2001)/landscape.jpg", "cyan")
    # In a folder of many a picture is of whom it names, and one that names nobody is of none.
    film(video_shelf, "Many/One (2002).mkv")
    film(video_shelf, "Many/Two (2002).mkv", "green")
    film(video_shelf, "Many/Three (2002).mkv")
    paint(video_shelf, "Many/poster.jpg", "red")
    paint(video_shelf, "Many/One (2002).jpg", "white")
    # A disc, and a film in parts: the picture lies above.
    film(video_shelf, "Disc (2003)/BDMV/STREAM/00001.m2ts")
    paint(video_shelf, "Disc (2003)/cover.jpg", "blue")
    film(video_shelf, "Parts (2004)/CD1/Parts (2004) cd1.mkv")
    film(video_shelf, "Parts (2004)/CD2/Parts (2004) cd2.mkv")
    paint(video_shelf, "Parts (2004)/Parts (2004)-poster.jpg", "white")
    await video_shelf.outcome()
    counters = await work(video_shelf)
    assert counters.failed == 0
    assert await colours(video_shelf) == {
        "Own": "blue", "Folder": "yellow", "Inside": "green", "Still": "cyan",
        "One": "white", "Two": "green", "Disc": "blue", "Parts": "white",
    }  # fmt: skip
    assert counted(await work(video_shelf)) == {}


async def test_c5_a_show_its_seasons_and_its_episodes_get_their_pictures(video_shelf: Shelf) -> None:
    for number in (0, 1, 2):
        folder = "Specials" if number == 0 else f"Season {number}"
        film(video_shelf, f"Fog (2010)/{folder}/Fog S0{number}E01.mkv", "green" if number == 2 else None)
    paint(video_shelf, "Fog (2010)/poster.jpg", "red")
    paint(video_shelf, "Fog (2010)/season01-poster.jpg", "blue")
    paint(video_shelf, "Fog (2010)/season-specials-poster.jpg", "yellow")
    paint(video_shelf, "Fog (2010)/Season 1/poster.jpg", "black")
    paint(video_shelf, "Fog (2010)/Season 2/folder.jpg", "white")
    paint(video_shelf, "Fog (2010)/Season 1/Fog S01E01-thumb.jpg", "cyan")
    # Shows whose episodes lie beside their poster, in a folder of shows that has one of its own.
    film(video_shelf, "Kin/S01E01.mkv")
    paint(video_shelf, "Kin/folder.jpg", "blue")
    film(video_shelf, "Bare/Season 1/Bare S01E01.mkv")
    paint(video_shelf, "poster.jpg", "black")
    await video_shelf.outcome()
    await work(video_shelf)
    assert await colours(video_shelf) == {
        "Fog": "red", "Fog 0": "yellow", "Fog 1": "blue", "Fog 2": "white",
        "Fog 1x1": "cyan", "Fog 2x1": "green", "Kin": "blue", "Kin 1": "blue",
    }  # fmt: skip


async def test_what_changes_beside_films_and_shows_has_their_covers_made_again(video_shelf: Shelf) -> None:
    film(video_shelf, "Film (2001)/Film (2001).mkv")
    film(video_shelf, "Fog/Season 1/Fog S01E01.mkv")
    await video_shelf.scan()
    await work(video_shelf)
    assert await colours(video_shelf) == {}
    # The folder above a season holds no video: what comes there is seen as well.
    paint(video_shelf, "Film (2001)/poster.jpg", "red")
    paint(video_shelf, "Fog/poster.jpg", "blue")
    paint(video_shelf, "Fog/season01-poster.jpg", "green")
    assert await video_shelf.scan() == {"unchanged": 2}
    await work(video_shelf)
    assert await colours(video_shelf) == {"Film": "red", "Fog": "blue", "Fog 1": "green"}
    video_shelf.tree.delete("Fog/season01-poster.jpg")
    paint(video_shelf, "Fog/poster.jpg", "white")
    await video_shelf.scan()
    await work(video_shelf)
    assert await colours(video_shelf) == {"Film": "red", "Fog": "white"}


async def test_every_item_of_a_library_of_videos_can_be_looked_at_anew(video_shelf: Shelf) -> None:
    film(video_shelf, "Film (2001)/Film (2001).mkv", "green")
    film(video_shelf, "Fog/Season 1/Fog S01E01.mkv")
    paint(video_shelf, "Fog/poster.jpg", "red")
    paint(video_shelf, "Fog/season01.jpg", "blue")
    await video_shelf.outcome()
    await work(video_shelf)
    report = await make_covers_here(video_shelf.app, await video_shelf.library(), again=True)
    # A film, a show and a season as they were; an episode that has none.
    assert counted(report.counters) == {"unchanged": 3, "skipped": 1}
    kinds = {row["kind"] for row in await video_shelf.table("covers")}
    assert kinds == {kind.value for kind in COVERED} - {ItemKind.RELEASE, ItemKind.BOOK}
