"""ComicInfo.xml: every field that a book has a place for, and hostile or careless files."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.comicinfo import read_comicinfo
from shelfread.model.books import Book, BookCredit, BookTag, Page
from shelfread.model.problem import ProblemCode
from tests.media.hostile_xml import SECRET, doctypes, document, wrongly_declared

_WHOLE = """<?xml version="1.0" encoding="utf-8"?>
<ComicInfo xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Title>The Long Night; The Short Day</Title><Series>Owls of the North</Series><Number>1.5</Number>
  <Count>12</Count><Volume>2016</Volume>
  <AlternateSeries>Winter War</AlternateSeries><AlternateNumber>3</AlternateNumber>
  <AlternateCount>9</AlternateCount>
  <Summary>It is cold.

It stays cold.</Summary><Notes>Tagged by hand.</Notes><Year>2017</Year><Month>2</Month><Day>28</Day>
  <Writer>Ann Owl, Bob Fox, Jr.</Writer><Penciller>Cid Hart</Penciller><Inker>Cid Hart</Inker>
  <Colorist>Dot Eel</Colorist><Letterer>Eve Ram</Letterer><CoverArtist>Fay Elk</CoverArtist>
  <Editor>Gus Ape</Editor>
  <Translator>Hal Cow</Translator><Publisher>Barn Comics</Publisher><Imprint>Loft</Imprint>
  <Genre>Fantasy, Drama, fantasy</Genre><Tags>snow,night</Tags>
  <Web>https://barn.example/1 https://barn.example/2</Web><PageCount>3</PageCount>
  <LanguageISO>pt_br</LanguageISO>
  <Format>One-Shot</Format><BlackAndWhite>Yes</BlackAndWhite><Manga>YesAndRightToLeft</Manga>
  <Characters>Moth (Earth-9, West), Bat</Characters><Teams>The Nine</Teams><Locations>Barn</Locations>
  <ScanInformation>(Paper-Owls)</ScanInformation><StoryArc>Winter</StoryArc><StoryArcNumber>2</StoryArcNumber>
  <SeriesGroup>Birds</SeriesGroup><AgeRating>Teen</AgeRating>
  <Pages><Page Image="0" Type="Other"/><Page Image="1" Type="FrontCover" ImageWidth="9"/><Page Image="2"/>
  </Pages>
  <CommunityRating>4.5</CommunityRating><MainCharacterOrTeam>Bat</MainCharacterOrTeam>
  <Review>Fine.</Review><GTIN>978-0-306-40615-7</GTIN>
</ComicInfo>"""


def _inner(inner: str) -> Book:
    return read_comicinfo(document("ComicInfo", inner))


def test_c6_every_field_of_version_2_1_is_read() -> None:
    assert read_comicinfo(_WHOLE.encode()) == Book(
        title="The Long Night; The Short Day",
        series="Owls of the North",
        number="1.5",
        number_sort=1.5,
        count=12,
        volume=2016,
        date="2017-02-28",
        year=2017,
        publisher="Barn Comics",
        imprint="Loft",
        language="pt-BR",
        isbn="9780306406157",
        summary="It is cold.\n\nIt stays cold.",
        notes="Tagged by hand.",
        web=["https://barn.example/1", "https://barn.example/2"],
        comic_format="One-Shot",
        one_shot=True,
        manga=True,
        direction="rtl",
        black_and_white=True,
        age_rating="Teen",
        rating=4.5,
        scan_group="(Paper-Owls)",
        writers=["Ann Owl", "Bob Fox, Jr."],
        credits=[
            BookCredit("writer", "Ann Owl"),
            BookCredit("writer", "Bob Fox, Jr."),
            BookCredit("penciller", "Cid Hart"),
            BookCredit("inker", "Cid Hart"),
            BookCredit("colorist", "Dot Eel"),
            BookCredit("letterer", "Eve Ram"),
            BookCredit("cover", "Fay Elk"),
            BookCredit("editor", "Gus Ape"),
            BookCredit("translator", "Hal Cow"),
        ],
        tags=[
            BookTag("genre", "Fantasy"),
            BookTag("genre", "Drama"),
            BookTag("tag", "snow"),
            BookTag("tag", "night"),
            BookTag("tag", "Birds"),
            BookTag("character", "Moth (Earth-9, West)"),
            BookTag("character", "Bat"),
            BookTag("team", "The Nine"),
            BookTag("location", "Barn"),
            BookTag("arc", "Winter"),
            BookTag("arc", "Winter War"),
        ],
        cover=Page(number=1),
        sources=["comicinfo"],
    )


def test_c6_minus_one_unknown_and_nothing_are_not_known() -> None:
    book = _inner(
        "<Title/><Series> </Series><Number></Number><Count>-1</Count><Volume>-1</Volume><Year>-1</Year>"
        "<Month>-1</Month>"
        "<BlackAndWhite>Unknown</BlackAndWhite><Manga>Unknown</Manga><AgeRating>Unknown</AgeRating>"
        "<CommunityRating>-1</CommunityRating><GTIN/><Pages/><LanguageISO/><Day>5</Day>"
    )
    assert book == Book(sources=["comicinfo"])


def test_c6_an_issue_may_be_number_minus_one_and_a_date_may_be_a_year() -> None:
    book = _inner("<Number>-1</Number><Year>1997</Year><Day>4</Day>")
    assert (book.number, book.number_sort, book.date, book.year) == ("-1", -1.0, "1997", 1997)


@pytest.mark.parametrize(
    ("manga", "is_manga", "direction"),
    [("Yes", True, None), ("No", False, None), ("YesAndRightToLeft", True, "rtl"), ("perhaps", None, None)],
)
def test_c6_manga_and_its_direction(manga: str, is_manga: bool | None, direction: str | None) -> None:
    book = _inner(f"<Manga>{manga}</Manga>")
    assert (book.manga, book.direction) == (is_manga, direction)


def test_c6_a_code_with_a_wrong_check_digit_is_kept_and_is_no_isbn() -> None:
    for code in ("9780306406158", "75960609999900111"):
        book = _inner(f"<GTIN>{code}</GTIN>")
        assert (book.isbn, book.identifiers) == (None, {"gtin": code})


def test_c6_special_is_what_has_the_word_and_no_number() -> None:
    assert _inner("<Format>Special</Format>").special is True
    assert _inner("<Format>Special</Format><Number>2</Number>").special is None


def test_c6_elements_in_any_case_and_twice() -> None:
    book = _inner("<series>A</series><SERIES>B</SERIES><Title/><Title>T</Title>")
    assert (book.series, book.title) == ("A", "T")


def test_c6_a_cover_without_a_number_is_none() -> None:
    assert _inner('<Pages><Page Image="x" Type="FrontCover"/></Pages>').cover is None


def test_c3_control_characters_and_markup_are_text() -> None:
    book = _inner("<Series>A\x01\x1b[31m\0B</Series><Title>&lt;script>alert(1)&lt;/script></Title>")
    assert (book.series, book.title) == ("A[31mB", "<script>alert(1)</script>")


def test_c6_any_encoding_gives_the_same_book() -> None:
    for what, content in wrongly_declared("ComicInfo", "<Series>Élodie et les Hiboux</Series>"):
        assert read_comicinfo(content).series == "Élodie et les Hiboux", what


def test_c6_nothing_declared_is_obeyed_and_the_other_facts_are_kept(tmp_path: Path) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        content = document("ComicInfo", f"<Series>{reference}</Series><Number>7</Number>", doctype)
        book = read_comicinfo(content)
        assert (book.series, book.number) == (None, "7"), what
        assert SECRET not in repr(book)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<ComicInfo>" + b" " * (100 << 20), ProblemCode.LIMIT_EXCEEDED),
        (b"<ComicInfo><Series>Owls", ProblemCode.DAMAGED),
        (b"<html><body>Not found</body></html>", ProblemCode.DAMAGED),
        (b"", ProblemCode.DAMAGED),
    ],
    ids=["100 MiB", "torn", "a web page", "empty"],
)
def test_c3_what_is_none_is_a_trouble_with_a_code(content: bytes, code: ProblemCode) -> None:
    with pytest.raises(BookTrouble) as caught:
        read_comicinfo(content)
    assert caught.value.code is code


def test_c3_lists_and_texts_have_an_end() -> None:
    many = ", ".join(f"Name {n}" for n in range(10_000))
    book = _inner(f"<Writer>{many}</Writer><Characters>{many}</Characters><Summary>{'x' * 200_000}</Summary>")
    assert len(book.credits) == len(book.writers) == 300
    assert len(book.tags) == 500
    assert len(book.summary or "") == 65_536
