"""`app.paging`: what a page does to its reader costs that page; few are read at once, and none for long."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.corpus.books import make_comic
from shelfread.app import paging
from shelfread.app.opening import Opened, open_file
from shelfread.app.paging import Changed, Page, PageReaders, Unreadable
from shelfread.model.problem import ProblemCode
from shelfread.settings import Settings
from shelfread.store.items import FilePlace
from tests.app import odd_pages
from tests.scan.hostile import children, gone, processor_time

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def _readers(timeout_s: float = 30.0, memory_mb: int = 512) -> AsyncIterator[PageReaders]:
    settings = Settings(parser_timeout_seconds=timeout_s, parser_memory_mb=memory_mb)
    made = PageReaders(settings, "tests.app.odd_pages:KIND")
    try:
        yield made
    finally:
        await made.close()


class _Book:
    """A file that is asked for pages."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(b"the page")
        self.path = path
        root = os.fsencode(path.parent)
        self.place = FilePlace(
            1, root, os.fsencode(path.name), b"x", "ready", 8, 0, "cbz", follow_symlinks=False, roots=[root]
        )

    def open(self) -> Opened:
        return open_file(self.place, Settings())

    async def page(self, readers: PageReaders, number: int = odd_pages.GOOD) -> Page:
        opened = self.open()
        try:
            return await readers.page(self.place, opened, number)
        finally:
            os.close(opened.descriptor)


@pytest.fixture
def book(tmp_path: Path) -> _Book:
    return _Book(tmp_path / "book.cbz")


def _others(before: set[int]) -> set[int]:
    return {pid for pid in children() - before if not gone(pid)}


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (odd_pages.ABORTS, ProblemCode.PARSER_CRASHED, "died"),
        (odd_pages.LEAVES, ProblemCode.PARSER_CRASHED, "died"),
        (odd_pages.EATS, ProblemCode.PARSER_OOM, "memory"),
        (odd_pages.RAISES, ProblemCode.PARSER_CRASHED, "KeyError"),
        (odd_pages.REFUSES, ProblemCode.ENCRYPTED, "a password is needed"),
        (odd_pages.DISK, ProblemCode.IO_ERROR, "Input/output error"),
    ],
)
async def test_c12_what_a_page_does_to_its_reader_is_said_and_the_next_page_is_read(
    book: _Book, number: int, code: ProblemCode, words: str
) -> None:
    async with _readers(memory_mb=64) as readers:
        for _ in range(2):
            with pytest.raises(Unreadable) as told:
                await book.page(readers, number)
            assert (told.value.code, words in told.value.detail) == (code, True), told.value.detail
            # No address of anything on this disk is told.
            assert str(book.path) not in told.value.detail
        assert await book.page(readers) == ("image/png", b"the page")


async def test_c12_a_page_that_hangs_is_given_up(book: _Book) -> None:
    async with _readers(timeout_s=0.3) as readers:
        with pytest.raises(Unreadable) as told:
            await book.page(readers, odd_pages.HANGS)
        assert told.value.code is ProblemCode.PARSER_TIMEOUT
    async with _readers() as readers:
        assert (await book.page(readers)).content == b"the page"


async def test_a_page_that_is_too_large_is_not_taken(book: _Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_LIMIT", odd_pages.LARGE_BYTES - 1)
    async with _readers() as readers:
        with pytest.raises(Unreadable) as told:
            await book.page(readers, odd_pages.LARGE)
        assert told.value.code is ProblemCode.LIMIT_EXCEEDED


async def test_only_the_file_that_was_judged_is_read(book: _Book, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")

    def as_link() -> None:
        book.path.unlink()
        book.path.symlink_to(secret)

    def as_another() -> None:
        secret.replace(book.path)

    changes: list[Callable[[], None]] = [as_link, book.path.unlink, as_another]
    async with _readers() as readers:
        for change in changes:
            opened = book.open() if not book.path.is_symlink() and book.path.exists() else None
            if opened is None:
                book.path.unlink(missing_ok=True)
                book.path.write_bytes(b"the page")
                opened = book.open()
            change()
            with pytest.raises(Changed):
                await readers.page(book.place, opened, odd_pages.GOOD)
            os.close(opened.descriptor)


async def test_processes_are_started_when_they_are_needed_and_few(book: _Book, tmp_path: Path) -> None:
    before = children()
    async with _readers() as readers:
        assert _others(before) == set()
        many = range(odd_pages.WAITS, odd_pages.WAITS + 3 * paging.MOST_READERS)
        asked = [asyncio.create_task(book.page(readers, number)) for number in many]
        while len(list(tmp_path.glob("at-*"))) < paging.MOST_READERS:
            await asyncio.sleep(0)
        assert len(_others(before)) == paging.MOST_READERS
        (tmp_path / "go").touch()
        assert {page.content for page in await asyncio.gather(*asked)} == {b"the page"}
        assert len(_others(before)) == paging.MOST_READERS
    assert _others(before) == set()


async def test_processes_end_when_nobody_asks(book: _Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "IDLE_S", 0.0)
    before = children()
    async with _readers() as readers:
        await book.page(readers)
        while _others(before):
            await asyncio.sleep(0)
        # Whoever asks then gets another one.
        assert (await book.page(readers)).content == b"the page"


async def test_a_process_that_somebody_killed_meanwhile_costs_nothing(book: _Book) -> None:
    before = children()
    async with _readers() as readers:
        await book.page(readers)
        (pid,) = _others(before)
        os.kill(pid, signal.SIGKILL)
        book.path.write_bytes(b"another")
        assert (await book.page(readers)).content == b"another"


async def test_a_page_that_was_shown_is_kept_until_its_file_changes(
    book: _Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _readers() as readers:
        first = await book.page(readers)
        # What would have to be read now would die of it.
        monkeypatch.setattr(readers, "_asked", None)
        assert await book.page(readers) is first
        monkeypatch.undo()
        book.path.write_bytes(b"changed!!")
        assert (await book.page(readers)).content == b"changed!!"


async def test_pages_are_kept_only_as_many_as_fit(book: _Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "KEPT_BYTES", 8 * odd_pages.LARGE_BYTES)
    async with _readers() as readers:
        for round_ in range(12):
            book.path.write_bytes(b"%d" % round_)
            os.utime(book.path, ns=(0, round_))
            await book.page(readers, odd_pages.LARGE)
            assert sum(len(page.content) for page in readers._kept.values()) <= paging.KEPT_BYTES
        assert len(readers._kept) == 8


async def test_c12_a_book_that_is_one_stream_is_read_on_and_not_begun_anew(tmp_path: Path) -> None:
    make_comic(tmp_path / "solid.cb7", number_of_pages=12, size=(300, 450))
    settings = Settings()
    made = PageReaders(settings)
    book = _Book(tmp_path / "other.cbz")
    book.place = book.place._replace(relative=b"solid.cb7")
    before = children()
    try:
        await book.page(made, 0)
        (pid,) = _others(before)
        begun = processor_time(pid)
        first = [await book.page(made, number) for number in range(1, 12)]
        forwards = processor_time(pid) - begun
        # The same pages from the last to the first: each begins anew.
        made._kept.clear()
        begun = processor_time(pid)
        last = [await book.page(made, number) for number in range(11, 0, -1)]
        backwards = processor_time(pid) - begun
    finally:
        await made.close()
    assert first == last[::-1]
    assert forwards < backwards / 2
