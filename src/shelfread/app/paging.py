"""Pages of books for those who look at them: read in confined processes, a few at a time (PROMISES C12).

The processes are started when somebody asks, kept while somebody reads, and end when nobody did for a while.
One that dies or hangs is trouble of the page that was asked for, and the next page gets another. Pages that
were shown are kept for a moment, as many as fit. Stands on `scan.children`; `opening` says which file may be
read. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from typing import NamedTuple

import msgspec

from shelfread.app.opening import Opened
from shelfread.model.problem import ProblemCode
from shelfread.scan.children import Child, ChildDied, ScanChildFailed
from shelfread.scan.page import Reply, Request
from shelfread.settings import Settings
from shelfread.store.items import FilePlace

#: Pages that are read at the same time. Each may take a processor.
MOST_READERS = max(2, min(4, os.cpu_count() or 2))
#: Seconds that a page waits for its turn before the server is called busy.
PATIENCE_S = 30.0
#: Seconds after which processes that nobody asks end.
IDLE_S = 60.0
#: Bytes of one page, as it is in the book.
PAGE_LIMIT = 64 << 20
#: Bytes of pages that are kept.
KEPT_BYTES = 32 << 20
#: Device and inode.
_File = tuple[int, int]
_KIND = "shelfread.media.books:KIND"
_decode = msgspec.msgpack.Decoder(Reply).decode


class Page(NamedTuple):
    """A page: what it is by its bytes, and they."""

    mime: str
    content: bytes


class NoSuchPage(Exception):
    """The book does not have so many pages, or none at all; the text says which."""


class Unreadable(Exception):
    """The page cannot be read: a code of `ProblemCode`, and a line for people."""

    def __init__(self, code: ProblemCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Changed(Exception):
    """The file became another one while it was looked at: open it once more."""


class Busy(Exception):
    """Too many pages are asked for, or no process can be started; later it may be otherwise."""


class PageReaders:
    """The processes of one server that read pages. Bound to the loop that first asks."""

    def __init__(self, settings: Settings, kind: str = _KIND) -> None:
        """Starts nothing. `kind` is what reads pages, `module:NAME`."""
        self._timeout_s = settings.parser_timeout_seconds
        self._init = {
            "kind": kind,
            "timeout_s": self._timeout_s,
            "memory_limit": settings.parser_memory_mb << 20,
            "page_limit": PAGE_LIMIT,
        }
        self._turns = asyncio.Semaphore(MOST_READERS)
        #: With the file that each looked at last, which it has open.
        self._idle: list[tuple[Child, _File]] = []
        self._ending: asyncio.TimerHandle | None = None
        self._kept: OrderedDict[tuple[int, ...], Page] = OrderedDict()
        self._kept_bytes = 0

    async def page(self, place: FilePlace, opened: Opened, number: int) -> Page:
        """One page of a book.

        Args:
            place: where its file is.
            opened: that file, held open until this returns: so nothing else can become it.
            number: which page, from 0.

        Raises:
            NoSuchPage, Unreadable, Changed, Busy: see there.
        """
        key = (opened.device, opened.inode, opened.size, opened.mtime_ns, number)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        path = os.path.join(place.root, place.relative)
        reply = await self._asked((path, place.relative, (opened.device, opened.inode), number))
        page = _page_of(reply)
        self._keep(key, page)
        return page

    async def close(self) -> None:
        """End all processes that wait; those at work end with their requests, or with this process."""
        if self._ending is not None:
            self._ending.cancel()
        idle, self._idle = self._idle, []
        for child, _ in idle:
            await child.close()

    async def _asked(self, request: Request) -> Reply:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy("too many pages are asked for at the moment") from None
        try:
            while True:
                child, is_fresh = await self._reader(request[2])
                try:
                    async with asyncio.timeout(self._timeout_s):
                        reply: Reply = await child.request(request, _decode)
                except TimeoutError:
                    await child.close()
                    detail = f"the page was not read within {self._timeout_s:g} s"
                    raise Unreadable(ProblemCode.PARSER_TIMEOUT, detail) from None
                except (ChildDied, msgspec.MsgspecError, ValueError):
                    await child.close()
                    if is_fresh:
                        raise Unreadable(
                            ProblemCode.PARSER_CRASHED, "the process that read the page died of it"
                        ) from None
                    continue  # it may have been about to end anyway
                self._idle.append((child, request[2]))
                self._rest()
                return reply
        finally:
            self._turns.release()

    async def _reader(self, file: _File) -> tuple[Child, bool]:
        """A process that has nothing to do, best one that has this file open, and whether it never had."""
        while self._idle:
            mine = [number for number, (_, last) in enumerate(self._idle) if last == file]
            child, _ = self._idle.pop(mine[-1] if mine else 0)
            child.check()
            if child.alive:
                return child, False
        try:
            return await Child.start(
                "shelfread.scan.page:pages", self._init, frame_limit=PAGE_LIMIT + (64 << 10)
            ), True
        except ScanChildFailed as error:
            raise Busy(str(error)) from error

    def _rest(self) -> None:
        """From now on nobody may ask for a while."""
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._end_idle)

    def _end_idle(self) -> None:
        idle, self._idle = self._idle, []
        for child, _ in idle:
            child.kill()
        self._kept.clear()
        self._kept_bytes = 0

    def _keep(self, key: tuple[int, ...], page: Page) -> None:
        if len(page.content) > KEPT_BYTES // 4:
            return  # it would push out everything else
        before = self._kept.pop(key, None)
        self._kept[key] = page
        self._kept_bytes += len(page.content) - (len(before.content) if before else 0)
        while self._kept_bytes > KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.content)


def _page_of(reply: Reply) -> Page:
    code, detail, mime, content = reply
    if code is None:
        return Page(mime or "", content)
    if code == ProblemCode.NO_PAGES:
        raise NoSuchPage(detail)
    if code == ProblemCode.VANISHED:
        raise Changed(detail)
    raise Unreadable(ProblemCode(code), detail)
