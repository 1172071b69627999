"""Files that are gone and files that are there, by equal content: what may be one and the same over time.

Statements for the end of a scan, beside `moves`, which pairs what went and came within one scan. Each looks
at what changed in this scan and at rows of equal signature, never at all of a library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import SCANS, JobStatus
from shelfread.model.likeness import Why
from shelfread.store.files import sliced
from shelfread.store.tables import folders, libraries, likenesses, media_files, removals, roots
from shelfread.store.tables import library_scan_jobs as jobs

#: So many missing files are asked one by one whether they are there again; more are asked by what is new.
_FEW = 1000


class Twin(NamedTuple):
    """A file whose content another one has, too."""

    file_id: int
    signature: bytes
    #: Microseconds.
    added_at: int
    root_id: int
    folder_id: int
    #: The folder it is in, relative to the root.
    folder: bytes
    name: bytes
    #: Marked missing by an earlier scan.
    lost: bool
    #: Found gone by this scan.
    gone: bool
    #: The library it is in.
    library_id: int = 0


async def signatures(
    connection: AsyncConnection,
    library_id: int,
    job_seq: int,
    *,
    since: int,
    horizon: int,
    others: Sequence[int] = (),
) -> set[bytes]:
    """Contents of which something went or came in this scan, while another row has the same.

    Those of files that may have gone from one library to another are among them as long as it is open.

    Args:
        connection: to read with.
        library_id: whose files.
        job_seq: the scan that noted what is gone.
        since: rows added later are new in this scan; microseconds.
        horizon: what was added or went missing before it counts no more; microseconds.
        others: libraries that its files may have come from, or gone to.
    """
    other = media_files.alias()
    # Asked of each new row: started from, it would be all of the library.
    own = (
        select(roots.c.library_id)
        .select_from(folders.join(roots, roots.c.id == folders.c.root_id))
        .where(folders.c.id == media_files.c.folder_id)
        .correlate(media_files)
        .scalar_subquery()
    )
    went = (
        select(media_files.c.signature)
        .select_from(removals.join(media_files, media_files.c.id == removals.c.file_id))
        .where(
            removals.c.job_seq == job_seq,
            media_files.c.signature.is_not(None),
            exists().where(
                other.c.signature == media_files.c.signature,
                other.c.added_at > horizon,
                other.c.added_at > media_files.c.added_at,
                other.c.status != "missing",
            ),
        )
        .distinct()
    )
    found = set((await connection.execute(went)).scalars())
    if others:
        found |= await _open_between(connection, library_id, others)
    recent = (
        select(media_files.c.signature)
        .where(
            media_files.c.missing_at > horizon,
            media_files.c.signature.is_not(None),
            own.in_([library_id, *others]),
        )
        .limit(_FEW + 1)
    )
    missing = sorted(set((await connection.execute(recent)).scalars()))
    came = (
        select(media_files.c.signature)
        .where(media_files.c.added_at > since, media_files.c.status != "missing", own == library_id)
        .distinct()
    )
    if len(missing) <= _FEW:
        # A first scan has added all it knows, and few files are missing: asked by those.
        for part in sliced(missing):
            rows = await connection.execute(came.where(media_files.c.signature.in_(part)))
            found.update(row[0] for row in rows)
    else:
        twin = exists().where(
            other.c.signature == media_files.c.signature,
            other.c.status == "missing",
            other.c.missing_at > horizon,
        )
        found |= set((await connection.execute(came.where(twin))).scalars())
    return found


async def _open_between(connection: AsyncConnection, library_id: int, others: Sequence[int]) -> set[bytes]:
    """Contents of files of which it could not be settled yet that they went from one library to the other."""
    old, new = media_files.alias(), media_files.alias()
    old_folder, new_folder = folders.alias(), folders.alias()
    old_root, new_root = roots.alias(), roots.alias()
    rows = await connection.execute(
        select(old.c.signature)
        .select_from(likenesses)
        .join(old, old.c.id == likenesses.c.old_file_id)
        .join(old_folder, old_folder.c.id == old.c.folder_id)
        .join(old_root, old_root.c.id == old_folder.c.root_id)
        .join(new, new.c.id == likenesses.c.new_file_id)
        .join(new_folder, new_folder.c.id == new.c.folder_id)
        .join(new_root, new_root.c.id == new_folder.c.root_id)
        .where(
            # The scan that asked was of either library.
            likenesses.c.library_id.in_([library_id, *others]),
            likenesses.c.state == "open",
            likenesses.c.why == Why.CONTENT.value,
            old.c.signature.is_not(None),
            old_root.c.library_id != new_root.c.library_id,
            or_(old_root.c.library_id == library_id, new_root.c.library_id == library_id),
        )
        .distinct()
    )
    return set(rows.scalars())


async def having(
    connection: AsyncConnection,
    library_id: int,
    job_seq: int,
    wanted: Collection[bytes],
    horizon: int,
    others: Sequence[int] = (),
) -> list[Twin]:
    """The files of these libraries with these signatures, without those that were missing before `horizon`.

    Nor are those among them that another library holds as gone.
    """
    found: list[Twin] = []
    # Asked of each row that is found: joined, SQLite begins with the library and reads all of its files.
    owner = (
        select(roots.c.library_id)
        .where(roots.c.id == folders.c.root_id)
        .correlate(folders)
        .scalar_subquery()
        .label("library_id")
    )
    gone = (
        select(removals.c.file_id)
        .where(removals.c.job_seq == job_seq, removals.c.file_id == media_files.c.id)
        .correlate(media_files)
        .exists()
        .label("gone")
    )
    noted = exists().where(removals.c.file_id == media_files.c.id).correlate(media_files)
    for part in sliced(sorted(wanted)):
        rows = await connection.execute(
            select(
                media_files.c.id,
                media_files.c.signature,
                media_files.c.added_at,
                folders.c.root_id,
                folders.c.id,
                folders.c.path,
                media_files.c.name,
                (media_files.c.status == "missing").label("lost"),
                gone,
                owner,
            )
            .join(folders, folders.c.id == media_files.c.folder_id)
            .where(
                media_files.c.signature.in_(part),
                owner.element.in_([library_id, *others]),
                or_(owner.element == library_id, ~noted),
                or_(media_files.c.status != "missing", media_files.c.missing_at > horizon),
            )
            .order_by(media_files.c.id)
        )
        found += [Twin._make((*row[:7], bool(row.lost), bool(row.gone), row.library_id)) for row in rows]
    return found


async def scan_ends(connection: AsyncConnection, library_id: int) -> list[int]:
    """Until when each completed scan of a library, and an import, added rows, in order; microseconds.

    Of the scans before an import nothing is known: what it told was all there before the scans after it.
    """
    rows = await connection.execute(
        select(func.coalesce(jobs.c.rows_until, jobs.c.completed_at)).where(
            jobs.c.library_id == library_id,
            jobs.c.status == JobStatus.COMPLETED.value,
            jobs.c.type.in_([one.value for one in SCANS]),
        )
    )
    told = await connection.execute(select(libraries.c.known_until).where(libraries.c.id == library_id))
    times = [*rows.scalars(), told.scalar_one_or_none()]
    return sorted(time for time in times if time is not None)


def scanned_between(ends: Sequence[int], old: int, new: int) -> bool:
    """Whether a scan ended after the one file was added and before the other was; all in microseconds."""
    place = bisect_left(ends, old)
    return place < len(ends) and ends[place] < new
