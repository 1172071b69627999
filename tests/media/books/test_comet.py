"""CoMet.xml: one element for each name."""

from __future__ import annotations

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.comet import read_comet
from shelfread.model.books import Book, BookCredit, BookTag, Page

_WHOLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<comet xmlns:comet="http://www.denvog.com/comet/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <title>Night</title><description>It is cold.</description><series>Owls</series><issue>3</issue>
  <volume>1</volume>
  <publisher>Barn Comics</publisher><date>2017-03</date><genre>Fantasy</genre><genre>Drama</genre>
  <character>Bat</character><character>Moth, the</character><isVersionOf>Owls #1</isVersionOf>
  <price>1.99</price>
  <format>Comic</format><language>en</language><rating>Teen</rating><rights>All</rights>
  <identifier>ISBN 978-0-306-40615-7</identifier><pages>32</pages><creator>Ann Owl</creator>
  <writer>Ann Owl</writer>
  <writer>Bob Fox</writer><penciller>Cid Hart</penciller><editor>Dot Eel</editor>
  <coverDesigner>Eve Ram</coverDesigner>
  <letterer>Fay Elk</letterer><inker>Gus Ape</inker><colorist>Hal Cow</colorist>
  <coverImage>pages/00.jpg</coverImage>
  <lastMark>4</lastMark><readingDirection>rtl</readingDirection>
</comet>"""


def test_c6_every_field_of_version_1_1_is_read() -> None:
    assert read_comet(_WHOLE) == Book(
        title="Night",
        series="Owls",
        number="3",
        number_sort=3.0,
        volume=1,
        date="2017-03",
        year=2017,
        publisher="Barn Comics",
        language="en",
        isbn="9780306406157",
        summary="It is cold.",
        comic_format="Comic",
        direction="rtl",
        age_rating="Teen",
        writers=["Ann Owl", "Bob Fox"],
        credits=[
            BookCredit("writer", "Ann Owl"),
            BookCredit("writer", "Bob Fox"),
            BookCredit("penciller", "Cid Hart"),
            BookCredit("inker", "Gus Ape"),
            BookCredit("colorist", "Hal Cow"),
            BookCredit("letterer", "Fay Elk"),
            BookCredit("cover", "Eve Ram"),
            BookCredit("editor", "Dot Eel"),
            BookCredit("contributor", "Ann Owl"),
        ],
        tags=[
            BookTag("genre", "Fantasy"),
            BookTag("genre", "Drama"),
            BookTag("character", "Bat"),
            BookTag("character", "Moth, the"),
        ],
        cover=Page(entry="pages/00.jpg"),
        sources=["comet"],
    )


def test_c6_an_identifier_that_is_no_isbn_is_kept() -> None:
    book = read_comet(
        b"<comet><identifier>UPC 1234</identifier><readingDirection>up</readingDirection></comet>"
    )
    assert (book.isbn, book.identifiers, book.direction) == (None, {"comet": "UPC 1234"}, None)


def test_c3_another_document_is_damage() -> None:
    with pytest.raises(BookTrouble, match="<comic>"):
        read_comet(b"<comic/>")
