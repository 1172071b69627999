"""ComicBookInfo in the comment of a zip archive."""

from __future__ import annotations

import json

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.comicbookinfo import read_comicbookinfo
from shelfread.model.books import Book, BookCredit, BookTag


def _comment(said: object) -> bytes:
    return json.dumps({"appID": "Barn/1", "lastModified": "2009", "ComicBookInfo/1.0": said}).encode()


def test_c6_every_field_is_read() -> None:
    said = {
        "series": "Owls",
        "title": "Night",
        "publisher": "Barn Comics",
        "publicationMonth": 9,
        "publicationYear": 1986,
        "issue": 1,
        "numberOfIssues": 12,
        "volume": 2,
        "numberOfVolumes": 3,
        "rating": 5,
        "genre": "Fantasy, Drama",
        "language": "English",
        "country": "Norway",
        "credits": [
            {"person": "Owl, Ann", "role": "Writer", "primary": True},
            {"person": "Bob Fox", "role": "Artist"},
            {"person": "Cid Hart, Jr.", "role": "Cover"},
            {"person": "", "role": "Inker"},
            "nobody",
        ],
        "tags": ["snow", "night", 7],
        "comments": "It is cold.",
    }
    assert read_comicbookinfo(_comment(said)) == Book(
        title="Night",
        series="Owls",
        number="1",
        number_sort=1.0,
        count=12,
        volume=2,
        date="1986-09",
        year=1986,
        publisher="Barn Comics",
        language="en",
        summary="It is cold.",
        rating=5.0,
        writers=["Ann Owl"],
        credits=[
            BookCredit("writer", "Ann Owl", "Owl, Ann"),
            BookCredit("artist", "Bob Fox"),
            BookCredit("cover", "Cid Hart, Jr."),
        ],
        tags=[
            BookTag("genre", "Fantasy"),
            BookTag("genre", "Drama"),
            BookTag("tag", "snow"),
            BookTag("tag", "night"),
        ],
        sources=["comicbookinfo"],
    )


@pytest.mark.parametrize("comment", [b"", b"Scanned with love", b"{}", b"[1]", b"\xff\xfe"])
def test_c6_another_comment_says_nothing_and_is_nothing_wrong(comment: bytes) -> None:
    assert read_comicbookinfo(comment) is None


@pytest.mark.parametrize(
    "comment",
    [
        b'{"ComicBookInfo/1.0": ',
        b'["ComicBookInfo/1.0"]',
        b'{"ComicBookInfo/1.0": []}',
        b'{"x": "ComicBookInfo/1.0"}',
        b'{"ComicBookInfo/1.0":' + b"[" * 60_000,
        b'{"ComicBookInfo/1.0": ' + b"9" * 60_000 + b"}",
    ],
)
def test_c3_a_broken_one_is_damage(comment: bytes) -> None:
    with pytest.raises(BookTrouble):
        read_comicbookinfo(comment)


def test_c3_values_of_the_wrong_sort_are_not_known() -> None:
    wrong: list[object] = [None, True, -1, 1e400, "x" * 100_000, [1], {"a": 1}, "\ud800"]
    keys = ["series", "title", "publisher", "publicationYear", "publicationMonth", "issue", "numberOfIssues"]
    keys += ["volume", "rating", "genre", "language", "tags", "credits"]
    for value in wrong:
        book = read_comicbookinfo(_comment(dict.fromkeys([*keys, "comments"], value)))
        assert book is not None
        repr(book).encode()
    assert read_comicbookinfo(_comment({key: [1] for key in keys})) == Book(sources=["comicbookinfo"])
