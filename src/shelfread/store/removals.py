"""Files that a scan found gone: candidates while it runs, moved or missing at its end, or held.

Statements for the finishing transaction and for the person who confirms or rejects what was held.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, insert, literal, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from shelfread.model.catalogue import FolderWrite
from shelfread.model.job import Scope
from shelfread.store.database import insert_rows, run_many
from shelfread.store.files import below, sliced
from shelfread.store.tables import aliases, folders, media_files, problems, removals, roots


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


async def forget(connection: AsyncConnection, scopes: Sequence[Scope]) -> None:
    """Drop what earlier scans noted or hold in these scopes: this scan finds it again, if it is so."""
    for scope in scopes:
        inside = (
            select(media_files.c.id)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .where(folders.c.root_id == scope.root_id, below(scope.relative))
        )
        await connection.execute(delete(removals).where(removals.c.file_id.in_(inside)))


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


async def moves(
    connection: AsyncConnection, job_seq: int, since: int, *, stable_roots: Sequence[int]
) -> list[tuple[int, int]]:
    """Pairs (new row, old row) of candidates that turned up elsewhere in the library (DESIGN rule 3).

    First by (inode, size, mtime) inside one root whose inodes are stable, then by content signature. Only
    rows added after `since` count as new. More than one match on either side is no match.
    """
    old, new = aliased(media_files), aliased(media_files)
    old_folder, new_folder = aliased(folders), aliased(folders)
    old_root, new_root = aliased(roots), aliased(roots)
    pairs = (
        select(new.c.id, old.c.id)
        .select_from(removals)
        .join(old, old.c.id == removals.c.file_id)
        .join(old_folder, old_folder.c.id == old.c.folder_id)
        .join(old_root, old_root.c.id == old_folder.c.root_id)
    )
    is_new = and_(
        new.c.id != old.c.id,
        new.c.status != "missing",
        new.c.added_at > since,
        ~exists().where(removals.c.file_id == new.c.id, removals.c.job_seq == job_seq).correlate(new),
    )

    async def matched(
        same: ColumnElement[bool], where: ColumnElement[bool], taken: set[int]
    ) -> list[tuple[int, int]]:
        query = (
            pairs.join(new, same)
            .join(new_folder, and_(new_folder.c.id == new.c.folder_id, where))
            .join(new_root, new_root.c.id == new_folder.c.root_id)
            .where(removals.c.job_seq == job_seq, is_new, old_root.c.library_id == new_root.c.library_id)
        )
        found = [
            (row[0], row[1])
            for row in await connection.execute(query)
            if row[0] not in taken and row[1] not in taken
        ]
        news, olds = Counter(pair[0] for pair in found), Counter(pair[1] for pair in found)
        return [pair for pair in found if news[pair[0]] == 1 and olds[pair[1]] == 1]

    result: list[tuple[int, int]] = []
    if stable_roots:
        result += await matched(
            and_(
                new.c.inode == old.c.inode,
                new.c.size == old.c.size,
                new.c.mtime_ns == old.c.mtime_ns,
            ),
            # One filesystem: the device number cannot tell, it changes at a reboot.
            and_(new_folder.c.root_id == old_folder.c.root_id, old_folder.c.root_id.in_(stable_roots)),
            set(),
        )
    taken = {row_id for pair in result for row_id in pair}
    result += await matched(new.c.signature == old.c.signature, true(), taken)
    return sorted(result, key=lambda pair: pair[1])


class Merged(NamedTuple):
    """A row that a move made redundant, as it was counted."""

    status: str
    #: When it was added, microseconds.
    added_at: int


async def merge_rows(connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> list[Merged]:
    """Give the old rows the place and facts of the new ones, and leave the new ids as aliases.

    The kind's own rows must have changed hands before: a new row goes with everything that refers to it.
    Pairs are (new, old). Gives what each new row was.
    """
    merged: list[Merged] = []
    updates: list[tuple[object, ...]] = []
    columns = [
        media_files.c[name]
        for name in (
            "folder_id",
            "name",
            "name_text",
            "size",
            "mtime_ns",
            "ctime_ns",
            "device",
            "inode",
            "status",
            "unsettled",
            "parser_version",
            "signature",
            "reading_hash",
            "read_job",
            "seen_at",
        )
    ]
    old_of = dict(pairs)
    for part in sliced(list(old_of)):
        for row in await connection.execute(
            select(media_files.c.id, media_files.c.added_at, *columns).where(media_files.c.id.in_(part))
        ):
            merged.append(Merged(row.status, row.added_at))
            updates.append((*row[2:], old_of[row.id]))
    for part in sliced([old for _, old in pairs]):
        await connection.execute(delete(problems).where(problems.c.file_id.in_(part)))
        await connection.execute(delete(removals).where(removals.c.file_id.in_(part)))
    values = [(old, new) for new, old in pairs]
    await run_many(connection, "UPDATE problems SET file_id = ? WHERE file_id = ?", values)
    await run_many(connection, "UPDATE aliases SET file_id = ? WHERE file_id = ?", values)
    for part in sliced([new for new, _ in pairs]):
        await connection.execute(delete(media_files).where(media_files.c.id.in_(part)))
    names = ", ".join(f"{column.name} = ?" for column in columns)
    statement = f"UPDATE media_files SET {names}, missing_at = NULL WHERE id = ?"  # noqa: S608 - our own names
    await run_many(connection, statement, updates)
    await insert_rows(connection, aliases, ("old_id", "file_id"), list(pairs))
    return merged


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


async def folders_of(connection: AsyncConnection, file_ids: Sequence[int]) -> list[FolderWrite]:
    """The folders of some files, each once, as writes that bring nothing."""
    found: dict[int, FolderWrite] = {}
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(folders.c.id, folders.c.root_id, folders.c.path)
            .join(media_files, media_files.c.folder_id == folders.c.id)
            .where(media_files.c.id.in_(part))
            .distinct()
        )
        found.update({row[0]: FolderWrite(row[0], row[1], row[2], known=True) for row in rows})
    return [found[folder_id] for folder_id in sorted(found)]


async def present(connection: AsyncConnection, scopes: Sequence[Scope]) -> dict[int, int]:
    """How many present items the catalogue has in each root, inside the scopes."""
    found: dict[int, int] = defaultdict(int)
    for scope in scopes:
        count = await connection.execute(
            select(func.count())
            .select_from(media_files.join(folders, folders.c.id == media_files.c.folder_id))
            .where(
                folders.c.root_id == scope.root_id,
                below(scope.relative),
                media_files.c.status != "missing",
            )
        )
        found[scope.root_id] += int(count.scalar_one())
    return dict(found)


async def mark_missing(connection: AsyncConnection, job_seq: int, root_id: int, now: int) -> None:
    """The candidates left in a root are missing from now on; nothing is deleted."""
    which = select(removals.c.file_id).where(removals.c.job_seq == job_seq, removals.c.root_id == root_id)
    await connection.execute(
        update(media_files).where(media_files.c.id.in_(which)).values(status="missing", missing_at=now)
    )
    await connection.execute(
        delete(removals).where(removals.c.job_seq == job_seq, removals.c.root_id == root_id)
    )


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


async def settle_held(connection: AsyncConnection, library_id: int, missing: Sequence[int], now: int) -> None:
    """End the hold of a library: `missing` are marked so, the others stay as they are."""
    for part in sliced(missing):
        await connection.execute(
            update(media_files).where(media_files.c.id.in_(part)).values(status="missing", missing_at=now)
        )
    mine = select(roots.c.id).where(roots.c.library_id == library_id)
    await connection.execute(delete(removals).where(removals.c.root_id.in_(mine), removals.c.held.is_(True)))
    await connection.execute(
        delete(problems).where(problems.c.root_id.in_(mine), problems.c.code == "mass_removal_held")
    )
