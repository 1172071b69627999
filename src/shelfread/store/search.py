"""Finding what is in the catalogue by words: one question for both databases.

Names that are what was typed come first, then those that begin with it, then whatever has all its words; the
last word may be the beginning of one. Each of these is a walk along an index that ends with the page, so a
search costs what it shows. Knows nothing of how the index is kept: that is `search_index`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.cursor import decoded, encoded
from shelfread.store.folding import TEXT_LENGTH, is_symbols, is_unspaced, sort_key, words_of
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

#: Words of a question that count; the rest of a longer one is not looked at.
MOST_WORDS = 12
#: Above every name that begins with another.
_END = "\U0010ffff"
_EXACT, _BEGINS, _HAS = range(3)
#: What is made of files, and is there with one of them; everything else is a file.
_MADE: dict[ItemKind, tuple[sa.Table, Callable[[Any, Any], ColumnElement[bool]]]] = {
    ItemKind.ARTIST: (artists, artist_is_there),
    ItemKind.RELEASE: (releases, release_is_there),
    ItemKind.SERIES: (series, series_is_there),
    ItemKind.MOVIE: (movies, movie_is_there),
    ItemKind.SHOW: (shows, show_is_there),
    ItemKind.EPISODE: (episodes, episode_is_there),
}


class Hit(NamedTuple):
    """One row that was found."""

    kind: ItemKind
    id: int


class Hits(NamedTuple):
    """A page of what was found, and where to go on; None at the end."""

    hits: list[Hit]
    next: str | None


async def search(
    connection: AsyncConnection,
    text: str,
    *,
    kinds: Collection[ItemKind] = SEARCHED,
    library_id: int | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Hits:
    """Find what has these words; nothing when the text holds none.

    Args:
        connection: to a database whose index is as new as is wanted.
        text: as it was typed. Nothing in it is an operator.
        kinds: what to look for; nothing means everything.
        library_id: only in this library.
        limit: hits on a page.
        after: the cursor of the page before.

    Raises:
        BadCursor: `after` belongs to another question.
    """
    text = text.replace("\x00", " ")[:TEXT_LENGTH].encode("utf-8", "replace").decode()
    name, words = sort_key(text), _question_words(text)
    question = f"s{name}"
    start = (_EXACT, 0, 0)
    if after is not None:
        rank, kind_value, row_id = decoded(question, after, (int, int, int))
        start = (int(rank or 0), int(kind_value or 0), int(row_id or 0))
    found: list[tuple[int, int, int]] = []
    if name:
        for rank in (_EXACT, _BEGINS, _HAS):
            for kind in sorted(set(kinds) or SEARCHED):
                if (rank, kind) < start[:2] or len(found) > limit:
                    continue
                past = start[2] if (rank, kind) == start[:2] else 0
                query = _walk(connection, kind, rank, name, words, library_id, past)
                if query is not None:
                    rows = await connection.execute(query.limit(limit + 1 - len(found)))
                    found += [(rank, kind, row.key - key_of(kind, 0)) for row in rows]
    shown = found[:limit]
    following = encoded(question, shown[-1]) if len(found) > limit else None
    return Hits([Hit(ItemKind(kind), row_id) for _, kind, row_id in shown], following)


def _question_words(text: str) -> list[list[str]]:
    words = words_of(text)
    # A dash between artist and title is no word; a name that is nothing but signs is one.
    return ([one for one in words if not is_symbols(one[0])] or words)[:MOST_WORDS]


def _walk(
    connection: AsyncConnection,
    kind: ItemKind,
    rank: int,
    name: str,
    words: list[list[str]],
    library_id: int | None,
    past: int,
) -> sa.Select[Any] | None:
    """The keys of one kind that match in one way, after an id."""
    key, named = search_rows.c.key, search_rows.c.name
    query = select(key).where(key > key_of(kind, past), key < key_of(kind, 1 << KIND_SHIFT))
    if rank == _EXACT:
        query = query.where(named == name)
    elif rank == _BEGINS:
        query = query.where(named > name, named < name + _END)
    elif not words:
        return None
    else:
        query = query.where(sa.not_(sa.and_(named >= name, named < name + _END)))
        if connection.dialect.name == "sqlite":
            index = sa.table("search_index", sa.column("rowid"))
            query = (
                query.join(index, index.c.rowid == key)
                .where(literal_column("search_index.words").op("MATCH")(_for_sqlite(words)))
                .where(index.c.rowid > key_of(kind, past), index.c.rowid < key_of(kind, 1 << KIND_SHIFT))
            )
        else:
            wanted = sa.cast(_for_postgresql(words), TSQUERY)
            query = query.where(search_rows.c.words.op("@@")(wanted))
    if library_id is not None:
        query = query.where(search_rows.c.library_id == library_id)
    in_order: Any = literal_column("search_index.rowid") if _uses_fts(connection, rank) else key
    return query.where(_is_there(kind, key - key_of(kind, 0))).order_by(in_order)


def _uses_fts(connection: AsyncConnection, rank: int) -> bool:
    return rank == _HAS and connection.dialect.name == "sqlite"


def _is_there(kind: ItemKind, row_id: Any) -> ColumnElement[bool]:
    """The row may be gone, or its file missing, since the index was told of it."""
    if kind in _MADE:
        table, is_there = _MADE[kind]
        row = select(table.c.id).where(table.c.id == row_id)
        return any_row(row.where(is_there(table.c.id, table)), search_rows)
    there = select(media_files.c.id).where(media_files.c.id == row_id, media_files.c.status != "missing")
    return any_row(there, search_rows)


def _is_beginning(words: list[list[str]], number: int) -> bool:
    """Whether a word of the question may go on: the last one, and one that is half a pair."""
    last = words[number][-1]
    return number == len(words) - 1 or (len(last) == 1 and is_unspaced(last))


def _for_sqlite(words: list[list[str]]) -> str:
    # No word holds a quote: they are letters, digits and marks, or signs that were moved out of the way.
    return " AND ".join(
        f'"{" ".join(parts)}"' + ("*" if _is_beginning(words, number) else "")
        for number, parts in enumerate(words)
    )


def _for_postgresql(words: list[list[str]]) -> str:
    return " & ".join(
        "("
        + " <-> ".join(f"'{part}'" for part in parts)
        + (":*" if _is_beginning(words, number) else "")
        + ")"
        for number, parts in enumerate(words)
    )
