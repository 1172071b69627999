"""How quickly lists of pages come from a large catalogue, with nothing else going on."""

from __future__ import annotations

import html
import re
import sqlite3
import time
from contextlib import closing

from bench.api.server import Server, served
from bench.api.wire import Answer, Wire
from bench.measure import Unavailable
from bench.queue.figures import Bar, Figure
from bench.queue.stand import Stand
from shelfread.store.search_index import bring_up_to_date

NAME = "lists"
MEANING = (
    "From the question to the last byte of a page, over loopback, of a copy of the catalogue that "
    "`--catalogue` names, all of it searchable: the first page, that of a library, searches for much and for "
    "next to nothing, and the lists that the pages of the "
    "server lead to, each at its beginning and one page further on. Twenty times each, after one that is "
    "not counted."
)
_TIMES = 20
_BAR = Bar("p95", 100)
#: Of these there is hardly anything, or nothing.
_RARE = ("/search?q=love", "/search?q=the%20ri")
_BEGIN = ("/", "/jobs", "/problems", "/held", "/search?q=a", *_RARE, "/browse")
_LIST = re.compile(r'href="(/(?:browse/[a-z]+|libraries/[0-9]+(?:/missing)?)(?:\?[^"#]*)?)"')
_NEXT = re.compile(r'rel="next" href="([^"]+)"')


async def measure(stand: Stand) -> None:
    """On the one database that there is; without one nothing is measured."""
    if stand.given.catalogue is None:
        stand.notes.append("lists: not measured, --catalogue names no catalogue.")
        return
    path = stand.folder() / "shelfread.db"
    with closing(sqlite3.connect(stand.given.catalogue)) as own, closing(sqlite3.connect(path)) as copy:
        own.backup(copy)
    url = f"sqlite:///{path}"
    async with stand.app(url) as app:
        # What a scan noted is made searchable by those who search: here by nobody who is measured.
        while not await bring_up_to_date(app.database, 60):
            pass
    async with served(stand, "sqlite", stand.tiny(), url) as server:
        for place in await _places(server):
            stand.note(
                Figure(NAME, place.partition("after=")[0], "sqlite", "ms", await _asked(server, place), _BAR)
            )


async def _places(server: Server) -> list[str]:
    """Lists that can be reached, and the second page of each."""
    wire = Wire(server.url, server.token)
    found: list[str] = []
    waiting = list(_BEGIN)
    while waiting:
        place = waiting.pop(0)
        if place in found or (answer := await _page(wire, place)).status != 200:
            continue
        found.append(place)
        text = answer.body.decode()
        if "?" not in place:
            more = _NEXT.search(text)
            waiting += [html.unescape(one) for one in _LIST.findall(text) if "?" not in one]
            waiting += [html.unescape(more[1])] if more is not None else []
    await wire.close()
    return found


async def _asked(server: Server, place: str) -> list[float]:
    wire = Wire(server.url, server.token)
    took = []
    for _ in range(_TIMES + 1):
        began = time.perf_counter()
        answer = await _page(wire, place)
        took.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise Unavailable(f"{place} was answered with {answer.status}")
    await wire.close()
    return took[1:]


async def _page(wire: Wire, place: str) -> Answer:
    return await wire.ask(place, more="Accept: text/html\r\n")
