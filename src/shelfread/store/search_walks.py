"""The statements of a search, each made once: what `search` asks the database for.

They are many and alike: of each kind of item, by each way of matching. To make them took longer than to run
them. Values are bound by name. Knows no question.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY

from shelfread.store.search_due import SEARCHED, ItemKind
from shelfread.store.search_index import KIND_SHIFT, key_of
from shelfread.store.tables import (
    artists,
    episodes,
    media_files,
    movies,
    releases,
    search_rows,
    series,
    shows,
)
from shelfread.store.visible import (
    any_row,
    artist_is_there,
    episode_is_there,
    movie_is_there,
    release_is_there,
    series_is_there,
    show_is_there,
)

#: Ways of matching: the name is what was typed, or begins so, or all words are there. `NEAR` is a part of the
#: last one: the rows among the next few that have a word which begins with one letter.
EXACT, BEGINS, HAS, NEAR = range(4)
#: So many rows are the next few.
NEAR_ROWS = 5000
#: Above every name that begins with another, behind it.
END = "\U0010ffff"
#: What is made of files, and is there with one of them; everything else is a file.
_MADE: dict[ItemKind, tuple[sa.Table, Callable[[Any, Any], ColumnElement[bool]]]] = {
    ItemKind.ARTIST: (artists, artist_is_there),
    ItemKind.RELEASE: (releases, release_is_there),
    ItemKind.SERIES: (series, series_is_there),
    ItemKind.MOVIE: (movies, movie_is_there),
    ItemKind.SHOW: (shows, show_is_there),
    ItemKind.EPISODE: (episodes, episode_is_there),
}
_key, _named = search_rows.c.key, search_rows.c.name
_name, _name_end = bindparam("name", type_=sa.Text), bindparam("end", type_=sa.Text)

#: The kinds that there are: where there is music these are three of eight.
THERE = sa.union_all(
    *(
        select(sa.literal(int(kind))).where(
            sa.exists().where(_key >= key_of(kind, 0), _key < key_of(kind, 1 << KIND_SHIFT))
        )
        for kind in SEARCHED
    )
)
#: How many names begin with `name`, up to `end`, with keys from `low` to `high`; `most` at most. What
#: something is added to has no index: it goes through the names.
BEGINNING = select(func.count()).select_from(
    select(_key)
    .where(_named > _name, _named < _name_end)
    .where(
        _key + 0 > bindparam("low", type_=sa.BigInteger), _key + 0 < bindparam("high", type_=sa.BigInteger)
    )
    .limit(bindparam("most", type_=sa.Integer))
    .subquery()
)


def place_name(kind: ItemKind) -> str:
    """What the value is called behind whose key those of a kind are looked for."""
    return f"behind_{int(kind)}"


@lru_cache(maxsize=512)
def walks_of(
    dialect: str, kinds: tuple[ItemKind, ...], rank: int, by_name: bool, in_library: bool
) -> sa.CompoundSelect[Any]:
    """Keys of rows of some kinds that match in one way.

    Its values: those of `place_name`, `name`, `end`, `words`, `letter`, `library`, and `most` for each kind.

    Args:
        dialect: of the database.
        kinds: at least one.
        rank: `EXACT`, `BEGINS` or `HAS`, or `NEAR`.
        by_name: whether to go through the names that begin so, and not through the rows in their order.
        in_library: only those of a library.
    """
    arms = [_walk(dialect, kind, rank, by_name, in_library) for kind in kinds]
    most = bindparam("most", type_=sa.Integer)
    return sa.union_all(*(select(one.limit(most).subquery()) for one in arms))


def _walk(dialect: str, kind: ItemKind, rank: int, by_name: bool, in_library: bool) -> sa.Select[Any]:
    """Those of one kind, in order: a walk along an index that ends with the page."""
    behind, end = bindparam(place_name(kind), type_=sa.BigInteger), key_of(kind, 1 << KIND_SHIFT)
    if rank == NEAR:
        return _near(kind, behind, end, in_library)
    # Else all keys of the kind are gone through, in their order.
    place: ColumnElement[int] = _key + 0 if by_name else _key
    in_order: Any = place
    query = select(_key).where(place > behind, place < end)
    if rank == EXACT:
        query = query.where(_named == _name)
    elif rank == BEGINS:
        query = query.where(_named > _name, _named < _name_end)
    else:
        query = query.where(sa.not_(sa.and_(_named >= _name, _named < _name_end)))
        words = bindparam("words", type_=sa.Text)
        if dialect == "sqlite":
            index = sa.table("search_index", sa.column("rowid"))
            query = (
                query.join(index, index.c.rowid == _key)
                .where(literal_column("search_index.words").op("MATCH")(words))
                .where(index.c.rowid > behind, index.c.rowid < end)
            )
            in_order = literal_column("search_index.rowid")
        else:
            query = query.where(search_rows.c.words.op("@@")(sa.cast(words, TSQUERY)))
    if in_library:
        query = query.where(search_rows.c.library_id == bindparam("library", type_=sa.BigInteger))
    return query.where(_is_there(kind, _key - key_of(kind, 0), search_rows)).order_by(in_order)


def _near(kind: ItemKind, behind: ColumnElement[int], end: int, in_library: bool) -> sa.Select[Any]:
    """Those among the next rows: where half of all words begin so, an index of words is the longer way."""
    few = select(search_rows).where(_key > behind, _key < end).order_by(_key).limit(NEAR_ROWS).subquery()
    query = select(few.c.key).where(
        sa.literal(" ").concat(few.c.words).like(bindparam("letter", type_=sa.Text)),
        sa.not_(sa.and_(few.c.name >= _name, few.c.name < _name_end)),
    )
    if in_library:
        query = query.where(few.c.library_id == bindparam("library", type_=sa.BigInteger))
    return query.where(_is_there(kind, few.c.key - key_of(kind, 0), few)).order_by(few.c.key)


def _is_there(kind: ItemKind, row_id: Any, found: sa.FromClause) -> ColumnElement[bool]:
    """The row may be gone, or its file missing, since the index was told of it."""
    if kind in _MADE:
        table, is_there = _MADE[kind]
        row = select(table.c.id).where(table.c.id == row_id)
        return any_row(row.where(is_there(table.c.id, table)), found)
    there = select(media_files.c.id).where(media_files.c.id == row_id, media_files.c.status != "missing")
    return any_row(there, found)
