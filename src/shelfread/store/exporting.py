"""What an export reads: rows that no scan can find again, page by page, all as they are at one moment.

Statements for `app.exporting`, which knows what becomes of them. No row is held longer than its page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store import former
from shelfread.store.database import Database
from shelfread.store.former import FormerPlace
from shelfread.store.remembered import season_key
from shelfread.store.tables import (
    aliases,
    artists,
    config,
    conversions,
    episodes,
    folders,
    genres,
    id_counters,
    libraries,
    likenesses,
    media_files,
    movies,
    problems,
    releases,
    remembered,
    roots,
    schedules,
    seasons,
    series,
    shows,
)

_PAGE = 1000
#: Tables whose rows are found again by their key.
BY_KEY = (artists, genres, releases, series, movies, shows, episodes)
#: All whose ids an import gives back.
PARENTS = (*(str(table.name) for table in BY_KEY), "seasons")

Row = sa.Row[Any]


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """For reading all of a catalogue as it is at one moment, however long that takes."""
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            # Whoever takes the lines may be slow; nobody waits for a transaction that only reads.
            await connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield connection
        await connection.rollback()


async def whole(connection: AsyncConnection, table: sa.Table) -> list[Row]:
    """All rows of a table that has few, in the order of its key."""
    return list(await connection.execute(select(table).order_by(*table.primary_key)))


async def counters(connection: AsyncConnection) -> list[Row]:
    """The next free id of each table."""
    return await whole(connection, id_counters)


async def settings(connection: AsyncConnection) -> list[Row]:
    """The settings that are stored."""
    return await whole(connection, config)


async def shelves(connection: AsyncConnection) -> list[tuple[Row, list[Row], list[Row]]]:
    """Libraries, each with its roots and schedules."""
    own: dict[str, defaultdict[int, list[Row]]] = {}
    for table in (roots, schedules):
        own[table.name] = defaultdict(list)
        for row in await whole(connection, table):
            own[table.name][row.library_id].append(row)
    found = await whole(connection, libraries)
    return [(row, own["roots"][row.id], own["schedules"][row.id]) for row in found]


async def parents(connection: AsyncConnection) -> AsyncIterator[tuple[int, str, int, bytes, int]]:
    """(library id, table, id, key, added at) of parents, also of those that an import told of."""
    for table in BY_KEY:
        added = table.c.added_at if "added_at" in table.c else sa.literal(0).label("added_at")
        query = select(table.c.library_id, table.c.id, table.c.key, added)
        async for row in _paged(connection, query, table.c.id):
            key = row.key if isinstance(row.key, bytes) else row.key.encode()
            yield row.library_id, str(table.name), row.id, key, row.added_at
    query = select(shows.c.library_id, seasons).join(shows, shows.c.id == seasons.c.show_id)
    async for row in _paged(connection, query, seasons.c.id):
        yield row.library_id, "seasons", row.id, season_key(row.show_id, row.number), row.added_at
    for table_name in PARENTS:
        query = select(remembered.c.row_id.label("id"), remembered).where(remembered.c.subject == table_name)
        async for row in _paged(connection, query, remembered.c.row_id):
            yield row.library_id, table_name, row.id, bytes(row.key), row.added_at


async def files(
    connection: AsyncConnection,
) -> AsyncIterator[tuple[Row, bytes, list[int], list[FormerPlace]]]:
    """Files with their path below their root, the ids that lead to them, and where they were before."""
    columns = (
        media_files.c.id,
        media_files.c.size,
        media_files.c.signature,
        media_files.c.added_at,
        media_files.c.missing_at,
        media_files.c.missing_reason,
        media_files.c.name,
        folders.c.root_id,
        folders.c.path,
    )
    query = select(*columns).join(folders, folders.c.id == media_files.c.folder_id)
    after = 0
    while True:
        page = await _page(connection, query, media_files.c.id, after)
        if not page:
            return
        also: defaultdict[int, list[int]] = defaultdict(list)
        between = aliases.c.file_id.between(page[0].id, page[-1].id)
        for file_id, old_id in await connection.execute(
            select(aliases.c.file_id, aliases.c.old_id).where(between).order_by(aliases.c.old_id)
        ):
            also[file_id].append(old_id)
        before = await former.places_between(connection, page[0].id, page[-1].id)
        for row in page:
            path = row.path + b"/" + row.name if row.path else row.name
            yield row, path, also[row.id], before[row.id]
        after = page[-1].id


async def converted(connection: AsyncConnection) -> AsyncIterator[Row]:
    """What became of books that were converted, and is not in the middle of it."""
    done = select(conversions).where(conversions.c.state.in_(("removing", "done")))
    async for row in _paged(connection, done, conversions.c.id):
        yield row


async def set_aside(connection: AsyncConnection) -> AsyncIterator[Row]:
    """Problems that a person does not want to hear of; `folder`: where the problem of no file is settled."""
    columns = (
        problems,
        media_files.c.mtime_ns,
        sa.case((problems.c.file_id.is_(None), folders.c.path)).label("folder"),
    )
    query = (
        select(*columns)
        .outerjoin(media_files, media_files.c.id == problems.c.file_id)
        .outerjoin(folders, folders.c.id == problems.c.folder_id)
        .where(problems.c.ignored_at.is_not(None))
    )
    async for row in _paged(connection, query, problems.c.id):
        yield row


async def rejected(connection: AsyncConnection) -> AsyncIterator[Row]:
    """Pairs of files of which a person said that they are not the same."""
    async for row in _paged(
        connection, select(likenesses).where(likenesses.c.state == "rejected"), likenesses.c.id
    ):
        yield row


async def _paged(
    connection: AsyncConnection, query: sa.Select[Any], key: sa.ColumnElement[int]
) -> AsyncIterator[Row]:
    after = 0
    while page := await _page(connection, query, key, after):
        for row in page:
            yield row
        after = page[-1].id


async def _page(
    connection: AsyncConnection, query: sa.Select[Any], key: sa.ColumnElement[int], after: int
) -> list[Row]:
    return list(await connection.execute(query.where(key > after).order_by(key).limit(_PAGE)))
