"""Videos through real scans of real folders: movies with versions and parts, shows and their episodes."""

from __future__ import annotations

import json

import pytest

from bench.corpus.video_files import clip
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILMS = (
    "Harbour (2001)/Harbour (2001) - 1080p.mkv",
    "Harbour (2001)/Harbour (2001) - 2160p.mkv",
    "Harbour (2001)/Harbour (2001)-trailer.mp4",
    "Harbour (2001)/Featurettes/How it was made.mp4",
    "Two Halves (1995)/Two Halves (1995) cd1.avi",
    "Two Halves (1995)/Two Halves (1995) cd2.avi",
    "4K/Harbour (2001)/Harbour (2001).mkv",
    "Alone.mkv",
)
EPISODES = (
    "Lighthouse (2010)/Season 1/Lighthouse S01E01 - Fog.mkv",
    "Lighthouse (2010)/Season 1/Lighthouse S01E02-E03.mkv",
    "Lighthouse (2010)/Specials/Lighthouse S00E01.mkv",
)


def fill(tree: Tree, names: tuple[str, ...]) -> None:
    """Write a film of its own under each name."""
    for number, name in enumerate(names):
        write(tree, name, number + sum(name.encode()) * 1000)


def write(tree: Tree, name: str, number: int) -> None:
    """Write one film; each number is another one."""
    path = tree.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(clip(name.rpartition(".")[2], number))


async def movies(shelf: Shelf) -> dict[tuple[str, int | None], list[str]]:
    """The names of the files of each movie, by title and year."""
    files = {row["id"]: row["name"].decode() for row in await shelf.table("media_files")}
    found: dict[tuple[str, int | None], list[str]] = {}
    of = {row["id"]: (row["title"], row["year"]) for row in await shelf.table("movies")}
    for row in await shelf.table("videos"):
        if row["movie_id"] is not None:
            found.setdefault(of[row["movie_id"]], []).append(files[row["file_id"]])
    return {key: sorted(names) for key, names in found.items()}


async def test_films_become_movies_with_versions_and_parts(video_shelf: Shelf) -> None:
    fill(video_shelf.tree, FILMS)
    assert await video_shelf.scan() == {"added": 8}
    assert await movies(video_shelf) == {
        ("Harbour", 2001): [
            "Harbour (2001) - 1080p.mkv",
            "Harbour (2001) - 2160p.mkv",
            "Harbour (2001).mkv",
        ],
        ("Two Halves", 1995): ["Two Halves (1995) cd1.avi", "Two Halves (1995) cd2.avi"],
        ("Alone", None): ["Alone.mkv"],
    }
    extras = [row for row in await video_shelf.table("videos") if row["type"] == "extra"]
    assert {(row["extra"], row["base"], row["of_key"] == "harbour|2001|") for row in extras} == {
        ("trailer", b"Harbour (2001)", True),
        ("featurette", b"Harbour (2001)", False),
    }
    assert await video_shelf.scan() == {"unchanged": 8}


async def test_episodes_become_shows_with_seasons(video_shelf: Shelf) -> None:
    fill(video_shelf.tree, EPISODES)
    nfo = video_shelf.tree.path / "Lighthouse (2010)" / "tvshow.nfo"
    nfo.write_text("<tvshow><title>The Lighthouse</title><plot>Waves.</plot><genre>Drama</genre></tvshow>")
    assert await video_shelf.scan() == {"added": 3}
    (show,) = await video_shelf.table("shows")
    assert (show["title"], show["year"], show["plot"]) == ("The Lighthouse", 2010, "Waves.")
    assert sorted(row["number"] for row in await video_shelf.table("seasons")) == [0, 1]
    episodes = sorted(await video_shelf.table("episodes"), key=lambda row: row["place"])
    assert [(row["season"], row["episode"], row["episode_end"], row["title"]) for row in episodes] == [
        (1, 1, None, "Fog"),
        (1, 2, 3, None),
        (0, 1, None, None),
    ]
    assert [(row["kind"], row["type"], row["name"]) for row in await video_shelf.table("video_tags")] == [
        (7, "genre", "Drama")
    ]
    nfo.unlink()
    assert await video_shelf.scan() == {"unchanged": 3}
    (show,) = await video_shelf.table("shows")
    assert (show["title"], show["year"], show["plot"]) == ("Lighthouse", 2010, None)


async def test_an_nfo_says_more_and_keeps_the_movie(video_shelf: Shelf) -> None:
    fill(video_shelf.tree, FILMS[:2])
    await video_shelf.scan()
    (before,) = await video_shelf.table("movies")
    nfo = video_shelf.tree.path / "Harbour (2001)" / "Harbour (2001) - 1080p.nfo"
    nfo.write_text(
        "<movie><title>Der Hafen</title><year>2002</year><director>Ada</director>"
        "<uniqueid type='imdb'>tt0111161</uniqueid></movie>"
    )
    assert await video_shelf.scan() == {"updated": 1, "unchanged": 1}
    (after,) = await video_shelf.table("movies")
    assert (after["id"], after["title"], after["year"]) == (before["id"], "Der Hafen", 2002)
    assert json.loads(after["more"])["provider_ids"] == {"imdb": "tt0111161"}
    (credit,) = await video_shelf.table("video_credits")
    assert (credit["item_id"], credit["role"], credit["name"]) == (after["id"], "director", "Ada")


async def test_a_film_and_a_show_that_move_as_a_whole_keep_their_rows(
    video_shelf: Shelf, new_video_shelf: NewShelf
) -> None:
    fill(video_shelf.tree, FILMS + EPISODES)
    await video_shelf.scan()
    before = {
        name: {row["title"]: row["id"] for row in await video_shelf.table(name)}
        for name in ("movies", "shows", "episodes")
    }
    root = video_shelf.tree.path
    (root / "Alone.mkv").rename(root / "Not Alone.mkv")
    (root / "Lighthouse (2010)").rename(root / "Lamp (2010)")
    assert await video_shelf.scan() == {"moved": 4, "unchanged": 7}
    after = {
        name: {row["title"]: row["id"] for row in await video_shelf.table(name)}
        for name in ("movies", "shows", "episodes")
    }
    assert after["movies"]["Not Alone"] == before["movies"]["Alone"]
    assert list(after["shows"].values()) == list(before["shows"].values())
    assert set(after["episodes"].values()) == set(before["episodes"].values())
    await new_video_shelf.as_if_new(video_shelf)
