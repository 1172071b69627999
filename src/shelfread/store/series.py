"""Series: found or made by the folder they are, and what they derive from their books.

Statements inside a batch's transaction, for `books`. The rules come in as functions; here a series keeps its
row while its folder is renamed or moved as a whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.books import SeriesFacts
from shelfread.model.catalogue import FolderWrite
from shelfread.model.library import Library, Pattern
from shelfread.store.clock import text_of
from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.ids import IdBlocks
from shelfread.store.parents import insert_by_key
from shelfread.store.tables import books, folders, media_files, removals, series, sidecars

#: Books that a series may have to be derived in the batch that changed them; larger ones wait for the end.
SMALL = 1000
#: The type of a sidecar that speaks of a series.
SERIES = "series"
_COLUMNS = ("id", "library_id", "key", "title", "stale", "added_at", "sort_key")
#: What `described` is given of each book, in the order of its `Member`.
_FACTS = (
    books.c.series,
    books.c.series_sort,
    books.c.year,
    books.c.volume,
    books.c.count,
    books.c.publisher,
    books.c.imprint,
    books.c.language,
    books.c.direction,
    books.c.age_rating,
)


class BookRules(NamedTuple):
    """The rules of `media.books` that writing needs. None depends on the order of what it is given."""

    #: Makes what `described` takes of the values of `_FACTS`.
    member: Callable[[Iterable[Any]], Any]
    #: The folder's name, all books, what a series.json says, to what is shown: in the order of the columns
    #: of `_derive`.
    described: Callable[[str, Sequence[Any], SeriesFacts | None], Any]
    #: A book's numbers and the name of its file to its place among the books of its series.
    place: Callable[[float | None, int | None, str], str]


class SeriesRows:
    """The series of one library. Used inside write transactions; keeps nothing between two."""

    def __init__(self, library: Library, ids: IdBlocks, rules: BookRules) -> None:
        self._library = library
        self._ids = ids
        self._rules = rules
        self._roots = {root.id: root.path for root in library.roots}

    async def find(self, connection: AsyncConnection, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The rows of these keys that are there."""
        found: dict[bytes, int] = {}
        for part in sliced(keys):
            rows = await connection.execute(
                select(series.c.key, series.c.id).where(
                    series.c.library_id == self._library.id, series.c.key.in_(part)
                )
            )
            found.update({bytes(key): row_id for key, row_id in rows})
        return found

    async def make(self, connection: AsyncConnection, keys: Sequence[bytes], now: int) -> dict[bytes, int]:
        """Insert rows in the order of their keys, so that two workers cannot wait for one another."""
        rows = []
        told = await self._ids.remembered(connection, self._library.id, "series", keys)
        for key in keys:
            title = self._folder_name(key)
            was = told.get(key)
            row_id = was.id if was else await self._ids.get(connection, "series")
            added_at = was.added_at if was else now
            rows.append((row_id, self._library.id, key, title, True, added_at, sort_key(title)))
        await insert_by_key(connection, series, _COLUMNS, rows)
        if connection.dialect.name == "sqlite":
            return {key: row[0] for key, row in zip(keys, rows, strict=True)}
        # Another worker may have made one of them between the look and now.
        return await self.find(connection, keys)

    def _folder_name(self, key: bytes) -> str:
        """The name of the folder that a series is; of a root it is the library's where all folds into it."""
        root_id, _, path = key.partition(b"/")
        if path:
            return text_of(path.rpartition(b"/")[2])
        if self._library.options.pattern == Pattern.COLLECTION:
            return self._library.name
        root = self._roots.get(int(root_id), b"")
        return text_of(root.rstrip(b"/").rpartition(b"/")[2]) or self._library.name

    @staticmethod
    def speaks(folder: FolderWrite) -> bool:
        """Whether a write brings, or takes, something that may speak of the series."""
        return any(one.item is not None and one.item.type == SERIES for one in folder.sidecars) or any(
            name.lower().endswith(b".json") for name in folder.lost_sidecars
        )

    async def settle(
        self, connection: AsyncConnection, touched: Collection[int], *, at_once: Collection[int]
    ) -> None:
        """Derive now what these series show, where that is small and wanted; leave the others as stale."""
        now = sorted(set(touched) & set(at_once))
        large: set[int] = set()
        for row_id in now:
            few = select(books.c.file_id).where(books.c.series_id == row_id).limit(SMALL + 1).subquery()
            count = await connection.execute(select(func.count()).select_from(few))
            if count.scalar_one() > SMALL:
                large.add(row_id)
        later = sorted(set(touched) - set(now) | large)
        for part in sliced(later):
            await connection.execute(
                update(series).where(series.c.id.in_(part), ~series.c.stale).values(stale=True)
            )
        await self._derive(connection, [row_id for row_id in now if row_id not in large])

    async def derive_stale(self, connection: AsyncConnection) -> list[int]:
        """Derive whatever waits for it, and give what that was."""
        found = await connection.execute(
            select(series.c.id)
            .where(series.c.library_id == self._library.id, series.c.stale)
            .order_by(series.c.id)
        )
        ids = list(found.scalars())
        for part in sliced(ids):
            await self._derive(connection, part)
        return ids

    async def _derive(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        updates: list[tuple[Any, ...]] = []
        for part in sliced(ids):
            rows = await connection.execute(
                select(series.c.id, series.c.key).where(series.c.id.in_(part)).order_by(series.c.id)
            )
            keys = {row_id: bytes(key) for row_id, key in rows}
            told = await self._told(connection, set(keys.values()))
            members: dict[int, list[Any]] = defaultdict(list)
            for row_id, *facts in await connection.execute(
                select(books.c.series_id, *_FACTS).where(books.c.series_id.in_(part))
            ):
                members[row_id].append(self._rules.member(facts))
            for row_id, key in keys.items():
                if row_id in members:
                    shown = self._rules.described(self._folder_name(key), members[row_id], told.get(key))
                    title, sorted_by, *others = shown
                    updates.append((title, *others, sort_key(sorted_by), False, row_id))
        await run_many(
            connection,
            "UPDATE series SET title = ?, status = ?, publisher = ?, imprint = ?, year = ?, volume = ?, "
            "total = ?, language = ?, direction = ?, age_rating = ?, summary = ?, sort_key = ?, stale = ? "
            "WHERE id = ?",
            updates,
        )

    async def _told(self, connection: AsyncConnection, keys: Collection[bytes]) -> dict[bytes, SeriesFacts]:
        """What the series.json in the folders of these series say."""
        by_root: dict[int, list[bytes]] = defaultdict(list)
        for key in sorted(keys):
            root_id, _, path = key.partition(b"/")
            by_root[int(root_id)].append(path)
        found: dict[bytes, SeriesFacts] = {}
        for number, paths in by_root.items():
            for part in sliced(paths):
                rows = await connection.execute(
                    select(folders.c.path, sidecars.c.facts)
                    .join(sidecars, sidecars.c.folder_id == folders.c.id)
                    .where(folders.c.root_id == number, folders.c.path.in_(part), sidecars.c.type == SERIES)
                    .order_by(folders.c.path, sidecars.c.name.desc())
                )
                for path, facts in rows:
                    if facts is not None:
                        found[b"%d/%s" % (number, bytes(path))] = SeriesFacts(**json.loads(facts))
        return found

    async def keep_moved(
        self,
        connection: AsyncConnection,
        pairs: Sequence[tuple[int, int]],
        series_of: dict[int, int | None],
    ) -> None:
        """A series that moved as a whole keeps its id: the old row takes over the place of the new one."""
        into: dict[int, set[int]] = defaultdict(set)
        members: dict[int, int] = defaultdict(int)
        for new, old in pairs:
            new_series, old_series = series_of.get(new), series_of.get(old)
            if new_series is not None:
                members[new_series] += 1
                if old_series is not None:
                    into[new_series].add(old_series)
        #: Series that took over or were taken over: of two that change places each is both.
        settled: set[int] = set()
        for new_series, old_ones in sorted(into.items()):
            if len(old_ones) != 1:
                continue
            (old_series,) = old_ones
            if old_series == new_series or not settled.isdisjoint((old_series, new_series)):
                continue
            # Another book may have moved to where the series was: then that is a series, too.
            if members.get(old_series) or await _stay(connection, old_series):
                continue
            if await _count(connection, new_series) != members[new_series]:
                continue
            if await _elsewhere(connection, old_series, new_series):
                continue
            settled |= {old_series, new_series}
            await _replace(connection, old_series, new_series)


async def _count(connection: AsyncConnection, series_id: int) -> int:
    count = await connection.execute(
        select(func.count()).select_from(books).where(books.c.series_id == series_id)
    )
    return int(count.scalar_one())


async def _elsewhere(connection: AsyncConnection, old: int, new: int) -> bool:
    """Whether a series would go to another library and leave missing books behind."""
    of = select(series.c.library_id).where(series.c.id.in_((old, new))).distinct()
    return len((await connection.execute(of)).all()) > 1 and await _count(connection, old) > 0


async def _stay(connection: AsyncConnection, series_id: int) -> bool:
    """Whether a book of a series is still where it was: neither missing nor found gone by this scan."""
    gone = exists().where(removals.c.file_id == media_files.c.id)
    found = await connection.execute(
        select(books.c.file_id)
        .join(media_files, media_files.c.id == books.c.file_id)
        .where(books.c.series_id == series_id, media_files.c.status != "missing", ~gone)
        .limit(1)
    )
    return found.first() is not None


async def _replace(connection: AsyncConnection, keep: int, drop: int) -> None:
    row = (await connection.execute(select(series).where(series.c.id == drop))).mappings().one()
    await connection.execute(update(books).where(books.c.series_id == drop).values(series_id=keep))
    await connection.execute(delete(series).where(series.c.id == drop))
    values = {name: value for name, value in row.items() if name not in ("id", "added_at")}
    await connection.execute(update(series).where(series.c.id == keep).values(**values | {"stale": True}))
