"""Books whose descriptions mean harm or are written carelessly, as real files, in a confined process.

Every one is read in less than two seconds and 300 MB, keeps its pages and whatever else is known of it, and
says nothing of any file but itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.books_on_disk import page
from tests.media.hostile_xml import SECRET, doctypes, document, wrongly_declared

ROOT = Path(__file__).resolve().parents[3]
MOST_MEMORY = 300 << 20


@dataclass
class Hostile:
    """A book, and what must come of it."""

    entries: Mapping[str, bytes]
    code: str | None = None
    #: Fields that must be so.
    said: Mapping[str, object] | None = None
    comment: bytes = b""


_CONTAINER = b'<container><rootfiles><rootfile full-path="o/content.opf"/></rootfiles></container>'
_SPINE = '<manifest><item id="p" href="p.xhtml"/></manifest><spine><itemref idref="p"/></spine>'
_MANY = "".join(f'<item id="i{n}" href="p.xhtml"/>' for n in range(60_000))


def _opf(inner: str = "<metadata><title>Owls</title></metadata>", doctype: str = "") -> bytes:
    return document("package", inner + _SPINE, doctype)


def _epub(**changed: bytes | None) -> dict[str, bytes]:
    """A sound EPUB; `container`, `opf` and `text` may be another or none, more have their own names."""
    named = {"container": "META-INF/container.xml", "opf": "o/content.opf", "text": "o/p.xhtml"}
    entries = {"mimetype": b"application/epub+zip", named["container"]: _CONTAINER, named["opf"]: _opf()}
    entries |= {named["text"]: b"<p/>"}
    for key, content in changed.items():
        if content is None:
            del entries[named.get(key, key)]
        else:
            entries[named.get(key, key)] = content
    return entries


def _comic(content: bytes, name: str = "ComicInfo.xml") -> dict[str, bytes]:
    return {"1.jpg": page(1), name: content, "2.jpg": page(2)}


def _leading_to(path: str) -> bytes:
    return _CONTAINER.replace(b"o/content.opf", path.encode())


def _all(folder: Path) -> dict[str, Hostile]:
    sound = b"<ComicInfo><Series>Owls</Series></ComicInfo>"
    unread = "metadata_unreadable"
    padded = b"<ComicInfo><Series>Owls</Series><Notes>" + b"x" * (100 << 20) + b"</Notes></ComicInfo>"
    owls = {"series": "Owls"}
    books = {
        # What is packed so well is refused by its entry in the archive's list.
        "100 MiB.cbz": Hostile(_comic(padded) | {"3.jpg": os.urandom(1 << 20)}, "limit_exceeded"),
        "17 MiB.cbz": Hostile(_comic(padded[: 17 << 20]), unread),
        "16 MiB of one name.cbz": Hostile(_comic(b"<" + b"a" * (15 << 20) + b"/>"), unread),
        "many tags.cbz": Hostile(_comic(b"<ComicInfo>" + b"<a/>" * (1 << 20)), unread),
        "deep.cbz": Hostile(_comic(b"<a>" * (2 << 20)), unread),
        "many attributes.cbz": Hostile(
            _comic(b"<ComicInfo " + b" ".join(b"a%x=''" % n for n in range(600_000)) + b"/>"), unread
        ),
        "stray marks.cbz": Hostile(_comic(b"<ComicInfo>" + b"&" * (2 << 20)), unread),
        "a list without end.cbz": Hostile(
            _comic(b"<ComicInfo><Writer>" + b"A," * (1 << 20) + b"</Writer></ComicInfo>"),
            None,
            {"writers": ["A"]},
        ),
        "twice.cbz": Hostile(_comic(sound) | {"comicinfo.xml": sound}, None, owls),
        "outside the root.cbz": Hostile(_comic(sound, "../../ComicInfo.xml"), None, owls),
        "in a folder.cbz": Hostile(_comic(sound, "a/b/ComicInfo.xml"), None, owls),
        "control characters.cbz": Hostile(_comic(sound.replace(b"Ow", b"O\x01\x1b\0w")), None, owls),
        "a web page.cbz": Hostile(_comic(b"<!DOCTYPE html><html><p>Not found"), unread),
        "nothing in it.cbz": Hostile(_comic(b""), unread),
        "zeros.cbz": Hostile(_comic(bytes(1000)), unread),
        "a comment.cbz": Hostile(
            {"1.jpg": page(1)},
            None,
            owls | {"sources": ["comicbookinfo", "name"]},
            b'{"ComicBookInfo/1.0":{"series":"Owls"}}',
        ),
        "a broken comment.cbz": Hostile({"1.jpg": page(1)}, unread, None, b'{"ComicBookInfo/1.0":[[[[[['),
        "no container.epub": Hostile(_epub(container=None), "damaged", {"title": "Owls"}),
        "out of the book.epub": Hostile(_epub(container=_leading_to("../../../etc/passwd")), "damaged"),
        "the whole path.epub": Hostile(_epub(container=_leading_to("/etc/passwd")), "damaged"),
        "the address of a file.epub": Hostile(_epub(container=_leading_to("file:///etc/passwd")), "damaged"),
        "missing text.epub": Hostile(_epub(text=None), "damaged", {"title": "Owls"}),
        "no package.epub": Hostile(_epub(opf=None), "damaged", {"title": "no package"}),
        "a torn package.epub": Hostile(_epub(opf=_opf()[:60]), "damaged"),
        "UTF-16.epub": Hostile(_epub(opf=_opf().decode().encode("utf-16")), None, {"title": "Owls"}),
        "many parts.epub": Hostile(
            _epub(opf=_opf(f"<metadata><title>Owls</title></metadata><manifest>{_MANY}</manifest>")),
            "damaged",
        ),
        "protected.epub": Hostile(
            _epub() | {"META-INF/encryption.xml": document("encryption", "<EncryptedData/>")},
            "encrypted",
            {"title": "Owls"},
        ),
        "a licence.epub": Hostile(_epub() | {"META-INF/license.lcpl": b"{}"}, "encrypted", {"title": "Owls"}),
    }
    for what, doctype, reference in doctypes(folder):
        inner = f"<Series>{reference}Owls</Series>"
        books[f"{what}.cbz"] = Hostile(_comic(document("ComicInfo", inner, doctype)), None, owls)
        inner = f"<metadata><title>{reference}Owls</title></metadata>"
        books[f"{what}.epub"] = Hostile(_epub(opf=_opf(inner, doctype)), None, {"title": "Owls"})
    for what, content in wrongly_declared("ComicInfo", "<Series>Ëöwls</Series>"):
        books[f"{what}.cbz"] = Hostile(_comic(content), None, {"series": "Ëöwls"})
    return books


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Hostile, dict[str, Any]]]:
    """What came of each."""
    folder = tmp_path_factory.mktemp("books")
    books = _all(tmp_path_factory.mktemp("elsewhere"))
    for name, hostile in books.items():
        with zipfile.ZipFile(folder / name, "w", compresslevel=1) as made:
            for entry, content in hostile.entries.items():
                packed = zipfile.ZIP_DEFLATED if len(content) > 20 << 20 else zipfile.ZIP_STORED
                made.writestr(entry, content, packed)
            made.comment = hostile.comment
    done = subprocess.run(
        [sys.executable, "-m", "tests.media.books.hostile_book_reader", str(MOST_MEMORY)]
        + [str(folder / name) for name in books],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    return {name: (hostile, found[name]) for name, hostile in books.items()}


type_of_read = dict[str, tuple[Hostile, dict[str, Any]]]


def test_c3_every_hostile_description_has_its_outcome_and_costs_no_other_fact(read: type_of_read) -> None:
    for name, (hostile, found) in read.items():
        book = found["book"]
        assert found["code"] == hostile.code, (name, found["detail"])
        assert (found["detail"] is None) == (found["code"] is None), name
        for field, value in (hostile.said or {}).items():
            assert book[field] == value, name
        if name.endswith(".cbz"):
            pages = [entry for entry in hostile.entries if entry.endswith(".jpg")]
            assert (book["pages"], book["first_page"]) == (len(pages), "1.jpg"), name


def test_c3_none_takes_two_seconds_or_300_megabytes(read: type_of_read) -> None:
    assert {name: one["seconds"] for name, (_, one) in read.items() if one["seconds"] > 2} == {}
    assert max(one["memory"] for _, one in read.values()) < MOST_MEMORY


def test_c6_no_book_tells_of_another_file(read: type_of_read) -> None:
    told = json.dumps([one for _, one in read.values()])
    assert SECRET not in told
    assert "root:" not in told
