"""Media whose tags, notes and names try to be more than text, of every kind that there is."""

from __future__ import annotations

from pathlib import Path

from tests.books_on_disk import cbz
from tests.conftest import Tree
from tests.videos_on_disk import nfo, put

#: What files say, by what it tries.
NASTY = {
    "run": "<script>alert(1)</script>",
    "leave": "\"><img src=x onerror=alert(1)>'",
    "turn": "harmless\u202egpj.exe",
    "break": "first\nsecond\r\nthird\tfourth",
    "stretch": "W" * 400,
}


def _name(said: str) -> str:
    """The same as the name of a file."""
    return said.replace("/", "")[:60]


def nasty_music(path: Path) -> Tree:
    """An album for each."""
    tree = Tree(path)
    for number, said in enumerate(NASTY.values()):
        names = ("title", "artist", "album", "albumartist", "genre", "composer", "comment", "lyrics")
        tree.add(f"{_name(said)}/{number}{_name(said)}.mp3", tags=dict.fromkeys(names, said))
    return tree


def nasty_books(path: Path) -> Tree:
    """A series for each."""
    tree = Tree(path)
    names = (
        "Title",
        "Series",
        "Writer",
        "Publisher",
        "Genre",
        "Summary",
        "Notes",
        "AgeRating",
        "Web",
        "Tags",
    )
    for number, said in enumerate(NASTY.values()):
        cbz(tree / f"{_name(said)}/{number}{_name(said)}.cbz", info=dict.fromkeys(names, said))
    return tree


def nasty_videos(path: Path) -> Tree:
    """A film and a show for each."""
    tree = Tree(path)
    names = ("title", "originaltitle", "plot", "tagline", "genre", "director", "studio", "mpaa", "set", "tag")
    for number, said in enumerate(NASTY.values()):
        of_film = f"films/{_name(said)} ({2000 + number})/{_name(said)} ({2000 + number})"
        put(path, f"{of_film}.mkv")
        tree.write(f"{of_film}.nfo", nfo("movie", dict.fromkeys(names, said)))
        show = f"shows/{number}{_name(said)}"
        put(path, f"{show}/Season 1/Show S01E01.mkv")
        tree.write(f"{show}/tvshow.nfo", nfo("tvshow", dict.fromkeys(names, said)))
        of_episode = {"title": said, "plot": said, "director": said, "season": 1, "episode": 1}
        tree.write(f"{show}/Season 1/Show S01E01.nfo", nfo("episodedetails", of_episode))
    return tree
