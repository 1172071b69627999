"""Trouble with files and folders, as rows that stay until the trouble is gone."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, inspect, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FolderWrite
from shelfread.model.job import Scope
from shelfread.model.problem import ProblemCode
from shelfread.store import ignoring
from shelfread.store.clock import text_of
from shelfread.store.database import Database, run_many
from shelfread.store.ids import IdBlocks, next_id
from shelfread.store.tables import media_files, problems, roots

# A failing disk may refuse a file first to the reader and then to the walk: it is one trouble, of the file.
_INSERT = (
    "INSERT INTO problems (id, root_id, path, path_text, file_id, folder_id, code, detail, found_at, "
    "ignored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (root_id, path, code) DO UPDATE SET "
    "file_id = COALESCE(excluded.file_id, problems.file_id), detail = excluded.detail"
)

#: A problem text is one line on a page.
DETAIL_LIMIT = 500

#: The longest path of a problem. PostgreSQL takes 2704 bytes of an index row, with root and code in it.
PATH_LIMIT = 2640

#: Problems of missing files are not shown; `media_files` is joined beside it.
IS_THERE = or_(problems.c.file_id.is_(None), media_files.c.status != "missing")


class ProblemRow(NamedTuple):
    """One open problem. `path` is absolute bytes."""

    id: int
    library_id: int
    path: bytes
    code: str
    detail: str
    found_at: int
    #: Since when a person does not want to see it.
    ignored_at: int | None


def storable(path: bytes) -> bytes:
    """The path under which a problem is stored: one that is too long is cut and told apart by a digest."""
    if len(path) <= PATH_LIMIT:
        return path
    mark = b"~" + blake2b(path, digest_size=8).hexdigest().encode()
    return path[: PATH_LIMIT - len(mark)] + mark


def count_in(batch: Sequence[FolderWrite]) -> int:
    """How many problem rows a batch brings."""
    return sum(
        len(folder.problems) + sum(1 for file in folder.files if file.code is not None) for folder in batch
    )


async def write_problems(
    connection: AsyncConnection, batch: Sequence[FolderWrite], ids: Sequence[int], now: int
) -> None:
    """Replace the problems of every file that was read and of every folder's odd names.

    What a person set aside stays so, while the file is as it was.
    """
    settled: list[tuple[int]] = []
    folders_seen: list[tuple[int]] = []
    rows: list[tuple[Any, ...]] = []
    fresh_ids = iter(ids)
    as_known = [file.id for folder in batch for file in folder.files if file.was_read and file.as_known]
    heads = [folder.folder_id for folder in batch if folder.known and folder.head and folder.problems]
    ignored = await ignoring.kept(connection, as_known, heads)

    def add(folder: FolderWrite, name: bytes, file_id: int | None, code: ProblemCode, detail: str) -> None:
        path = storable(folder.path + b"/" + name if folder.path else name)
        rows.append(
            (
                next(fresh_ids),
                folder.root_id,
                path,
                text_of(path),
                file_id,
                folder.folder_id,
                code.value,
                detail.replace("\x00", "")[:DETAIL_LIMIT],
                now,
                ignored.get((folder.root_id, path, code.value)),
            )
        )

    for folder in batch:
        if folder.known and folder.head:
            folders_seen.append((folder.folder_id,))
        for file in folder.files:
            if file.was_read and not file.fresh:
                settled.append((file.id,))
            if file.code is not None:
                add(folder, file.name, file.id, file.code, file.detail or "")
        if folder.head:
            for name, code, detail in folder.problems:
                add(folder, name, None, code, detail)
    await run_many(connection, "DELETE FROM problems WHERE file_id = ?", settled)
    await run_many(connection, "DELETE FROM problems WHERE folder_id = ? AND file_id IS NULL", folders_seen)
    await run_many(connection, _INSERT, rows)


async def note_place(
    connection: AsyncConnection, root_id: int, path: bytes, code: ProblemCode, detail: str, now: int
) -> None:
    """Record trouble with a root or a folder, unless it is known already."""
    path = storable(path)
    known = await connection.execute(
        select(problems.c.id).where(
            problems.c.root_id == root_id, problems.c.path == path, problems.c.code == code.value
        )
    )
    if known.first() is not None:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(
        insert(problems)
        .values(
            id=await next_id(connection, "problems"),
            root_id=root_id,
            path=path,
            path_text=text_of(path),
            code=code.value,
            detail=detail[:DETAIL_LIMIT],
            found_at=now,
        )
        .on_conflict_do_nothing()
    )


async def clear_place(
    connection: AsyncConnection, root_id: int, path: bytes, codes: Sequence[ProblemCode]
) -> None:
    """The trouble with a root or folder is over."""
    await connection.execute(
        delete(problems).where(
            problems.c.root_id == root_id,
            problems.c.path == storable(path),
            problems.c.file_id.is_(None),
            problems.c.code.in_([code.value for code in codes]),
        )
    )


async def places_in_trouble(
    connection: AsyncConnection, root_id: int, codes: Sequence[ProblemCode]
) -> set[bytes]:
    """Paths of a root, as `storable` gives them, that have an open problem of these codes."""
    rows = await connection.execute(
        select(problems.c.path).where(
            problems.c.root_id == root_id, problems.c.code.in_([code.value for code in codes])
        )
    )
    return {row[0] for row in rows}


async def open_problems(
    database: Database,
    *,
    library_id: int | None = None,
    scopes: Sequence[Scope] | None = None,
    limit: int | None = None,
    after_id: int | None = None,
    code: str | None = None,
    problem_id: int | None = None,
    ignored: bool | None = None,
) -> list[ProblemRow]:
    """Open problems by path; those of missing files are not shown. Optionally only inside some scopes.

    With `after_id` those behind that one, by id: a page. `ignored`: only those that a person does not want
    to see, or only the others.
    """
    query = (
        select(
            problems.c.id,
            roots.c.library_id,
            roots.c.path,
            problems.c.path,
            problems.c.code,
            problems.c.detail,
            problems.c.found_at,
            problems.c.ignored_at,
        )
        .join(roots, roots.c.id == problems.c.root_id)
        .outerjoin(media_files, media_files.c.id == problems.c.file_id)
        .where(IS_THERE)
    )
    if after_id is None:
        query = query.order_by(roots.c.library_id, roots.c.path, problems.c.path, problems.c.code)
    else:
        query = query.where(problems.c.id > after_id).order_by(problems.c.id)
    if code is not None:
        query = query.where(problems.c.code == code)
    if problem_id is not None:
        query = query.where(problems.c.id == problem_id)
    if ignored is not None:
        query = query.where(
            problems.c.ignored_at.is_not(None) if ignored else problems.c.ignored_at.is_(None)
        )
    if library_id is not None:
        query = query.where(roots.c.library_id == library_id)
    if scopes is not None:
        query = query.where(or_(*(_inside(scope) for scope in scopes)))
    if limit is not None:
        query = query.limit(limit)
    async with database.read() as connection:
        rows = await connection.execute(query)
        return [
            ProblemRow(row[0], row[1], row[2] + (b"/" + row[3] if row[3] else b""), *row[4:]) for row in rows
        ]


def _inside(scope: Scope) -> Any:
    own = problems.c.root_id == scope.root_id
    if not scope.relative:
        return own
    path = scope.relative
    return and_(
        own,
        or_(
            problems.c.path == path,
            and_(problems.c.path > path + b"/", problems.c.path < path + b"0"),
            # Trouble with the root concerns every part of it.
            problems.c.path == b"",
        ),
    )


async def take_ids(ids: IdBlocks, count: int) -> list[int]:
    """Ids for this many problem rows."""
    if not count:
        return []
    await ids.reserve({"problems": count})
    return [ids.take("problems") for _ in range(count)]


class Health(NamedTuple):
    """What `doctor` asks of a database."""

    #: Product and version.
    engine: str
    #: The schema's revision; None when there is none yet.
    revision: str | None
    #: Why nothing can be written; None when it can.
    read_only: str | None
    #: What a check of the whole found wrong.
    faults: list[str]


async def look_at(database: Database) -> Health:
    """Look at the database itself; changes nothing. Raises what the driver raises."""
    async with database.read() as connection:
        if database.is_sqlite:
            version = (await connection.execute(text("SELECT sqlite_version()"))).scalar_one()
            checked = [str(row[0]) for row in await connection.execute(text("PRAGMA quick_check(10)"))]
            faults = [] if checked == ["ok"] else checked
        else:
            version = (await connection.execute(text("SHOW server_version"))).scalar_one()
            faults = []
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        revision = None
        if "alembic_version" in tables:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            revision = found.scalar_one_or_none()
    return Health(
        f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {version}",
        revision,
        await _read_only(database),
        faults,
    )


async def _read_only(database: Database) -> str | None:
    async def work(connection: AsyncConnection) -> str | None:
        # On SQLite the transaction has taken the writer's lock by now.
        if database.is_sqlite:
            return None
        state = (await connection.execute(text("SHOW transaction_read_only"))).scalar_one()
        return "the server takes no writes" if state == "on" else None

    try:
        return await database.write(work)
    except DBAPIError as error:
        return str(error.orig)
