"""A server that is measured: `shelfread serve` with one worker, a token, and what its process spends."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import memory
from bench.measure import Unavailable
from bench.queue.processes import Program, until
from bench.queue.stand import Stand, add_library, warmed
from shelfread.app import App
from shelfread.model.account import Right

#: Whom it knows.
USER, PASSWORD = "bench", "a password of a bench"
#: Among the words that the process of a scan was started with.
_SCANNER = "shelfread.tasks.child:resident"
_LISTENS = re.compile(r"listening on (http://[^\s\"]+)")


@dataclass
class Server:
    """A server that answers, and its catalogue opened here."""

    url: str
    token: str
    app: App
    program: Program

    def own_cpu(self) -> float:
        """CPU seconds of the process that answers, without the scans: those are processes of their own."""
        return memory.own_cpu_seconds(self.program.pid)

    def all_cpu(self) -> float:
        """CPU seconds of the server and all of its."""
        return memory.cpu_seconds(self.program.pid)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Its worker comes no further: the process that scans is stopped, and goes on at the end."""
        scanners = [pid for pid in memory.tree(self.program.pid) if _SCANNER in memory.words_of(pid)]
        if not scanners:
            raise Unavailable("the server has no process that scans")
        for pid in scanners:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in scanners:
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def served(stand: Stand, database: str, tiny: Path, url: str | None = None) -> AsyncIterator[Server]:
    """A server on an empty catalogue, or on that of a URL, warm: it has scanned a few files."""
    url = url or stand.new_database(database)
    async with stand.app(url) as app:
        _, secret = await app.accounts.add_token("bench", Right.ADMIN)
        await app.accounts.add_user(USER, PASSWORD, Right.ADMIN)
        with stand.program(url, "serve", "--port", "0", "--workers", "1") as program:
            await until(lambda: _LISTENS.search(program.said()) or program.ended, "a server to answer")
            found = _LISTENS.search(program.said())
            if found is None:
                raise Unavailable(f"a server ended: {program.said()[-300:]}")
            await warmed(app, await add_library(app, "Tiny", tiny))
            yield Server(found[1], secret, app, program)
