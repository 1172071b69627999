"""The two event streams, piece by piece, and the response that sends them.

A client of one job first gets what it lacks from the tables, page by page at its own pace, then what happens.
One that is too slow for that goes back to the tables and loses nothing; one of the stream of everything gets
a snapshot instead. Either way nothing is kept for it. Stands on `app.stream`; `event_text` has the words.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, MutableMapping
from typing import Any

from starlette.responses import Response

from shelfread.api.event_text import (
    Cursor,
    everything_in,
    everything_of,
    place_of,
    progress_of,
    removed_text,
    snapshot_of_all,
    snapshot_of_job,
    told_in_page,
    told_in_round,
)
from shelfread.api.problems import ApiProblem
from shelfread.app.listeners import FeedClosed, JobGone
from shelfread.app.stream import Feed
from shelfread.model.job import Job

#: A stream is never silent for longer than this, in seconds: proxies and clients take silence for an end.
HEARTBEAT_S = 15.0
#: How soon a client comes back by itself, in milliseconds; it is told so.
RETRY_MS = 2_000
_BEGIN = f"retry: {RETRY_MS}\n\n".encode()
_BEAT = b":\n\n"
_BYE = b": the server stops\n\n"

Pieces = AsyncIterator[bytes]


async def pieces_of_all(feed: Feed, last_id: str, paths: bool) -> Pieces:
    """The stream of everything: what was missed or a snapshot, then what happens."""
    first = _BEGIN
    if not feed.reads:
        yield first
        first = b""
        async with _Wait(feed.begun()) as wait:
            async for beat in wait.beats():
                yield beat
    async with feed.listen() as listener:
        # From here to the first wait nothing comes in between.
        place, epoch = place_of(last_id), feed.past.epoch
        missed = feed.past.since(*place) if place is not None else None
        then = snapshot_of_all(feed, paths) if missed is None else everything_of(missed, epoch, paths)
        yield first + then
        while True:
            rounds = await listener.take(HEARTBEAT_S)
            if listener.behind:
                listener.catch_up()
                yield snapshot_of_all(feed, paths)
            else:
                yield b"".join(everything_in(one, feed.past.epoch, paths) for one in rounds) or _BEAT


async def pieces_of_job(feed: Feed, job: Job, cursor: Cursor | None, paths: bool) -> Pieces:
    """The stream of one job, to its end.

    Args:
        feed: the news of this process.
        job: as it was a moment ago.
        cursor: what the client has; None when it said what cannot be, and gets a snapshot.
        paths: whether it may see paths.
    """
    first = _BEGIN
    if cursor is None:
        told = snapshot_of_job(job, paths)
        first, cursor = first + told.text, told.cursor
    elif not job.status.ended and job.counted:
        first += progress_of(job, paths)
    if not feed.reads:
        yield first
        first = b""
        async with _Wait(feed.begun()) as wait:
            async for beat in wait.beats():
                yield beat
    async with feed.listen(job.seq) as listener:
        while True:
            more = True
            while more:
                async with _Wait(feed.page(job, *cursor)) as reading:
                    async for beat in reading.beats():
                        yield first + beat
                        first = b""
                told = told_in_page(reading.result, cursor, paths)
                cursor, more = told.cursor, reading.result.more
                if text := first + told.text:
                    yield text
                first = b""
                if told.ended:
                    return
            if job.status.ended:
                return
            while not listener.behind:
                try:
                    rounds = await listener.take(HEARTBEAT_S)
                except JobGone as gone:
                    yield removed_text(gone.removed)
                    return
                parts: list[bytes] = []
                ended = False
                for one in rounds:
                    told = told_in_round(one, job.seq, cursor, paths)
                    parts.append(told.text)
                    cursor, ended = told.cursor, ended or told.ended
                if text := b"".join(parts):
                    yield text
                elif not rounds and not listener.behind:
                    yield _BEAT
                if ended:
                    return
            listener.catch_up()


class _Wait:
    """Something that may take long, a database that is away for one: the stream beats meanwhile."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self.result: Any = None

    async def __aenter__(self) -> _Wait:
        self._task = asyncio.ensure_future(self._work)
        return self

    async def beats(self) -> Pieces:
        """One every now and then, until it is done. Raises whatever it raises."""
        while not self._task.done():
            await asyncio.wait([self._task], timeout=HEARTBEAT_S)
            if not self._task.done():
                yield _BEAT
        self.result = self._task.result()

    async def __aexit__(self, *_: object) -> None:
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


class Seats:
    """How many streams there may be at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0

    def take(self) -> bool:
        """Take one, if one is free."""
        if self._taken >= self.most:
            return False
        self._taken += 1
        return True

    def give_back(self) -> None:
        """The stream has ended."""
        self._taken -= 1


class EventStream(Response):
    """A response of pieces, each sent when it is there, until they end or nobody takes them any more.

    It has a seat from its first byte to its last; where none is free, it is a refusal.
    """

    media_type = "text/event-stream"

    def __init__(self, pieces: Pieces, seats: Seats) -> None:
        super().__init__()
        self._pieces = pieces
        self._seats = seats

    def init_headers(self, headers: Any = None) -> None:
        """As long as it takes: no length. Proxies are asked to hand it on piece by piece."""
        self.raw_headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
        ]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        # Not sooner: between the route and here others come, or the client leaves.
        if not self._seats.take():
            await _no_seat(self._seats.most).answer()(scope, receive, send)
            return
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait({sending, leaving})
            self._seats.give_back()
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with contextlib.aclosing(self._pieces) as pieces:  # type: ignore[type-var]
            try:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except FeedClosed:
                await send({"type": "http.response.body", "body": _BYE, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _no_seat(most: int) -> ApiProblem:
    return ApiProblem(
        429,
        "too-many-requests",
        f"{most} event streams are open, and there is no room for more",
        headers={"Retry-After": "5"},
    )


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
