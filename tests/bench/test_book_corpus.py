"""The corpus generator makes books that others can read, and the same bytes for the same seed."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image

from bench.corpus import book_corpora, book_sample, book_tags, pages
from bench.corpus.book_tags import Facts
from bench.corpus.books import make_comic, make_epub, make_pdf
from bench.corpus.containers import FORMATS, archive
from shelfread.media.books.archives import open_archive
from shelfread.media.kind import Source

DC = "{http://purl.org/dc/elements/1.1/}"
OPF = "{http://www.idpf.org/2007/opf}"


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def opened(path: Path) -> dict[str, bytes]:
    """What is in a comic, read by the program's own readers; zip and tar by the standard library too."""
    with path.open("rb") as file:
        inside = open_archive(Source(file.fileno(), bytes(path), path.stat().st_size))
        return {entry.name: inside.read(entry) for entry in inside.entries}


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_container_gives_back_what_was_put_in(tmp_path: Path, fmt: str) -> None:
    path = tmp_path / f"x.{fmt}"
    made = [("ComicInfo.xml", b"<ComicInfo/>" * 500), ("夜/1.jpg", bytes(range(256)) * 9), ("2.png", b"x")]
    path.write_bytes(archive(fmt, made))
    assert opened(path) == dict(made)
    if fmt == "cbz":
        with zipfile.ZipFile(path) as file:
            assert file.testzip() is None
    if fmt == "cbt":
        with tarfile.open(path) as file:
            assert file.getnames() == [name for name, _ in made]


@pytest.mark.parametrize("fmt", pages.FORMATS)
def test_pages_are_real_pictures(fmt: pages.Format) -> None:
    drawn = pages.page(fmt, 120, 180, 5, ["A TITLE"])
    assert drawn == pages.page(fmt, 120, 180, 5, ["A TITLE"])
    assert drawn != pages.page(fmt, 120, 180, 6, ["A TITLE"])
    with Image.open(io.BytesIO(drawn)) as image:
        image.load()
        assert (image.format, image.size) == ({"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[fmt], (120, 180))


def test_a_marked_page_is_another_file_of_the_same_picture() -> None:
    one = pages.page("jpg", 40, 60, 1)
    two = pages.marked(one, 7)
    assert two != one
    assert Image.open(io.BytesIO(two)).tobytes() == Image.open(io.BytesIO(one)).tobytes()


@pytest.mark.parametrize("version", [2, 3])
def test_an_epub_is_one(tmp_path: Path, version: int) -> None:
    path = tmp_path / "x.epub"
    facts = Facts(
        title="Slack & Water",
        series="Tides",
        number="2",
        isbn="9780000000002",
        identifier="0f0f0f0f-0000-4000-8000-000000000001",
        people={"writer": ["Mira Solberg"]},
    )
    make_epub(path, facts, version=version, seed=3, cover=pages.page("jpg", 40, 60, 1))
    with zipfile.ZipFile(path) as file:
        first = file.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert file.testzip() is None
        package = ElementTree.fromstring(file.read("OEBPS/content.opf"))
        names = set(file.namelist())
    assert package.get("version") == f"{version}.0"
    assert package.findtext(f".//{DC}title") == "Slack & Water"
    assert package.findtext(f".//{DC}creator") == "Mira Solberg"
    assert {f"OEBPS/{item.get('href')}" for item in package.iter(f"{OPF}item")} <= names


def test_a_pdf_opens_and_says_who_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    make_pdf(path, number_of_pages=3, info={"Title": "Tides (夜)", "Author": "Mira"})
    document = pypdfium2.PdfDocument(path)
    try:
        assert len(document) == 3
        assert document.get_page_size(0) == (200, 300)
        said = document.get_metadata_dict()
        assert (said["Title"], said["Author"]) == ("Tides (夜)", "Mira")
    finally:
        document.close()


def test_an_invented_comic_says_about_as_much_as_codex_expects(tmp_path: Path) -> None:
    path = tmp_path / "one"
    book_corpora.comics(path, 3, number_of_pages=2, processes=1)
    (comic,) = path.rglob("* 001 (*).cbz")
    with zipfile.ZipFile(comic) as file:
        assert file.namelist() == ["ComicInfo.xml", "MetronInfo.xml", "page 001.png", "page 002.png"]
        found = ElementTree.fromstring(file.read("ComicInfo.xml"))
        beside = ElementTree.fromstring(file.read("MetronInfo.xml"))
    lists = {"Genre", "Tags", "Characters", "Teams", "Locations", "StoryArc"}
    lists |= {element for _, element, _, _ in book_tags._ROLES}
    words = [
        word
        for one in found
        if one.tag != "Pages"
        for word in ((one.text or "").split(", ") if one.tag in lists else [one.text])
    ]
    assert 70 <= len(words) <= 84
    assert beside.findtext("Series/Name") == found.findtext("Series")


def test_small_corpora_are_the_same_for_the_same_seed_and_no_two_books_alike(tmp_path: Path) -> None:
    makers: dict[str, Callable[[Path, int], int]] = {
        "comics": lambda where, processes: book_corpora.comics(
            where, 26, number_of_pages=2, processes=processes
        ),
        "epubs": lambda where, processes: book_corpora.epubs(where, 26, processes=processes),
        "covers": lambda where, processes: book_corpora.covers(where, 2, processes=processes),
        "tiny": lambda where, _: book_corpora.tiny(where, 60),
    }
    for name, make in makers.items():
        one, two = tmp_path / name, tmp_path / f"{name} again"
        size = make(one, 1)
        # In two processes, where there is more than one series.
        make(two, 2)
        assert digests(one) == digests(two)
        files = [path for path in one.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) == size
        directories = set()
        for path in files:
            assert path.stat().st_mtime < 1_705_000_000
            with zipfile.ZipFile(path) as file:
                assert file.testzip() is None
                directories.add(tuple((one.filename, one.file_size, one.CRC) for one in file.infolist()))
        # By names, sizes and CRCs a scan knows a file that was moved.
        assert len(directories) == len(files) >= 2


def test_the_sample_books_have_everything(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    books = book_sample.build(one)
    book_sample.build(two)
    assert digests(one) == digests(two)
    assert 20 <= books <= 40
    suffixes = {path.suffix for path in one.rglob("*") if path.is_file() and path.name != ".shelfignore"}
    assert suffixes == {".cbz", ".cbr", ".cb7", ".cbt", ".epub", ".pdf", ".jpg", ".json", ".opf", ".txt"}
    assert (one / ".shelfignore").read_text().splitlines()[1:] == ["extras/", "!extras/include-me.cbz"]
    assert (one / "Loose Ends/Is a RAR.cbz").read_bytes().startswith(b"Rar!")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(one / "Loose Ends/Broken Download.cbz")
    for path in one.rglob("*"):
        assert path.stat().st_mtime < 1_700_000_000


def test_the_command_makes_books(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.corpus", "comics-tiny", str(tmp_path / "x"), "--books", "30"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("comics-tiny: 30 books")
    assert len(list(tmp_path.rglob("*.cbz"))) == 30


def test_the_suffix_may_lie(tmp_path: Path) -> None:
    make_comic(
        tmp_path / "x.cbz", fmt="cb7", comicinfo=Facts(series="Tides"), metroninfo=Facts(series="Tides")
    )
    assert (tmp_path / "x.cbz").read_bytes().startswith(b"7z")
    assert len(opened(tmp_path / "x.cbz")) == 5
