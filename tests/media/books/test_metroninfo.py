"""MetronInfo.xml: what it parts is kept apart."""

from __future__ import annotations

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.metroninfo import read_metroninfo
from shelfread.model.books import Book, BookCredit, BookTag
from tests.media.hostile_xml import document

_WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<MetronInfo xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x.xsd">
  <IDS><ID source="Metron" primary="true">290</ID><ID source="Comic Vine">12</ID>
    <ID source="Grand Comics Database">7</ID></IDS>
  <Publisher id="1"><Name>Barn Comics</Name><Imprint id="2">Loft</Imprint></Publisher>
  <Series id="3" lang="en"><Name>The Owls</Name><SortName>Owls</SortName><Volume>2</Volume>
  <IssueCount>12</IssueCount>
    <Format>Limited Series</Format><StartYear>2016</StartYear>
    <AlternativeNames><AlternativeName lang="de">Eulen</AlternativeName></AlternativeNames></Series>
  <Number>1½</Number><Stories><Story id="8">Night</Story><Story>Day</Story></Stories>
  <Summary>It is cold.</Summary><Notes>By hand.</Notes>
  <Prices><Price country="US">3.99</Price></Prices><CoverDate>2017-03-01</CoverDate>
  <StoreDate>2017-01-04</StoreDate>
  <PageCount>30</PageCount>
  <Genres><Genre id="1">Fantasy</Genre><Genre>Drama</Genre></Genres><Tags><Tag>Snow, deep</Tag></Tags>
  <Arcs><Arc id="1"><Name>Winter</Name><Number>2</Number></Arc></Arcs>
  <Characters><Character id="4">Bat</Character></Characters><Teams><Team>The Nine</Team></Teams>
  <Universes><Universe id="9"><Name>Earth 9</Name><Designation>9</Designation></Universe></Universes>
  <Locations><Location>Barn</Location></Locations><Reprints><Reprint>Owls #3</Reprint></Reprints>
  <GTIN><ISBN>9780306406157</ISBN><UPC>75960609999900111</UPC></GTIN><AgeRating>Teen Plus</AgeRating>
  <URLs><URL primary="true">https://barn.example/1</URL><URL>file:///etc/passwd</URL></URLs>
  <LastModified>2024-01-01T00:00:00</LastModified>
  <Credits>
    <Credit><Creator id="5">Ann Owl</Creator><Roles><Role id="1">Writer</Role><Role>Cover</Role></Roles>
  </Credit>
    <Credit><Creator>Bob Fox</Creator><Roles><Role>Story</Role><Role>Writer</Role></Roles></Credit>
    <Credit><Creator>Cid Hart</Creator><Roles><Role>Senior Editor</Role></Roles></Credit>
    <Credit><Creator>Dot Eel</Creator><Roles><Role>Chief Creative Officer</Role></Roles></Credit>
    <Credit><Creator>Eve Ram</Creator></Credit><Credit><Roles><Role>Inker</Role></Roles></Credit>
  </Credits>
</MetronInfo>"""


def test_c6_every_field_of_version_1_is_read() -> None:
    assert read_metroninfo(_WHOLE.encode()) == Book(
        title="Night; Day",
        series="The Owls",
        series_sort="Owls",
        number="1½",
        number_sort=1.5,
        count=12,
        volume=2,
        date="2017-03-01",
        year=2017,
        publisher="Barn Comics",
        imprint="Loft",
        language="en",
        isbn="9780306406157",
        identifiers={"metron": "290", "comicvine": "12", "gcd": "7", "upc": "75960609999900111"},
        summary="It is cold.",
        notes="By hand.",
        web=["https://barn.example/1"],
        comic_format="Limited Series",
        age_rating="Teen Plus",
        writers=["Ann Owl", "Bob Fox"],
        credits=[
            BookCredit("writer", "Ann Owl"),
            BookCredit("cover", "Ann Owl"),
            BookCredit("writer", "Bob Fox"),
            BookCredit("editor", "Cid Hart"),
            BookCredit("contributor", "Dot Eel"),
            BookCredit("contributor", "Eve Ram"),
        ],
        tags=[
            BookTag("genre", "Fantasy"),
            BookTag("genre", "Drama"),
            BookTag("tag", "Snow, deep"),
            BookTag("tag", "Earth 9"),
            BookTag("character", "Bat"),
            BookTag("team", "The Nine"),
            BookTag("location", "Barn"),
            BookTag("arc", "Winter"),
        ],
        sources=["metroninfo"],
    )


def test_c6_a_collection_has_its_own_title_and_a_series_may_be_named_by_its_year() -> None:
    book = read_metroninfo(
        document(
            "MetronInfo",
            "<CollectionTitle>Book One</CollectionTitle><Stories><Story>Night</Story></Stories>"
            "<Series><Name>Owls</Name><StartYear>2016</StartYear><Format>One-Shot</Format></Series>"
            "<StoreDate>2017-01-04</StoreDate><AgeRating>Unknown</AgeRating>",
        )
    )
    assert (book.title, book.volume, book.one_shot, book.date) == ("Book One", 2016, True, "2017-01-04")
    assert book.age_rating is None


@pytest.mark.parametrize(("written", "volumes"), [("3", (3, None)), ("1-2", (1, 2)), ("x", (None, None))])
def test_c6_manga_has_volumes(written: str, volumes: tuple[int | None, int | None]) -> None:
    book = read_metroninfo(document("MetronInfo", f"<MangaVolume>{written}</MangaVolume>"))
    assert (book.volume, book.volume_end) == volumes
    assert book.manga is (True if volumes[0] else None)


def test_c6_the_form_of_ids_before_version_1_is_read_too() -> None:
    book = read_metroninfo(
        document(
            "MetronInfo",
            '<ID><Primary source="Metron">1</Primary><Alternative source="Comic Vine">2</Alternative></ID>'
            "<GTIN><ISBN>9780306406158</ISBN></GTIN>",
        )
    )
    assert (book.isbn, book.identifiers) == (None, {"metron": "1", "comicvine": "2", "isbn": "9780306406158"})


def test_c6_an_empty_one_says_nothing() -> None:
    assert read_metroninfo(b"<MetronInfo/>") == Book(sources=["metroninfo"])


def test_c3_another_document_is_damage() -> None:
    with pytest.raises(BookTrouble, match="<comicinfo>"):
        read_metroninfo(b"<ComicInfo/>")
