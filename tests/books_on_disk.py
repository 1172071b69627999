"""Small real books for tests: comics in zip archives, EPUBs, and what may be said in them."""

from __future__ import annotations

import functools
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from bench.corpus import picture


@functools.lru_cache(maxsize=256)
def page(seed: int) -> bytes:
    """A real picture; another seed, other bytes."""
    return picture("jpeg", 24, 36, seed)


def comicinfo(facts: Mapping[str, object]) -> bytes:
    """A ComicInfo.xml that says this."""
    fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in facts.items())
    return f'<?xml version="1.0" encoding="utf-8"?><ComicInfo>{fields}</ComicInfo>'.encode()


def cbz(
    path: Path,
    *,
    seed: int | None = None,
    pages: int = 2,
    info: Mapping[str, object] | None = None,
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a comic whose pages are told apart by its name, unless a seed is given.

    Args:
        path: where; folders are made.
        seed: equal seeds give equal pages.
        pages: how many.
        info: what its ComicInfo.xml says; None: it has none.
        more: other entries.
    """
    first = zlib.crc32(path.name.encode()) % 10_000 if seed is None else 100_000 + seed * 100
    entries = {f"{number:03}.jpg": page(first + number) for number in range(pages)}
    if info is not None:
        entries["ComicInfo.xml"] = comicinfo(info)
    return archive(path, entries | dict(more or {}))


def archive(path: Path, entries: Mapping[str, bytes]) -> Path:
    """Write a zip archive of these entries, pictures stored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, content in entries.items():
            how = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
            made.writestr(zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6)), content, how)
    path.write_bytes(stream.getvalue())
    return path


def opf(title: str, *, creators: Sequence[str] = (), series: str | None = None, index: str = "1") -> bytes:
    """A package document of EPUB 2 with calibre's series."""
    people = "".join(f'<dc:creator opf:role="aut">{escape(name)}</dc:creator>' for name in creators)
    meta = ""
    if series is not None:
        meta = (
            f'<meta name="calibre:series" content="{escape(series)}"/>'
            f'<meta name="calibre:series_index" content="{index}"/>'
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        f"<dc:title>{escape(title)}</dc:title>{people}<dc:language>en</dc:language>"
        f'<dc:identifier id="id">urn:x:{escape(title)}</dc:identifier>{meta}</metadata>'
        '<manifest><item id="t" href="t.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="t"/></spine></package>'
    ).encode()


def epub(path: Path, title: str, **said: object) -> Path:
    """Write an EPUB 2 with one text."""
    container = (
        b'<?xml version="1.0"?><container version="1.0" '
        b'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        b'<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
        b"</rootfiles></container>"
    )
    return archive(
        path,
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/content.opf": opf(title, **said),  # type: ignore[arg-type]
            "OEBPS/t.xhtml": f"<html><body><p>{escape(title)}</p></body></html>".encode(),
        },
    )
