"""Makes single books: comics in every container, EPUB 2 and 3, PDF; `book_corpora` makes very many."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from bench.corpus import book_tags, invented, pages
from bench.corpus.book_tags import Facts
from bench.corpus.containers import archive, zipped
from bench.corpus.pdf import pdf

_CONTAINER = (
    b'<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    b'<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
    b"</rootfiles></container>"
)


def make_comic(
    path: Path,
    *,
    fmt: str | None = None,
    number_of_pages: int = 3,
    seed: int = 0,
    size: tuple[int, int] = (120, 180),
    pictures: pages.Format = "jpg",
    words: Sequence[str] = (),
    comicinfo: Facts | None = None,
    metroninfo: Facts | None = None,
    more: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Make one comic; the folder has to exist.

    Args:
        path: Where; the suffix says which container, unless `fmt` does (one of `containers.FORMATS`).
        fmt: The container, where the suffix shall lie.
        number_of_pages: How many pictures it has.
        seed: The same seed gives the same bytes.
        size: Pixels of a page, width and height.
        pictures: Of which format the pages are.
        words: Lines on the first page.
        comicinfo: What its ComicInfo.xml says; it has none without.
        metroninfo: What its MetronInfo.xml says.
        more: Further entries, after all others.
    """
    entries: list[tuple[str, bytes]] = []
    if comicinfo is not None:
        entries.append(("ComicInfo.xml", book_tags.comicinfo(comicinfo, number_of_pages)))
    if metroninfo is not None:
        entries.append(("MetronInfo.xml", book_tags.metroninfo(metroninfo, number_of_pages)))
    for at in range(number_of_pages):
        lines = words if at == 0 else ()
        entries.append((f"page {at + 1:03}.{pictures}", pages.page(pictures, *size, seed * 1000 + at, lines)))
    path.write_bytes(archive(fmt or path.suffix[1:].lower(), [*entries, *more]))


def make_epub(
    path: Path,
    facts: Facts,
    *,
    version: int = 3,
    chapters: int = 3,
    seed: int = 0,
    cover: bytes | None = None,
    more: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Make one EPUB 2 or 3 with text in its chapters; `cover` is a JPEG."""
    path.write_bytes(epub(facts, version, chapters, random.Random(f"epub {seed}"), cover, more))


def make_pdf(
    path: Path,
    *,
    number_of_pages: int = 3,
    seed: int = 0,
    size: tuple[int, int] = (200, 300),
    words: Sequence[str] = (),
    info: dict[str, str] | None = None,
) -> None:
    """Make one PDF, a picture on each page; `info` is its document information (`pdf.pdf`)."""
    drawn = [
        (pages.page("jpg", *size, seed * 1000 + at, words if at == 0 else ()), *size)
        for at in range(number_of_pages)
    ]
    path.write_bytes(pdf(drawn, info))


def epub(
    facts: Facts,
    version: int,
    chapters: int,
    rng: random.Random,
    cover: bytes | None,
    more: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """The bytes of an EPUB; what its chapters say is drawn from `rng`."""
    entries = [
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", _CONTAINER),
        ("OEBPS/content.opf", book_tags.opf(facts, version, chapters, "cover.jpg" if cover else None)),
    ]
    if cover:
        entries.append(("OEBPS/cover.jpg", cover))
    titles = [invented.title(rng) for _ in range(chapters)]
    entries.append(
        ("OEBPS/nav.xhtml", _nav(titles)) if version == 3 else ("OEBPS/toc.ncx", _ncx(facts, titles))
    )
    for at, title in enumerate(titles):
        text = " ".join(f"{invented.artist(rng)} saw {invented.title(rng)}." for _ in range(60))
        entries.append((f"OEBPS/text{at}.xhtml", _page(title, f"<h1>{title}</h1><p>{text}</p>")))
    return zipped([*entries, *more])


def _page(title: str, body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title>{title}</title></head><body>{body}</body></html>"
    ).encode()


def _nav(titles: Sequence[str]) -> bytes:
    rows = "".join(f'<li><a href="text{at}.xhtml">{title}</a></li>' for at, title in enumerate(titles))
    body = f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{rows}</ol></nav>'
    return _page("Contents", body)


def _ncx(facts: Facts, titles: Sequence[str]) -> bytes:
    points = "".join(
        f'<navPoint id="p{at}" playOrder="{at + 1}"><navLabel><text>{title}</text></navLabel>'
        f'<content src="text{at}.xhtml"/></navPoint>'
        for at, title in enumerate(titles)
    )
    return (
        '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">'
        f'<head><meta name="dtb:uid" content="urn:uuid:{facts.identifier}"/></head>'
        f"<docTitle><text>{facts.series or ''}</text></docTitle><navMap>{points}</navMap></ncx>"
    ).encode()
