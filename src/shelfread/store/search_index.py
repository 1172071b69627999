"""Makes searchable what changed: from the notes of `search_due` to words in an index.

Not part of a scan: whoever searches has it done (`app.finding`). Each step is a short transaction, and two at
once do no harm. Knows how words are made and kept, and no query.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import Database, run_many
from shelfread.store.files import sliced
from shelfread.store.folding import indexed_words, sort_key
from shelfread.store.search_due import SEARCHED, ItemKind, note
from shelfread.store.tables import (
    artists,
    book_credits,
    books,
    episodes,
    folders,
    media_files,
    movies,
    releases,
    roots,
    search_due,
    search_rows,
    series,
    shows,
    video_credits,
)
from shelfread.store.tables import tracks as track_rows

#: Above this many bits of a row's id is its kind.
KIND_SHIFT = 48
#: Any number that no other lock of this program on a server has.
_LOCK = 0x5E1F5EAC
#: Rows whose words are made in one go, a millisecond or two.
_BREATH = 50
#: Rows of a library that are looked for and removed in one transaction.
_SWEEP = 2000


def key_of(kind: ItemKind, row_id: int) -> int:
    """The key of a row among all that can be searched."""
    return (kind << KIND_SHIFT) + row_id


async def bring_up_to_date(database: Database, seconds: float) -> bool:
    """Make searchable what changed, for so long; gives whether nothing is left to do.

    False also when somebody else is at it.
    """
    until = time.monotonic() + seconds
    while True:
        # A read first: it waits for no scan.
        async with database.read() as connection:
            if not await is_due(connection):
                return True
        if time.monotonic() >= until or not await database.write(_take_one):
            return False


async def is_due(connection: AsyncConnection) -> bool:
    """Whether something that changed is not searchable yet."""
    return (await connection.execute(select(search_due.c.seq).limit(1))).first() is not None


async def _take_one(connection: AsyncConnection) -> bool:
    """Settle the oldest note; false when there is none, or another process is busy with them."""
    if connection.dialect.name != "sqlite":
        # In one order for all: a row that was read before must not be written after.
        free = await connection.execute(select(func.pg_try_advisory_xact_lock(_LOCK)))
        if not free.scalar_one():
            return False
    found = await connection.execute(select(search_due).order_by(search_due.c.seq).limit(1))
    one = found.first()
    if one is None:
        return False
    items = json.loads(one.items)
    if "sweep" in items:
        settled = await _sweep(connection, items["sweep"])
    else:
        await _note_retitled(connection, items.get(str(ItemKind.SHOW.value), ()))
        for kind in SEARCHED:
            await _make(connection, kind, items.get(str(kind.value), ()))
        settled = True
    if settled:
        await connection.execute(delete(search_due).where(search_due.c.seq == one.seq))
    return True


async def _make(connection: AsyncConnection, kind: ItemKind, ids: Sequence[int]) -> None:
    """Make the words of some rows anew, and forget those of rows that are gone."""
    for part in sliced(ids):
        await _forget(connection, [key_of(kind, row_id) for row_id in part])
        rows: list[tuple[int, int, str, str]] = []
        for row_id, library_id, name, *others in await connection.execute(_texts(kind, part)):
            rows.append((key_of(kind, row_id), library_id, sort_key(name), indexed_words(name, *others)))
            if len(rows) % _BREATH == 0:
                await asyncio.sleep(0)  # who waits for an answer is not kept waiting for all words
        if connection.dialect.name == "sqlite":
            await run_many(
                connection, "INSERT INTO search_rows (key, library_id, name, words) VALUES (?, ?, ?, ?)", rows
            )
            await run_many(
                connection,
                "INSERT INTO search_index (rowid, words) VALUES (?, ?)",
                [(row[0], row[3]) for row in rows],
            )
        else:
            await run_many(
                connection,
                "INSERT INTO search_rows (key, library_id, name, words) VALUES (?, ?, ?, ?::tsvector) "
                "ON CONFLICT (key) DO NOTHING",
                [(*row[:3], _vector(row[3])) for row in rows],
            )


async def _note_retitled(connection: AsyncConnection, show_ids: Sequence[int]) -> None:
    """Note the episodes of shows that have other names now: they are found by these too."""
    first = key_of(ItemKind.SHOW, 0)
    for part in sliced(show_ids):
        rows = await connection.execute(
            select(shows.c.id, shows.c.title, search_rows.c.name)
            .join(search_rows, search_rows.c.key == shows.c.id + first)
            .where(shows.c.id.in_(part))
        )
        retitled = [row.id for row in rows if sort_key(row.title) != row.name]
        own = select(episodes.c.id).where(episodes.c.show_id.in_(retitled))
        await note(connection, episodes=list((await connection.execute(own)).scalars()) if retitled else ())


def _texts(kind: ItemKind, ids: Sequence[int]) -> sa.Select[Any]:
    """Id, library, name and what else is searched of rows that are there."""
    if kind is ItemKind.ARTIST:
        return select(artists.c.id, artists.c.library_id, artists.c.name, artists.c.sort_name).where(
            artists.c.id.in_(ids)
        )
    if kind is ItemKind.RELEASE:
        return select(
            releases.c.id, releases.c.library_id, releases.c.title, releases.c.artist, releases.c.edition
        ).where(releases.c.id.in_(ids))
    if kind is ItemKind.SERIES:
        return select(series.c.id, series.c.library_id, series.c.title, series.c.publisher).where(
            series.c.id.in_(ids)
        )
    if kind is ItemKind.BOOK:
        return _placed(books, books.c.title, books.c.series, _writers()).where(books.c.file_id.in_(ids))
    if kind is ItemKind.EPISODE:
        # One without a title is called as its show is.
        name = func.coalesce(episodes.c.title, shows.c.title)
        query = select(
            episodes.c.id,
            episodes.c.library_id,
            name,
            shows.c.title,
            shows.c.named,
            _people(kind, episodes.c.id),
        )
        return query.join(shows, shows.c.id == episodes.c.show_id).where(episodes.c.id.in_(ids))
    if kind in (ItemKind.MOVIE, ItemKind.SHOW):
        table = movies if kind is ItemKind.MOVIE else shows
        of = table.c
        year = sa.cast(of.year, sa.Text)
        query = select(of.id, of.library_id, of.title, of.original_title, year, _people(kind, of.id))
        return query.where(of.id.in_(ids))
    return _placed(track_rows, track_rows.c.title, track_rows.c.artist).where(track_rows.c.file_id.in_(ids))


def _placed(table: sa.Table, *texts: Any) -> sa.Select[Any]:
    """Rows of files with the library that each is in."""
    return (
        select(table.c.file_id, roots.c.library_id, *texts)
        .join(media_files, media_files.c.id == table.c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .join(roots, roots.c.id == folders.c.root_id)
    )


def _writers() -> Any:
    """Who is credited for a book, blanks between."""
    names = func.aggregate_strings(book_credits.c.name, " ")
    return select(names).where(book_credits.c.file_id == books.c.file_id).scalar_subquery()


def _people(kind: ItemKind, row_id: Any) -> Any:
    """Who had a part in a movie, a show or an episode, blanks between."""
    names = func.aggregate_strings(video_credits.c.name, " ")
    mine = (video_credits.c.kind == int(kind), video_credits.c.item_id == row_id)
    return select(names).where(*mine).scalar_subquery()


def _vector(words: str) -> str:
    """Words as PostgreSQL reads them, each with its place. No word holds a quote or a backslash."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(words.split(" "), 1) if word)


async def _forget(connection: AsyncConnection, keys: Sequence[int]) -> None:
    if connection.dialect.name == "sqlite":
        # The index holds no text of its own: it is told what it said.
        known = await connection.execute(
            select(search_rows.c.key, search_rows.c.words).where(search_rows.c.key.in_(keys))
        )
        await run_many(
            connection,
            "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', ?, ?)",
            [(row.key, row.words) for row in known],
        )
    await connection.execute(delete(search_rows).where(search_rows.c.key.in_(keys)))


async def _sweep(connection: AsyncConnection, library_id: int) -> bool:
    """Forget rows of a library that are not there any more; false when more of them may be left."""
    gone: list[int] = []
    for kind, table, column in (
        (ItemKind.ARTIST, artists, artists.c.id),
        (ItemKind.RELEASE, releases, releases.c.id),
        (ItemKind.TRACK, track_rows, track_rows.c.file_id),
        (ItemKind.SERIES, series, series.c.id),
        (ItemKind.BOOK, books, books.c.file_id),
        (ItemKind.MOVIE, movies, movies.c.id),
        (ItemKind.SHOW, shows, shows.c.id),
        (ItemKind.EPISODE, episodes, episodes.c.id),
    ):
        first = key_of(kind, 0)
        found = await connection.execute(
            select(search_rows.c.key)
            .where(
                search_rows.c.library_id == library_id,
                search_rows.c.key >= first,
                search_rows.c.key < key_of(kind, 1 << KIND_SHIFT),
                ~sa.exists().select_from(table).where(column == search_rows.c.key - first),
            )
            .limit(_SWEEP - len(gone))
        )
        gone += [row.key for row in found]
    for part in sliced(gone):
        await _forget(connection, part)
    return len(gone) < _SWEEP
