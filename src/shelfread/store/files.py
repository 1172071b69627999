"""Folders and media files: what the catalogue remembers for a comparison, and the rows a batch brings.

Free functions over a connection, so that a batch can put them and a kind's own rows into one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FolderWrite, KnownFile, KnownFolder, KnownSidecar, NewFolder
from shelfread.model.change import Change
from shelfread.store.clock import text_of
from shelfread.store.database import insert_rows, run_many
from shelfread.store.tables import folders, media_files, sidecars

#: Values in one IN list; SQLite allows 32 766 and PostgreSQL 65 535, and plans stay good far below.
SLICE = 500

#: The longest path of a folder, so that a file in it can have a problem (`problems.PATH_LIMIT`). The same
#: on SQLite, which has no such limit: the catalogues of one tree are equal.
FOLDER_PATH_LIMIT = 2384

_FOLDER_COLUMNS = ("id", "root_id", "parent_id", "path", "path_text", "digest", "mounted")
FILE_COLUMNS = (
    "id",
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
    "added_at",
    "seen_at",
    "changed_by",
    "change",
)
_SIDECAR_COLUMNS = (
    "folder_id",
    "name",
    "name_text",
    "size",
    "mtime_ns",
    "ctime_ns",
    "type",
    "mime",
    "width",
    "height",
    "facts",
)


def sliced(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """The values in parts that fit an IN list."""
    return (values[start : start + SLICE] for start in range(0, len(values), SLICE))


def below(path: bytes) -> Any:
    """The condition that a folder row is `path` or lies below it (all of the root for b"")."""
    if not path:
        return folders.c.path >= b""
    # "0" is the byte after "/". The range is what an index can search (an OR alone it cannot); names like
    # "path - more" lie in it as well, and are sorted out by the rest.
    return and_(
        folders.c.path >= path,
        folders.c.path < path + b"0",
        or_(folders.c.path == path, folders.c.path > path + b"/"),
    )


async def known_folders(
    connection: AsyncConnection, root_id: int, paths: Sequence[bytes]
) -> dict[bytes, KnownFolder]:
    """The folders of these paths that the catalogue has."""
    found: dict[bytes, KnownFolder] = {}
    for part in sliced(paths):
        rows = await connection.execute(
            select(folders.c.id, folders.c.path, folders.c.digest, folders.c.mounted).where(
                folders.c.root_id == root_id, folders.c.path.in_(part)
            )
        )
        for row in rows:
            found[row.path] = KnownFolder(row.id, row.path, row.digest, bool(row.mounted))
    return found


async def all_folders(
    connection: AsyncConnection, root_id: int, path: bytes, limit: int
) -> dict[bytes, KnownFolder] | None:
    """Every folder at and below a path of a root, or None when there are more than `limit`."""
    there = (folders.c.root_id == root_id, below(path))
    # Asked of the index alone first: nothing is read of too many.
    beyond = await connection.execute(select(literal(1)).where(*there).offset(limit).limit(1))
    if beyond.first() is not None:
        return None
    rows = await connection.execute(
        select(folders.c.id, folders.c.path, folders.c.digest, folders.c.mounted).where(*there)
    )
    return {row[1]: KnownFolder(row[0], row[1], row[2], bool(row[3])) for row in rows}


async def child_folders(
    connection: AsyncConnection, folder_ids: Sequence[int]
) -> dict[int, list[KnownFolder]]:
    """The direct sub-folders that the catalogue has of each folder."""
    found: dict[int, list[KnownFolder]] = defaultdict(list)
    for part in sliced(folder_ids):
        rows = await connection.execute(
            select(
                folders.c.parent_id, folders.c.id, folders.c.path, folders.c.digest, folders.c.mounted
            ).where(folders.c.parent_id.in_(part))
        )
        for row in rows:
            found[row.parent_id].append(KnownFolder(row.id, row.path, row.digest, bool(row.mounted)))
    return found


async def known_files(connection: AsyncConnection, folder_ids: Sequence[int]) -> dict[int, list[KnownFile]]:
    """The media files that the catalogue has in each folder, missing ones too."""
    found: dict[int, list[KnownFile]] = defaultdict(list)
    columns = (
        media_files.c.folder_id,
        media_files.c.id,
        media_files.c.name,
        media_files.c.size,
        media_files.c.mtime_ns,
        media_files.c.ctime_ns,
        media_files.c.inode,
        media_files.c.status,
        media_files.c.unsettled,
        media_files.c.parser_version,
        media_files.c.reading_hash,
        media_files.c.read_job,
    )
    for part in sliced(folder_ids):
        for row in await connection.execute(select(*columns).where(media_files.c.folder_id.in_(part))):
            found[row[0]].append(KnownFile._make(row[1:]))
    return found


async def known_sidecars(
    connection: AsyncConnection, folder_ids: Sequence[int]
) -> dict[int, list[KnownSidecar]]:
    """The sidecars that the catalogue has in each folder."""
    found: dict[int, list[KnownSidecar]] = defaultdict(list)
    columns = (
        sidecars.c.folder_id,
        sidecars.c.name,
        sidecars.c.size,
        sidecars.c.mtime_ns,
        sidecars.c.ctime_ns,
    )
    for part in sliced(folder_ids):
        for row in await connection.execute(select(*columns).where(sidecars.c.folder_id.in_(part))):
            found[row[0]].append(KnownSidecar(*row[1:]))
    return found


async def forget_digests_of_outdated(
    connection: AsyncConnection, library_roots: Sequence[int], version: int
) -> None:
    """Make every folder due that holds a file read by an older reader (found by query, DESIGN rule 5)."""
    outdated = select(media_files.c.folder_id).where(media_files.c.parser_version < version)
    await connection.execute(
        update(folders)
        .where(folders.c.root_id.in_(library_roots), folders.c.id.in_(outdated))
        .values(digest=None)
    )


async def forget_digests_below(connection: AsyncConnection, root_id: int, path: bytes) -> None:
    """Make due every folder at and below a path."""
    await connection.execute(
        update(folders)
        .where(folders.c.root_id == root_id, below(path), folders.c.digest.is_not(None))
        .values(digest=None)
    )


async def sample(
    connection: AsyncConnection, root_id: int, limit: int, path: bytes = b""
) -> list[tuple[bytes, int]]:
    """Known present files of a root at or below a path, spread over it: (path below the root, size)."""
    spread = func.random()
    rows = await connection.execute(
        select(folders.c.path, media_files.c.name, media_files.c.size)
        .join(media_files, media_files.c.folder_id == folders.c.id)
        .where(folders.c.root_id == root_id, below(path), media_files.c.status != "missing")
        .order_by(spread)
        .limit(limit)
    )
    return [(row[0] + b"/" + row[1] if row[0] else row[1], row[2]) for row in rows]


async def insert_folders(
    connection: AsyncConnection, new: Sequence[NewFolder], digests: dict[int, bytes]
) -> None:
    """Insert folder rows, parents first, with the digests that this same batch settles."""
    rows = [
        (row.id, row.root_id, row.parent_id, row.path, text_of(row.path), digests.get(row.id), row.mounted)
        for row in new
    ]
    await insert_rows(connection, folders, _FOLDER_COLUMNS, rows)


async def ensure_folders(connection: AsyncConnection, chain: Sequence[NewFolder]) -> list[int]:
    """The rows of folders that lie in one another, outermost first; inserted where there are none yet.

    The first one's `parent_id` counts, the others get the row before them. Ids of rows that are there
    already are not used. Run twice at once, both get the same rows.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    ids: list[int] = []
    for row in chain:
        await connection.execute(
            insert(folders)
            .values(
                id=row.id,
                root_id=row.root_id,
                parent_id=ids[-1] if ids else row.parent_id,
                path=row.path,
                path_text=text_of(row.path),
                mounted=row.mounted,
            )
            .on_conflict_do_nothing(index_elements=["root_id", "path"])
        )
        found = await connection.execute(
            select(folders.c.id).where(folders.c.root_id == row.root_id, folders.c.path == row.path)
        )
        ids.append(int(found.scalar_one()))
    return ids


async def update_folders(
    connection: AsyncConnection,
    digests: Sequence[tuple[bytes | None, int]],
    mounted: Sequence[tuple[bool, int]],
) -> None:
    """Set (digest, folder id) and (mount flag, folder id)."""
    await run_many(connection, "UPDATE folders SET digest = ? WHERE id = ?", digests)
    await run_many(connection, "UPDATE folders SET mounted = ? WHERE id = ?", mounted)


async def write_files(
    connection: AsyncConnection, batch: Sequence[FolderWrite], *, version: int, job_seq: int, now: int
) -> None:
    """Insert and update the media file rows of a batch. New ones have their ids already."""
    new: list[tuple[Any, ...]] = []
    read_again: list[tuple[Any, ...]] = []
    stamped: list[tuple[Any, ...]] = []
    for folder in batch:
        for file in folder.files:
            stamp = file.stamp
            # What is as it was keeps who changed it last.
            changed = (None, None) if file.change is Change.UNCHANGED else (job_seq, file.change.value)
            if file.fresh:
                new.append(
                    (
                        file.id,
                        folder.folder_id,
                        file.name,
                        text_of(file.name),
                        *stamp,
                        "error" if file.code else "ready",
                        file.unsettled,
                        version,
                        file.signature,
                        file.reading_hash,
                        job_seq,
                        now,
                        now,
                        job_seq,
                        file.change.value,
                    )
                )
            elif file.was_read:
                read_again.append(
                    (
                        *stamp,
                        "error" if file.code else "ready",
                        file.unsettled,
                        version,
                        file.signature,
                        file.reading_hash,
                        job_seq,
                        now,
                        *changed,
                        file.id,
                    )
                )
            else:
                stamped.append((*stamp, file.unsettled, now, *changed, file.id))
    await insert_rows(connection, media_files, FILE_COLUMNS, new)
    await run_many(
        connection,
        "UPDATE media_files SET size = ?, mtime_ns = ?, ctime_ns = ?, device = ?, inode = ?, status = ?, "
        "unsettled = ?, parser_version = ?, signature = ?, reading_hash = ?, read_job = ?, seen_at = ?, "
        "changed_by = COALESCE(?, changed_by), change = COALESCE(?, change), "
        "missing_at = NULL, missing_reason = NULL WHERE id = ?",
        read_again,
    )
    # What was not read keeps its old trouble, if it had any.
    await run_many(
        connection,
        "UPDATE media_files SET size = ?, mtime_ns = ?, ctime_ns = ?, device = ?, inode = ?, "
        "unsettled = ?, seen_at = ?, changed_by = COALESCE(?, changed_by), "
        "change = COALESCE(?, change), missing_at = NULL, missing_reason = NULL, status = CASE WHEN EXISTS "
        "(SELECT 1 FROM problems WHERE problems.file_id = media_files.id) THEN 'error' ELSE 'ready' END "
        "WHERE id = ?",
        stamped,
    )


async def write_sidecars(connection: AsyncConnection, batch: Sequence[FolderWrite]) -> None:
    """Replace the sidecar rows that a batch brings, and drop those of sidecars that are gone."""
    gone: list[tuple[int, bytes]] = []
    rows: list[tuple[Any, ...]] = []
    for folder in batch:
        gone += [(folder.folder_id, name) for name in folder.lost_sidecars]
        for sidecar in folder.sidecars:
            gone.append((folder.folder_id, sidecar.name))
            item = sidecar.item
            rows.append(
                (
                    folder.folder_id,
                    sidecar.name,
                    text_of(sidecar.name),
                    sidecar.stamp.size,
                    sidecar.stamp.mtime_ns,
                    sidecar.stamp.ctime_ns,
                    item.type if item else "other",
                    item.mime if item else None,
                    item.width if item else None,
                    item.height if item else None,
                    item.facts if item else None,
                )
            )
    await run_many(connection, "DELETE FROM sidecars WHERE folder_id = ? AND name = ?", gone)
    await insert_rows(connection, sidecars, _SIDECAR_COLUMNS, rows)


async def drop_empty_folders(connection: AsyncConnection, root_id: int, paths: Sequence[bytes]) -> None:
    """Delete the folder rows at and below these paths that hold nothing any more, deepest first."""
    child = folders.alias()
    for path in paths:
        while True:
            gone = await connection.execute(
                delete(folders).where(
                    folders.c.root_id == root_id,
                    below(path),
                    ~exists().where(media_files.c.folder_id == folders.c.id),
                    ~exists().where(child.c.parent_id == folders.c.id),
                )
            )
            if gone.rowcount == 0:
                break
