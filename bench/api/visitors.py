"""People who look at pages, as static/page.js does it for them: its stream, its questions, its pauses.

Knows nothing of what is measured.
"""

from __future__ import annotations

import asyncio
import random
import re
import time

from bench.api.wire import Wire
from bench.measure import Unavailable

_LIKE_IT = "Accept: text/html\r\n"
_PART = re.compile(r'data-part="([^"]+)" data-on="([^"]+)"')
_NEWS: dict[str, tuple[str, ...]] = {
    "snapshot": ("jobs", "progress"),
    "job": ("jobs", "progress"),
    "removed": ("jobs", "progress"),
}
_NEWS |= {"log": ("log",), "problem": ("log",)}
#: As in page.js, in seconds: the least pause before a question, from one to the next, at random on top of
#: that, and between two questions for what changes all the time.
_LEAST_S, _EACH_S, _SPREAD_S, _SLOW_S = 0.15, 1.0, 0.25, 4.0


class Visitor:
    """Somebody with one page open.

    Args:
        url: of the server.
        token: whom it takes them for.
        chance: for the pauses.
    """

    def __init__(self, url: str, token: str, chance: random.Random) -> None:
        self._pages, self._stream = Wire(url, token), Wire(url, token)
        self._chance = chance
        self._place = ""
        #: The parts of the page, and at what news each is asked for.
        self._parts: dict[str, set[str]] = {}
        self._waiting: set[str] = set()
        self._news = asyncio.Event()
        self._slow = 0.0
        self._heard = ""
        #: How often it asked for parts, and how long each answer took.
        self.asked = 0
        self.took_ms: list[float] = []
        self.heard = 0
        self.is_there = False

    async def can_open(self, place: str) -> bool:
        """Whether there is such a page."""
        try:
            return (await self._pages.ask(place, more=_LIKE_IT)).status == 200
        finally:
            await self._pages.close()

    async def look(self, place: str) -> None:
        """Open a page and look at it until somebody ends this."""
        self._place = place
        answer = await self._pages.ask(place, more=_LIKE_IT)
        if answer.status != 200:
            raise Unavailable(f"{place} was answered with {answer.status}")
        self._parts = {name: set(on.split()) for name, on in _PART.findall(answer.body.decode())}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._renew())
        finally:
            await self._stream.close()
            await self._pages.close()

    async def _listen(self) -> None:
        answer = await self._stream.ask("/api/v1/events")
        if answer.status != 200:
            raise Unavailable(f"a stream was answered with {answer.status}")
        left = b""
        while piece := await self._stream.chunk():
            *events, left = (left + piece).split(b"\n\n")
            for event in events:
                fields = dict(line.split(": ", 1) for line in event.decode().split("\n") if ": " in line)
                if fields.get("event") in _NEWS:
                    self._heard = fields.get("id", "")
                if "data" in fields:
                    self._hear(fields["event"])
            self.is_there = True

    def _hear(self, name: str) -> None:
        self.heard += 1
        self._soon(_NEWS.get(name, ()))
        if name == "progress" and time.monotonic() - self._slow > _SLOW_S:
            self._slow = time.monotonic()
            self._soon(("progress",))

    def _soon(self, kinds: tuple[str, ...]) -> None:
        self._waiting |= {name for name, on in self._parts.items() if on.intersection(kinds)}
        if self._waiting:
            self._news.set()

    async def _renew(self) -> None:
        last = 0.0
        while True:
            await self._news.wait()
            pause = max(_LEAST_S, last + _EACH_S - time.monotonic())
            await asyncio.sleep(pause + self._chance.random() * _SPREAD_S)
            names = ",".join(sorted(self._waiting))
            self._waiting.clear()
            self._news.clear()
            last = time.monotonic()
            answer = await self._pages.ask(
                self._place, more=f"{_LIKE_IT}X-Part: {names}\r\nX-Heard: {self._heard}\r\n"
            )
            self.took_ms.append(1000 * (time.monotonic() - last))
            self.asked += 1
            if answer.status != 200:
                raise Unavailable(f"parts of {self._place} were answered with {answer.status}")
