"""A folder of books that tests of HTTP share, and questions about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.corpus.books import make_pdf
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.books_on_disk import cbz, epub
from tests.conftest import Tree

#: What a file may say to those who show it.
EVIL = "<script>alert(1)</script>\"'&\u202e\u0007'; DROP TABLE books;--"


def shelf_of_books(path: Path) -> Tree:
    """Comics, a novel, a PDF; one that is locked and one that is torn."""
    tree = Tree(path)
    said = {"Series": "Sandman", "Volume": 1989, "Year": 1989, "Publisher": "Vertigo", "LanguageISO": "en"}
    said |= {"Writer": "Neil Gaiman", "Inker": "Mike Dringenberg"}
    for number, title, genre in ((1, "Sleep", "Horror"), (2, "Doll", "Horror, Fantasy"), (10, "Élan", "")):
        info = said | {"Number": number, "Title": title, "Genre": genre}
        cbz(tree / f"Sandman/Sandman {number:03}.cbz", info=info)
    cbz(tree / "Odd/odd.cbz", info={"Title": EVIL, "Writer": EVIL, "Summary": EVIL, "Genre": EVIL})
    epub(tree / "Novels/Emma.epub", "Emma", creators=["Jane Austen"], series="Novels of Bath")
    make_pdf(tree.write("Papers/paper.pdf", b""), info={"Title": "On Shelves"})
    cbz(tree / "Broken/locked.cbz")
    (tree / "Broken/locked.cbz").write_bytes(encrypted((tree / "Broken/locked.cbz").read_bytes()))
    tree.write("Broken/torn.cbz", b"PK\3\4 torn")
    return tree


def encrypted(content: bytes) -> bytes:
    """A zip archive whose entries all say that they need a password."""
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = content.find(mark)
        while start >= 0:
            content = content[: start + at] + b"\x01" + content[start + at + 1 :]
            start = content.find(mark, start + 4)
    return content


async def book_of(live: Live, name: str) -> dict[str, Any]:
    """A book by the name of its file."""
    books = (await got(live, "/books?status=any&limit=500", "admin"))["items"]
    found: dict[str, Any] = next(one for one in books if one["path"].endswith(name))
    return found
