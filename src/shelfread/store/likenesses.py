"""Pairs of files that are probably the same, one that is gone and one that is there: asked, shown, settled.

Statements only, beside `twins` and `replaced`, which find such pairs. A scan asks, a person answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.likeness import Why
from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.ids import next_id
from shelfread.store.paths import place_of
from shelfread.store.tables import folders, likenesses, media_files, removals, roots

_OLD, _NEW = media_files.alias("old_file"), media_files.alias("new_file")


class Likeness(NamedTuple):
    """Two files that are probably the same."""

    new: int
    old: int
    why: Why


class Asked(NamedTuple):
    """A likeness as it is shown. Paths are absolute; times in microseconds."""

    id: int
    library_id: int
    why: str
    state: str
    found_at: int
    old_file_id: int
    old_path: bytes
    missing_at: int | None
    new_file_id: int
    new_path: bytes
    new_missing_at: int | None
    #: The root and the folder of the old file.
    old_root_id: int
    old_folder: bytes


async def rejected(connection: AsyncConnection, file_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs among these files of which a person said that they are not the same, in both orders."""
    found: set[tuple[int, int]] = set()
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(likenesses.c.new_file_id, likenesses.c.old_file_id).where(
                likenesses.c.old_file_id.in_(part), likenesses.c.state == "rejected"
            )
        )
        for new, old in rows:
            found |= {(new, old), (old, new)}
    return found


async def ask(connection: AsyncConnection, library_id: int, found: Sequence[Likeness], now: int) -> None:
    """Note pairs that a person is to be asked about; those that were asked already stay as they are."""
    if not found:
        return
    first = await next_id(connection, "likenesses", len(found))
    await run_many(
        connection,
        "INSERT INTO likenesses (id, library_id, old_file_id, new_file_id, why, found_at, state) "
        "VALUES (?, ?, ?, ?, ?, ?, 'open') ON CONFLICT (old_file_id, new_file_id) DO NOTHING",
        [
            (first + number, library_id, one.old, one.new, one.why.value, now)
            for number, one in enumerate(found)
        ],
    )


async def close(connection: AsyncConnection, library_id: int, horizon: int) -> None:
    """Take back questions that are older than `horizon` (microseconds), or whose old file is there."""
    there = exists().where(media_files.c.id == likenesses.c.old_file_id, media_files.c.missing_at.is_(None))
    held = exists().where(removals.c.file_id == likenesses.c.old_file_id, removals.c.held)
    await connection.execute(
        delete(likenesses).where(
            likenesses.c.library_id == library_id,
            likenesses.c.state == "open",
            or_(likenesses.c.found_at < horizon, and_(there, ~held)),
        )
    )


async def follow(connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
    """What a person said of new rows goes for the old rows that they become: pairs of (new, old)."""
    old_of = dict(pairs)
    said = likenesses.alias()
    for part in sliced(list(old_of)):
        rows = await connection.execute(
            select(likenesses.c.id, likenesses.c.old_file_id, likenesses.c.new_file_id).where(
                likenesses.c.new_file_id.in_(part), likenesses.c.state == "rejected"
            )
        )
        for row_id, other, new in rows.all():
            old = old_of[new]
            same = exists().where(said.c.old_file_id == other, said.c.new_file_id == old)
            if other != old:
                await connection.execute(
                    update(likenesses).where(likenesses.c.id == row_id, ~same).values(new_file_id=old)
                )


async def page(
    connection: AsyncConnection, library_id: int | None, limit: int, after: int = 0
) -> list[Asked]:
    """Open questions that can be answered now, by id, behind `after`; of one library or of all."""
    query = _open().where(likenesses.c.id > after).limit(limit)
    if library_id is not None:
        query = query.where(likenesses.c.library_id == library_id)
    return [_shown(row) for row in await connection.execute(query)]


async def get(connection: AsyncConnection, row_id: int) -> Asked | None:
    """One question, whatever its state; None when it is not there any more."""
    query = _asked().where(likenesses.c.id == row_id)
    row = (await connection.execute(query)).first()
    return None if row is None else _shown(row)


async def reject(connection: AsyncConnection, row_id: int, now: int) -> None:
    """A person says that the two are not the same."""
    await connection.execute(
        update(likenesses)
        .where(likenesses.c.id == row_id, likenesses.c.state == "open")
        .values(state="rejected", decided_at=now)
    )


async def settled(connection: AsyncConnection, old_file_id: int) -> None:
    """A file that was gone was found: nothing is left to ask of it."""
    await connection.execute(
        delete(likenesses).where(likenesses.c.old_file_id == old_file_id, likenesses.c.state == "open")
    )


@cache
def _asked() -> Select[Any]:
    # Made once: to put it together takes longer than to ask it.
    query = select(likenesses, _OLD.c.missing_at, _NEW.c.missing_at.label("new_missing_at")).select_from(
        likenesses
    )
    for name, file in (("old", _OLD), ("new", _NEW)):
        folder, root = folders.alias(), roots.alias()
        query = (
            query.add_columns(
                root.c.path.label(f"{name}_root"),
                folder.c.path.label(f"{name}_folder"),
                file.c.name.label(f"{name}_name"),
                root.c.id.label(f"{name}_root_id"),
            )
            .join(file, file.c.id == likenesses.c[f"{name}_file_id"])
            .join(folder, folder.c.id == file.c.folder_id)
            .join(root, root.c.id == folder.c.root_id)
        )
    return query


@cache
def _open() -> Select[Any]:
    is_open = likenesses.c.state == "open"
    return (
        _asked()
        .where(is_open, _OLD.c.missing_at.is_not(None), _NEW.c.missing_at.is_(None))
        .order_by(likenesses.c.id)
    )


def _shown(row: Any) -> Asked:
    return Asked(
        row.id,
        row.library_id,
        row.why,
        row.state,
        row.found_at,
        row.old_file_id,
        place_of(row.old_root, row.old_folder, row.old_name),
        row.missing_at,
        row.new_file_id,
        place_of(row.new_root, row.new_folder, row.new_name),
        row.new_missing_at,
        row.old_root_id,
        row.old_folder,
    )
