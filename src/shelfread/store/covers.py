"""Covers: which small picture each item has (releases, books, films, shows...), and why one has none.

The pictures themselves are files (`covers.keeping`), named by what is in them; here is who has which. Knows
no job and makes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import books, covers, episodes, movies, releases, seasons, shows

#: The kinds of items that have covers, each with the column of its ids.
COVERED: Mapping[ItemKind, ColumnElement[Any]] = {
    ItemKind.RELEASE: releases.c.id,
    ItemKind.BOOK: books.c.file_id,
    ItemKind.MOVIE: movies.c.id,
    ItemKind.SHOW: shows.c.id,
    ItemKind.SEASON: seasons.c.id,
    ItemKind.EPISODE: episodes.c.id,
}


class Cover(NamedTuple):
    """A small picture, as clients see it."""

    digest: str
    mime: str
    width: int
    height: int


class CoverRow(NamedTuple):
    """What is remembered of the cover of one item, in the order of the columns."""

    kind: int
    item_id: int
    library_id: int
    #: What it was made from (`CoverSource.key`); None where there was nothing.
    source: str | None
    #: What it was to be like (`Shape.key`).
    shape: str
    digest: str | None = None
    mime: str | None = None
    width: int | None = None
    height: int | None = None
    #: Why none could be made.
    code: str | None = None
    detail: str | None = None
    made_at: int = 0


_COLUMNS = tuple(column.name for column in covers.c)
assert CoverRow._fields == _COLUMNS
_PUT = (
    f"INSERT INTO covers ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - our own
    "ON CONFLICT (kind, item_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in ("kind", "item_id"))
)


async def covers_of(connection: AsyncConnection, kind: int, ids: Collection[int]) -> dict[int, Cover]:
    """The covers of items of a kind (a key of `COVERED`), by id; without those that have none."""
    found: dict[int, Cover] = {}
    for part in sliced(sorted(ids)):
        rows = await connection.execute(
            select(covers.c.item_id, covers.c.digest, covers.c.mime, covers.c.width, covers.c.height).where(
                covers.c.kind == int(kind), covers.c.item_id.in_(part), covers.c.digest.is_not(None)
            )
        )
        found.update((row[0], Cover(*row[1:])) for row in rows)
    return found


async def known(connection: AsyncConnection, kind: int, ids: Collection[int]) -> dict[int, CoverRow]:
    """What is remembered of the covers of items, those without one included."""
    found: dict[int, CoverRow] = {}
    for part in sliced(sorted(ids)):
        rows = await connection.execute(
            select(*covers.c).where(covers.c.kind == int(kind), covers.c.item_id.in_(part))
        )
        found.update((row.item_id, CoverRow(*row)) for row in rows)
    return found


async def put(connection: AsyncConnection, rows: Sequence[CoverRow]) -> None:
    """Remember what came of covers, in place of what was remembered before."""
    await run_many(connection, _PUT, sorted(tuple(row) for row in rows))


async def mime_of(connection: AsyncConnection, digest: str) -> str | None:
    """The type of the small picture with this digest; None when nothing in the catalogue has it."""
    found = await connection.execute(select(covers.c.mime).where(covers.c.digest == digest).limit(1))
    row = found.first()
    return row[0] if row else None


async def in_use(connection: AsyncConnection, digests: Collection[str]) -> set[str]:
    """Those of some digests that the catalogue refers to."""
    found: set[str] = set()
    for part in sliced(sorted(digests)):
        rows = await connection.execute(select(covers.c.digest).where(covers.c.digest.in_(part)).distinct())
        found.update(row[0] for row in rows)
    return found


async def forget_removed(connection: AsyncConnection, library_id: int) -> list[str]:
    """Forget the covers of items that a library has no more; gives the digests they had."""
    gone: list[str] = []
    for kind, column in COVERED.items():
        rows = await connection.execute(
            delete(covers)
            .where(
                covers.c.library_id == library_id,
                covers.c.kind == kind.value,
                ~exists().where(column == covers.c.item_id),
            )
            .returning(covers.c.digest)
        )
        gone += [row[0] for row in rows if row[0] is not None]
    return gone
