"""A scan in a process of its own, to be killed: tells on standard output how far it is.

Called as `scan_driver.py URL LIBRARY_ID MODE`. Prints a line before ("+ N") and after ("- N") each of its
transactions, and "end" when all is done.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from shelfread.app import KINDS, open_app
from shelfread.queue.running import RunningJob
from shelfread.scan.plan import Mode
from shelfread.settings import Settings
from shelfread.tasks.library_scan import PoolSizes, warm

_Step = Callable[..., Coroutine[Any, Any, None]]


def _told(step: _Step, numbers: itertools.count[int]) -> _Step:
    async def told(*arguments: Any) -> None:
        number = next(numbers)
        # Straight to the pipe: a line must be out before whatever follows it.
        os.write(1, f"+ {number}\n".encode())
        await step(*arguments)
        os.write(1, f"- {number}\n".encode())

    return told


async def main(url: str, library_id: int, mode: str) -> None:
    numbers = itertools.count(1)
    RunningJob.commit = _told(RunningJob.commit, numbers)  # type: ignore[method-assign]
    RunningJob.finish = _told(RunningJob.finish, numbers)  # type: ignore[method-assign]
    async with open_app(Settings(database_url=url, settle_seconds=0)) as app:
        library = await app.libraries.get(library_id)
        assert library is not None
        async with warm(KINDS[library.kind], PoolSizes(parsers=1, walkers=1)) as pools:
            await app.scan(library, mode=Mode(mode), pools=pools)
    os.write(1, b"end\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
