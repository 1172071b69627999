"""Files that a scan found gone: candidates while it runs, moved or missing at its end, or held.

Statements for the finishing transaction and for the person who confirms or rejects what was held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import delete, exists, false, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import Scope
from shelfread.model.missing import MissingReason
from shelfread.model.problem import ProblemCode
from shelfread.store.database import insert_rows
from shelfread.store.files import below, sliced
from shelfread.store.tables import folders, media_files, problems, removals, roots


class Candidate(NamedTuple):
    """A file that was not listed where the catalogue has it."""

    file_id: int
    root_id: int
    folder_id: int
    #: Relative to the root.
    path: bytes


async def add(connection: AsyncConnection, job_seq: int, rows: Sequence[tuple[int, int]]) -> None:
    """Note candidates: (file id, root id)."""
    await insert_rows(
        connection,
        removals,
        ("job_seq", "file_id", "root_id", "held"),
        [(job_seq, file_id, root_id, False) for file_id, root_id in rows],
    )


async def add_below(
    connection: AsyncConnection, job_seq: int, root_id: int, path: bytes, spare: Sequence[bytes]
) -> None:
    """Note every present file at and below a folder that is gone, but nothing below the spared ones."""
    query = (
        select(
            literal(job_seq).label("job_seq"),
            media_files.c.id,
            folders.c.root_id,
            false().label("held"),
        )
        .join(folders, folders.c.id == media_files.c.folder_id)
        .where(folders.c.root_id == root_id, below(path), media_files.c.status != "missing")
    )
    for kept in spare:
        query = query.where(~below(kept))
    await connection.execute(insert(removals).from_select(["job_seq", "file_id", "root_id", "held"], query))


async def drop_problems_below(
    connection: AsyncConnection, root_id: int, path: bytes, spare: Sequence[bytes]
) -> None:
    """Forget what was wrong with names and folders at and below a folder that is gone.

    Problems of files stay with their files, those of mounts with their mounts, and what is below the spared
    folders stays too.
    """
    gone = select(folders.c.id).where(folders.c.root_id == root_id, below(path))
    for kept in spare:
        gone = gone.where(~below(kept))
    await connection.execute(
        delete(problems).where(
            problems.c.folder_id.in_(gone),
            problems.c.file_id.is_(None),
            problems.c.code != ProblemCode.MOUNT_UNAVAILABLE.value,
        )
    )


async def mounted_below(connection: AsyncConnection, root_id: int, path: bytes) -> list[bytes]:
    """Folders at and below a path on which another filesystem was mounted."""
    rows = await connection.execute(
        select(folders.c.path).where(folders.c.root_id == root_id, below(path), folders.c.mounted.is_(True))
    )
    return [row[0] for row in rows]


async def any_left(connection: AsyncConnection, root_ids: Sequence[int]) -> bool:
    """Whether candidates of an earlier scan of these roots are still noted."""
    found = await connection.execute(
        select(removals.c.file_id).where(removals.c.root_id.in_(root_ids)).limit(1)
    )
    return found.first() is not None


async def any_held(connection: AsyncConnection, root_id: int) -> bool:
    """Whether removals of this root wait for a person."""
    found = await connection.execute(
        select(removals.c.file_id).where(removals.c.root_id == root_id, removals.c.held.is_(True)).limit(1)
    )
    return found.first() is not None


async def forget(connection: AsyncConnection, scopes: Sequence[Scope]) -> None:
    """Drop what earlier scans noted or hold in these scopes: this scan finds it again, if it is so."""
    for scope in scopes:
        statement = delete(removals).where(removals.c.root_id == scope.root_id)
        if scope.relative:
            # Asked of each row that is left over: they are few, the files of a scope are not.
            statement = statement.where(
                exists()
                .where(media_files.c.id == removals.c.file_id, folders.c.id == media_files.c.folder_id)
                .where(below(scope.relative))
            )
        await connection.execute(statement)


async def forget_noted(connection: AsyncConnection, job_seq: int) -> None:
    """Drop what an earlier attempt of a job noted: a root that was there then may be away now."""
    await connection.execute(
        delete(removals).where(removals.c.job_seq == job_seq, removals.c.held.is_(False))
    )


async def candidates(connection: AsyncConnection, job_seq: int, after: int, limit: int) -> list[Candidate]:
    """A page of a job's candidates by file id."""
    rows = await connection.execute(
        select(removals.c.file_id, folders.c.root_id, folders.c.id, folders.c.path, media_files.c.name)
        .join(media_files, media_files.c.id == removals.c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .where(removals.c.job_seq == job_seq, removals.c.file_id > after)
        .order_by(removals.c.file_id)
        .limit(limit)
    )
    return [Candidate(row[0], row[1], row[2], row[3] + b"/" + row[4] if row[3] else row[4]) for row in rows]


async def drop(connection: AsyncConnection, file_ids: Sequence[int]) -> None:
    """These files are there after all."""
    for part in sliced(file_ids):
        await connection.execute(delete(removals).where(removals.c.file_id.in_(part)))


async def left(connection: AsyncConnection, job_seq: int) -> dict[int, int]:
    """How many candidates of a job are left in each root."""
    rows = await connection.execute(
        select(removals.c.root_id, func.count())
        .where(removals.c.job_seq == job_seq)
        .group_by(removals.c.root_id)
    )
    return {row[0]: row[1] for row in rows}


async def roots_of(connection: AsyncConnection, file_ids: Sequence[int]) -> Counter[int]:
    """How many of these candidates each root has."""
    found: Counter[int] = Counter()
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(removals.c.root_id, func.count())
            .where(removals.c.file_id.in_(part))
            .group_by(removals.c.root_id)
        )
        found.update({row[0]: row[1] for row in rows})
    return found


async def present(
    connection: AsyncConnection, scopes: Sequence[Scope], enough: Mapping[int, int], before: int | None = None
) -> dict[int, int]:
    """How many present items the catalogue has in each root, inside the scopes.

    `enough` says how far to count in each root, so that a count costs no more in a large library; other
    roots are not counted. With `before` only those that were added earlier count.
    """
    found: Counter[int] = Counter()
    for scope in scopes:
        limit = enough.get(scope.root_id, 0) - found[scope.root_id]
        if limit <= 0:
            continue
        query = (
            select(media_files.c.id)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .where(
                folders.c.root_id == scope.root_id,
                below(scope.relative),
                media_files.c.status != "missing",
            )
        )
        if before is not None:
            query = query.where(media_files.c.added_at < before)
        counted = select(func.count()).select_from(query.limit(limit).subquery())
        found[scope.root_id] += int((await connection.execute(counted)).scalar_one())
    return dict(found)


async def mark_missing(
    connection: AsyncConnection,
    job_seq: int,
    root_id: int,
    now: int,
    *,
    gone_folders: Collection[bytes] = (),
    left_out: Collection[int] = (),
) -> list[int]:
    """The candidates left in a root are missing from now on; nothing is deleted. Gives their ids.

    Args:
        connection: of the transaction.
        job_seq: whose candidates.
        root_id: where.
        now: since when, in microseconds.
        gone_folders: what is below these is missing because they are gone.
        left_out: files that are there, and that a rule leaves out.
    """
    mine = (removals.c.job_seq == job_seq, removals.c.root_id == root_id)
    rows = await connection.execute(
        select(removals.c.file_id, folders.c.path)
        .join(media_files, media_files.c.id == removals.c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .where(*mine)
    )
    reasons: dict[int, MissingReason] = {}
    for file_id, folder in rows:
        if file_id in left_out:
            reasons[file_id] = MissingReason.LEFT_OUT
        elif any(above in gone_folders for above in _and_above(folder)):
            reasons[file_id] = MissingReason.FOLDER_GONE
        else:
            reasons[file_id] = MissingReason.GONE
    await _mark(connection, reasons, now, {"changed_by": job_seq, "change": "missing"})
    await connection.execute(delete(removals).where(*mine))
    return sorted(reasons)


async def _mark(
    connection: AsyncConnection,
    reasons: Mapping[int, MissingReason],
    now: int,
    changed: Mapping[str, int | str],
) -> None:
    for reason in MissingReason:
        ids = sorted(file_id for file_id, why in reasons.items() if why is reason)
        values = {"status": "missing", "missing_at": now, "missing_reason": reason.value, **changed}
        for part in sliced(ids):
            await connection.execute(update(media_files).where(media_files.c.id.in_(part)).values(**values))


def _and_above(path: bytes) -> Iterator[bytes]:
    while path:
        yield path
        path = path.rpartition(b"/")[0]


async def hold(connection: AsyncConnection, job_seq: int, root_id: int) -> None:
    """The candidates left in a root wait for a person."""
    await connection.execute(
        update(removals).where(removals.c.job_seq == job_seq, removals.c.root_id == root_id).values(held=True)
    )


async def held(connection: AsyncConnection, library_id: int) -> list[Candidate]:
    """Every held removal of a library."""
    rows = await connection.execute(
        select(removals.c.file_id, folders.c.root_id, folders.c.id, folders.c.path, media_files.c.name)
        .join(media_files, media_files.c.id == removals.c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .join(roots, roots.c.id == folders.c.root_id)
        .where(roots.c.library_id == library_id, removals.c.held.is_(True))
        .order_by(removals.c.file_id)
    )
    return [Candidate(row[0], row[1], row[2], row[3] + b"/" + row[4] if row[3] else row[4]) for row in rows]


async def settle_held(
    connection: AsyncConnection,
    root_ids: Sequence[int],
    missing: Sequence[int],
    now: int,
    *,
    folder_gone: Collection[int] = (),
    left_out: Sequence[int] = (),
) -> None:
    """End the hold of some roots: `missing` and `left_out` are marked so, the others stay as they are.

    Of `missing`, those in `folder_gone` are so because their folder is; `left_out` are hidden by a rule.
    """
    why = {True: MissingReason.FOLDER_GONE, False: MissingReason.GONE}
    reasons = {file_id: why[file_id in folder_gone] for file_id in missing}
    # No job did it: what the last one made of these files stays told.
    await _mark(connection, reasons | dict.fromkeys(left_out, MissingReason.LEFT_OUT), now, {})
    await connection.execute(
        delete(removals).where(removals.c.root_id.in_(root_ids), removals.c.held.is_(True))
    )
    await connection.execute(
        delete(problems).where(
            problems.c.root_id.in_(root_ids), problems.c.code == ProblemCode.MASS_REMOVAL_HELD.value
        )
    )
