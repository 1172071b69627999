"""Clients of a job's events, and of all events: quick ones, slow ones, moody ones that leave and come back.

Each keeps the numbers of what it was told, and says at the end whether that was exactly what happened. Knows
nothing of what is measured.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.api.wire import Wire

#: What a server says to clients that come back by themselves: after so long, in seconds.
RETRY_S = 2.0
#: How long a slow one looks at one piece, at most.
SLOW_S = 0.1
#: How long a moody one stays, at most.
STAY_S = 3.0
_ENDS = ("completed", "failed", "cancelled")


@dataclass
class Whose:
    """The job that the crowd is there for; who listens to everything may come before there is one."""

    job_id: str = ""


@dataclass
class Client:
    """One of the crowd, and what it was told."""

    #: quick, slow or moody.
    temper: str
    #: Whether it listens to everything and not to one job.
    everything: bool
    events: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    progress: int = 0
    snapshots: int = 0
    connections: int = 0
    last_id: str = ""
    ended: bool = False

    def hear(self, event: bytes, job_id: str) -> None:
        """Take note of an event."""
        fields = dict(line.split(": ", 1) for line in event.decode().split("\n") if ": " in line)
        if "id" in fields:
            self.last_id = fields["id"]
        if "data" not in fields:
            return
        name, data = fields["event"], json.loads(fields["data"])
        if name == "snapshot":
            self.snapshots += 1
            found = [one for one in data["jobs"] if one["id"] == job_id] if "jobs" in data else [data["job"]]
            # What happened before a snapshot is not told after it.
            self.events.clear()
            self.lines.clear()
            self.ended = self.ended or any(one["status"] in _ENDS for one in found)
        elif data["job_id"] != job_id:
            return
        elif name == "progress":
            self.progress += 1
        elif name in ("job", "batch"):
            self.events.append(data["seq"])
            self.ended = self.ended or data["kind"] in _ENDS
        else:
            self.lines.append(data["seq"])

    def fault(self, events: int, lines: int) -> str | None:
        """What is wrong with what it was told of a job with so many events and lines; None when nothing is.

        Whoever had a snapshot knows what was before it, and is told all that came after it.
        """
        for what, seen, last in (("events", self.events, events), ("lines", self.lines, lines)):
            first = seen[0] if self.snapshots and seen else last + 1 if self.snapshots else 1
            if seen != list(range(first, last + 1)):
                return f"a {self.temper} client was told {what} {seen}, and there are {last}"
        return None


def crowd_of(
    count: int, everything: int = 0, tempers: Sequence[str] = ("quick", "slow", "quick", "moody", "quick")
) -> list[Client]:
    """So many clients, of which some listen to everything; their tempers are given out in turns."""
    return [Client(tempers[number % len(tempers)], number < everything) for number in range(count)]


async def listen(
    clients: Sequence[Client], url: str, token: str, whose: Whose, chance: random.Random
) -> None:
    """Have all of them listen until each has heard that the job ended."""
    seeds = [chance.random() for _ in clients]
    async with asyncio.TaskGroup() as group:
        for one, seed in zip(clients, seeds, strict=True):
            group.create_task(_listen(one, url, token, whose, random.Random(seed)))


async def _listen(client: Client, url: str, token: str, whose: Whose, chance: random.Random) -> None:
    path = "/api/v1/events" if client.everything else f"/api/v1/jobs/{whose.job_id}/events"
    while not client.ended:
        wire = Wire(url, token)
        try:
            client.connections += 1
            more = f"Last-Event-ID: {client.last_id}\r\n" if client.last_id else ""
            answer = await wire.ask(path, more=more)
            if answer.status == 204:
                return
            if answer.status != 200:
                raise RuntimeError(f"a stream was answered with {answer.status}")
            stay_s = chance.uniform(0, STAY_S) if client.temper == "moody" else None
            try:
                async with asyncio.timeout(stay_s):
                    await _hear(client, wire, whose, chance)
            except TimeoutError:
                pass
            else:
                return
        finally:
            await wire.close()
        await asyncio.sleep(chance.uniform(0, RETRY_S))


async def _hear(client: Client, wire: Wire, whose: Whose, chance: random.Random) -> None:
    left = b""
    while piece := await wire.chunk():
        *events, left = (left + piece).split(b"\n\n")
        for event in events:
            client.hear(event, whose.job_id)
        if client.ended and client.everything:
            return
        if client.temper == "slow":
            await asyncio.sleep(chance.uniform(0, SLOW_S))
