"""Finding what is in the catalogue by words: one question for both databases.

Names that are what was typed come first, then those that begin with it, then whatever has all its words; the
last word may be the beginning of one. Each of these is a walk along an index that ends with the page, so a
search costs what it shows. The statements are `search_walks`; how the index is kept is `search_index`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.cursor import BadCursor, decoded, encoded
from shelfread.store.folding import TEXT_LENGTH, is_symbols, is_unspaced, sort_key, words_of
from shelfread.store.search_due import SEARCHED, ItemKind
from shelfread.store.search_index import KIND_SHIFT, key_of
from shelfread.store.search_walks import (
    BEGINNING,
    BEGINS,
    END,
    EXACT,
    HAS,
    NEAR,
    THERE,
    place_name,
    walks_of,
)

#: Words of a question that count; the rest of a longer one is not looked at.
MOST_WORDS = 12
#: So many names that begin alike are few.
FEW = 2000
#: The part of a key that is the id of a row.
_ROW = (1 << KIND_SHIFT) - 1


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
    start = (EXACT, 0, 0)
    if after is not None:
        rank, kind_value, row_id = decoded(question, after, (int, int, int))
        start = (int(rank or 0), int(kind_value or 0), int(row_id or 0))
        if not (EXACT <= start[0] <= HAS and 0 <= start[2] <= _ROW):
            raise BadCursor("this is no cursor that a search gave")
    found: list[tuple[int, int, int]] = []
    there = await _kinds_there(connection, set(kinds) or set(SEARCHED)) if name else []
    asked = _Asked(connection, name, words, library_id)
    for rank in (EXACT, BEGINS, HAS):
        if rank < start[0] or len(found) > limit or (rank == HAS and not words):
            continue
        behind = {
            kind: start[2] if (rank, kind) == start[:2] else 0 for kind in there if (rank, kind) >= start[:2]
        }
        keys = await asked.keys(behind, rank, limit + 1 - len(found)) if behind else []
        found += [(rank, key >> KIND_SHIFT, key & _ROW) for key in keys]
    shown = found[:limit]
    following = encoded(question, shown[-1]) if len(found) > limit else None
    return Hits([Hit(ItemKind(kind), row_id) for _, kind, row_id in shown], following)


class _Asked:
    """What was asked for, in the words of the database."""

    def __init__(
        self, connection: AsyncConnection, name: str, words: list[list[str]], library_id: int | None
    ) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._values: dict[str, Any] = {"name": name, "end": name + END}
        if words:
            self._values["words"] = (_for_sqlite if self._dialect == "sqlite" else _for_postgresql)(words)
        if library_id is not None:
            self._values["library"] = library_id
        #: A single letter begins half of all words: what has one is most probably near.
        self._is_letter = (
            self._dialect == "sqlite" and len(name) == 1 and words == [[name]] and name.isalnum()
        )
        if self._is_letter:
            self._values["letter"] = f"% {name}%"

    async def keys(self, behind: Mapping[ItemKind, int], rank: int, most: int) -> list[int]:
        """So many keys of rows that match in one way: of some kinds, each behind a row, in order."""
        if rank == BEGINS:
            return await self._beginning(behind, most)
        return await (
            self._near(behind, most) if self._is_letter and rank == HAS else self._walk(behind, rank, most)
        )

    async def _beginning(self, behind: Mapping[ItemKind, int], most: int) -> list[int]:
        """Those that begin so. Where many do, the first kind may have enough, and another one none at all."""
        there = await self._count(min(behind), max(behind))
        if there <= FEW:
            return await self._walk(behind, BEGINS, most, by_name=True) if there else []
        found: list[int] = []
        for kind, row_id in behind.items():
            if len(found) < most and (there := await self._count(kind, kind)):
                few = there <= FEW
                found += await self._walk({kind: row_id}, BEGINS, most - len(found), by_name=few)
        return found

    async def _near(self, behind: Mapping[ItemKind, int], most: int) -> list[int]:
        """Those with a word that begins with a letter: the next few rows may have enough of them."""
        found: list[int] = []
        for kind, row_id in behind.items():
            if (wanted := most - len(found)) > 0:
                near = await self._walk({kind: row_id}, NEAR, wanted)
                found += near if len(near) == wanted else await self._walk({kind: row_id}, HAS, wanted)
        return found

    async def _count(self, first: ItemKind, last: ItemKind) -> int:
        """How many names of some kinds begin so, as far as that matters."""
        keys = {"low": key_of(first, 0), "high": key_of(last, 1 << KIND_SHIFT), "most": FEW + 1}
        return int((await self._connection.execute(BEGINNING, self._values | keys)).scalar_one())

    async def _walk(
        self, behind: Mapping[ItemKind, int], rank: int, most: int, *, by_name: bool = False
    ) -> list[int]:
        # One statement for all kinds, whose keys are in their order.
        walks = walks_of(self._dialect, tuple(behind), rank, by_name, "library" in self._values)
        places = {place_name(kind): key_of(kind, row_id) for kind, row_id in behind.items()}
        found = await self._connection.execute(walks, self._values | places | {"most": most})
        return sorted(found.scalars())[:most]


async def _kinds_there(connection: AsyncConnection, kinds: Collection[ItemKind]) -> list[ItemKind]:
    found = {ItemKind(one) for one in (await connection.execute(THERE)).scalars()}
    return sorted(found.intersection(kinds))


def _question_words(text: str) -> list[list[str]]:
    words = words_of(text)
    # A dash between artist and title is no word; a name that is nothing but signs is one.
    return ([one for one in words if not is_symbols(one[0])] or words)[:MOST_WORDS]


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
