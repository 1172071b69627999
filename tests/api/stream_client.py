"""A client of event streams over a real socket, as slow and as moody as a test wants it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


class BrokenOff(ConnectionError):
    """The connection ended, and the stream had not: a client would come back."""


@dataclass
class Told:
    """One event."""

    name: str
    data: dict[str, Any]
    #: Its own id; None when it has none.
    id: str | None


@dataclass
class Stream:
    """An open stream: `await stream.next()` gives events one by one."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]
    comments: int = 0
    #: What a client that comes back says.
    last_id: str = ""
    seen: list[Told] = field(default_factory=list)
    _lines: deque[bytes] = field(default_factory=deque)
    _left: bytes = b""

    async def next(self) -> Told | None:
        """The next event; None at the end of the stream."""
        lines: list[str] = []
        while (line := await self._line()) is not None:
            if line:
                lines.append(line)
                continue
            told = self._event(lines)
            lines = []
            if told is not None:
                return told
        return None

    async def all(self) -> list[Told]:
        """Every event to the end."""
        found = []
        while (told := await self.next()) is not None:
            found.append(told)
        return found

    async def until(self, name: str, **wanted: Any) -> Told:
        """The first event of this name whose members are these."""
        while (told := await self.next()) is not None:
            if told.name == name and all(told.data.get(key) == value for key, value in wanted.items()):
                return told
        raise AssertionError(f"the stream ended before {name} {wanted}")

    def _event(self, lines: list[str]) -> Told | None:
        fields: dict[str, str] = {}
        for line in lines:
            if line.startswith(":"):
                self.comments += 1
                continue
            key, _, value = line.partition(": ")
            assert key not in fields, lines
            fields[key] = value
        if "id" in fields:
            self.last_id = fields["id"]
        if "data" not in fields:
            return None
        told = Told(fields["event"], json.loads(fields["data"]), fields.get("id"))
        self.seen.append(told)
        return told

    async def _line(self) -> str | None:
        while not self._lines:
            head = await self.reader.readline()
            if not head:
                raise BrokenOff
            size = int(head.strip(), 16)
            if size == 0:
                return None
            *lines, self._left = (self._left + await self.reader.readexactly(size)).split(b"\n")
            self._lines.extend(lines)
            await self.reader.readexactly(2)
        return self._lines.popleft().decode()


@asynccontextmanager
async def opened(url: str, path: str, headers: dict[str, str], last_id: str = "") -> AsyncIterator[Stream]:
    """A stream, until the context ends."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1 << 20)
    said = {"Host": where.netloc, "Accept": "text/event-stream", **headers}
    if last_id:
        said["Last-Event-ID"] = last_id
    writer.write(
        (f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in said.items()) + "\r\n").encode()
    )
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        yield Stream(reader, writer, int(head[0].split()[1]), fields, last_id=last_id)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def trail(seen: list[Told]) -> tuple[list[int], list[int]]:
    """The numbers of a job's events and of its lines, in the order in which they were told."""
    events = [told.data["seq"] for told in seen if told.name in ("job", "batch")]
    lines = [told.data["seq"] for told in seen if told.name in ("log", "problem")]
    return events, lines
