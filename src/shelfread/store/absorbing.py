"""A new root takes in roots that lie below it; what is catalogued of them stays (PROMISES decision 10).

Folders get a longer path and files keep their rows, so nothing is read again and no id changes. One
transaction, and only while no job of these roots waits or runs: its scope would mean something else. Knows no
disk; what is a mount is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.beside import BESIDE_OTHERS
from shelfread.model.catalogue import NewFolder
from shelfread.model.job import JobStatus, Reason
from shelfread.model.library import RootState
from shelfread.store import job_queueing, jobs
from shelfread.store.clock import now_us, text_of
from shelfread.store.database import Database, run_many
from shelfread.store.files import ensure_folders
from shelfread.store.ids import next_id
from shelfread.store.libraries import RootsChanged
from shelfread.store.problems import storable
from shelfread.store.tables import folders, problems, removals, roots


class RootsInUse(Exception):
    """A job of these roots waits or runs."""


class Inner(NamedTuple):
    """A root that is taken in."""

    root_id: int
    #: Where it lies below the new one.
    below: bytes
    #: Of the folders from the new root down to it, those where a filesystem is mounted.
    mounts: frozenset[bytes]


async def absorb(
    database: Database, library_id: int, path: bytes, inner: Sequence[Inner], seen: Collection[int]
) -> int:
    """Give a library a root in the place of some that lie below it; gives its id.

    Raises:
        RootsInUse: a job of one of them waits or runs.
        RootsChanged: one of them is gone, or there are roots that the caller has not seen.
    """

    async def work(connection: AsyncConnection) -> int:
        if not await jobs.lock_library(connection, library_id):
            raise RootsChanged
        # From here on nobody else adds a root.
        new_id = await next_id(connection, "roots")
        there = {row.id: row.library_id for row in await connection.execute(select(roots))}
        own = {one.root_id for one in inner}
        if set(there) - set(seen) or any(there.get(root_id) != library_id for root_id in own):
            raise RootsChanged
        waiting = await jobs.queued_for(connection, library_id)
        for job in [*waiting, *await jobs.running(connection, library_id)]:
            if not any(scope.root_id in own for scope in job.scopes):
                continue
            if job.type in BESIDE_OTHERS:
                # What it is to do stands noted, and the scan that comes now has it queued again. One that
                # runs leaves alone what it does not find under its old root.
                if job.status is JobStatus.QUEUED:
                    await job_queueing.end_queued(connection, job, now_us(), Reason.ABSORBED, {})
            else:
                raise RootsInUse(
                    f"job {job.id} of this library is {job.status.value}; ask again when it has ended"
                )
        await connection.execute(
            insert(roots).values(
                id=new_id,
                library_id=library_id,
                path=path,
                path_text=text_of(path),
                state=RootState.NEW.value,
                confirmed=False,
            )
        )
        for one in inner:
            await _take(connection, new_id, one)
        return new_id

    return await database.write(work)


async def _take(connection: AsyncConnection, new_id: int, one: Inner) -> None:
    found = await connection.execute(
        select(folders.c.id, folders.c.path).where(folders.c.root_id == one.root_id)
    )
    moving = [(row.id, row.path) for row in found]
    if moving:
        parent = await _chain(connection, new_id, one)
        # No digest: the rules of folders above may count here now. Files are compared, not read again.
        changes = [
            (new_id, full, text_of(full), row_id) for row_id, path in moving for full in [_under(one, path)]
        ]
        await run_many(
            connection,
            "UPDATE folders SET root_id = ?, path = ?, path_text = ?, digest = NULL WHERE id = ?",
            changes,
        )
        top = [row_id for row_id, path in moving if path == b""]
        await connection.execute(
            update(folders)
            .where(folders.c.id.in_(top))
            .values(parent_id=parent, mounted=one.below in one.mounts)
        )
    await connection.execute(update(removals).where(removals.c.root_id == one.root_id).values(root_id=new_id))
    rows = await connection.execute(
        select(problems.c.id, problems.c.path).where(
            problems.c.root_id == one.root_id, problems.c.path != b""
        )
    )
    await run_many(
        connection,
        "UPDATE problems SET root_id = ?, path = ?, path_text = ? WHERE id = ?",
        [(new_id, full, text_of(full), row.id) for row in rows for full in [storable(_under(one, row.path))]],
    )
    # Goes with what is left: trouble with the root itself, which the next scan would find again.
    await connection.execute(delete(roots).where(roots.c.id == one.root_id))


async def _chain(connection: AsyncConnection, new_id: int, one: Inner) -> int:
    """The rows of the folders from the new root down to the one above what is taken in; gives the last."""
    parts = one.below.split(b"/")
    above = [b"/".join(parts[:length]) for length in range(len(parts))]
    first = await next_id(connection, "folders", len(above))
    chain = [
        NewFolder(first + number, new_id, None, path, path in one.mounts) for number, path in enumerate(above)
    ]
    return (await ensure_folders(connection, chain))[-1]


def _under(one: Inner, path: bytes) -> bytes:
    return one.below + b"/" + path if path else one.below
