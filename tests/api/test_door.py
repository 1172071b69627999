"""`api.door`: idle, slow and too many connections, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest

from shelfread.api.door import MOST_CONNECTIONS
from shelfread.api.listening import HttpServer, listen
from tests.cli.staying_programs import get, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST = 100
#: Long answers, more than sockets hold for somebody who does not read.
LONG = b"x" * 32_000_000
ASK = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    body = LONG if scope["path"] == "/long" else b"ok"
    if scope["path"] == "/never":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for start in range(0, len(body), 1_000_000):
        part = body[start : start + 1_000_000]
        more = start + 1_000_000 < len(body)
        await send({"type": "http.response.body", "body": part, "more_body": more})


class Served:
    """A server in this process, and its clients."""

    def __init__(self, port: int, stack: contextlib.ExitStack) -> None:
        self._port = port
        self._stack = stack

    async def client(self, said: bytes = b"") -> socket.socket:
        """Connect, and say something or nothing."""
        # Not in the thread of the server, which must be free to accept.
        one = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", self._port), 20)
        self._stack.enter_context(one)
        one.sendall(said)
        return one

    async def ask(self) -> int:
        """The status of an answer on a new connection."""
        return (await asyncio.to_thread(get, f"http://127.0.0.1:{self._port}", "/"))[0]


@asynccontextmanager
async def served(most: int = MOST, patience_s: float = 3600) -> AsyncIterator[Served]:
    sockets = listen("127.0.0.1", 0)
    server = HttpServer(_answer, sockets, most, patience_s)
    answering = asyncio.create_task(server.answer())
    with contextlib.ExitStack() as stack:
        try:
            await server.up.wait()
            yield Served(sockets[0].getsockname()[1], stack)
        finally:
            server.leave()
            stack.close()
            await answering


def _all_of(one: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := one.recv(1 << 20):
            found += part
    return found


async def _heard(one: socket.socket, end: bytes) -> bytes:
    """What comes until it ends with some words."""
    found = b""
    while not found.endswith(end):
        part = await asyncio.to_thread(one.recv, 4096)
        assert part, found
        found += part
    return found


async def _closed(one: socket.socket) -> bytes:
    return await asyncio.to_thread(_all_of, one)


async def test_idle_connections_beyond_the_cap_keep_nobody_out() -> None:
    async with served() as server:
        before = psutil.Process().num_fds()
        idle = [await server.client() for _ in range(300)]
        assert await server.ask() == 200
        # Those of the clients, and those of the server.
        assert psutil.Process().num_fds() - before <= len(idle) + MOST
        # Who waited longest made room.
        assert await _closed(idle[0]) == b""
        idle[-1].sendall(ASK)
        assert (await asyncio.to_thread(idle[-1].recv, 99)).startswith(b"HTTP/1.1 200 ")
        for one in idle:
            one.close()

        async def given_back() -> bool:
            return bool(psutil.Process().num_fds() <= before)

        await until(given_back, "descriptors")


async def test_idle_connections_are_closed_after_a_time_and_descriptors_come_back() -> None:
    async with served(patience_s=0.3) as server:
        before = psutil.Process().num_fds()
        idle = [await server.client(said) for said in (b"", b"G", b"GET /", ASK[:-2]) for _ in range(75)]
        for one in idle:
            assert await _closed(one) == b""
            one.close()
        assert await server.ask() == 200

        async def given_back() -> bool:
            return bool(psutil.Process().num_fds() <= before)

        await until(given_back, "descriptors")


@pytest.mark.parametrize("first", [b"", ASK], ids=["first request", "later request"])
async def test_whoever_says_a_request_byte_by_byte_is_cut_off(first: bytes) -> None:
    async with served(patience_s=0.5) as server:
        slow = await server.client(first)
        if first:
            assert (await asyncio.to_thread(slow.recv, 999)).startswith(b"HTTP/1.1 200 ")
        slow.sendall(ASK[:-2])

        async def cut_off() -> bool:
            try:
                slow.sendall(b"x")
            except OSError:
                return True
            return False

        await until(cut_off, "the end of patience")


async def test_a_client_that_asks_again_and_again_stays_connected() -> None:
    async with served(patience_s=0.3) as server:
        client = await server.client()
        began = time.monotonic()
        # Longer in all than the patience, never between two requests.
        while time.monotonic() < began + 1:
            client.sendall(ASK)
            assert (await _heard(client, b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_an_answer_that_takes_time_has_its_time_and_its_place() -> None:
    async with served(2, patience_s=0.2) as server:
        busy = [await server.client(ASK.replace(b"/", b"/never", 1)) for _ in range(2)]
        for one in busy:
            await _heard(one, b"begun\r\n")  # a chunk
        outside = await server.client(ASK)
        outside.settimeout(0.6)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(outside.recv, 99)
        busy[0].close()
        outside.settimeout(20)
        assert (await asyncio.to_thread(outside.recv, 99)).startswith(b"HTTP/1.1 200 ")


def _slowly(one: socket.socket, size: int) -> int:
    """Take an answer in portions, with pauses; gives how much came."""
    found = 0
    while found < size and (part := one.recv(1 << 19)):
        found += len(part)
        threading.Event().wait(0.01)
    return found


async def test_a_long_answer_is_for_whoever_takes_it_however_slowly() -> None:
    async with served(patience_s=0.3) as server:
        slow, deaf = [await server.client(ASK.replace(b"/", b"/long", 1)) for _ in range(2)]
        began = time.monotonic()
        assert await asyncio.to_thread(_slowly, slow, len(LONG)) >= len(LONG)
        assert time.monotonic() > began + 0.6
        assert len(await _closed(deaf)) < len(LONG)


async def test_the_log_says_once_that_all_connections_are_taken(caplog: pytest.LogCaptureFixture) -> None:
    async with served(3) as server:
        idle = [await server.client() for _ in range(50)]
        assert await server.ask() == 200
        assert len(idle) == 50
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["HTTP: all 3 connections are taken; the next one takes the place of an idle one"]


@pytest.mark.parametrize(("limit", "most"), [(40, 20), (256, 128), (4096, MOST_CONNECTIONS)])
async def test_half_of_the_descriptors_are_for_everything_else(limit: int, most: int) -> None:
    code = (
        "import resource, sys; from shelfread.api.door import room\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2); print(room())"
    )
    out = await asyncio.to_thread(subprocess.check_output, [sys.executable, "-c", code, str(limit)])
    assert int(out) == most


# What is said on a connection


def _all_of_it(one: socket.socket, said: bytes) -> bytes:
    """What a server answers that may close the connection while it is still spoken to."""
    with contextlib.suppress(OSError):
        one.sendall(said)
        one.shutdown(socket.SHUT_WR)
    return _all_of(one)


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nX: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nX : 1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: here\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\n" + b"X: x\r\n" * 30_000 + b"\r\n",
    ],
    ids=lambda said: repr(said)[:40],
)
async def test_what_is_no_request_is_refused_and_the_connection_closed(said: bytes) -> None:
    async with served() as server:
        told = await asyncio.to_thread(_all_of_it, await server.client(), said)
        # Of what was not read to its end the system may throw the refusal away.
        assert told.startswith(b"HTTP/1.1 4") or (len(said) > 65_536 and told == b""), told
        assert told.count(b"HTTP/1.1") <= 1
        assert await server.ask() == 200


async def test_who_wants_another_protocol_is_answered_in_this_one_and_keeps_what_it_sent() -> None:
    async with served() as server:
        client = await server.client(
            b"POST / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
            b"Content-Length: 44\r\n\r\n"
        )
        client.sendall(b"GET /hidden HTTP/1.1\r\nHost: here\r\nX-Padding:")
        told = await _heard(client, b"ok")
        client.sendall(ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        told += await _closed(client)
        assert told.count(b"HTTP/1.1 200 ") == 2
        assert told.count(b"HTTP/1.1") == 2
