"""Movies, episodes and shows whose files moved: one that moved as a whole keeps its row.

Statements of a scan's finishing transaction, for `videos`, after the files were handed over. An item that is
the same at another place got a new row there; the old row takes over what the new one is, so that ids, covers
and added dates stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store import video_rows
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import episodes, media_files, movies, removals, seasons, shows, videos
from shelfread.store.video_rows import Parents


async def keep(
    connection: AsyncConnection, pairs: Sequence[tuple[int, int]], before: Mapping[int, Parents]
) -> None:
    """Let items that moved as a whole keep their rows.

    Args:
        connection: in the finishing transaction.
        pairs: files as (new row, old row); the new rows have been handed over to the old ones.
        before: what each of these rows was of before that.
    """
    none = Parents()
    both = [(before.get(new, none), before.get(old, none)) for new, old in pairs]
    for table, column, kind in (
        (movies, videos.c.movie_id, ItemKind.MOVIE),
        (episodes, videos.c.episode_id, ItemKind.EPISODE),
    ):
        place = Parents._fields.index("movie" if table is movies else "episode")
        own = [(new[place], old[place]) for new, old in both]
        for old_id, new_id in await _settled(connection, own, table, column):
            await _replace(connection, table, column, kind, old_id, new_id)
    of_show = select(episodes.c.show_id).where(episodes.c.id == videos.c.episode_id).scalar_subquery()
    own = [(new.show, old.show) for new, old in both]
    for old_id, new_id in await _settled(connection, own, shows, of_show):
        await _replace_show(connection, old_id, new_id)


async def _settled(
    connection: AsyncConnection,
    both: Sequence[tuple[int | None, int | None]],
    table: Table,
    column: ColumnElement[Any],
) -> list[tuple[int, int]]:
    """The items that moved as a whole, as (old, new).

    Args:
        connection: in the finishing transaction.
        both: of each file that moved the items (new, old).
        table: where these items are.
        column: of a row of `videos` its item.
    """
    into: dict[int, set[int]] = defaultdict(set)
    members: dict[int, int] = defaultdict(int)
    for new, old in both:
        if new is not None:
            members[new] += 1
            if old is not None:
                into[new].add(old)
    found: list[tuple[int, int]] = []
    #: Items that took over or were taken over: of two that change places each is both.
    done: set[int] = set()
    for new, olds in sorted(into.items()):
        if len(olds) != 1:
            continue
        (old,) = olds
        if old == new or not done.isdisjoint((old, new)):
            continue
        # Another file may have moved to where the old one was: then that is an item, too.
        if members.get(old) or await _stays(connection, column, old):
            continue
        if await _count(connection, column, new) != members[new]:
            continue
        if await _elsewhere(connection, table, column, old, new):
            continue
        done |= {old, new}
        found.append((old, new))
    return found


async def _count(connection: AsyncConnection, column: ColumnElement[Any], row_id: int) -> int:
    count = await connection.execute(select(func.count()).select_from(videos).where(column == row_id))
    return int(count.scalar_one())


async def _elsewhere(
    connection: AsyncConnection, table: Table, column: ColumnElement[Any], old: int, new: int
) -> bool:
    """Whether an item would go to another library and leave missing files behind."""
    of = select(table.c.library_id).where(table.c.id.in_((old, new))).distinct()
    return len((await connection.execute(of)).all()) > 1 and await _count(connection, column, old) > 0


async def _stays(connection: AsyncConnection, column: ColumnElement[Any], row_id: int) -> bool:
    """Whether a file of an item is still where it was: neither missing nor found gone by this scan."""
    gone = exists().where(removals.c.file_id == media_files.c.id)
    found = await connection.execute(
        select(videos.c.file_id)
        .join(media_files, media_files.c.id == videos.c.file_id)
        .where(column == row_id, media_files.c.status != "missing", ~gone)
        .limit(1)
    )
    return found.first() is not None


async def _replace(
    connection: AsyncConnection, table: Table, column: Any, kind: ItemKind, keep_id: int, drop_id: int
) -> None:
    row = (await connection.execute(select(table).where(table.c.id == drop_id))).mappings().one()
    await connection.execute(update(videos).where(column == drop_id).values({column.name: keep_id}))
    await video_rows.drop_words(connection, kind, [drop_id])
    await connection.execute(delete(table).where(table.c.id == drop_id))
    values = {name: value for name, value in row.items() if name not in ("id", "added_at")}
    await connection.execute(update(table).where(table.c.id == keep_id).values(**values))


async def _replace_show(connection: AsyncConnection, keep_id: int, drop_id: int) -> None:
    row = (await connection.execute(select(shows).where(shows.c.id == drop_id))).mappings().one()
    await connection.execute(update(episodes).where(episodes.c.show_id == drop_id).values(show_id=keep_id))
    rows = await connection.execute(
        select(seasons.c.id, seasons.c.show_id, seasons.c.number)
        .where(seasons.c.show_id.in_((keep_id, drop_id)))
        .order_by(seasons.c.id)
    )
    kept: dict[int, int] = {}
    moved: list[tuple[int, int]] = []
    for row_id, show_id, number in rows:
        if show_id == keep_id:
            kept[number] = row_id
        else:
            moved.append((row_id, number))
    for row_id, number in moved:
        if number in kept:
            await connection.execute(
                update(episodes).where(episodes.c.season_id == row_id).values(season_id=kept[number])
            )
            await connection.execute(delete(seasons).where(seasons.c.id == row_id))
        else:
            await connection.execute(update(seasons).where(seasons.c.id == row_id).values(show_id=keep_id))
    await video_rows.drop_words(connection, ItemKind.SHOW, [drop_id])
    await connection.execute(delete(shows).where(shows.c.id == drop_id))
    values = {name: value for name, value in row.items() if name not in ("id", "added_at")}
    await connection.execute(update(shows).where(shows.c.id == keep_id).values(**values | {"stale": True}))
