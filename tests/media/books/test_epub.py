"""EPUB in real zip files: container, package, cover; what leads out of it, is missing, or is protected."""

from __future__ import annotations

import os
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shelfread.media.books import epub
from shelfread.media.books.archives import open_archive
from shelfread.media.books.archives.base import Archive, ArchiveEntry, BookTrouble
from shelfread.media.books.epub import cover_of, inside, read_epub
from shelfread.media.kind import Source
from shelfread.model.books import Book, Page
from shelfread.model.problem import ProblemCode
from tests.media.hostile_xml import SECRET, doctypes, document

_MANIFEST = (
    '<manifest><item id="c" href="Cover%20Art.jpg" media-type="image/jpeg" properties="cover-image"/>'
    '<item id="p" href="text/one.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="p"/></spine>'
)
_OPF = f"<package><metadata><title>Owls</title></metadata>{_MANIFEST}</package>"


def _container(path: str = "OEBPS/content.opf") -> str:
    return f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'


def _jpeg(width: int = 600, height: int = 900, exif: int = 0) -> bytes:
    frame = b"\xff\xc0\0\x11\x08" + struct.pack(">HH", height, width)
    lead = b"".join(b"\xff\xe1" + struct.pack(">H", 60_002) + bytes(60_000) for _ in range(exif))
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + lead + frame + bytes(3000)


def _files(**more: str | bytes | None) -> dict[str, str | bytes]:
    """A sound book; names are given with `__` for "/" and None to leave one out."""
    sound: dict[str, str | bytes | None] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _container(),
        "OEBPS/content.opf": _OPF,
        "OEBPS/Cover Art.jpg": _jpeg(),
        "OEBPS/text/one.xhtml": "<p>One</p>",
    }
    sound |= more
    return {name: content for name, content in sound.items() if content is not None}


@contextmanager
def _opened(folder: Path, files: dict[str, str | bytes]) -> Iterator[Archive]:
    path = folder / "book.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    fd = os.open(path, os.O_RDONLY)
    try:
        yield open_archive(Source(fd, os.fsencode(path), os.fstat(fd).st_size))
    finally:
        os.close(fd)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[Book, list[BookTrouble]]]:
    """Reads a book of these files."""

    def one(files: dict[str, str | bytes]) -> tuple[Book, list[BookTrouble]]:
        with _opened(tmp_path, files) as archive:
            return read_epub(archive)

    return one


type_of_read = Callable[..., tuple[Book, list[BookTrouble]]]


def _codes(troubles: list[BookTrouble]) -> list[ProblemCode]:
    return [trouble.code for trouble in troubles]


def test_c6_a_sound_book_is_read_with_its_cover(read: type_of_read, tmp_path: Path) -> None:
    book, troubles = read(_files())
    assert troubles == []
    assert book.title == "Owls"
    assert book.cover == Page("OEBPS/Cover Art.jpg", None, "image/jpeg", 600, 900)
    assert book.pages is None
    with _opened(tmp_path, _files()) as archive:
        assert cover_of(archive) == _jpeg()


def test_three_reads_are_enough_whatever_the_size_of_the_book(tmp_path: Path) -> None:
    chapters = {f"OEBPS/text/{n}.xhtml": "<p/>" for n in range(500)}
    items = "".join(
        f'<item id="t{n}" href="text/{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(500)
    )
    spine = "".join(f'<itemref idref="t{n}"/>' for n in range(500))
    opf = _OPF.replace("</manifest>", f"{items}</manifest>").replace("</spine>", f"{spine}</spine>")
    with _opened(
        tmp_path, _files(**{"OEBPS/content.opf": opf, "OEBPS/toc.ncx": "<ncx/>", **chapters})
    ) as archive:
        read_names: list[str] = []

        class Counted:
            container, entries, warnings = archive.container, archive.entries, archive.warnings
            comment, stored_at = archive.comment, archive.stored_at

            def read(self, entry: ArchiveEntry, limit: int | None = None) -> bytes:
                read_names.append(entry.name)
                return archive.read(entry, limit)

            def head(self, entry: ArchiveEntry, length: int) -> bytes:
                read_names.append(f"{entry.name} {length}")
                return archive.head(entry, length)

        _, troubles = read_epub(Counted())
    assert troubles == []
    assert read_names == ["META-INF/container.xml", "OEBPS/content.opf", "OEBPS/Cover Art.jpg 4096"]


def test_a_cover_with_much_before_its_header_is_measured(read: type_of_read) -> None:
    book, _ = read(_files(**{"OEBPS/Cover Art.jpg": _jpeg(exif=2)}))
    assert book.cover == Page("OEBPS/Cover Art.jpg", None, "image/jpeg", 600, 900)


@pytest.mark.parametrize(
    "path",
    [
        "/OEBPS/content.opf",
        "OEBPS//content.opf",
        "./OEBPS/content.opf",
        "oebps/CONTENT.OPF",
        "OEBPS\\content.opf",
    ],
)
def test_c6_sloppy_paths_are_followed(path: str, read: type_of_read) -> None:
    book, troubles = read(_files(**{"META-INF/container.xml": _container(path)}))
    assert (book.title, troubles) == ("Owls", [])


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "/../etc/passwd",
        "OEBPS/../../x.opf",
        "file:///etc/passwd",
        "C:\\x.opf",
        "//host/x.opf",
        "%2e%2e/%2e%2e/etc/passwd",
        "http://127.0.0.1:9/x.opf",
        "..\\..\\x.opf",
        "nothing.opf",
        "\x00",
        "",
    ],
)
def test_c3_a_package_that_is_not_in_the_book_is_damage_and_opens_nothing(
    path: str, read: type_of_read
) -> None:
    book, troubles = read(_files(**{"META-INF/container.xml": _container(path)}))
    assert book.title == "Owls"
    assert _codes(troubles) == [ProblemCode.DAMAGED]
    with pytest.raises(BookTrouble) as caught:
        read(_files(**{"META-INF/container.xml": _container(path), "OEBPS/content.opf": None}))
    assert caught.value.code is ProblemCode.DAMAGED
    assert "root:" not in caught.value.detail


@pytest.mark.parametrize(
    "container", [None, "", "<container/>", "<container", "<container><rootfiles/></container>"]
)
def test_c3_a_book_without_a_container_is_read_and_said(container: str | None, read: type_of_read) -> None:
    book, troubles = read(_files(**{"META-INF/container.xml": container}))
    assert book.title == "Owls"
    assert _codes(troubles) == [ProblemCode.DAMAGED]
    assert "container.xml" in troubles[0].detail


def test_c3_a_book_without_a_readable_package_is_a_trouble(read: type_of_read) -> None:
    for opf in ("", "<package>", "<html/>"):
        with pytest.raises(BookTrouble) as caught:
            read(_files(**{"OEBPS/content.opf": opf}))
        assert caught.value.code is ProblemCode.DAMAGED
    with pytest.raises(BookTrouble) as caught:
        read(_files(**{"OEBPS/content.opf": b"<package>" + b"<a>" * 100}))
    assert caught.value.code is ProblemCode.LIMIT_EXCEEDED


def test_c3_chapters_that_are_missing_are_damage_with_the_facts_kept(read: type_of_read) -> None:
    book, troubles = read(_files(**{"OEBPS/text/one.xhtml": None}))
    assert book.title == "Owls"
    assert book.cover is not None
    assert _codes(troubles) == [ProblemCode.DAMAGED]
    assert "text/one.xhtml" in troubles[0].detail
    out = _OPF.replace("text/one.xhtml", "../../../etc/passwd")
    assert _codes(read(_files(**{"OEBPS/content.opf": out}))[1]) == [ProblemCode.DAMAGED]
    unnamed = _OPF.replace('idref="p"', 'idref="q"')
    assert _codes(read(_files(**{"OEBPS/content.opf": unnamed}))[1]) == [ProblemCode.DAMAGED]
    empty = _OPF.replace('<itemref idref="p"/>', "")
    assert _codes(read(_files(**{"OEBPS/content.opf": empty}))[1]) == [ProblemCode.DAMAGED]


@pytest.mark.parametrize(
    "href",
    [
        "../../../etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:9/c.jpg",
        "%2e%2e/%2e%2e/c.jpg",
        "c:/x.jpg",
    ],
)
def test_c6_a_cover_that_is_not_in_the_book_is_none(href: str, read: type_of_read, tmp_path: Path) -> None:
    files = _files(**{"OEBPS/content.opf": _OPF.replace("Cover%20Art.jpg", href)})
    book, troubles = read(files)
    assert (book.title, book.cover, troubles) == ("Owls", None, [])
    with _opened(tmp_path, files) as archive, pytest.raises(BookTrouble):
        cover_of(archive)


def test_a_page_may_stand_for_the_cover_that_it_shows(read: type_of_read) -> None:
    opf = _OPF.replace(' properties="cover-image"', "").replace(
        "</package>", '<guide><reference type="cover" href="text/cover.xhtml#top"/></guide></package>'
    )
    for page in (
        '<svg><image xlink:href="../Cover%20Art.jpg"/></svg>',
        "<svg:image width='1' href='../Cover%20Art.jpg' />",
        "<p><img\n alt='x' src='../Cover%20Art.jpg'></p>",
    ):
        book, troubles = read(_files(**{"OEBPS/content.opf": opf, "OEBPS/text/cover.xhtml": page}))
        assert troubles == []
        assert book.cover is not None
        assert (book.cover.entry, book.cover.width) == ("OEBPS/Cover Art.jpg", 600)
    for page in ("", "<img src='../../../etc/passwd'>", "<img src='one.xhtml'>", "<img " * 50_000):
        assert read(_files(**{"OEBPS/content.opf": opf, "OEBPS/text/cover.xhtml": page}))[0].cover is None


def _encryption(algorithm: str, uri: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<enc:EncryptedData xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData><enc:CipherReference URI="{uri}"/>'
        "</enc:CipherData></enc:EncryptedData></encryption>"
    )


_AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def test_c3_protected_books_are_encrypted_and_keep_what_is_known(read: type_of_read, tmp_path: Path) -> None:
    files = _files(**{"META-INF/encryption.xml": _encryption(_AES, "OEBPS/text/one.xhtml")})
    book, troubles = read(files)
    assert _codes(troubles) == [ProblemCode.ENCRYPTED]
    assert book.title == "Owls"
    assert book.cover is not None
    files["META-INF/encryption.xml"] = _encryption(_AES, "OEBPS/Cover%20Art.jpg")
    book, troubles = read(files)
    assert (_codes(troubles), book.title, book.cover) == ([ProblemCode.ENCRYPTED], "Owls", None)
    with _opened(tmp_path, files) as archive, pytest.raises(BookTrouble) as caught:
        cover_of(archive)
    assert caught.value.code is ProblemCode.ENCRYPTED
    assert _codes(read(_files(**{"META-INF/license.lcpl": "{}"}))[1]) == [ProblemCode.ENCRYPTED]
    assert _codes(read(_files(**{"META-INF/encryption.xml": "<enc"}))[1]) == [ProblemCode.ENCRYPTED]


@pytest.mark.parametrize(
    ("algorithm", "uri"),
    [
        ("http://www.idpf.org/2008/embedding", "OEBPS/f.bin"),
        ("http://ns.adobe.com/pdf/enc#RC", "OEBPS/f.otf"),
        (_AES, "OEBPS/fonts/F.TTF"),
    ],
)
def test_c3_hidden_fonts_are_no_protection(algorithm: str, uri: str, read: type_of_read) -> None:
    assert read(_files(**{"META-INF/encryption.xml": _encryption(algorithm, uri)}))[1] == []


def test_c6_nothing_declared_is_obeyed_in_any_file_of_a_book(tmp_path: Path, read: type_of_read) -> None:
    for what, doctype, reference in doctypes(tmp_path):
        container = document("container", _container()[11:-12], doctype).decode()
        opf = document(
            "package", f"<metadata><title>{reference}Owls</title></metadata>{_MANIFEST}", doctype
        ).decode()
        book, troubles = read(
            _files(
                **{
                    "META-INF/container.xml": container.encode("utf-16"),
                    "OEBPS/content.opf": opf.encode("utf-16"),
                }
            )
        )
        assert (book.title, troubles) == ("Owls", []), what
        assert SECRET not in repr(book)


@pytest.mark.parametrize(
    ("folder", "href", "path"),
    [
        ("OEBPS/", "a.jpg", "OEBPS/a.jpg"),
        ("OEBPS/", "../a%20b.jpg#x?y", "a b.jpg"),
        ("", "a/./b/../c.jpg?x=1", "a/c.jpg"),
        ("a/b/", "/c.jpg", "c.jpg"),
        ("a/", "..", ""),
        ("a/", "../../c.jpg", None),
        ("", "%2e%2e/c.jpg", None),
        ("", "%252e%252e/c.jpg", "%2e%2e/c.jpg"),
        ("", "a%00b", None),
        ("", "file%3a///etc/passwd", None),
        ("", "data:image/png;base64,AAAA", None),
        ("a/", "", "a"),
    ],
)
def test_c6_references_stay_in_the_book(folder: str, href: str, path: str | None) -> None:
    assert inside(folder, href) == path


def test_an_ordinary_book_costs_less_than_a_millisecond(tmp_path: Path) -> None:
    # Of CPU on the reference machine: 0.4 ms. The bound is there for what would cost ten times as much.
    with _opened(tmp_path, _files()) as archive:
        best = 1.0
        for _ in range(20):
            started = time.process_time()
            read_epub(archive)
            best = min(best, time.process_time() - started)
    assert best < 0.004
    assert epub.MIME == b"application/epub+zip"


def _fixture(name: str) -> Path:
    root = Path(__file__).resolve().parents[3]
    path = Path(os.environ.get("SHELFREAD_FIXTURES", root.parent / "shared" / "fixtures")) / name
    if not path.exists():
        pytest.skip(f"no fixture {path}")
    return path


@pytest.mark.parametrize(
    ("name", "title", "author", "cover"),
    [
        ("books/book.epub", "Alice's Adventures in Wonderland", ["Lewis Carroll"], (800, 1104)),
        ("books/leaves.epub", "Leaves of Grass", ["Walt Whitman"], (442, 616)),
        ("archives/epub3.epub", "zip", [], (48, 48)),
    ],
)
def test_c6_books_that_others_made(name: str, title: str, author: list[str], cover: tuple[int, int]) -> None:
    path = _fixture(name)
    fd = os.open(path, os.O_RDONLY)
    try:
        book, troubles = read_epub(open_archive(Source(fd, os.fsencode(path), os.fstat(fd).st_size)))
    finally:
        os.close(fd)
    assert (book.title, book.writers, troubles) == (title, author, [])
    assert book.cover is not None
    assert (book.cover.width, book.cover.height) == cover
