"""Conversions in processes of their own, to be killed.

Reads orders from standard input: `URL LIBRARY_ID STEP NTH`, and does each in a fork of itself, which ends
itself at the NTH time that it has done this step, as a kill would ("-": never). Answers with a line for the
process ("pid N"), one for each step, and one for its end ("exit CODE").
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback

from shelfread.app import KINDS
from shelfread.app.places import whole
from shelfread.model.job import JobType
from shelfread.queue.running import RunningJob
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.tasks.convert import convert_library_job
from shelfread.tasks.library_scan import Pools, PoolSizes


async def convert(url: str, library_id: int, last: str, nth: int) -> None:
    """Run one conversion job."""
    left = nth

    def at(step: str) -> None:
        nonlocal left
        os.write(1, f"{step}\n".encode())
        if step == last:
            left -= 1
            if left == 0:
                os._exit(9)

    database = Database(url)
    library = await LibraryRepository(database).get(library_id)
    assert library is not None
    pools = Pools(KINDS[library.kind], PoolSizes(parsers=1, walkers=1))
    scopes = whole(library)
    # Nothing here walks.
    await pools.parsers.start()
    job = await RunningJob.claim(database, library.id, JobType.CONVERT, scopes)
    await convert_library_job(database, job, library, scopes, pools, at=at)
    await job.close()
    await pools.parsers.close()
    await database.close()


def main() -> None:
    """Serve orders until there are none."""
    for line in sys.stdin:
        url, library_id, last, nth = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                asyncio.run(convert(url, int(library_id), last, int(nth)))
            except BaseException:  # noqa: BLE001 - the fork must end here whatever happened
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        os.write(1, f"pid {pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(1, f"exit {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
