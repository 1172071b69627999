"""Pages and files of books over HTTP: what is sent, what is kept, and that no scan is waited for (C12)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from shelfread.app.paging import PageReaders
from shelfread.media.pictures import mime_of
from shelfread.scan.plan import Mode
from shelfread.settings import Settings
from shelfread.tasks.library_scan import Pools
from tests.api.api_stand import Live
from tests.api.book_stand import book_of
from tests.api.catalogue_stand import got
from tests.api.lasting_servers import LASTING
from tests.app import odd_pages
from tests.books_on_disk import archive, cbz, page
from tests.conftest import Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_c12_pages_are_sent_as_they_are_in_the_book_counted_from_0(live: Live, comics: Shelf) -> None:
    book = await book_of(live, "Sandman 001.cbz")
    assert book["pages"] == 2
    told = []
    for number in range(2):
        answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{number}", token="read")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, max-age=300"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        told.append(answer)
    assert told[0].content != told[1].content
    assert told[0].headers["etag"] != told[1].headers["etag"]
    for content in (one.content for one in told):
        # Byte by byte one of its entries.
        assert content in (comics.tree / "Sandman/Sandman 001.cbz").read_bytes()
    fresh = {"If-None-Match": told[0].headers["etag"]}
    again = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/0", headers=fresh)
    assert (again.status_code, again.content) == (304, b"")
    other = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/1", headers=fresh)
    assert other.status_code == 200
    # A file that changed is shown as it is, whatever the catalogue remembers.
    cbz(comics.tree / "Sandman/Sandman 001.cbz", seed=77)
    changed = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/0", headers=fresh)
    assert (changed.status_code, changed.content) == (200, page(107700))


@LASTING
async def test_c12_a_page_of_a_pdf_is_a_picture_of_it(live: Live, comics: Shelf) -> None:
    book = await book_of(live, "paper.pdf")
    answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/0")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == mime_of(answer.content)
    after = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{book['pages']}")
    assert after.status_code == 404


@LASTING
async def test_pages_that_there_are_not_are_404_and_say_why(live: Live, comics: Shelf) -> None:
    comic, emma = await book_of(live, "Sandman 001.cbz"), await book_of(live, "Emma.epub")
    for path, words in (
        (f"/books/{comic['id']}/pages/2", "it has 2 pages"),
        (f"/books/{comic['id']}/pages/999999999999", "it has 2 pages"),
        (f"/books/{comic['id']}/pages/x", "there is no page x"),
        (f"/books/{emma['id']}/pages/0", "an EPUB has no pages"),
        ("/books/999999/pages/0", "there is no book 999999"),
    ):
        answer = await live.ask("GET", f"/api/v1{path}", token="read")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), path
        assert words in answer.json()["detail"]


async def test_c3_a_page_that_cannot_be_read_says_with_its_code_why(live: Live, comics: Shelf) -> None:
    path = comics.tree / "Sandman/Sandman 002.cbz"
    content = path.read_bytes()
    # The second page is bent, the first one is as it was.
    second = page_bytes(content, 1)
    at = content.index(second)
    path.write_bytes(content[: at + 20] + bytes([content[at + 20] ^ 1]) + content[at + 21 :])
    book = await book_of(live, "Sandman 002.cbz")
    assert (await live.ask("GET", f"/api/v1/books/{book['id']}/pages/0")).status_code == 200
    for name, number, code in (("Sandman 002.cbz", 1, "damaged"), ("locked.cbz", 0, "encrypted")):
        book = await book_of(live, name)
        answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{number}", token="read")
        assert answer.status_code == 422, answer.text
        problem = answer.json()
        assert (problem["type"], problem["code"]) == ("/problems/unreadable", code)
        assert str(comics.tree.path) not in answer.text


def page_bytes(content: bytes, number: int) -> bytes:
    """A stored page of a zip archive."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return made.read(f"{number:03}.jpg")


async def test_what_is_no_picture_is_never_sent_as_a_page(
    live: Live, comics: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(comics.tree / "Web/web.cbz", {"1.jpg": b"<html><script>alert(1)</script>", "2.jpg": b"<svg/>"})
    await comics.outcome()
    book = await book_of(live, "web.cbz")
    for number in (0, 1):
        answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{number}")
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_format")
    # Not even if the process that read it says so.
    odd = PageReaders(Settings(), "tests.app.odd_pages:KIND")
    monkeypatch.setattr(live.app, "pages", odd)
    answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{odd_pages.WEB}")
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_format")
    answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{odd_pages.ABORTS}")
    assert (answer.status_code, answer.json()["code"]) == (422, "parser_crashed")
    answer = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/{odd_pages.GOOD}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    await odd.close()


@LASTING
async def test_c12_files_of_books_are_sent_whole_and_in_parts(live: Live, comics: Shelf) -> None:
    for name, kind, shown in (
        ("Sandman/Sandman 001.cbz", "application/vnd.comicbook+zip", "attachment"),
        ("Novels/Emma.epub", "application/epub+zip", "attachment"),
        ("Papers/paper.pdf", "application/pdf", "inline"),
        ("Broken/torn.cbz", "application/octet-stream", "attachment"),
    ):
        content = (comics.tree / name).read_bytes()
        address = f"/api/v1/books/{(await book_of(live, name))['id']}/file"
        whole = await live.ask("GET", address, token="read")
        assert (whole.status_code, whole.content) == (200, content)
        assert whole.headers["content-disposition"].startswith(f"{shown}; filename="), name
        assert whole.headers["x-content-type-options"] == "nosniff"
        if not name.startswith("Broken"):
            assert whole.headers["content-type"] == kind
        part = await live.ask("GET", address, token="read", headers={"Range": "bytes=3-6"})
        assert (part.status_code, part.content) == (206, content[3:7])
        head = await live.ask("HEAD", address, token="read")
        assert (head.status_code, head.content) == (200, b"")


async def test_what_is_no_file_of_the_library_any_more_is_not_opened(
    live: Live, comics: Shelf, tmp_path: Path
) -> None:
    book = await book_of(live, "Sandman 001.cbz")
    path = comics.tree / "Sandman/Sandman 001.cbz"
    outside = cbz(tmp_path / "outside.cbz")

    async def refused() -> None:
        for part in ("file", "pages/0"):
            answer = await live.ask("GET", f"/api/v1/books/{book['id']}/{part}")
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
            assert str(tmp_path) not in answer.text

    path.unlink()
    await refused()
    path.symlink_to(outside)
    await refused()
    path.unlink()
    os.mkfifo(path)
    await refused()


async def test_c12_many_read_at_once_and_the_server_answers_others_meanwhile(
    live: Live, comics: Shelf
) -> None:
    cbz(comics.tree / "Long/long.cbz", pages=40)
    await comics.outcome()
    book = await book_of(live, "long.cbz")
    reading = [
        asyncio.create_task(live.ask("GET", f"/api/v1/books/{book['id']}/pages/{number}"))
        for number in range(40)
    ]
    assert (await live.ask("GET", "/healthz", token=None)).status_code == 200
    answers = await asyncio.gather(*reading)
    assert {one.status_code for one in answers} == {200}
    assert len({one.content for one in answers}) == 40


class _Held:
    """Parsers that go on behind the first few books only when they may."""

    def __init__(self, pools: Pools) -> None:
        self._parsers = pools.parsers
        self.workers = pools.parsers.workers
        self.may_go_on = asyncio.Event()
        self._asked = 0

    async def read(self, chunk: list[Any]) -> Any:
        self._asked += 1
        if self._asked > 1:
            await self.may_go_on.wait()
        return await self._parsers.read(chunk)


async def test_c8_c12_in_sync_mode_a_book_is_opened_before_the_scan_ends(
    live: Live, tmp_path: Path, book_pools: Pools
) -> None:
    tree = Tree(tmp_path / "fresh")
    for number in range(20):
        cbz(tree / f"Run/{number}.cbz", pages=1, info={"Title": f"Number {number}"})
    library = await live.app.libraries.add("Fresh", "books", [os.fsencode(tree.path)])
    held = _Held(book_pools)
    pools: Any = Pools.__new__(Pools)
    pools.parts, pools.parsers, pools.walkers = book_pools.parts, held, book_pools.walkers
    scan = asyncio.create_task(live.app.scan(library, mode=Mode.SYNC, pools=pools))
    try:
        while not (listed := (await got(live, "/books"))["items"]):
            assert not scan.done()
        book = listed[0]
        first = await live.ask("GET", f"/api/v1/books/{book['id']}/pages/0", token="read")
        assert (first.status_code, first.headers["content-type"]) == (200, "image/jpeg")
        file = await live.ask("GET", f"/api/v1/books/{book['id']}/file", token="read")
        assert (file.status_code, file.content[:2]) == (200, b"PK")
        assert (await got(live, f"/series/{book['series_id']}"))["counts"]["ready"] <= 8
        assert not scan.done()
    finally:
        held.may_go_on.set()
        report = await scan
    assert report.outcome.counters.added == 20
    assert len((await got(live, "/books"))["items"]) == 20
