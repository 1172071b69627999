"""PDF: what it says, what is shown of it, and what it cannot do to us."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.books.pdf import read_pdf, render_pdf
from shelfread.media.books.xmp import packet_of, read_xmp
from shelfread.media.kind import Source
from shelfread.media.window import Memory
from shelfread.model.books import Book
from shelfread.model.problem import ProblemCode
from tests.media.books import hostile_pdfs as made
from tests.media.hostile_xml import SECRET, doctypes

Opened = Callable[[Path], Source]


@pytest.fixture
def put(tmp_path: Path, opened: Opened) -> Callable[[bytes], Source]:
    """Writes a file and opens it."""

    def source_of(content: bytes) -> Source:
        path = tmp_path / "book.pdf"
        path.write_bytes(content)
        return opened(path)

    return source_of


Put = Callable[[bytes], Source]


def _read(source: Source) -> Book:
    book, trouble = read_pdf(source)
    assert trouble is None, trouble.detail
    return book


def test_the_fixtures_have_their_pages_sizes_and_titles(book_fixtures: Path, opened: Opened) -> None:
    komga = _read(opened(book_fixtures / "pdf" / "komga.pdf"))
    assert (komga.title, komga.pages, komga.writers, komga.date) == ("komga", 1, [], None)
    assert komga.cover is not None
    assert (komga.cover.number, komga.cover.width, komga.cover.height) == (0, 512, 512)
    tall = _read(opened(book_fixtures / "pdf" / "tall.pdf"))
    assert (tall.title, tall.pages, tall.publisher) == (None, 1, None)
    assert tall.cover is not None
    assert (tall.cover.width, tall.cover.height) == (567, 1417)


def test_a_page_of_a_fixture_is_drawn_within_bounds(book_fixtures: Path, opened: Opened) -> None:
    content = render_pdf(opened(book_fixtures / "pdf" / "tall.pdf"), 0, 400, 600)
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.size) == ("JPEG", (240, 600))
    picture.load()
    assert picture.convert("L").getextrema()[0] < 128, "something is on it"  # type: ignore[operator]


# --- Document information.


def test_c6_document_information_is_title_author_subject_keywords_and_date(put: Put) -> None:
    book = _read(
        put(
            made.simple(
                {
                    "Title": "Über Gezeiten",
                    "Author": "Anna Weiß",
                    "Subject": "What the sea does",
                    "Keywords": "sea, moon; tables",
                    "Producer": "Famous Publisher 3.1",
                    "CreationDate": "D:20111201120000Z",
                },
                pages=3,
                catalogue=b"/Lang (de-AT)",
            )
        )
    )
    assert book.title == "Über Gezeiten"
    assert book.writers == ["Anna Weiß"]
    assert [(one.role, one.name) for one in book.credits] == [("author", "Anna Weiß")]
    assert book.summary == "What the sea does"
    assert [(one.type, one.name) for one in book.tags] == [("tag", "sea, moon"), ("tag", "tables")]
    assert (book.date, book.year) == ("2011-12-01", 2011)
    assert (book.language, book.pages, book.sources) == ("de-AT", 3, ["pdf"])
    assert book.publisher is None, "a producer is a program"


@pytest.mark.parametrize(
    "title",
    [
        "untitled",
        "Untitled-1",
        "Title",
        "Microsoft Word - thesis final.doc",
        "thesis final.doc",
        "scan0042.pdf",
        "Document1",
        "PowerPoint Presentation",
        "C:\\books\\layout.indd",
        "http://example.org/",
        "---",
        "  ",
        "Layout 1",
    ],
)
def test_titles_that_programs_give_are_none(put: Put, title: str) -> None:
    assert _read(put(made.simple({"Title": title}))).title is None


@pytest.mark.parametrize(
    "title",
    ["The Title of Liberty", "Document of a Life", "1984", "Untitled Works of the Sea Poets", "Node.js"],
)
def test_titles_that_look_a_little_like_those_are_kept(put: Put, title: str) -> None:
    assert _read(put(made.simple({"Title": title}))).title == title


@pytest.mark.parametrize(
    ("said", "writers"),
    [
        ("Terry Pratchett", ["Terry Pratchett"]),
        ("Pratchett, Terry", ["Terry Pratchett"]),
        ("Terry Pratchett, Neil Gaiman", ["Terry Pratchett", "Neil Gaiman"]),
        ("Terry Pratchett and Neil Gaiman", ["Terry Pratchett", "Neil Gaiman"]),
        ("Pratchett, Terry; Gaiman, Neil", ["Terry Pratchett", "Neil Gaiman"]),
        ("Martin King, Jr.", ["Martin King, Jr."]),
        ("unknown", []),
        ("Administrator", []),
        ("https://imagemagick.org", []),
        ("Acme Writer", []),
    ],
)
def test_authors_are_people_and_no_programs(put: Put, said: str, writers: list[str]) -> None:
    assert _read(put(made.simple({"Author": said, "Creator": "Acme Writer"}))).writers == writers


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("D:2011", "2011"),
        ("D:201102", "2011-02"),
        ("20110229", "2011-02"),
        ("2011-12-01", "2011-12-01"),
        ("D:", None),
        ("yesterday", None),
        ("D:00000000", None),
    ],
)
def test_dates_stay_as_partial_as_they_are(put: Put, said: str, date: str | None) -> None:
    assert _read(put(made.simple({"Author": "Ann Other", "CreationDate": said}))).date == date


def test_the_day_a_program_made_a_file_of_pictures_is_no_date_of_the_book(put: Put) -> None:
    assert _read(put(made.simple({"CreationDate": "D:20200101"}))).date is None


# --- XMP.

_WHOLE = (
    '<dc:title><rdf:Alt><rdf:li xml:lang="de">Die Flut</rdf:li><rdf:li xml:lang="x-default">The Tide</rdf:li>'
    "</rdf:Alt></dc:title>"
    "<dc:creator><rdf:Seq><rdf:li>Ann Lee</rdf:li><rdf:li>Bo Ray</rdf:li></rdf:Seq></dc:creator>"
    "<dc:description><rdf:Alt><rdf:li>Of water.</rdf:li></rdf:Alt></dc:description>"
    "<dc:language><rdf:Bag><rdf:li>en-GB</rdf:li></rdf:Bag></dc:language>"
    "<dc:publisher><rdf:Bag><rdf:li>Quay Press</rdf:li></rdf:Bag></dc:publisher>"
    "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>moon</rdf:li></rdf:Bag></dc:subject>"
    "<dc:date><rdf:Seq><rdf:li>2012-05</rdf:li></rdf:Seq></dc:date><prism:isbn>978-0-306-40615-7</prism:isbn>"
    "<xmp:CreateDate>2019-01-01T00:00:00Z</xmp:CreateDate>"
    '<calibre:series rdf:parseType="Resource"><rdf:value>Waters</rdf:value>'
    "<calibreSI:series_index>2.50</calibreSI:series_index></calibre:series>"
)


@pytest.mark.parametrize("packed", [False, True])
def test_xmp_says_more_than_the_document_information_and_wins(put: Put, packed: bool) -> None:
    content = made.with_xmp(made.xmp(_WHOLE), {"Title": "Tide.indd", "Keywords": "old"}, packed=packed)
    book = _read(put(content))
    assert (book.title, book.writers, book.summary) == ("The Tide", ["Ann Lee", "Bo Ray"], "Of water.")
    assert (book.language, book.publisher, book.isbn) == ("en-GB", "Quay Press", "9780306406157")
    assert (book.date, book.year) == ("2012-05", 2012)
    assert (book.series, book.number, book.number_sort) == ("Waters", "2.5", 2.5)
    assert [one.name for one in book.tags] == ["sea", "moon"]
    assert book.sources == ["xmp", "pdf"]


def test_a_title_in_xmp_that_is_none_leaves_that_of_the_document(put: Put) -> None:
    packet = made.xmp("<dc:title><rdf:Alt><rdf:li>untitled</rdf:li></rdf:Alt></dc:title>")
    assert _read(put(made.with_xmp(packet, {"Title": "Tides"}))).title == "Tides"


def test_facts_may_be_attributes() -> None:
    packet = made.xmp("").replace(b'rdf:about=""', b'rdf:about="" prism:isbn="9780306406157"')
    book = read_xmp(Memory(made.with_xmp(packet)))
    assert book is not None
    assert book.isbn == "9780306406157"


def test_packets_of_pictures_are_not_those_of_the_document() -> None:
    picture = made.stream(made.xmp("<dc:title>A photo</dc:title>"), b"/Type /Metadata /Subtype /XML")
    own = made.stream(made.xmp("<dc:title>The book</dc:title>"), b"/Type /Metadata /Subtype /XML")
    both = made.simple(catalogue=b"/Metadata 6 0 R", more={5: picture, 6: own, 7: picture})
    assert b"The book" in (packet_of(Memory(both)) or b"")
    assert packet_of(Memory(made.simple(more={5: picture}))) is None, "the catalogue has none"
    hidden = both.replace(b"/Catalog", b"/Catalox")
    assert packet_of(Memory(hidden)) is None, "one of two, and nobody can tell which"


def test_a_packet_far_from_both_ends_is_not_looked_for() -> None:
    packet = made.stream(made.xmp(_WHOLE), b"/Type /Metadata /Subtype /XML")
    padding = made.stream(bytes(1 << 20))
    content = made.simple(catalogue=b"/Metadata 6 0 R", more={5: padding, 6: packet, 7: padding})
    assert packet_of(Memory(content)) is None


def test_entities_in_xmp_are_never_expanded_and_nothing_is_fetched(tmp_path: Path, put: Put) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        packet = made.xmp(
            f"<dc:title>Before{reference}</dc:title>", top=doctype.replace("{root}", "x:xmpmeta")
        )
        book, _ = read_pdf(put(made.with_xmp(packet)))
        assert SECRET not in repr(book), what
        assert len(repr(book)) < 5000, what


# --- What can be wrong.


def test_c3_a_password_is_said_and_one_for_owners_only_does_no_harm(put: Put) -> None:
    _, trouble = read_pdf(put(made.encrypted(b"secret")))
    assert trouble is not None
    assert trouble.code == ProblemCode.ENCRYPTED
    book = _read(put(made.encrypted(b"")))
    assert (book.title, book.pages) == ("Under lock", 1)


@pytest.mark.parametrize(
    ("name", "code", "pages"),
    [
        ("no bytes", ProblemCode.EMPTY_FILE, None),
        ("only the mark", ProblemCode.TRUNCATED, None),
        ("a web page", ProblemCode.WRONG_FORMAT, None),
        ("torn in the middle", ProblemCode.TRUNCATED, None),
        ("torn behind the trailer", ProblemCode.TRUNCATED, 50),
        ("no cross references", None, 1),
        ("cross references that refer to themselves", None, 1),
        ("count is a million, one page", ProblemCode.LIMIT_EXCEEDED, None),
        ("count is 60, one page", None, 1),
        ("a page tree without pages", ProblemCode.NO_PAGES, None),
        ("a page tree that is its own child", ProblemCode.NO_PAGES, None),
        ("a page tree in a ring", ProblemCode.NO_PAGES, None),
    ],
)
def test_c3_what_is_wrong_has_its_code(
    put: Put, name: str, code: ProblemCode | None, pages: int | None
) -> None:
    book, trouble = read_pdf(put(made.HOSTILE[name]()))
    assert (trouble and trouble.code, book.pages) == (code, pages)


def test_a_sound_head_with_a_torn_end_is_damaged_or_truncated(put: Put) -> None:
    whole = made.simple({"Title": "Tides"}, pages=20)
    for length in range(20, len(whole), 23):
        book, trouble = read_pdf(put(whole[:length]))
        assert trouble is not None or book.pages == 20, length


def test_pages_that_are_not_there_cannot_be_drawn(put: Put) -> None:
    source = put(made.simple(pages=2))
    assert Image.open(io.BytesIO(render_pdf(source, 1, 100, 100))).size == (67, 100)
    for page in (-1, 2, 1 << 40):
        with pytest.raises(BookTrouble) as caught:
            render_pdf(source, page, 100, 100)
        assert caught.value.code == ProblemCode.NO_PAGES


@pytest.mark.parametrize(
    "name", ["a JBIG2 picture of four billion pixels", "a picture of four billion pixels"]
)
def test_pictures_on_a_page_are_measured_before_they_are_decoded(put: Put, name: str) -> None:
    with pytest.raises(BookTrouble) as caught:
        render_pdf(put(made.HOSTILE[name]()), 0, 400, 600)
    assert caught.value.code == ProblemCode.LIMIT_EXCEEDED


def test_small_pages_are_not_blown_up_beyond_print(put: Put) -> None:
    stamp = made.simple(page=b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 36] >>")
    assert Image.open(io.BytesIO(render_pdf(put(stamp), 0, 5000, 5000))).size == (300, 150)


def test_a_disk_that_fails_is_an_error_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(made.simple())

    class Failing(Source):
        __slots__ = ("reads",)

        def read_at(self, offset: int, length: int) -> bytes:
            self.reads = getattr(self, "reads", 0) + 1
            if self.reads > 1:
                raise OSError(5, "Input/output error")
            return super().read_at(offset, length)

    with path.open("rb") as file, pytest.raises(OSError, match="Input/output"):
        read_pdf(Failing(file.fileno(), bytes(path), path.stat().st_size))


# --- Under the limits of a parser process.

_CHILD = """
import json, os, sys, time
from shelfread.media.books.archives.base import BookTrouble
from shelfread.media.kind import Source
from shelfread.scan.parser import limit_resources
limit_resources(512 << 20)
draw = sys.argv[1] == "draw"
for path in sys.argv[2:]:
    source = Source(os.open(path, os.O_RDONLY), path.encode(), os.stat(path).st_size)
    begin = time.process_time()
    from shelfread.media.books.pdf import read_pdf, render_pdf
    book, trouble = read_pdf(source)
    said = [trouble and trouble.code]
    if draw:
        try:
            said.append(len(render_pdf(source, 0, 400, 600)))
        except BookTrouble as caught:
            said.append(caught.code)
    os.close(source.fd)
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps([said, time.process_time() - begin, int(peak.split()[1]) // 1024]), flush=True)
"""


def _in_child(what: str, paths: list[Path], timeout: float) -> tuple[list[Any], int]:
    """What a confined process says of each file, and how it ended."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", _CHILD, what, *map(str, paths)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        return [json.loads(line) for line in (late.stdout or b"").splitlines()], -9
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


@pytest.mark.skipif(sys.platform != "linux", reason="limits of processes are tested on Linux")
def test_hostile_files_are_read_and_drawn_in_time_and_in_bounds(tmp_path: Path) -> None:
    paths = []
    for number, make in enumerate(made.HOSTILE.values()):
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(make())
    said, ended = _in_child("draw", paths, timeout=60)
    assert (ended, len(said)) == (0, len(paths)), list(made.HOSTILE)[len(said) :][:1]
    for name, (outcome, seconds, peak) in zip(made.HOSTILE, said, strict=True):
        assert seconds < 2, name
        assert peak < 300, name
        assert outcome, name


@pytest.mark.skipif(sys.platform != "linux", reason="limits of processes are tested on Linux")
def test_bombs_end_no_more_than_the_process_they_are_read_in(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(made.BOMBS["an object stream of a gigabyte"]())
    assert path.stat().st_size < 2 << 20
    said, ended = _in_child("read", [path], timeout=20)
    assert said == [] or said[0][0][0] in ("limit_exceeded", "damaged")
    assert ended in (0, -6, -9, -11)
    # What is drawn cannot be bounded before it is drawn; it is not drawn in a scan.
    path.write_bytes(made.BOMBS["a form that draws itself"]())
    said, ended = _in_child("read", [path], timeout=20)
    assert (said[0][0], ended) == ([None], 0)
