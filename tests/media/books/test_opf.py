"""OPF 2 and 3, and calibre's habits."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.opf import read_opf, read_package
from shelfread.model.books import Book, BookCredit, BookTag
from shelfread.model.problem import ProblemCode
from tests.media.hostile_xml import SECRET, doctypes, document, wrongly_declared

_EPUB_3 = b"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="id">urn:uuid:ba6bf14c-3384-4cb4-97ba-2bf1c9267338</dc:identifier>
    <dc:identifier>urn:isbn:978-0-306-40615-7</dc:identifier>
    <dc:title id="t2">A Comedy in Snow</dc:title><meta refines="#t2" property="title-type">subtitle</meta>
    <dc:title id="t1">The Owls</dc:title><meta refines="#t1" property="title-type">main</meta>
    <dc:title id="t3">Birds, Book One</dc:title><meta refines="#t3" property="title-type">collection</meta>
    <dc:creator id="c1">Ann Owl</dc:creator>
    <meta refines="#c1" property="role" scheme="marc:relators">aut</meta>
    <meta refines="#c1" property="role" scheme="marc:relators">ill</meta>
    <meta refines="#c1" property="file-as">Owl, Ann</meta>
    <dc:creator>Bob Fox</dc:creator>
    <dc:contributor id="c3">Cid Hart</dc:contributor><meta refines="#c3" property="role">trl</meta>
    <dc:contributor id="c4">calibre (5.0) [https://x]</dc:contributor>
    <meta refines="#c4" property="role">bkp</meta>
    <dc:language>en-us</dc:language><dc:language>de</dc:language><dc:publisher>Barn</dc:publisher>
    <dc:date>2017-03-01T00:00:00Z</dc:date><meta property="dcterms:modified">2020-01-01T00:00:00Z</meta>
    <dc:description>&lt;p&gt;It is &lt;b&gt;cold&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Very.&lt;/p&gt;</dc:description>
    <dc:subject>War, fiction</dc:subject><dc:subject>Snow; Night</dc:subject>
    <meta property="belongs-to-collection" id="s0">Boxed Birds</meta>
    <meta refines="#s0" property="collection-type">set</meta>
    <meta property="belongs-to-collection" id="s1">Birds</meta>
    <meta refines="#s1" property="collection-type">series</meta>
    <meta refines="#s1" property="group-position">1.5</meta>
    <meta property="rendition:layout">pre-paginated</meta>
  </metadata>
  <manifest>
    <item id="i1" href="Cover%20Art.jpg" media-type="image/jpeg" properties="cover-image"/>
    <item id="p1" href="p1.xhtml" media-type="application/xhtml+xml" properties="svg"/>
  </manifest>
  <spine page-progression-direction="rtl"><itemref idref="p1"/></spine>
</package>"""

_CALIBRE = b"""<?xml version='1.0' encoding='utf-8'?>
<package xmlns="http://www.idpf.org/2007/opf" unique-identifier="uuid_id" version="2.0">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
    <dc:identifier opf:scheme="calibre" id="calibre_id">45</dc:identifier>
    <dc:identifier opf:scheme="uuid" id="uuid_id">46ee6894-3936-41ca-8e83-ee6d135aa436</dc:identifier>
    <dc:identifier opf:scheme="ISBN">0-306-40615-2</dc:identifier>
    <dc:identifier opf:scheme="MOBI-ASIN">B00ABCDEFG</dc:identifier>
    <dc:title>The Owls: A Comedy</dc:title>
    <dc:creator opf:file-as="Owl, Ann" opf:role="aut">Ann Owl</dc:creator>
    <dc:creator opf:role="edt">Bob Fox</dc:creator>
    <dc:contributor opf:file-as="calibre" opf:role="bkp">calibre (1.42.0) [http://x]</dc:contributor>
    <dc:date opf:event="modification">2020-02-02</dc:date>
    <dc:date opf:event="publication">1998-04</dc:date>
    <dc:language>eng</dc:language><dc:subject>Fantasy</dc:subject><dc:subject>fantasy</dc:subject>
    <meta content="Birds" name="calibre:series"/><meta content="2.0" name="calibre:series_index"/>
    <meta content="8.0" name="calibre:rating"/><meta content="x" name="cover"/>
  </metadata>
  <guide><reference href="cover.jpg" title="Cover" type="cover"/></guide>
</package>"""


def _inner(inner: str, more: str = "") -> Book:
    return read_opf(document("package", f"<metadata>{inner}</metadata>{more}"))


def test_c6_epub_3_is_read() -> None:
    package = read_package(_EPUB_3)
    assert package.book == Book(
        title="The Owls: A Comedy in Snow",
        series="Birds",
        number="1.5",
        number_sort=1.5,
        date="2017-03-01",
        year=2017,
        publisher="Barn",
        language="en-US",
        isbn="9780306406157",
        identifiers={"uuid": "ba6bf14c-3384-4cb4-97ba-2bf1c9267338"},
        summary="It is cold.\nVery.",
        direction="rtl",
        writers=["Ann Owl", "Bob Fox"],
        credits=[
            BookCredit("author", "Ann Owl", "Owl, Ann"),
            BookCredit("illustrator", "Ann Owl", "Owl, Ann"),
            BookCredit("author", "Bob Fox"),
            BookCredit("translator", "Cid Hart"),
        ],
        tags=[BookTag("genre", "War, fiction"), BookTag("genre", "Snow"), BookTag("genre", "Night")],
        sources=["opf"],
    )
    assert package.covers == ["Cover%20Art.jpg"]
    assert package.spine == ["p1"]
    assert package.fixed_layout


def test_c6_epub_2_and_the_file_that_calibre_leaves_beside_a_book_are_read() -> None:
    package = read_package(_CALIBRE)
    assert package.book == Book(
        title="The Owls: A Comedy",
        series="Birds",
        number="2",
        number_sort=2.0,
        date="1998-04",
        year=1998,
        language="en",
        isbn="0306406152",
        identifiers={"calibre": "45", "uuid": "46ee6894-3936-41ca-8e83-ee6d135aa436", "asin": "B00ABCDEFG"},
        rating=4.0,
        writers=["Ann Owl"],
        credits=[BookCredit("author", "Ann Owl", "Owl, Ann"), BookCredit("editor", "Bob Fox")],
        tags=[BookTag("genre", "Fantasy")],
        sources=["opf"],
    )
    assert package.covers == ["x", "cover.jpg"]
    assert not package.fixed_layout


@pytest.mark.parametrize(
    ("identifier", "isbn", "others"),
    [
        ("<identifier>9780306406157</identifier>", "9780306406157", {}),
        ("<identifier>isbn:0306406152</identifier>", "0306406152", {}),
        ('<identifier scheme="ISBN">urn:isbn:9780306406157</identifier>', "9780306406157", {}),
        ('<identifier scheme="ISBN">9780306406158</identifier>', None, {"isbn": "9780306406158"}),
        ('<identifier scheme="GOODREADS">9780306406157</identifier>', None, {"goodreads": "9780306406157"}),
        ("<identifier>amazon:B00ABCDEFG</identifier>", None, {"asin": "B00ABCDEFG"}),
        ("<identifier>https://barn.example/1</identifier>", None, {"uri": "https://barn.example/1"}),
        ("<identifier>barn-0001</identifier>", None, {"id": "barn-0001"}),
        ("<identifier> </identifier>", None, {}),
        (
            '<identifier id="i">0306406152</identifier>'
            '<meta refines="#i" property="identifier-type">02</meta>',
            "0306406152",
            {},
        ),
        ("<identifier>0306406152</identifier><identifier>9780306406157</identifier>", "9780306406157", {}),
    ],
)
def test_c6_identifiers_by_scheme(identifier: str, isbn: str | None, others: dict[str, str]) -> None:
    book = _inner(identifier)
    assert (book.isbn, book.identifiers) == (isbn, others)


@pytest.mark.parametrize(
    ("dates", "date"),
    [
        ("<date>0101-01-01T00:00:00+00:00</date>", None),
        ('<date event="creation">2019</date><date event="original-publication">1890</date>', "1890"),
        ('<date event="creation">2019</date>', None),
        ('<date event="conversion">2019</date><date>2008-06</date>', "2008-06"),
    ],
)
def test_c6_the_date_is_that_of_publication(dates: str, date: str | None) -> None:
    assert _inner(dates).date == date


def test_c6_several_titles_without_types_are_not_joined() -> None:
    assert _inner("<title> </title><title>One</title><title>Two</title>").title == "One"


@pytest.mark.parametrize(
    ("meta", "series", "number"),
    [
        ('<meta property="belongs-to-collection" id="s">A</meta>', "A", None),
        (
            '<meta name="calibre:series" content="A"/><meta name="calibre:series_index" content="1.5"/>',
            "A",
            "1.5",
        ),
        ('<meta name="calibre:series_index" content="1"/>', None, None),
        ('<meta property="calibre:series">A</meta><meta property="calibre:series_index">3</meta>', "A", "3"),
        (
            '<meta property="belongs-to-collection" id="s">A</meta>'
            '<meta refines="#s" property="collection-type">set</meta>',
            None,
            None,
        ),
    ],
)
def test_c6_series_in_every_form(meta: str, series: str | None, number: str | None) -> None:
    book = _inner(meta)
    assert (book.series, book.number) == (series, number)


def test_c6_nobody_and_programs_are_no_authors() -> None:
    book = _inner(
        '<creator>Unknown</creator><creator role="bkp">maker 1.0</creator><creator role="aut">Ann</creator>'
    )
    assert book.credits == [BookCredit("author", "Ann")]


def test_c6_prefixes_may_be_unbound_and_words_of_the_first_version_are_known() -> None:
    book = read_opf(
        b"<package><metadata><dc-metadata><dc:Title>T</dc:Title><dc:Creator opf:role='aut'>A</dc:Creator>"
        b"</dc-metadata><x-metadata><meta name='cover' content='c'/></x-metadata></metadata></package>"
    )
    assert (book.title, book.writers) == ("T", ["A"])


def test_c6_a_description_in_markup_keeps_its_words() -> None:
    assert _inner("<description><p>It is <b>cold</b>.</p><p>Very.</p></description>").summary
    assert _inner("<description> </description><description>Two</description>").summary == "Two"


def test_c6_a_direction_is_said_by_the_spine_or_in_one_makers_words() -> None:
    assert _inner("", '<spine page-progression-direction="default"/>').direction is None
    assert _inner('<meta name="primary-writing-mode" content="horizontal-rl"/>').direction == "rtl"


def test_covers_are_found_in_every_form_the_surest_first() -> None:
    package = read_package(
        document(
            "package",
            '<metadata><meta name="cover" content="c2"/></metadata><manifest>'
            '<item id="my-cover" href="look.png" media-type="image/png"/>'
            '<item id="c2" href="two.jpg" media-type="image/jpeg"/>'
            '<item id="x" href="one.jpg" media-type="image/jpeg" properties="svg cover-image"/>'
            '<item id="none"/>'
            '</manifest><guide><reference type="toc" href="toc.html"/>'
            '<reference type="Cover" href="cover.html"/>'
            "</guide>",
        )
    )
    assert package.covers == ["one.jpg", "two.jpg", "cover.html", "look.png"]


def test_c6_any_encoding_gives_the_same_book() -> None:
    for what, content in wrongly_declared(
        "package", "<metadata><dc:title>Élodie et les Hiboux</dc:title></metadata>"
    ):
        assert read_opf(content).title == "Élodie et les Hiboux", what


def test_c6_nothing_declared_is_obeyed_and_the_other_facts_are_kept(tmp_path: Path) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        inner = f"<metadata><title>T</title><publisher>{reference}</publisher></metadata>"
        book = read_opf(document("package", inner, doctype))
        assert (book.title, book.publisher) == ("T", None), what
        assert SECRET not in repr(book)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<ncx/>", ProblemCode.DAMAGED),
        (b"<package><metadata>", ProblemCode.DAMAGED),
        (b"<package>" + b" " * (17 << 20), ProblemCode.LIMIT_EXCEEDED),
    ],
    ids=["another", "torn", "17 MiB"],
)
def test_c3_what_is_none_is_a_trouble(content: bytes, code: ProblemCode) -> None:
    with pytest.raises(BookTrouble) as caught:
        read_opf(content)
    assert caught.value.code is code
