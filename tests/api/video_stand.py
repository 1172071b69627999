"""A folder of films and shows that tests of HTTP share, and questions about it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from bench.corpus.video import Film, Picture, Sound, Text, film
from bench.corpus.video_files import clip
from tests.api.api_stand import Live
from tests.api.book_stand import EVIL
from tests.api.catalogue_stand import got
from tests.conftest import Tree
from tests.videos_on_disk import nfo, put_all

FILMS = (
    "Harbour (2001)/Harbour (2001) - 1080p.mkv",
    "Harbour (2001)/Harbour (2001)-trailer.mp4",
    "Harbour (2001)/Featurettes/How it was made.mp4",
    "Two Halves (1995)/Two Halves (1995) cd1.avi",
    "Two Halves (1995)/Two Halves (1995) cd2.avi",
    # Two films in one folder: an extra is of the one that it names, and of nobody else.
    "Pair/Dawn (1990).mkv",
    "Pair/Dusk (1991).mkv",
    "Pair/Dusk (1991)-trailer.mkv",
    "Pair/Behind the Scenes/Both.mkv",
    "Odd (2003)/Odd (2003).mkv",
)
EPISODES = (
    "Lighthouse (2010)/Season 1/Lighthouse S01E01 - Fog.mkv",
    "Lighthouse (2010)/Season 1/Lighthouse S01E02-E03.mkv",
    "Lighthouse (2010)/Season 2/Lighthouse S02E01 - Storm.mkv",
    "Lighthouse (2010)/Specials/Lighthouse S00E01.mkv",
    "Lighthouse (2010)/Trailers/Soon.mkv",
    "Other/Other S01E01.mkv",
)
#: Subtitles and sound beside them.
BESIDE = (
    "Harbour (2001)/Harbour (2001) - 1080p.en.sdh.srt",
    "Harbour (2001)/Harbour (2001).de.forced.ass",
    "Harbour (2001)/Subs/French.srt",
    "Harbour (2001)/Harbour (2001)-trailer.en.srt",
    "Harbour (2001)/Harbour (2001) - 1080p.commentary.mka",
    "Pair/Dawn (1990).en.srt",
    "Pair/stray.srt",
    "Lighthouse (2010)/Season 1/Lighthouse S01E01 - Fog.en.srt",
    "Lighthouse (2010)/Season 1/Subs/Lighthouse S01E02-E03/2_English.srt",
)


@cache
def _large() -> bytes:
    """A film with a stream of each kind, in HDR."""
    return film(
        Film(
            pictures=(Picture("hevc", 256, 144, bit_depth=10, colour="bt2020 pq", mastering=True),),
            sounds=(Sound("ac3", "5.1", language="eng", default=True),),
            texts=(Text(language="ger", forced=True),),
            chapters=((0.0, "Begin"), (0.2, "")),
        )
    )


def shelf_of_videos(path: Path) -> Tree:
    """Films with versions, parts, a disc and extras; two shows; one file that is torn."""
    tree = Tree(path)
    put_all(path / "films", FILMS)
    put_all(path / "shows", EPISODES)
    for name in BESIDE:
        tree.write(("shows/" if name.startswith("Light") else "films/") + name, b"1\n")
    tree.write("films/Harbour (2001)/Harbour (2001) - 2160p.mkv", _large())
    # The film of a DVD is its longest title; the files of a disc are one version.
    for number, (name, seconds) in enumerate((("01_1", 0.2), ("02_1", 0.4), ("02_2", 0.4))):
        content = clip("vob", 900 + number, seconds=seconds)
        tree.write(f"films/Disc (1999)/VIDEO_TS/VTS_{name}.VOB", content)
    tree.write("films/Torn (2002)/Torn (2002).mkv", b"no film at all")
    said = {
        "title": "The Harbour",
        "year": 2001,
        "plot": "Boats.",
        "genre": "Drama",
        "mpaa": "PG",
    }
    tree.write("films/Harbour (2001)/movie.nfo", nfo("movie", said))
    evil = {"title": EVIL, "plot": EVIL, "genre": EVIL, "director": EVIL}
    tree.write("films/Odd (2003)/Odd (2003).nfo", nfo("movie", evil))
    show = {
        "title": "The Lighthouse",
        "status": "Ended",
        "genre": "Mystery",
        "studio": "Coast",
    }
    tree.write("shows/Lighthouse (2010)/tvshow.nfo", nfo("tvshow", show))
    fog = {
        "title": "Fog",
        "season": 1,
        "episode": 1,
        "aired": "2010-05-01",
        "director": "Ann Lee",
    }
    name = "shows/Lighthouse (2010)/Season 1/Lighthouse S01E01 - Fog.nfo"
    tree.write(name, nfo("episodedetails", fog))
    return tree


def titles_of(page: dict[str, Any]) -> list[str]:
    """The titles on a page of a list."""
    return [one["title"] for one in page["items"]]


def names_of(files: list[dict[str, Any]]) -> list[str]:
    """The names of files that tell their paths."""
    return [one["path"].rpartition("/")[2] for one in files]


async def movie_of(live: Live, title: str) -> dict[str, Any]:
    """A movie by its title, whole."""
    return await _one(live, "movies", title)


async def show_of(live: Live, title: str) -> dict[str, Any]:
    """A show by its title, whole."""
    return await _one(live, "shows", title)


async def episode_of(live: Live, title: str) -> dict[str, Any]:
    """An episode by its title, whole."""
    return await _one(live, "episodes", title)


async def _one(live: Live, kind: str, title: str) -> dict[str, Any]:
    listed = (await got(live, f"/{kind}?status=any&limit=500"))["items"]
    row_id = next(one["id"] for one in listed if one["title"] == title)
    found: dict[str, Any] = await got(live, f"/{kind}/{row_id}", "admin")
    return found
