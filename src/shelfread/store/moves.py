"""Files that turned up elsewhere: which of those that are gone moved, and how the two rows become one.

Statements for the finishing transaction, beside `removals`, which has the candidates.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FolderWrite
from shelfread.model.change import Change
from shelfread.store import former, ignoring, likenesses
from shelfread.store.database import insert_rows, run_many
from shelfread.store.files import FILE_COLUMNS, sliced
from shelfread.store.tables import aliases, conversions, folders, media_files, problems, removals, roots


async def found(
    connection: AsyncConnection,
    job_seq: int,
    since: int,
    *,
    stable_roots: Sequence[int],
    ends: Sequence[int] = (),
) -> list[tuple[int, int]]:
    """Pairs (new row, old row) of candidates that turned up elsewhere in the library (DESIGN rule 3).

    First by (inode, size, mtime) inside one root whose inodes are stable, then by content signature among
    those that are left. Only rows added after `since` count as new. More than one match on either side is
    no match; but of several that are gone, one that was there before counts alone: what a scan that did not
    come to its end saw in between was a stop on the way.

    Scans of parts may have seen a row that is new to this one: it takes no place of what came after it, nor
    of what came with it. `ends` says until when completed scans added rows, in order; microseconds.
    """
    pairs: list[tuple[int, int]] = []
    taken: CTE | None = None
    if stable_roots:
        facts = (media_files.c.inode, media_files.c.size, media_files.c.mtime_ns)
        # One filesystem: the device number cannot tell, it changes at a reboot.
        stable = folders.c.root_id.in_(stable_roots)
        same_file = _matches(job_seq, since, folders.c.root_id, facts, stable)
        pairs += _in_order(await connection.execute(same_file), ends)
        taken = same_file.cte("removals_matched") if pairs else None
    has_signature = media_files.c.signature.is_not(None)
    facts_of_content = (media_files.c.signature,)
    same_content = _matches(job_seq, since, roots.c.library_id, facts_of_content, has_signature, taken)
    pairs += _in_order(await connection.execute(same_content), ends)
    return sorted(pairs, key=lambda pair: pair[1])


def _in_order(rows: Iterable[Any], ends: Sequence[int]) -> list[tuple[int, int]]:
    """Without pairs that one completed scan found together: neither was there first."""
    return [
        (new, old)
        for new, old, new_added, old_added in rows
        if not bisect_left(ends, old_added) == bisect_left(ends, new_added) < len(ends)
    ]


def _matches(
    job_seq: int,
    since: int,
    place: ColumnElement[int],
    facts: Sequence[ColumnElement[Any]],
    where: ColumnElement[bool],
    taken: CTE | None = None,
) -> Select[int, int, int, int]:
    """Pairs (new row, old row, when each was added) that alone share place and facts, on either side.

    Candidates that are alone come first, so that many equal files are counted and never paired. The place
    of a new row is asked and not joined: PostgreSQL without statistics would start from it, and go through
    the whole library for each candidate.
    """
    named = [fact.label(f"fact_{number}") for number, fact in enumerate(facts)]
    settled = func.min(case((media_files.c.added_at <= since, media_files.c.id)))
    settled_at = func.min(case((media_files.c.added_at <= since, media_files.c.added_at)))
    many_settled = func.count(case((media_files.c.added_at <= since, media_files.c.id)))
    candidate = (
        select(
            func.coalesce(settled, func.min(media_files.c.id)).label("old_id"),
            func.coalesce(settled_at, func.min(media_files.c.added_at)).label("old_added"),
            place.label("place"),
            *named,
        )
        .select_from(removals)
        .join(media_files, media_files.c.id == removals.c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .join(roots, roots.c.id == folders.c.root_id)
        .where(removals.c.job_seq == job_seq, where)
        .group_by(place, *facts)
        .having(or_(func.count() == 1, many_settled == 1))
    )
    if taken is not None:
        candidate = candidate.where(media_files.c.id.not_in(select(taken.c.old_id)))
    alone = candidate.subquery("removals_alone")
    same = [fact == alone.c[column.name] for fact, column in zip(facts, named, strict=True)]
    place_of_new = (
        select(place)
        .select_from(folders.join(roots, roots.c.id == folders.c.root_id))
        .where(folders.c.id == media_files.c.folder_id)
        .correlate(media_files)
        .scalar_subquery()
    )
    query = (
        select(
            func.min(media_files.c.id).label("new_id"),
            alone.c.old_id,
            func.min(media_files.c.added_at).label("new_added"),
            alone.c.old_added,
        )
        .select_from(alone.join(media_files, and_(*same)))
        .where(
            place_of_new == alone.c.place,
            media_files.c.status != "missing",
            media_files.c.added_at > since,
            media_files.c.added_at >= alone.c.old_added,
            ~exists()
            .where(removals.c.job_seq == job_seq, removals.c.file_id == media_files.c.id)
            .correlate(media_files),
        )
        .group_by(alone.c.old_id, alone.c.old_added)
        .having(func.count() == 1)
    )
    return query if taken is None else query.where(media_files.c.id.not_in(select(taken.c.new_id)))


async def hand_over(
    connection: AsyncConnection, table: Table, belongings: Sequence[Table], pairs: Sequence[tuple[int, int]]
) -> None:
    """Give old rows of a kind what the new rows say that they turned out to be: pairs of (new, old).

    Args:
        connection: in the finishing transaction.
        table: the kind's rows, by `file_id`; those of the old files must have been taken out.
        belongings: tables whose `file_id` refers to it.
        pairs: ids of files.
    """
    columns = ", ".join(column.name for column in table.c if column.name != "file_id")
    values = [(old, new) for new, old in pairs]
    # The copy comes first: what belongs to a row refers to one that must be there.
    await run_many(
        connection,
        # The names are those of our own tables.
        f"INSERT INTO {table.name} (file_id, {columns}) "  # noqa: S608
        f"SELECT ?, {columns} FROM {table.name} WHERE file_id = ?",
        values,
    )
    for one in belongings:
        await run_many(connection, f"UPDATE {one.name} SET file_id = ? WHERE file_id = ?", values)  # noqa: S608
    for part in sliced([new for new, _ in pairs]):
        await connection.execute(delete(table).where(table.c.file_id.in_(part)))


class Merged(NamedTuple):
    """A row that a move made redundant, as it was counted."""

    status: str
    #: When it was added, microseconds.
    added_at: int
    #: The job (its seq) that read it last.
    read_job: int
    root_id: int
    #: The folder it is in, relative to the root.
    folder: bytes


async def merge_rows(
    connection: AsyncConnection, pairs: Sequence[tuple[int, int]], now: int, job_seq: int | None = None
) -> list[Merged]:
    """Give the old rows the place and facts of the new ones, and leave the new ids as aliases.

    The kind's own rows must have changed hands before: a new row goes with everything that refers to it.
    Pairs are (new, old); `job_seq` is the job that found that they moved, if one did. `now` is in
    microseconds. Gives what each new row was.
    """
    merged: list[Merged] = []
    updates: list[tuple[object, ...]] = []
    # Everything but what the old row keeps: its id, and when it was added. The last two: who changed it.
    columns = [media_files.c[name] for name in FILE_COLUMNS if name not in ("id", "added_at")]
    old_of = dict(pairs)
    for part in sliced(list(old_of)):
        for row in await connection.execute(
            select(media_files.c.id, media_files.c.added_at, folders.c.root_id, folders.c.path, *columns)
            .join(folders, folders.c.id == media_files.c.folder_id)
            .where(media_files.c.id.in_(part))
        ):
            merged.append(Merged(row.status, row.added_at, row.read_job, row.root_id, row.path))
            changed = row[-2:] if job_seq is None else (job_seq, Change.MOVED.value)
            updates.append((*row[4:-2], *changed, old_of[row.id]))
    await former.note(connection, pairs, now)
    await ignoring.follow(connection, pairs)
    for part in sliced([old for _, old in pairs]):
        await connection.execute(delete(problems).where(problems.c.file_id.in_(part)))
        await connection.execute(delete(removals).where(removals.c.file_id.in_(part)))
    values = [(old, new) for new, old in pairs]
    await run_many(connection, "UPDATE problems SET file_id = ? WHERE file_id = ?", values)
    await _keep_conversions(connection, values)
    await run_many(connection, "UPDATE aliases SET file_id = ? WHERE file_id = ?", values)
    await likenesses.follow(connection, pairs)
    for part in sliced([new for new, _ in pairs]):
        await connection.execute(delete(media_files).where(media_files.c.id.in_(part)))
    names = ", ".join(f"{column.name} = ?" for column in columns)
    statement = f"UPDATE media_files SET {names}, missing_at = NULL, missing_reason = NULL WHERE id = ?"  # noqa: S608 - ours
    await run_many(connection, statement, updates)
    await insert_rows(connection, aliases, ("old_id", "file_id"), list(pairs))
    return merged


async def _keep_conversions(connection: AsyncConnection, values: Sequence[tuple[int, int]]) -> None:
    """A book that was converted stays known as such under the old id: (old row, new row)."""
    own = [new for _, new in values]
    converted: set[int] = set()
    for part in sliced(own):
        rows = await connection.execute(select(conversions.c.file_id).where(conversions.c.file_id.in_(part)))
        converted.update(rows.scalars())
    moving = [(old, new) for old, new in values if new in converted]
    # What was known of the old file speaks of a file that is gone.
    await run_many(
        connection, "UPDATE conversions SET file_id = NULL WHERE file_id = ?", [(old,) for old, _ in moving]
    )
    await run_many(connection, "UPDATE conversions SET file_id = ? WHERE file_id = ?", moving)


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
