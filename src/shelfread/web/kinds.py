"""The kinds of items that pages list: what each is called, and how it can be sorted and filtered.

A table and nothing else; what it names is what the API's lists take. Knows no route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: A sort and what it is called. With "-desc" behind its name it is turned around.
Sorts = tuple[tuple[str, str], ...]

_ADDED: Sorts = (("added_at-desc", "Added last"), ("added_at", "Added first"))
_BY_TITLE: Sorts = (("title", "Title, A to Z"), ("title-desc", "Title, Z to A"))
_BY_YEAR: Sorts = (("year-desc", "Newest year"), ("year", "Oldest year"))
_USUAL = _BY_TITLE + _BY_YEAR + _ADDED


@dataclass(frozen=True, slots=True)
class ItemKind:
    """A kind of items, as pages list it."""

    #: In addresses, of pages as of the API.
    word: str
    #: What the search calls one of them.
    one: str
    #: How many of them are called, and one of them.
    name: str
    single: str
    #: What libraries that hold them are.
    library_kind: str
    #: Covers beside one another, square or tall, or rows of a table.
    look: Literal["square", "tall", "table"]
    sorts: Sorts
    #: What people can fill in, by its name in the API.
    fields: tuple[str, ...] = ()
    #: What only links ask for: of which artist, say.
    of: tuple[str, ...] = ()
    #: Of one of these they have an order of their own.
    within: str | None = None
    has_problems: bool = True


_VIDEO = ("genre", "tag", "person", "year")
ITEM_KINDS = {
    one.word: one
    for one in (
        ItemKind(
            "artists",
            "artist",
            "Artists",
            "artist",
            "music",
            "table",
            (("name", "Name, A to Z"), ("name-desc", "Name, Z to A")),
            has_problems=False,
        ),
        ItemKind(
            "releases",
            "release",
            "Albums",
            "album",
            "music",
            "square",
            _USUAL,
            ("genre", "year"),
            ("artist_id", "appearance_of"),
        ),
        ItemKind(
            "tracks",
            "track",
            "Tracks",
            "track",
            "music",
            "table",
            _USUAL,
            ("genre", "year"),
            ("artist_id",),
            within="release_id",
        ),
        ItemKind(
            "series",
            "series",
            "Series",
            "series",
            "books",
            "tall",
            _USUAL,
            ("writer", "publisher", "genre", "tag", "year"),
        ),
        ItemKind(
            "books",
            "book",
            "Books",
            "book",
            "books",
            "tall",
            _USUAL,
            ("writer", "genre", "tag", "language", "format", "year"),
            within="series_id",
        ),
        ItemKind("movies", "movie", "Films", "film", "video", "tall", _USUAL, _VIDEO),
        ItemKind("shows", "show", "Shows", "show", "video", "tall", _USUAL, _VIDEO),
        ItemKind(
            "episodes",
            "episode",
            "Episodes",
            "episode",
            "video",
            "table",
            (*_BY_TITLE, ("air_date-desc", "Sent last"), ("air_date", "Sent first"), *_ADDED),
            _VIDEO,
            ("season",),
            within="show_id",
        ),
    )
}
#: What a field is called.
FIELDS = {
    "genre": "Genre",
    "tag": "Tag",
    "writer": "Writer",
    "publisher": "Publisher",
    "person": "Person",
    "language": "Language",
    "format": "Format",
    "year": "Year",
}
FORMATS = ("cbz", "cbr", "cb7", "cbt", "epub", "pdf")
