"""HTTP as a client speaks it, with as little work of its own as can be: what is measured is the server.

Knows answers with a length, and streams in chunks. One request at a time on a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import NamedTuple
from urllib.parse import urlsplit

#: Nothing takes so long, in seconds.
PATIENCE_S = 60.0


class Answer(NamedTuple):
    """The head of an answer, and its body where it has a length."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """A connection to a server, opened when it is first needed and again when the server closed it."""

    def __init__(self, url: str, token: str) -> None:
        where = urlsplit(url)
        self._host, self._port = str(where.hostname), int(where.port or 80)
        self._said = f"Host: {where.netloc}\r\nAuthorization: Bearer {token}\r\n"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str, method: str = "GET", body: bytes | None = None, more: str = "") -> Answer:
        """One request; of an answer in chunks only the head is read."""
        if self._writer is None or self._writer.is_closing() or (self._reader and self._reader.at_eof()):
            await self.close()
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        assert self._reader is not None
        if body is not None:
            more += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{self._said}{more}\r\n".encode() + (body or b""))
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        length = int(headers.get("content-length", "0"))
        return Answer(int(head[0].split()[1]), headers, await self._reader.readexactly(length))

    async def chunk(self) -> bytes:
        """The next piece of a stream; nothing at its end."""
        assert self._reader is not None
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]

    async def close(self) -> None:
        """Leave, as a browser does whose page is closed."""
        if self._writer is not None:
            writer, self._writer, self._reader = self._writer, None, None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
